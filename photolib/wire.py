"""Results, errors and arguments as text: JSON, and what is safe to show. One place for all fronts.

Only the standard library and the errors are imported here, so that a thin client starts at once.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from photolib.errors import QueryError

if TYPE_CHECKING:
    from photolib.errors import PhotolibError

T = TypeVar("T")

SCHEMA = 1

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

OMITTED_WHEN_NONE = frozenset({"crop_id", "box"})
"""Keys that the contract marks with a question mark."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1 controls: escape sequences begin here
    "\xad\u180e\u200b\u2060-\u2064\ufeff"  # invisible: two names would look the same
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, overrides, isolates
    "\u2028\u2029\u206a-\u206f\ufff9-\ufffb"  # line separators, deprecated format controls
    "\U000e0000-\U000e007f"  # tags: invisible text
    "\ud800-\udfff"  # undecodable bytes of a file name, lone surrogates
    "]"
)
_NAMED = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def printable(text: str) -> str:
    r"""``text`` on one line, with everything that a terminal would obey shown as an escape.

    Controls, bidirectional overrides and invisible characters become ``\x1b`` or ``\u202e``; a byte
    of a file name that is not UTF-8 becomes ``\xff``. Joiners stay, since scripts and emoji need
    them.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: the byte that could not be decoded
        code -= 0xDC00
    if code < 0x100:
        return _NAMED.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def to_json(value: object) -> dict[str, Json]:
    """The JSON object of a result (a dataclass, or a mapping of names to values) with ``schema``.

    Properties of a result are keys too; a trailing underscore is dropped. Text that is not valid
    Unicode (a path whose bytes are not UTF-8) is shown with replacement characters, and its bytes
    stand beside it in base64: ``path_b64`` beside ``path``, a list beside a list.
    """
    if isinstance(value, Reply):
        return value._object
    return {"schema": SCHEMA, **_object(value)}


class Reply:
    """A result that came as JSON: its keys are attributes, as those of the result were.

    Lists are tuples, paths are as the operating system has them, and keys that were left out are
    None. ``to_json`` gives back what came.
    """

    __slots__ = ("_object",)

    def __init__(self, came: dict[str, Any]) -> None:
        self._object = came

    def __getattr__(self, name: str) -> Any:
        key = name.rstrip("_")
        if key in self._object:
            return _restored(self._object[key], self._object.get(f"{key}_b64"))
        if key in OMITTED_WHEN_NONE:
            return None
        raise AttributeError(f"the service sent no {key}")


def _restored(value: Any, encoded: Any) -> Any:
    if isinstance(value, dict):
        return Reply(value)
    if isinstance(value, list):
        originals = encoded if isinstance(encoded, list) else [None] * len(value)
        return tuple(map(_restored, value, originals))
    if isinstance(value, str) and isinstance(encoded, str):
        return base64.b64decode(encoded).decode("utf-8", "surrogateescape")
    return value


def error_json(error: PhotolibError) -> dict[str, Json]:
    """The JSON object of an error; ``position`` is present when the query text is at fault."""
    described: dict[str, Json] = {
        "code": error.code,
        "message": _shown(error.message),
        "hint": _shown(error.hint),
    }
    if isinstance(error, QueryError):
        described["position"] = error.position
    return {"schema": SCHEMA, "error": described}


Box: TypeAlias = tuple[float, float, float, float]
ALBUM_KINDS = ("theme", "event", "place", "subject", "person", "saved", "user")
PHOTO_ORDERS = ("newest", "oldest", "name", "size", "rating", "added")
TIERS = ("bytes", "payload", "pixels", "near")
PARTS_OF_LOOK = ("colour", "layout", "texture", "shape")
IN_COMMON = ("palette", "composition")
"""What two pictures can be asked to share, and nothing else."""
_EDGE = 1.0001
"""Where a region may end; rounded fractions may add up to a little more than 1."""


def region(text: str) -> Box:
    """``X,Y,W,H`` as fractions of a picture; raises ValueError unless it lies inside."""
    try:
        x, y, w, h = (float(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"{text} is not four numbers such as 0.1,0.2,0.5,0.5") from None
    if not (0 <= x and 0 <= y and 0 < w and 0 < h and x + w <= _EDGE and y + h <= _EDGE):
        raise ValueError("it lies outside the picture, which is 0,0,1,1")
    return x, y, w, h


def weights(text: str) -> dict[str, float]:
    """``colour=2,layout=0.5``: how much parts of the look count; raises ValueError."""
    return dict(map(_weight, text.split(",")))


def _weight(pair: str) -> tuple[str, float]:
    part, _, number = pair.partition("=")
    if part not in PARTS_OF_LOOK:
        raise ValueError(f"{part} is not one of {', '.join(PARTS_OF_LOOK)}")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise ValueError(f"{pair} needs a number, as in {part}=2")
    return part, weight


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a list that the library returns whole."""

    total: int
    next_offset: int | None


def window(items: Sequence[T], limit: int | None, offset: int) -> tuple[Sequence[T], Window]:
    """The page of ``items`` that was asked for, with its total and the offset of the next."""
    end = len(items) if limit is None else min(len(items), offset + limit)
    return items[offset:end], Window(len(items), end if end < len(items) else None)


def dump(value: Mapping[str, Json], *, one_line: bool = False) -> str:
    """JSON text in ASCII: every terminal and locale can take it, and no control gets through.

    ``one_line`` is for streams of objects, each on a line of its own.
    """
    return json.dumps(value, indent=None if one_line else 2, allow_nan=False)


def _object(value: object) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, item in _items(value):
        key = _shown(name)
        if item is None and key in OMITTED_WHEN_NONE:
            continue
        made[key] = _value(item)
        encoded = _bytes_of(item)
        if encoded is not None:
            made[f"{key}_b64"] = encoded
    return made


def _items(value: object) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(name), item) for name, item in value.items()]
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is not a result")
    derived = [name for name, member in vars(type(value)).items() if isinstance(member, property)]
    names = [*derived, *(field.name for field in fields(value))]
    return [(name.rstrip("_"), getattr(value, name)) for name in names]


def _value(item: object) -> Json:
    if item is None or isinstance(item, bool | int):
        return item
    if isinstance(item, float):
        return item if math.isfinite(item) else None
    if isinstance(item, str):
        return _shown(item)
    if isinstance(item, os.PathLike):
        return _shown(os.fsdecode(item))
    if isinstance(item, list | tuple):
        return [_value(member) for member in item]
    return _object(item)


def _shown(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _bytes_of(item: object) -> Json:
    """Base64 of what ``_shown`` loses; None when it loses nothing."""
    if isinstance(item, str):
        return _base64(item) if _SURROGATE.search(item) else None
    if isinstance(item, os.PathLike):
        return _bytes_of(os.fsdecode(item))
    if isinstance(item, list | tuple) and any(_bytes_of(member) for member in item):
        return [_base64(member) if isinstance(member, str) else None for member in item]
    return None


def _base64(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "surrogatepass")
    return base64.b64encode(raw).decode("ascii")


def _from_bytes(text: str) -> bool:
    return all(0xDC80 <= ord(found) <= 0xDCFF for found in _SURROGATE.findall(text))
