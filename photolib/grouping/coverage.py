"""The few photos that tell most of an album or a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROWS = 2_000
"""Photos that coverage is measured on; of more, an even sample stands for all."""
_QUALITY = 0.15
"""How much the best quality counts, as a share of what one photo could cover alone."""


def telling(
    vectors: NDArray[np.floating], quality: ArrayLike, groups: ArrayLike, count: int
) -> list[int]:
    """The rows of up to ``count`` photos that cover the others best, the most telling first.

    ``vectors`` float (n, d) are unit rows, ``quality`` float (n,) is 0 to 1 (sharp, rated),
    ``groups`` int (n,) name stacks and sets of copies, of which one photo is enough. What is chosen
    maximises facility location: the sum, over all photos, of the similarity to the nearest chosen
    one (negative counts as none), plus the quality of the chosen. Taking the photo that adds most,
    again and again, comes within 1 - 1/e of the best (Nemhauser, Wolsey and Fisher, 1978); that the
    measure suits photo collections: Tschiatschek et al., "Learning mixtures of submodular functions
    for image collection summarization", 2014. The first of equal ones is taken.
    """
    rows = np.asarray(vectors, np.float32)
    worth, group = np.asarray(quality, np.float64), np.asarray(groups)
    if not len(rows) or count < 1:
        return []
    sample = np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).astype(int)
    likeness = np.maximum(rows[sample] @ rows.T, 0.0)
    most = float(likeness.sum(axis=0).max(initial=0.0)) or 1.0
    bonus, free = _QUALITY * most * worth, np.ones(len(rows), bool)
    covered, chosen = np.zeros(len(sample)), list[int]()
    while len(chosen) < count and free.any():
        gain = np.maximum(likeness - covered[:, None], 0.0).sum(axis=0) + bonus
        best = int(np.argmax(np.where(free, gain, -np.inf)))
        chosen.append(best)
        covered = np.maximum(covered, likeness[:, best])
        free &= group != group[best]
    return chosen
