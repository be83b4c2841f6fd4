"""Which regions of a picture are worth vectors of their own, and how they are cut out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from photolib.catalogue import overlap
from photolib.images.measure import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

    from photolib.library.results import Box
    from photolib.models import Detection

_MEASURED_SIDE = 128
"""Pixels of the longest side from which a crop's look and sharpness are taken."""
MOST_CROPS = 8
"""Crops of one photo that get vectors: each costs the encoder as much as a photo."""
_LEAST_SIDE = 32
"""Pixels of a crop's shorter side, as decoded: less is a smear for every encoder."""
_LEAST_AREA, _MOST_AREA = 0.005, 0.9
"""Share of the picture that a crop covers; above it says no more than the whole photo does."""
_LEAST_CONFIDENCE = 0.35
"""Below this a detection is stored and searchable by its label, but gets no vector."""
_LEAST_SHARPNESS = 10.0
"""Variance of the Laplacian at 128 pixels: even sky, defocus and tiny crops blown up are below."""
_SAME_LABEL, _ANY_LABEL = 0.7, 0.9
"""Intersection over union from which two crops of one label, or of any two, are the same view."""


def worth_keeping(
    detections: Sequence[Detection], size: tuple[int, int], sharpness: Callable[[Box], float]
) -> list[int]:
    """Which detections of a picture of ``size`` pixels get vectors: their places, best first.

    Kept is what is large enough (``_LEAST_SIDE`` pixels, ``_LEAST_AREA`` of the picture) but not
    nearly all of it, sure enough (what has no label, as a proposal, is not asked), sharp enough by
    ``sharpness`` of its box, and no repetition of a better one. Better is confidence times the root
    of the area. At most ``MOST_CROPS`` are kept.
    """
    order = [i for i, found in enumerate(detections) if _fits(found, size)]
    order.sort(key=lambda i: -_worth(detections[i]))
    kept: list[int] = []
    for i in order:
        if len(kept) == MOST_CROPS:
            break
        repeated = any(_repeats(detections[i], detections[j]) for j in kept)
        if not repeated and sharpness(detections[i].box) >= _LEAST_SHARPNESS:
            kept.append(i)
    return kept


def _fits(found: Detection, size: tuple[int, int]) -> bool:
    width, height = found.box.width * size[0], found.box.height * size[1]
    share = found.box.width * found.box.height
    sure = not found.label or found.confidence >= _LEAST_CONFIDENCE
    return sure and min(width, height) >= _LEAST_SIDE and _LEAST_AREA <= share <= _MOST_AREA


def _worth(found: Detection) -> float:
    return found.confidence * math.sqrt(found.box.width * found.box.height)


def _repeats(found: Detection, better: Detection) -> bool:
    limit = _SAME_LABEL if found.label and found.label == better.label else _ANY_LABEL
    return overlap(found.box, better.box) > limit


def cut(image: Image, box: Box) -> Image:
    """The part of a picture in a box of fractions, at least one pixel wide and high."""
    x, y, width, height = box
    left = min(int(x * image.width), image.width - 1)
    top = min(int(y * image.height), image.height - 1)
    right = max(min(round((x + width) * image.width), image.width), left + 1)
    bottom = max(min(round((y + height) * image.height), image.height), top + 1)
    return image.crop((left, top, right, bottom))


def small(part: Image) -> Image:
    """A copy of a cut, at the size from which its look and sharpness are taken."""
    copy = part.copy()
    copy.thumbnail((_MEASURED_SIDE, _MEASURED_SIDE), reducing_gap=2.0)
    return copy


def sharpness(image: Image, box: Box) -> float:
    """Variance of the Laplacian of the part of a picture in a box; see ``measure``."""
    return measure(small(cut(image, box))).sharpness
