"""The keys of the search language, and how each reads its value."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from photolib.errors import QueryError
from photolib.query.colours import COLOURS, CSS_COLOURS, hex_rgb
from photolib.query.values import (
    AMOUNTS,
    DAY_PARTS,
    SIZE_UNITS,
    Ago,
    Choice,
    Colour,
    Dates,
    Day,
    Labelled,
    Match,
    Moment,
    Months,
    Near,
    Range,
    Size,
    Times,
    Value,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ValueKind: TypeAlias = Literal[
    "picture", "name", "words", "label", "choice", "number", "date", "month", "time", "point",
    "colour", "size",
]  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1800, 2999
_HALF_ROUND_EARTH_KM = 20038.0
_SHOWN = 40
_SOME_DAY = date(2000, 1, 1)
"""Stands in for today where two dates are only compared."""
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
_POINT = re.compile(rf"(-?{_NUMBER}),(-?{_NUMBER})(?:,({_NUMBER})(?:km)?)?")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_AGO = re.compile(r"([0-9]{1,4})([dwmy])")
_TIME = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?")
COLOURLESS = "black-and-white"
_COLOURLESS = (COLOURLESS, "black and white", "b and w", "bw", "monochrome", "greyscale")
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_SIZE = re.compile(rf"({_NUMBER})(gb|mb|kb|b|mp)?")


def shown(text: str) -> str:
    """What a person typed, safe to show and not too long."""
    clipped = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in clipped)


def suggestion(word: str, known: Iterable[str], form: str = "{}") -> str:
    """``Did you mean ...?`` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word.lower()[:_SHOWN], list(known), n=1)
    return f"Did you mean {form.format(near[0])}?" if near else ""


@dataclass(frozen=True, slots=True)
class Raw:
    """A value as typed: where it starts, and what followed it if it stood in quotation marks."""

    key: str
    text: str
    at: int
    quoted: bool = False
    tail: str = ""
    tail_at: int = 0

    @property
    def word(self) -> str:
        """Without blanks around it, in lower case."""
        return self.text.strip().lower()

    def error(self, message: str, hint: str = "") -> QueryError:
        return QueryError(f"{self.key}: {message}", self.at, hint)

    def unexpected_tail(self) -> QueryError:
        message = f"{self.key}: {shown(self.tail)} touches the quotation mark"
        return QueryError(message, self.tail_at, "Put a space there.")


@dataclass(frozen=True, slots=True)
class KeySpec:
    """What a key is for; ``values`` are the words it can take, where they are fixed."""

    name: str
    help: str
    kind: ValueKind
    examples: tuple[str, ...]
    read: Callable[[Raw], Value] | None = None
    """None for ``like``, which the parser makes a node of its own."""
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


# ---- readers


def _match(raw: Raw) -> Value:
    return Match(raw.text)


def _label(raw: Raw) -> Value:
    name, colon, count = (
        (raw.text, raw.tail[:1], raw.tail[1:]) if raw.quoted else (raw.text.partition(":"))
    )
    if colon not in ("", ":"):
        raise raw.unexpected_tail()
    if not name:
        raise raw.error("which label?", "Write label:dog or label:dog:2.. for two or more.")
    if not colon:
        return Labelled(name)
    at = raw.tail_at + 1 if raw.quoted else raw.at + len(name) + 1
    return Labelled(name, _range(replace(raw, at=at), count, 0, 999_999))


def _choice(values: tuple[str, ...], aliases: Mapping[str, str]) -> Callable[[Raw], Value]:
    def read(raw: Raw) -> Value:
        name = aliases.get(raw.word, raw.word)
        if name in values:
            return Choice(name)
        hint = suggestion(name, values) or f"It can be {', '.join(values)}."
        raise raw.error(f"{shown(raw.text)} is not one of its values", hint)

    return read


def _whole(low: int, high: int) -> Callable[[Raw], Value]:
    return lambda raw: _range(raw, raw.word, low, high)


def _range(raw: Raw, text: str, low: int, high: int) -> Range:
    first, last = _ends(raw, text)
    ends = [_integer(raw, end, low, high) if end else None for end in (first, last)]
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise raw.error(f"{ends[0]} is more than {ends[1]}", f"Write {ends[1]}..{ends[0]}.")
    return Range(ends[0], ends[1])


