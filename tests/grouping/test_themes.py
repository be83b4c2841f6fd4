"""Themes: the neighbour graph, DBSCAN over it, the split, and joining one by one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import IndexMismatch
from photolib.grouping.graph import Graph, dbscan
from photolib.grouping.themes import Parameters, Themes, cluster, coarsen, fit_parameters, follow

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]


def unit(rows: NDArray[np.floating]) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def mixture(
    sizes: list[int], noise: int, spread: float, seed: int = 0, width: int = 48
) -> tuple[Rows, NDArray[np.int64]]:
    """Unit vectors around random directions that share a common one, and singles around it."""
    random = np.random.default_rng(seed)
    common = 0.8 * unit(random.standard_normal((1, width)))
    centres = np.concatenate(
        [unit(random.standard_normal((len(sizes), width))), np.zeros((1, width))]
    )
    truth = np.repeat([*range(len(sizes)), len(sizes)], [*sizes, noise])
    rows = (
        common + centres[truth] + spread * random.standard_normal((len(truth), width)) / width**0.5
    )
    rows[truth == len(sizes)] += unit(random.standard_normal((noise, width)))
    truth[truth == len(sizes)] = len(sizes) + np.arange(noise)
    return unit(rows), truth


def neighbour_graph(rows: Rows, ids: NDArray[np.int64] | None = None, k: int = 20) -> Graph:
    cosines = rows @ rows.T
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, : k + 1]
    named = np.arange(len(rows)) if ids is None else ids
    return Graph.build(named, named[nearest], np.take_along_axis(cosines, nearest, 1))


def rand_index(truth: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """The adjusted Rand index, with each photo of noise as a cluster of its own."""
    from sklearn.metrics import adjusted_rand_score

    single = np.where(labels < 0, len(labels) + np.arange(len(labels)), labels)
    return float(adjusted_rand_score(truth, single))


def best_of_any_eps(rows: Rows, truth: NDArray[np.int64], min_samples: int) -> float:
    from sklearn.cluster import DBSCAN

    distances = np.clip(1.0 - rows @ rows.T, 0.0, 2.0)
    radii = np.quantile(distances, np.geomspace(5e-4, 0.4, 40))
    model = DBSCAN(min_samples=min_samples, metric="precomputed")
    return max(
        rand_index(truth, model.set_params(eps=max(r, 1e-6)).fit_predict(distances)) for r in radii
    )


def found(rows: Rows) -> Themes:
    graph = neighbour_graph(rows)
    return cluster(graph, rows, fit_parameters(graph, rows))


# -- the graph ----------------------------------------------------------------------------------


def test_a_graph_is_symmetric_and_keeps_the_smaller_distance() -> None:
    graph = Graph.build([3, 1, 2], [[1, 2], [3, -1], [9, 2]], [[0.5, 0.9], [0.75, 1.0], [0.9, 1.0]])
    assert graph.ids.tolist() == [1, 2, 3]
    dense = graph.matrix.toarray()
    assert np.array_equal(dense, dense.T)
    assert dense[0, 2] == pytest.approx(0.25)
    assert dense[1, 2] == pytest.approx(0.1, abs=1e-6)
    assert graph.matrix.nnz == 4


def test_identical_vectors_stay_neighbours() -> None:
    graph = Graph.build([1, 2, 3, 4], [[2], [1], [1], [1]], [[1.0], [1.0], [1.0000001], [1.0]])
    assert graph.matrix.nnz == 6
    assert (graph.matrix.data > 0).all()
    assert dbscan(graph.matrix, 0.01, 3).labels.tolist() == [0, 0, 0, 0]


def test_a_neighbour_named_twice_counts_once() -> None:
    graph = Graph.build([1, 2], [[2, 2], [1, 1]], [[0.4, 0.6], [0.5, 0.5]])
    assert graph.matrix.data.tolist() == pytest.approx([0.4, 0.4])


@pytest.mark.parametrize(
    ("ids", "neighbours", "similarities"),
    [([1, 1], [[2], [1]], [[0.1], [0.1]]), ([1], [[2]], [[0.1, 0.2]]), ([1, 2], [[1]], [[0.1]])],
)
def test_a_graph_refuses_what_does_not_fit(
    ids: list[int], neighbours: list[list[int]], similarities: list[list[float]]
) -> None:
    with pytest.raises(IndexMismatch):
        Graph.build(ids, neighbours, similarities)


def test_an_empty_library_has_no_themes() -> None:
    rows = np.empty((0, 8), np.float32)
    graph = Graph.build([], np.empty((0, 3), np.int64), np.empty((0, 3)))
    parameters = fit_parameters(graph, rows)
    assert len(cluster(graph, rows, parameters).leaf) == 0
    with pytest.raises(IndexMismatch):
        cluster(graph, np.zeros((2, 8), np.float32), parameters)


def test_two_photos_are_no_theme() -> None:
    rows = unit(np.ones((2, 8)))
    assert found(rows).leaf.tolist() == [-1, -1]


# -- clusters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.6, 1.0, 1.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_themes_are_as_good_as_the_best_eps(spread: float, seed: int) -> None:
    rows, truth = mixture([40, 25, 25, 15, 10, 8, 6, 60], 80, spread, seed, width=256)
    assert rand_index(truth, found(rows).leaf) >= 0.95 * best_of_any_eps(rows, truth, 4)


def test_a_chain_of_gradual_change_is_not_one_theme() -> None:
    angle = np.linspace(0, np.pi, 400)
    random = np.random.default_rng(0)
    chain = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rows = unit(np.hstack([chain, np.zeros((400, 30))]) + 0.02 * random.standard_normal((400, 32)))
    themes = found(rows)
    assert np.count_nonzero(themes.wide == 0) > 350
    assert themes.leaf.max() > 0
    parameters = fit_parameters(neighbour_graph(rows), rows)
    for label in range(themes.leaf.max() + 1):
        members = rows[themes.leaf == label]
        assert 1.0 - np.mean(members @ members.T) <= parameters.width + 0.05


def test_a_cluster_too_large_for_linkage_is_taken_apart() -> None:
    rows, truth = mixture([700, 500, 300, 200], 100, 1.1, width=64)
    graph = neighbour_graph(rows)
    fitted = fit_parameters(graph, rows)
    everything = Parameters(1.0, fitted.min_samples, fitted.width)
    themes = cluster(graph, rows, everything)
    assert np.count_nonzero(themes.wide == 0) > 1_000
    assert rand_index(truth, themes.leaf) > 0.9


def test_a_leaf_lies_in_one_wide_cluster_and_is_large_enough() -> None:
    rows, _ = mixture([30, 20, 10, 5], 60, 1.5)
    themes = found(rows)
    for label in range(themes.leaf.max() + 1):
        members = np.flatnonzero(themes.leaf == label)
        assert len(members) >= 4
        assert len(set(themes.wide[members].tolist())) == 1
        assert themes.wide[members[0]] >= 0


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_photos_does_not_matter(seed: int) -> None:
    rows, _ = mixture([12, 9, 7], 12, 1.2, seed=seed % 7)
    ids = np.random.default_rng(seed).permutation(len(rows))
    shuffled = np.empty_like(rows)
    shuffled[ids] = rows
    assert neighbour_graph(rows, ids).ids.tolist() == sorted(ids)
    parameters = Parameters(0.3, 4, 0.35)
    one = cluster(neighbour_graph(rows, ids), shuffled, parameters)
    two = cluster(neighbour_graph(shuffled), shuffled, parameters)
    assert one.wide.tolist() == two.wide.tolist()
    assert one.leaf.tolist() == two.leaf.tolist()


# -- coming and going ---------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    eps=st.floats(0.05, 0.7),
    min_samples=st.integers(1, 6),
    steps=st.lists(st.tuples(st.integers(0, 25), st.integers(0, 12)), min_size=1, max_size=4),
)
def test_following_what_came_and_went_equals_a_full_run(
    seed: int, eps: float, min_samples: int, steps: list[tuple[int, int]]
) -> None:
    rows, _ = mixture([12, 9, 9, 5], 15, 1.0, seed=seed, width=8)
    random = np.random.default_rng(seed)
    ids = random.permutation(200)[: len(rows)].astype(np.int64)
    parameters = Parameters(eps, min_samples, 0.8 * eps)
    whole = neighbour_graph(rows, ids, k=8)
    place = {int(i): n for n, i in enumerate(ids)}

    def stage(present: set[int]) -> tuple[Graph, Rows]:
        """Some of the photos and the edges among them; vectors in the graph's order."""
        graph = whole.among(sorted(present))
        return graph, rows[[place[int(i)] for i in graph.ids]]

    present = {int(i) for i in ids[:20]}
    themes = cluster(*stage(present), parameters)
    for came, went in steps:
        absent = np.setdiff1d(ids, list(present))
        leaving = random.permutation(sorted(present))[: min(went, len(present))]
        present |= {int(i) for i in random.permutation(absent)[:came]}
        present -= {int(i) for i in leaving}
        graph, vectors = stage(present)
        near = Graph(graph.ids, graph.within(eps))
        themes = follow(near, vectors, parameters, themes)
        full = cluster(graph, vectors, parameters)
        assert themes.core.tolist() == full.core.tolist()
        assert themes.wide.tolist() == full.wide.tolist()
        assert themes.leaf.tolist() == full.leaf.tolist()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), first=st.integers(0, 40))
