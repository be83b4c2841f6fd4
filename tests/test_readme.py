"""What the README and the pages of docs say is true: commands, links and targets."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from photolib.cli.main import cli, main
from tests.cli.page import commands
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
OPTIONS = {
    path: {name for parameter in command.params for name in parameter.opts}
    for path, command, _ in commands(cli)
}


def lines_of_code(text: str) -> Iterator[str]:
    """The lines of the fenced blocks that hold commands, without their comments."""
    for block in re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if words := shlex.split(line.removeprefix("$ "), comments=True):
                yield shlex.join(words)


def photolib_commands() -> list[str]:
    """Each ``photolib ...`` line of the README, and those named within a sentence."""
    named = re.findall(r"`(photolib [a-z][^`]*)`", README)
    return [*(line for line in lines_of_code(README) if line.startswith("photolib ")), *named]


def resolved(words: list[str]) -> str:
    """The longest run of words that is the full name of a command."""
    name = "photolib"
    for word in words:
        if f"{name} {word}" not in OPTIONS:
            return name
        name = f"{name} {word}"
    return name


@pytest.mark.parametrize("line", photolib_commands())
def test_each_command_exists_with_its_options(line: str) -> None:
    _, *words = shlex.split(line)
    name = resolved(words)
    folder = words[0].startswith(("~", "/", ".")) or words[0].isupper()
    assert name != "photolib" or folder or words[0].startswith("-"), "no such command"
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= OPTIONS[name] | OPTIONS["photolib"] | {"--version"}
    assert main([*name.split()[1:], "--help"]) == 0


def test_each_make_target_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    lines = [line for line in lines_of_code(README) if line.startswith("make ")]
    assert lines
    for target in {line.split()[1] for line in lines} | set(re.findall(r"`make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
