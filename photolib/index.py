"""Vectors by id: add, remove, search, save and load. numpy in, numpy out.

An index is a cache of what the catalogue holds. Up to ``FLAT_ROWS`` rows it is exact: float16
codes in one list, every row compared. Above that it is an inverted file whose lists hold the same
codes, and only the lists nearest to a query are compared. Both keep a vector's own id, remove in
place and honour a selection of ids.

Measured on two cores with 512 dimensions: exact search takes 6 ms at 100,000 rows and grows in
proportion, which meets the interactive target up to about half a million rows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np

from photolib.errors import ConfigError, IndexMismatch, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    Ids: TypeAlias = NDArray[np.int64]
    Floats: TypeAlias = NDArray[np.float32]

FLAT_ROWS = 400_000
"""Above this many rows ``build`` makes an inverted file: exact search would take 25-50 ms."""

_MAGIC = b"photolib index 1\n"
_DIGEST_BYTES = 32
_HEADER_LIMIT = 1 << 20
_CHUNK_BYTES = 1 << 20
_CHUNK_ROWS = 16_384
_BULK_QUERIES = 16
"""From this many queries on, decoding the rows once and multiplying beats one scan a query."""
_PARTITIONED = 20_000
"""From this many rows on, the neighbours of all of them are looked for in lists."""
_ABSENT = -1
_LARGEST = float(np.finfo(np.float16).max)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which rows of which catalogue a snapshot holds.

    ``change`` is the last row of the change log that it includes, ``count`` its number of vectors.
    A restored backup begins a new ``epoch``.
    """

    catalogue_id: str
    epoch: int
    model_id: str
    kind: str
    change: int
    count: int


class Choice:
    """Some of the ids of an index, prepared to be searched among again and again."""

    def __init__(self, ids: Ids, *, is_all: bool) -> None:
        self.ids = ids
        """Ascending, and all of them known to the index when it chose."""
        self._is_all = is_all

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def selector(self) -> Any:
        """What FAISS tells the ids by; None where all are meant."""
        return None if self._is_all else _selector(self.ids)


