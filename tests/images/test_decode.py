"""From files to upright sRGB pixels, or to a reason in plain words."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from photolib.errors import ImageError, ImageTooLarge, ImageUnreadable, ImageUnsupported
from photolib.images import Decoder, Limits, Source, decode, formats, walk
from photolib.images.isolate import Workers
from photolib.images.raster import Refusal, Task
from tests.images.conftest import difference, encoded, scene, with_segment

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.images import Decoded


def _decoded(decoder: Decoder, data: bytes, name: str = "x.jpg", **how: Any) -> Decoded:
    return decoder.decode(Source.of_bytes(data, name), **how)


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_all_orientations_of_a_picture_end_with_equal_pixels(decoder: Decoder, name: str) -> None:
    # A flat picture of whole JPEG blocks survives lossy coding exactly in every orientation.
    upright = scene() if name != "JPEG" else _blocks()
    options = (
        {"lossless": True}
        if name == "WEBP"
        else {"quality": 95, "subsampling": 0}
        if name == "JPEG"
        else {}
    )
    seen = []
    for number in range(1, 9):
        stored = upright.transpose(_STORED[number]) if number in _STORED else upright
        data = encoded(stored, name, exif=_orientation(number), **options)
        for side in (None, 40):
            decoded = _decoded(decoder, data, side=side)
            assert (decoded.width, decoded.height) == upright.size
            assert decoded.orientation == number
            seen.append((side, decoded.image.size, decoded.image.tobytes()))
    assert len(set(seen)) == 2


def _blocks() -> Image.Image:
    tiny = Image.new("RGB", (6, 4))
    tiny.putdata([(40 * x, 60 * y, 128) for y in range(4) for x in range(6)])
    return tiny.resize((96, 64), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("JPEG", {"quality": 92}, 4),
        ("JPEG", {"quality": 92, "progressive": True}, 4),
        ("PNG", {}, 0),
        ("GIF", {}, 12),
        ("WEBP", {"quality": 90}, 6),
        ("BMP", {}, 0),
        ("PPM", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("JPEG2000", {}, 1),
        ("AVIF", {"quality": 90}, 6),
    ],
)
def test_every_format_gives_the_picture_back(
    decoder: Decoder, name: str, options: dict[str, Any], tolerance: float
) -> None:
    decoded = _decoded(decoder, encoded(scene(), name, **options))
    assert decoded.format == {"PPM": "PNM"}.get(name, name)
    assert (decoded.image.mode, decoded.image.size) == ("RGB", (96, 64))
    assert difference(decoded.image, scene()) <= tolerance


def test_heif_gives_the_picture_back_upright(decoder: Decoder) -> None:
    heif = pytest.importorskip("pillow_heif")
    turned = scene().transpose(Image.Transpose.ROTATE_90)
    file = io.BytesIO()
    heif.from_pillow(turned).save(file, quality=95, exif=_orientation(6).tobytes())
    decoded = _decoded(decoder, file.getvalue(), "x.heic")
    assert (decoded.format, decoded.width, decoded.height) == ("HEIF", 96, 64)
    assert difference(decoded.image, scene()) < 6


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1000, 30), (50, 40)])
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_the_longest_side_is_reduced_and_never_enlarged(
    decoder: Decoder, size: tuple[int, int], name: str
) -> None:
    decoded = _decoded(decoder, encoded(scene(*size), name), side=128)
    assert max(decoded.image.size) == min(128, max(size))
    assert (decoded.width, decoded.height) == size
    ratio = decoded.image.width / decoded.image.height
    assert ratio == pytest.approx(size[0] / size[1], rel=0.15)


def test_sixteen_bits_are_scaled_not_clipped(decoder: Decoder) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, 0)
    for name in ("PNG", "TIFF"):
        decoded = _decoded(decoder, encoded(Image.fromarray(ramp), name))
        grey = np.asarray(decoded.image)[0, :, 0].astype(int)
        assert np.abs(grey - np.arange(256)).max() <= 1


def test_transparency_is_laid_on_white(decoder: Decoder) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    palette = Image.new("P", (4, 4), 0)
    for data in (
        encoded(clear, "PNG"),
        encoded(clear, "WEBP", lossless=True),
        encoded(palette, "PNG", transparency=0),
        encoded(palette, "GIF", transparency=0),
        encoded(Image.new("RGB", (4, 4), (9, 9, 9)), "PNG", transparency=(9, 9, 9)),
    ):
        assert _decoded(decoder, data).image.getpixel((1, 1)) == (255, 255, 255)


def test_cmyk_and_grey_become_rgb(decoder: Decoder) -> None:
    for mode in ("CMYK", "L"):
        decoded = _decoded(decoder, encoded(scene().convert(mode), quality=95))
        assert decoded.image.mode == "RGB"
        assert difference(decoded.image, scene().convert(mode).convert("RGB")) < 5


def test_a_colour_profile_is_converted_and_named(decoder: Decoder) -> None:
    lab_free = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = _decoded(decoder, encoded(scene(), icc_profile=lab_free))
    bare = _decoded(decoder, encoded(scene()))
    assert plain.icc is not None
    assert bare.icc is None
    assert difference(plain.image, bare.image) == 0
    broken = _decoded(decoder, encoded(scene(), icc_profile=b"no profile at all"))
    assert difference(broken.image, bare.image) == 0


def test_frames_are_counted_and_the_first_is_shown(decoder: Decoder) -> None:
    red, blue = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    for name in ("GIF", "PNG", "WEBP", "TIFF"):
        options: dict[str, Any] = {"lossless": True} if name == "WEBP" else {}
        data = encoded(red, name, save_all=True, append_images=[blue], **options)
        decoded = _decoded(decoder, data)
        assert decoded.frames == 2
        assert decoded.image.getpixel((1, 1)) == (255, 0, 0)


# --- what cannot be decoded ---------------------------------------------------------------------


def _error(decoder: Decoder, data: bytes, name: str = "x.jpg") -> ImageError:
    with pytest.raises(ImageError) as caught:
        _decoded(decoder, data, name)
    error = caught.value
    for jargon in ("Error", "PIL", "NoneType", "IHDR", "buffer", "0x"):
        assert jargon not in error.reason
    assert "\n" not in error.message
    return error


def test_a_file_cut_short_is_unreadable(decoder: Decoder) -> None:
    for name in ("JPEG", "PNG", "TIFF", "GIF", "WEBP", "JPEG2000", "AVIF", "BMP"):
        data = encoded(scene(200, 150), name)
        assert isinstance(_error(decoder, data[: len(data) * 2 // 3]), ImageUnreadable)


def test_what_is_no_picture_says_so(decoder: Decoder) -> None:
    assert "no picture" in _error(decoder, b"Dear diary, today").reason
    assert "zeros" in _error(decoder, bytes(4000)).reason


def test_an_absent_file_may_be_tried_again_and_an_empty_one_must_change(
    decoder: Decoder, tmp_path: Path
) -> None:
    (tmp_path / "empty.jpg").touch()
    for name, retryable in (("empty.jpg", False), ("gone.jpg", True)):
        with pytest.raises(ImageUnreadable) as caught:
            decoder.decode(tmp_path / name)
        assert caught.value.retryable == retryable
        assert caught.value.path == str(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no pipes")
def test_a_pipe_is_refused_without_waiting(decoder: Decoder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageUnsupported):
        decoder.decode(tmp_path / "pipe.jpg")


def test_known_formats_that_are_not_read_are_unsupported(decoder: Decoder) -> None:
    jxl = _error(decoder, b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "x.jxl")
    assert isinstance(jxl, ImageUnsupported)
    assert jxl.hint
    lossless = with_segment(b"\xff\xd8\xff\xd9", 0xC3, b"\x08\0\x10\0\x10\x01\x01\x11\0")
    assert isinstance(_error(decoder, lossless), ImageUnsupported)


def _png_header(width: int, height: int) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + body))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + body + crc + bytes(60)


def test_absurd_dimensions_are_too_large(decoder: Decoder) -> None:
    gif = b"GIF89a" + struct.pack("<HH", 65000, 65000) + b"\0\0\0;"
    tiff = encoded(scene(), "TIFF").replace(struct.pack("<H", 96), struct.pack("<H", 65000))
    webp = encoded(Image.new("RGB", (9, 9)), "WEBP", exif=_orientation(1))
    canvas = b"\xff\xff\x0f" * 2
    webp = webp[:24] + canvas + webp[30:]
    for data in (_png_header(100_000, 100_000), gif, tiff, webp):
        assert isinstance(_error(decoder, data), ImageError)
    assert isinstance(_error(decoder, _png_header(100_000, 100_000)), ImageTooLarge)
    assert isinstance(_error(decoder, gif), ImageTooLarge)
    assert isinstance(_error(decoder, webp), ImageTooLarge)


def test_a_jpeg_of_endless_passes_is_decoded_where_it_can_be_killed(decoder: Decoder) -> None:
    jpeg = encoded(scene(), progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    decoded = _decoded(decoder, jpeg[:-2] + jpeg[last:-2] * 60 + b"\xff\xd9")
    assert (decoded.width, decoded.height) == (96, 64)


def test_text_hidden_in_a_png_costs_nothing(decoder: Decoder) -> None:
    bomb = b"Comment\0\0" + zlib.compress(bytes(50_000_000))
    chunk = b"zTXt" + bomb
    data = encoded(scene(), "PNG")
    whole = struct.pack(">I", len(bomb)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert difference(_decoded(decoder, data[:33] + whole + data[33:]).image, scene()) == 0


def test_video_needs_its_extra_or_shows_a_frame(decoder: Decoder) -> None:
    data = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(100)
    reader = next(family for family in formats() if family.name == "video frames")
    error = _error(decoder, data, "x.mp4")
    if not reader.readable:
        assert isinstance(error, ImageUnsupported)
        assert "photolib[video]" in error.hint


def test_formats_name_what_is_missing() -> None:
    known = {family.name: family for family in formats()}
    assert known["JPEG"].readable
    assert "jpg" in known["JPEG"].extensions
    assert not known["JPEG XL"].readable
    assert all(family.readable or family.lacks for family in known.values())


# --- workers ------------------------------------------------------------------------------------


def _tiff(side: int = 64) -> tuple[bytes, Task]:
    return encoded(scene(side, side), "TIFF"), Task("TIFF", None, 40_000_000)


def test_a_decoder_that_takes_too_long_is_killed_and_replaced() -> None:
    data, task = _tiff(3000)
    with Workers(1, 3 << 30) as workers:
        workers.render(*_tiff(), seconds=20)
        with pytest.raises(Refusal) as caught:
            workers.render(data, task, seconds=0.001)
        assert "longer than" in caught.value.reason
        assert workers.render(*_tiff(), seconds=20).image.size == (64, 64)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is limited on Linux")
def test_a_decoder_that_swells_is_refused() -> None:
    data, _ = _tiff(64)
    huge = encoded(Image.new("1", (20_000, 20_000)), "TIFF", compression="group4")
    with Workers(1, 700 << 20) as workers:
        with pytest.raises(Refusal) as caught:
            workers.render(huge, Task("TIFF", 100, 10**9), seconds=60)
        assert caught.value.kind in (ImageTooLarge, ImageUnreadable)
        assert workers.render(data, Task("TIFF", None, 10**6), seconds=20).width == 64


def test_a_decoder_that_cannot_even_start_is_a_reason_not_a_crash() -> None:
    with Workers(1, 1 << 20) as workers, pytest.raises(Refusal) as caught:
        workers.render(*_tiff(), seconds=20)
    assert caught.value.kind in (ImageUnreadable, ImageTooLarge)


def test_threads_share_the_workers(decoder: Decoder) -> None:
    pictures = [encoded(Image.new("RGB", (16, 16), (n, 0, 0)), "TIFF") for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        decoded = list(pool.map(lambda data: _decoded(decoder, data).image, pictures))
    assert [image.getpixel((0, 0)) for image in decoded] == [(n, 0, 0) for n in range(40)]


def _zombies() -> set[str]:
    listing = ["ps", "-o", "stat=,pid=", "--ppid", str(os.getpid())]
    lines = subprocess.run(listing, capture_output=True, text=True, check=False).stdout.splitlines()
    return {line for line in lines if line.startswith("Z")}


def test_closing_leaves_no_process_and_no_thread() -> None:
    threads, zombies = set(threading.enumerate()), _zombies()
    with Decoder(Limits(), workers=1) as own:
        _decoded(own, _tiff()[0])
    assert not set(threading.enumerate()) - threads
    assert not _zombies() - zombies


# --- fuzzing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_damage_never_escapes_as_anything_but_an_image_error(decoder: Decoder, name: str) -> None:
    chance = random.Random(name)
    sound = encoded(scene(40, 30), name)
    for _ in range(60):
        data = bytearray(sound[: chance.randint(1, len(sound))] if chance.random() < 0.3 else sound)
        for _ in range(chance.choice((1, 4, 30))):
            data[chance.randrange(len(data))] = chance.choice((0, 255, 128, chance.randrange(256)))
        reason, image = _outcome(decoder, Source.of_bytes(bytes(data)))
        assert reason or image is not None


def _outcome(decoder: Decoder, source: Source) -> tuple[str, Image.Image | None]:
    """The reason why a source cannot be decoded, or its picture."""
    try:
        decoded = decoder.decode(source, side=64)
    except ImageError as error:
        return error.reason, None
    assert decoded.image.mode == "RGB"
    assert max(decoded.image.size) <= 64
    return "", decoded.image


def test_every_shared_file_is_decoded_or_has_a_reason(decoder: Decoder, shared: Path) -> None:
    folder = shared / "photos" / "ingest"
    photos = [found.path for found in walk(folder) if found.kind == "photo"]
    assert len(photos) > 200
    for path in photos:
        reason, image = _outcome(decoder, Source.open(os.fsencode(folder) + b"/" + path))
        # PngSuite's names that begin with x are the damaged ones.
        assert image or (reason and path.startswith((b"hostile/", b"pngsuite/x")))


def test_one_picture_needs_no_decoder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(scene(400, 300)))
    assert decode(tmp_path / "a.jpg", side=100).image.size == (100, 75)
