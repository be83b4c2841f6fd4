"""Every command explains itself, and the page of the command line says the same."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING

import click
import pytest

from tests.cli.page import PAGE, commands, page

if TYPE_CHECKING:
    from tests.cli.conftest import Photolib

COMMANDS = list(commands())
LISTS = ("folders", "problems", "search", "similar", "albums", "album show", "duplicates")


@pytest.mark.parametrize(("name", "command"), [(n, c) for n, c, _ in COMMANDS])
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    described = cleandoc(command.help or "")
    assert len(described) > 40
    assert f"\n{name}" in described or name in ("photolib", "photolib completion")
    summary = command.get_short_help_str(limit=66)
    assert not summary.endswith("...")


@pytest.mark.parametrize(("name", "command"), [(n, c) for n, c, _ in COMMANDS])
def test_every_option_has_help(name: str, command: click.Command) -> None:
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert {"--library", "--debug"} <= {o for option in options for o in option.opts} or isinstance(
        command, click.Group
    )
    assert all(option.help for option in options)
    assert all(o.startswith("--") for option in options for o in option.opts)


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_the_same_options(name: str) -> None:
    command = next(c for n, c, _ in COMMANDS if n == f"photolib {name}")
    options = {option for param in command.params for option in param.opts}
    assert {"--json", "--paths", "--paths0", "--limit", "--offset"} <= options


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.cli.page"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(photolib: Photolib, shell: str) -> None:
    outcome = photolib("completion", shell)
    assert outcome.code == 0
    assert "_PHOTOLIB_COMPLETE" in outcome.out


def test_the_version_is_told(photolib: Photolib) -> None:
    from photolib import __version__

    assert photolib("--version").out == f"photolib {__version__}\n"