class VectorIndex:
    """Vectors of one width under their ids; every method may be called from any thread.

    Scores are inner products, hence cosines for unit vectors. Vectors are kept as float16.
    """

    def __init__(self, index: Any, ids: Ids) -> None:
        self._index = index
        self._ids = ids
        self._places: Ids | None = None
        self._lock = RLock()

    @classmethod
    def empty(cls, dimensions: int) -> VectorIndex:
        """An exact index without rows."""
        if dimensions < 1:
            raise IndexMismatch(f"an index cannot have {dimensions} dimensions")
        return cls(_flat(dimensions), np.empty(0, np.int64))

    @classmethod
    def build(
        cls, ids: ArrayLike, vectors: NDArray[Any], *, flat_rows: int = FLAT_ROWS
    ) -> VectorIndex:
        """An index of ``vectors`` float (n, d) under unique ``ids`` int64 (n,).

        Exact up to ``flat_rows`` rows; above, an inverted file whose number of probed lists is
        chosen by its recall against an exhaustive search. Raises IndexMismatch for other shapes or
        types, values that are not finite, and ids that are negative or repeated.
        """
        wanted = _checked_ids(ids)
        rows = _checked_shape(vectors, None, len(wanted))
        if len(wanted) <= flat_rows:
            index = cls.empty(rows.shape[1])
        else:
            index = cls(_trained_lists(rows), np.empty(0, np.int64))
        index._insert(wanted, rows)
        if index.approximate:
            _choose_probes(index._index, rows)
        return index

    @property
    def dimensions(self) -> int:
        return int(self._index.d)

    @property
    def approximate(self) -> bool:
        """Whether this is an inverted file, which may miss a few of the best rows."""
        return hasattr(self._index, "nprobe")

    @property
    def outgrown(self) -> bool:
        """Whether rows were added until ``build`` would have chosen an inverted file."""
        return not self.approximate and len(self) > FLAT_ROWS

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> Ids:
        """All ids, ascending."""
        return self._ids.copy()

    def add(self, ids: ArrayLike, vectors: NDArray[Any]) -> None:
        """Put ``vectors`` float (n, d) under unique ``ids`` int64 (n,), replacing what is there.

        Raises IndexMismatch as ``build`` does, before anything is changed.
        """
        wanted = _checked_ids(ids)
        rows = _checked_values(_checked_shape(vectors, self.dimensions, len(wanted)))
        with self._lock:
            self.remove(wanted)
            self._insert(wanted, rows)

    def remove(self, ids: ArrayLike) -> int:
        """Take the vectors of ``ids`` int64 (n,) out; returns how many were there."""
        wanted = _checked_ids(ids, unique=False)
        with self._lock:
            known = self._known(wanted)
            if len(known):
                self._index.remove_ids(self._removal(known))
                self._places = None
                self._ids = np.delete(self._ids, np.searchsorted(self._ids, known))
        return len(known)

    def choose(self, ids: ArrayLike) -> Choice:
        """Those of ``ids`` int64 (n,) that are here, for searches until the index changes."""
        with self._lock:
            known = self._known(_checked_ids(ids, unique=False))
            return Choice(known, is_all=len(known) == len(self))

    def search(
        self, queries: NDArray[Any], k: int, *, allow: ArrayLike | Choice | None = None
    ) -> tuple[Floats, Ids]:
        """The ``k`` best rows for each of ``queries`` float (q, d), among the ids ``allow``.

        Returns scores float32 (q, k), descending, and ids int64 (q, k); equal scores are in
        ascending order of id. Where fewer rows exist the score is -inf and the id -1. Raises
        IndexMismatch for queries of another width, values that are not finite, and ``k`` below 1.
        """
        rows = _checked_values(_checked_shape(queries, self.dimensions, None))
        if k < 1:
            raise IndexMismatch(f"{k} results were asked for")
        with self._lock:
            if allow is None:
                found = self._settled(rows, k, Choice(self._ids, is_all=True))
            else:
                choice = allow if isinstance(allow, Choice) else self.choose(allow)
                found = self._search_among(rows, k, choice)
        return _padded(*found, k)

    def neighbours(self, vectors: NDArray[Any], k: int) -> tuple[Floats, Ids]:
        """What ``search`` returns, for many vectors at once.

        Exact rows are decoded block by block and multiplied, about three times as fast as a scan a
        query; the lock is free between blocks of queries. Among rows of equal score at the cut, any
        may be returned.
        """
        rows = _checked_shape(vectors, self.dimensions, None)
        if len(rows) < _BULK_QUERIES or self.approximate:
            parts = [self.search(block, k) for block in _blocks(rows, _BULK_QUERIES)]
        else:
            parts = [self._multiply(_checked_values(b), k) for b in _blocks(rows, _CHUNK_ROWS)]
        if not parts:
            return np.empty((0, k), np.float32), np.empty((0, k), np.int64)
        scores, ids = zip(*parts, strict=True)
        return np.concatenate(scores), np.concatenate(ids)

    def partition(self) -> Partition | None:
        """The rows in lists around centres, for the neighbours of a whole library at once.

        None where exact search costs no more: few rows, or vectors so even that most lists would
        have to be looked through.
        """
        with self._lock:
            if len(self) < _PARTITIONED:
                return None
            ids = self.ids()
            rows = np.empty((len(ids), self.dimensions), np.float16)
            for start in range(0, len(ids), _CHUNK_ROWS):
                chunk = slice(start, start + _CHUNK_ROWS)
                rows[chunk] = self._vectors(ids[chunk])
        return Partition.of(ids, rows)

    def reconstruct(self, ids: ArrayLike) -> Floats:
        """The vectors float32 (n, d) of ``ids`` int64 (n,); NotFound when one is not here."""
        wanted = _checked_ids(ids, unique=False)
        with self._lock:
            unknown = np.setdiff1d(wanted, self._known(wanted))
            if len(unknown):
                raise NotFound(f"no vector has the id {unknown[0]}")
            return self._vectors(wanted)

    def save(self, path: Path, stamp: Stamp) -> None:
        """Write a snapshot to ``path``: whole and on disk, or not at all.

        The file ends with a digest of the rest, stamp included, so a stamp and vectors that do not
        belong together are never loaded. Raises IndexMismatch when ``stamp.count`` is another
        number of rows, ConfigError when the file cannot be written; the old file then stays.
        """
        with self._lock:
            if stamp.count != len(self):
                raise IndexMismatch(f"a stamp for {stamp.count} vectors, an index of {len(self)}")
            try:
                _replace(path, lambda file: _write(file, self._index, stamp))
            except OSError as exc:
                raise ConfigError(
                    f"{path}: the index snapshot was not saved: {exc.strerror or exc}",
                    "Free some space or make the library directory writable; nothing is lost.",
                ) from exc

    @classmethod
    def load(cls, path: Path, dimensions: int) -> tuple[VectorIndex, Stamp] | None:
        """The snapshot at ``path``, or None when it is unusable; the reason goes to the log.

        Missing, truncated and altered files, other formats and other widths are all unusable.
        FAISS sees bytes only after their digest was verified: it trusts the sizes it reads.
        """
        try:
            with path.open("rb") as file:
                stamp, index = _read(file, dimensions)
        except FileNotFoundError:
            _log.info("%s: no snapshot yet", path)
        except (OSError, _Unusable) as exc:
            _log.warning("%s: snapshot not used: %s", path, exc)
        else:
            return cls(index, np.sort(_stored_ids(index))), stamp
        return None

    def _insert(self, ids: Ids, rows: NDArray[Any]) -> None:
        self._places = None
        for start in range(0, len(ids), _CHUNK_ROWS):
            chunk = slice(start, start + _CHUNK_ROWS)
            self._index.add_with_ids(_checked_values(rows[chunk]), ids[chunk])
        ids = np.sort(ids)
        self._ids = np.insert(self._ids, np.searchsorted(self._ids, ids), ids)

    def _known(self, ids: Ids) -> Ids:
        """Those of ``ids`` that are here, once each and ascending."""
        wanted = ids if bool(np.all(ids[1:] > ids[:-1])) else np.unique(ids)
        places = np.searchsorted(self._ids, wanted)
        present = places < len(self._ids)
        present[present] = self._ids[places[present]] == wanted[present]
        return wanted[present]

    def _removal(self, ids: Ids) -> Any:
        faiss = _faiss()
        # The direct map of an inverted file only accepts a plain array.
        return faiss.IDSelectorArray(ids) if self.approximate else faiss.IDSelectorBatch(ids)

    def _vectors(self, ids: Ids) -> Floats:
        if not len(ids):
            return np.empty((0, self.dimensions), np.float32)
        vectors: Floats
        if self.approximate:
            vectors = self._index.reconstruct_batch(ids)
            return vectors
        # The codes are float16: taking them out of the list costs half of what FAISS' way does.
        stored, codes = self._codes()
        if self._places is None:
            self._places = np.argsort(stored, kind="stable")
        places = self._places[np.searchsorted(self._ids, ids)]
        vectors = codes[places].view("<f2").astype(np.float32)
        return vectors

    def _search_among(self, rows: Floats, k: int, choice: Choice) -> tuple[Floats, Ids]:
        if len(choice) <= self._gather_limit():
            scores = np.einsum("qd,nd->qn", rows, self._vectors(choice.ids))
            return _ordered(scores, np.broadcast_to(choice.ids, scores.shape), k)
        return self._settled(rows, k, choice)

    def _gather_limit(self) -> int:
        """Selections up to this size are fetched and multiplied: exact, and faster than a scan.

        Fetching costs 1 us a row; a scan under a selector passes over a row in some 8 ns.
        """
        return 20_000 if self.approximate else len(self) // 128

    def _settled(self, rows: Floats, k: int, choice: Choice) -> tuple[Floats, Ids]:
        """Search deep enough that no group of equal scores is cut by FAISS' own order."""
        size = len(choice)
        depth = min(k + 1, size)
        while True:
            scores, ids = self._scan(rows, depth, choice)
            if depth >= size or not _cut_ties(scores, k):
                return _ordered(scores, ids, k)
            depth = min(2 * depth, size)

    def _scan(self, rows: Floats, depth: int, choice: Choice) -> tuple[Floats, Ids]:
        if not depth or not len(rows):
            return np.empty((len(rows), 0), np.float32), np.empty((len(rows), 0), np.int64)
        scores, ids = self._index.search(rows, depth, params=self._parameters(choice))
        return np.where(ids < 0, np.float32(-np.inf), scores), ids

    def _parameters(self, choice: Choice) -> Any:
        """Search parameters: an inverted file probes more lists when few of their rows count."""
        faiss, selector = _faiss(), choice.selector
        if not self.approximate:
            return faiss.SearchParameters(sel=selector)
        share = len(choice) / len(self)
        probes = min(self._index.nlist, int(np.ceil(self._index.nprobe / share)))
        return faiss.SearchParametersIVF(sel=selector, nprobe=probes)

    def _multiply(self, rows: Floats, k: int) -> tuple[Floats, Ids]:
        faiss = _faiss()
        best = np.empty((len(rows), 0), np.float32), np.empty((len(rows), 0), np.int64)
        with self._lock:
            for ids, vectors in self._decoded():
                depth = min(k, len(ids))
                scores, places = faiss.knn(rows, vectors, depth, metric=faiss.METRIC_INNER_PRODUCT)
                best = _ordered(np.hstack([best[0], scores]), np.hstack([best[1], ids[places]]), k)
        return _padded(*best, k)

    def _decoded(self) -> Iterator[tuple[Ids, Floats]]:
        """The rows of an exact index as blocks of ids and float32 vectors."""
        ids, codes = self._codes()
        for start in range(0, len(ids), _CHUNK_ROWS):
            chunk = slice(start, start + _CHUNK_ROWS)
            yield ids[chunk], codes[chunk].view("<f2").astype(np.float32)

    def _codes(self) -> tuple[Ids, NDArray[np.uint8]]:
        """The ids and float16 codes of an exact index as they are stored; do not keep them."""
        faiss = _faiss()
        ids, inner = _stored_ids(self._index), faiss.downcast_index(self._index.index)
        codes = faiss.rev_swig_ptr(inner.codes.data(), inner.codes.size())
        return ids, codes.reshape(len(ids), inner.code_size)


