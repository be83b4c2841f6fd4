"""Themes: photos that are about the same thing.

DBSCAN over the stored neighbour graph finds where photos are dense. Along chains of gradual change
it joins themes that have nothing to do with each other, at any eps, so each of its clusters is then
split into themes whose members are alike on average. Both steps are functions of frozen
``Parameters`` and of the photos alone, so photos can come and go (``follow``) and end where a full
run (``cluster``) puts them. Themes that are near each other on average lie in one coarser group
(``coarsen``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.errors import IndexMismatch
from photolib.grouping.graph import (
    LEAST_DISTANCE,
    NOISE,
    Dense,
    Graph,
    adopt,
    dbscan,
    hdbscan,
    renumbered,
)

if TYPE_CHECKING:
    from typing import Protocol

    from numpy.typing import NDArray

    from photolib.grouping.graph import Ids, Labels

    class Vectors(Protocol):
        """Unit vectors (n, d), such as an array, or rows that are fetched when asked for."""

        def __len__(self) -> int: ...

        def __getitem__(self, rows: Any, /) -> Any: ...


MIN_SAMPLES = 4

_BACKGROUND_ROWS = 2_000
_COHESION = 1.2
"""How many deviations nearer than unrelated photos a theme's members are on average.

Chosen on three descriptors of very different strength (a text-image model, the look, a colour
histogram), on handwritten digits and on synthetic mixtures, over subsets and unequal class sizes;
from 1.0 to 1.5 results change little.
"""
_LINKAGE_ROWS = 1_000
"""Average linkage takes quadratic memory: 4 MB at this size. Larger clusters are tightened."""
_LINKAGE_THEMES = 4_000
_WIDE_SHARE = 0.1
_TIGHTEN = 0.9


@dataclass(frozen=True, slots=True)
class Parameters:
    """Frozen with a grouping run.

    ``eps`` is DBSCAN's radius, ``width`` the greatest mean distance between the members of a theme,
    ``coarse`` that between themes of one coarser group, all in cosine distance; ``min_samples``
    counts the photo itself. ``method`` is dbscan, or hdbscan, which knows no radius and no width.
    """

    eps: float
    min_samples: int
    width: float
    coarse: float = 0.0
    method: str = "dbscan"


@dataclass(frozen=True, slots=True, eq=False)
class Themes:
    """The result for a graph's rows: int64 (n,) labels from 0, -1 for unsorted.

    ``wide`` are the clusters of DBSCAN, ``leaf`` the themes they were split into (a wide cluster
    that holds one theme only has the same members but for those it shed); ``core`` bool (n,).
    """

    ids: Ids
    wide: Labels
    leaf: Labels
    core: NDArray[np.bool_]


def fit_parameters(
    graph: Graph, vectors: Vectors, min_samples: int = MIN_SAMPLES, *, narrow: float = 1.0
) -> Parameters:
    """Parameters for these photos; ``vectors`` float (n, d), unit, row i for ``graph.ids[i]``.

    ``width`` compares with the background: the distances of random pairs, nearly all of which are
    unrelated. Their median and the deviation of their upper half describe unrelated photos, since
    related pairs can only show in the lower half. Members of a theme are on average 1.2 deviations
    nearer than unrelated photos. Where the background is too narrow or too broad for that to mean
    much, ``width`` stops at a half and at a quarter of the way from a photo's typical neighbour
    (the median of the distances to the (min_samples - 1)-th) to the background's median.

    ``eps`` lies halfway between ``width`` and the knee of those distances in ascending order (the
    point farthest below the chord: Satopaa et al., "Finding a 'kneedle' in a haystack", 2011). The
    knee alone leaves the looser of well-separated themes as noise, and what a generous radius joins
    in excess the split takes apart. In a large library it joins nearly everything; there it is
    narrowed until no cluster of unlike photos holds a tenth of them, so that a new photo changes
    little. ``narrow`` below 1 makes ``width`` that much smaller, for things rather than kinds of
    things.
    """
    _check(graph, vectors)
    near = _neighbour_distances(graph.matrix, max(1, min_samples - 1))
    width, coarse = _widths(vectors, float(np.median(near)) if len(near) else 0.0)
    width *= narrow
    eps = (min(_knee(near), width) + width) / 2
    limit = max(_LINKAGE_ROWS, round(_WIDE_SHARE * len(graph)))
    while _largest_mixture(graph, vectors, Parameters(eps, min_samples, width)) > limit:
        eps *= _TIGHTEN
    return Parameters(eps, min_samples, width, coarse)


def cluster(graph: Graph, vectors: Vectors, parameters: Parameters) -> Themes:
    """The themes of a graph; ``vectors`` as in ``fit_parameters``. Deterministic."""
    _check(graph, vectors)
    if parameters.method == "hdbscan":
        labels = hdbscan(graph.matrix, parameters.min_samples)
        return Themes(graph.ids, labels, labels.copy(), labels >= 0)
    near = graph.within(parameters.eps)
    dense = dbscan(near, parameters.eps, parameters.min_samples)
    leaf = np.full(len(graph), NOISE, np.int64)
    _split_into(leaf, _members(dense.labels), near, vectors, parameters)
    return Themes(graph.ids, dense.labels, renumbered(leaf), dense.core)


def follow(graph: Graph, vectors: Vectors, parameters: Parameters, before: Themes) -> Themes:
    """What ``cluster`` would return, at the cost of what changed since ``before``.

    ``graph`` need only hold edges up to ``eps``, and its rows are those of ``before`` less the
    photos that went, with the photos that came. A new photo can make others core and so join
    clusters; one that went can part the cluster it was core in, which is then put together anew.
    HDBSCAN has no such rule: it always runs in full, on the whole graph.
    """
    if parameters.method == "hdbscan":
        return cluster(graph, vectors, parameters)
    _check(graph, vectors)
    near = graph.within(parameters.eps)
    old, known = graph.places(before.ids)
    dense = _followed(near, parameters, old, known, before)
    return _reuse_leaves(graph, near, vectors, parameters, dense, old[known], known, before)


def coarsen(leaf: Labels, vectors: Vectors, parameters: Parameters) -> Labels:
    """For each theme (0 to the largest of ``leaf``) its coarser group, numbered from 0.

    Average linkage of the themes, each counting once, cut where the mean distance between the
    photos of two groups exceeds ``parameters.coarse``.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    means = [vectors[rows].mean(axis=0) for rows in _members(leaf)]
    groups = np.arange(len(means), dtype=np.int64)
    for part in _halves(np.arange(len(means)), np.array(means, np.float32)):
        if len(part) < 2:
            continue
        some = np.array([means[i] for i in part], np.float32)
        distances = (1.0 - some @ some.T)[np.triu_indices(len(part), 1)]
        tree = linkage(np.clip(distances, 0.0, 2.0), "average")
        named = fcluster(tree, parameters.coarse, "distance")
        groups[part] = groups.max() + named  # new names: none of them stands for two parts
    return renumbered(groups)


