"""The scores that a query gives to contents: its tree, part by part."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import QueryError
from photolib.library.calibration import SCALES, Scale, calibrated, sample
from photolib.library.fusion import Found, Scores, best_of, either, product, weighed
from photolib.library.regions import region_candidates
from photolib.library.results import Why
from photolib.models import weigh
from photolib.models.placing import places
from photolib.query import And, Like, Not, Or, Phrase, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.library.allowed import Allowed
    from photolib.library.colours import ColourIndex
    from photolib.library.engines import Engines
    from photolib.library.examples import Examples, Picture
    from photolib.library.indexes import Indexes
    from photolib.query import Node, Query

_DEPTH = 2_000
"""Nearest contents that a part of a query considers."""
_WORDS_FLOOR = 0.6
"""A photo that holds all the words is a clear hit; BM25 orders such photos above this."""
_TRIED = 48
"""Contents nearest by look in which a picture is searched for as a part."""
_HOLDS = 0.85
"""Correlation from which a photo holds a picture. Of cuts with 30 to 60 % of a photo's sides 95 %
reach it in their own photo; more than one in ten reach it in another as well, so the best leads."""
_LIKENESS = 0.95
"""The most that likeness counts for beside photos that hold a picture."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a query is answered with."""

    catalogue: Catalogue
    indexes: Indexes
    engines: Engines
    examples: Examples
    colours: ColourIndex