class Partition:
    """Vectors in lists around centres: thousands of queries share each list's multiplication.

    A list is multiplied with all queries that look into it at once, which costs a fraction of a
    scan per query. ``probes`` lists are looked into, the nearest by centre: the least power of two
    that finds 98 % of the eight nearest of trial rows, as far as they are near. Near means no
    farther than halfway from the usual fourth neighbour to unrelated rows: density, and so every
    grouping, depends on those alone, and a row without any has only chance neighbours to miss.
    """

    def __init__(
        self, ids: Ids, rows: NDArray[np.float16], centres: Floats, lists: NDArray[np.intp]
    ) -> None:
        order = np.argsort(lists, kind="stable")
        self._ids, self._rows, self._centres = ids[order], rows[order], centres
        self._starts = np.searchsorted(lists[order], np.arange(len(centres) + 1))
        self.probes = min(8, len(centres))

    @classmethod
    def of(cls, ids: Ids, rows: NDArray[np.float16]) -> Partition | None:
        """Learn the lists of rows float16 (n, d); None where they would not help."""
        centres = _centres(rows)
        lists = np.concatenate(
            [
                np.argmax(_checked_values(block) @ centres.T, axis=1)
                for block in _blocks(rows, _CHUNK_ROWS)
            ]
        )
        made = cls(ids, rows, centres, lists)
        return made if made._reaches(0.98, rows) else None

    def _reaches(self, recall: float, rows: NDArray[np.float16]) -> bool:
        trials = _checked_values(rows[np.random.default_rng(1).integers(0, len(rows), 256)])
        scores, best = self._exact(trials, 8)
        unrelated = np.median(trials @ trials[::-1].T)
        near = scores >= (np.median(scores[:, 4]) + unrelated) / 2
        while self.probes <= len(self._centres) // 4:
            found = self.neighbours(trials, 8)[1]
            hits = (best[:, :, None] == found[:, None, :]).any(axis=2)
            if hits[near].mean() >= recall:
                return True
            self.probes *= 2
        return False

    def _exact(self, rows: Floats, k: int) -> tuple[Floats, Ids]:
        scores, places = np.empty((len(rows), 0), np.float32), np.empty((len(rows), 0), np.int64)
        for start in range(0, len(self._rows), _CHUNK_ROWS):
            some = rows @ _checked_values(self._rows[start : start + _CHUNK_ROWS]).T
            best = _largest(some, k)
            scores = np.hstack([scores, np.take_along_axis(some, best, 1)])
            places = np.hstack([places, self._ids[start + best]])
        return _ordered(scores, places, k)

    def neighbours(self, vectors: NDArray[Any], k: int) -> tuple[Floats, Ids]:
        """What ``VectorIndex.search`` returns, approximately, for ``vectors`` float (q, d)."""
        rows = _checked_values(vectors)
        chosen = _largest(rows @ self._centres.T, self.probes)
        scores = np.full((len(rows), self.probes * k), -np.inf, np.float32)
        ids = np.full((len(rows), self.probes * k), _ABSENT, np.int64)
        order = np.argsort(chosen, axis=None, kind="stable")
        cuts = np.searchsorted(chosen.ravel()[order], np.arange(len(self._centres) + 1))
        for number in np.flatnonzero(np.diff(cuts)).tolist():
            query, slot = np.divmod(order[cuts[number] : cuts[number + 1]], self.probes)
            self._look_into(number, rows, query, slot * k, k, scores, ids)
        return _ordered(*_best_of(scores, ids, k), k)

    def _look_into(
        self,
        number: int,
        rows: Floats,
        query: NDArray[np.intp],
        column: NDArray[np.intp],
        k: int,
        scores: Floats,
        ids: Ids,
    ) -> None:
        """Put the best of one list for some queries into their columns of the results."""
        inside = slice(self._starts[number], self._starts[number + 1])
        some = rows[query] @ _checked_values(self._rows[inside]).T
        best = _largest(some, k)
        places = column[:, None] + np.arange(best.shape[1])
        scores[query[:, None], places] = np.take_along_axis(some, best, 1)
        ids[query[:, None], places] = self._ids[inside][best]


