"""Bytes of a photo for somebody else: smaller, or without the place it was taken at."""

from __future__ import annotations

import io
import struct

from PIL import Image

from photolib.errors import ImageUnsupported

_GPS_TAG = 0x8825
_EXIF = b"Exif\x00\x00"
_QUALITY = 90


def resized(image: Image.Image, side: int) -> bytes:
    """A JPEG of an upright picture, its longest side at most ``side`` pixels, without metadata."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def without_place(path: str, data: bytes) -> bytes:
    """The bytes of a JPEG without its GPS record and XMP packets; the picture data is untouched.

    ``path`` is for the message of ImageUnsupported, raised for every other format: leaving the
    place out of those would mean to write the picture anew.
    """
    if data[:2] != b"\xff\xd8":
        raise ImageUnsupported(path, "the place can only be left out of JPEG", "Use --resize.")
    kept, position = [data[:2]], 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = (
            data[position + 1],
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        if marker == 0xDA:
            break
        segment = data[position : position + 2 + length]
        kept.append(_without(marker, segment))
        position += 2 + length
    return b"".join([*kept, data[position:]])


def _without(marker: int, segment: bytes) -> bytes:
    """A segment without what it says of the place."""
    body = segment[4:]
    if marker == 0xED or (marker == 0xE1 and body.startswith(b"http://ns.adobe.com/")):
        return b""  # IPTC may name the town; XMP the coordinates
    if marker != 0xE1 or not body.startswith(_EXIF):
        return segment
    exif = Image.Exif()
    try:
        exif.load(body)
        if _GPS_TAG not in exif:
            return segment
        del exif[_GPS_TAG]
        packed = exif.tobytes()
    except (OSError, SyntaxError, ValueError, struct.error, KeyError, TypeError):
        return b""  # nobody can say what it holds
    return b"\xff\xe1" + (len(packed) + 2).to_bytes(2, "big") + packed
