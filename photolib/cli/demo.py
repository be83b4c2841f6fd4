"""``photolib demo``: what photolib does, shown on photos that it makes itself."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photolib.cli.albums import album_lines
from photolib.cli.duplicates import duplicate_lines
from photolib.cli.front import Front, command
from photolib.cli.index import report_lines
from photolib.cli.opening import on_terminal
from photolib.cli.progress import run_job
from photolib.cli.search import hit_lines
from photolib.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from photolib.config import Settings
    from photolib.library import Library

_SHOWN = 8
_QUERY = "madrid bus"


@command("demo", json=False, screen=True)
@click.option("--no-tui", is_flag=True, help="Do not open the library afterwards.")
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Work in DIR, which must be new or empty, and keep it.",
)
def demo(front: Front, no_tui: bool, keep: Path | None) -> None:
    """Try photolib on sample photos.

    Makes a small library of them, shows what it finds and opens it on a terminal. Your own library
    is not touched, nothing is downloaded, and the folder is removed afterwards.

    \b
    photolib demo
    photolib demo --no-tui --keep /tmp/photolib-demo
    """
    with _place(keep) as place:
        settings = replace(front.settings, library=place / "library")
        _tour(front, settings, place / "photos")
        if on_terminal() and not no_tui:
            from photolib.tui.app import run

            run(settings)
        if keep is not None:
            front.note("", f"Kept: photolib --library {settings.library}")


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """The directory to work in: the one to keep, or a temporary one."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="photolib-demo-") as made:
            yield Path(made)
        return
    if keep.exists() and any(keep.iterdir()):
        raise UsageError(f"{keep} is not empty", "Name a directory that does not exist yet.")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()


def _tour(front: Front, settings: Settings, photos: Path) -> None:
    from photolib.images.samples import make_samples
    from photolib.library import Library

    made = make_samples(photos)
    with Library.open(settings) as library:
        library.add_folder(str(photos))
        report = run_job(front, library.index())
        _section(front, "photolib index", report_lines(report))
        _section(front, "photolib albums", album_lines(library.albums().albums))
        _section(front, "photolib duplicates", duplicate_lines(library.duplicates()))
        _section(front, "photolib problems", _problems(library))
        _similar(front, library, made)
        found = library.search(_QUERY, limit=_SHOWN)
        _section(
            front, f"photolib search {_QUERY}", [*hit_lines(found, explain=True), found.notice]
        )


def _problems(library: Library) -> Iterator[str]:
    for problem in library.problems().problems:
        yield f"{problem.path}: {problem.reason}"


def _similar(front: Front, library: Library, made: Sequence[Path]) -> None:
    start = next((path for path in made if library.photo_id_at(str(path)) is not None), None)
    if start is not None:
        found = library.similar(str(start), by="look", limit=_SHOWN)
        _section(front, f"photolib similar {start} --by look", hit_lines(found))


def _section(front: Front, title: str, lines: Iterable[str]) -> None:
    """A command and what it printed."""
    body = [line for line in lines if line]
    front.say([f"$ {title}", *(f"  {line}" for line in body or ["nothing"]), ""])
