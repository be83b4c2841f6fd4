"""Photos like others: by meaning, by look, by one of their crops, or because they hold them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import UsageError
from photolib.library.calibration import LIKELY, picture_scale
from photolib.library.indexes import whole_kind
from photolib.library.results import Why
from photolib.library.sources import Evidence, Likeness
from photolib.models import LOOK_PARTS, look_part_similarities, sketch_query, weigh
from photolib.models.placing import places
from photolib.query import LIKE_PRESETS

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


def weights_of(same: str | None, weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that begin with those of a word of LIKE_PRESETS. Raises UsageError for another."""
    if same is not None and same not in LIKE_PRESETS:
        hint = f"Use {' or '.join(LIKE_PRESETS)}."
        raise UsageError(f"{same} is nothing to have in common", hint)
    return {**(LIKE_PRESETS[same] if same else {}), **weights}


def ways(by: str | None, weights: Mapping[str, float], *, has_encoder: bool) -> list[str]:
    """What pictures are compared by: meaning, look or both.

    Unless ``by`` says it, both where there is an encoder; weights for parts of the look ask for the
    look alone, if meaning has no weight too. What has no weight left is not compared. Raises
    UsageError when nothing is.
    """
    looking = any(weights.get(part, 1.0) for part in LOOK_PARTS)
    if by is None:
        named = looking and any(part in weights for part in LOOK_PARTS)
        by = "look" if not has_encoder or (named and "meaning" not in weights) else "both"
    if by not in ("meaning", "look", "both"):
        raise UsageError(f"{by} is no way to compare", "Use meaning, look or both.")
    left = {"meaning": weights.get("meaning", 1.0) > 0, "look": looking}
    names = [name for name, is_left in left.items() if is_left and by in (name, "both")]
    if not names:
        raise UsageError("no part is left to compare", "Give one of them a weight above 0.")
    return names


def sketched(catalogue: Catalogue, indexes: Indexes, look: ModelRow, picture: Picture) -> Likeness:
    """Contents whose edges and colours are where a sketch has them, as wholes.

    Raises UsageError for a sketch that is blank, ImageError.
    """
    try:
        vector = sketch_query(picture.image)
    except ValueError as exc:
        hint = "Draw in any colour but white: white stands for paper."
        raise UsageError(f"{picture.path}: {exc}", hint) from exc
    scale = picture_scale(vector, indexes.sample(look, whole_kind(look)), "look")
    return Likeness(catalogue, indexes, look, scale, "look", "sketch", crops=False)


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
        self._catalogue = catalogue
        self._examples = examples
        self._mixture = mixture
        self._more = more
        self._weights = dict(weights or {})
        self._own = [p.content_id for p in (*more, *less) if p.content_id is not None]
        detail = ", ".join(os.path.basename(picture.path) for picture in more)
        self._models = dict(models)
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
        # A weight counts as if so many pieces of this evidence had been found independently.
        meaning = 1.0 - (1.0 - meaning) ** self._weights.get("meaning", 1.0)
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
        evidence = [self._in_parts(each, content_id) for each in evidence]
        evidence.sort(key=lambda each: -each.why.score)
        held = self._holding.get(content_id)
        if held is None:
            return evidence
        place, score = held
        why = Why("look", "holds it", round(score, 4), round(place.correlation, 4), place.box)
        return [Evidence(why), *evidence]

    def _in_parts(self, evidence: Evidence, content_id: int) -> Evidence:
        """Evidence of the look that also tells how near the parts are, where they have weights."""
        if evidence.why.source != "look" or not self._weights:
            return evidence
        look = self._models["look"]
        stored = self._catalogue.vectors.of_content(look.model_no, "look", content_id)
        if stored is None:
            return evidence
        wanted = self._examples.vector_of(self._more[0], look, "look")
        near = look_part_similarities(wanted, stored)
        counted = [f"{n} {near[n]:.2f}" for n in LOOK_PARTS if self._weights.get(n, 1.0) > 0]
        detail = f"{evidence.why.detail}: {', '.join(counted)}"
        return evidence._replace(why=replace(evidence.why, detail=detail))

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
