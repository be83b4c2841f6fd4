"""How scores of several sources and of several parts of a query become one.

Scores are probabilities that a photo is meant, float64 (n,) over the same contents. Parts combine
as probabilities of independent events do: AND multiplies, OR takes the best, NOT is one minus; a
filter is 0 or 1, so among filters alone these are the rules of Boole. Several sources for one part
(meaning and words) are independent evidence for one thing: 1 - (1 - a)(1 - b).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from photolib.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Scores: TypeAlias = NDArray[np.float64]

GOES_FIRST = ("best", "meaning", "look")


def either(sources: Sequence[Scores]) -> Scores:
    """Independent evidence for the same thing: 1 - (1 - a)(1 - b)."""
    doubt = np.ones_like(sources[0])
    for scores in sources:
        doubt *= 1.0 - scores
    return 1.0 - doubt


def all_of(parts: Sequence[Scores]) -> Scores:
    """All of several: scores multiply."""
    product: Scores = np.multiply.reduce(list(parts))
    return product


def any_of(parts: Sequence[Scores]) -> Scores:
    """Any of several: the best score counts."""
    best: Scores = np.maximum.reduce(list(parts))
    return best


def without(scores: Scores) -> Scores:
    """Not this: what is surely it is out, what may be it loses as much as it may."""
    return 1.0 - scores


def weighed(scores: Scores, weight: float) -> Scores:
    """A weight above 1 makes a part stricter, below 1 more lenient: the score to that power."""
    return scores if weight == 1.0 else scores**weight


@dataclass(frozen=True, slots=True)
class Mixture:
    """How meaning and look share in saying what is like a picture.

    ``meaning_share`` is 0 (look alone) to 1 (meaning alone). With ``both_first`` photos that are
    likely by both come before all others; ``first`` is best (the higher score), or the way whose
    likely hits come before those of the other way alone. Raises UsageError for other values.
    """

    meaning_share: float = 0.5
    both_first: bool = False
    first: str = "best"

    def __post_init__(self) -> None:
        if not 0.0 <= self.meaning_share <= 1.0:
            raise UsageError(f"meaning_share is {self.meaning_share}", "It goes from 0 to 1.")
        if self.first not in GOES_FIRST:
            raise UsageError(f"first is {self.first}", f"Use {', '.join(GOES_FIRST)}.")

    def scores(self, meaning: Scores, look: Scores) -> Scores:
        """Both as one: independent evidence, each to the power of twice its share."""
        share = 2.0 * self.meaning_share
        return 1.0 - (1.0 - meaning) ** share * (1.0 - look) ** (2.0 - share)

    def tiers(self, meaning: Scores, look: Scores, likely: float) -> NDArray[np.int8]:
        """Which hits come before others whatever their scores: those of the higher number."""
        by_meaning, by_look = meaning >= likely, look >= likely
        tiers = np.zeros(len(meaning), np.int8)
        if self.first != "best":
            tiers[by_meaning if self.first == "meaning" else by_look] = 1
        if self.both_first:
            tiers[by_meaning & by_look] = 2
        return tiers
