"""The lines of a grid: frames, pictures, captions, marks. A row is drawn once and kept.

A line that is the same object as before costs Textual nothing to cut and to write, which is what
makes scrolling quick: only rows that changed are put together anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from photolib.tui.pictures import Recent
from photolib.tui.words import elided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from photolib.tui.pictures import Painting
    from photolib.tui.sources import Tile

_KEPT = 200
"""Rows kept: some screens of the smallest tiles."""


class Styles(NamedTuple):
    """The styles that tiles are drawn in."""

    ground: Style
    caption: Style
    cursor: Style
    chosen: Style
    empty: Style
    note: Style
    title: Style


class Cell(NamedTuple):
    """One tile as it is to be drawn; equal cells look the same."""

    tile: Tile | None
    painting: Painting | None
    tried: bool
    """Whether its thumbnail was asked for already."""
    cursor: bool
    chosen: bool
    """Whether a person selected it."""


class Rows:
    """Draws rows of tiles ``across`` by ``down`` cells and remembers them."""

    def __init__(self, styles: Styles, across: int, down: int, width: int, *, cards: bool) -> None:
        """``cards``: there are no pictures, the facts stand in their place."""
        self._styles = styles
        self._across, self._down, self._width = across, down, width
        self._cards = cards
        # The cells are kept with their lines: an object that lives on keeps its identity.
        self._drawn: Recent[tuple[Sequence[Cell], tuple[Strip, ...]]] = Recent(_KEPT)

    def line(self, cells: Sequence[Cell], inner: int) -> Strip:
        """One line of a row of tiles."""
        # Being the same object is enough, and quicker to tell than having the same text.
        key = tuple(
            (id(cell.tile), id(cell.painting), cell.tried, cell.cursor, cell.chosen)
            for cell in cells
        )
        known = self._drawn.get(key)
        if known is None:
            lines = tuple(self._joined(cells, each) for each in range(self._down + 2))
            known = cells, lines
            self._drawn.put(key, known)
        return known[1][inner]

    def title(self, text: str, count: int) -> Strip:
        """The line above a section."""
        key = ("title", text, count)
        known = self._drawn.get(key)
        if known is None:
            known = (), (self._title(text, count),)
            self._drawn.put(key, known)
        return known[1][0]

    def _title(self, text: str, count: int) -> Strip:
        head, tail = f" {elided(text, self._width - 12)} ", f" {count:,} "
        rule = "─" * max(0, self._width - cell_len(head) - cell_len(tail))
        segments = [Segment(head, self._styles.title), Segment(rule + tail, self._styles.caption)]
        return Strip(segments).adjust_cell_length(self._width, self._styles.ground)

    def _joined(self, cells: Sequence[Cell], inner: int) -> Strip:
        slots = [self._slot(cell, inner) for cell in cells]
        return Strip.join(slots).adjust_cell_length(self._width, self._styles.ground)

    def _slot(self, cell: Cell, inner: int) -> Strip:
        frame, marks = self._frame(cell)
        if inner == 0:
            return self._head(cell, frame, marks)
        if inner == self._down + 1:
            return self._caption(cell, frame, marks)
        left, right = Segment(marks[2], frame), Segment(marks[2], frame)
        return Strip([left, *self._picture(cell, inner - 1), right], self._across + 2)

    def _frame(self, cell: Cell) -> tuple[Style, str]:
        """A style and the six characters of a frame: a selected tile also has a thin one."""
        if cell.cursor:
            return self._styles.cursor, "┏┓┃┗┛━"
        if cell.chosen:
            return self._styles.chosen, "╭╮│╰╯─"
        return self._styles.ground, "      "

    def _head(self, cell: Cell, frame: Style, marks: str) -> Strip:
        """The line above a picture: whether it is selected, and what a person thinks of it."""
        tick = "✓" if cell.chosen else ""
        badge = elided(cell.tile.badge if cell.tile else "", self._across - 2)
        rest = marks[5] * (self._across - cell_len(tick) - cell_len(badge))
        segments = [Segment(marks[0] + tick + rest, frame)]
        if badge:
            segments.append(
                Segment(badge, self._styles.cursor if cell.cursor else self._styles.note)
            )
        return Strip([*segments, Segment(marks[1], frame)], self._across + 2)

    def _caption(self, cell: Cell, frame: Style, marks: str) -> Strip:
        text = elided(cell.tile.caption if cell.tile else "", self._across - 2)
        rest = self._across - 2 - cell_len(text)
        style = frame if cell.cursor or cell.chosen else self._styles.caption
        segments = [
            Segment(marks[3], frame),
            Segment(f" {text} " if text else marks[5] * 2, style),
            Segment(marks[5] * rest + marks[4], frame),
        ]
        return Strip(segments, self._across + 2)

    def _picture(self, cell: Cell, line: int) -> Sequence[Segment]:
        tile, painting = cell.tile, cell.painting
        if tile is not None and self._cards:
            return self._card(tile, line)
        note = tile.note if tile and line == self._down // 2 else ""
        if painting is not None and not note:
            return list(painting.strips[line])
        absent = "no picture" if cell.tried and painting is None else ""
        return self._plain(note or (absent if line == self._down // 2 else ""))

    def _plain(self, text: str) -> list[Segment]:
        style = self._styles.note if text else self._styles.empty
        cells = set_cell_size(elided(text, self._across).center(self._across), self._across)
        return [Segment(cells, style)]

    def _card(self, tile: Tile, line: int) -> list[Segment]:
        facts = [tile.note.upper(), *tile.detail.split(" · ")]
        lines = [fact for fact in facts if fact]
        at = line - max(0, (self._down - len(lines)) // 2)
        return self._plain(lines[at] if 0 <= at < len(lines) else "")
