"""What a picture file is made of, found by reading its structure and decoding nothing.

One pass over the bytes says which format they are (by signature, whatever the name claims), where
the metadata lies, what the file carries beside its picture, and which bytes the decoder depends
on. Those last ones are the *payload*: for JPEG and PNG they are hashed into the payload key and
they alone are handed to the decoder, so equal payloads are equal pixels by construction.

Sources: JPEG markers ITU-T T.81 annex B; colour of unmarked JPEG as libjpeg's jdapimin.c decides;
PNG third edition (W3C); WebP container RFC 9649; MPF CIPA DC-007; gain maps ISO 21496-1 and the
Ultra HDR format; boxes ISO/IEC 14496-12.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from photolib.images import tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

_METADATA_LIMIT: Final = 4 << 20
"""Bytes of one metadata block that are looked at; real ones are some tens of kilobytes."""

_BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"), "HEIF"),
    **dict.fromkeys((b"msf1", b"heif", b"mif2"), "HEIF"),
    b"crx ": "RAW",
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42"), "VIDEO"),
    **dict.fromkeys((b"avc1", b"qt  ", b"M4V ", b"MSNV", b"3gp4", b"3gp5", b"3g2a"), "VIDEO"),
}
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"FOVb", "RAW"),
    (b"\0MRM", "RAW"),
    (b"IIRO", "RAW"),
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"IIU\0", "RAW"),
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"8BPS", "PSD"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"\0\0\1\0", "ICO"),
    (b"\x1aE\xdf\xa3", "VIDEO"),
    (b"\0\0\1\xba", "VIDEO"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The structure of one file.

    ``payload_key`` is None where the format has no cheap payload (its decoded pixels decide) or
    the file is damaged. ``icc`` is the embedded colour profile. ``attachments`` names what the
    file carries beside its first picture, as ``kind:digest`` words: ``motion`` (a clip),
    ``gainmap``, ``mpo`` (further pictures), ``depth``, ``animation``, ``trailer``. ``scans`` is
    the number of passes of a JPEG. ``slices`` are the (start, stop) of the payload.
    ``trouble`` says in plain words why the file cannot be decoded, when its structure tells.
    """

    format: str
    width: int = 0
    height: int = 0
    frames: int = 1
    scans: int = 1
    payload_key: str | None = None
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    attachments: str = ""
    slices: tuple[tuple[int, int], ...] = ()
    trouble: str = ""

    @property
    def icc_digest(self) -> str | None:
        """Sixteen hexadecimal digits that name the colour profile, None without one."""
        return digest(self.icc) if self.icc else None


def digest(*pieces: bytes | memoryview, size: int = 8) -> str:
    """BLAKE2b of the pieces, one after another, in hexadecimal (``size`` bytes)."""
    state = blake2b(digest_size=size)
    for piece in pieces:
        state.update(piece)
    return state.hexdigest()


def covers(keeper: str, victim: str) -> bool:
    """Whether everything attached to ``victim`` is attached to ``keeper`` too, byte for byte."""
    return set(victim.split()) <= set(keeper.split())


