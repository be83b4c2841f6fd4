"""Albums: found by grouping after each index job, named, matched to those there were, and read."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue import NewAlbum, PhotoFilter
from photolib.errors import NotFound, UsageError
from photolib.grouping.events import events, name_event
from photolib.grouping.matching import match
from photolib.grouping.naming import Evidence, suggest
from photolib.grouping.themes import cluster, fit_parameters
from photolib.jobs import Job, Progress
from photolib.library import neighbours
from photolib.library.results import (
    Album,
    AlbumDetail,
    AlbumList,
    AlbumPhoto,
    Cover,
    GroupingRun,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from photolib.catalogue import AlbumRow, Catalogue, Lease, ModelRow

_FEWEST = 3
"""Photos that make an event or a place worth an album."""
_SAY_NOTHING = frozenset(
    "img dsc dscf dscn dcim dji gopr imag mvi pict sam pxl image photo picture pic foto bild copy"
    " edited edit final scan file jpg jpeg png small"
    " large crop cropped resized new old screenshot untitled the and with".split()
)
"""Words of file names that cameras and programs put there."""


@dataclass(slots=True)
class _Shown:
    """The photos to be grouped: one of each duplicate set stands for all of it."""

    rows: list[sqlite3.Row]
    stands_for: dict[int, list[int]] = field(default_factory=dict)
    """The photo ids behind each content that was chosen."""


def update(catalogue: Catalogue, model: ModelRow, kind: str, lease: Lease) -> Job[None]:
    """Group the photos by theme, event and place, unless nothing has changed since the last run."""
    last = catalogue.albums.last_run("theme")
    if last and last.model_id == model.model_id:
        if not catalogue.vectors.photos_changed_since(last.change):
            return
    yield Progress("albums", 0, 3)
    change = catalogue.vectors.last_change()
    shown = _representatives(catalogue)
    for done, group in enumerate((_group_events, _group_places), 1):
        group(catalogue, shown, change, lease)
        yield Progress("albums", done, 3)
    _group_themes(catalogue, shown, model, kind, change, lease)
    yield Progress("albums", 3, 3)


def _representatives(catalogue: Catalogue) -> _Shown:
    """One content per duplicate set, so that copies do not make a theme of their own."""
    keeper_of = {
        photo.photo_id: row.keeper_id for row in catalogue.duplicates.page() for photo in row.photos
    }
    rows = catalogue.photos.for_grouping()
    by_photo = {row["photo_id"]: row for row in rows}
    shown = _Shown([])
    for row in rows:
        stand_in = by_photo.get(keeper_of.get(row["photo_id"], row["photo_id"]), row)
        if stand_in["content_id"] not in shown.stands_for:
            shown.rows.append(stand_in)
        shown.stands_for.setdefault(stand_in["content_id"], []).append(row["photo_id"])
    return shown


# --- themes -------------------------------------------------------------------------------------


def _group_themes(
    catalogue: Catalogue, shown: _Shown, model: ModelRow, kind: str, change: int, lease: Lease
) -> None:
    vectors = catalogue.vectors.load(model.model_no, kind, model.dimensions or 0)
    chosen = np.isin(vectors.contents, list(shown.stands_for))
    order = np.argsort(vectors.contents[chosen])
    contents, matrix = vectors.contents[chosen][order], vectors.matrix[chosen][order]
    graph = neighbours.graph(catalogue, model, contents.tolist())
    parameters = fit_parameters(graph, matrix)
    labels = cluster(graph, matrix, parameters).leaf
    rows = {row["content_id"]: row for row in shown.rows}
    library = _evidence(shown.rows)
    clusters = []
    for label in range(labels.max(initial=-1) + 1):
        places = np.flatnonzero(labels == label)
        members = [rows[content_id] for content_id in contents[places].tolist()]
        middle = int(np.argmax(matrix[places] @ matrix[places].mean(axis=0)))
        names = suggest(_evidence(members), library)
        clusters.append(_album(shown, members, names, members[middle]["photo_id"]))
    _store(
        catalogue,
        "theme",
        clusters,
        change,
        lease,
        model_no=model.model_no,
        eps=parameters.eps,
        min_samples=parameters.min_samples,
        noise=int((labels < 0).sum()),
    )


def _evidence(rows: Sequence[sqlite3.Row]) -> Evidence:
    return Evidence(
        size=len(rows),
        words=Counter(word for row in rows for word in _words(row)),
        places=Counter(row["town"] for row in rows if row["town"]),
        period=_period([row["taken_at"] for row in rows if row["taken_source"] != "mtime"]),
    )


def _words(row: sqlite3.Row) -> set[str]:
    """Labels and keywords; words of the file's name that a person may have put there."""
    written = {*(row["labels"] or "").split(","), *json.loads(row["keywords"])}
    name = os.path.splitext(os.path.basename(row["display"]))[0]
    named = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", name)} - _SAY_NOTHING
    return {word for word in written | named if word}


