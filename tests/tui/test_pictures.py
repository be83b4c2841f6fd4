"""Pictures as cells."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photolib.tui.pictures import Display, Painting, Recent, choose_display

sides = st.integers(1, 400)


def test_a_cell_of_one_colour_is_painted_in_it() -> None:
    painting = Display("blocks").paint(Image.new("RGB", (40, 40), (10, 200, 30)), 4, 2)
    assert [strip.cell_length for strip in painting.strips] == [4, 4]
    for strip in painting.strips:
        for segment in strip:
            assert segment.style is not None
            assert segment.style.color is not None
            assert segment.style.color.triplet == (10, 200, 30)


def test_halves_and_quarters_take_the_shape_of_what_they_show() -> None:
    assert shape_of([(255, 0), (255, 0)]) in "▌▐"
    assert shape_of([(255, 255), (0, 0)]) in "▀▄"
    assert shape_of([(255, 0), (0, 0)]) in "▘▟"
    assert shape_of([(255, 0), (0, 255)]) in "▚▞"


def shape_of(quarters: list[tuple[int, int]]) -> str:
    picture = Image.new("L", (2, 2))
    picture.putdata([value for row in quarters for value in row])
    painting = Display("blocks").paint(picture.convert("RGB"), 1, 1)
    return painting.strips[0].text


@given(wide=sides, high=sides, width=st.integers(1, 200), height=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_a_fitted_picture_stays_in_its_place_and_touches_a_side(
    wide: int, high: int, width: int, height: int
) -> None:
    columns, rows = Display().fitted((wide, high), width, height)
    assert 1 <= columns <= width
    assert 1 <= rows <= height
    assert columns == width or rows == height


@given(wide=sides, high=sides, width=st.integers(1, 60), height=st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_a_covering_picture_has_the_shape_of_its_place(
    wide: int, high: int, width: int, height: int
) -> None:
    part = Display().covering(Image.new("RGB", (wide, high)), width, height)
    assert part.width <= wide
    assert part.height <= high
    assert part.width == wide or part.height == high
    assert len(Display().paint(part, width, height).strips) == height


def test_kitty_gets_the_pixels_once_and_cells_that_name_them() -> None:
    picture = Image.effect_noise((300, 200), 90).convert("RGB")
    painting = Display("kitty", (8, 16)).paint(picture, 12, 4)
    sent = re.findall(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\", painting.transmit)
    *chunks, placement = sent
    assert all(len(data) <= 4096 for _, data in chunks)
    assert [keys.split("m=")[1][0] for keys, _ in chunks] == ["1"] * (len(chunks) - 1) + ["0"]
    with Image.open(BytesIO(b64decode("".join(data for _, data in chunks)))) as shown:
        assert shown.size == (96, 64)
    number = number_of(painting)
    assert f"i={number}," in placement[0]
    assert "U=1" in placement[0]
    assert f"i={number}," in painting.forget
    assert {len(strip.text) for strip in painting.strips} == {36}
    assert [strip.cell_length for strip in painting.strips] == [12] * 4


def number_of(painting: Painting) -> int:
    style = next(iter(painting.strips[0])).style
    assert style is not None
    assert style.color is not None
    assert style.color.triplet is not None
    red, green, blue = style.color.triplet
    return red << 16 | green << 8 | blue


def test_kitty_pictures_have_numbers_of_their_own() -> None:
    picture = Image.new("RGB", (8, 8))
    display = Display("kitty")
    assert number_of(display.paint(picture, 1, 1)) != number_of(display.paint(picture, 1, 1))


def test_without_a_terminal_pictures_are_blocks() -> None:
    assert choose_display("auto", {}).kind == "blocks"
    assert choose_display("none", {}).kind == "none"


def test_a_forced_protocol_is_taken() -> None:
    assert choose_display("kitty", {}).kind == "kitty"
    assert choose_display("sixel", {}).kind == "sixel"


def test_recent_forgets_what_was_not_used() -> None:
    recent: Recent[str] = Recent(2)
    assert recent.put("a", "A") == []
    assert recent.put("b", "B") == []
    assert recent.get("a") == "A"
    assert recent.put("c", "C") == ["B"]
    assert recent.put("a", "AA") == ["A"]
    assert "b" not in recent