def format_of(head: bytes) -> str | None:
    """The format that the first 64 bytes of a file show, None when no known one.

    TIFF may turn out to be RAW, which only the extension or a tag tells (``anatomy_of`` does).
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "WEBP", b"AVI ": "VIDEO"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") or head[:1] == head[188:189] == b"G":
        return "VIDEO"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return "PNM"
    return None


def _brand(head: bytes) -> str | None:
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), 64), 4))]
    known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    if "AVIF" in known:
        return "AVIF"
    return known[0] if known else "VIDEO"


def anatomy_of(data: bytes, *, raw: bool = False) -> Anatomy | None:
    """The structure of a file's bytes; None when they are of no known format.

    ``raw`` says that the name has a RAW camera extension, which decides for TIFF containers.
    Never raises on damaged bytes: what cannot be followed is left out.
    """
    name = format_of(data[:256])
    if name == "TIFF" and (raw or tiff.is_raw(data)):
        name = "RAW"
    if name is None:
        return None
    reader = _READERS.get(name)
    return reader(data) if reader else Anatomy(name)


# --- JPEG ---------------------------------------------------------------------------------------

_SEGMENT = struct.Struct(">H")
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FRAMES = frozenset(
    (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
)
_TABLES = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD))
_LOSSLESS_OR_HIERARCHICAL = frozenset((0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF))
_SOI, _EOI, _SOS, _APP0, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xEE


@dataclass(slots=True)
class _Jpeg:
    """What a walk along the markers of a JPEG gathers."""

    frame: bytes = b""
    marker: int = 0
    scans: int = 0
    end: int | None = None
    jfif: bool = False
    adobe: int | None = None
    slices: list[tuple[int, int]] = field(default_factory=list)
    colour: list[tuple[int, int]] = field(default_factory=list)
    """APP0 and APP14: the decoder reads them, the key holds what they decide."""
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    icc: dict[int, bytes] = field(default_factory=dict)


def _jpeg(data: bytes) -> Anatomy:
    walked = _walk_jpeg(data)
    frame = walked.frame
    if len(frame) < 6:
        return Anatomy("JPEG", trouble="the picture data is missing")
    precision, height, width, components = struct.unpack_from(">BHHB", frame)
    trouble = ""
    if walked.marker in _LOSSLESS_OR_HIERARCHICAL or precision != 8:
        trouble = f"unsupported:a rare kind of JPEG ({precision} bits, lossless or hierarchical)"
    elif not walked.scans:
        trouble = "the picture data is missing"
    complete = walked.end is not None and not trouble
    view = memoryview(data)
    return Anatomy(
        "JPEG",
        width,
        height,
        scans=walked.scans,
        payload_key=_jpeg_key(view, walked, components) if complete else None,
        icc=b"".join(walked.icc[number] for number in sorted(walked.icc)),
        exif=walked.exif,
        xmp=walked.xmp,
        iptc=walked.iptc,
        attachments=_after_jpeg(data, walked),
        slices=tuple(sorted(walked.slices + walked.colour)),
        trouble=trouble,
    )


def _walk_jpeg(data: bytes) -> _Jpeg:
    walked = _Jpeg()
    at, end = 2, len(data)
    while (match := _NEXT_MARKER.search(data, at)) is not None:
        start, at = match.span()
        marker = data[start + 1]
        if marker == _EOI:
            walked.end = at
            break
        if marker in (_SOI, 0x01):
            continue
        if at + 2 > end:
            break
        stop = at + max(2, _SEGMENT.unpack_from(data, at)[0])
        if marker == _SOS:
            walked.scans += 1
            following = _NEXT_MARKER.search(data, stop)
            stop = following.start() if following else end
            walked.slices.append((start, stop))
        else:
            _note_segment(walked, marker, data, start, min(stop, end))
        at = stop
    return walked


def _note_segment(walked: _Jpeg, marker: int, data: bytes, start: int, stop: int) -> None:
    body = data[start + 4 : min(stop, start + 4 + 65536)]
    if marker in _FRAMES:
        walked.frame, walked.marker = walked.frame or body, walked.marker or marker
        walked.slices.append((start, stop))
    elif marker in _TABLES:
        walked.slices.append((start, stop))
    elif marker == _APP0 and body[:5] == b"JFIF\0":
        walked.jfif = True
        walked.colour.append((start, stop))
    elif marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        walked.adobe = body[11]
        walked.colour.append((start, stop))
    elif 0xE1 <= marker <= 0xED:
        _note_metadata(walked, marker, body)


def _note_metadata(walked: _Jpeg, marker: int, body: bytes) -> None:
    if marker == 0xE1 and body[:6] == b"Exif\0\0":
        walked.exif = walked.exif or body[6:]
    elif marker == 0xE1 and body[:29] == b"http://ns.adobe.com/xap/1.0/\0":
        walked.xmp = walked.xmp or body[29:]
    elif marker == 0xE2 and body[:12] == b"ICC_PROFILE\0" and len(body) > 14:
        walked.icc.setdefault(body[12], body[14:])
    elif marker == 0xED and body[:14] == b"Photoshop 3.0\0":
        walked.iptc = walked.iptc or _iptc_of_photoshop(body[14:])


def _iptc_of_photoshop(block: bytes) -> bytes:
    """The IPTC record (resource 0x0404) of a Photoshop image resource block."""
    at = 0
    while block[at : at + 4] == b"8BIM" and at + 12 <= len(block):
        resource = _SEGMENT.unpack_from(block, at + 4)[0]
        at += 6 + (block[at + 6] // 2 + 1) * 2
        if at + 4 > len(block):
            break
        (size,) = struct.unpack_from(">I", block, at)
        if resource == 0x0404:
            return block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def _jpeg_key(view: memoryview, walked: _Jpeg, components: int) -> str:
    pieces = [view[start:stop] for start, stop in walked.slices]
    colour = f"{components}{_jpeg_colour(walked, components)}".encode()
    return "jpeg:" + digest(colour, *pieces, size=32)


def _jpeg_colour(walked: _Jpeg, components: int) -> str:
    """The colour transform that libjpeg derives from JFIF, Adobe and component names."""
    if components == 3 and not walked.jfif:
        if walked.adobe is not None:
            return "rgb" if walked.adobe == 0 else "ycc"
        return "rgb" if walked.frame[6:15:3] == b"RGB" else "ycc"
    if components == 4:
        return "ycck" if walked.adobe == 2 else "cmyk"
    return "ycc"


def _after_jpeg(data: bytes, walked: _Jpeg) -> str:
    """The attachments behind the end of the first picture."""
    if walked.end is None:
        return ""
    rest = memoryview(data)[walked.end :]
    if not len(rest) or not bytes(rest[:65536]).strip(b"\0\r\n \xff"):
        return ""
    return f"{_trailer_kind(data, walked)}:{digest(rest)}"


def _trailer_kind(data: bytes, walked: _Jpeg) -> str:
    end = walked.end or 0
    if data.find(b"MotionPhoto_Data", end) >= 0 or re.compile(rb"....ftyp", re.S).search(data, end):
        return "motion"
    if data.find(b"\xff\xd8\xff", end) >= 0:
        marks = (b"hdrgm:", b"urn:iso:std:iso:ts:21496", b"HDRGainMap")
        return "gainmap" if any(data.find(mark, end) >= 0 for mark in marks) else "mpo"
    return "trailer"


# --- PNG ----------------------------------------------------------------------------------------

_CHUNK = struct.Struct(">I4s")
_PIXEL_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT"))
_COLOUR_CHUNKS = frozenset((b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI"))
_ANIMATION_CHUNKS = frozenset((b"acTL", b"fcTL", b"fdAT"))


def _png(data: bytes) -> Anatomy:
    view, state, moving = memoryview(data), blake2b(digest_size=32), blake2b(digest_size=8)
    slices: list[tuple[int, int]] = []
    found: dict[bytes, bytes] = {}
    xmp, frames, end = b"", 1, None
    for name, start, stop in _chunks(data):
        body = view[start + 8 : stop - 4]
        if name in _PIXEL_CHUNKS:
            slices.append((start, stop))
        if name in _PIXEL_CHUNKS or name in _COLOUR_CHUNKS:
            # The cut between IDAT chunks carries no meaning; every other name does.
            state.update(b"" if name == b"IDAT" else name)
            state.update(body)
        elif name in _ANIMATION_CHUNKS:
            moving.update(body)
            found[b"acTL"] = b"1"
            if name == b"acTL" and len(body) >= 4:
                frames = max(1, struct.unpack_from(">I", body)[0])
        elif name == b"iTXt" and bytes(body[:18]) == b"XML:com.adobe.xmp\0":
            xmp = xmp or _png_text(bytes(body[18:]))
        elif name in (b"eXIf", b"iCCP", b"IHDR"):
            found.setdefault(name, bytes(body[:_METADATA_LIMIT]))
        elif name == b"IEND":
            end = stop
            break
    header = bytes(view[slices[0][0] + 8 : slices[0][1] - 4]) if slices else b""
    width, height = struct.unpack_from(">II", header) if len(header) >= 8 else (0, 0)
    attachments = [f"animation:{moving.hexdigest()}"] if b"acTL" in found and frames > 1 else []
    if end is not None and bytes(view[end : end + 65536]).strip(b"\0\r\n "):
        attachments.append(f"trailer:{digest(view[end:])}")
    return Anatomy(
        "PNG",
        width,
        height,
        frames=frames,
        payload_key=None if end is None else "png:" + state.hexdigest(),
        icc=_inflated(found.get(b"iCCP", b"").partition(b"\0")[2][1:]),
        exif=_without_exif_mark(found.get(b"eXIf", b"")),
        xmp=xmp,
        attachments=" ".join(attachments),
        slices=tuple(slices),
        trouble="" if slices else "the picture data is missing",
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, stop) of every PNG chunk; the last one may be cut short."""
    at = 8
    while at + 12 <= len(data):
        size, name = _CHUNK.unpack_from(data, at)
        stop = at + 12 + size
        yield name, at, min(stop, len(data))
        at = stop


