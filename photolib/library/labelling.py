"""Suggested labels: stored vectors against the words of a vocabulary; no picture is opened.

A photo, and each of its crops, is compared with every word. Vectors and words are taken relative to
their means, because all pictures, and all texts, lie near one direction (Liang et al., "Mind the
gap", 2022); then the words compete with each other and with texts that fit any picture, so that a
word must stand out. What is right in this is known where a detector has looked or a person has
decided: the threshold is the lowest score above which that evidence bears the suggestions out, for
all words and then for each. Where it never does, nothing is suggested.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from photolib.catalogue import Suggestion
from photolib.errors import ModelError
from photolib.jobs import Job, Problem, Progress
from photolib.library.evidence import FLOOR, Thresholds, thresholds
from photolib.models.encoder import unit_rows
from photolib.models.vocabulary import DEFAULT_WORDS, NEUTRAL_TEXTS, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Lease, ModelRow, Vectors
    from photolib.library.engines import Engines
    from photolib.models import Encoder

    Floats = NDArray[np.float32]

_VERSION = 1
"""Of the stored calibration: raise it when scores come out otherwise."""
_TEMPERATURE = np.float32(0.05)
"""Of the competition among words: a lead of this much cosine is a factor e. Measured on 208 photos
with a small encoder: from 0.03 to 0.07 the order of the best hundred hardly changes."""
LEAST_PHOTOS = 24
"""Below this many photos their mean says nothing, and nothing is suggested."""
_NEWS = 0.2
"""Growth of the library, or of what is known of it, after which everything is scored again."""
_KINDS = ("photo", "crop")
_ROWS = 4096
"""Vectors that are compared with all words at once."""
_TOGETHER = 500
"""Suggestions that come or go in one transaction."""
_EVIDENT = 3
"""Photos that a detector has found a thing in before its not finding it elsewhere counts."""


_Best: TypeAlias = dict[tuple[int, str], tuple[float, int]]
"""For a content and a word the best score and the embedding that has it."""


def words_of(catalogue: Catalogue) -> list[str]:
    """The vocabulary: the words that ship, without those taken away, and those added."""
    added, removed = catalogue.labels.vocabulary()
    gone = {word.lower() for word in removed}
    here = {word.lower(): word for word in (*sorted(added), *DEFAULT_WORDS)}
    return sorted(word for key, word in here.items() if key not in gone)


def prompt_ensemble(encoder: Encoder, words: Sequence[str]) -> Floats:
    """Unit rows (n, d): for each word the mean of its prompts."""
    prompts = [template.format(word) for word in words for template in TEMPLATES]
    rows = encoder.encode_texts(prompts).reshape(len(words), len(TEMPLATES), -1)
    return unit_rows(rows.mean(1))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a library's vectors are compared by, stored so that new photos are scored alike."""

    stamp: str
    """Of the vocabulary and the way it is embedded."""
    change: int
    """The last change of the catalogue that was scored."""
    photos: int
    known: int
    """Labels that were known when the thresholds were set."""
    words: tuple[str, ...]
    texts: Floats
    """Unit rows of the words, then of the neutral texts, relative to their mean."""
    means: dict[str, Floats]
    """The mean vector of each kind of embedding."""
    thresholds: Thresholds

    def dumped(self) -> str:
        """As JSON text."""
        stored = {name: getattr(self, name) for name in ("stamp", "change", "photos", "known")}
        stored |= {"words": self.words, "texts": _packed(self.texts)}
        stored |= {"means": {kind: _packed(mean) for kind, mean in self.means.items()}}
        stored |= {"pooled": self.thresholds.pooled, "own": self.thresholds.own}
        return json.dumps(stored)

    @classmethod
    def loaded(cls, text: str, dimensions: int) -> Calibration:
        """From what ``dumped`` wrote."""
        stored = json.loads(text)
        return cls(
            stamp=stored["stamp"],
            change=stored["change"],
            photos=stored["photos"],
            known=stored["known"],
            words=tuple(stored["words"]),
            texts=_unpacked(stored["texts"]).reshape(-1, dimensions),
            means={kind: _unpacked(mean) for kind, mean in stored["means"].items()},
            thresholds=Thresholds(stored["pooled"], stored["own"]),
        )

    def scores(self, kind: str, vectors: Floats) -> Floats:
        """How far each word (n, words) stands out among all, as shares of 1."""
        relative = unit_rows(vectors - self.means[kind])
        logits = relative @ self.texts.T / _TEMPERATURE
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        chosen: Floats = shares[:, : len(self.words)]
        return chosen


