"""More like a picture, in chosen ways: weighed parts, presets, regions in words, sketches."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from photolib import wire
from photolib.errors import QueryError, UsageError
from photolib.library import Library
from photolib.models import LOOK_PARTS
from photolib.query import LIKE_PRESETS
from tests.library.shelf import index, opened, settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library.results import SearchResult

Rgb = tuple[int, int, int]
RED, GREEN, BLUE, GREY = (200, 30, 30), (40, 150, 60), (40, 70, 200), (128, 128, 128)
LEFT, MIDDLE, RIGHT = (10, 60, 110, 180), (120, 60, 210, 180), (220, 60, 310, 180)


def patches(path: Path, *things: tuple[Rgb, tuple[int, int, int, int]]) -> None:
    """Rectangles on grey, 320 by 240."""
    image = Image.new("RGB", (320, 240), GREY)
    for colour, box in things:
        ImageDraw.Draw(image).rectangle(box, fill=colour)
    image.save(path)


def striped(path: Path, colour: Rgb, *, upright: bool) -> None:
    """Stripes of a colour in the left half, a plain right half."""
    image = Image.new("RGB", (320, 240), GREY)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 159, 239), fill=colour)
    dark = tuple(c // 3 for c in colour)
    for at in range(0, 240, 16):
        line = (at, 0, at, 239) if upright else (0, at, 159, at)
        if not upright or at < 160:
            draw.line(line, fill=dark, width=6)
    image.save(path)


def noise(path: Path, seed: int) -> None:
    cells = np.random.default_rng(seed).integers(0, 255, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(cells).resize((320, 240), Image.Resampling.BICUBIC).save(path)


def names(result: SearchResult) -> list[str]:
    return [os.path.basename(hit.path).removesuffix(".png") for hit in result.hits]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("likeness")
    striped(place / "source.png", RED, upright=True)
    striped(place / "colours.png", RED, upright=False)
    striped(place / "stripes.png", GREEN, upright=True)
    patches(place / "three.png", (RED, LEFT), (BLUE, MIDDLE), (GREEN, RIGHT))
    patches(place / "red blue.png", (RED, MIDDLE), (BLUE, RIGHT))
    patches(place / "red green.png", (GREEN, LEFT), (RED, RIGHT))
    patches(place / "blue green.png", (BLUE, LEFT), (GREEN, MIDDLE))
    patches(place / "red.png", (RED, MIDDLE))
    for seed in range(8):
        noise(place / f"noise {seed}.png", seed)
    return place


def unread(place: Path) -> Settings:
    """Settings of a library that looks for no text."""
    return replace(settings_at(place), ocr="never")


@pytest.fixture(scope="module")
def blind(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library without an encoder."""
    with Library(unread(tmp_path_factory.mktemp("blind"))) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


