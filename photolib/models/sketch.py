"""What a drawn or painted picture asks for, as a query against the looks of photos.

White is paper: it says nothing. Ink too thin to be a surface is a stroke, and strokes speak of
edges: they are compared by the shape part of the look (orientation histograms serve drawings well:
Eitz et al., "Sketch-based image retrieval: benchmark and bag-of-features descriptors", 2011).
Surfaces are painted, and speak of which colours are where: the colour layout and the palette, as
in query by painting (Flickner et al., "Query by image and video content: the QBIC system", 1995),
with their outlines for shape. What lies between them is filled with the colours around it, coarse
where it is far from any (push-pull: Gortler et al., "The lumigraph", 1996), so that paper is never
taken for white. numpy and Pillow only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage

from photolib.models.look import RASTER_SIDE, look_part, query_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Floats = NDArray[np.float32]

_SIDE = 4 * RASTER_SIDE
_PAPER = 240
"""The darkest channel of a pixel from which it is paper."""
_STROKE = 13
"""Pixels of ``_SIDE`` up to which ink is a stroke: a twentieth of the picture."""
_LEAST_PAINTED, _LEAST_OF_INK = 0.02, 0.3
"""Shares of the picture and of its ink from which surfaces count as painted; strokes drawn close
together leave a few that do not."""
_PAINTED = {"colour": 0.5, "layout": 1.0, "shape": 0.5}
"""Where the colours are matters most; half or twice as much of the rest changes next to nothing."""
_DRAWN = {"shape": 1.0}
_BOTH = {"colour": 0.5, "layout": 1.0, "shape": 1.0}


def sketch_query(image: Image) -> Floats:
    """The unit query vector of a sketch (LOOK_DIMENSIONS,): its dot product with looks ranks them.

    The sketch may have any size and mode; it stands for the whole picture. Raises ValueError when
    there is nothing but paper.
    """
    pixels = np.asarray(image.convert("RGB").resize((_SIDE, _SIDE), PillowImage.Resampling.BOX))
    ink = pixels.min(axis=2) < _PAPER
    if not ink.any():
        raise ValueError("nothing is drawn")
    surfaces = _opened(ink) & ink
    strokes = ink & ~_grown(surfaces)
    if surfaces.mean() < max(_LEAST_PAINTED, _LEAST_OF_INK * ink.mean()):
        return query_of({"shape": look_part("shape", _lines(ink))}, _DRAWN)
    painting = _filled(pixels, surfaces)
    parts = {name: look_part(name, painting) for name in _PAINTED}
    if not strokes.any():
        return query_of(parts, _PAINTED)
    parts["shape"] = look_part("shape", painting * (_lines(strokes) / np.float32(255)))
    return query_of(parts, _BOTH)


def _opened(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is left of the ink when everything thinner than a surface is taken away."""
    return _grown(_neighbours(ink) == _STROKE**2)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is within half a stroke of a mask; of surfaces, also their rounded-off corners."""
    return _neighbours(mask) > 0


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many pixels of a mask lie in the square of a stroke's side around each pixel."""
    half = _STROKE // 2
    sums = np.pad(mask.astype(np.int64), ((half + 1, half), (half + 1, half))).cumsum(0).cumsum(1)
    rows = sums[_STROKE:] - sums[:-_STROKE]
    return np.asarray(rows[:, _STROKE:] - rows[:, :-_STROKE])


def _lines(ink: NDArray[np.bool_]) -> Floats:
    """Black ink on white as a raster."""
    share = _shrunk(ink.astype(np.float32)[..., None])
    return np.asarray(np.repeat(255 * (1 - share), 3, axis=2), np.float32)


def _shrunk(stack: Floats) -> Floats:
    step = _SIDE // RASTER_SIDE
    blocks = stack.reshape(RASTER_SIDE, step, RASTER_SIDE, step, -1)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def _filled(pixels: NDArray[np.uint8], surfaces: NDArray[np.bool_]) -> Floats:
    """The surfaces as a raster, what is between them filled from coarser and coarser averages."""
    cover = surfaces[..., None].astype(np.float32)
    levels = [_shrunk(np.concatenate([pixels * cover, cover], axis=2))]
    while len(levels[-1]) > 1:
        fine = levels[-1]
        half = len(fine) // 2
        levels.append(fine.reshape(half, 2, half, 2, 4).mean((1, 3)))
    filled = levels[-1][..., :3] / levels[-1][..., 3:]
    for level in reversed(levels[:-1]):
        filled = level[..., :3] + (1 - level[..., 3:]) * _doubled(filled)
    return filled


def _doubled(coarse: Floats) -> Floats:
    size = (2 * len(coarse), 2 * len(coarse))
    planes = [
        PillowImage.fromarray(coarse[..., i]).resize(size, PillowImage.Resampling.BILINEAR)
        for i in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], -1)
