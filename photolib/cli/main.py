"""The ``photolib`` program: its commands, and the one place that turns errors into exit codes."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from photolib import __version__
from photolib.cli.front import LOG, Front, common_options, screen_options
from photolib.errors import PhotolibError, QueryError, UsageError
from photolib.wire import dump, error_json, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_SECTIONS = {
    "Folders": {
        "add": "folders:add",
        "folders": "folders:folders",
        "relocate": "folders:relocate",
        "forget": "folders:forget",
    },
    "Keeping up": {
        "index": "index:index",
        "watch": "watch:watch",
        "serve": "serve:serve",
        "status": "index:status",
        "problems": "index:problems",
        "verify": "verify:verify",
        "doctor": "index:doctor",
    },
    "Finding and browsing": {
        "search": "search:search",
        "similar": "search:similar",
        "saved": "saved:saved",
        "history": "saved:history",
        "albums": "albums:albums",
        "album": "albums:album",
        "labels": "labels:labels",
        "regroup": "regroup:regroup",
        "map": "export:show_map",
        "highlights": "export:highlights",
        "export": "export:export",
    },
    "Cleaning up": {
        "duplicates": "duplicates:duplicates",
        "not-duplicates": "duplicates:not_duplicates",
        "stacks": "duplicates:stacks",
        "plan": "removal:plan",
        "remove": "removal:remove",
        "undo": "removal:undo",
        "removals": "removal:removals",
        "purge": "removal:purge",
    },
    "Saying what they are": {
        "rate": "marks:rate",
        "tag": "marks:tag",
        "tags": "marks:tags",
        "favourite": "marks:favourite",
        "hide": "marks:hide",
        "turn": "marks:turn",
        "date": "marks:date",
    },
    "Setting up": {
        "models": "models:models",
        "config": "config:config",
        "backup": "backups:backup",
        "restore": "backups:restore",
        "demo": "demo:demo",
        "completion": "completion:completion",
    },
}
_COMMANDS = {name: target for section in _SECTIONS.values() for name, target in section.items()}
_OPENING = "opening:open_folder"


class LazyGroup(click.Group):
    """Commands that are imported when they are run or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        return _load(_COMMANDS[cmd_name]) if cmd_name in _COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command, or else a folder to open."""
        name = args[0]
        if name in _COMMANDS or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if os.path.isdir(name):
            return name, _load(_OPENING), args
        from difflib import get_close_matches

        message = f"{name} is neither a command nor a folder."
        near = get_close_matches(name, _COMMANDS, n=1, cutoff=0.4)
        raise click.UsageError(" ".join([message, *(f"Did you mean {n}?" for n in near)]), ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are for."""
        room = formatter.width - 6 - max(map(len, _COMMANDS))
        for title, names in _SECTIONS.items():
            rows = [(name, _load(names[name]).get_short_help_str(room)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)


def _load(target: str) -> click.Command:
    module, name = target.split(":")
    found: click.Command = getattr(importlib.import_module(f"photolib.cli.{module}"), name)
    return found


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="[FOLDER | COMMAND [ARGS]...]",
    context_settings={"help_option_names": ["--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="photolib", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Browse, search and clean up the photos on this machine.

    Without a command, opens the library on the terminal. With a FOLDER, adds it, indexes it and
    opens the library. When the output is not a terminal, prints a summary instead.

    \b
    photolib ~/Pictures
    photolib search two dogs on a beach -snow after:2022
    photolib duplicates
    """
    if ctx.invoked_subcommand is None:
        from photolib.cli.opening import open_library

        open_library(ctx.ensure_object(Front))


cli.params += [*screen_options(), *common_options()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    front = Front()
    front.json, front.debug = _given("--json", words), _given("--debug", words)
    _never_fail_to_encode()
    try:
        code = cli.main(words, prog_name="photolib", standalone_mode=False, obj=front)
        sys.stdout.flush()
        return code or OK
    except BrokenPipeError:
        _drop_output()
        return FAILED
    except Exception as exc:  # noqa: BLE001 the last door: every failure becomes a line and a code
        return _failed(front, exc)
    finally:
        front.close()


def _given(option: str, words: Sequence[str]) -> bool:
    """Whether an option is on the line: errors of parsing need to know before it is parsed."""
    end = words.index("--") if "--" in words else len(words)
    return option in words[:end]


def _never_fail_to_encode() -> None:
    """Show what the terminal's encoding lacks as an escape."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _drop_output() -> None:
    """The reader went away: nothing more can be said, also not at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(front: Front, exc: Exception) -> int:
    """Tell a failure in one line (or as JSON) and return its exit code."""
    error, code = _explained(exc)
    if code == FAILED:
        LOG.info("%s", error.message, exc_info=exc)
    if front.debug:
        front.warn(*"".join(traceback.format_exception(exc)).splitlines())
    if front.json:
        click.echo(dump(error_json(error)))
    elif code != INTERRUPTED:
        click.echo(f"photolib: {printable(_sentence(error))}", err=True)
    return code


def _explained(exc: Exception) -> tuple[PhotolibError, int]:
    """The error of photolib that says what happened, and the exit code."""
    if isinstance(exc, PhotolibError):
        return exc, USAGE if isinstance(exc, UsageError) else FAILED
    if isinstance(exc, click.Abort):
        return _Interrupted("stopped", "Run it again to go on."), INTERRUPTED
    if isinstance(exc, click.ClickException):
        return UsageError(exc.format_message(), _usage_hint(exc)), exc.exit_code
    if isinstance(exc, OSError) and exc.strerror:
        named = f"{exc.filename}: " if exc.filename else ""
        return PhotolibError(f"{named}{exc.strerror}", "--debug shows where."), FAILED
    reason = f"{type(exc).__name__}: {exc}".splitlines()[0]
    return PhotolibError(f"a fault in photolib: {reason}", "--debug shows where."), FAILED


class _Interrupted(PhotolibError):
    """Ctrl-C."""

    code = "interrupted"


def _usage_hint(exc: click.ClickException) -> str:
    context = exc.ctx if isinstance(exc, click.UsageError) else None
    return f"See {context.command_path if context else 'photolib'} --help."


def _sentence(error: PhotolibError) -> str:
    """Thing and reason, then the remedy."""
    message = error.message.removesuffix(".")
    if isinstance(error, QueryError):
        message += f", at character {error.position + 1}"
    end = "" if message.endswith(("?", "!")) else "."
    return f"{message}{end} {error.hint}".rstrip()