def _period(taken: Sequence[str]) -> str:
    """``Jan 2023`` or ``2021 - 2023`` for local ISO times."""
    if not taken:
        return ""
    first, last = (datetime.fromisoformat(moment) for moment in (min(taken), max(taken)))
    if (first.year, first.month) == (last.year, last.month):
        months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
        return f"{months[first.month - 1]} {first.year}"
    return str(first.year) if first.year == last.year else f"{first.year} - {last.year}"


# --- events and places --------------------------------------------------------------------------


def _group_events(catalogue: Catalogue, shown: _Shown, change: int, lease: Lease) -> None:
    dated = [row for row in shown.rows if row["taken_source"] != "mtime"]
    times = np.array([_seconds(row["taken_at"]) for row in dated])
    latitudes = np.array([_degrees(row["latitude"]) for row in dated])
    longitudes = np.array([_degrees(row["longitude"]) for row in dated])
    labels = events(times, latitudes, longitudes)
    clusters = []
    for label in range(labels.max(initial=-1) + 1):
        places = np.flatnonzero(labels == label)
        members = [dated[place] for place in places]
        name = name_event(times[places], (row["town"] for row in members))
        clusters.append(_album(shown, members, [name], members[0]["photo_id"]))
    _store(catalogue, "event", clusters, change, lease, noise=int((labels < 0).sum()))


def _group_places(catalogue: Catalogue, shown: _Shown, change: int, lease: Lease) -> None:
    towns: dict[tuple[str, str], list[sqlite3.Row]] = {}
    for row in shown.rows:
        if row["town"]:
            towns.setdefault((row["country"], row["town"]), []).append(row)
    clusters = [
        _album(shown, rows, [f"{town}, {country}"], rows[0]["photo_id"])
        for (country, town), rows in sorted(towns.items())
        if len(rows) >= _FEWEST
    ]
    _store(catalogue, "place", clusters, change, lease)


def _seconds(taken_at: str) -> float:
    return datetime.fromisoformat(taken_at).replace(tzinfo=UTC).timestamp()


def _degrees(value: float | None) -> float:
    return float("nan") if value is None else value


# --- storing ------------------------------------------------------------------------------------


def _album(
    shown: _Shown, members: Iterable[sqlite3.Row], names: Sequence[str], cover_id: int
) -> NewAlbum:
    photo_ids = [p for row in members for p in shown.stands_for[row["content_id"]]]
    return NewAlbum(names[0], tuple(photo_ids), cover_id, suggestions=tuple(names[1:]))


def _store(
    catalogue: Catalogue,
    kind: str,
    clusters: Sequence[NewAlbum],
    change: int,
    lease: Lease,
    **run: Any,
) -> None:
    """Store a run; clusters that continue an album keep its id, and so its name and cover."""
    continued = match(catalogue.albums.members(kind), [set(new.photo_ids) for new in clusters])
    albums = [
        NewAlbum(new.name, new.photo_ids, new.cover_id, album_id, new.suggestions)
        for new, album_id in zip(clusters, continued, strict=True)
    ]
    with catalogue.transaction():
        lease.check()
        catalogue.albums.replace(kind, albums, change=change, **run)


# --- reading ------------------------------------------------------------------------------------


def page(
    catalogue: Catalogue, kind: str | None = None, limit: int = -1, offset: int = 0
) -> AlbumList:
    """A page of albums, the pinned and the largest first."""
    run = catalogue.albums.last_run("theme")
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


def detail(catalogue: Catalogue, album_id: int, limit: int = 100, offset: int = 0) -> AlbumDetail:
    """One album with a page of its photos, newest first; NotFound."""
    row = catalogue.albums.get(album_id)
    if row is None:
        raise NotFound(f"there is no album {album_id}", "See them all: photolib albums")
    photos = catalogue.photos.window(PhotoFilter(album_id=album_id), offset, limit)
    shown = offset + len(photos)
    return AlbumDetail(
        **_fields(row),
        photos=tuple(AlbumPhoto(p.path, p.photo_id, p.taken_at) for p in photos),
        total=row.size,
        next_offset=shown if shown < row.size else None,
    )


def rename(catalogue: Catalogue, album_id: int, name: str) -> AlbumDetail:
    """Name an album for good. Raises NotFound, and UsageError for an empty name."""
    if not name.strip():
        raise UsageError("an album needs a name", "Give it a word or two.")
    if catalogue.albums.get(album_id) is None:
        raise NotFound(f"there is no album {album_id}", "See them all: photolib albums")
    catalogue.albums.rename(album_id, " ".join(name.split())[:200])
    return detail(catalogue, album_id)


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
