"""Duplicate sets from verified pairs, and which photo is the best of a set.

Precision comes first: what is proposed here may be removed. A set is a star: every member was
matched with the keeper itself, never only with another member, so no chain of small differences can
carry a photo away from what it is said to equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.config import BEST_PICK_RULES
from photolib.errors import UsageError
from photolib.grouping.graph import Graph, dbscan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

_ANY_DISTANCE = 2.0
"""A verified pair is an edge whatever its score."""


@dataclass(frozen=True, slots=True)
class DuplicateSet:
    """A keeper's id, its copies in ascending order, and each one's own match with the keeper."""

    keeper: int
    copies: tuple[int, ...]
    scores: tuple[float, ...]

    @property
    def members(self) -> tuple[int, ...]:
        return (self.keeper, *self.copies)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What decides which member of a set is kept.

    ``format`` is a name like ``jpeg``; ``derived`` how many others of the set it was made from;
    ``metadata`` the number of facts its file carries; ``sharpness`` as measured at one common size;
    ``rating`` 0 to 5; ``albums`` how many a person put it into; ``folder`` the place of its folder
    in a person's order of preference; ``since`` the earliest known time in seconds; ``path`` breaks
    the last tie.
    """

    path: str
    width: int
    height: int
    format: str
    reference: bool = False
    derived: int = 0
    metadata: int = 0
    sharpness: float = 0.0
    rating: int | None = None
    albums: int = 0
    folder: int = 0
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """Which candidate to keep (its place), why each is kept or not, and whether it was a toss-up.

    ``tie`` is set when nothing but age or path told the best from the second best.
    """

    keeper: int
    reasons: tuple[str, ...]
    tie: bool


def propose(
    a: ArrayLike,
    b: ArrayLike,
    score: ArrayLike,
    rank: Mapping[int, int],
    apart: Collection[tuple[int, int]] = (),
) -> list[DuplicateSet]:
    """Disjoint duplicate sets from verified pairs: ids int64 (m,) twice, scores float (m,) 0 to 1.

    DBSCAN with ``min_samples`` 2 over the pairs finds the photos that hang together. Each such
    group is cut into stars: its best photo by ``rank`` (lowest first, then lowest id) keeps all it
    was matched with, and the rest goes on without them; whoever is left alone is in no set. Pairs
    ``apart`` (smaller id first) are never in one set: the better match with the keeper stays. The
    sets come in ascending order of their keepers.
    """
    one, two = np.asarray(a, np.int64), np.asarray(b, np.int64)
    graph = Graph.from_pairs(np.union1d(one, two), one, two, score)
    labels = dbscan(graph.matrix, _ANY_DISTANCE, 2).labels
    order = sorted(
        np.flatnonzero(labels >= 0).tolist(),
        key=lambda row: (rank.get(int(graph.ids[row]), len(rank)), row),
    )
    free = set(order)
    stars = (_star(graph, row, free, apart) for row in order)
    return sorted((star for star in stars if star), key=lambda star: star.keeper)


def rules(names: Iterable[str] = BEST_PICK_RULES) -> tuple[Rule, ...]:
    """The rules of the best pick, in a person's order; reference folders come first all the same,
    and the path decides what nothing else does. Names are those of ``BEST_PICK_RULES``.
    """
    return (_REFERENCE, *(_RULES[name] for name in dict.fromkeys(names)), _PATH)


def best_pick(candidates: Sequence[Candidate], order: Sequence[Rule] | None = None) -> Pick:
    """The candidate to keep by ``rules`` in order (None: all of them), and why.

    Raises UsageError when there are no candidates.
    """
    if not candidates:
        raise UsageError("nothing to choose from")
    order = order or rules()
    places = best_first(candidates, order)
    best = candidates[places[0]]
    reasons = [_deciding(candidate, best, order).loses(candidate, best) for candidate in candidates]
    second = candidates[places[1]] if len(places) > 1 else None
    rule = _deciding(best, second, order) if second else None
    reasons[places[0]] = rule.wins(best) if rule else "the only one"
    return Pick(places[0], tuple(reasons), rule is not None and not rule.strong)


def best_first(candidates: Sequence[Candidate], order: Sequence[Rule] | None = None) -> list[int]:
    """The places of the candidates, best first, by the rules of ``best_pick``."""
    chosen = order or rules()
    return sorted(
        range(len(candidates)), key=lambda i: [rule.key(candidates[i]) for rule in chosen]
    )


