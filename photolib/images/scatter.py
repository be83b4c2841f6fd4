"""Drawing points on a plane, as a picture."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

_BACKGROUND, _PLAIN = (24, 24, 28), (110, 110, 118)
_GOLDEN = 0.61803398875
"""Steps of the hue by this share of the circle never come near an earlier one soon."""


def scatter(
    xs: ArrayLike, ys: ArrayLike, groups: ArrayLike, *, side: int = 1600, ordered: bool = False
) -> Image.Image:
    """Points (n,) at ``xs`` and ``ys``, upwards, coloured by ``groups`` (n,): -1 is grey.

    ``ordered`` groups (as dates) go from blue to red; others get colours that differ.
    """
    x, y, group = np.asarray(xs, float), np.asarray(ys, float), np.asarray(groups, np.int64)
    image = Image.new("RGB", (side, side), _BACKGROUND)
    if not len(x):
        return image
    draw, radius = ImageDraw.Draw(image), max(2, round(side / 100 / len(x) ** 0.25))
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1e-9)
    scale, margin = (side - 8 * radius) / span, 4 * radius
    across = margin + (x - x.min()) * scale + (side - 2 * margin - np.ptp(x) * scale) / 2
    down = side - margin - (y - y.min()) * scale - (side - 2 * margin - np.ptp(y) * scale) / 2
    most = int(group.max(initial=0))
    for i in np.argsort(group >= 0, kind="stable"):
        colour = _colour(int(group[i]), most, ordered)
        box = (across[i] - radius, down[i] - radius, across[i] + radius, down[i] + radius)
        draw.ellipse(box, fill=colour)
    return image


def write_scatter(path: Path, image: Image.Image) -> None:
    """Save as PNG; the folder must exist. Raises OSError."""
    image.save(path, "PNG", optimize=True)


def _colour(group: int, most: int, ordered: bool) -> tuple[int, int, int]:
    if group < 0:
        return _PLAIN
    hue = 0.66 * (1 - group / max(most, 1)) if ordered else (group * _GOLDEN) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.65, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
