"""What every command shares: the common options, the library, and the way to the terminal."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from photolib.config import load_settings
from photolib.wire import Reply, dump, printable, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

    from photolib.config import Settings
    from photolib.library import Library

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Lines = Iterable[str]

LOG = logging.getLogger("photolib")
_LOG_BYTES = 1_000_000
IMAGES = ("auto", "kitty", "sixel", "blocks", "none")


class Front:
    """One run of the program: what was asked for in the common options, and where output goes.

    Everything meant for people passes through ``printable`` here and nowhere else, so that no
    command can forget it.
    """

    def __init__(self) -> None:
        self.library: Path | None = None
        self.json = False
        self.debug = False
        self.paths: str | None = None
        """What ends each path of ``--paths`` and ``--paths0``; None without them."""
        self.images: str | None = None
        self.theme: str | None = None
        self._log: logging.Handler | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run; raises ConfigError."""
        settings = load_settings(self.library)
        settings = replace(
            settings, images=self.images or settings.images, theme=self.theme or settings.theme
        )
        self._start_log(settings.log_path)
        return settings

    @contextmanager
    def open(self) -> Iterator[Library]:
        """The library of this run, closed again at the end."""
        from photolib.library import Library

        with Library.open(self.settings) as library:
            yield library

    def ask(self, path: str, /, **parameters: object) -> Any:
        """What a service that runs answers, as the result it stands for; None without an answer."""
        from photolib.client import ask

        found = ask(self.settings, path, parameters)
        return None if found is None else Reply(found)

    def show(
        self,
        result: T,
        text: Callable[[T], Lines],
        paths: Callable[[T], Iterable[str]] | None = None,
    ) -> None:
        """Put ``result`` on stdout: as JSON, as bare paths, or as lines for people."""
        if self.json:
            click.echo(dump(to_json(result)))
        elif self.paths is not None and paths is not None:
            self._write_paths(paths(result))
        else:
            self.say(text(result))

    def say(self, lines: Lines) -> None:
        """Lines of a result, to stdout."""
        for line in lines:
            click.echo(printable(line))

    def note(self, *lines: str) -> None:
        """Lines beside a result (next steps, notices), to stderr; scripts do not get them."""
        if self.json or self.paths is not None:
            return
        self.warn(*lines)

    def warn(self, *lines: str) -> None:
        """Lines to stderr in every case."""
        for line in lines:
            if line:
                click.echo(printable(line), err=True)

    def _write_paths(self, paths: Iterable[str]) -> None:
        """Bytes as the file system has them to a pipe or file; something safe to a terminal."""
        sys.stdout.flush()
        stream = sys.stdout.buffer
        bare = not sys.stdout.isatty()
        end = (self.paths or "\n").encode()
        for path in paths:
            stream.write((os.fsencode(path) if bare else printable(path).encode()) + end)
        stream.flush()

    def _start_log(self, path: Path) -> None:
        self._log = _LogFile(path)
        for logger in (LOG, logging.getLogger("py.warnings")):
            logger.addHandler(self._log)
            logger.propagate = False
        LOG.setLevel(logging.INFO)
        logging.captureWarnings(True)

    def close(self) -> None:
        """Give the log file back."""
        if self._log is None:
            return
        logging.captureWarnings(False)
        for logger in (LOG, logging.getLogger("py.warnings")):
            logger.removeHandler(self._log)
            logger.propagate = True
        LOG.setLevel(logging.NOTSET)
        self._log.close()


class _LogFile(logging.Handler):
    """The log of a library, opened (and its machinery imported) with the first record.

    Where it is impossible (a read-only library, a full disk) the details are lost; the line on
    stderr is not.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        if self._file is None:
            self._file = _rotating(self._path)
        with suppress(OSError):
            self._file.emit(record)

    def close(self) -> None:
        """Write what is left; a full disk is no reason to fail."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        super().close()


def _rotating(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    class Quiet(RotatingFileHandler):
        def handleError(self, record: logging.LogRecord) -> None:
            """Nobody is told."""

    made = Quiet(path, maxBytes=_LOG_BYTES, backupCount=1, delay=True)
    made.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    return made


# ---- options


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Store a common option, wherever on the line it was given."""
    if value is not None and value is not False:
        setattr(ctx.ensure_object(Front), str(param.name), value)


def common_options(*, json: bool = True) -> list[click.Option]:
    """``--library``, ``--json`` and ``--debug``, as every command takes them."""
    options = [
        _shared(
            "--library",
            metavar="DIR",
            type=click.Path(file_okay=True, path_type=Path),
            help="The library to use (also PHOTOLIB_LIBRARY).",
        )
    ]
    if json:
        options.append(_shared("--json", is_flag=True, help="Print JSON."))
    options.append(_shared("--debug", is_flag=True, help="Show tracebacks of errors."))
    return options


def screen_options() -> list[click.Option]:
    """``--images`` and ``--theme``, for what opens on a terminal."""
    return [
        _shared(
            "--images",
            type=click.Choice(IMAGES),
            help="How the terminal shows pictures.",
        ),
        _shared("--theme", metavar="NAME", help="The colour theme."),
    ]


def list_options() -> list[click.Option]:
    """``--limit``, ``--offset``, ``--paths`` and ``--paths0``, for commands that print a list."""
    return [
        click.Option(["--limit"], type=click.IntRange(0), metavar="N", help="At most N."),
        click.Option(
            ["--offset"], type=click.IntRange(0), default=0, metavar="N", help="Skip the first N."
        ),
        _shared("paths", "--paths", flag_value="\n", help="Print bare paths, one per line."),
        _shared("paths", "--paths0", flag_value="\0", help="Print bare paths, each ended by NUL."),
    ]


def _shared(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **attributes)


def command(
    name: str,
    *,
    json: bool = True,
    lists: bool = False,
    screen: bool = False,
    cls: type[click.Command] = click.Command,
    **attributes: Any,
) -> Callable[[Callable[..., None]], click.Command]:
    """A command with the common options; its function gets the ``Front`` first."""

    def make(function: Callable[..., None]) -> click.Command:
        made: click.Command = click.command(name, cls=cls, **attributes)(click.pass_obj(function))
        made.params += list_options() if lists else []
        made.params += screen_options() if screen else []
        made.params += common_options(json=json)
        return made

    return make


def path_argument(name: str, kind: str = "file", **attributes: Any) -> Callable[[F], F]:
    """An argument made an absolute path; whether it exists is for the library to say.

    ``kind`` (file or dir) tells the shell what to complete.
    """

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=kind)]

    return click.argument(name, callback=_absolute, shell_complete=complete, **attributes)


def _absolute(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """The absolute path, or paths. An empty one, such as an unset variable, is refused."""
    if isinstance(value, tuple):
        return tuple(_absolute(ctx, param, one) for one in value)
    if not value:
        raise click.BadParameter("the path is empty", ctx, param)
    return os.path.abspath(value)
