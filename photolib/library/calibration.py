"""From inner products to scores of 0 to 1 that mean the same for every query.

A text and a photo are compared twice: with the photos of the library (is this photo nearer to the
text than photos are?) and with everyday captions (is this text nearer to the photo than texts
are?). Both answers are in deviations from what is ordinary; their mean is the *evidence*. The first
corrects for texts that are near to everything, the second for photos that are (the gap between an
encoder's texts and images, and its hubs), and it alone still means something in a library that is
small or has one theme.

What evidence is worth differs from encoder to encoder. Captions of things that are not in a library
scatter evenly around the ordinary; what is found beyond that on the upper side are true matches.
So the share of true matches at some evidence is one minus the ratio of counts below and above the
middle: the local false discovery rate (B. Efron, "Large-scale simultaneous hypothesis testing",
JASA 2004). A logistic curve is laid through it, held near the usual one where little was counted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from photolib.errors import ModelError
from photolib.jobs import Job, Progress
from photolib.library.indexes import SAMPLE
from photolib.models.everyday import CAPTIONS
from photolib.models.everyday import VERSION as _CAPTIONS_VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Lease, ModelRow
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes

    Floats: TypeAlias = NDArray[np.float32]
    Scores: TypeAlias = NDArray[np.float64]

CLEAR = 0.5
"""Scores from here on are clear hits: more likely meant than not."""
LIKELY = 0.1
"""The least score of a likely hit; each query's own cut-off may be higher."""
RULES = 100 * 1 + _CAPTIONS_VERSION
"""Grows with the rules and the captions; what was measured by others is measured again."""

_SLOPE, _MIDDLE = 0.9, 4.0
"""What evidence is worth unless a library says otherwise: fitted to photolib-mini on the labels of
half of 206 photos, where 0.9 and 4.0 came out (0.84 and 4.1 on the other half)."""
_SLOPES, _MIDDLES = (0.6, 3.0), (2.0, 5.0)
"""Bounds of what a library may say; weaker and stronger encoders than those known lie within."""
_ENOUGH = 300
"""Photos from which a library's own statistics count."""
_TRUST = 150.0
"""Photos at which the comparison with a library's photos counts half of what it may."""
_LEAST_DEVIATION = 0.01
_GROWTH = 1.5
"""A library that has grown so much is measured again."""
_BINS = np.arange(0.5, 6.01, 0.5)
_HELD = 200.0
"""Matches that the usual curve stands for in each bin when one is laid through the counts."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an encoder in a library: one row of the catalogue's calibrations."""

    photos: int
    mean: tuple[float, ...]
    """The mean vector (d,) of the everyday captions."""
    spread: float
    """Deviation of the captions' cosines with one photo."""
    slope: float = _SLOPE
    middle: float = _MIDDLE

    def as_row(self) -> dict[str, object]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Measured:
        """As it was stored."""
        return cls(**row | {"mean": tuple(row["mean"])})


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns a stored vector v into a score: its evidence is ``vector`` @ v + ``offset``."""

    vector: Floats
    offset: float
    slope: float
    middle: float

    def scores(self, products: Floats) -> Scores:
        """Scores (n,) for inner products (n,) with ``vector``; -inf gives 0."""
        odds = self.slope * (self.evidence(products) - self.middle)
        scores: Scores = 1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0)))
        return np.where(np.isfinite(products), scores, 0.0)

    def evidence(self, products: Floats) -> Scores:
        """Deviations above what is ordinary."""
        return np.asarray(products, np.float64) + self.offset


_LIKENESS = {"meaning": (1 / 0.45, 2.2), "look": (1 / 0.5, 2.0)}
"""Slope and middle for picture against picture, in deviations from the library's photos."""


def picture_scale(vector: Floats, ordinary: Floats, way: str) -> Scale:
    """The scale of a picture's unit vector (d,) among those (n, d) of ordinary photos."""
    middle, deviation = _ordinary(ordinary @ vector)
    slope, centre = _LIKENESS[way]
    return Scale((vector / deviation).astype(np.float32), -middle / deviation, slope, centre)


def text_scale(vector: Floats, ordinary: Floats, measured: Measured | None) -> Scale:
    """The scale of a text's unit vector (d,) among the vectors (n, d) of ordinary photos.

    Without measurements (the first index job with an encoder makes them) the photos alone tell.
    """
    middle, deviation = _ordinary(ordinary @ vector)
    if measured is None:
        return Scale((vector / deviation).astype(np.float32), -middle / deviation, _SLOPE, _MIDDLE)
    by_photos = _share_of_photos(len(ordinary)) / deviation
    by_texts = (1.0 - _share_of_photos(len(ordinary))) / max(measured.spread, _LEAST_DEVIATION)
    combined = vector * (by_photos + by_texts) - np.array(measured.mean) * by_texts
    return Scale(combined.astype(np.float32), -middle * by_photos, measured.slope, measured.middle)


