"""Where a picture stands inside others, by trying it at every size and place.

Normalised cross-correlation (Lewis, "Fast normalized cross-correlation", 1995) on small grey
rasters, all candidates at once: the numerator through the Fourier transform, the deviations under
the window through running sums. It finds cuts of a photo however small a share of it they show; it
does not find what was turned, mirrored or squeezed. numpy and Pillow only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image as PillowImage

from photolib.models.detector import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    Floats = NDArray[np.float32]

RASTER_SIDE = 64
"""Longest side, in pixels, of the rasters that are searched."""
_LARGEST, _SMALLEST, _STEP = 1.0, 0.2, 1.1
"""Longest sides that the picture is tried at, as shares of the raster's, and the ratio between two:
a mismatch of five percent still correlates."""
_LEAST_SIDE = 5
_FLAT = 4.0
"""Grey levels of deviation below which a picture is too even to be recognised."""


class Place(NamedTuple):
    """The best place for a picture in another: correlation from -1 to 1, and the box it covers."""

    correlation: float
    box: Box


def grey_raster(image: Image) -> Floats:
    """A picture as grey levels (h, w), its longest side ``RASTER_SIDE``."""
    scale = RASTER_SIDE / max(image.size)
    return _grey(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))


def places(image: Image, rasters: Sequence[Floats]) -> list[Place | None]:
    """For each raster (of ``grey_raster``) the best place of ``image`` in it.

    None where the picture is too even to tell.
    """
    best: list[Place | None] = [None] * len(rasters)
    if not rasters:
        return best
    field = _Field(rasters)
    for width, height in _sizes(image):
        template = _grey(image, width, height)
        if template.std() < _FLAT:
            continue
        for i, (correlation, left, top) in enumerate(field.best(template)):
            earlier = best[i]
            if correlation > (earlier.correlation if earlier else -1.0):
                h, w = rasters[i].shape
                best[i] = Place(correlation, Box(left / w, top / h, width / w, height / h))
    return best


def _grey(image: Image, width: int, height: int) -> Floats:
    grey = image.convert("L").resize((width, height), PillowImage.Resampling.BOX)
    return np.asarray(grey, np.float32)


def _sizes(image: Image) -> list[tuple[int, int]]:
    """The sizes in pixels that a picture is tried at, largest first, each once."""
    sizes, share = [], _LARGEST
    while share >= _SMALLEST:
        scale = RASTER_SIDE * share / max(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        if min(size) >= _LEAST_SIDE and size not in sizes:
            sizes.append(size)
        share /= _STEP
    return sizes


class _Field:
    """Rasters side by side in one array, with what every size of window needs of them."""

    def __init__(self, rasters: Sequence[Floats]) -> None:
        side = RASTER_SIDE
        stack = np.zeros((len(rasters), side, side))
        for plane, raster in zip(stack, rasters, strict=True):
            plane[: raster.shape[0], : raster.shape[1]] = raster
        self._shapes = np.array([raster.shape for raster in rasters])
        self._spectrum = np.fft.rfft2(stack)
        self._sums = _running(stack)
        self._squares = _running(stack**2)

    def best(self, template: Floats) -> list[tuple[float, int, int]]:
        """For each raster the best correlation with a template and its left and top pixel."""
        height, width = template.shape
        rows, columns = RASTER_SIDE - height + 1, RASTER_SIDE - width + 1
        even = template.astype(np.float64) - template.mean()
        turned = np.conj(np.fft.rfft2(even, (RASTER_SIDE, RASTER_SIDE)))
        product = np.fft.irfft2(self._spectrum * turned, (RASTER_SIDE, RASTER_SIDE))
        total = _windows(self._sums, height, width)
        spread = _windows(self._squares, height, width) - total**2 / template.size
        # Under an even window anything correlates: demand as much contrast as of the template.
        spread = np.maximum(spread, template.size * _FLAT**2)
        correlation = product[:, :rows, :columns] / np.sqrt(spread * (even**2).sum())
        free = self._shapes - (height, width)
        allowed = (np.arange(rows) <= free[:, :1])[:, :, None]
        allowed = allowed & (np.arange(columns) <= free[:, 1:])[:, None, :]
        flat = np.where(allowed, correlation, -1.0).reshape(len(correlation), -1)
        place = flat.argmax(axis=1)
        return [
            (float(row[i]), int(i) % columns, int(i) // columns)
            for row, i in zip(flat, place, strict=True)
        ]


def _running(stack: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(stack.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))


def _windows(sums: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """The sum under every window (n, rows, columns), from running sums."""
    right: NDArray[np.float64] = sums[:, :, width:] - sums[:, :, :-width]
    return right[:, height:] - right[:, :-height]
