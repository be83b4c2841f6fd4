"""Where evidence comes from: meaning, look and crops by vectors, and what is written of a photo.

Each source names the contents that it would propose, then judges any contents it is asked about,
its own and those that other parts of a query proposed, and at last says why of a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from photolib.library.indexes import crop_kind, whole_kind
from photolib.library.results import Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.library.calibration import Scale
    from photolib.library.indexes import Indexes, Near
    from photolib.library.selection import Selection

    Ids = NDArray[np.int64]
    Scores = NDArray[np.float64]

DEPTH = 2_000
"""Nearest photos, and nearest crops, that a vector proposes."""
COMPARED = 5_000
"""Contents proposed by other parts of a query that are compared exactly; if there are more, those
that this source did not propose itself count as unlike."""
_RANKED = 2_000
"""Photos that BM25 ranks; words that more photos hold tell too little to rank by."""
_WORDS_FLOOR = 0.6
"""A photo that holds all the words is a clear hit; BM25 orders such photos above this."""
_WORDS_MOST = 0.99
_SOME_WORDS = 0.45
"""The most that some of several words make; their share is that of their rarity."""
_COMMON = 0.2
"""Share of the library from which a word that is not required says nothing."""
_SAY_LITTLE = frozenset(
    "a an and are as at be by for from has he her his in into is it its next of off on onto or out"
    " over she some that the their them there they this to two three several while with up down"
    " photo picture image".split()
)
"""Words of sentences that are no names of things; in a quoted phrase they count."""


SHOWN = 120
"""Characters of a text that are quoted as evidence."""


class Evidence(NamedTuple):
    """One reason for a hit, and the crop that it is about."""

    why: Why
    crop_id: int | None = None


class Source(Protocol):
    """Evidence of one kind for one part of a query."""

    def propose(self, within: Selection) -> Ids:
        """Contents (n,) of a selection that are worth judging."""

    def judge(self, contents: Ids) -> Scores:
        """Scores (n,) of distinct contents (n,), ascending."""

    def explain(self, content_id: int) -> list[Evidence]:
        """The evidence for one of the contents that were judged last."""


class Likeness:
    """Contents near a vector as a whole, or by one of their crops."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        model: ModelRow,
        scale: Scale,
        source: str,
        detail: str,
        *,
        crops: bool = True,
    ) -> None:
        """``crops`` says whether a crop may stand for its photo."""
        self._catalogue = catalogue
        self._indexes = indexes
        self._model = model
        self._scale = scale
        self._source = source
        self._detail = detail
        self._kinds = (whole_kind(model), *([crop_kind(model)] if crops else []))
        self._found: list[list[Near]] = [[] for _ in self._kinds]
        self._judged = np.empty(0, np.int64)
        self._best: list[_Best] = []

    def propose(self, within: Selection) -> Ids:
        proposed = []
        for found, kind in zip(self._found, self._kinds, strict=True):
            near = self._indexes.nearest(self._model, kind, self._scale.vector, within, DEPTH)
            found.append(near)
            proposed.append(near.contents)
        return np.unique(np.concatenate(proposed))

    def judge(self, contents: Ids) -> Scores:
        own = [near.contents for found in self._found for near in found]
        unknown = np.setdiff1d(contents, np.concatenate([np.empty(0, np.int64), *own]), True)
        self._judged = contents
        self._best = []
        for found, kind in zip(self._found, self._kinds, strict=True):
            known = list(found)
            if 0 < len(unknown) <= COMPARED:
                vector = self._scale.vector
                known.append(self._indexes.compare(self._model, kind, vector, unknown))
            self._best.append(best_of(known, contents))
        return self._scale.scores(np.maximum.reduce([best.products for best in self._best]))

    def explain(self, content_id: int) -> list[Evidence]:
        place = int(np.searchsorted(self._judged, content_id))
        whole, *parts = (best.products[place] for best in self._best)
        for part in parts if max(parts, default=whole) > whole else ():
            embedding_id = int(self._best[1].ids[place])
            crop = self._catalogue.regions.crop_of_embedding([embedding_id]).get(embedding_id)
            if crop is not None:
                score, raw = self._score(part)
                why = Why("crop", crop.label or self._detail, score, raw, crop.box)
                return [Evidence(why, crop.crop_id)]
        if not np.isfinite(whole):
            return []
        return [Evidence(Why(self._source, self._detail, *self._score(whole)))]

    def _score(self, product: np.float32) -> tuple[float, float]:
        products = np.array([product], np.float32)
        score, raw = self._scale.scores(products)[0], self._scale.evidence(products)[0]
        return round(float(score), 4), round(float(raw), 4)


class _Best(NamedTuple):
    """For each content the largest inner product of its vectors, and whose it is."""

    products: NDArray[np.float32]
    ids: Ids


