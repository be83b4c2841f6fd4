"""Where the tiles of a grid lie: rows under titles, found by arithmetic for any number of tiles."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Section:
    """Tiles that follow one another under a title; without a title they have no line for it."""

    title: str
    count: int


class Line(NamedTuple):
    """What lies on one line: a title (``inner`` -1), or the line ``inner`` of a row of tiles."""

    section: int
    first: int
    """The first tile of the row, or of the section."""
    size: int
    """Tiles in the row, or in the section."""
    inner: int


class Layout:
    """Rows of ``columns`` tiles of ``height`` lines each; every section begins a row."""

    def __init__(self, sections: Sequence[Section], columns: int, height: int) -> None:
        self.sections = tuple(section for section in sections if section.count)
        self.columns = columns
        self.height = height
        self._starts = [0, *accumulate(section.count for section in self.sections)]
        self._tops = [0, *accumulate(self._lines_of(section) for section in self.sections)]

    def _lines_of(self, section: Section) -> int:
        rows = -(-section.count // self.columns)
        return bool(section.title) + rows * self.height

    @property
    def lines(self) -> int:
        """Lines of everything."""
        return self._tops[-1]

    @property
    def total(self) -> int:
        """Tiles of everything."""
        return self._starts[-1]

    def section_of(self, index: int) -> int:
        """The section that a tile is in."""
        return min(bisect_right(self._starts, index), len(self.sections)) - 1

    def start(self, section: int) -> int:
        """The first tile of a section."""
        return self._starts[section]

    def column(self, index: int) -> int:
        """The column of a tile."""
        return (index - self._starts[self.section_of(index)]) % self.columns

    def top(self, index: int) -> int:
        """The first line of the row that a tile is in."""
        if not self.sections:
            return 0
        section = self.section_of(index)
        row = (index - self._starts[section]) // self.columns
        return self._head(section) + row * self.height

    def at(self, y: int) -> Line | None:
        """What lies on a line; None below the end."""
        if not 0 <= y < self.lines:
            return None
        section = bisect_right(self._tops, y) - 1
        row, inner = divmod(y - self._head(section), self.height)
        if row < 0:
            return Line(section, self._starts[section], self.sections[section].count, -1)
        first = self._starts[section] + row * self.columns
        return Line(section, first, min(self.columns, self._starts[section + 1] - first), inner)

    def _head(self, section: int) -> int:
        return self._tops[section] + bool(self.sections[section].title)

    def tile_at(self, x: int, y: int) -> int | None:
        """The tile at a column and a line, if there is one."""
        line = self.at(y)
        return line.first + x if line and line.inner >= 0 and x < line.size else None

    def between(self, top: int, bottom: int) -> tuple[int, int]:
        """The first and the last tile of the rows that touch lines ``top`` to ``bottom``."""
        last = max(0, self.lines - 1)
        upper, lower = self.at(min(max(top, 0), last)), self.at(min(max(bottom, 0), last))
        if upper is None or lower is None:
            return 0, 0
        end = lower.first if lower.inner < 0 else lower.first + lower.size - 1
        return upper.first, end

    def rows_away(self, index: int, by: int) -> int:
        """The tile ``by`` rows below (above, when negative) in the same column, or nearest to it.

        Beyond the first and last row nothing moves.
        """
        column = self.column(index)
        for _ in range(abs(by)):
            step = self._row_below(index, column) if by > 0 else self._row_above(index, column)
            if step is None:
                return index
            index = step
        return index

    def _row_below(self, index: int, column: int) -> int | None:
        first = index - self.column(index)
        end = self._starts[self.section_of(index) + 1]
        below = min(first + self.columns, end)
        if below >= self.total:
            return None
        end = self._starts[self.section_of(below) + 1]
        return min(below + column, end - 1)

    def _row_above(self, index: int, column: int) -> int | None:
        first = index - self.column(index)
        if first == 0:
            return None
        last = first - 1
        return min(last - self.column(last) + column, last)
