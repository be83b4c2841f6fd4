"""Finding photos: by words, by meaning, by look, and by what a search demands, page by page.

A query is read, its filters choose photos (``selection``), its parts are scored (``asking``), and
what scores well enough is shown, the best first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import ModelError, UsageError
from photolib.library.alike import Alike, sketched, ways
from photolib.library.asking import Answer, Asking, Means, Part, judged
from photolib.library.calibration import RULES, Measured, cutoff
from photolib.library.colours import ColourIndex, is_colour
from photolib.library.engines import FETCH_HINT
from photolib.library.examples import Examples
from photolib.library.filters import Reading, condition, demanded
from photolib.library.fusion import Mixture
from photolib.library.labelled import labels_met
from photolib.library.nested import Nested
from photolib.library.ranking import Ranking
from photolib.library.results import (
    Compared,
    Cutoff,
    Hit,
    Likeness,
    ModelHits,
    SearchResult,
    SimilarResult,
    Source,
    Why,
)
from photolib.library.roster import Rosters
from photolib.library.selection import SHOWN, Selections
from photolib.query import Phrase, Text, parse, to_text, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.config import Settings
    from photolib.images import Decoder, ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.examples import Picture
    from photolib.library.indexes import Indexes
    from photolib.library.results import Example
    from photolib.library.selection import Selection
    from photolib.query import Node, Query

    Ids = NDArray[np.int64]

SORTS = ("relevance", "date")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and how its hits are wanted."""

    text: str
    sort: str = "relevance"
    limit: int = 50
    offset: int = 0
    everything: bool = False
    """Also what lies below the cut-off."""

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise UsageError(f"{self.sort} is not a sort order", "Use relevance or date.")


