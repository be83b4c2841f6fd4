"""What a grid shows: tiles, fetched a page at a time in worker threads.

A ``Scene`` names what is on show; ``source_for`` turns it into a ``TileSource`` over the library; a
``Deck`` keeps the pages that have arrived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from photolib.tui.layout import Section
from photolib.tui.pictures import Recent
from photolib.tui.words import counted, moment, month, name_of, span
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from photolib.catalogue import PhotoRow
    from photolib.library import Library, View
    from photolib.library.results import Album, Box, Hit, SearchResult

Kind = Literal[
    "photos", "unsorted", "favourites", "hidden", "folder", "album", "albums", "search", "similar",
    "duplicates", "removals", "problems", "folders",
]  # fmt: skip

KIND_NAMES = {
    "theme": "Themes",
    "event": "Events",
    "place": "Places",
    "subject": "Subjects",
    "person": "People",
    "saved": "Saved searches",
    "user": "My albums",
}
"""What the kinds of albums are called on screen, in the order of the sidebar."""

PHOTO_KINDS = ("photos", "unsorted", "favourites", "hidden", "folder", "album")
"""Scenes that show a view of the photos."""
PHOTO_ORDERS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "name": "by file name",
    "size": "largest first",
    "rating": "best rated first",
    "added": "latest added first",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What the main pane shows, and how."""

    kind: Kind
    title: str
    number: int | None = None
    """The album, the folder, or the photo that others are like."""
    text: str = ""
    """The query, the kind of albums, or the path of the photo that others are like."""
    order: str = ""
    """How it is sorted, of ``orders``; "" for the first of them."""
    everything: bool = False
    """The unlikely hits of a search too."""
    region: Box | None = None
    """The part of the photo that others are like; None for all of it."""

    @property
    def gridded(self) -> bool:
        """Whether tiles show it."""
        return self.kind not in ("duplicates", "removals", "problems", "folders")

    @property
    def searched(self) -> bool:
        """Whether its tiles have scores."""
        return self.kind in ("search", "similar")

    @property
    def orders(self) -> dict[str, str]:
        """The orders it can have and what they are called, the usual one first."""
        if self.kind == "search":
            return {"relevance": "best first", "date": "by date"}
        return PHOTO_ORDERS if self.kind in PHOTO_KINDS else {}


ALL_PHOTOS = Scene("photos", "All photos")
ALL_ALBUMS = Scene("albums", "Albums")


@dataclass(frozen=True, slots=True)
class Tile:
    """One cell of a grid: a picture, the text under it, and what the status line says of it."""

    photo_id: int | None
    """The photo whose thumbnail is shown."""
    picture: Hashable
    """Changes when the picture does."""
    caption: str
    detail: str
    path: str = ""
    why: str = ""
    note: str = ""
    """A word that the picture needs, such as ``missing``."""
    badge: str = ""
    """What a person thinks of it: stars, a heart."""
    taken_at: str = ""
    turned: int = 0
    """Degrees clockwise that a person turned it by."""
    album_id: int | None = None
    found: tuple[tuple[Box, str], ...] = ()
    """The parts of the picture that a search found it by, and what they are."""

    @property
    def identity(self) -> Identity:
        """What stays the same when the tile moves or changes."""
        return ("photo", self.photo_id) if self.album_id is None else ("album", self.album_id)


Identity = tuple[str, "int | None"]
"""What a tile stands for: ``photo`` or ``album``, and its id."""


class TileSource(Protocol):
    """Where tiles come from. Worker threads call it; errors of the library pass through."""

    notice: str
    """What the library has to say about the result, once it has been counted."""

    def sections(self) -> tuple[Section, ...]:
        """The tiles counted, under their titles."""
        ...

    def tiles(self, offset: int, limit: int) -> list[Tile]: ...

    def identities(self, offset: int, limit: int) -> list[Identity]:
        """What so many tiles stand for, without all the rest of them."""
        ...


PAGE = 60


