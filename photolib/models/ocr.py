"""Read the words in a picture, with rapidocr, whose wheel carries its models.

Reading takes most of a second, and most photos have no words: ``text_likeliness`` says in about a
millisecond whether it is worth it.
"""

from __future__ import annotations

import importlib.metadata
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PillowImage

from photolib.models.detector import Box
from photolib.models.encoder import printable_id
from photolib.models.loading import build_lock, quiet, translated

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_NAME = "rapidocr"
_VERSION = "o1"
_LARGEST = 1600
"""Longest side that is read: small print of a page survives, a whole camera picture is shrunk."""
TEXT_LIKELY = 0.35
"""From this ``text_likeliness`` on, reading is worth its time: on everyday scenes nine of ten
pictures with a legible word pass, and four of ten without one are spared."""
_GATE_SIDE = 640
_STROKE = 45
"""Difference of neighbouring grey levels that counts as the edge of a stroke of ink."""
_FLAT = 10
_BLOCK = (10, 32)
"""Height and width, in pixels, of the piece of a line that is judged at once."""
_FULL_SCORE = 0.12
"""Clear print: an eighth of its pixels are rising edges, as many falling, the rest mostly flat."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, where it stands, and how sure the reader is (0 to 1)."""

    text: str
    box: Box
    confidence: float


class TextReader:
    """Reads lines of text; made by ``load_text_reader``."""

    def __init__(self, engine: Any, confidence: float) -> None:
        self.reader_id = reader_id()
        self._engine = engine
        self._confidence = confidence
        # The engine keeps the settings of a call in itself.
        self._one_at_a_time = threading.Lock()

    def read_text(self, image: Image) -> tuple[TextLine, ...]:
        """The lines of an oriented picture, in reading order. Raises ModelError.

        The picture wants about 1,000 pixels or more on its longest side: a thumbnail's words are
        gone. The text is as untrusted as the picture: it may hold any character.
        """
        fitting = _shrunk(image, _LARGEST)
        # rapidocr takes arrays in OpenCV's order of channels: blue, green, red.
        pixels = np.ascontiguousarray(np.asarray(fitting.convert("RGB"))[..., ::-1])
        with self._one_at_a_time, translated(_NAME):
            found = self._engine(pixels)
        if found.boxes is None or found.txts is None:
            return ()
        lines = zip(found.txts, found.boxes, found.scores, strict=True)
        return tuple(
            TextLine(text, _box_around(corners, fitting.size), float(score))
            for text, corners, score in lines
            if score >= self._confidence
        )


def reader_id() -> str:
    """What the stored texts were read with: package, version and settings. Loads nothing."""
    return printable_id(f"{_NAME}.{importlib.metadata.version(_NAME)}.{_VERSION}")


def load_text_reader(*, threads: int | None = None, confidence: float = 0.5) -> TextReader:
    """The reader; its models load with the first picture.

    ``threads`` bounds onnxruntime's threads per operation; None lets it use them all. Lines below
    ``confidence`` are dropped. Nothing is fetched. Raises ModelUnavailable when rapidocr,
    onnxruntime or OpenCV cannot be imported.
    """
    with build_lock, translated(_NAME), quiet():
        from rapidocr import RapidOCR

        settings = {
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": -1 if threads is None else threads,
        }
        return TextReader(RapidOCR(params=settings), confidence)


def text_likeliness(image: Image) -> float:
    """How much the most text-like piece of a picture looks like a line of print, from 0 to 1.

    Print has many steep rises and as many steep falls of brightness side by side, on quiet ground;
    foliage has the edges but not the quiet (after the stroke-edge pairs of Epshtein, Ofek and
    Wexler, "Detecting text in natural scenes with stroke width transform", 2010). It misses faint
    and large lettering. The picture wants 640 pixels on its longest side.
    """
    grey = np.asarray(_shrunk(image.convert("L"), _GATE_SIDE)).astype(np.int16)
    step = np.diff(grey, axis=1)
    height, width = _BLOCK
    rows, columns = step.shape[0] // height, step.shape[1] // width
    if not rows or not columns:
        return 0.0
    blocks = step[: rows * height, : columns * width].reshape(rows, height, columns, width)
    rising, falling, flat = (
        test.mean((1, 3)) for test in (blocks > _STROKE, blocks < -_STROKE, abs(blocks) < _FLAT)
    )
    best = float((np.minimum(rising, falling) * flat).max())
    return min(1.0, best / _FULL_SCORE)


def _shrunk(image: Image, longest: int) -> Image:
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((size[0], size[1]), PillowImage.Resampling.BILINEAR, reducing_gap=2.0)


def _box_around(corners: NDArray[np.floating], size: tuple[int, int]) -> Box:
    """The upright box, in fractions, around four corners (4, 2) in pixels."""
    fractions = np.clip(corners / np.array(size), 0, 1)
    (left, top), (right, bottom) = fractions.min(0), fractions.max(0)
    return Box(float(left), float(top), float(right - left), float(bottom - top))
