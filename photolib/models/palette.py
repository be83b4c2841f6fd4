"""The palette of a picture: its dominant colours and how much of it each covers.

After MPEG-7's Dominant Color (Manjunath et al., "Color and texture descriptors", 2001): pixels
gather in the cells of a lattice in CIELAB, the fullest cells stay, each with the mean colour of its
pixels, and the rest join the nearest of them. How much of a picture has a certain colour is then a
sum over its palette, in which every colour counts by how far it deserves the name. numpy and Pillow
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage

from photolib.models.cielab import CODES, codes, delta_e, lab, lab_of_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    Floats = NDArray[np.float32]
    Rgb = tuple[int, int, int]

PALETTE_ID = "palette.1"
"""The version of palettes: raise the number when ``palette`` starts to give other colours."""
PALETTE = np.dtype([("code", "<u2"), ("share", "u1")])
"""One colour: its 15-bit code (see ``cielab.codes``) and its share of the picture in 255ths."""

_SIDE = 64
_MOST = 24
"""Colours of a palette: with these, shares of named colours are within a percent or two of what
counting pixels gives."""
_CELL = 10.0
"""Side of a cell in CIELAB units: within one, people rarely have two names."""
_CELLS = np.array((11, 26, 26))
_FAR = 25.0
"""CIELAB units from which a colour is too far from all that stay, and is left out."""
_SAME, _OTHER = 6.0, 22.0
"""CIEDE2000 up to which a colour is the shade asked for, and from which it is another."""
_NAMED = 4.0
"""CIEDE2000 by which a term must be nearer than another for a factor e in favour of its name."""
_TRIED = 5
"""Shades, the nearest in CIELAB, among which the nearest by CIEDE2000 is looked for."""
_GREY, _COLOURED = 6.0, 12.0
"""CIELAB chroma up to which a colour is none, and from which it is one."""


def palette(image: Image) -> NDArray[np.void]:
    """The dominant colours of a picture as an array of PALETTE (k,), the largest share first.

    The picture may have any size and mode. Safe to call from many threads.
    """
    colour = image if image.mode == "RGB" else image.convert("RGB")
    raster = np.asarray(colour.resize((_SIDE, _SIDE), PillowImage.Resampling.NEAREST))
    counts, means = _cells(raster.reshape(-1, 3))
    kept = np.argsort(-counts, kind="stable")
    kept, rest = kept[:_MOST], kept[_MOST:]
    shares = counts[kept]
    if len(rest):
        places = lab(means / 255)
        apart = np.linalg.norm(places[rest, None] - places[None, kept], axis=-1)
        near = apart.min(1) < _FAR
        shares = shares + np.bincount(apart.argmin(1)[near], counts[rest][near], len(kept))
    found = np.zeros(len(kept), PALETTE)
    found["code"] = codes(means[kept])
    found["share"] = np.round(255 * shares / len(raster) / raster.shape[1])
    return found[np.argsort(-found["share"].astype(int), kind="stable")]


def _cells(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pixels in every cell that has some (k,), and their mean colour (k, 3) in 0..255."""
    places = lab_of_codes()[codes(pixels)]
    corner = (places + np.array((0, 130, 130), np.float32)) / np.float32(_CELL)
    a, b, c = np.clip(corner, 0, _CELLS - 1).astype(np.intp).T
    cell = (a * _CELLS[1] + b) * _CELLS[2] + c
    size = int(np.prod(_CELLS))
    counts = np.bincount(cell, minlength=size)
    full = np.flatnonzero(counts)
    sums = [np.bincount(cell, pixels[:, i], size)[full] for i in range(3)]
    return counts[full].astype(np.float64), np.stack(sums, -1) / counts[full, None]


# ---- how far a colour deserves a name


def of_shade(rgb: Rgb) -> Floats:
    """How far each 15-bit colour is one shade of sRGB in 0..255: (CODES,), 0 to 1.

    1 where people hardly see a difference, 0 where they see another colour, linear in CIEDE2000.
    """
    wanted = lab(np.array(rgb, np.float32) / 255)
    nearness = (_OTHER - delta_e(lab_of_codes(), wanted)) / (_OTHER - _SAME)
    return np.clip(nearness, 0, 1).astype(np.float32)


def of_terms(shades: Mapping[str, Sequence[Rgb]]) -> dict[str, Floats]:
    """How far each 15-bit colour deserves each of these names: (CODES,) each, together 1.

    A term is as far as the nearest of its shades; nearness becomes belief as in fuzzy colour naming
    (Benavente, Vanrell and Baldrich, "Parametric fuzzy sets for automatic color naming", 2008).
    """
    owner = np.array([i for i, term in enumerate(shades) for _ in shades[term]])
    points = lab(np.array([rgb for term in shades.values() for rgb in term], np.float32) / 255)
    places = lab_of_codes()
    rough = (points**2).sum(1) - 2 * places @ points.T
    near = np.argpartition(rough, _TRIED, axis=1)[:, :_TRIED]
    apart = delta_e(places[:, None], points[near])
    distance = np.full((CODES, len(shades)), np.inf)
    for column in range(_TRIED):
        term = owner[near[:, column]]
        rows = np.arange(CODES)
        distance[rows, term] = np.minimum(distance[rows, term], apart[:, column])
    belief = np.exp((distance.min(1, keepdims=True) - distance) / _NAMED)
    belief /= belief.sum(1, keepdims=True)
    return {term: belief[:, i].astype(np.float32) for i, term in enumerate(shades)}


def colourless() -> Floats:
    """How far each 15-bit colour is a grey, black or white: (CODES,), 0 to 1."""
    chroma = np.hypot(*lab_of_codes()[:, 1:].T)
    return np.asarray(np.clip((_COLOURED - chroma) / (_COLOURED - _GREY), 0, 1), np.float32)