def _halves(rows: NDArray[np.intp], means: Vectors) -> list[NDArray[np.intp]]:
    """The themes as one part, or halved along their main direction until linkage can take each."""
    if len(rows) <= _LINKAGE_THEMES:
        return [rows]
    some = means[rows] - means[rows].mean(axis=0)
    along = some @ np.linalg.eigh(some.T @ some)[1][:, -1]
    first = along <= np.median(along)
    return [*_halves(rows[first], means), *_halves(rows[~first], means)]


def _check(graph: Graph, vectors: Vectors) -> None:
    if len(vectors) != len(graph):
        raise IndexMismatch(f"{len(vectors)} vectors for a graph of {len(graph)} photos")


def _widths(vectors: Vectors, typical: float) -> tuple[float, float]:
    rows = np.random.default_rng(0).permutation(len(vectors))[:_BACKGROUND_ROWS]
    if len(rows) < 2:
        return 1.0, 1.0
    sample = np.asarray(vectors[np.sort(rows)], np.float32)
    pairs = 1.0 - (sample @ sample.T)[np.triu_indices(len(sample), 1)]
    median, upper = np.quantile(pairs, (0.5, 0.8413))
    apart = median - _COHESION * (upper - median)
    way = max(median - typical, 0.0)
    width = max(np.clip(apart, typical + way / 4, typical + way / 2), LEAST_DISTANCE)
    return float(width), float((width + max(median, width)) / 2)