def test_a_graph_that_grows_equals_one_built_at_once(seed: int, first: int) -> None:
    random = np.random.default_rng(seed)
    ids = random.permutation(90)[:40]
    one, two = random.choice(ids, (2, 120))
    score = random.random(120)
    early = np.isin(one, ids[:first]) & np.isin(two, ids[:first])
    some = Graph.from_pairs(ids[:first], one[early], two[early], score[early])
    grown = some.with_pairs(ids[first:], one[~early], two[~early], score[~early])
    whole = Graph.from_pairs(ids, one, two, score)
    assert grown.ids.tolist() == whole.ids.tolist()
    assert np.allclose(grown.matrix.toarray(), whole.matrix.toarray(), atol=1e-6)
    assert grown.among(ids[:first]).ids.tolist() == sorted(ids[:first])


# -- levels and methods -------------------------------------------------------------------------


def test_themes_near_each_other_lie_in_one_group() -> None:
    random = np.random.default_rng(3)
    families = unit(random.standard_normal((8, 96)))
    kind_of = np.repeat(np.arange(8), 3)
    kinds = unit(families[kind_of] + 0.9 * unit(random.standard_normal((24, 96))))
    truth = np.repeat(np.arange(24), 20)
    rows = unit(kinds[truth] + 0.4 * unit(random.standard_normal((480, 96))))
    graph = neighbour_graph(rows)
    groups = coarsen(truth, rows, fit_parameters(graph, rows))
    assert groups.tolist() == kind_of.tolist()


