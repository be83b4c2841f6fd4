"""Sketches made from photographs, as inaccurate as people are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZE = (256, 192)


def drawn(photo: Image.Image, most: int, seed: int) -> Image.Image:
    """The longest ``most`` outlines in black on white, out of place and proportion."""
    import cv2

    grey = np.asarray(photo.convert("L").resize(_SIZE).filter(ImageFilter.GaussianBlur(3)))
    found, _ = cv2.findContours(cv2.Canny(grey, 15, 40), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    paper = np.full(grey.shape, 255, np.uint8)
    for line in sorted(found, key=len, reverse=True)[:most]:
        cv2.polylines(paper, [cv2.approxPolyDP(line, 2.5, False)], False, 0, 3)
    return _misplaced(Image.fromarray(paper).convert("RGB"), seed)


def painted(photo: Image.Image, most: int, seed: int) -> Image.Image:
    """The ``most`` largest surfaces, each in one colour that is a little wrong, on white."""
    import cv2

    soft = photo.convert("RGB").resize(_SIZE).filter(ImageFilter.GaussianBlur(5))
    flat = soft.quantize(6, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    index = np.asarray(flat.filter(ImageFilter.ModeFilter(15)))
    pixels, random = np.asarray(soft), np.random.default_rng(seed)
    surfaces: list[NDArray[np.bool_]] = []
    for colour in range(6):
        count, places = cv2.connectedComponents((index == colour).astype(np.uint8))
        surfaces += [places == place for place in range(1, count)]
    canvas = np.full(pixels.shape, 255, np.uint8)
    for surface in sorted(surfaces, key=lambda each: -int(each.sum()))[:most]:
        wrong = pixels[surface].mean(axis=0) + random.normal(0, 12, 3)
        canvas[surface] = wrong.clip(0, 235)
    return _misplaced(Image.fromarray(canvas), seed)


def _misplaced(sketch: Image.Image, seed: int) -> Image.Image:
    """Shifted by up to 4 % and scaled by up to 6 %, turned by up to 3 degrees."""
    random = np.random.default_rng(seed)
    width, height = sketch.size
    scale, turn = 1 + random.uniform(-0.06, 0.06), np.radians(random.uniform(-3, 3))
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    x, y = width / 2, height / 2
    right, down = random.uniform(-0.04, 0.04, 2) * sketch.size
    matrix = (c, -s, x - c * x + s * y + right, s, c, y - s * x - c * y + down)
    return sketch.transform(
        sketch.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor="white"
    )
