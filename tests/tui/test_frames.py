"""Frames in cells, and the region that keys move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from photolib.tui.frames import Frame, cells_of, framed, moved, resized, scaled, steps
from photolib.tui.pictures import Display

if TYPE_CHECKING:
    from photolib.library.results import Box
    from photolib.tui.frames import Look

STYLES: dict[Look, Style] = {
    "plain": Style(color="white", bgcolor="black"),
    "chosen": Style(color="black", bgcolor="yellow"),
    "drawn": Style(color="black", bgcolor="yellow"),
}
shares = st.floats(0, 1)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(st.floats(0, 0.99)), draw(st.floats(0, 0.99))
    return x, y, draw(st.floats(0.001, 1 - x)), draw(st.floats(0.001, 1 - y))


def drawn(frames: list[Frame], width: int, height: int) -> list[str]:
    lines = framed([Strip.blank(width)] * height, width, frames, STYLES)
    return [line.text for line in lines]


def test_a_frame_surrounds_its_cells_and_names_them() -> None:
    lines = drawn([Frame((0.1, 0.25, 0.6, 0.5), "1 cat")], 20, 8)
    assert lines[:2] == [" " * 20] * 2
    assert lines[2] == "  ┌1 cat─────┐      "
    assert lines[3] == lines[4] == "  │          │      "
    assert lines[5] == "  └──────────┘      "


def test_what_is_chosen_or_drawn_is_told_without_colour() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    tops = [drawn([Frame(box, "1", look)], 6, 3)[0] for look in STYLES]
    assert tops == ["┌1───┐", "┏1━━━┓", "╔1═══╗"]


def test_the_chosen_frame_lies_over_others_and_may_write_beyond_itself() -> None:
    over, under = (0.2, 0.0, 0.2, 1.0), (0.0, 0.0, 1.0, 1.0)
    lines = drawn([Frame(over, "1 elephant", "chosen"), Frame(under, "2")], 20, 4)
    assert lines[0] == "┌2──┏1 elephant────┐"
    assert lines[1] == "│   ┃  ┃           │"
    assert drawn([Frame(over, "1 elephant")], 20, 4)[0] == "    ┌1…┐            "


def test_an_outline_is_dotted() -> None:
    outline = ((0.5, 0.2), (0.8, 0.8), (0.2, 0.8))
    lines = drawn([Frame((0.0, 0.0, 1.0, 1.0), "1", "plain", outline)], 21, 9)
    assert lines[7].count("·") >= 12
    assert lines[1][10] == "·"


def test_thin_lines_leave_the_colours_of_the_picture_behind_them() -> None:
    light = Display().paint(Image.new("RGB", (40, 40), (250, 240, 200)), 8, 4)
    lines = framed(light.strips, 8, [Frame((0, 0, 1, 1), "1")], STYLES)
    side = next(iter(lines[1]))
    assert side.text == "│"
    assert side.style is not None
    assert side.style.bgcolor is not None
    assert side.style.bgcolor.triplet == (250, 240, 200)
    assert side.style.color is not None
    assert side.style.color.triplet == (0, 0, 0)


@given(
    st.lists(st.tuples(boxes(), st.text("ab 犬o\u0301", max_size=12)), max_size=6),
    st.integers(1, 40),
    st.integers(1, 20),
    st.sampled_from(["plain", "chosen"]),
)
@settings(max_examples=80, deadline=None)
def test_frames_never_change_the_size_of_a_picture(
    found: list[tuple[Box, str]], width: int, height: int, last: Look
) -> None:
    frames = [Frame(box, f"{i} {name}") for i, (box, name) in enumerate(found)]
    frames += [Frame(box, name, last) for box, name in found[-1:]]
    lines = drawn(frames, width, height)
    assert [cell_len(line) for line in lines] == [width] * height


@given(boxes(), st.integers(1, 200), st.integers(1, 100))
@settings(max_examples=80, deadline=None)
def test_the_cells_of_a_box_are_in_the_picture(box: Box, width: int, height: int) -> None:
    left, top, right, bottom = cells_of(box, width, height)
    assert 0 <= left <= right < width
    assert 0 <= top <= bottom < height


@given(boxes(), st.lists(st.sampled_from("hjklHJKL+-"), max_size=30), st.integers(0, 120))
@settings(max_examples=80, deadline=None)
def test_a_drawn_region_stays_in_the_picture(box: Box, keys: list[str], columns: int) -> None:
    step = steps(columns, columns // 3)
    ways = {"h": (-1, 0), "l": (1, 0), "k": (0, -1), "j": (0, 1)}
    for key in keys:
        across, down = ways.get(key.lower(), (0, 0))
        if key in "+-":
            box = scaled(box, 1 if key == "+" else -1, step)
        elif key.islower():
            box = moved(box, across * step[0], down * step[1])
        else:
            box = resized(box, across * step[0], down * step[1], step)
        x, y, width, height = box
        assert min(x, y) >= 0
        assert max(x + width, y + height) <= 1 + 1e-9
        assert min(width, height) > 0


def test_a_region_grows_around_its_middle() -> None:
    x, y, width, height = scaled((0.4, 0.4, 0.2, 0.2), 1, (0.05, 0.05))
    assert (round(x, 6), round(y, 6)) == (0.35, 0.35)
    assert (round(width, 6), round(height, 6)) == (0.3, 0.3)
