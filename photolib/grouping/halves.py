"""Taking one album apart: its two halves, and the photos that are odd ones out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LINKAGE_ROWS = 1_000
_ODD = 2.5
"""Deviations below the usual cosine with the rest from which a photo is an odd one out."""
_FEWEST_TO_JUDGE = 6


def halves(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of the rows (n, d), unit vectors, form the smaller of two groups: bool (n,).

    The last step of average linkage, unless that splits off less than a tenth, or there are too
    many rows for it; then the sign along the direction in which they differ most. Of fewer than two
    rows, none.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    count = len(vectors)
    if count < 2:
        return np.zeros(count, bool)
    side = np.zeros(count, bool)
    if count <= _LINKAGE_ROWS:
        distances = (1.0 - vectors @ vectors.T)[np.triu_indices(count, 1)]
        tree = linkage(np.clip(distances, 0.0, 2.0), "average")
        side = fcluster(tree, 2, "maxclust") == 2
    if 10 * min(side.sum(), count - side.sum()) < count:
        some = vectors - vectors.mean(axis=0)
        along = some @ np.linalg.svd(some, full_matrices=False)[2][0]
        side = along > np.median(along)
    smaller: NDArray[np.bool_] = side if 2 * side.sum() <= count else ~side
    last: NDArray[np.bool_] = np.arange(count) == count - 1
    return smaller if smaller.any() else last


def halves_in_time(times: ArrayLike) -> NDArray[np.bool_]:
    """Which of some moments (n,) lie after the longest pause: bool (n,); NaN lies before it."""
    seconds = np.asarray(times, np.float64)
    known = np.sort(seconds[np.isfinite(seconds)])
    if len(known) < 2:
        return np.zeros(len(seconds), bool)
    cut = known[np.argmax(np.diff(known)) + 1]
    after: NDArray[np.bool_] = np.nan_to_num(seconds, nan=-np.inf) >= cut
    return after


def odd_ones(vectors: NDArray[np.floating]) -> NDArray[np.intp]:
    """The rows (n, d), unit vectors, that fit the others least, the oddest first.

    Each row's mean cosine with the others is compared with the median of these, in robust
    deviations (1.4826 times the median absolute deviation: Rousseeuw and Croux, 1993).
    """
    count = len(vectors)
    if count < _FEWEST_TO_JUDGE:
        return np.empty(0, np.intp)
    fit = (vectors @ vectors.sum(axis=0) - 1.0) / (count - 1)
    spread = 1.4826 * np.median(np.abs(fit - np.median(fit)))
    below = (np.median(fit) - fit) / max(float(spread), 1e-6)
    order = np.argsort(-below, kind="stable")
    odd: NDArray[np.intp] = order[below[order] > _ODD]
    return odd
