"""Sketches: strokes ask for edges, paint for colours in places, paper for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from photolib.models.look import LOOK_DIMENSIONS, LOOK_PARTS, look
from photolib.models.sketch import sketch_query
from tests.models.test_look import scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHOTOS = [scene(seed) for seed in range(24)]
LOOKS = np.stack([look(photo) for photo in PHOTOS])


def paper(size: tuple[int, int] = (320, 240)) -> Image.Image:
    return Image.new("RGB", size, "white")


def traced(photo: Image.Image) -> Image.Image:
    """The strongest edges of a photo in black on white, a little out of place."""
    grey = np.asarray(photo.convert("L").filter(ImageFilter.GaussianBlur(3)), np.float32)
    steep = np.hypot(*np.gradient(grey))
    lines = Image.fromarray(np.where(steep > np.quantile(steep, 0.93), 0, 255).astype(np.uint8))
    return lines.rotate(2, fillcolor=255, translate=(4, -3)).convert("RGB")


def painted(photo: Image.Image) -> Image.Image:
    """Every other tile of a photo in its mean colour, on white, a little out of place."""
    coarse = photo.resize((8, 6), Image.Resampling.BOX).resize(photo.size, Image.Resampling.NEAREST)
    x, y = np.meshgrid(np.arange(photo.width) // 40, np.arange(photo.height) // 40)
    sketch = np.where(((x + y) % 2 == 0)[..., None], np.asarray(coarse), 255).astype(np.uint8)
    return Image.fromarray(sketch).rotate(0, fillcolor="white", translate=(5, 4))


def place(query: np.ndarray[tuple[int, ...], np.dtype[np.float32]], own: int) -> int:
    scores = LOOKS @ query
    return int((scores > scores[own]).sum()) + 1


@pytest.mark.parametrize("sketch", [traced, painted])
def test_a_sketch_finds_its_photo(sketch: Callable[[Image.Image], Image.Image]) -> None:
    places = [place(sketch_query(sketch(photo)), i) for i, photo in enumerate(PHOTOS)]
    assert sum(found == 1 for found in places) >= 20
    assert max(places) <= 8


def test_strokes_ask_for_shape_alone_and_paint_for_colours_too() -> None:
    drawing = paper()
    ImageDraw.Draw(drawing).ellipse((60, 40, 220, 200), outline="black", width=4)
    painting = paper()
    ImageDraw.Draw(painting).ellipse((60, 40, 220, 200), fill="teal")
    for image, used in ((drawing, {"shape"}), (painting, {"colour", "layout", "shape"})):
        query = sketch_query(image)
        assert query.shape == (LOOK_DIMENSIONS,)
        assert query.dtype == np.float32
        assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
        assert {name for name, part in LOOK_PARTS.items() if query[part].any()} == used


def test_dense_hatching_is_strokes_still() -> None:
    drawing = paper()
    for x in range(20, 300, 9):
        ImageDraw.Draw(drawing).line((x, 20, x, 220), fill="black", width=4)
    query = sketch_query(drawing)
    assert not query[LOOK_PARTS["colour"]].any()


def test_paper_says_nothing_of_what_lies_there() -> None:
    """A red patch on paper is as near to a photo with white around it as to one with blue."""
    sketch = paper()
    ImageDraw.Draw(sketch).rectangle((90, 60, 230, 180), fill=(200, 30, 30))
    query = sketch_query(sketch)
    around = []
    for colour in ("white", "royalblue", "gray"):
        photo = Image.new("RGB", (320, 240), colour)
        ImageDraw.Draw(photo).rectangle((90, 60, 230, 180), fill=(200, 30, 30))
        around.append(float(query @ look(photo)))
    elsewhere = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(elsewhere).rectangle((90, 60, 230, 180), fill=(30, 160, 60))
    assert min(around) > float(query @ look(elsewhere))


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "1"])
def test_any_mode_will_do(mode: str) -> None:
    drawing = paper()
    ImageDraw.Draw(drawing).line((0, 0, 320, 240), fill="black", width=5)
    assert np.isfinite(sketch_query(drawing.convert(mode))).all()


def test_blank_paper_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is drawn"):
        sketch_query(paper())


def test_tracings_of_real_photos_find_them(shared: Path) -> None:
    files = sorted((shared / "photos" / "photos").glob("*.jpg"))[::6]
    photos = [Image.open(file).convert("RGB").resize((320, 240)) for file in files]
    looks = np.stack([look(photo) for photo in photos])
    scores = np.stack([looks @ sketch_query(traced(photo)) for photo in photos])
    own = np.diagonal(scores)
    assert ((scores > own[:, None]).sum(axis=1) == 0).mean() > 0.8
