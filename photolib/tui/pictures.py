"""From a decoded picture to terminal cells: coloured blocks everywhere, real pixels where possible.

A ``Painting`` is lines of cells like any other text, so it scrolls, is cropped and lies under a
dialog as text does. With kitty's graphics protocol the pixels are sent once, and the cells are
placeholders that the terminal fills; with blocks the cells are the picture. Sixel has no cells: it
is left to textual-image in the photo view, and lists use blocks.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MODES = ("auto", "kitty", "sixel", "blocks", "none")

_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""The character whose ink covers the quarters of a cell named by a bit mask: top left is 1, top
right 2, bottom left 4, bottom right 8."""
_PATTERNS = (0b0011, 0b0001, 0b0010, 0b0100, 0b0101, 0b0110, 0b0111)
"""Every way to part four quarters in two, the halves first; the other seven are complements."""
_PATTERN_GAIN = 0.7
"""A shape other than the halves must lower the squared error to this share: less is noise."""

_PLACEHOLDER = "\U0010eeee"
_CHUNK = 4096
"""Kitty's limit for the payload of one escape sequence."""


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture as lines of cells, all of one width.

    ``transmit`` has to reach the terminal before the cells do, ``forget`` frees it there again.
    """

    strips: tuple[Strip, ...]
    width: int
    transmit: str = ""
    forget: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """How this terminal shows pictures; ``cell`` is the size of a cell in pixels."""

    kind: str = "blocks"
    """kitty, sixel, blocks or none."""
    cell: tuple[int, int] = (10, 20)

    def paint(self, picture: Image, width: int, height: int) -> Painting:
        """``picture`` stretched over ``width`` x ``height`` cells."""
        if self.kind == "kitty" and max(width, height) <= len(_diacritics()):
            size = (width * self.cell[0], height * self.cell[1])
            return _placeholders(picture, width, height, size)
        return Painting(_blocks(picture, width, height), width)

    def fitted(self, size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
        """The most cells, within ``width`` x ``height``, that keep the shape of a picture."""
        ratio = self._cells_per_row(size)
        if width <= height * ratio:
            return width, min(height, max(1, round(width / ratio)))
        return min(width, max(1, round(height * ratio))), height

    def covering(self, picture: Image, width: int, height: int) -> Image:
        """The largest middle part of ``picture`` that has the shape of ``width`` x ``height``."""
        wanted = width * self.cell[0] / (height * self.cell[1])
        wide, high = picture.size
        if wide > high * wanted:
            inset = round((wide - high * wanted) / 2)
            return picture.crop((inset, 0, max(inset + 1, wide - inset), high))
        inset = round((high - wide / wanted) / 2)
        return picture.crop((0, inset, wide, max(inset + 1, high - inset)))

    def _cells_per_row(self, size: tuple[int, int]) -> float:
        return (max(1, size[0]) / self.cell[0]) / (max(1, size[1]) / self.cell[1])


def choose_display(images: str, environ: Mapping[str, str] = os.environ) -> Display:
    """The best display that ``images`` (one of MODES) allows on this terminal.

    Call it before the app starts and never later: textual-image asks the terminal when it is
    imported, and reads the answer from the keyboard.
    """
    terminal = sys.__stdout__ is not None and sys.__stdout__.isatty()
    if images in ("blocks", "none"):
        return Display(images)
    # NO_COLOR would strip the colours that carry kitty's picture numbers; tmux swallows its pixels.
    plain = not terminal or environ.get("NO_COLOR") or environ.get("TMUX")
    if images == "auto" and plain:
        return Display("blocks")
    from textual_image import renderable
    from textual_image.widget import get_cell_size

    found = {renderable.TGPImage: "kitty", renderable.SixelImage: "sixel"}
    kind = found.get(renderable.Image, "blocks") if images == "auto" else images
    return Display(kind, tuple(get_cell_size())) if kind != "blocks" else Display("blocks")


def decoded(jpeg: bytes) -> Image:
    """The pixels of a cached thumbnail."""
    from PIL import Image as Images

    with Images.open(BytesIO(jpeg)) as opened:
        return opened.convert("RGB")


def turned(picture: Image, degrees: int) -> Image:
    """A picture turned clockwise by quarters; the same one when there is nothing to turn."""
    from PIL.Image import Transpose

    turns = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}
    return picture.transpose(turns[degrees]) if degrees in turns else picture


def _blocks(picture: Image, width: int, height: int) -> tuple[Strip, ...]:
    """Cells of two colours each, parted along the halves or quarters that lose least."""
    from PIL.Image import Resampling

    small = picture.resize((width * 2, height * 2), Resampling.BOX, reducing_gap=3.0)
    shapes, ink, paper = _quartered(small)
    lines = zip(shapes.tolist(), ink.tolist(), paper.tolist(), strict=True)
    return tuple(
        Strip(
            [
                Segment(_QUADRANTS[shape], _style(_colour(*over), _colour(*under)))
                for shape, over, under in zip(*line, strict=True)
            ],
            width,
        )
        for line in lines
    )


def _quartered(small: Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """For (2h, 2w) pixels: (h, w) quarter masks, and (h, w, 3) colours of ink and paper."""
    import numpy as np

    pixels = np.asarray(small, dtype=np.float32)
    rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
    quarters = pixels.reshape(rows, 2, columns, 2, 3).transpose(0, 2, 1, 3, 4)
    quarters = quarters.reshape(rows, columns, 4, 3)
    inks, papers, errors = [], [], []
    for pattern in _PATTERNS:
        inked = [bit for bit in range(4) if pattern >> bit & 1]
        bare = [bit for bit in range(4) if not pattern >> bit & 1]
        ink, paper = quarters[:, :, inked].mean(2), quarters[:, :, bare].mean(2)
        lost = ((quarters[:, :, inked] - ink[:, :, None]) ** 2).sum((2, 3))
        lost += ((quarters[:, :, bare] - paper[:, :, None]) ** 2).sum((2, 3))
        inks.append(ink)
        papers.append(paper)
        errors.append(lost if pattern == _PATTERNS[0] else lost / _PATTERN_GAIN)
    best = np.argmin(errors, axis=0)
    chosen = best[None, :, :, None]
    ink = np.take_along_axis(np.stack(inks), chosen, 0)[0]
    paper = np.take_along_axis(np.stack(papers), chosen, 0)[0]
    shapes = np.asarray(_PATTERNS, dtype=np.uint8)[best]
    return shapes, ink.round().astype(np.uint8), paper.round().astype(np.uint8)


@lru_cache(maxsize=1 << 16)
def _colour(red: int, green: int, blue: int) -> Color:
    triplet = ColorTriplet(red, green, blue)
    return Color(triplet.hex, ColorType.TRUECOLOR, triplet=triplet)


@lru_cache(maxsize=1 << 15)
def _style(ink: Color, paper: Color) -> Style:
    return Style.from_color(ink, paper)


# The upper byte of a picture number would need a third mark on every cell, so numbers stay below
# 2**24; they begin at random, since other programs draw in the same terminal.
_numbers = count(random.randrange(1, 1 << 23))


def _placeholders(picture: Image, width: int, height: int, size: tuple[int, int]) -> Painting:
    """Pixels for the terminal to keep, and cells that name them.

    https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders: the colour of a cell is
    the picture's number, its two combining marks are the row and the column.
    """
    number = next(_numbers) % (1 << 24) or 1
    marks = _diacritics()
    style = Style.from_color(_colour(number >> 16, number >> 8 & 255, number & 255))
    strips = []
    for row in range(height):
        cells = (f"{_PLACEHOLDER}{marks[row]}{marks[column]}" for column in range(width))
        strips.append(Strip([Segment("".join(cells), style)], width))
    transmit = _upload(picture, number, width, height, size)
    return Painting(tuple(strips), width, transmit, f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\")


def _upload(picture: Image, number: int, width: int, height: int, size: tuple[int, int]) -> str:
    buffer = BytesIO()
    picture.resize(size, reducing_gap=3.0).save(buffer, "PNG", compress_level=1)
    data = b64encode(buffer.getvalue()).decode("ascii")
    chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    last = len(chunks) - 1
    sent = [f"\x1b_Ga=t,f=100,i={number},q=2,m={int(last > 0)};{chunks[0]}\x1b\\"]
    sent += [f"\x1b_Gm={int(at < last)},q=2;{chunks[at]}\x1b\\" for at in range(1, len(chunks))]
    sent.append(f"\x1b_Ga=p,U=1,i={number},c={width},r={height},q=2\x1b\\")
    return "".join(sent)


@lru_cache(maxsize=1)
def _diacritics() -> tuple[str, ...]:
    """The marks that stand for 0, 1, 2 ... in placeholders, as kitty numbers them."""
    from textual_image.renderable.tgp import _NUMBER_TO_DIACRITIC

    return tuple(chr(code) for code in _NUMBER_TO_DIACRITIC)


Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The most recently used values by key, from any thread; ``put`` returns what had to go."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key, which becomes the most recent one."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._values

    def put(self, key: Hashable, value: Value) -> list[Value]:
        """Keep a value; return the one it replaces and those that no longer fit."""
        with self._lock:
            gone = [self._values.pop(key)] if key in self._values else []
            self._values[key] = value
            while len(self._values) > self._capacity:
                gone.append(self._values.popitem(last=False)[1])
            return gone
