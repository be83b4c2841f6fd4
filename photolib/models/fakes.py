"""Models without weights, for tests and demonstrations.

They are real in everything but sense: deterministic from pixels and words, with colours in the
place of meaning, so that "red" finds the red pictures. They load no heavy library.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage

from photolib.errors import ModelError
from photolib.models.detector import Box, Detection
from photolib.models.encoder import unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 30),
    "orange": (245, 140, 20),
    "yellow": (240, 225, 40),
    "green": (40, 160, 60),
    "cyan": (40, 200, 210),
    "blue": (40, 70, 210),
    "purple": (130, 50, 170),
    "pink": (245, 150, 190),
    "brown": (120, 75, 40),
    "black": (10, 10, 10),
    "grey": (128, 128, 128),
    "white": (245, 245, 245),
}
"""The words that a fake understands, and the RGB colour that each stands for."""

_NAMES = tuple(COLOURS)
_PALETTE = np.array(tuple(COLOURS.values()), np.float32)
_LAYOUT = 16
_WORDS = 36
_LAYOUT_SHARE = np.float32(0.25)


def nearest_colours(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Index into ``COLOURS`` of the nearest colour, per pixel of (..., 3)."""
    distance = ((pixels[..., None, :].astype(np.float32) - _PALETTE) ** 2).sum(-1)
    nearest: NDArray[np.intp] = distance.argmin(-1)
    return nearest


class FakeEncoder:
    """An encoder whose meaning is colour: 12 colour axes, 16 of layout, 36 of unknown words.

    A picture's vector is its share of each colour and, weakly, where it is bright; a text's vector
    is its colour words. Words that name no colour point where no picture does.
    """

    name = "fake"
    dimensions = len(COLOURS) + _LAYOUT + _WORDS
    side = 32

    def __init__(self, model_id: str = "fake-colours.1") -> None:
        self.model_id = model_id

    def preprocess(self, image: Image) -> NDArray[np.uint8]:
        size = (self.side, self.side)
        return np.asarray(image.convert("RGB").resize(size, PillowImage.Resampling.BOX))

    def encode_images(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if batch.shape[1:] != (self.side, self.side, 3):
            raise ModelError(f"fake: pictures of shape {batch.shape[1:]} do not fit the model")
        rows = np.zeros((len(batch), self.dimensions), np.float32)
        if len(batch):
            rows[:, : len(COLOURS)] = unit_rows(_colour_shares(batch))
            rows[:, len(COLOURS) : len(COLOURS) + _LAYOUT] = _LAYOUT_SHARE * _layout(batch)
        return unit_rows(rows)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[_word_axis(word)] += 1
            if not row.any():
                row[-1] = 1
        return unit_rows(rows)

    def encode_text(self, text: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self.encode_texts([text])[0]
        return row


def _colour_shares(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
    nearest = nearest_colours(batch).reshape(len(batch), -1)
    shares = [np.bincount(row, minlength=len(COLOURS)) for row in nearest]
    return np.stack(shares).astype(np.float32)


def _layout(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = batch.mean(-1, dtype=np.float32).reshape(len(batch), 4, 8, 4, 8).mean((2, 4))
    cells = grey.reshape(len(batch), _LAYOUT)
    return unit_rows(cells - cells.mean(1, keepdims=True))


def _word_axis(word: str) -> int:
    if word in COLOURS:
        return _NAMES.index(word)
    digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
    return len(COLOURS) + _LAYOUT + int.from_bytes(digest, "little") % _WORDS


class FakeDetector:
    """A detector that finds one region per colour that covers a small part of the picture.

    The label is the colour's name, the box its bounding box on a 64-pixel raster, the confidence
    the share of the box that has the colour.
    """

    name = "fake"
    side = 64
    labels = _NAMES
    largest_share = 0.5

    def __init__(self, detector_id: str = "fake-regions.1") -> None:
        self.detector_id = detector_id

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        return [self._regions(image) for image in images]

    def _regions(self, image: Image) -> tuple[Detection, ...]:
        size = (self.side, self.side)
        raster = np.asarray(image.convert("RGB").resize(size, PillowImage.Resampling.NEAREST))
        nearest = nearest_colours(raster)
        found = [self._region(name, nearest == index) for index, name in enumerate(_NAMES)]
        return tuple(sorted(filter(None, found), key=lambda d: -d.confidence))

    def _region(self, name: str, mask: NDArray[np.bool_]) -> Detection | None:
        if not 0.01 <= mask.mean() <= self.largest_share:
            return None
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        top, left = int(rows[0]), int(columns[0])
        height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
        box = Box(left / self.side, top / self.side, width / self.side, height / self.side)
        return Detection(name, float(mask.sum()) / (height * width), box)
