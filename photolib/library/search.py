"""Finding photos: by words, by meaning, by look, and by what a search demands.

Every part of a query gets a calibrated score from 0 to 1 for each content, and parts combine as
probabilities do: AND multiplies, OR takes the best, NOT is one minus. Several sources for one part
(meaning and words) combine as independent evidence: 1 - (1 - a)(1 - b).
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from photolib.errors import ImageError, ModelError, NotFound, QueryError, UsageError
from photolib.images import Source as File
from photolib.library.allowed import Allowed
from photolib.library.engines import FETCH_HINT
from photolib.library.filters import demanded
from photolib.library.regions import cut, region_candidates
from photolib.library.results import (
    Box,
    Cutoff,
    Hit,
    Likeness,
    SearchResult,
    SimilarResult,
    Source,
    Why,
)
from photolib.models import look, weigh
from photolib.models.placing import grey_raster, places
from photolib.query import And, Like, Not, Or, Phrase, Text, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue, ModelRow, PhotoRow
    from photolib.images import Decoder, ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes
    from photolib.query import Node, Query

CLEAR = 0.6
"""Scores from here on are clear hits."""
LIKELY = 0.25
"""Scores from here on are likely hits; what lies below is shown only when asked for."""

_DEPTH = 2_000
"""Nearest contents that a part of a query considers."""
_BACKGROUND = 1_000
"""Contents whose cosines tell what is ordinary for a query."""
_WORDS_FLOOR = 0.6
"""A photo that holds all the words is a clear hit; BM25 orders such photos above this."""
_TRIED = 48
"""Contents nearest by look in which a picture is searched for as a part."""
_HOLDS = 0.85
"""Correlation from which a photo holds a picture. Of cuts with 30 to 60 % of a photo's sides 95 %
reach it in their own photo; more than one in ten reach it in another as well, so the best leads."""
_LIKENESS = 0.95
"""The most that likeness counts for beside photos that hold a picture."""
_PICTURE_SIDE = 384
_REGION_SIDE = 1024
"""Pixels of the longest side that a picture, or one of which a region is asked for, is read at."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Cosines become scores by how many deviations they stand above a library's ordinary ones.

    ``middle`` deviations make a score of one half; ``slope`` deviations a factor e in the odds.
    """

    middle: float
    slope: float


_SCALES = {"meaning": _Scale(2.2, 0.45), "look": _Scale(2.0, 0.5)}


@dataclass(slots=True)
class _Found:
    """What a part of a query says of a content."""

    score: float
    why: list[Why] = field(default_factory=list)
    crop_id: int | None = None
    """The crop that the best evidence is about."""


_Scores: TypeAlias = dict[int, _Found]


class Searcher:
    """Answers searches from a catalogue, its indexes and an encoder, if there is one."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        engines: Engines,
        decoder: Decoder,
        thumbnails: ThumbnailCache,
        thumbnail_side: int,
    ) -> None:
        self.catalogue = catalogue
        self.indexes = indexes
        self.engines = engines
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._thumbnail_side = thumbnail_side

    def search(
        self, text: str, *, sort: str, limit: int, offset: int, everything: bool
    ) -> SearchResult:
        """A page of the photos that fit a query. Raises UsageError when it is empty, QueryError."""
        query = parse(text)
        if query.is_empty:
            raise UsageError("what to search for is missing", 'Try: photolib search "red car"')
        if sort not in ("relevance", "date"):
            raise UsageError(f"{sort} is not a sort order", "Use relevance or date.")
        # Filters are tested by SQL; without any, what is shown need not be listed.
        allowed = Allowed(self.catalogue, demanded(query) if query.conditions else None)
        model, notice = self._encoder_for(query)
        asking = _Asking(self, allowed, model)
        scores = asking.rank(query)
        ranked = _ranked(scores, allowed)
        hits, counts = _page(ranked, sort, limit, offset, everything or not query.concepts)
        if not notice and ranked and not counts.clear + counts.likely:
            notice = f"Nothing fits well; --all shows the nearest {len(ranked)}."
        return SearchResult(
            query=text,
            model=model.model_id if model else None,
            total=counts.total,
            clear=counts.clear,
            likely=counts.likely,
            cutoff=Cutoff(LIKELY, counts.clear + counts.likely),
            sort=sort,
            sources=self._sources(model),
            notice=notice,
            hits=hits,
            next_offset=offset + limit if offset + limit < counts.total else None,
        )

    def similar(
        self,
        path: str,
        *,
        by: str | None,
        weights: Mapping[str, float],
        region: Box | None,
        limit: int,
        offset: int,
    ) -> SimilarResult:
        """A page of photos like a picture or its region, that have a crop like it, or that hold it.

        The picture need not be in the library. ``by`` is meaning, look or both (the default: both
        with an encoder, else look). The picture itself and its byte copies are left out. Raises
        ImageError, NotFound, UsageError.
        """
        model = self.engines.serving()
        kinds = _ways(by, weights, has_encoder=model is not None)
        if "meaning" in kinds and model is None:
            raise ModelError("comparing by meaning needs an encoder", self.engines.note)
        picture = self.picture(path, region)
        allowed = Allowed(self.catalogue)
        asking = _Asking(self, allowed, model)
        scores = asking.like(picture, kinds, weights)
        scores = {k: v for k, v in scores.items() if k != picture.content_id}
        ranked = _ranked(scores, allowed)
        hits, counts = _page(ranked, "relevance", limit, offset, everything=True)
        return SimilarResult(
            query=path,
            model=model.model_id if model else None,
            total=counts.total,
            clear=counts.clear,
            likely=counts.likely,
            cutoff=Cutoff(LIKELY, counts.clear + counts.likely),
            sort="relevance",
            sources=self._sources(model),
            notice="" if model else self.engines.note,
            hits=hits,
            next_offset=offset + limit if offset + limit < counts.total else None,
            of=Likeness(picture.path, picture.photo_id, region),
        )

    # --- pictures to compare with --------------------------------------------------------------

    def picture(self, path: str, region: Box | None) -> _Picture:
        absolute = os.path.abspath(os.path.expanduser(path))
        if not os.path.isfile(absolute):
            raise NotFound(f"{path}: there is no such file", "Name a picture file.")
        source = File.open(absolute, self._decoder.limits.max_bytes)
        content_id = self.catalogue.photos.content_id(source.content_hash)
        photos = self.catalogue.photos.of_contents([content_id] if content_id else [])
        rows = photos.get(content_id or 0, [])
        photo_id = next((row.photo_id for row in rows if row.path == absolute), None)
        photo_id = photo_id or next((row.photo_id for row in rows), None)
        return _Picture(absolute, source, content_id, photo_id, region, self._decoder)

    def vector_of(self, picture: _Picture, model: ModelRow, kind: str) -> NDArray[np.float32]:
        """The unit vector of a picture or its region: stored where it is known, else made now."""
        if picture.content_id is not None and picture.region is None:
            stored = self.catalogue.vectors.of_content(model.model_no, kind, picture.content_id)
            if stored is not None:
                return stored
        if kind == "look":
            return look(picture.image)
        encoder = self.engines.encoder(model)
        pixels = encoder.preprocess(picture.image)
        vector: NDArray[np.float32] = encoder.encode_images(pixels[None])[0]
        return vector

    def rasters(self, content_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Small grey pictures of contents; those that cannot be read are left out."""
        rows = self.catalogue.photos.of_contents(content_ids)
        found: dict[int, NDArray[np.float32]] = {}
        for content_id, photos in rows.items():
            image = self._thumbnail(next((p for p in photos if p.state == "present"), photos[0]))
            if image is not None:
                found[content_id] = grey_raster(image)
        return found

    def _thumbnail(self, photo: PhotoRow) -> Image | None:
        cached = self._thumbnails.get(photo.content_hash, self._thumbnail_side)
        try:
            if cached is not None:
                return PillowImage.open(io.BytesIO(cached))
            return self._decoder.decode(photo.path, side=self._thumbnail_side).image
        except (ImageError, OSError):
            return None

    # --- results -------------------------------------------------------------------------------

    def _encoder_for(self, query: Query) -> tuple[ModelRow | None, str]:
        """The encoder, and what to tell a person who lacks one and would need it."""
        model = self.engines.serving()
        needs = any(isinstance(node, Text | Phrase) for node in _leaves(query.root))
        return model, FETCH_HINT if model is None and needs else ""

    def _sources(self, model: ModelRow | None) -> tuple[Source, ...]:
        note = "" if model else self.engines.note
        return (
            Source("meaning", model.model_id if model else None, model is not None, note),
            Source("look", self.engines.look().model_id, True),
            Source("words", None, True),
        )


@dataclass(frozen=True)
class _Picture:
    path: str
    source: File
    content_id: int | None
    photo_id: int | None
    region: Box | None
    decoder: Decoder

    @cached_property
    def image(self) -> Image:
        """The picture, or its region, decoded once. Raises ImageError."""
        if self.region is None:
            return self.decoder.decode(self.source, side=_PICTURE_SIDE).image
        return cut(self.decoder.decode(self.source, side=_REGION_SIDE).image, self.region)


@dataclass(frozen=True, slots=True)
class _Ranked:
    found: _Found
    photos: list[PhotoRow]


class _Asking:
    """One query against the contents that it may return."""

    def __init__(self, searcher: Searcher, allowed: Allowed, model: ModelRow | None) -> None:
        self._searcher = searcher
        self._allowed = allowed
        self._contents = allowed.contents
        self._model = model

    def rank(self, query: Query) -> _Scores:
        """Scores of all contents that the query ranks; 1 for each when it only has filters."""
        if not query.concepts:
            why = [Why("filter", "meets every filter", 1.0, 1.0)]
            return {content_id: _Found(1.0, why) for content_id in self._allowed.every_content()}
        return self._all_of(query.concepts)

    def _score(self, node: Node) -> _Scores:
        match node:
            case Text(words, weight):
                return _weighed(self._text(words, phrase=False), weight)
            case Phrase(words, weight):
                return _weighed(self._text(words, phrase=True), weight)
            case Like():
                return _weighed(self._like(node), node.weight)
            case And(parts, weight):
                return _weighed(self._all_of(parts), weight)
            case Or(parts, weight):
                return _weighed(_best([self._score(part) for part in parts]), weight)
        message = "a filter cannot stand inside OR or a group with words yet"
        raise QueryError(message, node.span[0], "Put the filter beside the group.")

    def _all_of(self, parts: Sequence[Node]) -> _Scores:
        wanted = [self._score(part) for part in parts if not isinstance(part, Not)]
        unwanted = [self._score(part.part) for part in parts if isinstance(part, Not)]
        if wanted:
            result = _product(wanted)
        else:
            result = {content_id: _Found(1.0) for content_id in self._allowed.every_content()}
        for scores in unwanted:
            for content_id, found in result.items():
                if content_id in scores:
                    found.score *= 1.0 - scores[content_id].score
        return result

    def _text(self, words: str, *, phrase: bool) -> _Scores:
        sources = [self._words(words, phrase=phrase)]
        if self._model is not None:
            encoder = self._searcher.engines.encoder(self._model)
            sources.append(self._nearest(encoder.encode_text(words), self._model, "meaning", words))
        return _either(sources)

    def _words(self, words: str, *, phrase: bool) -> _Scores:
        store = self._searcher.catalogue.words
        hits = store.search(words.split(), phrase=phrase)
        contents = self._allowed.content_of(hit.photo_id for hit in hits)
        hits = [hit for hit in hits if hit.photo_id in contents]
        best = max((hit.rank for hit in hits), default=1.0) or 1.0
        scores: _Scores = {}
        for hit in hits:
            content_id = contents[hit.photo_id]
            if content_id not in scores:
                score = _WORDS_FLOOR + (0.99 - _WORDS_FLOOR) * hit.rank / best
                source, detail = self._where(hit.photo_id, words, len(scores))
                scores[content_id] = _Found(score, [Why(source, detail, score, hit.rank)])
        return scores

    def _where(self, photo_id: int, words: str, place: int) -> tuple[str, str]:
        """Where the words stand; looked up for the first results only."""
        if place >= 500:
            return "text", words
        columns = self._searcher.catalogue.words.where(photo_id, words.split())
        if not columns:
            return "text", words
        column, text = columns[0]
        source = {"name": "name", "folder": "name", "labels": "label"}.get(column, "text")
        return source, f"{column}: {text[:120]}"

    def _like(self, node: Like) -> _Scores:
        region = node.region
        box = (region.x, region.y, region.width, region.height) if region else None
        picture = self._searcher.picture(node.path, box)
        weights = {feature.name: feature.weight for feature in node.features}
        kinds = ["look"] if self._model is None else ["meaning", "look"]
        scores = self.like(picture, kinds, weights)
        return {k: v for k, v in scores.items() if k != picture.content_id}

    def like(
        self, picture: _Picture, kinds: Sequence[str], weights: Mapping[str, float]
    ) -> _Scores:
        """Contents like a picture in any of these ways, and those that hold it."""
        found = {kind: self._near(picture, kind, weights) for kind in kinds}
        looks = {} if weights else found.get("look", {})
        nearest = sorted(looks, key=lambda c: -looks[c].score)[:_TRIED]
        return self._placed(picture, _either(found.values()), nearest)

    def _near(self, picture: _Picture, kind: str, weights: Mapping[str, float]) -> _Scores:
        """Contents like a picture, by meaning or by look."""
        model = self._searcher.engines.look() if kind == "look" else self._model
        assert model is not None
        stored = "look" if kind == "look" else "photo"
        vector = self._searcher.vector_of(picture, model, stored)
        if kind == "look" and weights:
            vector = weigh(vector, {k: v for k, v in weights.items() if k != "meaning"})
        return self._nearest(vector, model, kind, os.path.basename(picture.path))

    def _placed(self, picture: _Picture, scores: _Scores, tried: Sequence[int]) -> _Scores:
        """Put the photos that demonstrably hold the picture first, and tell where they do."""
        rasters = self._searcher.rasters(tried)
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
                scores[content_id] = _Found(score, [why, *found.why])
            elif holding:
                found.score *= _LIKENESS
        return scores

    def _nearest(
        self, vector: NDArray[np.float32], model: ModelRow, source: str, detail: str
    ) -> _Scores:
        """Contents that are near a vector as a whole or by one of their crops."""
        kind = "look" if source == "look" else "photo"
        searcher = self._searcher
        index = searcher.indexes.get(model, kind)
        if not len(index):
            return {}
        ordinary = index.reconstruct(_sample(index.ids())) @ vector
        cosines, ids = searcher.indexes.nearest(model, kind, vector, self._contents, _DEPTH)
        scores = _calibrated(cosines, ordinary, _SCALES[source])
        contents = searcher.catalogue.vectors.contents_of(ids.tolist())
        whole: _Scores = {}
        for embedding_id, cosine, score in zip(ids.tolist(), cosines, scores, strict=True):
            content_id = contents.get(embedding_id)
            if content_id is not None:
                why = Why(source, detail, float(score), float(cosine))
                whole[content_id] = _Found(float(score), [why])
        return _best([whole, self._parts(vector, model, _SCALES[source], detail, ordinary)])

    def _parts(
        self,
        vector: NDArray[np.float32],
        model: ModelRow,
        scale: _Scale,
        detail: str,
        ordinary: NDArray[np.float32],
    ) -> _Scores:
        searcher = self._searcher
        parts = region_candidates(
            searcher.catalogue, searcher.indexes, model, vector, self._contents, _DEPTH
        )
        cosines = np.array([part.cosine for part in parts.values()], np.float32)
        scores = _calibrated(cosines, ordinary, scale).tolist()
        found: _Scores = {}
        for (content_id, (crop, cosine)), score in zip(parts.items(), scores, strict=True):
            why = Why("crop", crop.label or detail, score, cosine, crop.box)
            found[content_id] = _Found(score, [why], crop.crop_id)
        return found


def _ranked(scores: _Scores, allowed: Allowed) -> list[_Ranked]:
    """One entry per content, best first; among equals the newest first."""
    photos = allowed.photos(c for c, found in scores.items() if found.score > 0)
    ranked = [_Ranked(scores[content_id], rows) for content_id, rows in photos.items()]
    ranked.sort(
        key=lambda entry: (entry.photos[0].taken_at, entry.photos[0].photo_id), reverse=True
    )
    ranked.sort(key=lambda entry: -entry.found.score)
    return ranked


@dataclass(frozen=True, slots=True)
class _Counts:
    total: int
    clear: int
    likely: int


def _page(
    ranked: list[_Ranked], sort: str, limit: int, offset: int, everything: bool
) -> tuple[tuple[Hit, ...], _Counts]:
    clear = sum(entry.found.score >= CLEAR for entry in ranked)
    likely = sum(LIKELY <= entry.found.score < CLEAR for entry in ranked)
    shown = ranked if everything else ranked[: clear + likely]
    places = list(enumerate(shown, 1))
    if sort == "date":
        places.sort(key=lambda place: place[1].photos[0].taken_at, reverse=True)
    hits = tuple(_hit(rank, entry) for rank, entry in places[offset : offset + limit])
    return hits, _Counts(len(shown), clear, likely)


def _hit(rank: int, entry: _Ranked) -> Hit:
    photo, *copies = entry.photos
    return Hit(
        rank=rank,
        path=photo.path,
        photo_id=photo.photo_id,
        score=round(entry.found.score, 4),
        taken_at=photo.taken_at,
        why=tuple(entry.found.why),
        state=photo.state,
        copies=tuple(copy.path for copy in copies),
        crop_id=entry.found.crop_id,
    )


def _calibrated(
    cosines: NDArray[np.float32], ordinary: NDArray[np.float32], scale: _Scale
) -> NDArray[np.float64]:
    """Cosines (k,) as scores 0 to 1, given the cosines (m,) of ordinary contents.

    Median and upper quartile describe the ordinary ones: the hits themselves barely move them.
    """
    middle, upper = np.quantile(ordinary, (0.5, 0.8413))
    deviation = max(float(upper - middle), 0.01)
    odds = ((cosines - middle) / deviation - scale.middle) / scale.slope
    scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(odds.astype(np.float64), -30, 30)))
    return np.where(np.isfinite(cosines), scores, 0.0)


def _sample(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Up to ``_BACKGROUND`` ids, the same ones for the same index."""
    step = max(1, len(ids) // _BACKGROUND)
    return ids[::step][:_BACKGROUND]


def _ways(by: str | None, weights: Mapping[str, float], *, has_encoder: bool) -> list[str]:
    if by is None:
        by = "look" if weights or not has_encoder else "both"
    if by not in ("meaning", "look", "both"):
        raise UsageError(f"{by} is no way to compare", "Use meaning, look or both.")
    return ["meaning", "look"] if by == "both" else [by]


def _either(sources: Iterable[_Scores]) -> _Scores:
    """Independent evidence for the same thing: 1 - (1 - a)(1 - b)."""
    result: _Scores = {}
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


def _best(sources: Iterable[_Scores]) -> _Scores:
    """Any of several: the best score counts, with its reasons."""
    result: _Scores = {}
    for scores in sources:
        for content_id, found in scores.items():
            if content_id not in result or found.score > result[content_id].score:
                result[content_id] = found
    return result


def _product(sources: Sequence[_Scores]) -> _Scores:
    """All of several: scores multiply; what one of them did not find is out."""
    result = sources[0]
    for scores in sources[1:]:
        result = {
            content_id: _Found(
                found.score * scores[content_id].score,
                found.why + scores[content_id].why,
                found.crop_id or scores[content_id].crop_id,
            )
            for content_id, found in result.items()
            if content_id in scores
        }
    return result


def _weighed(scores: _Scores, weight: float) -> _Scores:
    """A weight above 1 makes a part stricter, below 1 more lenient: the score to that power."""
    if weight != 1.0:
        for found in scores.values():
            found.score = found.score**weight
    return scores


def _leaves(node: Node | None) -> Iterable[Node]:
    match node:
        case None:
            return
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case _:
            yield node