def _ends(raw: Raw, text: str) -> tuple[str, str]:
    """The two ends of ``a..b``, ``a..`` or ``..b``; ``a`` alone is both."""
    first, dots, last = text.partition("..")
    if not first and not last:
        hint = "Write 3.. for 3 or more, ..3 for 3 or less."
        raise raw.error("a number or a range is missing", hint)
    return (first, last) if dots else (text, text)


def _integer(raw: Raw, text: str, low: int, high: int) -> int:
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else -1
    if low <= number <= high:
        return number
    hint = f"It takes {low} to {high}; write {' or '.join(KEYS[raw.key].examples)}."
    raise raw.error(f"{shown(text) or 'nothing'} is not a number it takes", hint)


def _moment(raw: Raw) -> Moment:
    if ".." in raw.word:
        raise raw.error("takes one date", "For a range write on:2022-03..2022-05.")
    return _read_moment(raw, raw.word)


def _dates(raw: Raw) -> Value:
    first, last = _ends(raw, raw.word)
    dates = Dates(
        _read_moment(raw, first) if first else None, _read_moment(raw, last) if last else None
    )
    if type(dates.first) is type(dates.last):
        start, end = dates.span(_SOME_DAY)
        if start and end and start >= end:
            raise raw.error("the range ends before it begins", f"Write {last}..{first}.")
    return dates


def _read_moment(raw: Raw, text: str) -> Moment:
    if text in ("today", "yesterday"):
        return Ago(int(text == "yesterday"), "d")
    if ago := _AGO.fullmatch(text):
        return Ago(int(ago[1]), ago[2])
    if match := _DAY.fullmatch(text):
        year, month, day = (int(part) if part else None for part in match.groups())
        if year and FIRST_YEAR <= year <= LAST_YEAR and _exists(year, month, day):
            return Day(year, month, day)
    hint = "Write 2022, 2022-03, 2022-03-25, today, yesterday, or 7d, 2w, 6m, 1y for so long ago."
    raise raw.error(f"{shown(text)} is not a date", hint)


def _exists(year: int, month: int | None, day: int | None) -> bool:
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return False
    return True


def _months(raw: Raw) -> Value:
    first, last = _ends(raw, raw.word)
    if not first or not last:
        raise raw.error("needs both ends of a range", "Write month:11..2 for November to February.")
    return Months(_month(raw, first), _month(raw, last))


def _month(raw: Raw, text: str) -> int:
    if re.fullmatch("0?[1-9]|1[0-2]", text):
        return int(text)
    named = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(text)]
    if len(text) >= 3 and len(named) == 1:
        return named[0]
    raise raw.error(
        f"{shown(text)} is not a month", suggestion(text, _MONTHS) or "Write 1 to 12, june or jun."
    )


def _times(raw: Raw) -> Value:
    if part := DAY_PARTS.get(raw.word):
        return Times(*part)
    first, dots, last = raw.word.partition("..")
    hint = suggestion(raw.word, DAY_PARTS) or (
        f"Write a part of the day ({', '.join(DAY_PARTS)}) or a range such as 20:30..23:00."
    )
    ends = [_minute(text) for text in (first, last)]
    if not dots or ends[0] is None or ends[1] is None or ends[0] in (ends[1], 24 * 60):
        raise raw.error(f"{shown(raw.text)} is not a time of the day", hint)
    return Times(ends[0], ends[1])


def _minute(text: str) -> int | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    return hour * 60 + minute if minute < 60 and hour * 60 + minute <= 24 * 60 else None


def _near(raw: Raw) -> Value:
    match = _POINT.fullmatch("".join(raw.word.split()))
    if match:
        near = Near(float(match[1]), float(match[2]), float(match[3] or 1))
        on_earth = abs(near.latitude) <= 90 and abs(near.longitude) <= 180
        if on_earth and 0 < near.km <= _HALF_ROUND_EARTH_KM:
            return near
    hint = "Write near:LATITUDE,LONGITUDE,KM in degrees and kilometres: near:48.86,2.35,5."
    raise raw.error(f"{shown(raw.text)} is not a point", hint)


