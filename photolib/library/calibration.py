"""From cosines to scores of 0 to 1 that mean the same for every query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLEAR = 0.6
"""Scores from here on are clear hits."""
LIKELY = 0.25
"""Scores from here on are likely hits; what lies below is shown only when asked for."""

_BACKGROUND = 1_000
"""Contents whose cosines tell what is ordinary for a query."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Cosines become scores by how many deviations they stand above a library's ordinary ones.

    ``middle`` deviations make a score of one half; ``slope`` deviations a factor e in the odds.
    """

    middle: float
    slope: float


SCALES = {"meaning": Scale(2.2, 0.45), "look": Scale(2.0, 0.5)}


def calibrated(
    cosines: NDArray[np.float32], ordinary: NDArray[np.float32], scale: Scale
) -> NDArray[np.float64]:
    """Cosines (k,) as scores 0 to 1, given the cosines (m,) of ordinary contents.

    Median and upper quartile describe the ordinary ones: the hits themselves barely move them.
    """
    middle, upper = np.quantile(ordinary, (0.5, 0.8413))
    deviation = max(float(upper - middle), 0.01)
    odds = ((cosines - middle) / deviation - scale.middle) / scale.slope
    scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(odds.astype(np.float64), -30, 30)))
    return np.where(np.isfinite(cosines), scores, 0.0)


def sample(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Up to ``_BACKGROUND`` ids, the same ones for the same index."""
    step = max(1, len(ids) // _BACKGROUND)
    return ids[::step][:_BACKGROUND]
