"""Which contents may be copies of one another, from their signs and hashes, without a picture.

A *mark* is one feature of a picture: a 64-bit code of what it looks like, and where it is. Copies
share marks, moved alike. Everything here streams over all marks once per block of queries, so that
nothing but the marks themselves has to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Codes = NDArray[np.uint64]

MARK = np.dtype([("code", "<u8"), ("mirrored", "<u8"), ("x", "u1"), ("y", "u1")])
"""One mark; ``mirrored`` is the code that it has in the mirrored picture, ``x`` and ``y`` are in
255ths of the frame's longer side."""

_MOST_BITS = 8
"""Of 64 bits, in which two codes of one feature may differ."""
_SHORT, _LONG = 16, 21
"""Bits of the words by which codes are looked up; long ones above ``_MANY`` marks."""
_MANY = 2_000_000
_LEAST_VOTES = 4
_COMMON = 60
"""A mark that so many contents share says nothing."""
_TRIED = 40
"""Shared marks from which the common movement is estimated."""
_NEAR = 6.0
"""255ths of the longer side by which a mark may miss the movement."""
_PHASH_BITS, _DHASH_BITS = 10, 18
"""Twice what re-encoding does; the geometry decides."""
_HASHES_EACH = 6


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The marks of many contents: ``ids`` int64 (c,) ascending, ``rows`` MARK (m,), and ``owner``
    int32 (m,), the place in ``ids`` of each row's content, ascending."""

    ids: Ids
    rows: NDArray[np.void]
    owner: NDArray[np.int32]

    @classmethod
    def of(cls, ids: Ids, blobs: Sequence[bytes]) -> Marks:
        """From the stored bytes of each content."""
        rows = np.frombuffer(b"".join(blobs), MARK)
        counts = [len(blob) // MARK.itemsize for blob in blobs]
        return cls(ids, rows, np.repeat(np.arange(len(ids), dtype=np.int32), counts))

    def of_some(self, ids: Ids) -> Marks:
        """The marks of those among ``ids`` that are here."""
        places = np.flatnonzero(np.isin(self.ids, ids))
        rows = np.isin(self.owner, places)
        owner = np.searchsorted(places, self.owner[rows]).astype(np.int32)
        return Marks(self.ids[places], self.rows[rows], owner)

    def mirrored(self) -> Marks:
        """The marks of the same pictures mirrored; where they are stays unmirrored."""
        rows = self.rows.copy()
        rows["code"] = self.rows["mirrored"]
        return Marks(self.ids, rows, self.owner)


def packed(
    codes: Codes, mirrored: Codes, points: NDArray[np.float32], size: tuple[int, int]
) -> bytes:
    """Marks as they are stored: codes uint64 (n,) twice, points float32 (n, 2) in a frame."""
    rows = np.empty(len(codes), MARK)
    rows["code"], rows["mirrored"] = codes, mirrored
    places = (points / max(size) * 255).clip(0, 255).astype(np.uint8)
    rows["x"], rows["y"] = places[:, 0], places[:, 1]
    return rows.tobytes()


def sharing(stored: Marks, asked: Marks) -> Iterator[tuple[int, int]]:
    """Pairs of ids (asked, stored) that share marks which moved alike, without repetition.

    Give ``mirrored`` marks to find mirrored copies.
    """
    query, row = _matches(stored.rows["code"], asked.rows["code"])
    theirs, ours = stored.owner[row].astype(np.int64), asked.owner[query].astype(np.int64)
    other = stored.ids[theirs] != asked.ids[ours]
    query, row, theirs, ours = query[other], row[other], theirs[other], ours[other]
    rare = _rare(query, theirs)
    query, row, theirs, ours = query[rare], row[rare], theirs[rare], ours[rare]
    pair = ours * len(stored.ids) + theirs
    order = np.argsort(pair, kind="stable")
    ends = np.flatnonzero(np.diff(pair[order])) + 1
    for rows in np.split(order, ends):
        if len(rows) >= _LEAST_VOTES:
            if _moved_alike(asked.rows[query[rows]], stored.rows[row[rows]]):
                first = rows[0]
                yield int(asked.ids[ours[first]]), int(stored.ids[theirs[first]])


def _matches(stored: Codes, asked: Codes) -> tuple[Ids, Ids]:
    """Places (asked, stored) of codes that differ in few bits, each pair once, most of them.

    Codes are compared when one of their words is equal: with three bits wrong, nearly all are.
    """
    bits = _LONG if len(stored) > _MANY else _SHORT
    found: list[NDArray[np.int64]] = []
    for shift in range(0, 64 - bits + 1, bits):
        found.append(_joined(stored, asked, shift, bits, _MOST_BITS))
    both = np.concatenate(found) if found else np.empty(0, np.int64)
    pairs = np.unique(both)
    return pairs // max(len(stored), 1), pairs % max(len(stored), 1)


def _joined(stored: Codes, asked: Codes, shift: int, bits: int, most: int) -> Ids:
    """Pairs of codes with one word equal and at most ``most`` bits different, as
    asked * len(stored) + stored."""
    mask = np.uint64((1 << bits) - 1)
    wanted = ((asked >> np.uint64(shift)) & mask).astype(np.int64)
    words = ((stored >> np.uint64(shift)) & mask).astype(np.int64)
    present = np.zeros(1 << bits, bool)
    present[wanted] = True
    rows = np.flatnonzero(present[words])
    order = np.argsort(wanted, kind="stable")
    first = np.searchsorted(wanted[order], words[rows], side="left")
    count = np.searchsorted(wanted[order], words[rows], side="right") - first
    row = np.repeat(rows, count)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    query = order[np.repeat(first, count) + offset]
    near = np.bitwise_count(asked[query] ^ stored[row]) <= most
    return np.asarray(query[near].astype(np.int64) * len(stored) + row[near], np.int64)


def _rare(query: Ids, theirs: Ids) -> NDArray[np.bool_]:
    """Which matches are of marks that few contents share."""
    if not len(query):
        return np.zeros(0, bool)
    contents = np.unique(np.stack([query, theirs]), axis=1)[0]
    return np.asarray(np.bincount(contents, minlength=int(query.max()) + 1)[query] <= _COMMON)


def _moved_alike(ours: NDArray[np.void], theirs: NDArray[np.void]) -> bool:
    """Whether enough marks at different places agree on one movement, mirrored or not.

    Every two matches propose a similarity.
    """
    one = (ours["x"] + 1j * ours["y"].astype(np.float64))[:_TRIED]
    two = (theirs["x"] + 1j * theirs["y"].astype(np.float64))[:_TRIED]
    return max(_support(one, two), _support(one, two.conjugate())) >= _LEAST_VOTES


def _support(one: NDArray[np.complex128], two: NDArray[np.complex128]) -> int:
    first, second = np.triu_indices(len(one), 1)
    apart = np.abs(one[first] - one[second]) > 4 * _NEAR
    first, second = first[apart], second[apart]
    if not len(first):
        return 0
    factor = (two[second] - two[first]) / (one[second] - one[first])
    usable = (np.abs(factor) > 0.1) & (np.abs(factor) < 10)
    first, factor = first[usable], factor[usable]
    if not len(first):
        return 0
    shift = two[first] - factor * one[first]
    miss = np.abs(factor[:, None] * one[None] + shift[:, None] - two[None])
    fits = miss <= _NEAR * np.maximum(1, np.abs(factor))[:, None]
    best = fits[fits.sum(axis=1).argmax()]
    coarse = np.stack(
        [one[best].real // 8, one[best].imag // 8, two[best].real // 8, two[best].imag // 8]
    )
    return min(len(np.unique(coarse[:2], axis=1).T), len(np.unique(coarse[2:], axis=1).T))


# --- hashes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Hashes:
    """Perceptual hashes uint64 (c, 8) of contents, one per EXIF orientation; ``ids`` ascending."""

    ids: Ids
    phash: Codes
    dhash: Codes


def resembling(stored: Hashes, places: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Pairs of ids of those at ``places`` and others like them in one of eight orientations.

    Hashes are compared when one word of either is equal: with three bits wrong, one always is.
    """
    found = [_alike(stored, places, way) for way in range(8)]
    own, other, bits = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((stored.ids[other], bits, own))
    pair = own[order] * len(stored.ids) + other[order]
    _, first = np.unique(pair, return_index=True)
    order = order[np.sort(first)]
    rank = np.arange(len(order)) - np.searchsorted(own[order], own[order], side="left")
    for place in order[rank < _HASHES_EACH]:
        yield int(stored.ids[own[place]]), int(stored.ids[other[place]])


def _alike(stored: Hashes, places: NDArray[np.intp], way: int) -> tuple[Ids, Ids, Ids]:
    """Places (asked, stored) of hashes near in one orientation, and the bits they differ in."""
    joined = [
        _joined(hashes[:, 0], hashes[places, way], shift, _SHORT, most)
        for hashes, most in ((stored.phash, _PHASH_BITS), (stored.dhash, _DHASH_BITS))
        for shift in range(0, 64, _SHORT)
    ]
    pairs = np.unique(np.concatenate(joined))
    own, other = places[pairs // len(stored.ids)], pairs % len(stored.ids)
    phash = np.bitwise_count(stored.phash[other, 0] ^ stored.phash[own, way])
    dhash = np.bitwise_count(stored.dhash[other, 0] ^ stored.dhash[own, way])
    near = (phash <= _PHASH_BITS) & (dhash <= _DHASH_BITS) & (own != other)
    return own[near], other[near], (phash + dhash)[near].astype(np.int64)
