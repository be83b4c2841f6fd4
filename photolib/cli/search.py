"""``photolib search`` and ``similar``."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, TypeVar

import click

from photolib import wire
from photolib.cli.front import Front, command, path_argument
from photolib.cli.text import many, more, table
from photolib.errors import PhotolibError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from photolib.library.results import Box, Hit, SearchResult

T = TypeVar("T")

_PAGE = 50
_RELATIVE = re.compile(r'like:"?(?![/"~])', re.IGNORECASE)
"""A picture beside the place where this command runs, which a service does not know."""
_SHIELD = "\0"
"""Stands before a query word that begins with a dash while click parses; no argument has a NUL."""


class WordsCommand(click.Command):
    """A command whose words may begin with a single dash; its options have two."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the dashes of words from the parser."""
        takes_value = {
            name
            for param in self.params
            if isinstance(param, click.Option) and not param.is_flag
            for name in param.opts
        }
        end = args.index("--") if "--" in args else len(args)
        shielded = [
            f"{_SHIELD}{word}" if _is_word(word) and before not in takes_value else word
            for before, word in zip(["", *args], args[:end], strict=False)
        ]
        return super().parse_args(ctx, [*shielded, *args[end:]])


def _is_word(argument: str) -> bool:
    return argument.startswith("-") and not argument.startswith("--")


def with_dashes(
    ctx: click.Context, param: click.Parameter, words: tuple[str, ...]
) -> tuple[str, ...]:
    """The words as they were typed."""
    return tuple(word.removeprefix(_SHIELD) for word in words)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Keys of the query language and the values that this library knows; nothing without one."""
    try:
        with ctx.ensure_object(Front).open() as library:
            found = library.complete_query(incomplete, len(incomplete))
    except PhotolibError:
        return []
    start, end = found.span
    return [incomplete[:start] + option + incomplete[end:] for option in found.options]


@command("search", cls=WordsCommand, lists=True)
@click.argument(
    "words",
    nargs=-1,
    required=True,
    metavar="QUERY...",
    callback=with_dashes,
    shell_complete=_complete,
)
@click.option(
    "--sort",
    type=click.Choice(["relevance", "date"]),
    default="relevance",
    help="The order of the hits.",
)
@click.option("--all", "everything", is_flag=True, help="Also what is unlikely to be meant.")
@click.option("--explain", is_flag=True, help="Say how the query is read, and of each hit why.")
def search(
    front: Front,
    words: tuple[str, ...],
    sort: str,
    everything: bool,
    explain: bool,
    limit: int | None,
    offset: int,
) -> None:
    """Find photos by words.

    They may say what is in the photo or name a date, place, camera, label or text in it. A word
    with a dash before it is left out; upper-case AND, OR and NOT combine; a phrase in double quotes
    stays together. Keys such as after:, camera:, color: or rating: filter.

    \b
    photolib search dogs on a beach -snow after:2022
    photolib search 'color:teal -color:"mostly white"'
    photolib search '"happy birthday" rating:3..' --paths0 | xargs -0 cp -t /tmp/party
    """
    query, limit = " ".join(words), _PAGE if limit is None else limit
    by_hand = sys.stdin.isatty() and sys.stdout.isatty()
    found = None
    if not _RELATIVE.search(query):
        asked = {"query": query, "sort": sort, "limit": limit, "offset": offset}
        found = front.ask("/search", **asked, all=_flag(everything), remember=_flag(by_hand))
    if found is None:
        with front.open() as library:
            found = library.search(
                query, sort=sort, limit=limit, offset=offset, everything=everything
            )
            if by_hand:
                library.remember_search(query)
    if explain:
        from photolib.query import explain as reading
        from photolib.query import parse

        front.note("Read as:", *(f"  {line}" for line in reading(parse(query))))
    _show(front, found, explain)


def _argument(read: Callable[[str], T]) -> Callable[..., T | None]:
    """A callback of click that reads an option with a function that raises ValueError."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> T | None:
        try:
            return None if value is None else read(value)
        except ValueError as exc:
            raise click.BadParameter(str(exc), ctx, param) from None

    return callback