def _largest(scores: Floats, k: int) -> NDArray[np.intp]:
    """The columns of the ``k`` largest values of each row, in no order; all of them if fewer."""
    if scores.shape[1] <= k:
        return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    return np.argpartition(scores, -k, axis=1)[:, -k:]


def _best_of(scores: Floats, ids: Ids, k: int) -> tuple[Floats, Ids]:
    best = _largest(scores, k)
    return np.take_along_axis(scores, best, 1), np.take_along_axis(ids, best, 1)


class _Unusable(Exception):
    """Why a snapshot cannot be loaded; never leaves this module."""


def _faiss() -> Any:
    """FAISS, loaded at the first use; untyped, because its stubs know only a part of it."""
    import faiss

    return faiss


def _checked_ids(ids: ArrayLike, *, unique: bool = True) -> Ids:
    wanted = np.asarray(ids)
    if wanted.size == 0:
        wanted = wanted.astype(np.int64)
    if wanted.ndim != 1 or wanted.dtype.kind not in "iu":
        raise IndexMismatch(f"ids must be a row of integers, not {wanted.dtype} {wanted.shape}")
    wanted = np.ascontiguousarray(wanted, np.int64)
    if wanted.size and wanted.min() < 0:
        raise IndexMismatch(f"ids are never negative: {wanted.min()}")
    if unique and len(np.unique(wanted)) != len(wanted):
        raise IndexMismatch("the same id is given twice")
    return wanted


