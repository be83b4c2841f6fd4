"""Edited copies of photographs: what people and programs do to pictures, by kind.

Each kind turns the bytes of a JPEG into the bytes of another file and knows in which words a finder
may name the relation. Strengths vary with the generator that is passed in, within the kind.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    Picture = Image.Image


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of edit: the file's extension, the words that name it rightly, how it is made."""

    name: str
    extension: str
    relations: tuple[str, ...]
    make: Callable[[bytes, Generator], bytes]
    group: str = "other"


def _opened(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def _saved(image: Picture, kind: str = "JPEG", **options: Any) -> bytes:
    encoded = io.BytesIO()
    if kind == "JPEG":
        options = {"quality": 88, **options}
    image.save(encoded, kind, **options)
    return encoded.getvalue()


def _drawn(
    edit: Callable[[Picture, Generator], Picture], **options: Any
) -> Callable[[bytes, Generator], bytes]:
    """An edit of pixels as an edit of files, saved as an ordinary JPEG."""
    return lambda data, random: _saved(edit(_opened(data), random), **options)


def _encoded(kind: str, **options: Any) -> Callable[[bytes, Generator], bytes]:
    return lambda data, random: _saved(_opened(data), kind, **options)


def _other_metadata(data: bytes, random: Generator) -> bytes:
    """The same picture data behind another EXIF segment."""
    exif = Image.Exif()
    exif[0x010E] = f"edited {random.integers(1 << 30)}"
    segment = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    head = b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment
    return data[:2] + head + _without_exif(data)[2:]


def _without_exif(data: bytes) -> bytes:
    place = 2
    while data[place] == 0xFF and data[place + 1] in range(0xE0, 0xF0):
        length = 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place + 1] == 0xE1:
            data = data[:place] + data[place + length :]
        else:
            place += length
    return data


def _scale(share: float) -> Callable[[Picture, Generator], Picture]:
    def edit(image: Picture, random: Generator) -> Picture:
        width, height = (max(1, round(edge * share)) for edge in image.size)
        return image.resize((width, height), Image.Resampling.LANCZOS)

    return edit


def _crop(share: float) -> Callable[[Picture, Generator], Picture]:
    """A window of that share of each side, anywhere."""

    def edit(image: Picture, random: Generator) -> Picture:
        width, height = (round(edge * share) for edge in image.size)
        x = int(random.integers(image.width - width + 1))
        y = int(random.integers(image.height - height + 1))
        return image.crop((x, y, x + width, y + height))

    return edit


def _brightness(image: Picture, random: Generator) -> Picture:
    return ImageEnhance.Brightness(image).enhance(random.choice([0.6, 0.75, 1.3, 1.5]))


def _contrast(image: Picture, random: Generator) -> Picture:
    gamma = random.choice([0.6, 0.75, 1.4, 1.7])
    table = [round(255 * (i / 255) ** gamma) for i in range(256)]
    return ImageEnhance.Contrast(image.point(table * 3)).enhance(random.uniform(0.8, 1.25))


def _tint(image: Picture, random: Generator) -> Picture:
    gains = random.permutation([random.uniform(0.7, 0.85), 1.0, random.uniform(1.1, 1.25)])
    bands = [
        b.point([min(255, round(i * g)) for i in range(256)])
        for b, g in zip(image.split(), gains, strict=True)
    ]
    return ImageEnhance.Color(Image.merge("RGB", bands)).enhance(random.choice([0.4, 1.6]))


def _grey(image: Picture, random: Generator) -> Picture:
    return ImageOps.grayscale(image).convert("RGB")


def _blur(image: Picture, random: Generator) -> Picture:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 640 * random.uniform(1.5, 3.0)))


