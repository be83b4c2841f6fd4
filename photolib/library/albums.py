"""Albums: read a page at a time, and changed by people.

What a person does with an album that was found is a decision: it is stored, replayed over every
later grouping, and can be undone like every other act. Albums that a person made (kind ``user``)
hold what was put into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue import Change, PhotoFilter
from photolib.errors import NotFound, UsageError
from photolib.grouping.halves import halves, halves_in_time, odd_ones
from photolib.library import actions
from photolib.library.results import (
    Album,
    AlbumDetail,
    AlbumList,
    AlbumPhoto,
    Cover,
    GroupingRun,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import AlbumRow, Catalogue
    from photolib.library.results import ActionDone

    Vectors = Callable[[Sequence[int]], NDArray[np.float32]]
    """Unit vectors (n, d) of photos; a row of zeros for one that has none."""

GROUPED = ("theme", "event", "place", "subject")
_NAME_LENGTH = 200
_SEE = "See them all: photolib albums"


# --- reading ------------------------------------------------------------------------------------


def page(
    catalogue: Catalogue, kind: str | None = None, limit: int = -1, offset: int = 0
) -> AlbumList:
    """A page of albums, the pinned and the largest first, each followed by those in it."""
    run = catalogue.groupings.last_run("theme")
    rows = catalogue.albums.page(kind, limit=limit, offset=offset)
    total = catalogue.albums.count(kind)
    shown = offset + len(rows)
    return AlbumList(
        run=GroupingRun(run.run_id, run.model_id, run.eps, run.min_samples, run.noise)
        if run
        else None,
        unsorted=catalogue.albums.unsorted(),
        albums=tuple(Album(**_fields(row)) for row in rows),
        total=total,
        next_offset=shown if shown < total else None,
    )


def hidden(catalogue: Catalogue) -> list[Album]:
    """The albums that a person has hidden."""
    rows = catalogue.albums.many(catalogue.albums.hidden())
    return [Album(**_fields(row)) for row in rows]


def detail(catalogue: Catalogue, album_id: int, limit: int = 100, offset: int = 0) -> AlbumDetail:
    """One album with a page of its photos, newest first; NotFound."""
    row = found(catalogue, album_id)
    chosen = PhotoFilter(album_id=album_id)
    photos = catalogue.photos.window(chosen, offset, limit)
    crops = catalogue.albums.crops(album_id) if row.kind == "subject" else {}
    boxes = catalogue.regions.boxes(crops.values())
    shown = offset + len(photos)
    return AlbumDetail(
        **_fields(row),
        photos=tuple(
            AlbumPhoto(
                p.path,
                p.photo_id,
                p.taken_at,
                crops.get(p.photo_id),
                boxes.get(crops.get(p.photo_id, 0)),
            )
            for p in photos
        ),
        suggestions=row.suggestions,
        total=row.size,
        next_offset=shown if shown < row.size else None,
    )


def found(catalogue: Catalogue, album_id: int) -> AlbumRow:
    """The row of an album; NotFound."""
    row = catalogue.albums.get(album_id)
    if row is None:
        raise NotFound(f"there is no album {album_id}", _SEE)
    return row


def _fields(row: AlbumRow) -> dict[str, Any]:
    cover = Cover(row.cover_id, row.cover_path) if row.cover_id and row.cover_path else None
    return {
        "album_id": row.album_id,
        "kind": row.kind,
        "name": row.name,
        "size": row.size,
        "parent_id": row.parent_id,
        "level": row.level,
        "cover": cover,
        "from_": row.first_at,
        "to": row.last_at,
        "named_by": row.named_by,
        "pinned": row.pinned,
        "hidden": row.hidden,
    }


# --- what a person says of an album -------------------------------------------------------------


def rename(catalogue: Catalogue, album_id: int, name: str) -> None:
    """Name an album for good. Raises NotFound, and UsageError for an empty name."""
    name = " ".join(name.split())[:_NAME_LENGTH]
    if not name:
        raise UsageError("an album needs a name", "Give it a word or two.")
    old = found(catalogue, album_id)
    _set(catalogue, album_id, f"rename {old.name}", name=name, named_by="person")


def mark(catalogue: Catalogue, album_id: int, **flags: bool) -> None:
    """Pin or hide an album, or take that back (``pinned``, ``hidden``); NotFound."""
    [(flag, wanted)] = flags.items()
    verb = {"pinned": "pin", "hidden": "hide"}[flag]
    row = found(catalogue, album_id)
    name = f"{verb if wanted else 'un' + verb} {row.name}"
    _set(catalogue, album_id, name, **{flag: int(wanted)})


def set_cover(catalogue: Catalogue, album_id: int, photo_id: int) -> None:
    """Let a photo of an album stand for it. Raises NotFound, UsageError for one not in it."""
    row = found(catalogue, album_id)
    if photo_id not in catalogue.albums.photo_ids(album_id):
        raise UsageError(
            f"photo {photo_id} is not in album {album_id}", "Choose one of its photos."
        )
    _set(catalogue, album_id, f"cover of {row.name}", cover_id=photo_id)


def _set(catalogue: Catalogue, album_id: int, done: str, **values: Any) -> None:
    with catalogue.transaction():
        one = actions.change(catalogue, "album", album_id, **values)
        actions.do(catalogue, done, [one])


# --- what a person says of who is in an album ---------------------------------------------------


class Deciding:
    """Merging, splitting and moving: each is stored, applied at once, and can be undone.

    ``replay`` applies the decisions about one kind of album to what was found last.
    """

    def __init__(
        self, catalogue: Catalogue, replay: Callable[[str], None], vectors: Vectors
    ) -> None:
        self._catalogue = catalogue
        self._replay = replay
        self._vectors = vectors

    def merge(self, album_id: int, others: Sequence[int]) -> None:
        """Put all of some albums into another of their kind. Raises NotFound, UsageError."""
        into = found(self._catalogue, album_id)
        rows = [found(self._catalogue, other) for other in others]
        for row in rows:
            _same_kind(into, row)
            if row.album_id == album_id:
                raise UsageError("an album cannot be merged with itself", "Name two albums.")
            if self._catalogue.albums.children(row.album_id) and not self._holds(album_id):
                raise UsageError(
                    f"album {row.album_id} holds albums and album {album_id} does not",
                    f"Merge them the other way round: album merge {row.album_id} {album_id}",
                )
        name = f"merge {', '.join(row.name for row in rows)} into {into.name}"
        with self._catalogue.transaction():
            if into.kind not in GROUPED:
                self._unite(name, into, rows)
                return
            subjects = [{"album": album_id, "other": row.album_id} for row in rows]
            self._decide(name, "merge", into.kind, subjects)

    def split(self, album_id: int, photo_ids: Sequence[int] = ()) -> int:
        """Part photos from an album into a new one, whose id is returned.

        Without photos, the album's smaller half. Raises NotFound, UsageError.
        """
        row = self._leaf(album_id, "split")
        inside = self._catalogue.albums.photo_ids(album_id)
        apart = list(photo_ids) or self.half(album_id)
        self._all_in(row, apart, inside)
        rest = sorted(set(inside) - set(apart))
        if not apart or not rest:
            raise UsageError("both halves of a split need photos", "Name some of its photos.")
        with self._catalogue.transaction():
            other = self._catalogue.albums.create(row.kind, f"{row.name} (2)"[:_NAME_LENGTH])
            if row.kind not in GROUPED:
                self._pair(f"split {row.name}", {album_id: rest, other: apart})
                return other
            subject = {
                "album": album_id,
                "other": other,
                "things": self._things(row, apart),
                "rest": self._things(row, rest),
            }
            self._decide(f"split {row.name}", "split", row.kind, [subject])
        return other

    def move(self, album_id: int, photo_ids: Sequence[int]) -> None:
        """Put photos into an album, out of any other of its kind. Raises NotFound, UsageError."""
        row = self._leaf(album_id, "move into")
        self._known(photo_ids)
        name = f"move {len(photo_ids)} photos to {row.name}"
        with self._catalogue.transaction():
            if row.kind not in GROUPED:
                inside = self._catalogue.albums.photo_ids(album_id)
                self._pair(name, {album_id: sorted({*inside, *photo_ids})})
                return
            if row.kind == "subject":
                raise UsageError("subjects hold crops, not whole photos", "Merge subjects instead.")
            subject = {"album": album_id, "things": sorted(set(photo_ids))}
            self._decide(name, "move", row.kind, [subject])

    def exclude(self, album_id: int, photo_ids: Sequence[int]) -> None:
        """Say that photos do not belong in an album. Raises NotFound, UsageError."""
        row = found(self._catalogue, album_id)
        inside = self._catalogue.albums.photo_ids(album_id)
        self._all_in(row, photo_ids, inside)
        name = f"take {len(photo_ids)} photos out of {row.name}"
        with self._catalogue.transaction():
            if row.kind not in GROUPED:
                self._pair(name, {album_id: sorted(set(inside) - set(photo_ids))})
                return
            subject = {"album": album_id, "things": self._things(row, photo_ids)}
            self._decide(name, "exclude", row.kind, [subject])

    def create(self, name: str, photo_ids: Sequence[int]) -> int:
        """A new album of a person's own; returns its id. Raises NotFound, UsageError."""
        name = " ".join(name.split())[:_NAME_LENGTH]
        if not name:
            raise UsageError("an album needs a name", "Give it a word or two.")
        self._known(photo_ids)
        with self._catalogue.transaction():
            cover = photo_ids[0] if photo_ids else None
            album_id = self._catalogue.albums.create("user", name, cover)
            shown = actions.change(self._catalogue, "album", album_id, named_by="person")
            born = Change("album", album_id, {"retired": 1}, {"retired": 0})
            filled = _filled(self._catalogue, album_id, sorted(set(photo_ids)))
            actions.do(self._catalogue, f"new album {name}", [shown, born, filled])
        return album_id

    def undo(self, action_id: int | None = None) -> ActionDone:
        """Take back an act, by default the last; see ``actions.undo``."""
        return self._turned(lambda: actions.undo(self._catalogue, action_id))

    def redo(self) -> ActionDone:
        """Do again what was undone last; see ``actions.redo``."""
        return self._turned(lambda: actions.redo(self._catalogue))

    def half(self, album_id: int) -> list[int]:
        """The photos of the smaller half of an album: what ``split`` would part from it.

        Themes and subjects part by what they show, events and places at the longest pause.
        """
        row = found(self._catalogue, album_id)
        photos = [p for p in self._catalogue.photos.many(self._inside(album_id))]
        if row.kind in ("event", "place"):
            times = np.array([p.taken_at[:19] for p in photos], "datetime64[s]").astype(float)
            side = halves_in_time(times)
        else:
            side = halves(self._vectors([p.photo_id for p in photos]))
        return [p.photo_id for p, chosen in zip(photos, side, strict=True) if chosen]

    def odd_ones(self, album_id: int) -> list[int]:
        """The photos of an album that fit the others least, the oddest first; NotFound."""
        found(self._catalogue, album_id)
        photos = self._inside(album_id)
        return [photos[i] for i in odd_ones(self._vectors(photos)).tolist()]

    # --- storing -------------------------------------------------------------------------------

    def _decide(self, name: str, kind: str, of: str, subjects: Sequence[dict[str, Any]]) -> None:
        changes = []
        for subject in subjects:
            row_id = self._catalogue.groupings.decide(kind, {"of": of, **subject})
            changes.append(Change("decision", row_id, {"undone": 1}, {"undone": 0}))
        actions.do(self._catalogue, name, changes)
        self._replay(of)

    def _pair(self, name: str, wanted: dict[int, Sequence[int]]) -> None:
        """Make the photos of a person's own albums those given, as one act."""
        rows = [_filled(self._catalogue, a, sorted(photos)) for a, photos in wanted.items()]
        actions.do(self._catalogue, name, rows)

    def _unite(self, name: str, into: AlbumRow, rows: Sequence[AlbumRow]) -> None:
        everything = {
            p for r in (into, *rows) for p in self._catalogue.albums.photo_ids(r.album_id)
        }
        gone = [actions.change(self._catalogue, "album", row.album_id, retired=1) for row in rows]
        filled = _filled(self._catalogue, into.album_id, sorted(everything))
        actions.do(self._catalogue, name, [filled, *gone])

    def _turned(self, turn: Callable[[], ActionDone]) -> ActionDone:
        with self._catalogue.transaction():
            done = turn()
            row = self._catalogue.actions.get(done.action_id)
            decisions = [c.row_id for c in row.changes if c.table == "decision"] if row else []
            for kind in sorted(self._catalogue.groupings.kinds_of(decisions)):
                self._replay(kind)
        return done

    def _inside(self, album_id: int) -> list[int]:
        """The photos of an album that are shown."""
        rows = self._catalogue.photos.window(PhotoFilter(album_id=album_id), 0, -1)
        return [row.photo_id for row in rows]

    def _things(self, row: AlbumRow, photo_ids: Sequence[int]) -> list[int]:
        """What decisions on an album bind: photos, or the crops of a subject in them."""
        if row.kind != "subject":
            return sorted(set(photo_ids))
        crops = self._catalogue.albums.crops(row.album_id)
        return sorted(crops[photo] for photo in set(photo_ids) if photo in crops)

    def _holds(self, album_id: int) -> bool:
        return bool(self._catalogue.albums.children(album_id))

    def _leaf(self, album_id: int, verb: str) -> AlbumRow:
        row = found(self._catalogue, album_id)
        if row.kind == "saved":
            raise UsageError(f"album {album_id} is a saved search", "Change its query instead.")
        if self._holds(album_id) and row.kind != "place":
            raise UsageError(
                f"album {album_id} holds albums: there is nothing to {verb}",
                "Choose one of the albums in it.",
            )
        return row

    def _known(self, photo_ids: Sequence[int]) -> None:
        unknown = set(photo_ids) - self._catalogue.photos.living(photo_ids)
        if unknown:
            raise NotFound(f"there is no photo {min(unknown)}")

    def _all_in(self, row: AlbumRow, photo_ids: Sequence[int], inside: Sequence[int]) -> None:
        outside = set(photo_ids) - set(inside)
        if outside:
            raise UsageError(
                f"photo {min(outside)} is not in album {row.album_id}",
                f"See its photos: photolib album show {row.album_id}",
            )


def _filled(catalogue: Catalogue, album_id: int, photo_ids: Sequence[int]) -> Change:
    before = catalogue.actions.values("album_photo", album_id, ["photo_id"]) or {}
    return Change("album_photo", album_id, before, {"photo_id": list(photo_ids)})


def _same_kind(one: AlbumRow, other: AlbumRow) -> None:
    if one.kind != other.kind:
        raise UsageError(
            f"album {other.album_id} is of kind {other.kind}, album {one.album_id} of {one.kind}",
            "Only albums of one kind can be merged.",
        )
