"""Stacks: bursts and brackets, found after the duplicate sets and never part of a removal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from photolib.catalogue import StackRow
from photolib.grouping.stacks import Shot, stacks
from photolib.library.results import Stack, StackList, StackPhoto

if TYPE_CHECKING:
    from collections.abc import Callable

    from photolib.catalogue import CandidateRow, Catalogue, Lease, ModelRow


def update(catalogue: Catalogue, look: ModelRow, lease: Lease) -> None:
    """Stack the photos anew, unless none has changed since the last time."""
    change, seen = catalogue.vectors.last_change(), catalogue.setting("stacks_change")
    if seen is not None and not catalogue.vectors.photos_changed_since(int(seen)):
        return
    rows = catalogue.stacks.shots()
    shots = [
        Shot(
            row["photo_id"],
            row["camera"],
            _seconds(row["taken_at"]),
            row["exposure"],
            row["sharpness"],
        )
        for row in rows
    ]
    content_of = {row["photo_id"]: row["content_id"] for row in rows}
    found = stacks(shots, _alike(catalogue, look, content_of))
    with catalogue.transaction():
        lease.check()
        catalogue.stacks.replace([StackRow(s.kind, s.best, s.photo_ids) for s in found])
        catalogue.set_setting("stacks_change", str(change))


def page(catalogue: Catalogue, limit: int = -1, offset: int = 0) -> StackList:
    """A page of stacks, the newest first."""
    total = catalogue.stacks.count()
    rows = catalogue.stacks.page(limit=limit, offset=offset)
    ids = [photo_id for row in rows for photo_id in row.photo_ids]
    photos = {row.photo_id: row for row in catalogue.photos.candidates(ids)}
    shown = offset + len(rows)
    return StackList(
        tuple(_shown(row, photos) for row in rows), total, shown if shown < total else None
    )


def _shown(row: StackRow, photos: dict[int, CandidateRow]) -> Stack:
    members = [photos[photo_id] for photo_id in row.photo_ids if photo_id in photos]
    return Stack(row.stack_id, row.kind, tuple(_photo(one, row.cover_id) for one in members))


def _photo(row: CandidateRow, best: int | None) -> StackPhoto:
    return StackPhoto(
        path=row.path,
        photo_id=row.photo_id,
        suggested=row.photo_id == best,
        sharpness=round(row.sharpness, 2),
        taken_at=row.taken_at,
        bytes=row.size,
        width=row.width,
        height=row.height,
    )


def _alike(
    catalogue: Catalogue, look: ModelRow, content_of: dict[int, int]
) -> Callable[[int, int], float]:
    """The cosine of two photos' looks; 0 for one that has none."""

    def cosine(one: int, other: int) -> float:
        a, b = (
            catalogue.vectors.of_content(look.model_no, "look", content_of[photo])
            for photo in (one, other)
        )
        return 0.0 if a is None or b is None else float(a @ b)

    return cosine


def _seconds(taken_at: str) -> float:
    return datetime.fromisoformat(taken_at).replace(tzinfo=UTC).timestamp()