def _noise(image: Picture, random: Generator) -> Picture:
    pixels = np.asarray(image, np.float32)
    noisy = pixels + random.normal(0, random.uniform(12, 25), pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _watermark(image: Picture, random: Generator) -> Picture:
    """Half-transparent words across the picture."""
    layer = Image.new("RGBA", image.size)
    words = "© A. Photographer 2024"
    size = image.width / random.uniform(11, 16)
    place = (image.width * 0.08, image.height * random.uniform(0.35, 0.6))
    ImageDraw.Draw(layer).text(place, words, (255, 255, 255, 150), font_size=size)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _caption(image: Picture, random: Generator) -> Picture:
    """An opaque bar with words over the foot of the picture, as memes and stories have."""
    drawn, foot = image.copy(), image.height * random.uniform(0.8, 0.88)
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, foot, image.width, image.height), fill=(20, 20, 24))
    place = (image.width * 0.05, foot + image.height * 0.02)
    pen.text(place, "Summer holidays, day three", "white", font_size=image.height / 16)
    return drawn


def _logo(image: Picture, random: Generator) -> Picture:
    drawn, side = image.copy(), min(image.size) * random.uniform(0.15, 0.25)
    x, y = image.width - side * 1.2, image.height - side * 1.2
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((x, y, x + side, y + side), fill=(200, 30, 40), outline="white", width=3)
    pen.text((x + side * 0.2, y + side * 0.3), "TV", "white", font_size=side * 0.4)
    return drawn


def _border(image: Picture, random: Generator) -> Picture:
    width = round(max(image.size) * random.uniform(0.04, 0.12))
    colour = tuple(random.choice([[0, 0, 0], [255, 255, 255], [40, 60, 90]]).tolist())
    return ImageOps.expand(image, width, colour)


def _letterbox(image: Picture, random: Generator) -> Picture:
    """Black bars that make the picture square."""
    side = max(image.size)
    return ImageOps.pad(image, (side, side), color=(0, 0, 0))