def _png_text(body: bytes) -> bytes:
    """The text of an iTXt chunk behind its keyword."""
    if len(body) < 2:
        return b""
    text = body[2:].split(b"\0", 2)[-1]
    return _inflated(text) if body[0] else text[:_METADATA_LIMIT]


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _METADATA_LIMIT)
    except zlib.error:
        return b""


def payload(data: bytes, anatomy: Anatomy) -> bytes:
    """The bytes to decode: a JPEG or PNG reduced to its payload, any other file whole.

    A JPEG that has no end mark gets none, and a PNG that was cut short gets no end chunk, so that
    the decoder still notices what is missing.
    """
    if not anatomy.slices:
        return data
    view = memoryview(data)
    pieces: list[bytes | memoryview] = [view[start:stop] for start, stop in anatomy.slices]
    if anatomy.format == "JPEG":
        ending = b"\xff\xd9" if anatomy.payload_key else b""
        return b"".join([b"\xff\xd8", *pieces, ending])
    cut = anatomy.slices[-1][1] == len(data)
    ending = b"" if cut else b"\0\0\0\0IEND\xaeB`\x82"
    return b"".join([data[:8], *pieces, ending])


# --- the other containers -----------------------------------------------------------------------


def _webp(data: bytes) -> Anatomy:
    found: dict[bytes, bytes] = {}
    frames, at = 0, 12
    while at + 8 <= len(data):
        name = data[at : at + 4]
        (size,) = struct.unpack_from("<I", data, at + 4)
        frames += name == b"ANMF"
        if name in (b"EXIF", b"XMP ", b"ICCP"):
            body = data[at + 8 : at + 8 + min(size, _METADATA_LIMIT)]
            found.setdefault(name, body)
        at += 8 + size + size % 2
    width, height = _webp_size(data)
    return Anatomy(
        "WEBP",
        width,
        height,
        frames=max(1, frames),
        icc=found.get(b"ICCP", b""),
        exif=_without_exif_mark(found.get(b"EXIF", b"")),
        xmp=found.get(b"XMP ", b""),
    )


