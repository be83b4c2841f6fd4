"""The scores that a query gives to contents: its tree, part by part.

A tree is answered in two steps. First each part proposes contents among those that may be returned;
then every part judges all that were proposed, so that a photo which one part put forward is known
to the others too. A filter inside a group is a part like any other, whose scores are 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from photolib.errors import QueryError
from photolib.library.alike import Alike, sketched, ways
from photolib.library.calibration import text_scale
from photolib.library.fusion import all_of, any_of, either, weighed, without
from photolib.library.lines import Lines
from photolib.library.results import Why
from photolib.library.sources import COMPARED, Evidence, Likeness, Writing
from photolib.query import And, Filter, Like, Not, Or, Phrase, Text, is_condition, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Condition, ModelRow
    from photolib.library.calibration import Measured
    from photolib.library.colours import ColourIndex
    from photolib.library.engines import Engines
    from photolib.library.examples import Examples
    from photolib.library.fusion import Mixture
    from photolib.library.indexes import Indexes
    from photolib.library.selection import Chosen, Selection
    from photolib.query import Node

    Ids = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Means:
    """What a query is answered with."""

    catalogue: Catalogue
    indexes: Indexes
    engines: Engines
    examples: Examples
    colours: ColourIndex
    mixture: Mixture


class Part(Protocol):
    """A part of a query; see ``Source``, which is one without parts of its own."""

    def propose(self, within: Selection) -> Ids: ...

    def judge(self, contents: Ids) -> Scores: ...

    def explain(self, content_id: int) -> list[Evidence]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Contents (n,), ascending, with their scores (n,), and what puts some before others (n,)."""

    contents: Ids
    scores: Scores
    tiers: NDArray[np.int8]
    explain: Callable[[int], list[Evidence]] = lambda _: []


class Asking:
    """One query against the photos of one moment."""

    def __init__(
        self,
        means: Means,
        chosen: Chosen,
        model: ModelRow | None,
        measured: Measured | None,
        condition: Callable[[Node], Condition],
    ) -> None:
        """``condition`` translates a tree of filters; ``measured`` is of the encoder ``model``."""
        self._means = means
        self._chosen = chosen
        self._model = model
        self._measured = measured
        self._condition = condition

    def answer(self, concepts: Sequence[Node], selection: Selection) -> Answer:
        """Scores of the contents of a selection that fit all of the concepts."""
        parts = [self._part(node, selection) for node in concepts]
        whole = parts[0] if len(parts) == 1 else _All(parts)
        return judged(whole, selection)

    def _part(self, node: Node, selection: Selection) -> Part:
        if is_condition(node):
            return _Met(self._chosen.rows(self._condition(node)), selection, to_text(node))
        match node:
            case Text(words, weight):
                return _weighed(self._text(words, selection, phrase=False), weight)
            case Phrase(words, weight):
                return _weighed(self._text(words, selection, phrase=True), weight)
            case Like(weight=weight):
                return _weighed(self._like(node), weight)
            case Not(part):
                return _Without(self._part(part, selection))
            case And(parts, weight):
                return _weighed(_All([self._part(part, selection) for part in parts]), weight)
            case Or(parts, weight):
                return _weighed(_Any([self._part(part, selection) for part in parts]), weight)
            case Filter():  # is_condition has let none through
                raise QueryError(f"{node.key}: cannot be searched by", node.span[0])

    def _text(self, words: str, selection: Selection, *, phrase: bool) -> Part:
        means, model = self._means, self._model
        sources: list[Part] = [Writing(means.catalogue, words, selection, phrase=phrase)]
        if model is not None:
            vector = means.engines.text_vector(model, words)
            scale = text_scale(vector, means.indexes.sample(model, "photo"), self._measured)
            near = Likeness(means.catalogue, means.indexes, model, scale, "meaning", words)
            sources.append(near)
            if len(means.indexes.get(model, "text")):
                bare = means.engines.text_vector(model, words, bare=True)
                sources.append(Lines(means.catalogue, means.indexes, model, bare))
        return _Either(sources)

    def _like(self, node: Like) -> Part:
        region = node.region
        weights = {feature.name: feature.weight for feature in node.features}
        names = ways(None, weights, has_encoder=self._model is not None)
        box = (region.x, region.y, region.width, region.height) if region else None
        means, look = self._means, self._means.engines.look()
        picture = means.examples.picture(node.path, box)
        if node.sketch:
            return sketched(means.catalogue, means.indexes, look, picture)
        models = {"look": look} | ({"meaning": self._model} if self._model else {})
        return Alike(
            means.catalogue,
            means.indexes,
            means.examples,
            {name: models[name] for name in names},
            means.mixture,
            [picture],
            weights=weights,
        )