def best_of(known: Sequence[Near], contents: Ids) -> _Best:
    best = _Best(np.full(len(contents), -np.inf, np.float32), np.full(len(contents), -1, np.int64))
    if not len(contents):
        return best
    for near in known:
        places = np.minimum(np.searchsorted(contents, near.contents), len(contents) - 1)
        asked = contents[places] == near.contents
        places, products, ids = places[asked], near.products[asked], near.ids[asked]
        order = np.argsort(products, kind="stable")
        places, products, ids = places[order], products[order], ids[order]
        fresh = np.full(len(contents), -np.inf, np.float32)
        fresh[places] = products  # of several for one content, the last and largest stays
        owners = np.full(len(contents), -1, np.int64)
        owners[places] = ids
        better = fresh > best.products
        best.products[better], best.ids[better] = fresh[better], owners[better]
    return best


class Writing:
    """Contents about which the words are written: in names, labels, tags, places, or in them."""

    def __init__(
        self, catalogue: Catalogue, words: str, selection: Selection, *, phrase: bool
    ) -> None:
        self._catalogue = catalogue
        self._phrase = phrase
        every = words.split()
        telling = [word for word in every if word.lower() not in _SAY_LITTLE]
        self._words = every if phrase or not telling else telling
        self._roster = selection.roster
        self._proposed = np.empty(0, np.int64)
        """Rows worth judging: photos that hold some words tell little when there are very many."""
        self._rows, scores = self._found(selection)
        owners = self._roster.contents[self._rows]
        order = np.lexsort((scores, owners))
        last = _last_of_each(owners[order])
        self._owners, self._scores = owners[order][last], scores[order][last]
        self._photos = self._roster.photos[self._rows][order][last]

    def propose(self, within: Selection) -> Ids:
        rows = self._proposed[within.rows[self._proposed]]
        return np.unique(self._roster.contents[rows])

    def judge(self, contents: Ids) -> Scores:
        if not len(self._owners):
            return np.zeros(len(contents))
        places = np.minimum(np.searchsorted(self._owners, contents), len(self._owners) - 1)
        return np.where(self._owners[places] == contents, self._scores[places], 0.0)

    def explain(self, content_id: int) -> list[Evidence]:
        place = int(np.searchsorted(self._owners, content_id))
        if place == len(self._owners) or self._owners[place] != content_id:
            return []
        photo_id, score = int(self._photos[place]), round(float(self._scores[place]), 4)
        columns = self._catalogue.words.where(photo_id, self._words)
        if not columns:
            return [Evidence(Why("text", " ".join(self._words), score, score))]
        return [Evidence(self._why(content_id, *columns[0], score))]

    def _found(self, selection: Selection) -> tuple[Ids, Scores]:
        """Rows (n,) of photos that may be returned and hold some of the words, and scores (n,)."""
        full = self._holding(self._words, selection)
        scores = np.full(len(full), _WORDS_FLOOR)
        if 0 < len(full) <= _RANKED:
            photos = self._roster.photos[full].tolist()
            ranks = self._catalogue.words.ranks(self._words, photos, phrase=self._phrase)
            best = max(ranks.values(), default=0.0) or 1.0
            rise = np.array([ranks.get(photo_id, 0.0) / best for photo_id in photos])
            scores += (_WORDS_MOST - _WORDS_FLOOR) * np.clip(rise, 0.0, 1.0)
        self._proposed = full
        if self._phrase or len(self._words) < 2:
            return full, scores
        some, shares = self._some(selection)
        if len(some) <= DEPTH:
            self._proposed = np.concatenate([some, full])
        return np.concatenate([some, full]), np.concatenate([_SOME_WORDS * shares, scores])

    def _some(self, selection: Selection) -> tuple[Ids, Scores]:
        """Rows that hold some of the words, and the share of the words' rarity that they hold."""
        count = len(self._roster.photos)
        held = [self._holding([word], selection) for word in self._words]
        rarity = [max(float(np.log((count + 1) / (len(rows) + 0.5))), 0.0) for rows in held]
        telling = [
            (rows, weight)
            for rows, weight in zip(held, rarity, strict=True)
            if weight and len(rows) <= max(_COMMON * count, 3)
        ]
        if not telling:
            return np.empty(0, np.int64), np.empty(0)
        rows, places = np.unique(np.concatenate([r for r, _ in telling]), return_inverse=True)
        weights = np.concatenate([np.full(len(r), weight) for r, weight in telling])
        return rows, np.bincount(places, weights, len(rows)) / sum(rarity)

    def _holding(self, words: Sequence[str], selection: Selection) -> Ids:
        rows = self._roster.places(self._catalogue.words.holding(words, phrase=self._phrase))
        return rows[selection.rows[rows]]

    def _why(self, content_id: int, column: str, text: str, score: float) -> Why:
        """Where the words stand: the line of a picture that holds most of them, or a fact."""
        source = {"name": "name", "folder": "name", "labels": "label"}.get(column, "text")
        lines = []
        if column == "ocr":
            lines = self._catalogue.regions.texts_of([content_id]).get(content_id, [])
        share = self._catalogue.words.share
        best = max(lines, key=lambda line: share(line.words, self._words), default=None)
        if best is None:
            return Why(source, f"{column}: {text[:SHOWN]}", score, score)
        return Why(source, best.words[:SHOWN], score, score, best.box)


def _last_of_each(ordered: Ids) -> NDArray[np.bool_]:
    """Which of equal neighbours come last."""
    return np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
