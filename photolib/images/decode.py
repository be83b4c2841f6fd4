"""The door from a file to pixels: which decoder, within which limits, in which process.

JPEG, PNG, GIF, WebP and BMP of ordinary size are decoded in this process (their decoders are
widely fuzzed and fast); everything else, very large pictures, and JPEGs with an absurd number of
passes go to a worker process that can be killed (``isolate``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import features

from photolib.errors import ImageUnreadable, ImageUnsupported
from photolib.images import anatomy, raster
from photolib.images.facts import Facts, facts_of, orientation_of
from photolib.images.identity import Source
from photolib.images.isolate import Workers
from photolib.images.raster import Raster, Refusal, Task

if TYPE_CHECKING:
    from types import TracebackType

    from PIL.Image import Image

    from photolib.images.anatomy import Anatomy
    from photolib.images.identity import AnyPath

_IN_PLACE: Final = {
    "JPEG": 64_000_000,
    **dict.fromkeys(("PNG", "GIF", "WEBP", "BMP"), 24_000_000),
}
"""Formats that are decoded in this process, up to so many pixels: JPEG is decoded reduced."""
_IN_PLACE_SCANS: Final = 40
"""A progressive JPEG has about ten passes; each one visits every block, so thousands of empty
passes over a large picture take minutes (the "two issues with the JPEG standard" of libjpeg-turbo).
"""
_DECODED: Final = frozenset((*raster.PLUGINS, "HEIF", "RAW", "VIDEO"))
_REMEDIES: Final = {
    "JXL": ("JPEG XL pictures are not read", "Convert it to JPEG or AVIF."),
    "ICO": ("an icon, not a photo", ""),
    "PDF": ("a PDF document, not a photo", ""),
    "SVG": ("a drawing (SVG), not a photo", ""),
}
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost: pixels, encoded bytes, a worker's memory in bytes, seconds.

    A picture gets ``seconds`` plus one more per ten million pixels or ten megabytes.
    """

    max_pixels: int = 200_000_000
    max_bytes: int = _GIB
    memory: int = 3 * _GIB
    seconds: float = 10.0

    @classmethod
    def for_this_machine(cls) -> Limits:
        """Limits in proportion to the memory that this process may use.

        All workers together get half of it. A pixel takes twelve bytes while it is decoded,
        turned and converted; half a gigabyte is for the decoders themselves.
        """
        memory = _memory()
        each = min(max(memory // 2 // _worker_count(), 2 * _GIB), 12 * _GIB)
        return cls(
            max_pixels=(each - _GIB // 2) // 12,
            max_bytes=min(max(memory // 8, _GIB // 4), 4 * _GIB),
            memory=each,
        )


def _worker_count() -> int:
    return min(4, os.cpu_count() or 1)


def _memory() -> int:
    """Physical memory in bytes, or less where a control group says so; 4 GiB where unknown."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 4 * _GIB
    try:
        return min(physical, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    except (OSError, ValueError):
        return physical


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture and what its file says about itself.

    ``image`` is upright sRGB (mode RGB), its longest side at most the one asked for. ``width``
    and ``height`` are of the full upright picture. ``orientation`` is the EXIF number that was
    applied, ``icc`` names the colour profile that was converted (None: none), ``frames`` counts
    the pictures or pages of the file, ``attachments`` is ``Anatomy.attachments``. ``facts`` are
    those embedded in the content: nothing from the name, the folder or the file's times.
    """

    image: Image
    format: str
    width: int
    height: int
    orientation: int
    icc: str | None
    frames: int
    attachments: str
    facts: Facts


class Decoder:
    """Decodes sources from any number of threads; owns the workers, so close it."""

    def __init__(self, limits: Limits | None = None, workers: int | None = None) -> None:
        """``workers``: processes for the formats that need one; None is one per processor, to 4."""
        self.limits = limits or Limits.for_this_machine()
        self._workers = Workers(workers or _worker_count(), self.limits.memory)

    def decode(self, source: Source | AnyPath, *, side: int | None = None) -> Decoded:
        """The picture in a source, its longest side reduced to ``side`` pixels (None: full size).

        Raises ImageUnreadable (damaged, cut short, or not what its name says), ImageTooLarge,
        ImageUnsupported (a format that this installation does not read).
        """
        if not isinstance(source, Source):
            source = Source.open(source, self.limits.max_bytes)
        try:
            return self._decoded(source, side)
        except Refusal as refusal:
            raise refusal.error(source.display) from refusal.__cause__

    def close(self) -> None:
        """Stop the worker processes."""
        self._workers.close()

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _decoded(self, source: Source, side: int | None) -> Decoded:
        found = _decodable(source)
        facts = facts_of(found.exif, found.xmp, found.iptc)
        orientation = orientation_of(found.exif)
        task = Task(found.format, side, self.limits.max_pixels, orientation, found.icc)
        drawn = self._drawn(source, found, task)
        if drawn.exif or drawn.xmp or drawn.tags:
            facts = facts.or_else(facts_of(drawn.exif, drawn.xmp, tags=drawn.tags))
        return Decoded(
            drawn.image,
            found.format,
            drawn.width,
            drawn.height,
            orientation if found.format == "TIFF" else drawn.orientation,
            anatomy.digest(drawn.icc) if drawn.icc else None,
            max(found.frames, drawn.frames),
            found.attachments,
            facts,
        )

    def _drawn(self, source: Source, found: Anatomy, task: Task) -> Raster:
        if found.width and found.height:
            raster.check_size(found.width, found.height, task.max_pixels)
        data = anatomy.payload(source.data, found) if source.whole else os.fsdecode(source.path)
        if _in_place(source, found):
            return raster.render(data, task)
        pixels = max(found.width * found.height, source.size)
        return self._workers.render(data, task, self.limits.seconds + pixels / 1e7)


def decode(
    source: Source | AnyPath, *, side: int | None = None, limits: Limits | None = None
) -> Decoded:
    """Decode one picture and keep nothing; for many, share a ``Decoder``. Raises as it does."""
    with Decoder(limits, workers=1) as decoder:
        return decoder.decode(source, side=side)


def _in_place(source: Source, found: Anatomy) -> bool:
    most = _IN_PLACE.get(found.format, -1) if source.whole else -1
    return found.width * found.height <= most and found.scans <= _IN_PLACE_SCANS


def _decodable(source: Source) -> Anatomy:
    """The structure of a file that can be decoded; raises Refusal for any other."""
    found = source.anatomy
    if found is None:
        raise _nameless(source)
    if found.format not in _DECODED:
        reason, hint = _REMEDIES[found.format]
        raise Refusal(ImageUnsupported, reason, hint)
    if found.trouble:
        unsupported = found.trouble.removeprefix("unsupported:")
        kind = ImageUnreadable if unsupported == found.trouble else ImageUnsupported
        raise Refusal(kind, unsupported)
    return found


def _nameless(source: Source) -> Refusal:
    if not source.data.strip(b"\0"):
        reason = "it holds nothing but zeros, as a copy that was interrupted does"
        return Refusal(ImageUnreadable, reason, "Copy it again.")
    return Refusal(ImageUnreadable, "its content is no picture in a format that photolib knows")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file and whether this installation reads it; if not, ``lacks`` says what for."""

    name: str
    extensions: tuple[str, ...]
    readable: bool
    lacks: str = ""


_FAMILIES: Final = (
    ("JPEG", "jpg jpeg jpe jfif jif mpo", "codec:jpg"),
    ("PNG", "png apng", "codec:zlib"),
    ("WebP", "webp", "module:webp"),
    ("GIF", "gif", ""),
    ("BMP", "bmp dib", ""),
    ("PNM", "ppm pgm pbm pnm", ""),
    ("TIFF", "tif tiff", "codec:libtiff"),
    ("JPEG 2000", "jp2 j2k jpf jpx jpc j2c", "codec:jpg_2000"),
    ("AVIF", "avif avifs", "module:avif"),
    ("HEIF", "heic heif heics heifs hif", "package:pillow_heif"),
    ("Photoshop", "psd", ""),
    ("camera RAW", "cr2 cr3 nef arw dng raf orf rw2 pef srw 3fr erf x3f", "package:rawpy"),
    ("video frames", "mp4 mov m4v avi mkv webm 3gp", "package:av"),
    ("JPEG XL", "jxl", "never"),
)
_PACKAGES: Final = {"pillow_heif": "pillow-heif", "rawpy": "rawpy", "av": "photolib[video]"}


def formats() -> list[Format]:
    """What this installation reads, and what it lacks to read the rest."""
    return [
        Format(name, tuple(extensions.split()), not (lack := _lack(need)), lack)
        for name, extensions, need in _FAMILIES
    ]


def _lack(need: str) -> str:
    how, _, what = need.partition(":")
    checks: dict[str, Any] = {"codec": features.check_codec, "module": features.check_module}
    if how in checks:
        return "" if checks[how](what) else "Pillow was built without it"
    if how == "package" and find_spec(what) is None:
        return f"pip install '{_PACKAGES[what]}'"
    return "no decoder that photolib uses reads it" if how == "never" else ""
