"""``photolib saved`` and ``photolib history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, common_options, list_options
from photolib.cli.search import WordsCommand, with_dashes
from photolib.cli.text import many, more, table
from photolib.wire import window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.library.results import SavedSearch

_PAGE = 100


@click.group("saved", invoke_without_command=True)
@click.pass_context
def saved(ctx: click.Context, limit: int | None, offset: int) -> None:
    """List saved searches, or add and remove them.

    A saved search is an album that always holds what its query finds. In other queries it is
    album:NAME. Without a command, lists them, with how many photos are new in each.

    \b
    photolib saved add "beach days" beach -people
    photolib saved show "beach days"
    photolib search album:"beach days" year:2023
    """
    if ctx.invoked_subcommand is not None:
        return
    front = ctx.ensure_object(Front)
    with front.open() as library:
        found, page = window(library.saved_searches(), limit, offset)
    listed = {"saved": found, "total": page.total, "next_offset": page.next_offset}
    front.show(listed, lambda _: _lines(found))
    front.note(more(len(found), page.total, page.next_offset))
    if not page.total:
        front.note("No saved searches yet: photolib saved add NAME QUERY...")


saved.params += [*list_options()[:2], *common_options()]


def _lines(found: Iterable[SavedSearch]) -> Iterable[str]:
    return table(
        [
            (s.album_id, many(s.size, "photo"), f"{s.new:,} new" if s.new else "", s.name, s.query)
            for s in found
        ],
        right="rr",
    )


@command("add", cls=WordsCommand)
@click.argument("name")
@click.argument("words", nargs=-1, required=True, metavar="QUERY...", callback=with_dashes)
def add(front: Front, name: str, words: tuple[str, ...]) -> None:
    """Save a query under a NAME.

    The saved search of that NAME, if there is one, asks it from now on.

    \b
    photolib saved add "beach days" beach -people after:2020
    """
    with front.open() as library:
        made = library.save_search(name, " ".join(words))
    front.show(made, lambda m: [f"{m.name} holds {many(m.size, 'photo')}."])


@command("remove")
@click.argument("name")
def remove(front: Front, name: str) -> None:
    """Delete the saved search of a NAME; the photos stay.

    \b
    photolib saved remove "beach days"
    """
    with front.open() as library:
        gone = library.forget_search(name)
    front.show(gone, lambda g: [f"{g.name} is deleted; it asked for: {g.query}"])


@command("show", lists=True)
@click.argument("name")
def show(front: Front, name: str, limit: int | None, offset: int) -> None:
    """List the photos of a saved search, the newest first.

    None of them is new afterwards.

    \b
    photolib saved show "beach days" --paths
    """
    with front.open() as library:
        kept = library.saved_search(name)
        found = library.album(kept.album_id, limit=_PAGE if limit is None else limit, offset=offset)
        library.see_search(kept.album_id)
    front.show(
        found,
        lambda f: table([(p.taken_at[:10], p.path) for p in f.photos]),
        lambda f: (photo.path for photo in f.photos),
    )
    front.note(f"{kept.name}: {kept.query}", f"{kept.new:,} new" if kept.new else "")
    front.note(more(len(found.photos), found.total, found.next_offset))


@command("history", lists=True)
@click.option("--clear", is_flag=True, help="Forget everything that was searched for.")
def history(front: Front, clear: bool, limit: int | None, offset: int) -> None:
    """List what was searched for, the latest first.

    Only searches at a terminal are remembered, in the library and nowhere else.

    \b
    photolib history --clear
    """
    with front.open() as library:
        if clear:
            count = library.clear_searches()
            front.note(f"{count:,} forgotten")
        found, page = window(library.recent_searches(limit=-1), limit, offset)
    listed = {"searches": found, "total": page.total, "next_offset": page.next_offset}
    front.show(listed, lambda _: found)
    front.note(more(len(found), page.total, page.next_offset))


for _command in (add, remove, show):
    saved.add_command(_command)