class Asking:
    """One query against the contents that it may return."""

    def __init__(self, means: Means, allowed: Allowed, model: ModelRow | None) -> None:
        self._means = means
        self._allowed = allowed
        self._contents = allowed.contents
        self._model = model

    def rank(self, query: Query) -> Scores:
        """Scores of all contents that the query ranks.

        With filters alone every score is 1, or says how much there is of the colours asked for.
        """
        if not query.concepts:
            why = [Why("filter", "meets every filter", 1.0, 1.0)]
            scores = {c: Found(1.0, why) for c in self._allowed.every_content()}
        else:
            scores = self._all_of(query.concepts)
        self._means.colours.grade(scores, query.conditions, rank=not query.concepts)
        return scores

    def _score(self, node: Node) -> Scores:
        match node:
            case Text(words, weight):
                return weighed(self._text(words, phrase=False), weight)
            case Phrase(words, weight):
                return weighed(self._text(words, phrase=True), weight)
            case Like():
                return weighed(self._like(node), node.weight)
            case And(parts, weight):
                return weighed(self._all_of(parts), weight)
            case Or(parts, weight):
                return weighed(best_of([self._score(part) for part in parts]), weight)
        message = "a filter cannot stand inside OR or a group with words yet"
        raise QueryError(message, node.span[0], "Put the filter beside the group.")

    def _all_of(self, parts: Sequence[Node]) -> Scores:
        wanted = [self._score(part) for part in parts if not isinstance(part, Not)]
        unwanted = [self._score(part.part) for part in parts if isinstance(part, Not)]
        if wanted:
            result = product(wanted)
        else:
            result = {content_id: Found(1.0) for content_id in self._allowed.every_content()}
        for scores in unwanted:
            for content_id, found in result.items():
                if content_id in scores:
                    found.score *= 1.0 - scores[content_id].score
        return result

    def _text(self, words: str, *, phrase: bool) -> Scores:
        sources = [self._words(words, phrase=phrase)]
        if self._model is not None:
            encoder = self._means.engines.encoder(self._model)
            sources.append(self._nearest(encoder.encode_text(words), self._model, "meaning", words))
        return either(sources)

    def _words(self, words: str, *, phrase: bool) -> Scores:
        store = self._means.catalogue.words
        hits = store.search(words.split(), phrase=phrase)
        contents = self._allowed.content_of(hit.photo_id for hit in hits)
        hits = [hit for hit in hits if hit.photo_id in contents]
        best = max((hit.rank for hit in hits), default=1.0) or 1.0
        scores: Scores = {}
        for hit in hits:
            content_id = contents[hit.photo_id]
            if content_id not in scores:
                score = _WORDS_FLOOR + (0.99 - _WORDS_FLOOR) * hit.rank / best
                source, detail = self._where(hit.photo_id, words, len(scores))
                scores[content_id] = Found(score, [Why(source, detail, score, hit.rank)])
        return scores

    def _where(self, photo_id: int, words: str, place: int) -> tuple[str, str]:
        """Where the words stand; looked up for the first results only."""
        if place >= 500:
            return "text", words
        columns = self._means.catalogue.words.where(photo_id, words.split())
        if not columns:
            return "text", words
        column, text = columns[0]
        source = {"name": "name", "folder": "name", "labels": "label"}.get(column, "text")
        return source, f"{column}: {text[:120]}"

    def _like(self, node: Like) -> Scores:
        region = node.region
        box = (region.x, region.y, region.width, region.height) if region else None
        picture = self._means.examples.picture(node.path, box)
        weights = {feature.name: feature.weight for feature in node.features}
        kinds = ["look"] if self._model is None else ["meaning", "look"]
        scores = self.like(picture, kinds, weights)
        return {k: v for k, v in scores.items() if k != picture.content_id}

    def like(self, picture: Picture, kinds: Sequence[str], weights: Mapping[str, float]) -> Scores:
        """Contents like a picture in any of these ways, and those that hold it."""
        found = {kind: self._near(picture, kind, weights) for kind in kinds}
        looks = {} if weights else found.get("look", {})
        nearest = sorted(looks, key=lambda c: -looks[c].score)[:_TRIED]
        return self._placed(picture, either(found.values()), nearest)

    def _near(self, picture: Picture, kind: str, weights: Mapping[str, float]) -> Scores:
        """Contents like a picture, by meaning or by look."""
        model = self._means.engines.look() if kind == "look" else self._model
        assert model is not None
        stored = "look" if kind == "look" else "photo"
        vector = self._means.examples.vector_of(picture, model, stored)
        if kind == "look" and weights:
            vector = weigh(vector, {k: v for k, v in weights.items() if k != "meaning"})
        return self._nearest(vector, model, kind, os.path.basename(picture.path))

    def _placed(self, picture: Picture, scores: Scores, tried: Sequence[int]) -> Scores:
        """Put the photos that demonstrably hold the picture first, and tell where they do."""
        rasters = self._means.examples.rasters(tried)
        places_found = places(picture.image, list(rasters.values())) if rasters else []
        holding = {
            content_id: place
            for content_id, place in zip(rasters, places_found, strict=True)
            if place is not None and place.correlation >= _HOLDS
        }
        for content_id, found in scores.items():
            place = holding.get(content_id)
            if place is not None:
                share = (min(place.correlation, 1.0) - _HOLDS) / (1 - _HOLDS)
                score = _LIKENESS + (1 - _LIKENESS) * share
                why = Why("look", "holds it", score, place.correlation, place.box)
                scores[content_id] = Found(score, [why, *found.why])
            elif holding:
                found.score *= _LIKENESS
        return scores

    def _nearest(
        self, vector: NDArray[np.float32], model: ModelRow, source: str, detail: str
    ) -> Scores:
        """Contents that are near a vector as a whole or by one of their crops."""
        kind = "look" if source == "look" else "photo"
        means = self._means
        index = means.indexes.get(model, kind)
        if not len(index):
            return {}
        ordinary = index.reconstruct(sample(index.ids())) @ vector
        cosines, ids = means.indexes.nearest(model, kind, vector, self._contents, _DEPTH)
        scores = calibrated(cosines, ordinary, SCALES[source])
        contents = means.catalogue.vectors.contents_of(ids.tolist())
        whole: Scores = {}
        for embedding_id, cosine, score in zip(ids.tolist(), cosines, scores, strict=True):
            content_id = contents.get(embedding_id)
            if content_id is not None:
                why = Why(source, detail, float(score), float(cosine))
                whole[content_id] = Found(float(score), [why])
        return best_of([whole, self._parts(vector, model, SCALES[source], detail, ordinary)])

    def _parts(
        self,
        vector: NDArray[np.float32],
        model: ModelRow,
        scale: Scale,
        detail: str,
        ordinary: NDArray[np.float32],
    ) -> Scores:
        means = self._means
        parts = region_candidates(
            means.catalogue, means.indexes, model, vector, self._contents, _DEPTH
        )
        cosines = np.array([part.cosine for part in parts.values()], np.float32)
        scores = calibrated(cosines, ordinary, scale).tolist()
        found: Scores = {}
        for (content_id, (crop, cosine)), score in zip(parts.items(), scores, strict=True):
            why = Why("crop", crop.label or detail, score, cosine, crop.box)
            found[content_id] = Found(score, [why], crop.crop_id)
        return found