def _star(
    graph: Graph, row: int, free: set[int], apart: Collection[tuple[int, int]]
) -> DuplicateSet | None:
    """Take the keeper at ``row`` and the free photos it was matched with out of ``free``."""
    if row not in free:
        return None
    free.discard(row)
    matched = sorted((d, m) for m, d in zip(*_edges(graph.matrix, row), strict=True) if m in free)
    kept: list[tuple[int, float]] = []
    for distance, place in matched:
        others = (int(graph.ids[p]) for p in (row, *(k for k, _ in kept)))
        if not any(_pair(int(graph.ids[place]), other) in apart for other in others):
            kept.append((place, distance))
    free.difference_update(place for place, _ in kept)
    if not kept:
        return None
    kept.sort()
    copies = tuple(int(graph.ids[place]) for place, _ in kept)
    return DuplicateSet(int(graph.ids[row]), copies, tuple(round(1.0 - d, 5) for _, d in kept))


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _edges(matrix: Any, row: int) -> tuple[list[int], list[float]]:
    start, stop = matrix.indptr[row : row + 2]
    return matrix.indices[start:stop].tolist(), matrix.data[start:stop].tolist()


@dataclass(frozen=True, slots=True)
class Rule:
    """``key`` sorts the better first; ``wins`` and ``loses`` say so; weak rules leave a tie."""

    key: Callable[[Candidate], Any]
    wins: Callable[[Candidate], str]
    loses: Callable[[Candidate, Candidate], str]
    strong: bool = True


_FORMATS = ("raw", "dng", "tiff", "png", "heif", "heic", "avif", "jxl", "jpeg", "webp", "gif")
"""Closest to the sensor first, then lossless, then by what is kept at the usual quality."""


def _format_place(candidate: Candidate) -> int:
    name = candidate.format.lower()
    return _FORMATS.index(name) if name in _FORMATS else len(_FORMATS)


def _sharpness_step(candidate: Candidate) -> int:
    """Sharpness in steps of a quarter: smaller differences come from the codec."""
    return round(math.log(max(candidate.sharpness, 1e-3)) / math.log(1.25))


def _size(candidate: Candidate) -> str:
    return f"{candidate.width} x {candidate.height}"


_REFERENCE = Rule(
    lambda c: not c.reference,
    lambda c: "in a reference folder",
    lambda c, best: "the other is in a reference folder",
)
_PATH = Rule(
    lambda c: (len(PurePath(c.path).parts), len(c.path), c.path),
    lambda c: "first by path, otherwise equal",
    lambda c, best: "later by path, otherwise equal",
    strong=False,
)
_RULES = {
    "original": Rule(
        lambda c: c.derived,
        lambda c: "the original of the others",
        lambda c, best: "made from another of these",
    ),
    "pixels": Rule(
        lambda c: -c.width * c.height,
        lambda c: f"most pixels ({_size(c)})",
        lambda c, best: f"fewer pixels ({_size(c)}, not {_size(best)})",
    ),
    "format": Rule(
        _format_place,
        lambda c: f"better format ({c.format})",
        lambda c, best: f"lesser format ({c.format}, not {best.format})",
    ),
    "metadata": Rule(
        lambda c: -c.metadata,
        lambda c: "most metadata",
        lambda c, best: f"less metadata ({c.metadata} facts, not {best.metadata})",
    ),
    "sharpness": Rule(
        lambda c: -_sharpness_step(c), lambda c: "sharpest", lambda c, best: "less sharp"
    ),
    "rating": Rule(
        lambda c: -(c.rating or 0),
        lambda c: f"highest rating ({c.rating})",
        lambda c, best: f"lower rating ({c.rating or 0}, not {best.rating})",
    ),
    "albums": Rule(
        lambda c: -c.albums,
        lambda c: "in most of your albums",
        lambda c, best: "in fewer of your albums",
    ),
    "folder": Rule(
        lambda c: c.folder,
        lambda c: "in a folder you prefer",
        lambda c, best: "in a folder you prefer less",
    ),
    "age": Rule(
        lambda c: math.inf if c.since is None else c.since,
        lambda c: "oldest, otherwise equal",
        lambda c, best: "newer, otherwise equal",
        strong=False,
    ),
}


def _deciding(a: Candidate, b: Candidate, order: Sequence[Rule]) -> Rule:
    """The first rule that tells two candidates apart; the last one when none does."""
    return next((rule for rule in order if rule.key(a) != rule.key(b)), order[-1])
