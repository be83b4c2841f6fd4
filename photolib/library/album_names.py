"""What albums are called: the evidence for their names, and covers that show them well."""

from __future__ import annotations

import json
import logging
import os
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.errors import PhotolibError
from photolib.grouping.naming import Evidence, suggest
from photolib.library.labelling import prompt_ensemble, words_of
from photolib.models.look import look_colours

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.config import Settings
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes

_SAY_NOTHING = frozenset(
    "img dsc dscf dscn dcim dji gopr imag mvi pict sam pxl image photo picture pic foto bild copy"
    " edited edit final scan file jpg jpeg png small"
    " large crop cropped resized new old screenshot untitled the and with".split()
)
"""Words of file names that cameras and programs put there."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_EVIDENCE = "album_evidence"
_WORDS_KEPT = 5_000
_SAMPLE = 4_000
"""Vectors that stand for the library when it is asked how usual a word is in it."""
_PER_ALBUM = 200
"""Vectors that stand for a large album."""
_SET_APART = 1.0
"""Standard deviations of a word's cosine over the library by which an album's mean exceeds it."""

_log = logging.getLogger(__name__)


class Namer:
    """Names for the albums of one library."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        engines: Engines,
        settings: Settings,
        model: ModelRow,
        kind: str,
    ) -> None:
        self._catalogue = catalogue
        self._indexes = indexes
        self._engines = engines
        self._place = settings.grouping / f"{model.model_no}-words.npz"
        self._model, self._kind = model, kind
        self._library = Evidence(0)
        self._words: _Words | None = None

    def prepare(self, photos: NDArray[np.int64], *, fresh: bool) -> None:
        """Learn what is usual in the library; read what was learnt before, unless ``fresh``."""
        stored = self._catalogue.setting(_EVIDENCE)
        if stored is None or fresh:
            self._library = self._evidence(photos.tolist())
            self._store()
        else:
            values: dict[str, Any] = json.loads(stored)
            self._library = Evidence(**values)
        if self._model.kind == "encoder":
            self._words = self._usual_words(fresh)

    def suggest(self, photos: Sequence[int]) -> list[str]:
        """Names for an album of these photos, the best first; there is always one."""
        found = self._evidence(photos)
        return suggest(found, self._library)

    def subject(self, crop_ids: Sequence[int]) -> list[str]:
        """Names for a subject, from the labels of its crops; none where nothing is labelled."""
        counts = Counter(self._catalogue.regions.labels_of_crops(crop_ids))
        return [label[:1].upper() + label[1:] for label, _ in counts.most_common(5)]

    def towns(self, places: NDArray[np.int64]) -> list[str | None]:
        """The town of each place id (n,); None for -1."""
        names = self._catalogue.photos.places()
        return [names[place][3] if place in names else None for place in places.tolist()]

    def sharpest(self, photos: Sequence[int]) -> int:
        """The photo that stands for an album: the sharpest of it, the earliest of equal ones."""
        rows = self._catalogue.photos.candidates(photos[:_PER_ALBUM])
        best = max(rows, key=lambda row: (row.rating, row.sharpness, -row.photo_id), default=None)
        return photos[0] if best is None else best.photo_id

    # --- evidence ------------------------------------------------------------------------------

    def _evidence(self, photos: Sequence[int]) -> Evidence:
        rows = self._catalogue.photos.for_grouping(photos)
        contents = list({row["content_id"] for row in rows})
        shapes = Counter(_shape(row["width"], row["height"]) for row in rows)
        return Evidence(
            size=len(rows),
            words=_most(Counter(word for row in rows for word in _words(row))),
            places=_most(Counter(row["town"] for row in rows if row["town"])),
            colours=self._colours(contents),
            period=_period([row["taken_at"] for row in rows if row["taken_source"] != "mtime"]),
            texts=_most(self._texts(contents)),
            shapes={shape: count for shape, count in shapes.items() if shape},
            meanings=self._meanings(contents),
        )

    def _store(self) -> None:
        names = ("size", "words", "places", "colours", "texts", "shapes")
        values = {name: getattr(self._library, name) for name in names}
        self._catalogue.set_setting(_EVIDENCE, json.dumps(values, ensure_ascii=False))

    def _texts(self, contents: Sequence[int]) -> Counter[str]:
        """In how many contents each word was read; a single letter or figure says nothing."""
        counts: Counter[str] = Counter()
        for lines in self._catalogue.regions.texts_of(contents).values():
            counts.update(
                {w.lower() for line in lines for w in re.findall(r"[^\W\d_]{4,}", line.words)}
            )
        return counts

    def _colours(self, contents: Sequence[int]) -> dict[str, int]:
        """In how many contents each colour prevails, read off their looks."""
        look = self._engines.look()
        some = _spread(sorted(contents), _SAMPLE)
        ids = self._catalogue.vectors.ids_of_contents(look.model_no, "look", some)
        ids = ids[np.isin(ids, self._indexes.get(look, "look").ids())]
        if not len(ids):
            return {}
        vectors = self._indexes.get(look, "look").reconstruct(ids)
        scale = len(contents) / len(ids)
        return {name: round(n * scale) for name, n in Counter(look_colours(vectors)).items()}

    # --- what the words mean -------------------------------------------------------------------

    def _meanings(self, contents: Sequence[int]) -> dict[str, float]:
        """Words whose meaning is nearer to an album than it is to the library, in deviations."""
        if self._words is None or not contents:
            return {}
        vectors = self._vectors(_spread(sorted(contents), _PER_ALBUM))
        if not len(vectors):
            return {}
        apart = self._words.apart(vectors)
        best = np.argsort(-apart, kind="stable")[:5]
        words = self._words.words
        return {words[i]: float(apart[i]) for i in best if apart[i] >= _SET_APART}

    def _vectors(self, contents: Sequence[int]) -> NDArray[np.float32]:
        index = self._indexes.get(self._model, self._kind)
        ids = self._catalogue.vectors.ids_of_contents(self._model.model_no, self._kind, contents)
        return index.reconstruct(ids[np.isin(ids, index.ids())])

    def _usual_words(self, fresh: bool) -> _Words | None:
        words = None if fresh else _Words.load(self._place)
        if words is not None:
            return words
        known, _ = self._catalogue.vectors.ids_by_content(self._model.model_no, self._kind)
        if not len(known):
            return None
        try:
            listed, old = words_of(self._catalogue), _Words.load(self._place)
            rows = old.rows if old and old.words == listed else self._encoded(listed)
        except PhotolibError as exc:
            _log.info("albums are named without an encoder: %s", exc)
            return None
        words = _Words.learnt(listed, rows, self._vectors(_spread(known.tolist(), _SAMPLE)))
        words.save(self._place)
        return words

    def _encoded(self, words: list[str]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = prompt_ensemble(self._engines.encoder(self._model), words)
        return rows


class _Words:
    """The vectors of a vocabulary (n, d), and how near each is to the photos of a library."""

    def __init__(
        self,
        words: list[str],
        rows: NDArray[np.float32],
        mean: NDArray[np.float32],
        spread: NDArray[np.float32],
    ) -> None:
        self.words, self.rows, self._mean, self._spread = words, rows, mean, spread

    @classmethod
    def learnt(
        cls, words: list[str], rows: NDArray[np.float32], photos: NDArray[np.float32]
    ) -> _Words:
        cosines = photos @ rows.T
        return cls(words, rows, cosines.mean(axis=0), np.maximum(cosines.std(axis=0), 1e-6))

    def apart(self, photos: NDArray[np.float32]) -> NDArray[np.float32]:
        """How many deviations nearer than the library these photos are to each word, (n,)."""
        found: NDArray[np.float32] = (
            (photos @ self.rows.T).mean(axis=0) - self._mean
        ) / self._spread
        return found

    @classmethod
    def load(cls, place: os.PathLike[str]) -> _Words | None:
        try:
            with np.load(place, allow_pickle=False) as file:
                words = file["words"].tolist()
                return cls(words, file["rows"], file["mean"], file["spread"])
        except Exception:  # noqa: BLE001 - a cache that cannot be read is made again
            return None

    def save(self, place: os.PathLike[str]) -> None:
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            words = np.array(self.words)
            np.savez(place, words=words, rows=self.rows, mean=self._mean, spread=self._spread)
        except OSError as exc:
            _log.warning("the vocabulary was not saved: %s", exc)


def _most(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common(_WORDS_KEPT))


def _spread(values: Sequence[int], count: int) -> Sequence[int]:
    """At most ``count`` of some values, evenly taken."""
    if len(values) <= count:
        return values
    return [values[i] for i in np.linspace(0, len(values) - 1, count).astype(int).tolist()]


def _shape(width: int, height: int) -> str:
    """Of pictures that are far from the shapes that cameras make."""
    if width >= 2 * height:
        return "wide"
    return "tall" if height >= 2 * width else "square" if width == height else ""


def _words(row: sqlite3.Row) -> set[str]:
    """Labels and keywords; words of the file's name that a person may have put there."""
    written = {*(row["labels"] or "").split(","), *json.loads(row["keywords"])}
    name = os.path.splitext(os.path.basename(row["display"]))[0]
    named = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", name)} - _SAY_NOTHING
    return {word for word in written | named if word}


def _period(taken: Iterable[str]) -> str:
    """``Jan 2023`` or ``2021 - 2023`` for local ISO times."""
    moments = sorted(taken)
    if not moments:
        return ""
    first, last = datetime.fromisoformat(moments[0]), datetime.fromisoformat(moments[-1])
    if (first.year, first.month) == (last.year, last.month):
        return f"{_MONTHS[first.month - 1]} {first.year}"
    return str(first.year) if first.year == last.year else f"{first.year} - {last.year}"
