"""Names for clusters: the words that set one apart from the rest of the library."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CERTAIN = 1.96
"""A z-score that chance reaches one time in forty on this side."""
_COVERS = 0.3
"""A word names a cluster only when it holds for this share of the photos in it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many photos of a set of ``size`` carry each word, place or dominant colour.

    ``period`` is a date text for the set ("Jan 2023") or empty; ``texts`` are words read in the
    pictures, ``shapes`` "wide", "tall" and "square"; ``meanings`` say how many deviations nearer
    than the library the set is to a word, as an encoder sees it.
    """

    size: int
    words: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    colours: Mapping[str, int] = field(default_factory=dict)
    period: str = ""
    texts: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, int] = field(default_factory=dict)
    meanings: Mapping[str, float] = field(default_factory=dict)


def distinctive(
    inside: Mapping[str, int], size: int, everywhere: Mapping[str, int], total: int
) -> list[tuple[str, float]]:
    """The words that are more frequent in a cluster than outside it, best first, with z-scores.

    ``inside`` and ``everywhere`` count photos with the word, of ``size`` in the cluster and
    ``total`` in the library, the cluster included. The score is the log odds ratio over its
    standard deviation, both smoothed by the library's own frequency (Monroe, Colaresi and Quinn,
    "Fightin' words", 2008), times the share of the cluster that the word covers: a rare word may be
    certain and still say little about the whole.
    """
    scored = [
        (word, score * count / size)
        for word, count in inside.items()
        if count >= _COVERS * size
        and (score := _z(count, size, everywhere.get(word, count), total)) >= _CERTAIN
    ]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def suggest(cluster: Evidence, library: Evidence, limit: int = 5) -> list[str]:
    """Up to ``limit`` different names for a cluster, the best first; there is always one.

    Single distinctive words come first (labels and keywords, then what an encoder sees, then what
    is written in the pictures), then pairs of them, then a word or a place with the place or the
    period, and last what is merely frequent, or how the pictures look.
    """
    if cluster.size < 1:
        return ["Empty"]
    words = _apart(cluster, library, "words")
    words += [word for word in _meant(cluster) if word not in words]
    words += [word for word in _apart(cluster, library, "texts") if word not in words]
    places = _apart(cluster, library, "places") or _most(cluster.places, cluster.size)
    colours = _apart(cluster, library, "colours")
    heads = [_capital(word) for word in words]
    names = heads[:2]
    names += [f"{heads[0]} and {words[1]}"] if len(words) > 1 else []
    names += [f"{head}, {place}" for head in heads[:1] for place in places[:1]]
    names += [f"{_capital(colour)} {word}" for colour in colours[:1] for word in words[:1]]
    names += places[:1]
    names += [f"{place}, {cluster.period}" for place in places[:1] if cluster.period]
    names += [f"{head}, {cluster.period}" for head in heads[:1] if cluster.period]
    names += [_capital(word) for word in _most(cluster.words, cluster.size)]
    names += _look(cluster, library, colours)
    names += [cluster.period] if cluster.period else []
    return list(dict.fromkeys(names))[:limit] or [f"{cluster.size} photos"]


def _apart(cluster: Evidence, library: Evidence, kind: str) -> list[str]:
    inside, everywhere = getattr(cluster, kind), getattr(library, kind)
    return [word for word, _ in distinctive(inside, cluster.size, everywhere, library.size)]


def _meant(cluster: Evidence) -> list[str]:
    """The words that an encoder sees in a cluster more than in the library, the nearest first."""
    return sorted(cluster.meanings, key=lambda word: (-cluster.meanings[word], word))


def _look(cluster: Evidence, library: Evidence, colours: list[str]) -> list[str]:
    """What the pictures look like: "Mostly teal, wide"."""
    shapes = _apart(cluster, library, "shapes")[:1]
    prevailing = colours[:1] or _most(cluster.colours, cluster.size)
    names = [", ".join([f"Mostly {colour}", *shapes]) for colour in prevailing]
    return names or [_capital(shape) for shape in shapes]


def _most(counts: Mapping[str, int], size: int) -> list[str]:
    """The most frequent entry, when it covers half of the photos."""
    ordered = sorted(Counter(counts).items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, count in ordered[:1] if 2 * count >= size]


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _z(count: int, size: int, all_count: int, total: int) -> float:
    """The z-score of the log odds ratio, cluster against the rest, smoothed by the library.

    The prior weighs as much as one photo, spread as the word is over the library. A cluster that is
    the whole library has nothing to stand out from.
    """
    outside = max(total - size, 0)
    if not outside:
        return 0.0
    rest = min(max(all_count - count, 0), outside)
    prior = (count + rest + 0.5) / (size + outside + 1.0)
    yes, no = count + prior, size - count + 1.0 - prior
    other_yes, other_no = rest + prior, outside - rest + 1.0 - prior
    odds = math.log(yes / no) - math.log(other_yes / other_no)
    return odds / math.sqrt(1 / yes + 1 / no + 1 / other_yes + 1 / other_no)