def _largest_mixture(graph: Graph, vectors: Vectors, parameters: Parameters) -> int:
    """Size of the largest cluster whose members are not alike on average, when it is large."""
    if len(graph) <= _LINKAGE_ROWS:
        return 0
    dense = dbscan(graph.within(parameters.eps), parameters.eps, parameters.min_samples)
    large = [rows for rows in _members(dense.labels) if len(rows) > _LINKAGE_ROWS]
    mixed = (rows for rows in large if _mean_distance(vectors[rows]) > parameters.width)
    return max(map(len, mixed), default=0)


def _neighbour_distances(matrix: Any, place: int) -> NDArray[np.float64]:
    """The ``place``-th smallest distance (from 1) of each row that has so many, ascending."""
    order = np.lexsort((matrix.data, np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))))
    enough = np.diff(matrix.indptr) >= place
    chosen = matrix.data[order][matrix.indptr[:-1][enough] + place - 1]
    return np.sort(chosen).astype(np.float64)


def _knee(curve: NDArray[np.float64]) -> float:
    """The value of an ascending curve where it lies farthest below the chord of its ends."""
    if len(curve) < 3 or curve[0] == curve[-1]:
        return float(curve[-1]) if len(curve) else 0.0
    along = np.linspace(0.0, 1.0, len(curve))
    height = (curve - curve[0]) / (curve[-1] - curve[0])
    return float(curve[np.argmax(along - height)])


def _members(labels: Labels) -> list[NDArray[np.intp]]:
    """The rows of each cluster, ascending, in the order of the labels."""
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 0) :]
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [part for part in np.split(order, cuts) if len(part)]


def _split_into(
    leaf: Labels,
    clusters: list[NDArray[np.intp]],
    near: Any,
    vectors: Vectors,
    parameters: Parameters,
) -> None:
    """Write the themes of each cluster into ``leaf``, under labels not used there before."""
    label = int(leaf.max(initial=NOISE)) + 1
    for members in clusters:
        for theme in _split(members, near, vectors, parameters):
            leaf[theme] = label
            label += 1


def _split(
    members: NDArray[np.intp], near: Any, vectors: Vectors, parameters: Parameters
) -> list[NDArray[np.intp]]:
    """The themes among the members of one cluster: a function of these members alone.

    A cluster too large for average linkage is first taken apart by DBSCAN at smaller and smaller
    radii, as a hierarchy of densities would.
    """
    themes, waiting = [], [(members, parameters.eps)]
    while waiting:
        rows, eps = waiting.pop()
        if len(rows) <= _LINKAGE_ROWS:
            themes += _linked(rows, vectors, parameters)
            continue
        if _mean_distance(vectors[rows]) <= parameters.width:
            themes.append(rows)
            continue
        eps *= _TIGHTEN
        inner = near[rows][:, rows]
        inner.data[inner.data > eps] = 0.0
        inner.eliminate_zeros()
        parts = _members(dbscan(inner, eps, parameters.min_samples).labels)
        waiting += [(rows[part], eps) for part in reversed(parts)]
    return themes