@dataclass(slots=True)
class Deck:
    """The tiles of a source that have arrived, by page."""

    source: TileSource
    sections: tuple[Section, ...]
    total: int = 0
    _pages: Recent[list[Tile]] = field(default_factory=lambda: Recent(120))

    def __post_init__(self) -> None:
        self.total = sum(section.count for section in self.sections)

    def __getitem__(self, index: int) -> Tile | None:
        """The tile at a position; None when it has not arrived."""
        page = self._pages.get(index // PAGE) if 0 <= index < self.total else None
        return page[index % PAGE] if page and index % PAGE < len(page) else None

    def missing(self, first: int, last: int) -> list[int]:
        """The pages between two positions, both included, that have not arrived."""
        last = min(last, self.total - 1)
        pages = range(max(0, first) // PAGE, last // PAGE + 1)
        return [page for page in pages if page not in self._pages]

    def fetch(self, page: int) -> None:
        """Get a page from the source. Any thread may call it."""
        self._pages.put(page, self.source.tiles(page * PAGE, PAGE))

    def find(self, identity: Identity, near: int, added: int) -> int | None:
        """Where a tile that was at ``near`` is after ``added`` more tiles came; None if not close.

        Additions before it push it back by as many, so that is where the search begins.
        """
        for start in dict.fromkeys((near + added, near, near + added // 2)):
            first = max(0, start - PAGE)
            for page in self.missing(first, start + PAGE):
                self.fetch(page)
            for index in range(first, min(self.total, start + PAGE + 1)):
                tile = self[index]
                if tile is not None and tile.identity == identity:
                    return index
        return None


def labelled(label: str) -> Scene:
    """The search for a label."""
    from photolib.query import Labelled

    query = f"label:{Labelled(label).text}"
    return Scene("search", f"Search: {query}", text=query)


def source_for(library: Library, scene: Scene) -> TileSource:
    """The tiles of a scene."""
    if scene.kind == "albums":
        return AlbumSource(library, scene.text)
    if scene.searched:
        return HitSource(library, scene)
    from photolib.library import View

    view = View(
        album_id=scene.number if scene.kind == "album" else None,
        folder_id=scene.number if scene.kind == "folder" else None,
        unsorted=scene.kind == "unsorted",
        favourite=scene.kind == "favourites",
        hidden=scene.kind == "hidden",
        order=scene.order or "newest",
    )
    return PhotoSource(library, view)


class PhotoSource:
    """The photos of a view, by month where the order is that of the dates."""

    notice = ""

    def __init__(self, library: Library, view: View) -> None:
        self._library = library
        self._view = view

    def sections(self) -> tuple[Section, ...]:
        if self._view.order not in ("newest", "oldest"):
            return (Section("", self._library.photo_count(self._view)),)
        months = self._library.photo_months(self._view)
        return tuple(Section(month(name + "-01") or "No date", count) for name, count in months)

    def tiles(self, offset: int, limit: int) -> list[Tile]:
        return [photo_tile(row) for row in self._library.photo_window(self._view, offset, limit)]

    def identities(self, offset: int, limit: int) -> list[Identity]:
        return [("photo", each) for each in self._library.photo_ids(self._view, offset, limit)]


class HitSource:
    """The hits of a search, or the photos like another; one query per page."""

    def __init__(self, library: Library, scene: Scene) -> None:
        self._library = library
        self._scene = scene
        self._first: SearchResult | None = None
        self.notice = ""

    def sections(self) -> tuple[Section, ...]:
        self._first = found = self._result(0, PAGE)
        self.notice = found.notice
        above = min(found.cutoff.count, found.total)
        if not self._scene.everything or self._scene.order == "date" or above >= found.total:
            return (Section("", found.total),)
        return Section("Likely", above), Section("Below here: less likely", found.total - above)

    def tiles(self, offset: int, limit: int) -> list[Tile]:
        fits = self._first is not None and offset == 0 and limit == PAGE
        result = self._first if fits and self._first else self._result(offset, limit)
        return [hit_tile(hit) for hit in result.hits]

    def identities(self, offset: int, limit: int) -> list[Identity]:
        return [tile.identity for tile in self.tiles(offset, limit)]

    def _result(self, offset: int, limit: int) -> SearchResult:
        scene = self._scene
        if scene.kind == "similar":
            return self._library.similar(
                scene.text, region=scene.region, limit=limit, offset=offset
            )
        return self._library.search(
            scene.text,
            sort="date" if scene.order == "date" else "relevance",
            limit=limit,
            offset=offset,
            everything=scene.everything,
        )


class AlbumSource:
    """The albums of a kind, or of all kinds, as tiles with their covers."""

    notice = ""

    def __init__(self, library: Library, kind: str) -> None:
        self._library = library
        self._kind = kind or None

    def sections(self) -> tuple[Section, ...]:
        return (Section("", self._library.albums(self._kind, limit=1).total),)

    def tiles(self, offset: int, limit: int) -> list[Tile]:
        albums = self._library.albums(self._kind, limit=limit, offset=offset).albums
        return [album_tile(album) for album in albums]

    def identities(self, offset: int, limit: int) -> list[Identity]:
        return [tile.identity for tile in self.tiles(offset, limit)]


def photo_tile(row: PhotoRow) -> Tile:
    """The tile of a photo in a view."""
    facts = [name_of(row.path), moment(row.taken_at), f"{row.width} x {row.height}"]
    badge = " ".join(filter(None, ("★" * (row.rating or 0), "♥" * row.favourite)))
    facts += [badge] if badge else []
    return Tile(
        photo_id=row.photo_id,
        picture=row.content_hash,
        caption=name_of(row.path),
        detail=" · ".join(facts),
        path=row.path,
        note="" if row.state == "present" else row.state,
        badge=badge,
        taken_at=row.taken_at,
        turned=row.turned,
    )


def hit_tile(hit: Hit) -> Tile:
    """The tile of a search result, with its evidence."""
    facts = [name_of(hit.path), moment(hit.taken_at), f"score {hit.score:.2f}"]
    if hit.copies:
        more = len(hit.copies)
        facts.append("1 more copy" if more == 1 else f"{more:,} more copies")
    why = "; ".join(
        f"{reason.source} {printable(reason.detail)} {reason.score:.2f}".replace("  ", " ")
        for reason in hit.why
    )
    return Tile(
        photo_id=hit.photo_id,
        picture=hit.photo_id,
        caption=f"{hit.score:.2f} {name_of(hit.path)}",
        detail=" · ".join(facts),
        path=hit.path,
        why=why,
        note="" if hit.state == "present" else hit.state,
        taken_at=hit.taken_at,
        found=tuple((reason.box, reason.detail) for reason in hit.why if reason.box),
    )


def album_tile(album: Album) -> Tile:
    """The tile of an album: its cover and its name."""
    name, size = printable(album.name), counted(album.size, "photo")
    unnamed = name == size
    facts = [name, "" if unnamed else size, span(album.from_, album.to)]
    return Tile(
        photo_id=album.cover.photo_id if album.cover else None,
        picture=album.cover.photo_id if album.cover else None,
        caption=name if unnamed else f"{name} · {album.size:,}",
        detail=" · ".join(fact for fact in facts if fact),
        taken_at=album.from_ or "",
        album_id=album.album_id,
    )
