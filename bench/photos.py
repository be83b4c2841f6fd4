"""Real photographs to measure with, all with different bytes."""

from __future__ import annotations

import io
import tempfile
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageEnhance, ImageOps

from photolib.images.samples import make_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).parent.parent.parent / "shared" / "photos" / "photos"
_SIZE = (640, 480)


def gather(folders: dict[Path, int]) -> str:
    """Fill each new folder with so many JPEGs of about 640x480; returns what they are.

    They are the photographs beside a developer's checkout, and beyond those (or without them)
    variations of the demo's photographs.
    """
    wanted = sum(folders.values())
    found = sorted(SHARED.glob("*.jpg"))[:wanted] if SHARED.is_dir() else []
    with tempfile.TemporaryDirectory() as scratch:
        pictures = chain((path.read_bytes() for path in found), _variations(Path(scratch)))
        for folder, count in folders.items():
            folder.mkdir(parents=True)
            for number, jpeg in enumerate(islice(pictures, count)):
                (folder / f"{number:05}.jpg").write_bytes(jpeg)
    return f"{len(found)} real photos and {wanted - len(found)} variations of the demo's"


def _variations(scratch: Path) -> Iterator[bytes]:
    """The demo's photographs, mirrored, cut otherwise and of other brightness, none twice."""
    sources = [path for path in make_samples(scratch) if path.suffix == ".jpg"]
    whole = [image for path in sources if (image := _opened(path))]
    seen = set()
    for turn in count():
        for image in whole:
            jpeg = _varied(image, turn)
            if jpeg not in seen:
                seen.add(jpeg)
                yield jpeg


def _varied(image: Image.Image, turn: int) -> bytes:
    shift, light = (turn % 7) / 10, 0.8 + 0.4 * (turn * 0.618 % 1.0)
    turned = ImageOps.mirror(image) if turn % 2 else image
    fitted = ImageOps.fit(turned, _SIZE, bleed=0.02 * (turn % 5), centering=(shift, 1 - shift))
    encoded = io.BytesIO()
    ImageEnhance.Brightness(fitted).enhance(light).save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


def _opened(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError:  # one of the samples is cut short on purpose
        return None