def _checked_shape(vectors: NDArray[Any], width: int | None, count: int | None) -> NDArray[Any]:
    rows = np.asarray(vectors)
    if rows.ndim != 2 or rows.dtype.kind != "f" or rows.shape[1] != (width or rows.shape[1] or 1):
        raise IndexMismatch(
            f"vectors must be floats of shape (n, {width or 'd'}), not {rows.dtype} {rows.shape}"
        )
    if count is not None and len(rows) != count:
        raise IndexMismatch(f"{len(rows)} vectors for {count} ids")
    return rows


def _checked_values(rows: NDArray[Any]) -> Floats:
    """Contiguous float32 rows that float16 can hold; comparisons with NaN are false."""
    if not bool(np.all(np.abs(rows) <= _LARGEST)):
        raise IndexMismatch("a vector holds a value that is not finite or too large for float16")
    return np.ascontiguousarray(rows, np.float32)


def _blocks(rows: NDArray[Any], size: int) -> Iterator[NDArray[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _cut_ties(scores: Floats, k: int) -> bool:
    """Whether, for some query, all scores from the k-th to the last are equal."""
    last = scores[:, -1]
    return bool(np.any((scores[:, k - 1] == last) & np.isfinite(last)))


def _ordered(scores: Floats, ids: Ids, k: int) -> tuple[Floats, Ids]:
    """The first ``k`` columns by score descending, then id ascending."""
    order = np.lexsort((ids, -scores), axis=-1)[:, :k]
    return np.take_along_axis(scores, order, -1), np.take_along_axis(ids, order, -1)


def _padded(scores: Floats, ids: Ids, k: int) -> tuple[Floats, Ids]:
    missing = ((0, 0), (0, max(0, k - scores.shape[1])))
    return (
        np.pad(scores, missing, constant_values=-np.inf).astype(np.float32, copy=False),
        np.pad(ids, missing, constant_values=_ABSENT),
    )


def _selector(allow: Ids) -> Any:
    """A bitmap where ids are dense enough for one, else a hashed set."""
    faiss = _faiss()
    largest = int(allow.max())
    if largest > 1024 * len(allow):
        return faiss.IDSelectorBatch(allow)
    bits = np.zeros(largest + 1, bool)
    bits[allow] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))


