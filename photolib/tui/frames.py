"""Frames around parts of a picture: where they lie, and how cells show them over the picture.

What a frame means is told by its lines and its words, never by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from photolib.tui.words import elided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.color import Color

    from photolib.library.results import Box

Look = Literal["plain", "chosen", "drawn"]

_LINES: dict[Look, str] = {"plain": "┌─┐│└┘", "chosen": "┏━┓┃┗┛", "drawn": "╔═╗║╚╝"}
"""Top left, across, top right, down, bottom left, bottom right."""
_DOTS: dict[Look, str] = {"plain": "·", "chosen": "•", "drawn": "•"}

STEP = 1 / 40
"""How far a key moves or resizes a region, as a share of the picture, where cells allow it."""
_LEAST_STEPS = 2
"""Steps that a region is wide and high at least."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A box of fractions of the picture, with words at its top and the outline of what it holds."""

    box: Box
    label: str
    look: Look = "plain"
    outline: tuple[tuple[float, float], ...] | None = None


_Cells = dict[int, dict[int, tuple[str, "Style | None"]]]
"""Characters by row and column; the second column of a wide character holds an empty one. Without
a style a character takes its ground from the picture."""


def framed(
    strips: Sequence[Strip], width: int, frames: Iterable[Frame], styles: Mapping[Look, Style]
) -> tuple[Strip, ...]:
    """Lines of ``width`` cells with frames over them: small ones over large, the chosen on top."""
    cells: _Cells = {}
    height = len(strips)
    for frame in sorted(frames, key=lambda f: (f.look != "plain", -f.box[2] * f.box[3])):
        style = styles[frame.look] if frame.look != "plain" else None
        _trace(cells, frame, (width, height), style)
        _draw(cells, frame, (width, height), style)
        _name(cells, frame, (width, height), styles[frame.look])
    plain = styles["plain"]
    return tuple(_over(strip, width, cells.get(y, {}), plain) for y, strip in enumerate(strips))


def cells_of(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """The first and last column and row that a box touches: left, top, right, bottom."""
    x, y, wide, high = box
    left, top = min(int(x * width), width - 1), min(int(y * height), height - 1)
    # Fractions that were computed end a hair behind the cell they end in.
    right = min(max(ceil((x + wide) * width - 1e-6) - 1, left), width - 1)
    bottom = min(max(ceil((y + high) * height - 1e-6) - 1, top), height - 1)
    return left, top, right, bottom


def _draw(cells: _Cells, frame: Frame, size: tuple[int, int], style: Style | None) -> None:
    left, top, right, bottom = cells_of(frame.box, *size)
    corner, across, other, down, below, last = tuple(_LINES[frame.look])
    for column in range(left + 1, right):
        _put(cells, column, top, across, style)
        _put(cells, column, bottom, across, style)
    for row in range(top + 1, bottom):
        _put(cells, left, row, down, style)
        _put(cells, right, row, down, style)
    _put(cells, right, bottom, last, style)
    _put(cells, left, bottom, below, style)
    _put(cells, right, top, other, style)
    _put(cells, left, top, corner, style)


def _name(cells: _Cells, frame: Frame, size: tuple[int, int], style: Style) -> None:
    """Words on the upper edge; those of a chosen frame may go on beyond its right corner."""
    left, top, right, _ = cells_of(frame.box, *size)
    width = size[0]
    room = (width if frame.look != "plain" else right) - left - 1
    number = frame.label.split(" ", 1)[0]
    text = elided(frame.label, room) if room > cell_len(number) else number
    column = min(left + 1, max(0, width - cell_len(text)))
    for character in text:
        wide = cell_len(character)
        if wide and column + wide <= width:
            _put(cells, column, top, character, style)
            column += wide


def _trace(cells: _Cells, frame: Frame, size: tuple[int, int], style: Style | None) -> None:
    """Dots along the outline, at least one in every cell that it crosses."""
    points = frame.outline or ()
    width, height = size
    for (x, y), (to_x, to_y) in zip(points, points[1:] + points[:1], strict=True):
        count = max(1, ceil(2 * max(abs(to_x - x) * width, abs(to_y - y) * height)))
        for at in range(count):
            column = int((x + (to_x - x) * at / count) * width)
            row = int((y + (to_y - y) * at / count) * height)
            _put(cells, min(column, width - 1), min(row, height - 1), _DOTS[frame.look], style)


def _put(cells: _Cells, column: int, row: int, character: str, style: Style | None) -> None:
    """Set a character; a wide one that loses a half becomes blank in the other."""
    line = cells.setdefault(row, {})
    wide = cell_len(character) == 2
    for at in (column, column + 1) if wide else (column,):
        old = line.get(at)
        if old is not None and not old[0]:
            line[at - 1] = (" ", old[1])
        elif old is not None and cell_len(old[0]) == 2:
            line[at + 1] = (" ", old[1])
    line[column] = (character, style)
    if wide:
        line[column + 1] = ("", style)


def _over(
    strip: Strip, width: int, cells: Mapping[int, tuple[str, Style | None]], plain: Style
) -> Strip:
    if not cells:
        return strip
    grounds = _grounds(strip)
    segments: list[Segment] = []
    at = 0
    for column in sorted(cells):
        if column > at:
            segments += strip.crop(at, column)
        character, style = cells[column]
        segments.append(Segment(character, style or _thin(grounds[column]) or plain))
        at = column + 1
    if at < width:
        segments += strip.crop(at, width)
    return Strip(segments, width)


def _grounds(strip: Strip) -> list[Color | None]:
    """The colour behind each cell, where the picture is made of colours."""
    return [
        segment.style.bgcolor if segment.style else None
        for segment in strip
        for _ in range(segment.cell_length)
    ]


@lru_cache(maxsize=1 << 12)
def _thin(ground: Color | None) -> Style | None:
    """A line that lets the picture be seen around it: black on light cells, white on dark ones."""
    if ground is None or ground.triplet is None:
        return None
    red, green, blue = ground.triplet
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 128
    return Style(color="#000000" if light else "#ffffff", bgcolor=ground, bold=True)


# --- a region that keys move --------------------------------------------------------------------


def steps(columns: int, rows: int) -> tuple[float, float]:
    """How far one key goes over a picture of so many cells: a change that can be seen."""
    return max(STEP, 1 / max(columns, 1)), max(STEP, 1 / max(rows, 1))


def moved(box: Box, across: float, down: float) -> Box:
    """A region elsewhere, of the same size, within the picture."""
    x, y, width, height = box
    return _within(x + across, 1 - width), _within(y + down, 1 - height), width, height


def resized(box: Box, wider: float, higher: float, step: tuple[float, float]) -> Box:
    """A region whose lower right corner is elsewhere, within the picture."""
    x, y, width, height = box
    least = tuple(min(1.0, _LEAST_STEPS * each) for each in step)
    width = min(max(width + wider, least[0]), 1.0)
    height = min(max(height + higher, least[1]), 1.0)
    return _within(x, 1 - width), _within(y, 1 - height), width, height


def scaled(box: Box, by: int, step: tuple[float, float]) -> Box:
    """A region larger or smaller by steps on every side, within the picture."""
    wider, higher = 2 * by * step[0], 2 * by * step[1]
    x, y, width, height = resized((0.0, 0.0, box[2], box[3]), wider, higher, step)
    middle = box[0] + (box[2] - width) / 2, box[1] + (box[3] - height) / 2
    return moved((x, y, width, height), *middle)


def _within(value: float, most: float) -> float:
    return min(max(value, 0.0), max(most, 0.0))
