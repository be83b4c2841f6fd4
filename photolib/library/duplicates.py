"""Duplicate sets: found after each index job, read a page at a time.

Pairs of contents are matched by equal payload (the picture data with other metadata) or as near
copies (look and perceptual hashes agree); equal bytes need no match, they are one content. Stars of
matched contents become sets of photos, and the best photo of each is kept.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue import DuplicateSetRow, MatchedPhoto
from photolib.grouping.duplicates import (
    Candidate,
    best_first,
    best_pick,
    propose,
    verify_near,
)
from photolib.images import covers
from photolib.jobs import Job, Progress
from photolib.library.results import DuplicateList, DuplicatePhoto, DuplicateSet, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import CandidateRow, Catalogue, Lease, ModelRow

TIERS = ("bytes", "payload", "pixels", "near")
"""From the strongest evidence to the weakest; a set has the weakest of its members."""
_LEAST_LOOK, _MOST_PHASH, _MOST_DHASH = 0.60, 6, 16
"""Wider than any rule of ``verify_near``, which decides about what these let through."""
FLAT = 4.0
"""Sharpness below which a picture (a black frame, fog) has no structure to be recognised by."""


@dataclass(frozen=True, slots=True)
class _Match:
    """Why two contents are copies; the smaller content id comes first."""

    tier: str
    score: float


_Matches = dict[tuple[int, int], _Match]


def update(catalogue: Catalogue, look: ModelRow, lease: Lease) -> Job[None]:
    """Find the sets anew, unless no photo has changed since they were found last."""
    change, seen = catalogue.vectors.last_change(), catalogue.setting("duplicates_change")
    if seen is not None and not catalogue.vectors.photos_changed_since(int(seen)):
        return
    candidates = catalogue.photos.candidates()
    yield Progress("duplicates", 0, len(candidates))
    by_content: dict[int, list[CandidateRow]] = defaultdict(list)
    for row in candidates:
        by_content[row.content_id].append(row)
    matches = _near_matches(catalogue, look, by_content) | _payload_matches(by_content)
    sets = list(_sets(by_content, matches))
    with catalogue.transaction():
        lease.check()
        catalogue.duplicates.replace(sets)
        catalogue.set_setting("duplicates_change", str(change))
    yield Progress("duplicates", len(candidates), len(candidates))


# --- pairs --------------------------------------------------------------------------------------


def _payload_matches(by_content: dict[int, list[CandidateRow]]) -> _Matches:
    """Contents with the same picture data; one whose extras the other lacks is a near copy only."""
    same: dict[tuple[str, int, str | None], list[CandidateRow]] = defaultdict(list)
    for rows in by_content.values():
        if rows[0].payload_key is not None:
            same[rows[0].payload_key, rows[0].orientation, rows[0].icc].append(rows[0])
    matches = {}
    for group in same.values():
        for a, b in combinations(group, 2):
            both = covers(a.attachments, b.attachments) and covers(b.attachments, a.attachments)
            tier = "payload" if both else "near"
            matches[_pair(a.content_id, b.content_id)] = _Match(tier, 1.0)
    return matches


def _near_matches(
    catalogue: Catalogue, look: ModelRow, by_content: dict[int, list[CandidateRow]]
) -> _Matches:
    """Neighbours by look whose perceptual hashes and shapes agree too."""
    stored = catalogue.vectors.neighbours(look.model_no)
    hashes = _Hashes(catalogue)
    matches: _Matches = {}
    for content_id, others, cosines in zip(
        stored.contents.tolist(), stored.others, stored.similarities, strict=True
    ):
        if not hashes.knows(content_id):
            continue
        likely = others[cosines >= _LEAST_LOOK]
        for other, phash, dhash in hashes.close(content_id, likely):
            if other in by_content and content_id in by_content:
                score = _verified(
                    by_content[content_id][0],
                    by_content[other][0],
                    float(cosines[others == other][0]),
                    (phash, dhash),
                )
                if score is not None:
                    matches[_pair(content_id, other)] = _Match("near", score)
    return matches


class _Hashes:
    """The perceptual hashes of all contents, upright, looked up by content id."""

    def __init__(self, catalogue: Catalogue) -> None:
        rows = [row for row in catalogue.photos.perceptual_hashes() if len(row["phash"]) >= 8]
        self._ids = np.array([row["content_id"] for row in rows], dtype=np.int64)
        self._phash = np.array([_upright(row["phash"]) for row in rows], dtype=np.uint64)
        self._dhash = np.array([_upright(row["dhash"]) for row in rows], dtype=np.uint64)

    def knows(self, content_id: int) -> bool:
        place = int(np.searchsorted(self._ids, content_id))
        return place < len(self._ids) and int(self._ids[place]) == content_id

    def close(self, content_id: int, others: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
        """Those of ``others`` near by both hashes: id, and the two Hamming distances in bits."""
        own = int(np.searchsorted(self._ids, content_id))
        places = np.searchsorted(self._ids, others)
        places = places[places < len(self._ids)]
        places = places[np.isin(self._ids[places], others)]
        phash = np.bitwise_count(self._phash[places] ^ self._phash[own])
        dhash = np.bitwise_count(self._dhash[places] ^ self._dhash[own])
        near = (phash <= _MOST_PHASH) & (dhash <= _MOST_DHASH)
        for place, p, d in zip(places[near], phash[near], dhash[near], strict=True):
            yield int(self._ids[place]), int(p), int(d)


def _upright(blob: bytes) -> int:
    return int.from_bytes(blob[:8], "little")


def _verified(
    a: CandidateRow, b: CandidateRow, cosine: float, distances: tuple[int, int]
) -> float | None:
    if min(a.sharpness, b.sharpness) < FLAT:
        return None
    return verify_near(cosine, *distances, a.width / a.height, b.width / b.height)


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


# --- sets ---------------------------------------------------------------------------------------


def _sets(
    by_content: dict[int, list[CandidateRow]], matches: _Matches
) -> Iterator[DuplicateSetRow]:
    """Stars of matched contents, then the contents that have copies of their own bytes only."""
    used: set[int] = set()
    if matches:
        pairs = np.array(sorted(matches), dtype=np.int64)
        scores = [matches[pair].score for pair in sorted(matches)]
        rank = _rank(by_content, {int(content_id) for content_id in pairs.ravel()})
        for star in propose(pairs[:, 0], pairs[:, 1], scores, rank):
            used.update(star.members)
            yield _set_of(by_content, matches, star.keeper, star.members)
    for content_id, rows in by_content.items():
        if len(rows) > 1 and content_id not in used:
            yield _set_of(by_content, matches, content_id, (content_id,))


def _rank(by_content: dict[int, list[CandidateRow]], contents: set[int]) -> dict[int, int]:
    """The place of each content in the order of the best pick's rules, by its best photo."""
    rows = [row for content_id in sorted(contents) for row in by_content[content_id]]
    rank: dict[int, int] = {}
    for place, index in enumerate(best_first([_weighed(row) for row in rows])):
        rank.setdefault(rows[index].content_id, place)
    return rank