class Searcher:
    """Answers searches from a catalogue, its indexes and an encoder, if there is one."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        engines: Engines,
        decoder: Decoder,
        thumbnails: ThumbnailCache,
        settings: Settings,
    ) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._examples = Examples(catalogue, engines, decoder, thumbnails, settings.thumbnail_size)
        self._selections = Selections(catalogue, Rosters(catalogue))
        mixture = Mixture(settings.meaning_share, settings.both_first, settings.goes_first)
        colours = ColourIndex(catalogue)
        self._means = Means(catalogue, indexes, engines, self._examples, colours, mixture)

    def search(self, asked: Asked, model: ModelRow | None = None) -> SearchResult:
        """A page of the photos that fit a query, by the serving encoder or another.

        Raises UsageError when the query is empty, QueryError, ModelError.
        """
        query = parse(asked.text)
        if query.is_empty:
            raise UsageError("what to search for is missing", 'Try: photolib search "red car"')
        model = model or self._engines.serving()
        selection, answer = self._answer(query, model)
        ranking = Ranking(answer, selection) if answer else Ranking.by_date(selection)
        sure, everything = ranking.clear + ranking.likely, asked.everything or not query.concepts
        total = len(ranking.faces) if everything else sure
        places = ranking.page(asked.sort, asked.limit, asked.offset, total=total)
        return SearchResult(
            query=asked.text,
            model=model.model_id if model else None,
            total=total,
            clear=ranking.clear,
            likely=ranking.likely,
            cutoff=Cutoff(round(ranking.cutoff, 4), sure),
            sort=asked.sort,
            sources=self._sources(model),
            notice=_notice(query, model, ranking),
            hits=self._hits(places, ranking, selection, answer, query.conditions),
            next_offset=_next(asked.offset, asked.limit, total),
        )

    def matching(self, text: str, nested: Nested | None = None) -> Ids:
        """The ids (n,) of all photos that a query finds above its cut-off, ascending.

        Of each content all photos that meet the query's filters count. ``nested`` is what the query
        stands in. Raises as ``search``.
        """
        query = parse(text)
        selection, answer = self._answer(query, self._engines.serving(), nested)
        rows = selection.rows
        if answer and query.concepts:
            found = answer.contents[answer.scores >= cutoff(answer.scores)]
            rows = rows & selection.roster.showing(found)
        return selection.roster.photos[rows]

    def compare(
        self, a: ModelRow, b: ModelRow, queries: Sequence[str], limit: int
    ) -> list[Compared]:
        """Each query asked of two encoders. Raises as ``search``."""
        compared = []
        for text in queries:
            one, two = (self.search(Asked(text, limit=limit, everything=True), m) for m in (a, b))
            shown = {hit.photo_id for hit in one.hits} & {hit.photo_id for hit in two.hits}
            compared.append(Compared(text, _model_hits(one), _model_hits(two), len(shown)))
        return compared

    def similar(
        self,
        more: Sequence[Example],
        less: Sequence[Example],
        *,
        by: str | None,
        weights: Mapping[str, float],
        sketch: bool,
        limit: int,
        offset: int,
    ) -> SimilarResult:
        """A page of photos like some pictures and unlike others, that have a crop like them, or
        that hold them.

        The pictures need not be in the library. ``by`` is meaning, look or both (the default: both
        with an encoder, else look). The pictures themselves and their byte copies are left out.
        With ``sketch`` the one picture is a drawing of what is wanted, and nothing else is said.
        Raises ImageError, ModelError, NotFound, UsageError.
        """
        if not more:
            raise UsageError("like what? No picture is given", "Name a picture or more.")
        model = self._engines.serving()
        if sketch and (by or weights or less or len(more) > 1 or more[0].region):
            raise UsageError("a sketch is compared as a whole", "Leave out the other options.")
        models = self._ways(ways(by, weights, has_encoder=model is not None), model)
        wanted = [self._examples.open(example) for example in more]
        unwanted = [self._examples.open(example) for example in less]
        selection = self._selections.current().meeting(SHOWN)
        means = self._means
        part: Part = (
            sketched(self._catalogue, means.indexes, self._engines.look(), wanted[0])
            if sketch
            else Alike(
                self._catalogue, means.indexes, self._examples, models, means.mixture, wanted,
                unwanted, weights,
            )
        )  # fmt: skip
        answer = judged(part, selection)
        ranking = Ranking(answer, selection)
        total = len(ranking.faces)
        places = ranking.page("relevance", limit, offset, total=total)
        likenesses = tuple(map(_likeness, wanted))
        return SimilarResult(
            query=" ".join(likeness.path for likeness in likenesses),
            model=model.model_id if model else None,
            total=total,
            clear=ranking.clear,
            likely=ranking.likely,
            cutoff=Cutoff(round(ranking.cutoff, 4), ranking.clear + ranking.likely),
            sort="relevance",
            sources=self._sources(model),
            notice="" if model else self._engines.note,
            hits=self._hits(places, ranking, selection, answer, ()),
            next_offset=_next(offset, limit, total),
            of=likenesses[0],
            more=likenesses,
            less=tuple(map(_likeness, unwanted)),
        )

    # --- answering -----------------------------------------------------------------------------

    def _answer(
        self, query: Query, model: ModelRow | None, nested: Nested | None = None
    ) -> tuple[Selection, Answer | None]:
        """The photos that meet a query's filters, and which fit; None: all fit equally."""
        nested = nested or Nested(self._catalogue, self)
        reading = Reading(date.today(), self._means.colours.meeting, nested.photos)
        chosen = self._selections.current()
        selection = chosen.meeting(demanded(query, reading))
        if query.concepts:
            translate = partial(condition, reading=reading)
            measured = self._measured(model)
            asking = Asking(self._means, chosen, model, measured, translate)
            return selection, asking.answer(query.concepts, selection)
        if not any(is_colour(each) for each in query.filters):
            return selection, None
        contents = np.flatnonzero(selection.contents)
        scores = self._means.colours.graded(query.conditions, contents)
        return selection, Answer(contents, scores, np.zeros(len(contents), np.int8))

    def _measured(self, model: ModelRow | None) -> Measured | None:
        row = model and self._catalogue.vectors.calibration(model.model_no, "text", RULES)
        return Measured.of_row(row) if row else None

    def _ways(self, names: Sequence[str], model: ModelRow | None) -> dict[str, ModelRow]:
        models = {"look": self._engines.look()} | ({"meaning": model} if model else {})
        if "meaning" in names and model is None:
            raise ModelError("comparing by meaning needs an encoder", self._engines.note)
        return {name: models[name] for name in names}

    # --- results -------------------------------------------------------------------------------

    def _hits(
        self,
        places: Ids,
        ranking: Ranking,
        selection: Selection,
        answer: Answer | None,
        conditions: Sequence[Node],
    ) -> tuple[Hit, ...]:
        """The hits at some places of the ranking; only their photos are read."""
        contents = ranking.contents[places].tolist()
        photos = self._catalogue.photos.of_contents(contents)
        colours = self._means.colours.explain(conditions, contents)
        labels = labels_met(self._catalogue, conditions, contents)
        facts = {content_id: [*colours[content_id], *labels[content_id]] for content_id in contents}
        met = tuple(Why("filter", to_text(node), 1.0, 1.0) for node in conditions)
        hits = []
        for place, content_id in zip(places.tolist(), contents, strict=True):
            rows = [r for r in photos.get(content_id, ()) if selection.has_photo(r.photo_id)]
            if not rows:
                continue  # it went away this moment
            rows.sort(key=lambda row: (row.taken_at or "", row.photo_id), reverse=True)
            evidence = answer.explain(content_id) if answer else []
            hits.append(
                Hit(
                    rank=place + 1,
                    path=rows[0].path,
                    photo_id=rows[0].photo_id,
                    score=round(float(ranking.scores[place]), 4),
                    taken_at=rows[0].taken_at,
                    why=(*(each.why for each in evidence), *facts[content_id], *met),
                    state=rows[0].state,
                    copies=tuple(row.path for row in rows[1:]),
                    crop_id=evidence[0].crop_id if evidence else None,
                )
            )
        return tuple(hits)

    def _sources(self, model: ModelRow | None) -> tuple[Source, ...]:
        note = "" if model else self._engines.note
        return (
            Source("meaning", model.model_id if model else None, model is not None, note),
            Source("look", self._engines.look().model_id, True),
            Source("words", None, True),
        )


def _likeness(picture: Picture) -> Likeness:
    return Likeness(picture.path, picture.photo_id, picture.region)


def _model_hits(found: SearchResult) -> ModelHits:
    return ModelHits(found.model or "", found.clear, found.likely, found.hits)


def _next(offset: int, limit: int, total: int) -> int | None:
    return offset + limit if offset + limit < total else None


def _notice(query: Query, model: ModelRow | None, ranking: Ranking) -> str:
    """What to tell a person who lacks an encoder and would need it, or who finds nothing."""
    needs = query.root and any(isinstance(each, Text | Phrase) for each in walk(query.root))
    if model is None and needs:
        return FETCH_HINT
    if len(ranking.faces) and not ranking.clear + ranking.likely:
        return f"Nothing fits well; --all shows the nearest {len(ranking.faces)}."
    return ""