def judged(part: Part, selection: Selection) -> Answer:
    """The contents of a selection that a part proposes, with its scores."""
    contents = part.propose(selection)
    scores = part.judge(contents)
    tiers = part.tiers if isinstance(part, Alike) else _even(contents)
    return Answer(contents, scores, tiers, part.explain)


def _even(contents: Ids) -> NDArray[np.int8]:
    return np.zeros(len(contents), np.int8)


# --- parts made of parts ------------------------------------------------------------------------


class _Group:
    """What all groups share: they propose what any of their parts does."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def propose(self, within: Selection) -> Ids:
        return _union([part.propose(within) for part in self._parts])

    def explain(self, content_id: int) -> list[Evidence]:
        """The evidence of all parts, the best first."""
        evidence = [each for part in self._parts for each in part.explain(content_id)]
        return sorted(evidence, key=lambda each: -each.why.score)


class _Either(_Group):
    """Several sources of evidence for one thing."""

    def judge(self, contents: Ids) -> Scores:
        return either([part.judge(contents) for part in self._parts])


class _Any(_Group):
    def judge(self, contents: Ids) -> Scores:
        return any_of([part.judge(contents) for part in self._parts])


class _All(_Group):
    """Filters narrow what the other parts look at, so that these search no deeper in vain."""

    def propose(self, within: Selection) -> Ids:
        for part in self._parts:
            if isinstance(part, _Met):
                within = within.narrowed(part.rows)
        telling = [part for part in self._parts if not isinstance(part, _Met | _Without)]
        proposed = _union([part.propose(within) for part in telling]) if telling else None
        if proposed is None or len(proposed) > COMPARED:
            everything = np.flatnonzero(within.contents)
            for part in self._parts:
                if isinstance(part, _Without):
                    part.propose(within)
            return everything if proposed is None else proposed
        return proposed

    def judge(self, contents: Ids) -> Scores:
        return all_of([part.judge(contents) for part in self._parts])


@dataclass(frozen=True, slots=True)
class _Without:
    part: Part

    def propose(self, within: Selection) -> Ids:
        self.part.propose(within)  # so that among very many contents it knows the likeliest
        return np.flatnonzero(within.contents)

    def judge(self, contents: Ids) -> Scores:
        return without(self.part.judge(contents))

    def explain(self, content_id: int) -> list[Evidence]:
        return []


@dataclass(frozen=True, slots=True)
class _Weighed:
    part: Part
    weight: float

    def propose(self, within: Selection) -> Ids:
        return self.part.propose(within)

    def judge(self, contents: Ids) -> Scores:
        return weighed(self.part.judge(contents), self.weight)

    def explain(self, content_id: int) -> list[Evidence]:
        return self.part.explain(content_id)


def _weighed(part: Part, weight: float) -> Part:
    return part if weight == 1.0 else _Weighed(part, weight)


class _Met:
    """A condition: the photos that meet it, as a set."""

    def __init__(self, rows: Mask, selection: Selection, text: str) -> None:
        self.rows = rows
        self._text = text
        self._contents = selection.narrowed(rows)

    def propose(self, within: Selection) -> Ids:
        return np.flatnonzero(within.narrowed(self.rows).contents)

    def judge(self, contents: Ids) -> Scores:
        return self._contents.holds(contents).astype(np.float64)

    def explain(self, content_id: int) -> list[Evidence]:
        met = self._contents.holds(np.array([content_id]))[0]
        return [Evidence(Why("filter", self._text, 1.0, 1.0))] if met else []


def _union(proposed: Sequence[Ids]) -> Ids:
    return proposed[0] if len(proposed) == 1 else np.unique(np.concatenate(proposed))
