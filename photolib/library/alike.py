"""Photos like others: by meaning, by look, by one of their crops, or because they hold them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from photolib.library.calibration import LIKELY, picture_scale
from photolib.library.indexes import whole_kind
from photolib.library.results import Why
from photolib.library.sources import Evidence, Likeness
from photolib.models import weigh
from photolib.models.placing import places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.library.examples import Examples, Picture
    from photolib.library.fusion import Mixture
    from photolib.library.indexes import Indexes
    from photolib.library.selection import Selection
    from photolib.models.placing import Place

    Ids = NDArray[np.int64]
    Scores = NDArray[np.float64]

_TRIED = 48
"""Contents nearest by look in which a picture is searched for as a part."""
_HOLDS = 0.85
"""Correlation from which a photo holds a picture. Of cuts with 30 to 60 % of a photo's sides 95 %
reach it in their own photo; more than one in ten reach it in another as well, so the best leads."""
_LIKENESS = 0.95
"""The most that likeness counts for beside photos that hold a picture."""
_LESS = 0.5
"""How much "less like these" counts beside "more like those" (Rocchio's feedback; negatives weigh
half, so that they bend a search and do not turn it round)."""


class Alike:
    """Contents like some pictures and unlike others; the pictures themselves are left out."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        examples: Examples,
        models: Mapping[str, ModelRow],
        mixture: Mixture,
        more: Sequence[Picture],
        less: Sequence[Picture] = (),
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """``models`` are those to compare with: of meaning, of look, or both."""
        self._examples = examples
        self._mixture = mixture
        self._more = more
        self._weights = dict(weights or {})
        self._own = [p.content_id for p in (*more, *less) if p.content_id is not None]
        detail = ", ".join(os.path.basename(picture.path) for picture in more)
        self._ways = {
            way: Likeness(
                catalogue,
                indexes,
                model,
                picture_scale(
                    self._vector(model, more, less), indexes.sample(model, whole_kind(model)), way
                ),
                way,
                detail,
            )
            for way, model in models.items()
        }
        self._contents = np.empty(0, np.int64)
        self.tiers = np.empty(0, np.int8)
        """For the contents judged last: those of a higher number come first."""
        self._holding: dict[int, tuple[Place, float]] = {}

    def propose(self, within: Selection) -> Ids:
        return np.unique(np.concatenate([way.propose(within) for way in self._ways.values()]))

    def judge(self, contents: Ids) -> Scores:
        found = {name: way.judge(contents) for name, way in self._ways.items()}
        nothing = np.zeros(len(contents))
        meaning, look = found.get("meaning", nothing), found.get("look", nothing)
        if len(found) == 2:
            scores = self._mixture.scores(meaning, look)
            self.tiers = self._mixture.tiers(meaning, look, LIKELY)
        else:
            scores, self.tiers = meaning + look, np.zeros(len(contents), np.int8)
        own = np.isin(contents, self._own)
        scores[own] = 0.0
        if "look" in found and not self._weights:
            self._place(contents, scores, np.where(own, 0.0, look))
        return scores

    def explain(self, content_id: int) -> list[Evidence]:
        evidence = [each for way in self._ways.values() for each in way.explain(content_id)]
        evidence.sort(key=lambda each: -each.why.score)
        held = self._holding.get(content_id)
        if held is None:
            return evidence
        place, score = held
        why = Why("look", "holds it", round(score, 4), round(place.correlation, 4), place.box)
        return [Evidence(why), *evidence]

    def _vector(
        self, model: ModelRow, more: Sequence[Picture], less: Sequence[Picture]
    ) -> NDArray[np.float32]:
        """The unit vector that a search for these pictures starts from."""
        kind = whole_kind(model)
        vectors = [self._examples.vector_of(picture, model, kind) for picture in more]
        vector = np.mean(vectors, axis=0)
        if less:
            unwanted = [self._examples.vector_of(picture, model, kind) for picture in less]
            vector = vector - _LESS * np.mean(unwanted, axis=0)
        if kind == "look" and self._weights:
            vector = weigh(vector, {k: w for k, w in self._weights.items() if k != "meaning"})
        norm = float(np.linalg.norm(vector))
        return np.asarray(vector / norm if norm else vector, np.float32)

    def _place(self, contents: Ids, scores: Scores, look: Scores) -> None:
        """Put the photos that demonstrably hold a picture first, and remember where they do."""
        self._holding = {}
        nearest = np.argsort(-look, kind="stable")[:_TRIED]
        tried = contents[nearest[look[nearest] > 0]].tolist()
        rasters = self._examples.rasters(tried)
        for picture in self._more if rasters else ():
            found = places(picture.image, list(rasters.values()))
            for content_id, place in zip(rasters, found, strict=True):
                if place is not None and place.correlation >= _HOLDS:
                    share = (min(place.correlation, 1.0) - _HOLDS) / (1.0 - _HOLDS)
                    self._holding[content_id] = place, _LIKENESS + (1.0 - _LIKENESS) * share
        if self._holding:
            scores *= _LIKENESS
            held = np.searchsorted(contents, sorted(self._holding))
            scores[held] = [self._holding[c][1] for c in sorted(self._holding)]
            self.tiers[held] = 3
