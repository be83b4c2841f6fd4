"""Duplicate sets: found after each index job, read a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.catalogue import DuplicateSetRow, MatchedPhoto
from photolib.jobs import Job, Progress
from photolib.library.results import DuplicateList, DuplicatePhoto, DuplicateSet, Evidence

if TYPE_CHECKING:
    from photolib.catalogue import CandidateRow, Catalogue, Lease, ModelRow


def update(catalogue: Catalogue, look: ModelRow, lease: Lease) -> Job[None]:
    """Find the sets anew from all present photos and store them."""
    candidates = catalogue.photos.candidates()
    yield Progress("duplicates", 0, len(candidates))
    sets = list(_byte_sets(candidates))
    with catalogue.transaction():
        lease.check()
        catalogue.duplicates.replace(sets)
    yield Progress("duplicates", len(candidates), len(candidates))


def _byte_sets(candidates: list[CandidateRow]) -> list[DuplicateSetRow]:
    by_content: dict[int, list[CandidateRow]] = {}
    for row in candidates:
        by_content.setdefault(row.content_id, []).append(row)
    sets = []
    for rows in by_content.values():
        if len(rows) > 1:
            keeper, *others = rows
            members = [MatchedPhoto(keeper.photo_id, "kept")]
            members += [
                MatchedPhoto(o.photo_id, "same", "bytes", "same-bytes", None, 1.0) for o in others
            ]
            size = sum(o.size for o in others)
            sets.append(DuplicateSetRow("bytes", keeper.photo_id, False, size, tuple(members)))
    return sets


def page(
    catalogue: Catalogue, tier: str | None = None, limit: int = -1, offset: int = 0
) -> DuplicateList:
    """A page of the stored sets, those that would free most first."""
    total = catalogue.duplicates.count(tier)
    rows = catalogue.duplicates.page(tier, limit=limit, offset=offset)
    members = [photo.photo_id for row in rows for photo in row.photos]
    photos = _Photos(catalogue, members)
    shown = offset + len(rows)
    return DuplicateList(
        reclaimable_bytes=catalogue.duplicates.reclaimable(tier),
        sets=tuple(photos.shown(row) for row in rows),
        total=total,
        next_offset=shown if shown < total else None,
    )


class _Photos:
    """The rows behind a page of sets, read at once."""

    def __init__(self, catalogue: Catalogue, photo_ids: list[int]) -> None:
        self._rows = {row.photo_id: row for row in catalogue.photos.candidates(photo_ids)}

    def shown(self, row: DuplicateSetRow) -> DuplicateSet:
        present = [photo for photo in row.photos if photo.photo_id in self._rows]
        return DuplicateSet(
            set_id=row.set_id,
            tier=row.tier,
            keeper_id=row.keeper_id,
            tie=row.tie,
            photos=tuple(self._photo(photo, row.keeper_id) for photo in present),
        )

    def _photo(self, member: MatchedPhoto, keeper_id: int) -> DuplicatePhoto:
        row = self._rows[member.photo_id]
        evidence: tuple[Evidence, ...] = ()
        if member.tier is not None:
            evidence = (
                Evidence(keeper_id, member.tier, member.relation, member.direction, member.score),
            )
        return DuplicatePhoto(
            path=row.path,
            photo_id=row.photo_id,
            keeper=row.photo_id == keeper_id,
            reason=member.reason,
            bytes=row.size,
            width=row.width,
            height=row.height,
            format=row.format,
            reference=row.reference,
            parts=row.parts,
            evidence=evidence,
        )
