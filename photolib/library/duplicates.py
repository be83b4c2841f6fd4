"""Duplicate sets: kept up to date after each index job, read a page at a time.

Contents are matched by equal payload (the picture data with other metadata) or by what
``matching`` verified; equal bytes need no match, they are one content. Stars of matched contents
become sets of photos, and the best photo of each is kept. Only the sets that a change can reach
are made anew; the others stay as they are.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue import DuplicateSetRow, MatchedPhoto
from photolib.errors import UsageError
from photolib.grouping.duplicates import Candidate, best_first, best_pick, propose, rules
from photolib.images import covers
from photolib.jobs import Job, Progress
from photolib.library.results import DuplicateList, DuplicatePhoto, DuplicateSet, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import CandidateRow, Catalogue, Lease, PairRow, PhotoRow
    from photolib.config import Settings
    from photolib.grouping.duplicates import Rule

TIERS = ("bytes", "payload", "pixels", "near")
"""From the strongest evidence to the weakest; a set has the weakest of its members."""
_SETS_VERSION = 2
"""Raise it when sets are made otherwise from the same evidence."""


@dataclass(frozen=True, slots=True)
class _Match:
    """Why two contents are copies; ``made`` is the one that was made from the other, if known."""

    tier: str
    relation: str
    score: float
    made: int | None = None
    inliers: int | None = None
    residual: float | None = None
    amount: float | None = None


_NOWHERE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The map of a frame onto itself."""
_Matches = dict[tuple[int, int], _Match]


def update(catalogue: Catalogue, settings: Settings, lease: Lease) -> Job[None]:
    """Make the sets anew that changes since the last time can reach."""
    change = catalogue.vectors.last_change()
    rule = f"{_SETS_VERSION} {settings.best_pick} {settings.best_folders}"
    seen, by = catalogue.setting("duplicates_change"), catalogue.setting("duplicates_rule")
    touched = None
    if seen is not None and by == rule:
        touched = catalogue.vectors.copies_changed_since(int(seen))
    if touched == []:
        return
    yield Progress("duplicates", 0, None)
    maker = _Maker(catalogue, settings)
    reach = maker.reach(touched)
    sets = list(maker.sets(reach))
    with catalogue.transaction():
        lease.check()
        catalogue.duplicates.replace(sets, None if touched is None else reach.old_sets)
        catalogue.set_setting("duplicates_change", str(change))
        catalogue.set_setting("duplicates_rule", rule)
    yield Progress("duplicates", len(sets), len(sets))


@dataclass(frozen=True, slots=True)
class _Reach:
    """What is made anew: these contents, in place of these sets."""

    contents: list[int]
    old_sets: list[int]


