"""The weight-free look: near for copies, apart for strangers, and weighable."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from photolib.models.look import (
    LOOK_DIMENSIONS,
    LOOK_PARTS,
    look,
    look_part_similarities,
    weigh,
)

if TYPE_CHECKING:
    from pathlib import Path


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture of coloured shapes on a gradient, with some grain."""
    random = np.random.default_rng(seed)
    width, height = size
    ends = random.integers(0, 256, (2, 3))
    ramp = np.linspace(ends[0], ends[1], height)[:, None].repeat(width, 1)
    noisy = (ramp + random.normal(0, 6, ramp.shape)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(noisy)
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(20, 120, 2)
        colour = tuple(int(c) for c in random.integers(0, 256, 3))
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x + w), int(y + h)), fill=colour)
    return image


def encoded(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue()))


def test_a_look_is_a_unit_vector_of_named_unit_parts() -> None:
    vector = look(scene(0))
    assert vector.shape == (LOOK_DIMENSIONS,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert [p.start for p in LOOK_PARTS.values()][1:] == [p.stop for p in LOOK_PARTS.values()][:-1]
    assert max(p.stop for p in LOOK_PARTS.values()) == LOOK_DIMENSIONS
    assert np.array_equal(vector, look(scene(0)))


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_keeps_its_look_and_a_stranger_has_another(seed: int) -> None:
    original = scene(seed)
    vector = look(original)
    half = original.resize((160, 120), Image.Resampling.LANCZOS)
    copies = [encoded(original, 40), half, encoded(half, 80)]
    others = [look(scene(other)) for other in range(6) if other != seed]
    assert min(float(vector @ look(copy)) for copy in copies) > 0.95
    assert max(float(vector @ other) for other in others) < 0.75


def test_parts_answer_for_what_changed() -> None:
    original = scene(1)
    same = look_part_similarities(look(original), look(original))
    assert all(value == pytest.approx(1, abs=1e-5) for value in same.values())
    grey = look_part_similarities(look(original), look(ImageOps.grayscale(original)))
    assert grey["shape"] > 0.95 > 0.6 > grey["colour"]
    mirrored = look_part_similarities(look(original), look(ImageOps.mirror(original)))
    assert mirrored["colour"] > 0.99
    assert mirrored["shape"] < 0.7
    soft = original.filter(ImageFilter.GaussianBlur(3))
    blurred = look_part_similarities(look(original), look(soft))
    assert blurred["layout"] > 0.99 > blurred["texture"]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_any_mode_and_the_smallest_picture_have_a_look(mode: str) -> None:
    vector = look(Image.new(mode, (1, 3)))
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


weights = st.dictionaries(
    st.sampled_from(sorted(LOOK_PARTS)), st.floats(0, 10, allow_nan=False), max_size=4
)


@settings(deadline=None, max_examples=40)
@given(weights, st.integers(0, 4), st.integers(0, 4))
def test_a_weighed_dot_product_is_the_weighed_sum_of_the_parts(
    chosen: dict[str, float], first: int, second: int
) -> None:
    a, b = look(scene(first)), look(scene(second))
    expected = sum(
        chosen.get(name, 1.0) * float(a[part] @ b[part]) for name, part in LOOK_PARTS.items()
    )
    query = weigh(a, chosen)
    scale = max(
        np.sqrt(sum(chosen.get(n, 1.0) ** 2 * float(a[p] @ a[p]) for n, p in LOOK_PARTS.items())),
        1e-12,
    )
    assert float(query @ b) == pytest.approx(expected / scale, abs=1e-4)


def test_a_weight_for_no_part_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        weigh(look(scene(0)), {"smell": 1})
    with pytest.raises(ValueError, match="zero or more"):
        weigh(look(scene(0)), {"colour": -1})


def test_likes_are_among_the_nearest_of_real_photos(shared: Path) -> None:
    files = sorted((shared / "photos" / "albums").glob("*.jpg"))[::2]
    kinds = np.array([file.name.split("_image")[0] for file in files])
    rows = np.stack([look(Image.open(file)) for file in files])
    similarity = rows @ rows.T
    np.fill_diagonal(similarity, -1)
    nearest = np.argsort(-similarity, axis=1)[:, :5]
    assert (kinds[nearest] == kinds[:, None]).mean() > 3.5 / len(set(kinds))