def calibration(catalogue: Catalogue, model: ModelRow | None) -> Calibration | None:
    """What is stored for an encoder; None before its first scoring."""
    if model is None or model.dimensions is None:
        return None
    stored = catalogue.labels.calibration(model.model_no, "labels")
    if stored is None or stored[0] != _VERSION:
        return None
    return Calibration.loaded(stored[1], model.dimensions)


def update(catalogue: Catalogue, engines: Engines, lease: Lease) -> Job[int]:
    """Bring the suggested labels up to date; returns how many came or went.

    New photos are scored by the stored calibration. Everything is when the vocabulary or the
    encoder is another, or when the library, or what is known of it, has grown by a fifth. Without
    an encoder, suggestions stay as they are. Raises LeaseHeld.
    """
    model = engines.serving()
    if model is None:
        return 0
    labelling = _Labelling(catalogue, engines, model, lease)
    return (yield from labelling.run())


class _Labelling:
    """One run over the vectors of one encoder."""

    def __init__(
        self, catalogue: Catalogue, engines: Engines, model: ModelRow, lease: Lease
    ) -> None:
        self._catalogue = catalogue
        self._engines = engines
        assert model.dimensions is not None, "encoders have vectors"
        self._model = model
        self._dimensions = model.dimensions
        self._lease = lease
        self._words = tuple(words_of(catalogue))
        self._known = catalogue.labels.known_count()
        self._photos = catalogue.vectors.count(model.model_no, "photo")
        self._change = catalogue.vectors.last_change()

    def run(self) -> Job[int]:
        stored = calibration(self._catalogue, self._model)
        if stored is not None and stored.stamp != _stamp(self._words):
            stored = None
        changes = self._catalogue.vectors.changes_since(stored.change) if stored else None
        if stored is None or changes is None or self._has_news(stored):
            return (yield from self._everything(stored))
        contents = set(self._catalogue.vectors.contents_of(changes.added).values())
        if not contents:
            return 0
        best: _Best = {}
        for kind in _KINDS:
            self._merge(best, stored, kind, self._vectors_of(kind, contents))
        return (yield from self._store(stored, best, contents))

    def _has_news(self, stored: Calibration) -> bool:
        pairs = (stored.photos, self._photos), (stored.known, self._known)
        return any(abs(now - then) > max(_NEWS * then, 10) for then, now in pairs)

    def _everything(self, stored: Calibration | None) -> Job[int]:
        """Calibrate to the library as it is, and score all of it."""
        if self._photos < LEAST_PHOTOS:
            return 0
        texts = stored.texts if stored else (yield from self._texts())
        if texts is None:
            return 0
        fresh = Calibration(
            _stamp(self._words),
            self._change,
            self._photos,
            self._known,
            self._words,
            texts,
            {kind: self._mean(kind) for kind in _KINDS},
            Thresholds(),
        )
        best: _Best = {}
        for kind in _KINDS:
            for portion in self._portions(kind):
                self._merge(best, fresh, kind, portion)
                yield Progress("labels", 0, None)
        fresh = replace(fresh, thresholds=self._thresholds(best))
        return (yield from self._store(fresh, best, None))

    def _texts(self) -> Job[Floats | None]:
        try:
            encoder = self._engines.encoder(self._model)
            rows = [prompt_ensemble(encoder, self._words), encoder.encode_texts(NEUTRAL_TEXTS)]
        except ModelError as exc:
            problem = Problem(self._model.name, exc.code, exc.message, exc.hint)
            yield Progress("labels", 0, problem=problem)
            return None
        together = np.concatenate(rows)
        return unit_rows(together - together.mean(0))

    def _portions(self, kind: str) -> Iterable[Vectors]:
        return self._catalogue.vectors.portions(self._model.model_no, kind, self._dimensions)

    def _mean(self, kind: str) -> Floats:
        total, count = np.zeros(self._dimensions, np.float64), 0
        for portion in self._portions(kind):
            total += portion.matrix.sum(0)
            count += len(portion.matrix)
        return (total / max(count, 1)).astype(np.float32)

    def _vectors_of(self, kind: str, contents: Collection[int]) -> Vectors:
        vectors, number = self._catalogue.vectors, self._model.model_no
        ids = vectors.ids_of_contents(number, kind, contents)
        return vectors.some(number, kind, ids.tolist(), self._dimensions)

    def _merge(self, best: _Best, by: Calibration, kind: str, vectors: Vectors) -> None:
        """Keep the best score of each content and word that stands out at all."""
        for start in range(0, len(vectors.ids), _ROWS):
            rows = slice(start, start + _ROWS)
            scores = by.scores(kind, vectors.matrix[rows])
            places = np.argwhere(scores >= FLOOR)
            for (row, word), score in zip(
                places.tolist(), scores[tuple(places.T)].tolist(), strict=True
            ):
                key = int(vectors.contents[rows][row]), by.words[word]
                if score > best.get(key, (0.0, 0))[0]:
                    best[key] = score, int(vectors.ids[rows][row])

    def _thresholds(self, best: _Best) -> Thresholds:
        scores: dict[str, dict[int, float]] = {}
        for (content_id, word), (score, _) in best.items():
            scores.setdefault(word, {})[content_id] = score
        return thresholds(scores, self._catalogue.labels.evidence(_EVIDENT), self._photos)

    def _store(self, by: Calibration, best: _Best, contents: Collection[int] | None) -> Job[int]:
        """Put what is admitted in the place of what was suggested, for some contents or all."""
        admitted = {key: at for key, at in best.items() if by.thresholds.admits(key[1], at[0])}
        crops = self._catalogue.regions.crop_of_embedding(at for _, at in admitted.values())
        settled = self._catalogue.labels.settled()
        new = {
            Suggestion(*key, round(score, 4), crops[at].crop_id if at in crops else None)
            for key, (score, at) in admitted.items()
            if key not in settled
        }
        old = set(self._catalogue.labels.suggestions(contents))
        yield from self._exchange(old - new, new - old)
        with self._catalogue.transaction():
            self._lease.check()
            text = replace(by, change=self._change).dumped()
            self._catalogue.labels.calibrate(self._model.model_no, "labels", _VERSION, text)
        return len(old ^ new)

    def _exchange(self, going: set[Suggestion], coming: set[Suggestion]) -> Job[None]:
        """Take suggestions back first: a better score of a label is one going and one coming."""
        steps = [(one, False) for one in sorted(going, key=_by_content)]
        steps += [(one, True) for one in sorted(coming, key=_by_content)]
        for start in range(0, len(steps), _TOGETHER):
            portion = steps[start : start + _TOGETHER]
            with self._catalogue.transaction():
                self._lease.check()
                self._catalogue.labels.suggest(
                    [one for one, comes in portion if comes],
                    [one for one, comes in portion if not comes],
                )
            yield Progress("labels", start + len(portion), len(steps))


def _by_content(one: Suggestion) -> tuple[int, str]:
    return one.content_id, one.name


def _stamp(words: Sequence[str]) -> str:
    said = "\n".join((*words, "", *TEMPLATES, "", *NEUTRAL_TEXTS))
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _packed(array: Floats) -> str:
    return base64.b64encode(array.astype("<f2").tobytes()).decode("ascii")


def _unpacked(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)