@command("similar", lists=True)
@path_argument("pictures", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--less",
    type=click.Path(),
    multiple=True,
    callback=lambda ctx, param, value: tuple(map(os.path.abspath, value)),
    help="Less like this picture; may be given again.",
)
@click.option("--by", type=click.Choice(["meaning", "look", "both"]), help="What to compare.")
@click.option(
    "--region",
    callback=_argument(wire.region),
    metavar="X,Y,W,H",
    help="Only this part of PATH, as fractions of it.",
)
@click.option(
    "--weigh",
    callback=_argument(wire.weights),
    metavar="PART=N,...",
    help="How much colour, layout, texture and shape count in the look.",
)
@click.option(
    "--same",
    type=click.Choice(wire.IN_COMMON),
    help="Only the same colours, or the same things in the same places.",
)
@click.option(
    "--sketch", is_flag=True, help="PATH is a drawing or painting of it; white is no colour."
)
@click.option("--explain", is_flag=True, help="Say of each hit why it was found.")
def similar(
    front: Front,
    pictures: tuple[str, ...],
    less: tuple[str, ...],
    by: str | None,
    region: Box | None,
    weigh: dict[str, float] | None,
    same: str | None,
    sketch: bool,
    explain: bool,
    limit: int | None,
    offset: int,
) -> None:
    """Find photos like a picture, or like several.

    PATH is any picture file, also one outside the library.

    \b
    photolib similar beach.jpg
    photolib similar beach.jpg lake.jpg --less crowd.jpg
    photolib similar beach.jpg --region 0.5,0,0.5,1 --by look --weigh colour=3
    photolib similar beach.jpg --same palette
    photolib similar --sketch drawing.png
    """
    limit = _PAGE if limit is None else limit
    if region and len(pictures) > 1:
        raise click.UsageError("--region is for one PATH")
    found = front.ask(
        "/similar",
        path=pictures,
        less=less,
        by=by,
        region=region and ",".join(map(str, region)),
        weigh=weigh and ",".join(f"{part}={weight}" for part, weight in weigh.items()),
        same=same,
        sketch=_flag(sketch),
        limit=limit,
        offset=offset,
    )
    if found is None:
        from photolib.library.results import Example

        with front.open() as library:
            found = library.similar_to(
                [Example(path=path, region=region) for path in pictures],
                [Example(path=path) for path in less],
                by=by,
                weigh=weigh,
                same=same,
                sketch=sketch,
                limit=limit,
                offset=offset,
            )
    _show(front, found, explain)


def _flag(given: bool) -> str | None:
    """A flag as a service takes it."""
    return "true" if given else None


def _show(front: Front, found: SearchResult, explain: bool) -> None:
    front.show(
        found, lambda f: hit_lines(f, explain=explain), lambda f: (hit.path for hit in f.hits)
    )
    front.note(found.notice, _summary(found))
    front.note(more(len(found.hits), found.total, found.next_offset))


def _summary(found: SearchResult) -> str:
    if not found.total:
        return "Nothing found."
    return f"{found.total:,} found: {found.clear:,} clear, {found.likely:,} likely"


def _marks(hit: Hit) -> str:
    marks = [] if hit.state == "present" else [hit.state]
    marks += [f"and {many(len(hit.copies), 'copy')}"] if hit.copies else []
    return f"  ({', '.join(marks)})" if marks else ""


def hit_lines(found: SearchResult, *, explain: bool = False) -> Iterator[str]:
    """One line for each hit, and with ``explain`` its evidence below."""
    rows = [(hit.rank, f"{hit.score:.2f}", hit.taken_at[:10], hit.path) for hit in found.hits]
    for line, hit in zip(table(rows, right="rr"), found.hits, strict=True):
        yield f"{line}{_marks(hit)}"
        if explain:
            evidence = [(why.source, f"{why.score:.2f}", why.detail) for why in hit.why]
            yield from table(evidence, indent=" " * 8)