def _share_of_photos(photos: int) -> float:
    return 0.5 * photos / (photos + _TRUST)


def _ordinary(cosines: Floats) -> tuple[float, float]:
    """Median and deviation; the quartile above tells it, which the hits themselves barely move."""
    if not len(cosines):
        return 0.0, 1.0
    middle, upper = np.quantile(cosines, (0.5, 0.8413))
    return float(middle), max(float(upper - middle), _LEAST_DEVIATION)


def measure(captions: Floats, photos: Floats) -> Measured:
    """What everyday captions (m, d) say of an encoder, given some photos' vectors (n, d)."""
    mean = captions.mean(axis=0)
    spread = float((captions @ photos.T).std(axis=0).mean()) if len(photos) else 0.1
    measured = Measured(len(photos), tuple(np.round(mean, 6).tolist()), round(spread, 6))
    if len(photos) < _ENOUGH:
        return measured
    scales = [text_scale(caption, photos, measured) for caption in captions]
    evidence = np.stack([scale.evidence(photos @ scale.vector) for scale in scales])
    slope, middle = _fitted(evidence.ravel())
    return Measured(measured.photos, measured.mean, measured.spread, slope, middle)


def _fitted(evidence: Scores) -> tuple[float, float]:
    """Slope and middle of the logistic curve through one minus the false discovery rate."""
    largest = _BINS[-1] - 0.01  # the last bin holds what lies beyond it too
    above, _ = np.histogram(np.minimum(evidence, largest), _BINS)
    below, _ = np.histogram(np.minimum(-evidence, largest), _BINS)
    centres = (_BINS[:-1] + _BINS[1:]) / 2
    usual = 1.0 / (1.0 + np.exp(-_SLOPE * (centres - _MIDDLE)))
    true = np.clip(above - below, 0, None) + _HELD * usual
    share = np.clip(true / (above + _HELD), 0.01, 0.99)
    weight = np.sqrt(above + _HELD)
    slope, shift = np.polyfit(centres, np.log(share / (1.0 - share)), 1, w=np.sqrt(weight))
    slope = float(np.clip(slope, *_SLOPES))
    middle = float(np.clip(-shift / slope, *_MIDDLES))
    return round(slope, 4), round(middle, 4)


def cutoff(scores: Scores) -> float:
    """The score from which hits of a query are shown.

    Of all sets of hits the one with the largest expected F1 is that of the scores above half of
    that F1 (Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
    measure", 2014). A few sure hits raise the bar, many doubtful ones lower it, not below
    ``LIKELY``.
    """
    ordered = np.sort(scores)[::-1]
    expected = ordered.sum()
    if not expected:
        return LIKELY
    best = (2.0 * np.cumsum(ordered) / (np.arange(1, len(ordered) + 1) + expected)).max()
    return float(max(LIKELY, min(best / 2.0, CLEAR)))


def update(catalogue: Catalogue, indexes: Indexes, engines: Engines, lease: Lease) -> Job[None]:
    """Measure the encoders in use, once, and again when the library has grown by half."""
    models = {row.model_no: row for row in (engines.serving(), engines.wanted()) if row}
    for model in models.values():
        yield from _update(catalogue, indexes, engines, lease, model)


def _update(
    catalogue: Catalogue, indexes: Indexes, engines: Engines, lease: Lease, model: ModelRow
) -> Job[None]:
    count = catalogue.vectors.count(model.model_no, "photo")
    row = catalogue.vectors.calibration(model.model_no, "text", RULES)
    if not count or (row and min(count, SAMPLE) < _GROWTH * Measured.of_row(row).photos):
        return
    yield Progress("calibrate", 0, 1, model.name)
    try:
        encoder = engines.encoder(model)
    except ModelError:
        return  # the ingest has told of it
    captions = np.stack([encoder.encode_text(caption) for caption in CAPTIONS])
    measured = measure(captions, indexes.sample(model, "photo"))
    with catalogue.transaction():
        lease.check()
        catalogue.vectors.set_calibration(model.model_no, "text", RULES, measured.as_row())
    yield Progress("calibrate", 1, 1, model.name)
