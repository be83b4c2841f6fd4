"""Finding photos: by words, by meaning, by look, and by what a search demands, page by page.

A query is read, its parts are scored (``asking``), their scores combined (``fusion``), and what
scores well enough is shown, the best first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import ModelError, UsageError
from photolib.library.allowed import Allowed
from photolib.library.asking import Asking, Means
from photolib.library.calibration import CLEAR, LIKELY
from photolib.library.colours import ColourIndex
from photolib.library.engines import FETCH_HINT
from photolib.library.examples import Examples
from photolib.library.filters import demanded
from photolib.library.results import (
    Box,
    Cutoff,
    Hit,
    Likeness,
    SearchResult,
    SimilarResult,
    Source,
)
from photolib.query import Phrase, Text, parse, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photolib.catalogue import Catalogue, ModelRow, PhotoRow
    from photolib.images import Decoder, ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.fusion import Found, Scores
    from photolib.library.indexes import Indexes
    from photolib.query import Query


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
        self._catalogue = catalogue
        self._engines = engines
        self._examples = Examples(catalogue, engines, decoder, thumbnails, thumbnail_side)
        self._colours = ColourIndex(catalogue)
        self._means = Means(catalogue, indexes, engines, self._examples, self._colours)

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
        demand = demanded(query, self._colours.meeting) if query.conditions else None
        allowed = Allowed(self._catalogue, demand)
        model, notice = self._encoder_for(query)
        asking = Asking(self._means, allowed, model)
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
        model = self._engines.serving()
        kinds = _ways(by, weights, has_encoder=model is not None)
        if "meaning" in kinds and model is None:
            raise ModelError("comparing by meaning needs an encoder", self._engines.note)
        picture = self._examples.picture(path, region)
        allowed = Allowed(self._catalogue)
        asking = Asking(self._means, allowed, model)
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
            notice="" if model else self._engines.note,
            hits=hits,
            next_offset=offset + limit if offset + limit < counts.total else None,
            of=Likeness(picture.path, picture.photo_id, region),
        )

    # --- results -------------------------------------------------------------------------------

    def _encoder_for(self, query: Query) -> tuple[ModelRow | None, str]:
        """The encoder, and what to tell a person who lacks one and would need it."""
        model = self._engines.serving()
        needs = query.root and any(isinstance(each, Text | Phrase) for each in walk(query.root))
        return model, FETCH_HINT if model is None and needs else ""

    def _sources(self, model: ModelRow | None) -> tuple[Source, ...]:
        note = "" if model else self._engines.note
        return (
            Source("meaning", model.model_id if model else None, model is not None, note),
            Source("look", self._engines.look().model_id, True),
            Source("words", None, True),
        )


@dataclass(frozen=True, slots=True)
class _Ranked:
    found: Found
    photos: list[PhotoRow]


def _ranked(scores: Scores, allowed: Allowed) -> list[_Ranked]:
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


def _ways(by: str | None, weights: Mapping[str, float], *, has_encoder: bool) -> list[str]:
    if by is None:
        by = "look" if weights or not has_encoder else "both"
    if by not in ("meaning", "look", "both"):
        raise UsageError(f"{by} is no way to compare", "Use meaning, look or both.")
    return ["meaning", "look"] if by == "both" else [by]
