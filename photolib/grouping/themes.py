"""Themes: photos that are about the same thing.

DBSCAN over the stored neighbour graph finds where photos are dense. Along chains of gradual change
it joins themes that have nothing to do with each other, at any eps, so each of its clusters is then
split into themes whose members are alike on average. Both steps are functions of frozen
``Parameters`` and of the photos alone, so photos can join one by one (``join``) and end where a
full run (``cluster``) puts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from photolib.errors import IndexMismatch
from photolib.grouping.graph import LEAST_DISTANCE, NOISE, Dense, Graph, adopt, dbscan, renumbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.grouping.graph import Ids, Labels

    Vectors: TypeAlias = NDArray[np.floating]

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
_WIDE_SHARE = 0.1
_TIGHTEN = 0.9


@dataclass(frozen=True, slots=True)
class Parameters:
    """Frozen with a grouping run.

    ``eps`` is DBSCAN's radius and ``width`` the greatest mean distance between the members of a
    theme, both in cosine distance; ``min_samples`` counts the photo itself.
    """

    eps: float
    min_samples: int
    width: float


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


def fit_parameters(graph: Graph, vectors: Vectors, min_samples: int = MIN_SAMPLES) -> Parameters:
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
    little.
    """
    _check(graph, vectors)
    near = _neighbour_distances(graph.matrix, max(1, min_samples - 1))
    width = _width(vectors, float(np.median(near)) if len(near) else 0.0)
    eps = (min(_knee(near), width) + width) / 2
    limit = max(_LINKAGE_ROWS, round(_WIDE_SHARE * len(graph)))
    while _largest_mixture(graph, vectors, Parameters(eps, min_samples, width)) > limit:
        eps *= _TIGHTEN
    return Parameters(eps, min_samples, width)


def cluster(graph: Graph, vectors: Vectors, parameters: Parameters) -> Themes:
    """The themes of a graph; ``vectors`` as in ``fit_parameters``. Deterministic."""
    _check(graph, vectors)
    near = graph.within(parameters.eps)
    dense = dbscan(near, parameters.eps, parameters.min_samples)
    leaf = np.full(len(graph), NOISE, np.int64)
    _split_into(leaf, _members(dense.labels), near, vectors, parameters)
    return Themes(graph.ids, dense.labels, renumbered(leaf), dense.core)


def join(graph: Graph, vectors: Vectors, parameters: Parameters, before: Themes) -> Themes:
    """What ``cluster`` would return, at the cost of what changed since ``before``.

    ``graph`` holds all of ``before``'s photos and edges, and more. A new photo can make others core
    and so join clusters; nothing ever parts, because distances do not change and core photos stay
    core. After a removal, run ``cluster``. Raises IndexMismatch when a photo of ``before`` is not
    in ``graph``.
    """
    _check(graph, vectors)
    old, known = graph.places(before.ids)
    if not known.all():
        raise IndexMismatch("a photo that was grouped is gone from the graph: group again")
    near = graph.within(parameters.eps)
    dense = _joined(near, parameters, old, before)
    return _reuse_leaves(graph, near, vectors, parameters, dense, old, before)


def _check(graph: Graph, vectors: Vectors) -> None:
    if vectors.ndim != 2 or len(vectors) != len(graph):
        raise IndexMismatch(f"vectors {vectors.shape} for a graph of {len(graph)} photos")


def _width(vectors: Vectors, typical: float) -> float:
    rows = np.random.default_rng(0).permutation(len(vectors))[:_BACKGROUND_ROWS]
    if len(rows) < 2:
        return 1.0
    sample = np.asarray(vectors[np.sort(rows)], np.float32)
    pairs = 1.0 - (sample @ sample.T)[np.triu_indices(len(sample), 1)]
    median, upper = np.quantile(pairs, (0.5, 0.8413))
    apart = median - _COHESION * (upper - median)
    way = max(median - typical, 0.0)
    return float(max(np.clip(apart, typical + way / 4, typical + way / 2), LEAST_DISTANCE))


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


def _mean_distance(vectors: Vectors) -> float:
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


def _joined(near: Any, parameters: Parameters, old: NDArray[np.intp], before: Themes) -> Dense:
    labels, core = _carried(near.shape[0], old, before)
    now_core = np.diff(near.indptr) + 1 >= parameters.min_samples
    fresh = np.flatnonzero(now_core & ~core)
    _unite(near, labels, core, fresh)
    core[fresh] = True
    unsure = np.ones(len(labels), bool)
    unsure[old] = False
    unsure[near[fresh].indices] = True
    adopt(near, parameters.eps, labels, core, np.flatnonzero(unsure & ~core))
    return Dense(renumbered(labels), core)


def _carried(count: int, old: NDArray[np.intp], before: Themes) -> tuple[Labels, NDArray[np.bool_]]:
    labels, core = np.full(count, NOISE, np.int64), np.zeros(count, bool)
    labels[old], core[old] = before.wide, before.core
    return labels, core


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
    old: NDArray[np.intp],
    before: Themes,
) -> Themes:
    """Split the clusters whose members changed; the others keep their themes."""
    wide, leaf = (np.full(len(graph), NOISE, np.int64) for _ in range(2))
    wide[old], leaf[old] = before.wide, before.leaf
    sizes = np.bincount(before.wide[before.wide >= 0])
    changed = [rows for rows in _members(dense.labels) if not _whole(wide[rows], sizes)]
    for rows in changed:
        leaf[rows] = NOISE
    leaf[dense.labels == NOISE] = NOISE
    _split_into(leaf, changed, near, vectors, parameters)
    return Themes(graph.ids, dense.labels, renumbered(leaf), dense.core)


def _whole(former: Labels, sizes: NDArray[np.intp]) -> bool:
    """Whether rows with these former labels were one whole cluster."""
    label = int(former[0])
    return label != NOISE and bool(np.all(former == label)) and len(former) == sizes[label]
