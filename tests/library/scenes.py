"""Pictures with enough in them to be recognised: shapes and words, no two scenes alike."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scene(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """A picture of many shapes in many colours over a rough ground."""
    random = np.random.default_rng(seed)
    coarse = random.integers(60, 200, (12, 16, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(70):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        w, h = random.integers(8, 70, 2)
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw = pen.ellipse if random.random() < 0.4 else pen.rectangle
        draw(
            (int(x), int(y), int(x + w), int(y + h)),
            fill=colour,
            outline=None if x % 2 else "black",
        )
    return image.filter(ImageFilter.GaussianBlur(0.7))