def _webp_size(data: bytes) -> tuple[int, int]:
    """The canvas, from the first chunk; 0, 0 where it is damaged."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return 0, 0
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _gif(data: bytes) -> Anatomy:
    if len(data) < 13:
        return Anatomy("GIF", trouble="the picture data is missing")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    frames, xmp, at = 0, b"", 13 + _palette(flags)
    while at + 2 <= len(data) and data[at] != 0x3B:
        if data[at] == 0x2C and at + 10 <= len(data):
            left, top, across, down, flags = struct.unpack_from("<4HB", data, at + 1)
            # The first frame may reach over the stated size; the decoder then enlarges it.
            if not frames:
                width, height = max(width, left + across), max(height, top + down)
            frames += 1
            at += 11 + _palette(flags)
        elif data[at] == 0x21:
            if data[at + 3 : at + 14] == b"XMP DataXMP":
                xmp = data[at + 14 : at + 14 + _METADATA_LIMIT].partition(b"<?xpacket end")[0]
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return Anatomy("GIF", width, height, frames=max(1, frames), xmp=xmp)


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _tiff(data: bytes) -> Anatomy:
    tags = tiff.read(data)
    return Anatomy(
        "TIFF",
        frames=max(1, tags.pages),
        icc=tags.raw(34675),
        exif=data,
        xmp=tags.raw(700),
        iptc=tags.raw(33723),
    )


def _raw(data: bytes) -> Anatomy:
    if data[:4] == b"FUJI":
        preview = _fuji_preview(data)
        return replace(preview, format="RAW") if preview else Anatomy("RAW")
    if data[4:8] == b"ftyp":
        return Anatomy("RAW", exif=_cr3_exif(data))
    tags = tiff.read(data)
    return Anatomy("RAW", exif=data, xmp=tags.raw(700), iptc=tags.raw(33723))


def _fuji_preview(data: bytes) -> Anatomy | None:
    """The metadata of the JPEG inside a RAF file, whose place is at byte 84 of the header."""
    if len(data) < 92:
        return None
    offset, size = struct.unpack_from(">II", data, 84)
    preview = _jpeg(data[offset : offset + size])
    return Anatomy("RAW", exif=preview.exif, xmp=preview.xmp, iptc=preview.iptc)


def _cr3_exif(data: bytes) -> bytes:
    """CR3 spreads its EXIF over TIFF blocks in CMT boxes: 1 is IFD0, 2 the EXIF, 4 the GPS."""
    blocks = {}
    for number in (1, 2, 4):
        at = data.find(b"CMT%d" % number, 0, _METADATA_LIMIT)
        if at >= 4:
            (size,) = struct.unpack_from(">I", data, at - 4)
            blocks[number] = data[at + 4 : at - 4 + min(size, _METADATA_LIMIT)]
    return tiff.joined(blocks.get(1, b""), blocks.get(2, b""), blocks.get(4, b""))


def _heif(data: bytes) -> Anatomy:
    head = data[:_METADATA_LIMIT]
    attachments = []
    for name, start, stop in boxes(data):
        if name == b"mpvd":
            attachments.append(f"motion:{digest(memoryview(data)[start:stop])}")
    # The auxiliary pictures share the media box with the picture; their kind is all we can name.
    if b"hdrgainmap" in head or b"tmap" in head:
        attachments.append("gainmap:inside")
    if b"auxid:2" in head or b"aux:depth" in head:
        attachments.append("depth:inside")
    return Anatomy("HEIF", attachments=" ".join(attachments))


def _jpeg2000(data: bytes) -> Anatomy:
    exif = xmp = b""
    for name, start, stop in boxes(data):
        body = data[start : min(stop, start + _METADATA_LIMIT)] if name == b"uuid" else b""
        if body[:16] == b"JpgTiffExif->JP2":
            exif = body[16:]
        elif body[:16] == bytes.fromhex("be7acfcb97a942e89c71999491e3afac"):
            xmp = body[16:]
    return Anatomy("JPEG2000", exif=exif, xmp=xmp)


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, stop) of the body of every top-level ISO box, stopping at the first bad one."""
    at = 0
    while at + 8 <= len(data):
        size, name = _CHUNK.unpack_from(data, at)
        start = at + 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = at + size if size else len(data)
        if stop <= at or stop < start:
            return
        yield name, start, min(stop, len(data))
        at = stop


def _without_exif_mark(block: bytes) -> bytes:
    return block.removeprefix(b"Exif\0\0")


_READERS: Final = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
    "RAW": _raw,
    "HEIF": _heif,
    "AVIF": lambda data: replace(_heif(data), format="AVIF"),
    "JPEG2000": _jpeg2000,
}