def _flat(dimensions: int) -> Any:
    faiss = _faiss()
    codes = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexIDMap2(
        faiss.IndexScalarQuantizer(dimensions, codes, faiss.METRIC_INNER_PRODUCT)
    )


def _trained_lists(rows: NDArray[Any]) -> Any:
    """An empty inverted file whose list centres were learnt from a sample of ``rows``."""
    faiss = _faiss()
    learnt, dimensions = _centres(rows), rows.shape[1]
    centres = len(learnt)
    quantizer = faiss.IndexFlatIP(dimensions)
    quantizer.add(learnt)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer,
        dimensions,
        centres,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,  # codes of whole vectors, as in the exact index, and not of residuals
    )
    index.is_trained = True
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    return index


def _centres(rows: NDArray[Any]) -> Floats:
    """Centres (c, d) of the lists that rows (n, d) are sorted into, learnt from a sample of them.

    Two times the square root of the row count keeps the centres cheap to learn (k-means costs
    samples x centres) and the lists some hundreds of rows long.
    """
    faiss = _faiss()
    centres = max(1, round(2 * len(rows) ** 0.5))
    sample = np.random.default_rng(0).permutation(len(rows))[: 40 * centres]
    kmeans = faiss.Kmeans(
        rows.shape[1], centres, niter=6, spherical=True, seed=0, min_points_per_centroid=1
    )
    kmeans.train(_checked_values(rows[np.sort(sample)]))
    learnt: Floats = kmeans.centroids
    return learnt