def test_many_themes_are_grouped_in_parts() -> None:
    rows = unit(np.random.default_rng(0).standard_normal((9_000, 8)))
    groups = coarsen(np.arange(9_000), rows, Parameters(0.1, 1, 0.1, coarse=0.05))
    assert len(groups) == 9_000
    for label in range(0, groups.max() + 1, 50):
        members = rows[groups == label]
        assert 1.0 - np.min(members @ members.T) < 0.6


def test_hdbscan_finds_themes_of_different_density() -> None:
    dense, truth = mixture([40, 40], 0, 0.3, seed=4)
    loose, more = mixture([40], 20, 0.9, seed=5)
    rows = np.concatenate([dense, loose])
    truth = np.concatenate([truth, more + 100])
    graph = neighbour_graph(rows)
    themes = cluster(graph, rows, Parameters(0.0, 4, 0.0, method="hdbscan"))
    assert rand_index(truth, themes.leaf) > 0.6
    lonely = Graph.from_pairs([1, 2, 3], [1], [2], [0.9])
    assert cluster(lonely, np.eye(3), Parameters(0, 3, 0, 0, "hdbscan")).leaf.tolist() == [-1] * 3


# -- real photos --------------------------------------------------------------------------------


def test_real_photos_by_their_colours_reach_the_best_eps(shared: Path) -> None:
    from PIL import Image

    def colours(path: Path) -> NDArray[np.float64]:
        with Image.open(path) as image:
            image.draft("RGB", (64, 64))
            pixels = np.asarray(image.convert("HSV").resize((32, 32))).reshape(-1, 3)
        counts, _ = np.histogramdd(pixels, bins=(8, 4, 4), range=((0, 256),) * 3)
        return np.asarray(np.sqrt(counts.ravel()))

    paths = sorted((shared / "photos" / "albums").glob("*.jpg"))
    names = sorted({path.name.split("_image")[0] for path in paths})
    truth = np.array([names.index(path.name.split("_image")[0]) for path in paths])
    rows = unit(np.stack([colours(path) for path in paths]))
    assert rand_index(truth, found(rows).leaf) >= 0.95 * best_of_any_eps(rows, truth, 4)


def test_importing_grouping_loads_neither_scipy_nor_scikit_learn() -> None:
    script = (
        "import sys, photolib.grouping.themes, photolib.grouping.events, "
        "photolib.grouping.duplicates, photolib.grouping.matching, photolib.grouping.naming;"
        "sys.exit('scipy' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
