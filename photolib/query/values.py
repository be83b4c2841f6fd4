"""What stands after a key: typed, checked, and able to write itself down again.

The ``text`` of every value is its canonical form in the query language: reading it gives an equal
value.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from photolib.query.colours import Rgb

_BARE = re.compile(r"[\w./\\*?~#,+=%&!@'-]+")
DAY_PARTS: dict[str, tuple[int, int]] = {
    "morning": (6 * 60, 12 * 60),
    "afternoon": (12 * 60, 18 * 60),
    "evening": (18 * 60, 22 * 60),
    "night": (22 * 60, 6 * 60),
}
"""Minutes of the day, the second excluded."""
SIZE_UNITS: dict[str, int] = {"gb": 10**9, "mb": 10**6, "kb": 10**3, "b": 1, "mp": 10**6}
"""Bytes for all but ``mp``, which counts pixels."""


def number_text(number: float) -> str:
    """A number without exponent, such that ``float`` of it is the same number."""
    text = format(Decimal(repr(float(number))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quoted(text: str) -> str:
    """The text in quotation marks, a quotation mark inside doubled."""
    return '"' + text.replace('"', '""') + '"'


def bare_or_quoted(text: str) -> str:
    """The text as it is where nothing in it could be misread, else in quotation marks."""
    return text if _BARE.fullmatch(text) else quoted(text)


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of a name or of the words in a picture; ``*`` and ``?`` are wildcards in names."""

    name: str

    @property
    def text(self) -> str:
        return bare_or_quoted(self.name)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a key's fixed words, in lower case."""

    name: str

    @property
    def text(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from ``low`` to ``high``, both included; None is open."""

    low: int | None
    high: int | None

    @property
    def text(self) -> str:
        if self.low == self.high:
            return str(self.low)
        return f"{_or_nothing(self.low)}..{_or_nothing(self.high)}"

    def __contains__(self, number: int) -> bool:
        """Whether the number lies in the range."""
        return (self.low is None or number >= self.low) and (
            self.high is None or number <= self.high
        )


def _or_nothing(number: int | None) -> str:
    return "" if number is None else str(number)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label, and how many regions carry it; ``count`` None means at least one."""

    name: str
    count: Range | None = None

    @property
    def text(self) -> str:
        return bare_or_quoted(self.name) + (f":{self.count.text}" if self.count else "")


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes, or pixels where ``pixels`` is set, from ``low`` to ``high``; None is open."""

    low: int | None
    high: int | None
    pixels: bool = False

    @property
    def text(self) -> str:
        return f"{self._side(self.low)}..{self._side(self.high)}"

    def _side(self, amount: int | None) -> str:
        if amount is None:
            return ""
        if self.pixels:
            return number_text(amount / SIZE_UNITS["mp"]) + "mp"
        unit = next(u for u, n in SIZE_UNITS.items() if u != "mp" and amount % n == 0)
        return f"{amount // SIZE_UNITS[unit]}{unit}"


@dataclass(frozen=True, slots=True)
class Day:
    """A day, a month (``day`` None) or a year (``month`` None too) of local capture time."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def text(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    def span(self, today: date) -> tuple[date, date]:
        """The first day, and the first day after."""
        first = date(self.year, self.month or 1, self.day or 1)
        if self.day:
            return first, first + timedelta(days=1)
        return first, _months_after(first, 1 if self.month else 12)


@dataclass(frozen=True, slots=True)
class Ago:
    """A day counted back from today, in d(ays), w(eeks), m(onths) or y(ears)."""

    count: int
    unit: str

    @property
    def text(self) -> str:
        return f"{self.count}{self.unit}"

    def span(self, today: date) -> tuple[date, date]:
        """That day, and the one after."""
        if self.unit in "my":
            first = _months_after(today, -self.count * (12 if self.unit == "y" else 1))
        else:
            first = today - timedelta(days=self.count * (7 if self.unit == "w" else 1))
        return first, first + timedelta(days=1)


def _months_after(day: date, months: int) -> date:
    """The same day of another month, or that month's last day; never before the year 1."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    year = max(year, 1)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


Moment: TypeAlias = Day | Ago


@dataclass(frozen=True, slots=True)
class Dates:
    """Capture dates, both ends included; None is open."""

    first: Moment | None
    last: Moment | None

    @property
    def text(self) -> str:
        if self.first == self.last and self.first:
            return self.first.text
        return "..".join(moment.text if moment else "" for moment in (self.first, self.last))

    def span(self, today: date) -> tuple[date | None, date | None]:
        """The first day, and the first day after; None is open."""
        return (
            self.first.span(today)[0] if self.first else None,
            self.last.span(today)[1] if self.last else None,
        )


@dataclass(frozen=True, slots=True)
class Months:
    """Months of any year; from ``first`` to ``last``, over the new year where last is smaller."""

    first: int
    last: int

    @property
    def text(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The months, 1 to 12, in the order in which they pass."""
        count = (self.last - self.first) % 12 + 1
        return tuple((self.first - 1 + step) % 12 + 1 for step in range(count))


@dataclass(frozen=True, slots=True)
class Times:
    """Minutes of the day in local capture time, ``end`` excluded; past midnight if smaller."""

    start: int
    end: int

    @property
    def text(self) -> str:
        for name, part in DAY_PARTS.items():
            if part == (self.start, self.end):
                return name
        return f"{_clock(self.start)}..{_clock(self.end)}"

    def __contains__(self, minute: int) -> bool:
        """Whether that minute of the day, 0 to 1439, is meant."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@dataclass(frozen=True, slots=True)
class Near:
    """Within ``km`` kilometres of a point in degrees (WGS 84)."""

    latitude: float
    longitude: float
    km: float

    @property
    def text(self) -> str:
        return ",".join(map(number_text, (self.latitude, self.longitude, self.km)))


AMOUNTS = ("some", "", "mostly")
"""How much of a colour a picture has: a little at least, a good part, most of it."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour that is in the picture: all that its ``term`` covers, or this very shade."""

    rgb: Rgb
    """sRGB, 0 to 255."""
    amount: str = ""
    """One of AMOUNTS."""
    term: str = ""
    """The basic term of COLOURS; empty for a shade."""

    @property
    def name(self) -> str:
        """The term, else ``#rrggbb``."""
        return self.term or "#" + bytes(self.rgb).hex()

    @property
    def text(self) -> str:
        return quoted(f"{self.amount} {self.name}") if self.amount else self.name


Value: TypeAlias = (
    Match | Choice | Range | Labelled | Size | Day | Ago | Dates | Months | Times | Near | Colour
)
