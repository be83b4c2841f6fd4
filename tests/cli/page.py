"""docs/cli.md, made of what --help says. To write it: python -m tests.cli.page"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.main import cli
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = REPOSITORY / "docs" / "cli.md"
_WIDTH = 80
_HEAD = """# The command line

What each command prints for `--help`. This page is written by `python -m tests.cli.page`, and a
test compares it with the program.
"""


def commands(
    command: click.Command = cli, parent: click.Context | None = None, name: str = "photolib"
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command with its full name, in the order of the help."""
    context = click.Context(
        command, parent, name, terminal_width=_WIDTH, help_option_names=["--help"]
    )
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, context, child)


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(path, command, c) for path, command, c in commands())])


def _section(path: str, command: click.Command, context: click.Context) -> str:
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {path}\n```text\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