def _colour(raw: Raw) -> Value:
    words = raw.word.replace("gray", "grey").replace("&", " and ").split()
    if " ".join(words) in _COLOURLESS:
        return Choice(COLOURLESS)
    amount = words[0] if len(words) > 1 and words[0] in AMOUNTS else ""
    name = "".join(words[1:] if amount else words)
    if _HEX.fullmatch(name):
        long = name if len(name) == 7 else "#" + "".join(digit * 2 for digit in name[1:])
        return Colour(hex_rgb(long), amount)
    if name in COLOURS:
        return Colour(COLOURS[name], amount, name)
    if name in CSS_COLOURS:
        return Colour(CSS_COLOURS[name], amount)
    hint = suggestion(name, (*COLOURS, *CSS_COLOURS)) or (
        f'Write {", ".join(COLOURS)}, another name of CSS, #rrggbb, "some red", "mostly white" or '
        f'"{COLOURLESS}".'
    )
    raise raw.error(f"{shown(raw.text)} is not a colour", hint)


def _size(raw: Raw) -> Value:
    first, dots, last = raw.word.partition("..")
    sides = [_SIZE.fullmatch(text) for text in (first, last)]
    units = [side[2] for side in sides if side and side[2]]
    readable = all(side or not text for side, text in zip(sides, (first, last), strict=True))
    hint = "Write a range: size:5mb.. or size:..500kb for the file, size:12mp.. for the pixels."
    if not dots or not readable or not units or len({unit == "mp" for unit in units}) > 1:
        raise raw.error(f"{shown(raw.text)} is not a range of sizes", hint)
    low, high = (_amount(side, units[0]) for side in sides)
    if low is not None and high is not None and low > high:
        raise raw.error("the range ends before it begins", f"Write {last}..{first}.")
    return Size(low, high, pixels=units[0] == "mp")


def _amount(side: re.Match[str] | None, unit: str) -> int | None:
    """Bytes or pixels; a number without a unit takes the other end's."""
    return round(float(side[1]) * SIZE_UNITS[side[2] or unit]) if side else None


# ---- the keys


