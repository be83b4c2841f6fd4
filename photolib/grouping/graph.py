"""The neighbour graph: who is near whom, and DBSCAN over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from photolib.errors import IndexMismatch

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ids: TypeAlias = NDArray[np.int64]
    Labels: TypeAlias = NDArray[np.int64]
    Distances: TypeAlias = NDArray[np.float32]

NOISE = -1
LEAST_DISTANCE = 1e-6
"""Stands for a distance of zero, which a sparse matrix cannot hold."""

_FAR = 3.0
"""More than any cosine distance: ``_FAR - distance`` is positive, so that 0 can mean no edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A symmetric graph of cosine distances between ``ids`` int64 (n,), ascending.

    ``matrix`` is a scipy CSR matrix float32 (n, n) whose row i belongs to ``ids[i]``; an entry that
    is not stored means far apart. The diagonal is empty.
    """

    ids: Ids
    matrix: Any

    @classmethod
    def build(cls, ids: ArrayLike, neighbours: ArrayLike, similarities: ArrayLike) -> Graph:
        """From each row's nearest: ``neighbours`` int64 (n, k) by id, and their cosines (n, k).

        An edge exists when either end names the other; of two distances the smaller counts.
        Entries that name the row itself or an id outside ``ids`` (such as the padding -1) are
        dropped. Raises IndexMismatch when the shapes disagree or an id is repeated.
        """
        rows = np.asarray(ids, np.int64)
        named = np.asarray(neighbours, np.int64)
        cosines = np.asarray(similarities, np.float64)
        if rows.ndim != 1 or named.shape != cosines.shape or named.shape[:1] != rows.shape:
            raise IndexMismatch(f"{rows.shape} ids, {named.shape} and {cosines.shape} neighbours")
        width = named.shape[1] if named.ndim == 2 else 0
        return cls.from_pairs(rows, np.repeat(rows, width), named.ravel(), cosines.ravel())

    @classmethod
    def from_pairs(cls, ids: ArrayLike, a: ArrayLike, b: ArrayLike, score: ArrayLike) -> Graph:
        """From pairs of ids int64 (m,) and their similarity (m,), under ``build``'s rules."""
        from scipy.sparse import coo_matrix

        rows = np.sort(np.asarray(ids, np.int64))
        if np.any(rows[1:] == rows[:-1]):
            raise IndexMismatch("the same id is given twice in one graph")
        one, one_known = _places(rows, np.asarray(a, np.int64))
        two, two_known = _places(rows, np.asarray(b, np.int64))
        kept = one_known & two_known & (one != two)
        near = _FAR - np.clip(1.0 - np.asarray(score, np.float64)[kept], LEAST_DISTANCE, 2.0)
        one, two, near = _strongest(one[kept], two[kept], near, len(rows))
        half = coo_matrix((near, (one, two)), shape=(len(rows), len(rows))).tocsr()
        matrix = half.maximum(half.T).tocsr()
        matrix.data = (_FAR - matrix.data).astype(np.float32)
        matrix.sort_indices()
        return cls(rows, matrix)

    def __len__(self) -> int:
        return len(self.ids)

    def with_pairs(self, ids: ArrayLike, a: ArrayLike, b: ArrayLike, score: ArrayLike) -> Graph:
        """This graph with more rows, ``ids`` int64 (m,), and more pairs, under ``build``'s rules.

        Costs what the new pairs cost and one pass over the old ones, which are not sorted again.
        """
        rows = np.union1d(self.ids, np.asarray(ids, np.int64))
        more = Graph.from_pairs(rows, a, b, score).matrix
        old = self._spread(rows)
        old.data, more.data = _FAR - old.data, _FAR - more.data
        matrix = old.maximum(more).tocsr()
        matrix.data = (_FAR - matrix.data).astype(np.float32)
        matrix.sort_indices()
        return Graph(rows, matrix)

    def _spread(self, rows: Ids) -> Any:
        """A copy of the matrix over ``rows``, which hold all of ``ids``."""
        from scipy.sparse import csr_matrix

        places = np.searchsorted(rows, self.ids)
        counts = np.zeros(len(rows), self.matrix.indptr.dtype)
        counts[places] = np.diff(self.matrix.indptr)
        starts = np.concatenate([[0], np.cumsum(counts)])
        indices = places[self.matrix.indices]
        return csr_matrix((self.matrix.data.copy(), indices, starts), shape=(len(rows), len(rows)))

    def among(self, ids: ArrayLike) -> Graph:
        """The part of the graph between ``ids``, which may name others that are not in it."""
        wanted = np.unique(np.asarray(ids, np.int64))
        if np.array_equal(wanted, self.ids):
            return self
        places, known = self.places(wanted)
        inside = self.matrix[places[known]][:, places[known]].tocsr()
        return Graph(wanted[known], inside)._over(wanted)

    def _over(self, rows: Ids) -> Graph:
        return self if len(rows) == len(self.ids) else Graph(rows, self._spread(rows))

    def places(self, ids: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The rows of ``ids`` (m,), and which of them exist; the others' rows mean nothing."""
        return _places(self.ids, np.asarray(ids, np.int64))

    def within(self, eps: float) -> Any:
        """The CSR matrix of the edges no longer than ``eps``."""
        matrix = self.matrix.copy()
        matrix.data[matrix.data > eps] = 0.0
        matrix.eliminate_zeros()
        return matrix


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """What DBSCAN found: ``labels`` int64 (n,), -1 for noise, and ``core`` bool (n,)."""

    labels: Labels
    core: NDArray[np.bool_]


def dbscan(matrix: Any, eps: float, min_samples: int) -> Dense:
    """scikit-learn's DBSCAN over a sparse symmetric distance matrix, made independent of order.

    A core point has at least ``min_samples`` points, itself included, within ``eps``. A border
    point, which DBSCAN gives to whichever cluster reaches it first, goes to its nearest core point
    (to the first of equally near ones). Clusters are numbered by their first member. (Ester,
    Kriegel, Sander and Xu, "A density-based algorithm for discovering clusters", 1996.)
    """
    from sklearn.cluster import DBSCAN

    count = matrix.shape[0]
    core = np.zeros(count, bool)
    labels = np.full(count, NOISE, np.int64)
    if not count:
        return Dense(labels, core)
    fitted = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(matrix)
    core[fitted.core_sample_indices_] = True
    labels[core] = fitted.labels_[core]
    adopt(matrix, eps, labels, core, np.flatnonzero(~core))
    return Dense(renumbered(labels), core)


def hdbscan(matrix: Any, min_samples: int) -> Labels:
    """scikit-learn's HDBSCAN over a sparse symmetric distance matrix: the leaves of its tree.

    It wants connected points with ``min_samples`` neighbours each, so every component is clustered
    by itself, and points with fewer are noise. Clusters are numbered by their first member.
    (Campello, Moulavi and Sander, "Density-based clustering based on hierarchical density
    estimates", 2013.)
    """
    from scipy.sparse.csgraph import connected_components

    count = matrix.shape[0]
    labels = np.full(count, NOISE, np.int64)
    rows = _with_company(matrix, min_samples)
    if not len(rows):
        return labels
    inside = matrix[rows][:, rows]
    parts = connected_components(inside, directed=False)[1]
    order = np.argsort(parts, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(parts[order])) + 1):
        found = _hdbscan_connected(inside[part][:, part], min_samples)
        labels[rows[part]] = np.where(found >= 0, found + labels.max() + 1, NOISE)
    return renumbered(labels)