def _mean_distance(vectors: NDArray[np.floating]) -> float:
    """Between all ordered pairs of unit vectors: one minus the squared length of their mean."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    return float(1.0 - mean @ mean)


def _linked(
    rows: NDArray[np.intp], vectors: Vectors, parameters: Parameters
) -> list[NDArray[np.intp]]:
    """Average linkage, cut where the mean distance between two parts exceeds ``width``."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(rows) < parameters.min_samples:
        return []
    if len(rows) == 1:
        return [rows]
    some = np.asarray(vectors[rows], np.float32)
    distances = (1.0 - some @ some.T)[np.triu_indices(len(rows), 1)]
    tree = linkage(np.clip(distances, 0.0, 2.0), "average")
    parts = _members(fcluster(tree, parameters.width, "distance").astype(np.int64))
    return [rows[part] for part in parts if len(part) >= parameters.min_samples]


def _followed(
    near: Any,
    parameters: Parameters,
    old: NDArray[np.intp],
    known: NDArray[np.bool_],
    before: Themes,
) -> Dense:
    count, rows = near.shape[0], old[known]
    labels, was_core = np.full(count, NOISE, np.int64), np.zeros(count, bool)
    labels[rows], was_core[rows] = before.wide[known], before.core[known]
    core = np.diff(near.indptr) + 1 >= parameters.min_samples
    gone = before.wide[~known & before.core]
    shaken = np.isin(labels, np.concatenate([gone, labels[was_core & ~core]])) & (labels != NOISE)
    labels[shaken] = NOISE
    fresh = np.flatnonzero(core & (shaken | ~was_core))
    settled = core & ~shaken & was_core
    _unite(near, labels, settled, fresh)
    unsure = shaken.copy()
    unsure[np.setdiff1d(np.arange(count), rows, assume_unique=True)] = True
    unsure[near[fresh].indices] = True
    adopt(near, parameters.eps, labels, core, np.flatnonzero(unsure & ~core))
    return Dense(renumbered(labels), core)


def _unite(near: Any, labels: Labels, core: NDArray[np.bool_], fresh: NDArray[np.intp]) -> None:
    """Join each newly core row with the clusters of the core rows it reaches, in place.

    Old clusters and fresh rows are the nodes of a small graph; its components are the clusters.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    clusters = int(labels.max(initial=NOISE)) + 1
    node = np.where(core, labels, NOISE)
    node[fresh] = clusters + np.arange(len(fresh))
    edges = near[fresh].tocoo()
    ends = node[edges.col]
    reach = ends != NOISE
    size = clusters + len(fresh)
    links = coo_matrix(
        (np.ones(reach.sum(), bool), (clusters + edges.row[reach], ends[reach])), (size, size)
    )
    component = connected_components(links, directed=False)[1].astype(np.int64)
    member = labels != NOISE
    labels[member] = component[labels[member]]
    labels[fresh] = component[clusters:]


def _reuse_leaves(
    graph: Graph,
    near: Any,
    vectors: Vectors,
    parameters: Parameters,
    dense: Dense,
    rows: NDArray[np.intp],
    known: NDArray[np.bool_],
    before: Themes,
) -> Themes:
    """Split the clusters whose members changed; the others keep their themes."""
    wide, leaf = (np.full(len(graph), NOISE, np.int64) for _ in range(2))
    wide[rows], leaf[rows] = before.wide[known], before.leaf[known]
    sizes = np.bincount(before.wide[before.wide >= 0])
    changed = [some for some in _members(dense.labels) if not _whole(wide[some], sizes)]
    for members in changed:
        leaf[members] = NOISE
    leaf[dense.labels == NOISE] = NOISE
    _split_into(leaf, changed, near, vectors, parameters)
    return Themes(graph.ids, dense.labels, renumbered(leaf), dense.core)


def _whole(former: Labels, sizes: NDArray[np.intp]) -> bool:
    """Whether rows with these former labels were one whole cluster."""
    label = int(former[0])
    return label != NOISE and bool(np.all(former == label)) and len(former) == sizes[label]
