"""What a person says of photos: ``rate``, ``tag``, ``favourite``, ``hide``, ``turn``, ``date``."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.text import many, more, table
from photolib.errors import NotFound
from photolib.wire import window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photolib.library import Library
    from photolib.library.results import ActionDone


def photo_ids(library: Library, paths: Sequence[str]) -> list[int]:
    """The photos at paths; NotFound names the first that is none."""
    ids = []
    for path in paths:
        found = library.photo_id_at(path)
        if found is None:
            raise NotFound(f"{path} is no photo of this library", "Index it: photolib index")
        ids.append(found)
    return ids


def _mark(
    front: Front, paths: Sequence[str], act: Callable[[Library, Sequence[int]], ActionDone]
) -> None:
    with front.open() as library:
        done = act(library, photo_ids(library, paths))
    front.show(done, lambda d: [d.name])


@command("rate")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.argument("stars", type=click.IntRange(0, 5))
def rate(front: Front, paths: tuple[str, ...], stars: int) -> None:
    """Give photos 0 to 5 STARS.

    Kept in the library; the files stay as they are.

    \b
    photolib rate ~/Pictures/031.jpg 4
    photolib search rating:4..
    """
    _mark(front, paths, lambda library, ids: library.rate(ids, stars))


class _Words(click.Command):
    """Takes words that begin with a minus for arguments, not for options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide ``-word`` from the option parser."""
        hidden = [_MINUS + arg[1:] if re.match(r"-[^-]", arg) else arg for arg in args]
        return super().parse_args(ctx, hidden)


_MINUS = "\N{MINUS SIGN}"


@command("tag", cls=_Words)
@click.argument("words", nargs=-1, required=True, metavar="PATH... +WORD... -WORD...")
def tag(front: Front, words: tuple[str, ...]) -> None:
    """Give keywords to photos (+WORD), or take them away (-WORD).

    Kept in the library; the files stay as they are.

    \b
    photolib tag ~/Pictures/031.jpg +beach '+summer holiday' -todo
    photolib search tag:beach
    """
    add = [word[1:] for word in words if word.startswith("+")]
    remove = [word[1:] for word in words if word.startswith(_MINUS)]
    paths = [os.path.abspath(word) for word in words if word[:1] not in ("+", _MINUS)]
    if not paths:
        raise click.UsageError("No PATH was given.")
    _mark(front, paths, lambda library, ids: library.tag(ids, add, remove))


@command("tags", lists=True)
def tags(front: Front, limit: int | None, offset: int) -> None:
    """List the keywords, and how many photos carry each.

    \b
    photolib tags
    """
    with front.open() as library:
        found, page = window(library.tags(), limit, offset)
    listed = {
        "tags": [{"name": name, "photos": count} for name, count in found],
        "total": page.total,
        "next_offset": page.next_offset,
    }
    front.show(listed, lambda _: table([(name, many(count, "photo")) for name, count in found]))
    front.note(more(len(found), page.total, page.next_offset))
    if not page.total:
        front.note("No keywords yet: photolib tag PATH +word")


@command("favourite")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--off", is_flag=True, help="Make them favourites no longer.")
def favourite(front: Front, paths: tuple[str, ...], off: bool) -> None:
    """Make favourites of photos.

    \b
    photolib favourite ~/Pictures/031.jpg
    """
    _mark(front, paths, lambda library, ids: library.set_favourite(ids, not off))


@command("hide")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--off", is_flag=True, help="Show them again.")
def hide(front: Front, paths: tuple[str, ...], off: bool) -> None:
    """Leave photos out of every list and search; nothing is removed.

    \b
    photolib hide ~/Pictures/receipt.jpg
    """
    _mark(front, paths, lambda library, ids: library.set_hidden(ids, not off))


@command("turn")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.argument("way", type=click.Choice(("right", "left", "over")))
def turn(front: Front, paths: tuple[str, ...], way: str) -> None:
    """Turn photos on screen: by a quarter, or over.

    The files stay as they are.

    \b
    photolib turn ~/Pictures/031.jpg left
    """
    degrees = {"right": 90, "left": -90, "over": 180}[way]
    _mark(front, paths, lambda library, ids: library.turn(ids, degrees))


class _Span(click.ParamType[timedelta]):
    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """``+1h``, ``-2d``, ``90m``."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([+-]?)(\d{1,6})([dhms])", str(value))
        if found is None:
            self.fail(f"{value!r} is no span such as +1h, -2d or 90m", param, ctx)
        sign, number, unit = found.groups()
        name = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}[unit]
        return timedelta(**{name: int(number)}) * (-1 if sign == "-" else 1)


@command("date")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--shift", type=_Span(), metavar="SPAN", help="Move it: +1h, -2d, 90m.")
@click.option("--set", "at", type=click.DateTime(), metavar="DATE", help="Say when it was.")
def date(
    front: Front, paths: tuple[str, ...], shift: timedelta | None, at: datetime | None
) -> None:
    """Correct when photos were taken, in the library alone.

    \b
    photolib date ~/Pictures/trip/*.jpg --shift +7h
    photolib date scan.jpg --set 1987-06-01
    """
    if (shift is None) == (at is None):
        raise click.UsageError("Give either --shift or --set.")
    if shift is not None:
        _mark(front, paths, lambda library, ids: library.shift_dates(ids, shift))
    elif at is not None:
        _mark(front, paths, lambda library, ids: library.set_date(ids, at))
