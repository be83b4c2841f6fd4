"""From a decoded picture to the square that an open_clip model looks at.

open_clip's own inference transform (resize, centre crop or pad, to tensor, normalise) is reproduced
with one Pillow resize that computes only the pixels that survive the crop; normalisation is left to
the model's side. Equality with the original transform is a test.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PillowImage

from photolib.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL.Image import Image

_REDUCING_GAP = 3.0
"""Pillow's own figure for a two-step downscale that cannot be told from a fair one."""
_RESAMPLING = {
    "bicubic": PillowImage.Resampling.BICUBIC,
    "bilinear": PillowImage.Resampling.BILINEAR,
}
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How one model wants its pictures; the defaults are open_clip's (and OpenAI CLIP's)."""

    side: int = 224
    mean: Triple = (0.48145466, 0.4578275, 0.40821073)
    std: Triple = (0.26862954, 0.26130258, 0.27577711)
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    """``shortest`` fits and the rest is cropped; ``longest`` fits and is padded; or ``squash``."""
    fill_color: int = 0

    @classmethod
    def from_config(cls, model: Mapping[str, Any], preprocess: Mapping[str, Any]) -> Preprocessing:
        """From the ``model_cfg`` and ``preprocess_cfg`` of an open_clip configuration.

        The model's own image size wins, as it does in open_clip. Raises ModelError for a picture
        that is not square or a way of resizing that open_clip does not have.
        """
        size = model.get("vision_cfg", {}).get("image_size", preprocess.get("size", cls().side))
        sides = set(size) if isinstance(size, list | tuple) else {size}
        if len(sides) != 1:
            raise ModelError(f"a model with pictures of {size} is not square", "Use another model.")
        base = cls()
        made = cls(
            side=int(sides.pop()),
            mean=_triple(preprocess.get("mean", base.mean)),
            std=_triple(preprocess.get("std", base.std)),
            interpolation=preprocess.get("interpolation", base.interpolation),
            resize_mode=preprocess.get("resize_mode", base.resize_mode),
            fill_color=int(preprocess.get("fill_color", base.fill_color)),
        )
        if made.interpolation not in _RESAMPLING or made.resize_mode not in _FITS:
            raise ModelError(f"unknown preprocessing {made.interpolation}, {made.resize_mode}")
        return made

    @property
    def digest(self) -> bytes:
        """Bytes that differ for models which see the same file differently."""
        return hashlib.blake2b(json.dumps(asdict(self), sort_keys=True).encode()).digest()

    def apply(self, image: Image) -> NDArray[np.uint8]:
        """``image`` as uint8 (side, side, 3), not yet normalised. Safe in many threads."""
        colour = image if image.mode == "RGB" else image.convert("RGB")
        return _FITS[self.resize_mode](self, colour)


def _triple(values: Any) -> Triple:
    items = tuple(float(v) for v in (values if isinstance(values, list | tuple) else [values] * 3))
    if len(items) != 3:
        raise ModelError(f"a mean or deviation of {len(items)} channels is not RGB")
    return items


def _shortest(way: Preprocessing, image: Image) -> NDArray[np.uint8]:
    """The centre square of the picture, at the scale that makes its shortest side fit."""
    side, (width, height) = way.side, image.size
    short = min(width, height)
    # Sizes and offsets are rounded as torchvision's Resize and CenterCrop do.
    scaled = int(side * width / short), int(side * height / short)
    left, top = (round((length - side) / 2.0) for length in scaled)
    across, down = width / scaled[0], height / scaled[1]
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    return _resized(way, image, (side, side), box)


def _longest(way: Preprocessing, image: Image) -> NDArray[np.uint8]:
    """The whole picture, padded to a square."""
    side, (width, height) = way.side, image.size
    ratio = max(width, height) / side
    inner = max(1, round(width / ratio)), max(1, round(height / ratio))
    canvas = np.full((side, side, 3), way.fill_color, np.uint8)
    left, top = ((side - length) // 2 for length in inner)
    pixels = _resized(way, image, inner, (0, 0, width, height))
    canvas[top : top + inner[1], left : left + inner[0]] = pixels
    return canvas


def _squash(way: Preprocessing, image: Image) -> NDArray[np.uint8]:
    return _resized(way, image, (way.side, way.side), (0, 0, *image.size))


_FITS = {"shortest": _shortest, "longest": _longest, "squash": _squash}


def _resized(
    way: Preprocessing,
    image: Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
) -> NDArray[np.uint8]:
    x, y, right, bottom = box
    inside = (x, y, min(right, float(image.width)), min(bottom, float(image.height)))
    resampling = _RESAMPLING[way.interpolation]
    return np.asarray(image.resize(size, resampling, inside, reducing_gap=_REDUCING_GAP))
