"""Albums: found by grouping after each index job, named, matched to those there were, and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photolib.catalogue import PhotoFilter
from photolib.errors import NotFound, UsageError
from photolib.jobs import Job, Progress
from photolib.library.results import (
    Album,
    AlbumDetail,
    AlbumList,
    AlbumPhoto,
    Cover,
    GroupingRun,
)

if TYPE_CHECKING:
    from photolib.catalogue import AlbumRow, Catalogue, Lease, ModelRow


def update(catalogue: Catalogue, model: ModelRow, kind: str, lease: Lease) -> Job[None]:
    """Group the photos into themes and events, unless nothing has changed since the last run."""
    last = catalogue.albums.last_run("theme")
    unchanged = last and not catalogue.vectors.photos_changed_since(last.change)
    if last and unchanged and last.model_id == model.model_id:
        return
    yield Progress("albums", 0, 1)


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
