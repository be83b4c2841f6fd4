"""``photolib albums`` and ``photolib album``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.text import many, more, span, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from photolib.library.results import Album, AlbumDetail

_KINDS = ("theme", "event", "place", "subject", "person", "saved", "user")
_PAGE = 100


@command("albums", lists=True)
@click.option("--kind", type=click.Choice(_KINDS), help="Only albums of this kind.")
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
    """Show or rename one album.

    \b
    photolib album show 12
    photolib album rename 12 'Summer at the lake'
    """


@command("show", lists=True)
@click.argument("album_id", type=int, metavar="ID")
def show(front: Front, album_id: int, limit: int | None, offset: int) -> None:
    """List the photos of the album ID ("photolib albums" lists the ids).

    \b
    photolib album show 12 --paths
    """
    with front.open() as library:
        found = library.album(album_id, limit=_PAGE if limit is None else limit, offset=offset)
    front.show(found, _album_lines, lambda f: (photo.path for photo in f.photos))
    front.note(more(len(found.photos), found.total, found.next_offset))


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


for _command in (show, rename):
    album.add_command(_command)