class _Maker:
    """Makes sets from the evidence that the catalogue holds now."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue = catalogue
        self._rules: tuple[Rule, ...] = rules(settings.best_pick.split())
        self._folders = [part for part in settings.best_folders.split(os.pathsep) if part]
        self._apart = catalogue.copies.parted()

    def reach(self, touched: list[int] | None) -> _Reach:
        """The contents that hang together with those touched (None: all), and their sets now."""
        pairs = np.concatenate(
            [self._catalogue.copies.verified(), self._catalogue.copies.same_payload()]
        )
        several = self._catalogue.copies.of_several_photos()
        known = self._catalogue.duplicates.memberships()
        if touched is None:
            everything = np.union1d(pairs.ravel(), several)
            return _Reach(everything.tolist(), sorted({row[0] for row in known}))
        # A set's members may hang together no longer: they belong with what they were with.
        together = np.array([(row[0], row[2]) for row in known], np.int64).reshape(-1, 2)
        ids = np.unique(
            np.concatenate([pairs.ravel(), together[:, 1], np.array(touched, np.int64)])
        )
        reached = ids[_reached(ids, pairs, together, np.array(touched, np.int64))]
        hit = np.isin(together[:, 1], reached)
        return _Reach(reached.tolist(), sorted({*together[hit, 0].tolist()}))

    def sets(self, reach: _Reach) -> Iterator[DuplicateSetRow]:
        """Stars of matched contents, then the contents that have copies of their own bytes only."""
        photo_ids = self._catalogue.photos.present_of(reach.contents)
        by_content: dict[int, list[CandidateRow]] = defaultdict(list)
        for row in self._catalogue.photos.candidates(photo_ids):
            by_content[row.content_id].append(row)
        matches = self._matches(by_content)
        derived = _derived(matches)
        used: set[int] = set()
        if matches:
            pairs = np.array(sorted(matches), np.int64)
            scores = [matches[pair].score for pair in sorted(matches)]
            rank = self._rank(by_content, derived)
            for star in propose(pairs[:, 0], pairs[:, 1], scores, rank, self._apart):
                used.update(star.members)
                yield self._set_of(by_content, matches, derived, star.members)
        for content_id, rows in by_content.items():
            if len(rows) > 1 and content_id not in used:
                yield self._set_of(by_content, matches, derived, (content_id,))

    def _matches(self, by_content: dict[int, list[CandidateRow]]) -> _Matches:
        matches = {
            (pair.content_a, pair.content_b): _verified(pair)
            for pair in self._catalogue.copies.among(by_content)
            if pair.content_a in by_content and pair.content_b in by_content
        }
        matches |= _payload_matches(by_content)
        return {pair: match for pair, match in matches.items() if pair not in self._apart}

    def _rank(
        self, by_content: dict[int, list[CandidateRow]], derived: dict[int, int]
    ) -> dict[int, int]:
        """The place of each content in the order of the best pick's rules, by its best photo."""
        rows = [row for rows in by_content.values() for row in rows]
        rank: dict[int, int] = {}
        weighed = [self._weighed(row, derived.get(row.content_id, 0)) for row in rows]
        for place, index in enumerate(best_first(weighed, self._rules)):
            rank.setdefault(rows[index].content_id, place)
        return rank

    def _set_of(
        self,
        by_content: dict[int, list[CandidateRow]],
        matches: _Matches,
        derived: dict[int, int],
        contents: Sequence[int],
    ) -> DuplicateSetRow:
        """A star whose centre, ranked best, is the first of ``contents``."""
        rows = [row for content_id in contents for row in by_content[content_id]]
        weighed = [self._weighed(row, derived.get(row.content_id, 0)) for row in rows]
        pick = best_pick(weighed, self._rules)
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

    def _weighed(self, row: CandidateRow, derived: int) -> Candidate:
        return Candidate(
            path=row.path,
            width=row.width,
            height=row.height,
            format=row.format,
            reference=row.reference,
            derived=derived,
            metadata=row.richness,
            sharpness=row.sharpness,
            rating=row.rating,
            albums=row.albums,
            folder=_preference(row.path, self._folders),
            since=min(_seconds(row.taken_at), row.mtime_ns / 1e9),
        )


def _reached(
    ids: NDArray[np.int64],
    pairs: NDArray[np.int64],
    together: NDArray[np.int64],
    touched: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which of ``ids`` hang together with one of ``touched``, by pairs or by being in one set."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first = np.searchsorted(together[:, 0], together[:, 0])
    links = np.concatenate([pairs, np.column_stack([together[first, 1], together[:, 1]])])
    one, two = np.searchsorted(ids, links).T
    graph = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(len(ids), len(ids)))
    _, label = connected_components(graph, directed=False)
    return np.isin(label, label[np.searchsorted(ids, touched)])


# --- matches ------------------------------------------------------------------------------------


def _verified(pair: PairRow) -> _Match:
    made = {"a-from-b": pair.content_a, "b-from-a": pair.content_b}.get(pair.direction or "")
    assert pair.tier is not None
    return _Match(
        pair.tier,
        pair.relation or "re-encoded",
        pair.score or 0.0,
        made,
        pair.inliers,
        pair.residual,
        pair.amount,
    )


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
            matches[_pair(a.content_id, b.content_id)] = _Match(tier, "same-payload", 1.0)
    return matches


