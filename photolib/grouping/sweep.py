"""How good a clustering is: silhouette, purity, and how far two of them agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.graph import Graph, dbscan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.grouping.graph import Labels
    from photolib.grouping.themes import Vectors

_SAMPLE = 2_000
"""Photos that the silhouette is taken of: it costs the square of their number."""


def quality(
    graph: Graph, vectors: Vectors, eps: float, min_samples: int, truth: Labels
) -> tuple[int, int, float | None, float | None]:
    """Clusters, noise, silhouette and purity of DBSCAN at one radius.

    ``truth`` int64 (n,) is -1 where nothing is known; silhouette and purity are None where they are
    not defined.
    """
    labels = dbscan(graph.within(eps), eps, min_samples).labels
    noise = int((labels < 0).sum())
    return (
        int(labels.max(initial=-1)) + 1,
        noise,
        silhouette(vectors, labels),
        purity(labels, truth),
    )


def silhouette(vectors: Vectors, labels: Labels) -> float | None:
    """The mean silhouette of the clustered photos by cosine distance, from -1 to 1.

    Taken of a fixed sample of them (Rousseeuw, "Silhouettes", 1987). None for fewer than two
    clusters.
    """
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    inside = np.sort(np.random.default_rng(0).permutation(inside)[:_SAMPLE])
    kinds = len(np.unique(labels[inside]))
    if kinds < 2 or kinds >= len(inside):
        return None
    return round(float(silhouette_score(vectors[inside], labels[inside], metric="cosine")), 4)


def purity(labels: Labels, truth: Labels) -> float | None:
    """The share of clustered photos of a known kind that are of their cluster's main kind."""
    both = (labels >= 0) & (truth >= 0)
    if not both.any():
        return None
    pairs, counts = np.unique(
        np.column_stack([labels[both], truth[both]]), axis=0, return_counts=True
    )
    best = np.zeros(int(pairs[:, 0].max()) + 1, np.int64)
    np.maximum.at(best, pairs[:, 0], counts)
    return round(float(best.sum() / both.sum()), 4)


def singles(labels: Labels) -> Labels:
    """The labels with each photo of noise as a cluster of its own."""
    lone: NDArray[np.int64] = np.where(
        labels < 0, int(labels.max(initial=-1)) + 1 + np.arange(len(labels)), labels
    )
    return lone


def agreement(one: Labels, other: Labels) -> float:
    """The adjusted Rand index of two clusterings of the same photos, noise as singletons."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(singles(one), singles(other))) if len(one) else 1.0
