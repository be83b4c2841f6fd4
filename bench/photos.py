"""Real photographs to measure with, all with different bytes."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance, ImageOps

from photolib.images.samples import make_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).parent.parent.parent / "shared" / "photos" / "photos"
_SIZE = (640, 480)


def gather(folder: Path, wanted: int) -> str:
    """Put ``wanted`` JPEGs of about 640x480 into a new folder; returns what they are.

    They are the photographs beside a developer's checkout, and beyond those (or without them)
    variations of the demo's photographs.
    """
    folder.mkdir(parents=True)
    found = sorted(SHARED.glob("*.jpg"))[:wanted] if SHARED.is_dir() else []
    for path in found:
        shutil.copy(path, folder / path.name)
    pictures = _variations(folder.parent / "samples")
    for number in range(len(found), wanted):
        next(pictures).save(folder / f"varied-{number:05}.jpg", quality=90)
    kinds = [f"{len(found)} real photos"] if found else []
    kinds += [f"{wanted - len(found)} variations of the demo's"] if len(found) < wanted else []
    return " and ".join(kinds)


def _variations(scratch: Path) -> Iterator[Image.Image]:
    """The demo's photographs, mirrored, turned to other windows and other brightness."""
    sources = [path for path in make_samples(scratch) if path.suffix == ".jpg"]
    whole = [image for path in sources if (image := _opened(path))]
    for number in count():
        image = whole[number % len(whole)]
        turn = number // len(whole)
        if turn % 2:
            image = ImageOps.mirror(image)
        shift = (turn % 7) / 10
        fitted = ImageOps.fit(image, _SIZE, bleed=0.02 * (turn % 5), centering=(shift, 1 - shift))
        yield ImageEnhance.Brightness(fitted).enhance(0.8 + 0.4 * ((turn * 0.618) % 1.0))


def _opened(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError:  # one of the samples is cut short on purpose
        return None
