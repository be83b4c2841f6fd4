"""What a search demands, translated into conditions that the catalogue can test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.catalogue import AllOf, AnyOf, Condition, NoneOf, Test, contains, wildcards
from photolib.library.colours import is_colour
from photolib.query import (
    And,
    Choice,
    Filter,
    Labelled,
    Match,
    Months,
    Near,
    Not,
    Or,
    Range,
    Size,
    Times,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from photolib.query import Node, Query

_HAS = {
    "gps": "gps",
    "date": "dated",
    "text": "written",
    "people": "people",
    "labels": "labelled",
    "tags": "tagged",
    "album": "in an album",
    "rating": "rated",
    "duplicates": "duplicate",
    "parts": "parts",
}
_MATCHED = {"camera": 1, "lens": 1, "place": 3, "folder": 1, "tag": 2}
"""Keys whose value is looked for in so many columns."""
_RAW_FORMATS = ("dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf")


@dataclass(frozen=True, slots=True)
class Reading:
    """What filters mean now: today's date, and what SQL cannot tell."""

    today: date
    coloured: Callable[[Filter], Iterable[int]]
    """The contents that have a colour."""
    saved: Callable[[str], Iterable[int]]
    """The photos of the saved searches of a name."""


def demanded(query: Query, reading: Reading) -> Condition:
    """The condition that every hit must meet; photos not shown are left out unless asked for."""
    conditions = [condition(node, reading) for node in query.conditions]
    if not query.mentions("state"):
        conditions.append(Test("state", ("present",)))
    asks_hidden = any(f.key == "is" and f.raw.lower() == "hidden" for f in query.filters)
    if not asks_hidden:
        conditions.append(NoneOf(Test("hidden")))
    return AllOf(tuple(conditions))


def condition(node: Node, reading: Reading) -> Condition:
    """A tree of filters as a condition."""
    match node:
        case And():
            return AllOf(tuple(condition(part, reading) for part in node.parts))
        case Or():
            return AnyOf(tuple(condition(part, reading) for part in node.parts))
        case Not():
            return NoneOf(condition(node.part, reading))
        case Filter():
            return _test(node, reading)
    raise AssertionError(f"{type(node).__name__} is not a condition")


def _test(node: Filter, reading: Reading) -> Condition:
    days = node.days(reading.today)
    if days is not None:
        return _days(*days)
    if is_colour(node):
        return Test("content", (json.dumps(list(reading.coloured(node))),))
    match node.value:
        case Match(name) if node.key == "album":
            saved = json.dumps(list(reading.saved(name)))
            return AnyOf((Test("album", (contains(name),)), Test("photo", (saved,))))
        case Match(name):
            return _match(node.key, name)
        case Range(low, high):
            return _between(node.key, low, high)
        case Size(low, high, pixels):
            return _between("pixels" if pixels else "bytes", low, high)
        case Months():
            return Test("month", (json.dumps(node.value.numbers),))
        case Times(start, end):
            return _times(start, end)
        case Near(latitude, longitude, km):
            return Test("near", (latitude, longitude, km))
        case Labelled(name, count):
            low, high = (count.low, count.high) if count else (None, None)
            bounds = (1 if low is None else low, 1_000_000 if high is None else high)
            test = "any label" if node.key == "label~" else "label"
            return Test(test, (wildcards(name), *bounds))
        case Choice(name):
            return _choice(node.key, name)
    raise AssertionError(f"{node.key}: has no test")


def _days(start: date | None, end: date | None) -> Condition:
    tests: list[Condition] = []
    if start is not None:
        tests.append(Test("taken from", (start.isoformat(),)))
    if end is not None:
        tests.append(Test("taken before", (end.isoformat(),)))
    return AllOf(tuple(tests))


def _between(name: str, low: int | None, high: int | None) -> Condition:
    tests: list[Condition] = []
    if low is not None:
        tests.append(Test(f"{name} from", (low,)))
    if high is not None:
        tests.append(Test(f"{name} to", (high,)))
    return AllOf(tuple(tests))


def _times(start: int, end: int) -> Condition:
    late, early = Test("minute from", (start,)), Test("minute before", (end,))
    # A photo whose time is only its file's says nothing about the hour it was taken.
    part: Condition = AllOf((late, early)) if start < end else AnyOf((late, early))
    return AllOf((Test("dated"), part))


def _match(key: str, name: str) -> Condition:
    if key == "file":
        pattern = wildcards(name) if set(name) & set("*?") else contains(name)
        return Test("file", (pattern,))
    if key == "text":
        quoted = name.replace('"', '""')
        return Test("text", (f'ocr : "{quoted}"',))
    return Test(key, (contains(name),) * _MATCHED[key])


def _choice(key: str, name: str) -> Condition:
    if key == "has":
        return Test(_HAS[name])
    if key == "state":
        return AllOf(()) if name == "any" else Test("state", (name,))
    if key == "type" or name == "raw":
        return _format(name)
    return Test(name)


def _format(name: str) -> Condition:
    if name in _RAW_FORMATS:
        return Test("extension", (f"%.{name}",))
    return Test("format", ({"heic": "HEIF", "bmp": "BMP"}.get(name, name.upper()),))
