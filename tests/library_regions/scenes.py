"""Pictures with things in them, and a library that can see those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from photolib.errors import ModelError
from photolib.library import Library
from photolib.models import FakeDetector, FakeEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from photolib.config import Settings
    from photolib.models import Detection

RED, BLUE, GREEN = (220, 30, 30), (40, 70, 210), (40, 160, 60)


def scene(path: Path, *things: tuple[tuple[int, int, int], tuple[int, int, int, int]]) -> Path:
    """A JPEG of 320 by 240 grey pixels with striped rectangles (left, top, right, bottom)."""
    image = Image.new("RGB", (320, 240), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    for colour, (left, top, right, bottom) in things:
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
        for x in range(left, right, 12):
            draw.line((x, top, x, bottom - 1), fill=tuple(c * 3 // 4 for c in colour), width=3)
    image.save(path, "JPEG", quality=95)
    return path


def textured(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture with detail everywhere, like no other one."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size)
    for cells in (4, 8, 14):
        layer = Image.fromarray(random.integers(0, 255, (cells, cells, 3), dtype=np.uint8))
        image = Image.blend(image, layer.resize(size, Image.Resampling.BICUBIC), 0.5)
    return image


class Moody(FakeDetector):
    """A detector that can be told to fail on pictures of a width, and counts what it sees."""

    def __init__(self, detector_id: str = "fake-regions.1") -> None:
        super().__init__(detector_id)
        self.refused = 0
        self.seen = 0

    def detect(self, images: Sequence[Image.Image]) -> list[tuple[Detection, ...]]:
        if any(image.width == self.refused for image in images):
            raise ModelError("it will not look at this")
        self.seen += len(images)
        return super().detect(images)


def seeing(settings: Settings, detector: FakeDetector | None = None) -> Library:
    """A library whose encoder sees colours and whose detector finds coloured things."""
    return Library(settings, encoder=FakeEncoder(), detector=detector or Moody())
