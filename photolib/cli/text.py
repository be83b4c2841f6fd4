"""Plain words for people: tables, sizes, counts."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def table(rows: Sequence[Sequence[object]], *, right: str = "", indent: str = "") -> Iterator[str]:
    """Aligned lines; ``right`` has an r for each column that is aligned to the right.

    The last column is never padded, so put there what may be long.
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for *padded, last in cells:
        aligned = zip(padded, widths, right.ljust(len(widths)), strict=False)
        line = [_pad(cell, wide, side == "r") for cell, wide, side in aligned]
        yield f"{indent}{'  '.join([*line, last])}".rstrip()


def _pad(cell: str, wide: int, right: bool) -> str:
    space = " " * (wide - width(cell))
    return space + cell if right else cell + space


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def size(count: int) -> str:
    """A number of bytes in the unit that suits it: 512 B, 3.4 MB."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def many(count: int, noun: str) -> str:
    """``count`` and its noun: 1 photo, 1,204 photos."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def more(shown: int, total: int, next_offset: int | None) -> str:
    """How to get the rest of a list; nothing when this is all of it."""
    if next_offset is None:
        return ""
    return f"{shown:,} of {total:,}; the next with --offset {next_offset}"


def span(start: str | None, end: str | None) -> str:
    """The days between two capture times."""
    first, last = (start or "")[:10], (end or "")[:10]
    return first if first == last or not last else f"{first} to {last}"
