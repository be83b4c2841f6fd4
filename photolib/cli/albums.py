"""``photolib albums`` and ``photolib album``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.text import many, more, span, table
from photolib.errors import NotFound
from photolib.wire import ALBUM_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from photolib.library import Library
    from photolib.library.results import ActionDone, Album, AlbumDetail

_PAGE = 100


@command("albums", lists=True)
@click.option("--kind", type=click.Choice(ALBUM_KINDS), help="Only albums of this kind.")
def albums(front: Front, kind: str | None, limit: int | None, offset: int) -> None:
    """List the albums made of the photos.

    With --paths, prints the cover of each.

    \b
    photolib albums --kind event
    """
    with front.open() as library:
        found = library.albums(kind, limit=-1 if limit is None else limit, offset=offset)
    front.show(
        found,
        lambda f: album_lines(f.albums),
        lambda f: (album.cover.path for album in f.albums if album.cover),
    )
    front.note(more(len(found.albums), found.total, found.next_offset))
    if found.run is None:
        front.note("No albums yet: photolib index")
    elif found.unsorted:
        front.note(f"{many(found.unsorted, 'photo')} in no theme")


def album_lines(albums: Iterable[Album]) -> Iterable[str]:
    """One line for each album; those inside another are indented."""
    return table(
        [
            (a.album_id, a.kind, many(a.size, "photo"), span(a.from_, a.to), _name(a))
            for a in albums
        ],
        right="r r",
    )


def _name(album: Album) -> str:
    marks = [word for word in ("pinned", "hidden") if getattr(album, word)]
    return "  " * album.level + album.name + (f"  ({', '.join(marks)})" if marks else "")


@click.group("album")
def album() -> None:
    """Show one album, or say what is right in it.

    What you say holds when photos are grouped again, and "album undo" takes it back.

    \b
    photolib album show 12
    photolib album rename 12 'Summer at the lake'
    photolib album merge 12 15
    """


@command("show", lists=True)
@click.argument("album_id", type=int, metavar="ID")
@click.option("--suggest", is_flag=True, help="Print names that would suit it.")
@click.option(
    "--highlights", type=click.IntRange(1), metavar="N", help="The N most telling photos."
)
@click.option("--odd", is_flag=True, help="Print the photos that fit the others least.")
def show(
    front: Front,
    album_id: int,
    suggest: bool,
    highlights: int | None,
    odd: bool,
    limit: int | None,
    offset: int,
) -> None:
    """List the photos of the album ID ("photolib albums" lists the ids).

    \b
    photolib album show 12 --paths
    photolib album show 12 --suggest
    """
    with front.open() as library:
        found = library.album(album_id, limit=_PAGE if limit is None else limit, offset=offset)
        if highlights is not None:
            photos = library.album_highlights(album_id, highlights).photos
            found = replace(found, photos=photos, total=len(photos), next_offset=None)
        elif odd:
            from photolib.library.results import AlbumPhoto

            rows = library.photos(library.odd_ones(album_id))
            photos = tuple(AlbumPhoto(row.path, row.photo_id, row.taken_at) for row in rows)
            found = replace(found, photos=photos, total=len(photos), next_offset=None)
    lines = _suggested if suggest else _album_lines
    front.show(found, lines, lambda f: (photo.path for photo in f.photos))
    front.note(more(len(found.photos), found.total, found.next_offset))


def _suggested(found: AlbumDetail) -> Iterator[str]:
    yield from (found.name, *found.suggestions)


def _album_lines(found: AlbumDetail) -> Iterator[str]:
    days = span(found.from_, found.to)
    yield ", ".join(filter(None, [found.name, found.kind, many(found.size, "photo"), days]))
    yield from table(
        [(photo.taken_at[:16].replace("T", " "), photo.path) for photo in found.photos]
    )


@command("rename")
@click.argument("album_id", type=int, metavar="ID")
@click.argument("name")
def rename(front: Front, album_id: int, name: str) -> None:
    """Give the album ID a NAME.

    It keeps the name when photos are grouped again.

    \b
    photolib album rename 12 'Summer at the lake'
    """
    with front.open() as library:
        renamed = library.rename_album(album_id, name)
    front.show(renamed, lambda a: [f"Album {a.album_id} is now {a.name}"])


@command("merge")
@click.argument("album_id", type=int, metavar="ID")
@click.argument("others", type=int, nargs=-1, required=True, metavar="OTHER...")
def merge(front: Front, album_id: int, others: tuple[int, ...]) -> None:
    """Put all of the albums OTHER into the album ID.

    \b
    photolib album merge 12 15 19
    """
    with front.open() as library:
        merged = library.merge_albums(album_id, others)
    front.show(merged, lambda a: [f"{a.name} has {many(a.size, 'photo')} now"])


@command("split")
@click.argument("album_id", type=int, metavar="ID")
@path_argument("paths", nargs=-1, metavar="[PATH]...")
def split(front: Front, album_id: int, paths: tuple[str, ...]) -> None:
    """Part the photos PATH, else its smaller half, from an album.

    \b
    photolib album split 12
    photolib album split 12 ~/Pictures/{031,032}.jpg
    """
    with front.open() as library:
        parted = library.split_album(album_id, _photo_ids(library, paths))
    front.show(parted, lambda a: [f"Album {a.album_id}, {a.name}: {many(a.size, 'photo')}"])


@command("move")
@click.argument("album_id", type=int, metavar="ID")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
def move(front: Front, album_id: int, paths: tuple[str, ...]) -> None:
    """Put photos into the album ID, out of any other of its kind.

    \b
    photolib album move 12 ~/Pictures/031.jpg
    """
    with front.open() as library:
        changed = library.move_to_album(album_id, _photo_ids(library, paths))
    front.show(changed, lambda a: [f"{a.name} has {many(a.size, 'photo')} now"])


@command("not-in")
@click.argument("album_id", type=int, metavar="ID")
@path_argument("paths", nargs=-1, required=True, metavar="PATH...")
def not_in(front: Front, album_id: int, paths: tuple[str, ...]) -> None:
    """Say that photos do not belong in the album ID.

    \b
    photolib album not-in 12 ~/Pictures/031.jpg
    """
    with front.open() as library:
        changed = library.exclude_from_album(album_id, _photo_ids(library, paths))
    front.show(changed, lambda a: [f"{a.name} has {many(a.size, 'photo')} now"])


@command("new")
@click.argument("name")
@path_argument("paths", nargs=-1, metavar="[PATH]...")
def new(front: Front, name: str, paths: tuple[str, ...]) -> None:
    """Make an album of your own, called NAME, of the photos PATH.

    \b
    photolib album new 'For the wall' ~/Pictures/{031,077}.jpg
    """
    with front.open() as library:
        made = library.create_album(name, _photo_ids(library, paths))
    front.show(made, lambda a: [f"Album {a.album_id}, {a.name}: {many(a.size, 'photo')}"])


def _photo_ids(library: Library, paths: Iterable[str]) -> list[int]:
    found = []
    for path in paths:
        photo_id = library.photo_id_at(path)
        if photo_id is None:
            raise NotFound(
                f"{path} is not a photo of the library", "Index it first: photolib index"
            )
        found.append(photo_id)
    return found


def _marking(name: str, says: str, act: Callable[[Library, int], AlbumDetail]) -> click.Command:
    """A command that sets or clears a mark on an album."""

    @command(name, help=f"{says}\n\n\b\nphotolib album {name} 12")
    @click.argument("album_id", type=int, metavar="ID")
    def mark(front: Front, album_id: int) -> None:
        with front.open() as library:
            marked = act(library, album_id)
        front.show(marked, lambda a: [f"{name}: {a.name}"])

    return mark


_MARKS = (
    _marking("pin", "List the album ID before all others.", lambda lib, a: lib.pin_album(a)),
    _marking("unpin", "List the album ID by its size.", lambda lib, a: lib.pin_album(a, False)),
    _marking("hide", "Take the album ID off the lists.", lambda lib, a: lib.hide_album(a)),
    _marking("unhide", "List the album ID again.", lambda lib, a: lib.hide_album(a, False)),
)


@command("undo")
@click.argument("action_id", type=int, required=False, metavar="[ACTION]")
@click.option("--list", "listed", is_flag=True, help="List what was done, the newest first.")
def undo(front: Front, action_id: int | None, listed: bool) -> None:
    """Take back what was last done to albums and photos.

    ACTION is an act of --list. Files that were removed come back with "photolib undo".

    \b
    photolib album undo
    photolib album undo --list
    """
    with front.open() as library:
        if listed:
            front.show(library.actions(), lambda a: _action_lines(a.actions))
            return
        undone = library.undo_action(action_id)
    front.show(undone, lambda a: [f"Undone: {a.name}"])


def _action_lines(done: Iterable[ActionDone]) -> Iterable[str]:
    return table([(a.action_id, "undone" if a.undone else "", a.name) for a in done], right="r")


@command("redo")
def redo(front: Front) -> None:
    """Do again what was undone last.

    \b
    photolib album redo
    """
    with front.open() as library:
        done = library.redo_action()
    front.show(done, lambda a: [f"Done again: {a.name}"])


for _command in (show, rename, merge, split, move, not_in, new, *_MARKS, undo, redo):
    album.add_command(_command)