def _choose_probes(index: Any, rows: NDArray[Any], recall: float = 0.97, k: int = 20) -> None:
    """Set ``nprobe`` to the least power of two whose answers hold ``recall`` of the best ``k``.

    Both kinds of trial queries must reach it: 32 rows, and 32 that are mostly noise, because a
    sentence lies far from every photo (its cosine to the best ones is near 0.3) and such queries
    need more lists.
    """
    trials = _trial_queries(rows)
    index.nprobe = index.nlist
    best = [index.search(queries, k)[1] for queries in trials]
    index.nprobe = min(8, index.nlist)
    while index.nprobe < index.nlist:
        found = [index.search(queries, k)[1] for queries in trials]
        if min(map(_overlap, best, found)) >= recall:
            return
        index.nprobe = min(2 * index.nprobe, index.nlist)


def _trial_queries(rows: NDArray[Any]) -> tuple[Floats, Floats]:
    random = np.random.default_rng(1)
    near = _checked_values(rows[random.integers(0, len(rows), 64)])
    near = near / np.maximum(np.linalg.norm(near, axis=1, keepdims=True), np.float32(1e-12))
    noise = random.standard_normal((32, rows.shape[1]), np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return near[:32], np.float32(0.3) * near[32:] + np.float32(0.95) * noise


def _overlap(best: Ids, found: Ids) -> float:
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(best, found, strict=True))
    return hits / best.size


def _stored_ids(index: Any) -> Ids:
    faiss = _faiss()
    if hasattr(index, "id_map"):
        ids: Ids = faiss.vector_to_array(index.id_map)
        return ids
    lists = index.invlists
    parts = [
        faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)).copy()
        for i in range(index.nlist)
        if lists.list_size(i)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _replace(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside ``path``, flush it to the disk, and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(file: BinaryIO, index: Any, stamp: Stamp) -> None:
    """Magic, header length, header, FAISS' own bytes, and the digest of all of them."""
    faiss = _faiss()
    sink = _Sink(file)
    header = json.dumps(asdict(stamp)).encode()
    sink.write(_MAGIC + struct.pack("<I", len(header)) + header)
    try:
        faiss.write_index(index, faiss.PyCallbackIOWriter(sink.write, _CHUNK_BYTES))
    except RuntimeError as exc:
        raise OSError(f"FAISS could not write: {exc}") from exc
    file.write(sink.digest.digest())


class _Sink:
    """Writes to a file and digests what it writes."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def _read(file: BinaryIO, dimensions: int) -> tuple[Stamp, Any]:
    faiss = _faiss()
    _verify(file)
    stamp = _read_stamp(file)
    try:
        index = faiss.read_index(faiss.PyCallbackIOReader(file.read, _CHUNK_BYTES))
    except RuntimeError as exc:
        raise _Unusable(f"FAISS could not read it: {exc}") from exc
    if index.d != dimensions:
        raise _Unusable(f"{index.d} dimensions where {dimensions} are wanted")
    if index.ntotal != stamp.count:
        raise _Unusable(f"{index.ntotal} vectors under a stamp for {stamp.count}")
    return stamp, index


def _verify(file: BinaryIO) -> None:
    """Compare the bytes with the digest at their end; leave the file just after the magic."""
    left = os.fstat(file.fileno()).st_size - _DIGEST_BYTES
    digest = hashlib.sha256()
    while left > 0:
        chunk = file.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise _Unusable("truncated")
        digest.update(chunk)
        left -= len(chunk)
    if file.read() != digest.digest():
        raise _Unusable("truncated or altered")
    file.seek(0)
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _Unusable("not a snapshot of this format")


def _read_stamp(file: BinaryIO) -> Stamp:
    try:
        (length,) = struct.unpack("<I", file.read(4))
        header = json.loads(file.read(min(length, _HEADER_LIMIT)))
        stamp = Stamp(**header)
    except (struct.error, ValueError, TypeError) as exc:
        raise _Unusable(f"no stamp: {exc}") from exc
    return stamp
