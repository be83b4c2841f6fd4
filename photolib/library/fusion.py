"""How scores of several sources and of several parts of a query become one.

Parts combine as probabilities do: AND multiplies, OR takes the best, NOT is one minus. Several
sources for one part (meaning and words) combine as independent evidence: 1 - (1 - a)(1 - b).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from photolib.library.results import Why


@dataclass(slots=True)
class Found:
    """What a part of a query says of a content."""

    score: float
    why: list[Why] = field(default_factory=list)
    crop_id: int | None = None
    """The crop that the best evidence is about."""


Scores: TypeAlias = dict[int, Found]
"""What a part of a query says of each content that it found."""


def either(sources: Iterable[Scores]) -> Scores:
    """Independent evidence for the same thing: 1 - (1 - a)(1 - b)."""
    result: Scores = {}
    for scores in sources:
        for content_id, found in scores.items():
            if content_id in result:
                both = result[content_id]
                if found.score > both.score:
                    both.crop_id = found.crop_id
                both.score = 1.0 - (1.0 - both.score) * (1.0 - found.score)
                both.why += found.why
            else:
                result[content_id] = found
    for found in result.values():
        found.why.sort(key=lambda why: -why.score)
    return result


def best_of(sources: Iterable[Scores]) -> Scores:
    """Any of several: the best score counts, with its reasons."""
    result: Scores = {}
    for scores in sources:
        for content_id, found in scores.items():
            if content_id not in result or found.score > result[content_id].score:
                result[content_id] = found
    return result


def product(sources: Sequence[Scores]) -> Scores:
    """All of several: scores multiply; what one of them did not find is out."""
    result = sources[0]
    for scores in sources[1:]:
        result = {
            content_id: Found(
                found.score * scores[content_id].score,
                found.why + scores[content_id].why,
                found.crop_id or scores[content_id].crop_id,
            )
            for content_id, found in result.items()
            if content_id in scores
        }
    return result


def weighed(scores: Scores, weight: float) -> Scores:
    """A weight above 1 makes a part stricter, below 1 more lenient: the score to that power."""
    if weight != 1.0:
        for found in scores.values():
            found.score = found.score**weight
    return scores
