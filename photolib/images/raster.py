"""From encoded bytes to upright sRGB pixels, in the process that calls it.

``render`` is the same function for pictures that are decoded in place and for those that a worker
process decodes (``isolate``). It refuses in plain words; it never hands out a library's message.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageCms

from photolib.errors import ImageError, ImageTooLarge, ImageUnreadable, ImageUnsupported

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_WHITE: Final = (255, 255, 255, 255)
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (tag 274) to the turn that makes the picture upright."""
_RAW_FLIP: Final = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's flip code to EXIF orientation."""
_NO_CACHE: Final = 0x0040
"""cmsFLAGS_NOCACHE: a transform without its one-pixel cache may be shared by threads."""
_PROFILE_LIMIT: Final = 4 << 20
PLUGINS: Final = {
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "PNM": ("PpmImagePlugin", "PpmImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "JPEG2000": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
    "PSD": ("PsdImagePlugin", "PsdImageFile"),
}
_COUNTED: Final = ("AVIF", "HEIF")
"""Formats whose pictures only the decoder can count."""


class Refusal(Exception):
    """A picture that cannot be had: which ImageError it becomes, the reason and the remedy."""

    def __init__(self, kind: type[ImageError], reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.hint = kind, reason, hint

    def error(self, shown: str) -> ImageError:
        return self.kind(shown, self.reason, self.hint)


@dataclass(frozen=True, slots=True)
class Task:
    """What to decode: the format, the longest side wanted (None: full size), and the limits.

    ``orientation`` and ``icc`` are those the file's structure told; formats whose metadata only
    the decoder reaches (HEIF, AVIF, RAW) bring their own.
    """

    format: str
    side: int | None
    max_pixels: int
    orientation: int = 1
    icc: bytes = b""


@dataclass(frozen=True, slots=True)
class Raster:
    """Upright sRGB pixels (``image``, mode RGB), the full upright size, and late metadata."""

    image: Image.Image
    width: int
    height: int
    orientation: int = 1
    frames: int = 1
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    tags: dict[str, str] = field(default_factory=dict)


def render(data: bytes | str, task: Task) -> Raster:
    """Decode bytes, or the file at a path, into a picture of at most ``task.side`` pixels.

    Raises Refusal.
    """
    try:
        if task.format == "RAW":
            return _raw(data, task)
        if task.format == "VIDEO":
            return _video(data, task)
        if task.format == "JPEG2000" and task.side:
            # The file may have fewer resolution levels than we would skip; only trying tells.
            with suppress(OSError, ValueError):
                return _picture(data, task, skip_levels=True)
        return _picture(data, task)
    except Refusal:
        raise
    except MemoryError:
        raise Refusal(ImageTooLarge, "it needs more memory than photolib allows itself") from None
    # The decoders raise whatever their parsing runs into: SyntaxError, struct.error, KeyError...
    except Exception as exc:
        raise Refusal(ImageUnreadable, _plain(exc)) from exc


def _plain(exc: Exception) -> str:
    text = str(exc).lower()
    if any(word in text for word in ("truncated", "unexpected end", "end of file", "eof")):
        return "the file is cut short"
    if isinstance(exc, (EOFError, struct.error)):
        return "the file is cut short"
    return "the picture data is damaged"


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture without area, or with more pixels than this machine should decode."""
    if width <= 0 or height <= 0:
        raise Refusal(ImageUnreadable, "it claims to have no width or no height")
    if width * height > max_pixels:
        reason = f"{width} x {height} pixels are more than this machine should decode"
        raise Refusal(ImageTooLarge, reason, f"The limit is {max_pixels // 10**6} megapixels.")


# --- pictures that Pillow reads -----------------------------------------------------------------


def _picture(data: bytes | str, task: Task, *, skip_levels: bool = False) -> Raster:
    with _opened(data, task.format) as image:
        check_size(*image.size, task.max_pixels)
        full = image.size
        frames = int(getattr(image, "n_frames", 1)) if task.format in _COUNTED else 1
        icc = task.icc or bytes(image.info.get("icc_profile") or b"")
        exif = _bytes(image.info.get("exif")).removeprefix(b"Exif\0\0")
        xmp = _bytes(image.info.get("xmp"))
        orientation = _orientation(image, task)
        _reduce_early(image, task, skip_levels)
        image.load()
        upright = turn(_plain_mode(image), orientation)
    if orientation >= 5:
        full = (full[1], full[0])
    small = shrink(upright, task.side)
    return Raster(to_srgb(small, icc), *full, orientation, frames, icc, exif, xmp)


def _opened(data: bytes | str, name: str) -> ImageFile:
    file = open(data, "rb") if isinstance(data, str) else io.BytesIO(data)
    if name == "HEIF":
        return _heif(file)
    module, kind = PLUGINS[name]
    try:
        plugin = __import__(f"PIL.{module}", fromlist=[kind])
        # The class itself, not Image.open: that one counts pixels against a process-wide number,
        # warns about it, and reads further pictures of a JPEG that we do not want.
        opened: ImageFile = getattr(plugin, kind)(file)
    except BaseException:
        file.close()
        raise
    return opened


def _heif(file: Any) -> ImageFile:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as exc:
        hint = "Install pillow-heif."
        raise Refusal(ImageUnsupported, "HEIF pictures need pillow-heif", hint) from exc
    opened: ImageFile = HeifImageFile(file)
    return opened


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return bytes(value) if isinstance(value, (bytes, bytearray)) else b""


def _orientation(image: ImageFile, task: Task) -> int:
    if task.format in ("HEIF", "TIFF"):
        return 1  # the decoder has applied the turns of the file by itself
    if task.format == "AVIF":
        found = image.getexif().get(274, 1)
        return found if found in _TURNS else 1
    return task.orientation


def _reduce_early(image: ImageFile, task: Task, skip_levels: bool) -> None:
    """Let the decoder skip detail: JPEG by scaled DCT, JPEG 2000 by fewer resolution levels."""
    longest = max(image.size)
    if not task.side or longest <= task.side:
        return
    if task.format == "JPEG":
        scale = task.side / longest
        image.draft(None, tuple(-int(-edge * scale // 1) for edge in image.size))  # type: ignore[arg-type]
    elif skip_levels:
        levels = 0
        while longest >> (levels + 1) >= task.side and levels < 5:
            levels += 1
        image.reduce = levels  # type: ignore[method-assign, assignment]


def _plain_mode(image: Image.Image) -> Image.Image:
    """The same picture in mode RGB, L or CMYK, opaque, eight bits a channel."""
    if image.mode in ("RGB", "L", "CMYK") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer).convert("RGB")
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Deeper samples scaled, not clipped: 16 bits by their high byte, others by their range."""
    import numpy as np

    samples = np.asarray(image).astype(np.float32)
    if image.mode.startswith("I;16"):
        return Image.fromarray((samples / 256).astype(np.uint8))
    samples = np.nan_to_num(samples, nan=0, posinf=0, neginf=0)
    top = float(samples.max(initial=0))
    # 1 is the white of float pictures, 65535 that of 16-bit samples held in 32 bits.
    white = next((w for w in (1.0, 255.0, 65535.0) if top <= w), top)
    if image.mode == "I":
        white = max(white, 255.0)
    return Image.fromarray((samples.clip(0, white) * (255 / white)).astype(np.uint8))


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """The picture upright, given its EXIF orientation (1 to 8)."""
    how = _TURNS.get(orientation)
    return image if how is None else image.transpose(how)


def shrink(image: Image.Image, side: int | None) -> Image.Image:
    """The picture with its longest side reduced to ``side``; never enlarged."""
    longest = max(image.size)
    if not side or longest <= side:
        return image
    width, height = (max(1, round(edge * side / longest)) for edge in image.size)
    # Hamming is as sharp as bicubic when it reduces, at half the cost: decoding is not dwarfed.
    return image.resize((width, height), Image.Resampling.HAMMING, reducing_gap=2.0)


# --- colour -------------------------------------------------------------------------------------


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """The picture in mode RGB, its colours converted from the profile to sRGB.

    A profile that is absent, broken or made for other channels is passed over.
    """
    if icc and len(icc) <= _PROFILE_LIMIT and image.mode in ("RGB", "L", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            transform = _transform(icc, image.mode)
            if transform is not None:
                converted = ImageCms.applyTransform(image, transform)
                if converted is not None:
                    return converted
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=32)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The conversion from a profile to sRGB, None where the profile is sRGB already."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if "srgb" in ImageCms.getProfileDescription(profile).lower():
        return None
    target = ImageCms.createProfile("sRGB")
    flags = ImageCms.Flags(_NO_CACHE)
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    return ImageCms.buildTransform(profile, target, mode, "RGB", intent, flags)


# --- camera RAW and video -----------------------------------------------------------------------


def _raw(data: bytes | str, task: Task) -> Raster:
    try:
        import rawpy
    except ImportError as exc:
        hint = "Install rawpy."
        raise Refusal(ImageUnsupported, "camera RAW files need rawpy", hint) from exc
    try:
        opened = rawpy.imread(data if isinstance(data, str) else io.BytesIO(data))
    except rawpy.LibRawFileUnsupportedError as exc:
        raise Refusal(ImageUnsupported, "a camera RAW file of an unknown kind") from exc
    except rawpy.LibRawError as exc:
        raise Refusal(ImageUnreadable, "the camera RAW file is damaged") from exc
    with opened as raw:
        sizes = raw.sizes
        orientation = _RAW_FLIP.get(sizes.flip, 1)
        width, height = sizes.iwidth or sizes.width, sizes.iheight or sizes.height
        check_size(width, height, task.max_pixels)
        image = _raw_preview(raw, rawpy, task, orientation, max(width, height))
        if image is None:
            image = _developed(raw, task, max(width, height))
    if orientation >= 5 and (sizes.width, sizes.height) == (width, height):
        width, height = height, width
    return Raster(to_srgb(shrink(image, task.side), b""), width, height, orientation)


def _raw_preview(
    raw: Any, rawpy: Any, task: Task, orientation: int, longest: int
) -> Image.Image | None:
    """The camera's own JPEG, upright, when it is as large as what is asked for."""
    try:
        preview = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if preview.format != rawpy.ThumbFormat.JPEG:
        return None
    with suppress(Exception):  # a broken preview only means that we develop
        shown = _picture(preview.data, Task("JPEG", task.side, task.max_pixels, orientation))
        enough = min(task.side, longest) if task.side else longest
        if max(shown.width, shown.height) >= 0.95 * enough:
            return shown.image
    return None


def _developed(raw: Any, task: Task, longest: int) -> Image.Image:
    half = bool(task.side) and longest >= 2 * (task.side or 0)
    pixels = raw.postprocess(half_size=half, use_camera_wb=True, output_bps=8)
    return Image.fromarray(pixels)


def _video(data: bytes | str, task: Task) -> Raster:
    try:
        import av
    except ImportError as exc:
        hint = "Install photolib with its video extra: pip install 'photolib[video]'."
        raise Refusal(ImageUnsupported, "video frames need PyAV", hint) from exc
    with av.open(data if isinstance(data, str) else io.BytesIO(data)) as container:
        if not container.streams.video:
            raise Refusal(ImageUnsupported, "no picture in it, only sound")
        stream = container.streams.video[0]
        check_size(stream.width, stream.height, task.max_pixels)
        stream.codec_context.skip_frame = "NONKEY"
        frame = next(iter(container.decode(stream)))
        tags = {str(key): str(value)[:200] for key, value in container.metadata.items()}
        turned = _quarter_turns(getattr(frame, "rotation", 0))
        image = turn(frame.to_image(), turned)
    return Raster(shrink(image, task.side), *image.size, turned, 1, tags=tags)


def _quarter_turns(degrees: float) -> int:
    """EXIF orientation of a frame that must be turned by so many degrees anticlockwise."""
    return {90: 8, 180: 3, 270: 6}.get(round(degrees) % 360, 1)
