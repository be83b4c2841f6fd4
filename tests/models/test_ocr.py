"""Reading words, and knowing when it is not worth trying."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from photolib.models.ocr import TEXT_LIKELY, load_text_reader, reader_id, text_likeliness


def page(*lines: str) -> Image.Image:
    image = Image.new("RGB", (640, 60 + 50 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        draw.text((40, 30 + 50 * row), line, fill="black", font_size=28)
    return image


def test_print_is_likely_text_and_plain_pictures_are_not() -> None:
    ramp = np.linspace(0, 255, 640, dtype=np.uint8)[None].repeat(480, 0)
    assert text_likeliness(page("Thank you for your visit", "Total 42.50")) > TEXT_LIKELY
    assert text_likeliness(Image.fromarray(ramp)) == 0
    assert text_likeliness(Image.new("RGB", (640, 480), "navy")) == 0
    assert text_likeliness(Image.new("1", (3, 3))) == 0


def test_grain_is_not_text() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8)
    assert text_likeliness(Image.fromarray(noise)) < TEXT_LIKELY


@pytest.mark.torch
def test_lines_are_read_in_order_with_their_boxes() -> None:
    reader = load_text_reader(threads=1)
    lines = reader.read_text(page("Thank you", "Total 42.50"))
    assert [line.text.replace(" ", "") for line in lines] == ["Thankyou", "Total42.50"]
    assert all(line.confidence > 0.8 for line in lines)
    first, second = (line.box for line in lines)
    assert first.y + first.height / 2 < 0.5 < second.y + second.height / 2
    assert 0.03 < first.x < 0.1
    assert reader.read_text(Image.new("L", (200, 100), 255)) == ()
    assert reader.reader_id == reader_id()
