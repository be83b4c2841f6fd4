"""``photolib export``, ``photolib map`` and ``photolib highlights``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.progress import run_job
from photolib.cli.text import many, table
from photolib.errors import FolderError, NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from photolib.library import Library
    from photolib.library.results import ExportReport, HighlightList, PhotoMap

_LINKS = ("symlink", "hardlink", "copy")
_METHODS = ("umap", "tsne", "places")
_ALL = 1_000_000


@command("export")
@click.argument("where", nargs=-1, metavar="[ALBUM] DEST")
@click.option("--query", metavar="Q", help="Export what this search finds, instead of an album.")
@click.option(
    "--link", type=click.Choice(_LINKS), default="symlink", help="What stands for a photo."
)
@click.option("--resize", type=click.IntRange(16), metavar="N", help="Longest side in pixels.")
@click.option("--strip-gps", is_flag=True, help="Leave out where photos were taken.")
@click.option("--sidecars", is_flag=True, help="Write album and label names to XMP sidecars.")
def export(
    front: Front,
    where: tuple[str, ...],
    query: str | None,
    link: str,
    resize: int | None,
    strip_gps: bool,
    sidecars: bool,
) -> None:
    """Put an album, or what a search finds, into the folder DEST.

    ALBUM is an id or a name. Originals are only read; nothing in DEST is overwritten or removed,
    and a second run adds what is new.

    \b
    photolib export 12 ~/Desktop/Lake
    photolib export --query 'rating:4..' ~/Best --link copy --resize 2048
    """
    from photolib.library.export import Wanted

    if len(where) != (2 if query is None else 1):
        raise UsageError("export takes an album, or --query, and DEST", "photolib export 12 DEST")
    destination = os.path.abspath(where[-1])
    wanted = Wanted(link, resize, strip_gps, sidecars)
    with front.open() as library:
        if query is not None:
            found = library.search(query, limit=_ALL)
            job = library.export_photos([hit.photo_id for hit in found.hits], destination, wanted)
        else:
            job = library.export_album(_album_id(library, where[0]), destination, wanted)
        report = run_job(front, job)
    front.show(report, _export_lines, lambda r: (photo.exported for photo in r.added))


def _album_id(library: Library, name: str) -> int:
    if name.isdigit():
        return int(name)
    named = [a for a in library.albums().albums if a.name.casefold() == name.casefold()]
    if not named:
        raise NotFound(f"there is no album {name}", "See them all: photolib albums")
    if len(named) > 1:
        ids = ", ".join(str(album.album_id) for album in named)
        raise UsageError(f"{len(named)} albums are called {name}", f"Give an id: {ids}")
    return named[0].album_id


def _export_lines(report: ExportReport) -> Iterator[str]:
    yield f"{many(len(report.added), 'photo')} added to {report.destination}"
    if report.unchanged:
        yield f"{many(report.unchanged, 'photo')} there before"
    if report.sidecars:
        yield f"{many(report.sidecars, 'sidecar')} written"
    for failure in report.failed:
        yield f"not exported: {failure.path}: {failure.reason}"


@command("map")
@click.option("--method", type=click.Choice(_METHODS), default="umap", help="How it is drawn.")
@click.option(
    "--by", type=click.Choice(["album", "date", "place"]), default="album", help="Colours."
)
@click.option("--png", type=click.Path(dir_okay=False), metavar="FILE", help="Save as a picture.")
@click.option("--anew", is_flag=True, help="Lay everything out again.")
def show_map(front: Front, method: str, by: str, png: str | None, anew: bool) -> None:
    """Draw a map on which photos that are alike lie together.

    "places" shows where photos were taken instead.

    \b
    photolib map --png map.png
    photolib map --method places --by date --png world.png
    """
    with front.open() as library:
        if method != "places":
            run_job(front, library.draw_map(method, anew=anew))
        drawn = library.map(method)
    if png is not None:
        _save(drawn, by, png)
    front.show(drawn, lambda d: _map_lines(d, png), lambda d: (p.path for p in d.points))


def _map_lines(drawn: PhotoMap, png: str | None) -> Iterator[str]:
    yield f"{len(drawn.points):,} of {many(drawn.photos, 'photo')} on the map"
    yield png or "Save it as a picture: photolib map --png FILE"


def _save(drawn: PhotoMap, by: str, png: str) -> None:
    from pathlib import Path

    from photolib.images.scatter import scatter, write_scatter

    values: list[str | int | None] = [
        {"album": p.album_id, "date": p.taken_at[:7], "place": p.place or None}[by]
        for p in drawn.points
    ]
    kinds = {
        value: n for n, value in enumerate(sorted({v for v in values if v is not None}, key=str))
    }
    groups = [-1 if value is None else kinds[value] for value in values]
    xs, ys = [p.x for p in drawn.points], [p.y for p in drawn.points]
    image = scatter(xs, ys, groups, ordered=by == "date")
    try:
        write_scatter(Path(os.path.abspath(png)), image)
    except OSError as exc:
        raise FolderError(f"{png}: {exc.strerror or exc}", "Choose another file.") from exc


@command("highlights")
@click.option("--count", type=click.IntRange(1), default=6, metavar="N", help="Photos of each.")
@click.option("--today", is_flag=True, help="This day in the years before.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="That day in the years before.")
def highlights(front: Front, count: int, today: bool, day: datetime | None) -> None:
    """List the few photos that tell most of each year, or of a day.

    "album show ID --highlights N" does so for an album.

    \b
    photolib highlights --count 12
    photolib highlights --today
    """
    with front.open() as library:
        if today or day is not None:
            found = library.on_this_day(count, day.date() if day else None)
        else:
            found = library.years(count)
    front.show(found, _highlight_lines, lambda f: (p.path for s in f.sets for p in s.photos))


def _highlight_lines(found: HighlightList) -> Iterator[str]:
    for one in found.sets:
        yield f"{one.of}, {many(one.total, 'photo')}"
        yield from table([(photo.taken_at[:10], photo.path) for photo in one.photos], indent="  ")
