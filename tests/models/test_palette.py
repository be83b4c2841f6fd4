"""Palettes: what colours a picture has, what people call them, and how far colours are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor

from photolib.models.cielab import CODES, codes, delta_e, lab
from photolib.models.palette import PALETTE, colourless, of_shade, of_terms, palette
from photolib.query import COLOURS, CSS_COLOURS, SHADES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

channels = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        # From the test data of Sharma, Wu and Dalal: small differences, quadrant changes, greys.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_differences_are_those_of_the_paper(
    a: tuple[float, ...], b: tuple[float, ...], distance: float
) -> None:
    assert float(delta_e(np.array(a), np.array(b))) == pytest.approx(distance, abs=5e-5)


@settings(deadline=None, max_examples=60)
@given(channels, channels)
def test_a_difference_is_symmetric_and_zero_only_for_equals(
    first: tuple[int, int, int], second: tuple[int, int, int]
) -> None:
    a, b = lab(np.array(first) / 255), lab(np.array(second) / 255)
    assert float(delta_e(a, b)) == pytest.approx(float(delta_e(b, a)), abs=1e-6)
    assert float(delta_e(a, a)) == pytest.approx(0, abs=1e-6)
    assert (first == second) == (float(delta_e(a, b)) < 1e-6)


def test_white_grey_and_black_have_no_colour() -> None:
    greys = lab(np.array([(0, 0, 0), (0.5, 0.5, 0.5), (1, 1, 1)]))
    assert greys[:, 0].tolist() == pytest.approx([0, 53.39, 100], abs=0.01)
    assert np.abs(greys[:, 1:]).max() < 0.05
    assert colourless()[codes(np.array([(0, 0, 0), (128, 128, 128), (255, 0, 0)]))].tolist() == [
        1.0,
        1.0,
        0.0,
    ]


def parts(*shares: tuple[tuple[int, int, int], int]) -> Image.Image:
    """A picture of upright bars: colours and how many of its 64 columns each takes."""
    columns = np.concatenate([np.full((width, 3), colour) for colour, width in shares])
    return Image.fromarray(np.tile(columns.astype(np.uint8), (48, 1, 1)))


def measured(image: Image.Image, table: NDArray[np.float32]) -> float:
    found = palette(image)
    return float((table[found["code"]] * found["share"]).sum() / found["share"].sum())


def test_a_palette_has_each_colour_with_its_share_the_largest_first() -> None:
    found = palette(parts(((0, 128, 128), 24), ((250, 250, 250), 32), ((200, 20, 20), 8)))
    assert found.dtype == PALETTE
    wanted = codes(np.array([(250, 250, 250), (0, 128, 128), (200, 20, 20)]))
    assert found["code"].tolist() == wanted.tolist()
    assert (found["share"] / 255).tolist() == pytest.approx([0.5, 0.375, 0.125], abs=0.005)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_any_mode_and_the_smallest_picture_have_a_palette(mode: str) -> None:
    found = palette(Image.new(mode, (1, 3)))
    assert found["share"].sum() >= 253


def test_a_colourful_picture_keeps_most_of_itself_in_few_colours() -> None:
    noise = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    found = palette(Image.fromarray(noise))
    assert 0 < len(found) <= 24
    assert found["share"].astype(int).sum() <= 255


@pytest.fixture(scope="module")
def terms() -> dict[str, NDArray[np.float32]]:
    return of_terms(SHADES)


def test_every_colour_has_names_that_sum_to_one(terms: dict[str, NDArray[np.float32]]) -> None:
    total = np.sum(list(terms.values()), axis=0)
    assert total.shape == (CODES,)
    assert np.abs(total - 1).max() < 1e-4


@pytest.mark.parametrize("term", COLOURS)
def test_the_shades_of_a_term_are_called_by_it(
    terms: dict[str, NDArray[np.float32]], term: str
) -> None:
    called = codes(np.array(SHADES[term]))
    best = np.max([terms[name][called] for name in terms], axis=0)
    # The palest yellows and beiges lie within the five bits of one code of each other.
    assert (best - terms[term][called]).max() < 0.25


@pytest.mark.parametrize(
    ("rgb", "term"),
    [
        ((96, 125, 59), "green"),  # grass
        ((135, 206, 235), "blue"),  # a clear sky
        ((92, 64, 40), "brown"),  # earth
        ((236, 238, 240), "white"),  # snow
        ((178, 34, 40), "red"),  # a brick wall in the sun
        ((22, 24, 30), "black"),  # night
        ((20, 120, 125), "teal"),
        ((240, 128, 30), "orange"),
        ((120, 122, 120), "grey"),  # asphalt
    ],
)
def test_what_people_see_is_called_what_they_call_it(
    terms: dict[str, NDArray[np.float32]], rgb: tuple[int, int, int], term: str
) -> None:
    code = codes(np.array(rgb))
    assert max(terms, key=lambda name: float(terms[name][code])) == term


def test_a_shade_fades_with_distance() -> None:
    table = of_shade((0x33, 0x66, 0xCC))
    same, near, other = codes(np.array([(0x33, 0x66, 0xCC), (60, 120, 215), (200, 60, 30)]))
    assert table[same] == 1.0
    assert 0.3 < table[near] < 1.0
    assert table[other] == 0.0


@pytest.mark.parametrize("term", COLOURS)
def test_noise_and_shadow_leave_a_colour_its_name(
    terms: dict[str, NDArray[np.float32]], term: str
) -> None:
    random = np.random.default_rng(len(term))
    canvas = np.full((96, 96, 3), COLOURS[term], np.float64)
    canvas *= np.linspace(0.92, 1.0, 96)[:, None, None]
    noisy = (canvas + random.normal(0, 5, canvas.shape)).clip(0, 255).astype(np.uint8)
    shares = {name: measured(Image.fromarray(noisy), table) for name, table in terms.items()}
    assert max(shares, key=lambda name: shares[name]) == term
    assert shares[term] > 0.5


def test_the_names_of_css_are_those_of_css() -> None:
    for name, rgb in CSS_COLOURS.items():
        assert ImageColor.getrgb(name) == rgb
    css = {name for name in ImageColor.colormap if "gray" not in name}
    assert css <= set(CSS_COLOURS) | set(COLOURS)


def test_strawberries_and_crabs_are_the_reddest_of_real_photos(
    shared: Path, terms: dict[str, NDArray[np.float32]]
) -> None:
    files = sorted((shared / "photos" / "albums").glob("*.jpg"))[::2]
    red = {file: measured(Image.open(file), terms["red"]) for file in files}
    first = sorted(files, key=lambda file: -red[file])[:12]
    assert sum(file.name.startswith(("strawberry", "crab")) for file in first) >= 9