@pytest.fixture(scope="module")
def seeing(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same folder, and an encoder that sees colours."""
    with opened(unread(tmp_path_factory.mktemp("seeing"))) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


def before(result: SearchResult, first: str, second: str) -> bool:
    order = names(result)
    return order.index(first) < order.index(second)


def test_weights_decide_what_is_alike(blind: Library, folder: Path) -> None:
    source = str(folder / "source.png")
    by_colour = blind.similar(source, weigh={"colour": 4, "shape": 0, "texture": 0})
    by_shape = blind.similar(source, weigh={"colour": 0, "layout": 0, "shape": 2})
    assert before(by_colour, "colours", "stripes")
    assert before(by_shape, "stripes", "colours")
    assert "colour 1.00, layout 0.9" in by_colour.hits[0].why[0].detail
    assert "shape" not in by_colour.hits[0].why[0].detail


def test_the_same_palette_or_the_same_composition(blind: Library, folder: Path) -> None:
    source = str(folder / "source.png")
    assert before(blind.similar(source, same="palette"), "colours", "stripes")
    assert before(blind.similar(source, same="composition"), "stripes", "colours")
    with pytest.raises(UsageError, match="smell") as failure:
        blind.similar(source, same="smell")
    assert "palette or composition" in failure.value.hint


@pytest.mark.parametrize(
    ("features", "nearer", "farther"),
    [
        ("colour:very,layout:not,texture:somewhat,shape:not", "colours", "stripes"),
        ("colour:not,layout:not,texture:very,shape:very", "stripes", "colours"),
        ("palette", "colours", "stripes"),
        ("composition", "stripes", "colours"),
    ],
)
def test_words_say_how_much_each_feature_of_a_region_counts(
    blind: Library, folder: Path, features: str, nearer: str, farther: str
) -> None:
    result = blind.search(f"like:{folder}/source.png@0,0,0.5,1{{{features}}}", everything=True)
    assert before(result, nearer, farther)


def region(folder: Path, box: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = box
    place = f"{left / 320},{top / 240},{(right - left) / 320},{(bottom - top) / 240}"
    return f"like:{folder}/three.png@{place}{{colour:very,layout:not,texture:not,shape:not}}"


def test_one_region_and_one_of_two_others(blind: Library, folder: Path) -> None:
    red, blue, green = (region(folder, box) for box in (LEFT, MIDDLE, RIGHT))
    result = blind.search(f"{red} ({blue} OR {green}) -file:three*", everything=True)
    assert set(names(result)[:2]) == {"red blue", "red green"}
    result = blind.search(f"{red} -{blue} -{green} -file:three*", everything=True)
    assert before(result, "red", "red blue")


def test_weights_for_the_look_leave_meaning_out_unless_it_is_named(
    seeing: Library, folder: Path
) -> None:
    def sources(features: str) -> set[str]:
        result = seeing.search(f"like:{folder}/source.png{features}", everything=True)
        return {why.source for hit in result.hits for why in hit.why} - {"crop"}

    assert sources("") == {"meaning", "look"}
    assert sources("{colour:very}") == {"look"}
    assert sources("{meaning:somewhat,colour:very}") == {"meaning", "look"}
    assert sources("{colour:not,layout:not,texture:not,shape:not}") == {"meaning"}


def test_meaning_counts_as_much_as_its_weight(seeing: Library, folder: Path) -> None:
    def score(level: str) -> float:
        rest = "colour:not,layout:not,texture:not,shape:not"
        text = f"like:{folder}/source.png{{meaning:{level},{rest}}}"
        [hit] = [h for h in seeing.search(text, everything=True).hits if "colours" in h.path]
        return hit.score

    assert score("somewhat") < score("normal") < score("very")


def test_weights_must_leave_something(blind: Library, folder: Path) -> None:
    nothing = dict.fromkeys(("colour", "layout", "texture", "shape"), 0.0)
    with pytest.raises(UsageError, match="no part is left"):
        blind.similar(str(folder / "source.png"), weigh=nothing)
    with pytest.raises(UsageError, match="no part is left"):
        blind.search(f"like:{folder}/source.png{{colour:0,layout:0,texture:0,shape:0}}")


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Someone's painting of the picture with red in the middle and blue on the right."""
    path = tmp_path_factory.mktemp("drawings") / "drawing.png"
    image = Image.new("RGBA", (200, 150))
    draw = ImageDraw.Draw(image)
    draw.ellipse((72, 36, 130, 116), fill=(190, 20, 40, 255))
    draw.ellipse((136, 40, 196, 110), fill=(50, 60, 210, 255))
    image.save(path)
    return path


def test_a_painting_on_transparent_ground_finds_the_picture(blind: Library, drawing: Path) -> None:
    result = blind.similar(str(drawing), sketch=True)
    assert names(result)[0] == "red blue"
    assert result.hits[0].why[0].detail == "sketch"
    assert result.of.photo_id is None
    in_words = blind.search(f"like:{drawing}{{sketch}} -file:noise*")
    assert names(in_words)[0] == "red blue"


def test_a_sketch_needs_no_encoder_and_ignores_one(
    seeing: Library, blind: Library, drawing: Path
) -> None:
    both = [library.similar(str(drawing), sketch=True) for library in (seeing, blind)]
    assert names(both[0]) == names(both[1])


def test_blank_paper_and_mixed_orders_are_refused(blind: Library, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("RGBA", (60, 40)).save(blank)
    with pytest.raises(UsageError, match="nothing is drawn") as failure:
        blind.similar(str(blank), sketch=True)
    assert "white" in failure.value.hint
    with pytest.raises(UsageError, match="as a whole"):
        blind.similar(str(blank), sketch=True, region=(0, 0, 0.5, 0.5))
    with pytest.raises(QueryError, match="no region"):
        blind.search(f"like:{blank}@0,0,1,1{{sketch}}")


def test_the_words_of_the_front_ends_are_those_of_the_library() -> None:
    assert wire.IN_COMMON == tuple(LIKE_PRESETS)
    assert wire.PARTS_OF_LOOK == tuple(LOOK_PARTS)