def _with_company(matrix: Any, least: int) -> NDArray[np.intp]:
    """The rows that have ``least`` neighbours among themselves."""
    rows = np.arange(matrix.shape[0])
    while len(rows):
        enough = np.diff(matrix.indptr) >= least
        if enough.all():
            break
        rows, matrix = rows[enough], matrix[enough][:, enough]
    return rows


def _hdbscan_connected(matrix: Any, min_samples: int) -> Labels:
    from sklearn.cluster import HDBSCAN

    size = max(2, min_samples)
    if matrix.shape[0] < 2 * size:
        return np.zeros(matrix.shape[0], np.int64)
    model = HDBSCAN(
        min_cluster_size=size,
        min_samples=min_samples,
        metric="precomputed",
        cluster_selection_method="leaf",
        allow_single_cluster=True,
        copy=True,
    )
    found: Labels = model.fit(matrix).labels_.astype(np.int64)
    return found


def adopt(
    matrix: Any, eps: float, labels: Labels, core: NDArray[np.bool_], rows: NDArray[np.intp]
) -> None:
    """Give each of ``rows``, none of them core, the label of its nearest core point, in place."""
    some = matrix[rows].tocoo()
    reach = core[some.col] & (some.data <= eps)
    who, whom, distance = some.row[reach], some.col[reach], some.data[reach]
    order = np.lexsort((whom, distance, who))
    first, where = np.unique(who[order], return_index=True)
    labels[rows] = NOISE
    labels[rows[first]] = labels[whom[order][where]]


def renumbered(labels: Labels) -> Labels:
    """The same clusters, numbered from 0 in the order of their first members."""
    clustered = labels >= 0
    names, first, inverse = np.unique(labels[clustered], return_index=True, return_inverse=True)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first)] = np.arange(len(names))
    result = np.full(len(labels), NOISE, np.int64)
    result[clustered] = rank[inverse]
    return result


def _places(ids: Ids, wanted: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    if not len(ids):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return places, ids[places] == wanted


def _strongest(
    one: NDArray[np.intp], two: NDArray[np.intp], near: NDArray[np.float64], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Each ordered pair once, with its greatest nearness (a sparse matrix would add them up)."""
    order = np.lexsort((-near, one * count + two))
    one, two, near = one[order], two[order], near[order]
    first = np.ones(len(one), bool)
    first[1:] = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
    return one[first], two[first], near[first]
