"""A reader of TIFF directories: the container of EXIF, and of most RAW files.

Small on purpose: it reads values, follows the EXIF and GPS directories, never raises on damaged
bytes, never reads outside them and never warns. Source: TIFF revision 6.0 and EXIF 2.32.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Value: TypeAlias = "bytes | tuple[float, ...]"

_ENTRIES: Final = 1024
_VALUE_BYTES: Final = 4 << 20
_DIRECTORIES: Final = 64
_EXIF_POINTER, _GPS_POINTER, _DNG_VERSION = 34665, 34853, 50706
_CODES: Final = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q"}
_BYTES: Final = (1, 2, 7)
_ORDERS: Final = {b"II": "<", b"MM": ">"}


@dataclass(slots=True)
class Tags:
    """The tags of a file: the main directory, the EXIF and the GPS one.

    Text and unknown types stay bytes; numbers are tuples of floats, with NaN for x/0.
    """

    main: dict[int, Value] = field(default_factory=dict)
    exif: dict[int, Value] = field(default_factory=dict)
    gps: dict[int, Value] = field(default_factory=dict)
    pages: int = 0

    def raw(self, tag: int) -> bytes:
        """A tag of the main directory as bytes, empty when absent."""
        value = self.main.get(tag, b"")
        if isinstance(value, bytes):
            return value
        # IPTC is often declared as 32-bit numbers, though it is bytes.
        try:
            return struct.pack(f"<{len(value)}I", *(int(number) for number in value))
        except (struct.error, ValueError, OverflowError):
            return b""


def read(data: bytes) -> Tags:
    """The tags of TIFF-structured bytes (a whole TIFF or RAW file, or an EXIF block)."""
    tags = Tags()
    order = _ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        return tags
    (offset,) = struct.unpack_from(order + "I", data, 4)
    seen: set[int] = set()
    tags.main, following = _directory(data, order, offset)
    while offset and offset not in seen and len(seen) < _DIRECTORIES:
        seen.add(offset)
        entries, following = (
            (tags.main, following)
            if len(seen) == 1
            else _directory(data, order, offset, values=False)
        )
        tags.pages += bool(entries)
        offset = following
    for pointer, name in ((_EXIF_POINTER, "exif"), (_GPS_POINTER, "gps")):
        target = first(tags.main.get(pointer))
        if target is not None and not math.isnan(target):
            setattr(tags, name, _directory(data, order, int(target))[0])
    return tags


def first(value: Value | None) -> float | None:
    """The first number of a value, None when it holds none."""
    return value[0] if isinstance(value, tuple) and value else None


def is_raw(data: bytes) -> bool:
    """Whether TIFF bytes, whatever their name, are a camera's sensor data: a CR2 or a DNG."""
    return data[8:10] == b"CR" or _DNG_VERSION in read(data).main


def joined(main: bytes, exif: bytes, gps: bytes) -> bytes:
    """The three TIFF blocks of a CR3 file as one that ``read_any`` understands.

    Each block counts its offsets from its own start, so they stay apart, each behind its length.
    """
    return b"".join([b"CMT!", *(struct.pack(">I", len(b)) + b for b in (main, exif, gps))])


def read_any(data: bytes) -> Tags:
    """The tags of TIFF-structured bytes or of what ``joined`` made."""
    return _read_joined(data) if data[:4] == b"CMT!" else read(data)


def _read_joined(data: bytes) -> Tags:
    blocks, at = [], 4
    for _ in range(3):
        (size,) = struct.unpack_from(">I", data, at)
        blocks.append(read(data[at + 4 : at + 4 + size]))
        at += 4 + size
    return Tags(blocks[0].main, blocks[1].main, blocks[2].main)


def _directory(
    data: bytes, order: str, offset: int, *, values: bool = True
) -> tuple[dict[int, Value], int]:
    """The entries at ``offset`` and the offset of the directory that follows."""
    entries: dict[int, Value] = {}
    if not 0 < offset <= len(data) - 2:
        return entries, 0
    (count,) = struct.unpack_from(order + "H", data, offset)
    at = offset + 2
    for _ in range(min(count, _ENTRIES)):
        if at + 12 > len(data):
            return entries, 0
        tag, kind, length = struct.unpack_from(order + "HHI", data, at)
        value = _value(data, order, kind, length, at + 8) if values else b""
        if value is not None:
            entries.setdefault(tag, value)
        at += 12
    following = struct.unpack_from(order + "I", data, at)[0] if at + 4 <= len(data) else 0
    return entries, following


def _value(data: bytes, order: str, kind: int, length: int, at: int) -> Value | None:
    code = _CODES.get(kind)
    if kind in _BYTES:
        width = 1
    elif kind in (5, 10):
        width = 8
    elif code:
        width = struct.calcsize(order + code)
    else:
        return None
    size = width * length
    if not 0 < size <= _VALUE_BYTES:
        return None
    if size > 4:
        (at,) = struct.unpack_from(order + "I", data, at)
    if at + size > len(data):
        return None
    if kind in _BYTES:
        return (float(data[at]),) if kind == 1 and length == 1 else data[at : at + size]
    if code:
        return tuple(float(n) for n in struct.unpack_from(f"{order}{length}{code}", data, at))
    numbers = struct.unpack_from(f"{order}{2 * length}{'I' if kind == 5 else 'i'}", data, at)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(above / below if below else math.nan for above, below in pairs)