def _chosen(
    name: str,
    text: str,
    values: tuple[str, ...],
    examples: tuple[str, ...],
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> KeySpec:
    return KeySpec(name, text, "choice", examples, _choice(values, aliases), values)


_TYPES = (
    "jpeg", "png", "heic", "avif", "webp", "gif", "tiff", "bmp", "jpeg2000", "raw", "dng", "cr2",
    "cr3", "nef", "arw", "orf", "rw2", "raf",
)  # fmt: skip
_TYPE_ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic", "jp2": "jpeg2000"}

_SPECS = (
    KeySpec(
        "like", "looks or means the same as this picture, or a region of it", "picture",
        ("like:beach.jpg", 'like:"my dog.jpg"@0.1,0.2,0.5,0.5',
         "like:a.jpg{colour:very,shape:not}"),
    ),
    KeySpec("after", "taken on or after this date", "date", ("after:2022", "after:7d"), _moment),
    KeySpec(
        "before", "taken before this date begins", "date", ("before:2022-03", "before:1y"), _moment
    ),
    KeySpec(
        "on", "taken on this day, in this month or year, or between two", "date",
        ("on:2023-04-05", "on:2023-07..2023-08", "on:yesterday"), _dates,
        ("today", "yesterday"), ("date",),
    ),
    KeySpec(
        "year", "taken in this year or these years", "number", ("year:2021", "year:2019..2021"),
        _whole(FIRST_YEAR, LAST_YEAR),
    ),
    KeySpec(
        "month", "taken in this month of any year", "month",
        ("month:12", "month:june", "month:nov..feb"), _months, _MONTHS,
    ),
    KeySpec(
        "time", "taken at this time of the day", "time", ("time:night", "time:20:30..23:00"),
        _times, tuple(DAY_PARTS),
    ),
    KeySpec("camera", "name of the camera", "name", ("camera:fuji", 'camera:"Canon EOS"'), _match),
    KeySpec("lens", "name of the lens", "name", ("lens:50mm",), _match),
    KeySpec(
        "iso", "sensitivity", "number", ("iso:..800", "iso:3200.."), _whole(0, 999_999_999)
    ),
    KeySpec(
        "place", "town, region or country", "name", ("place:paris", 'place:"New York"'), _match
    ),
    KeySpec(
        "near", "within so many kilometres (1 if left out) of a point", "point",
        ("near:48.86,2.35,5", "near:-33.87,151.21"), _near,
    ),
    KeySpec(
        "folder", "in a folder of this name or path, or below it", "name",
        ("folder:holidays", 'folder:"/photos/2022 Rome"'), _match,
    ),
    KeySpec(
        "file", "part of the file name; * and ? are wildcards", "name", ("file:IMG_*.jpg",), _match
    ),
    _chosen("type", "file format; raw is any raw format", _TYPES, ("type:heic",), _TYPE_ALIASES),
    KeySpec(
        "album", "in the album or saved search of this name", "name",
        ("album:Rome", 'album:"Summer 2022"'), _match,
    ),
    KeySpec("tag", "has this tag or keyword", "name", ("tag:family",), _match),
    KeySpec(
        "label", "has this label, detected or accepted; so many regions of it", "label",
        ("label:dog", "label:dog:2..", 'label:"hot dog"'), _label,
    ),
    KeySpec("label~", "as label, suggested labels too", "label", ("label~:dog",), _label),
    KeySpec("text", "these words are written in the picture", "words", ('text:"total"',), _match),
    KeySpec("rating", "stars, 0 to 5", "number", ("rating:3..", "rating:5"), _whole(0, 5)),
    KeySpec(
        "color", "this colour is in a tenth of the picture or more, in some of it, or in most",
        "colour", ("color:teal", "color:#3366cc", 'color:"mostly white"', 'color:"some red"'),
        _colour, (*COLOURS, COLOURLESS), ("colour",),
    ),
    _chosen(
        "orientation", "shape of the picture as shown",
        ("landscape", "portrait", "square", "panorama"), ("orientation:portrait",),
    ),
    KeySpec(
        "size", "size of the file in b, kb, mb, gb, or of the picture in mp (megapixels)", "size",
        ("size:5mb..", "size:..500kb", "size:12mp..24mp"), _size,
    ),
    _chosen(
        "has", "the photo has some of these",
        ("gps", "date", "text", "people", "labels", "tags", "album", "rating", "duplicates",
         "parts"),
        ("has:gps", "-has:people"), {"faces": "people", "location": "gps", "place": "gps"},
    ),
    _chosen(
        "is", "what the photo is",
        ("raw", "screenshot", "favourite", "hidden", "duplicate", "keeper", "stacked", "unsorted",
         "offline"),
        ("is:favourite", "-is:screenshot"), {"favorite": "favourite"},
    ),
    _chosen(
        "state", "missing photos are left out unless asked for", ("present", "missing", "any"),
        ("state:missing",),
    ),
)  # fmt: skip

KEYS: Mapping[str, KeySpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every key by its canonical name, in the order of the documentation."""
_NAMES = {name: spec.name for spec in _SPECS for name in (spec.name, *spec.aliases)}


def find_key(name: str) -> str | None:
    """The canonical key of a name or alias in any case, or None."""
    return _NAMES.get(name.lower())


def unknown_key(name: str, typed: str, at: int) -> QueryError:
    """The error for a key that there is not; ``typed`` is the whole word."""
    hint = suggestion(name, _NAMES, "{}:")
    words = shown(typed).replace('"', "")
    hint += f"{' ' if hint else ''}To search for it as words write {quoted(words)}."
    return QueryError(f"There is no key {shown(name)}:", at, hint)


def read_value(raw: Raw) -> Value:
    """The typed value of any key but ``like``. Raises QueryError."""
    if not raw.text.strip():
        example = KEYS[raw.key].examples[0]
        raise raw.error("needs a value", f"Write {example}, without space after the colon.")
    if raw.tail and KEYS[raw.key].kind != "label":
        raise raw.unexpected_tail()
    read = KEYS[raw.key].read
    assert read is not None, raw.key
    return read(raw)