def _derived(matches: _Matches) -> dict[int, int]:
    """Of how many others each content was made."""
    counts: dict[int, int] = defaultdict(int)
    for match in matches.values():
        if match.made is not None:
            counts[match.made] += 1
    return counts


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _member(
    row: CandidateRow, keeper: CandidateRow, reason: str, matches: _Matches
) -> MatchedPhoto:
    if row is keeper:
        return MatchedPhoto(row.photo_id, reason)
    if row.content_id == keeper.content_id:
        return MatchedPhoto(row.photo_id, reason, "bytes", "same-bytes", None, 1.0)
    match = matches[_pair(row.content_id, keeper.content_id)]
    direction = None
    if match.made is not None:
        direction = "from-keeper" if match.made == row.content_id else "to-keeper"
    return MatchedPhoto(
        row.photo_id,
        reason,
        match.tier,
        match.relation,
        direction,
        match.score,
        match.inliers,
        match.residual,
        match.amount,
    )


def _preference(path: str, folders: Sequence[str]) -> int:
    """The place of the first preferred folder that a path lies in; behind all of them otherwise."""
    inside = (i for i, folder in enumerate(folders) if path.startswith(os.path.join(folder, "")))
    return next(inside, len(folders))


def _seconds(taken_at: str) -> float:
    return datetime.fromisoformat(taken_at).replace(tzinfo=UTC).timestamp()


# --- a person's word ----------------------------------------------------------------------------


def set_apart(
    catalogue: Catalogue, settings: Settings, photos: Sequence[PhotoRow], *, undo: bool = False
) -> int:
    """Say that these photos are no duplicates of one another, or take that back; pairs changed.

    The word hangs on what the files hold, not on where they are, and outlives every regrouping.
    Raises UsageError for fewer than two contents.
    """
    contents = sorted({photo.content_id for photo in photos})
    if len(contents) < 2:
        hint = "To keep both, make one of their folders a reference folder."
        raise UsageError("these files hold the same bytes: they are copies by any measure", hint)
    changed = 0
    with catalogue.transaction():
        for one, other in combinations(contents, 2):
            if undo:
                changed += catalogue.copies.rejoin(one, other)
            else:
                changed += catalogue.copies.part(one, other)
        maker = _Maker(catalogue, settings)
        reach = maker.reach(contents)
        catalogue.duplicates.replace(maker.sets(reach), reach.old_sets)
    return changed


def alignment(catalogue: Catalogue, photo_id: int, other_id: int) -> tuple[float, ...] | None:
    """The affine map between the frames of two photos, in fractions; None without a match."""
    rows = catalogue.photos.many((photo_id, other_id))
    contents = {row.photo_id: row.content_id for row in rows}
    if len(contents) < 2:
        return None
    one, other = contents[photo_id], contents[other_id]
    if one == other:
        return _NOWHERE
    found = next(iter(catalogue.copies.among((one, other))), None)
    if found is None or found.map is None:
        return _NOWHERE if found is None and _is_payload(catalogue, one, other) else None
    return found.map if found.content_a == one else _inverse(found.map)


def _is_payload(catalogue: Catalogue, one: int, other: int) -> bool:
    facts = catalogue.copies.facts((one, other))
    return facts[one].payload is not None and facts[one].payload == facts[other].payload


def _inverse(found: tuple[float, ...]) -> tuple[float, ...]:
    whole = np.linalg.inv(np.vstack([np.array(found).reshape(2, 3), [0, 0, 1]]))
    return tuple(float(value) for value in whole[:2].ravel())


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
                Evidence(
                    keeper_id,
                    member.tier,
                    member.relation,
                    member.direction,
                    member.score,
                    member.inliers,
                    member.residual,
                    member.amount,
                ),
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
