"""What requests may say: each parameter with how it is read and how it is described."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from photolib import wire
from photolib.service.refusals import malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LARGEST_PAGE = 10_000
_LARGEST_ID = 2**53 - 1
"""What every JSON reader can hold exactly."""
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_LONGEST_TEXT = 4_096
_MOST_PATHS = 16
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One word of a request; ``read`` raises ValueError with the reason."""

    name: str
    about: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    default: Any = _REQUIRED
    argument: str = ""
    """The name that the library gives it, where that differs."""
    most: int = 1
    """How often it may be given; what may be given more than once is a tuple."""

    @property
    def required(self) -> bool:
        return self.default is _REQUIRED

    @property
    def keyword(self) -> str:
        return self.argument or self.name


def text(name: str, about: str, *, default: Any = _REQUIRED) -> Parameter:
    """Any text."""
    schema = {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT}

    def read(value: str) -> str:
        if not 1 <= len(value) <= _LONGEST_TEXT:
            raise ValueError(f"it has 1 to {_LONGEST_TEXT:,} characters")
        if "\0" in value:
            raise ValueError("it cannot hold a zero byte")
        return value

    return Parameter(name, about, {**schema, "pattern": "^[^\\u0000]*$"}, read, default)


def paths(name: str, about: str, *, least: int) -> Parameter:
    """Absolute paths, each given anew: what is relative to a client means nothing to a service."""
    anything = text(name, about)

    def read(value: str) -> str:
        if not os.path.isabs(anything.read(value)):
            raise ValueError(f"{value[:200]} is no absolute path")
        return value

    absolute = {} if os.name == "nt" else {"pattern": "^/[^\\u0000]*$"}
    items = {**anything.schema, **absolute}
    schema = {"type": "array", "items": items, "minItems": least, "maxItems": _MOST_PATHS}
    return Parameter(name, about, schema, read, _REQUIRED if least else (), most=_MOST_PATHS)


def integer(
    name: str, about: str, *, least: int, most: int = _LARGEST_ID, default: Any = _REQUIRED
) -> Parameter:
    """A whole number in a range."""

    def read(value: str) -> int:
        if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
            raise ValueError(f"{value[:40]} is no whole number from {least:,} to {most:,}")
        return int(value)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(name, about, schema, read, default)


def choice(name: str, about: str, options: Sequence[str], *, default: Any) -> Parameter:
    """One of a few words."""

    def read(value: str) -> str:
        if value not in options:
            raise ValueError(f"{value[:40]} is not one of {', '.join(options)}")
        return value

    return Parameter(name, about, {"type": "string", "enum": list(options)}, read, default)


def flag(name: str, about: str, *, argument: str = "") -> Parameter:
    """Yes or no; no when absent."""
    read = choice(name, about, ("true", "false"), default=False).read
    schema = {"type": "boolean"}
    return Parameter(name, about, schema, lambda value: read(value) == "true", False, argument)


_FRACTION = r"(0?\.[0-9]{1,6}|[01](\.0{0,6})?)"


def region() -> Parameter:
    """Part of a picture."""
    about = "Only this part of the picture: x,y,width,height as fractions of it."
    schema = {"type": "string", "pattern": rf"^{_FRACTION}(,{_FRACTION}){{3}}$"}
    return Parameter("region", about, schema, wire.region, None)


def weights() -> Parameter:
    """What counts in the look."""
    parts = "|".join(wire.PARTS_OF_LOOK)
    pair = rf"({parts})=[0-9]{{1,4}}(\.[0-9]{{1,6}})?"
    about = "How much parts of the look count, as in colour=2,shape=0.5."
    return Parameter(
        "weigh", about, {"type": "string", "pattern": f"^{pair}(,{pair})*$"}, wire.weights, None
    )


def page(default: int) -> tuple[Parameter, Parameter]:
    """``limit`` and ``offset``."""
    return (
        integer("limit", "At most so many.", least=0, most=LARGEST_PAGE, default=default),
        integer("offset", "Skip the first so many.", least=0, default=0),
    )


def read_query(raw: bytes, known: Sequence[Parameter]) -> dict[str, Any]:
    """The arguments in a query string, by the names that the library gives them.

    Bytes that are not UTF-8 become surrogate escapes, as in paths. Raises Refused.
    """
    given: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="surrogateescape", max_num_fields=64
        )
    except ValueError:
        raise malformed("the query string cannot be read") from None
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    names = {parameter.name for parameter in known}
    for name in given.keys() - names:
        raise malformed(f"{name[:40]} is no parameter of this", f"Known: {', '.join(names)}.")
    return {p.keyword: _read(p, given.get(p.name, [])) for p in known}


def read_path(values: Mapping[str, str], known: Sequence[Parameter]) -> dict[str, Any]:
    """The arguments in a path. Raises Refused."""
    return {p.keyword: _read(p, [values[p.name]]) for p in known}


def _read(parameter: Parameter, values: Sequence[str]) -> Any:
    if not values:
        if parameter.required:
            raise malformed(f"{parameter.name} is missing", parameter.about)
        return parameter.default
    if len(values) > parameter.most:
        raise malformed(f"{parameter.name} is given too often")
    try:
        read = tuple(map(parameter.read, values))
        return read[0] if parameter.most == 1 else read
    except ValueError as exc:
        raise malformed(f"{parameter.name}: {exc}", parameter.about) from None