def _set_of(
    by_content: dict[int, list[CandidateRow]],
    matches: _Matches,
    keeper_content: int,
    contents: Sequence[int],
) -> DuplicateSetRow:
    rows = [row for content_id in contents for row in by_content[content_id]]
    pick = best_pick([_weighed(row) for row in rows])
    keeper = rows[pick.keeper]
    photos = [
        _member(row, keeper, reason, matches)
        for row, reason in zip(rows, pick.reasons, strict=True)
    ]
    tiers = [photo.tier for photo in photos if photo.tier is not None]
    return DuplicateSetRow(
        tier=max(tiers, key=TIERS.index),
        keeper_id=keeper.photo_id,
        tie=pick.tie,
        reclaimable=sum(row.size for row in rows if row is not keeper and not row.reference),
        photos=tuple(photos),
    )


def _member(
    row: CandidateRow, keeper: CandidateRow, reason: str, matches: _Matches
) -> MatchedPhoto:
    if row is keeper:
        return MatchedPhoto(row.photo_id, reason)
    if row.content_id == keeper.content_id:
        return MatchedPhoto(row.photo_id, reason, "bytes", "same-bytes", None, 1.0)
    match = matches[_pair(row.content_id, keeper.content_id)]
    relation, direction = _relation(row, keeper, match.tier)
    return MatchedPhoto(row.photo_id, reason, match.tier, relation, direction, match.score)


def _relation(row: CandidateRow, keeper: CandidateRow, tier: str) -> tuple[str, str | None]:
    """How a copy relates to the keeper, and which of the two was made from the other."""
    if tier == "payload":
        return "same-payload", None
    if (row.width, row.height) == (keeper.width, keeper.height):
        return "re-encoded", None
    smaller = row.width * row.height < keeper.width * keeper.height
    return "resized", "from-keeper" if smaller else "to-keeper"


def _weighed(row: CandidateRow) -> Candidate:
    return Candidate(
        path=row.path,
        width=row.width,
        height=row.height,
        format=row.format,
        reference=row.reference,
        metadata=row.richness,
        sharpness=row.sharpness,
        rating=row.rating,
        since=min(_seconds(row.taken_at), row.mtime_ns / 1e9),
    )


def _seconds(taken_at: str) -> float:
    return datetime.fromisoformat(taken_at).replace(tzinfo=UTC).timestamp()


# --- reading ------------------------------------------------------------------------------------


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
