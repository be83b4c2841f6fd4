"""Perceptual hashes and sharpness of a small picture; numpy only, well below a millisecond.

dHash: the sign of the difference between horizontal neighbours on a 9 x 8 grid (N. Krawetz, "Kind
of Like That", 2013). pHash: the sign of the 8 x 8 lowest frequencies of the cosine transform of a
32 x 32 grid against their median (C. Zauner, "Implementation and Benchmarking of Perceptual Image
Hash Functions", 2010). Sharpness: variance of the Laplacian (J. L. Pech-Pacheco et al., "Diatom
autofocusing in brightfield microscopy", ICPR 2000).

Both hashes are given for all eight ways to lay the picture, in the order of the EXIF orientations
1 to 8, at the cost of little more than one: flips change the sign of odd frequencies, and a
transposition transposes them. They equal the hashes of the turned picture but for some bits that
rounding decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_DCT_GRID: Final = 32
_DIFFERENCE_GRID: Final = 72
"""The least grid that cuts evenly into 9 x 8 and 8 x 9 cells."""
_SHARPNESS_SIDE: Final = 128


@dataclass(frozen=True, slots=True)
class Measures:
    """``dhash`` and ``phash``: uint64, shape (8,), one per EXIF orientation 1 to 8.

    ``sharpness`` is the variance of the Laplacian of the grey picture (0 to 255) at a longest
    side of 128 pixels: comparable between copies of one picture, not between different pictures.
    """

    dhash: NDArray[np.uint64]
    phash: NDArray[np.uint64]
    sharpness: float


def measure(image: Image.Image) -> Measures:
    """The hashes and the sharpness of a picture in mode RGB or L, best of at most 128 pixels."""
    grey = image.convert("L")
    return Measures(_dhash(grey), _phash(grey), _sharpness(grey))


def _grid(grey: Image.Image, side: int) -> NDArray[np.float32]:
    return np.asarray(grey.resize((side, side), Image.Resampling.BOX), dtype=np.float32)


def _laid(grid: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """The grid as seen in the EXIF orientations 1 to 8."""
    turned = grid.T
    yield from (grid, grid[:, ::-1], grid[::-1, ::-1], grid[::-1])
    yield from (turned, turned[:, ::-1], turned[::-1, ::-1], turned[::-1])


def _dhash(grey: Image.Image) -> NDArray[np.uint64]:
    grid = _grid(grey, _DIFFERENCE_GRID)
    bits = []
    for laid in _laid(grid):
        cells = laid.reshape(8, 9, 9, 8).mean(axis=(1, 3))
        bits.append(cells[:, 1:] > cells[:, :-1])
    return _packed(np.stack(bits))


def _phash(grey: Image.Image) -> NDArray[np.uint64]:
    basis = _cosines()
    low = basis @ _grid(grey, _DCT_GRID) @ basis.T
    sign = np.where(np.arange(8) % 2, -1.0, 1.0).astype(np.float32)
    across, down = sign[None, :], sign[:, None]
    laid = [low, low * across, low * across * down, low * down]
    turned = [laid[0].T, laid[3].T, laid[2].T, laid[1].T]
    stack = np.stack(laid + turned)
    # The constant term says nothing about shape and would drag the threshold.
    median = np.median(stack.reshape(8, 64)[:, 1:], axis=1)
    return _packed(stack > median[:, None, None])


@cache
def _cosines() -> NDArray[np.float32]:
    """The first eight rows of the type-II cosine transform, float32, shape (8, 32)."""
    frequency, position = np.mgrid[0:8, 0:_DCT_GRID]
    rows: NDArray[np.float32] = np.cos(
        np.pi * frequency * (2 * position + 1) / (2 * _DCT_GRID)
    ).astype(np.float32)
    return rows


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Bits of shape (8, 8, 8) as eight numbers, the first bit the most significant."""
    octets = np.packbits(bits.reshape(8, 64), axis=1)
    return octets.view(">u8").astype(np.uint64).reshape(8)


def _sharpness(grey: Image.Image) -> float:
    scale = _SHARPNESS_SIDE / max(grey.size)
    width, height = (max(3, round(edge * scale)) for edge in grey.size)
    small = grey.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(small, dtype=np.float32)
    centre = pixels[1:-1, 1:-1]
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return float(np.var(around - 4 * centre))
