"""Pictures for the tests of ``photolib.images``: small, made here, the same each time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from photolib.images import Decoder, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """An RGB picture without any symmetry."""
    image = Image.linear_gradient("L").resize((width, height))
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    spot = Image.new("L", (width, height), 30)
    spot.paste(220, (width // 8, height // 8, width // 3, height // 2))
    return Image.merge("RGB", (image, across, spot))


def encoded(image: Image.Image, name: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment in front."""
    return jpeg[:2] + segment(marker, body) + jpeg[2:]


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean absolute difference of two RGB pictures, 0 to 255."""
    import numpy as np

    assert one.size == other.size
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    limits = Limits(max_pixels=40_000_000, max_bytes=1 << 28, memory=3 << 30, seconds=20)
    with Decoder(limits, workers=1) as shared_decoder:
        yield shared_decoder
