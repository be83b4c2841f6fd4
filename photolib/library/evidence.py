"""How far a score can be trusted, by what is known of some of the things that were scored."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    Known = Mapping[str, tuple[Collection[int], Collection[int]]]

FLOOR = 0.3
"""Scores below this are never suggested: a word that does not lead its rivals says nothing."""

_USUAL = 0.5
"""The threshold where nothing is known: the word outweighs all others together."""
_TRUST = 0.6
"""Share of suggestions that has to be right, at the cautious end of what the evidence allows."""
_CAUTION = 1.2816
"""Standard deviations of the cautious end: nine times in ten the truth lies above it."""
_ENOUGH = 10
"""Known cases from which the lack of a good threshold is a verdict and not want of evidence."""
_ENOUGH_OF_ONE = 5
_EVERYWHERE = 1 / 3
"""Share of the photos from which a word tells none of them apart."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scores from which labels are suggested; None: never."""

    pooled: float | None = _USUAL
    own: dict[str, float | None] = field(default_factory=dict)
    """Those of labels about which enough is known."""

    def admits(self, name: str, score: float) -> bool:
        """Whether a label of this score is suggested."""
        threshold = self.own.get(name, self.pooled)
        return threshold is not None and self.pooled is not None and score >= threshold


def thresholds(scores: Mapping[str, Mapping[int, float]], known: Known, total: int) -> Thresholds:
    """Thresholds for labels from their scores by content, of ``total`` contents.

    ``known`` has for some labels the contents that show it and those that do not.
    """
    cases = {name: list(_cases(by_content, known.get(name))) for name, by_content in scores.items()}
    everything = [case for some in cases.values() for case in some]
    pooled = _lowest(everything) if _telling(everything, _USUAL) >= _ENOUGH else _USUAL
    own: dict[str, float | None] = {}
    for name, some in cases.items():
        level = _USUAL if pooled is None else pooled
        if _telling(some, level) >= _ENOUGH_OF_ONE:
            own[name] = level = _lowest(some) or math.inf
        if sum(score >= level for score in scores[name].values()) > _EVERYWHERE * total:
            own[name] = math.inf
    return Thresholds(pooled, {name: None if t == math.inf else t for name, t in own.items()})


def _cases(
    by_content: Mapping[int, float], known: tuple[Collection[int], Collection[int]] | None
) -> Iterable[tuple[float, bool]]:
    shown, absent = known or ((), ())
    for content_id, score in by_content.items():
        if content_id in shown:
            yield score, True
        elif content_id in absent:
            yield score, False


def _telling(cases: Iterable[tuple[float, bool]], level: float) -> int:
    return sum(score >= level for score, _ in cases)


def _lowest(cases: Iterable[tuple[float, bool]]) -> float | None:
    """The lowest score from which on enough of the cases are right; None where there is none."""
    lowest, right = None, 0
    for count, (score, is_right) in enumerate(sorted(cases, reverse=True), 1):
        right += is_right
        if cautious_share(right, count) >= _TRUST:
            lowest = score
    return lowest


def cautious_share(right: int, count: int) -> float:
    """The lower end of the score interval for a share (Wilson, 1927)."""
    share, z2 = right / count, _CAUTION**2
    middle = share + z2 / (2 * count)
    spread = _CAUTION * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return (middle - spread) / (1 + z2 / count)