def _screenshot(image: Picture, random: Generator) -> Picture:
    """The picture in a viewer: a dark page, a title, buttons, and no camera's metadata."""
    page = Image.new("RGB", (1366, 768), (32, 33, 36))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 1366, 38), fill=(53, 54, 58))
    pen.text((20, 8), "holiday.jpg - Viewer      File  Edit  View", (220, 220, 220), font_size=18)
    for i in range(6):
        pen.rectangle((560 + 42 * i, 735, 590 + 42 * i, 757), outline=(180, 180, 180), width=2)
    shown = ImageOps.contain(image, (round(random.uniform(800, 1200)), 670))
    page.paste(shown, ((1366 - shown.width) // 2, 46 + (676 - shown.height) // 2))
    return page


def _tilt(image: Picture, random: Generator) -> Picture:
    """A few degrees, with black corners or cut to what is left, at random."""
    angle = random.choice([-1, 1]) * random.uniform(3, 9)
    turned = image.rotate(angle, Image.Resampling.BICUBIC)
    if random.random() < 0.5:
        return turned
    margin = np.sin(np.deg2rad(abs(angle)))
    inset_x, inset_y = round(image.height * margin / 1.6), round(image.width * margin / 1.6)
    return turned.crop((inset_x, inset_y, image.width - inset_x, image.height - inset_y))


def _collage(image: Picture, random: Generator) -> Picture:
    """The picture beside a strip of noise-made other pictures."""
    coarse = random.integers(0, 255, (9, 4, 3), dtype=np.uint8)
    other = Image.fromarray(coarse).resize(
        (image.width // 2, image.height), Image.Resampling.BICUBIC
    )
    page = Image.new("RGB", (image.width + other.width + 12, image.height), "white")
    page.paste(image, (0, 0))
    page.paste(other, (image.width + 12, 0))
    return page


def _story(image: Picture, random: Generator) -> Picture:
    """Cut, toned, made smaller and saved badly: what comes back from a messenger."""
    toned = ImageEnhance.Color(_crop(0.8)(image, random)).enhance(1.3)
    return _scale(0.5)(ImageEnhance.Brightness(toned).enhance(1.15), random)


def _selfie(image: Picture, random: Generator) -> Picture:
    return _scale(0.6)(ImageOps.mirror(_crop(0.85)(image, random)), random)


_TURNED = Image.Transpose.ROTATE_90
_RE, _ZED, _CUT = ("re-encoded",), ("resized",), ("cropped",)
_TONE, _OVER = ("recoloured",), ("overlaid",)

KINDS: tuple[Kind, ...] = (
    Kind("byte copy", "jpg", ("same-bytes",), lambda data, random: data, "same"),
    Kind("other metadata", "jpg", ("same-payload",), _other_metadata, "same"),
    Kind("png", "png", ("same-pixels",), _encoded("PNG"), "same"),
    Kind("webp lossless", "webp", ("same-pixels",), _encoded("WEBP", lossless=True), "same"),
    Kind("webp q80", "webp", _RE, _encoded("WEBP", quality=80), "encoded"),
    Kind("jpeg q75", "jpg", _RE, _encoded("JPEG", quality=75), "encoded"),
    Kind("jpeg q40", "jpg", _RE, _encoded("JPEG", quality=40), "encoded"),
    Kind("jpeg q15", "jpg", _RE, _encoded("JPEG", quality=15), "encoded"),
    Kind("jpeg q5", "jpg", _RE, _encoded("JPEG", quality=5), "encoded"),
    Kind("scale 70 %", "jpg", _ZED, _drawn(_scale(0.7)), "encoded"),
    Kind("scale 40 %", "jpg", _ZED, _drawn(_scale(0.4)), "encoded"),
    Kind("scale 20 %", "jpg", _ZED, _drawn(_scale(0.2)), "encoded"),
    Kind("scale 12 %", "jpg", _ZED, _drawn(_scale(0.12)), "encoded"),
    Kind("crop 90 %", "jpg", _CUT, _drawn(_crop(0.9))),
    Kind("crop 75 %", "jpg", _CUT, _drawn(_crop(0.75))),
    Kind("crop 60 %", "jpg", _CUT, _drawn(_crop(0.6))),
    Kind("crop 40 %", "jpg", _CUT, _drawn(_crop(0.4))),
    Kind("brightness", "jpg", _TONE, _drawn(_brightness)),
    Kind("contrast", "jpg", _TONE, _drawn(_contrast)),
    Kind("tint", "jpg", _TONE, _drawn(_tint)),
    Kind("grey", "jpg", _TONE, _drawn(_grey)),
    Kind("blur", "jpg", _RE, _drawn(_blur)),
    Kind("noise", "jpg", _RE, _drawn(_noise)),
    Kind("watermark", "jpg", _OVER, _drawn(_watermark)),
    Kind("caption", "jpg", (*_OVER, "cropped"), _drawn(_caption)),
    Kind("logo", "jpg", _OVER, _drawn(_logo)),
    Kind("border", "jpg", ("bordered",), _drawn(_border)),
    Kind("letterbox", "jpg", ("bordered",), _drawn(_letterbox)),
    Kind("screenshot", "png", ("screenshot",), _drawn(_screenshot, kind="PNG")),
    Kind("mirror", "jpg", ("mirrored",), _drawn(lambda i, r: ImageOps.mirror(i))),
    Kind("quarter turn", "jpg", ("rotated",), _drawn(lambda i, r: i.transpose(_TURNED))),
    Kind("tilt", "jpg", ("rotated",), _drawn(_tilt)),
    Kind("collage", "jpg", ("composite",), _drawn(_collage)),
    Kind("crop + tone + scale", "jpg", (*_CUT, *_TONE, *_ZED), _drawn(_story, quality=50)),
    Kind("mirror + crop + scale", "jpg", ("mirrored", *_CUT), _drawn(_selfie, quality=70)),
)
"""Kinds in ``same`` must all be found, of ``encoded`` nearly all."""
