"""How much of the words in pictures is read, and what the gate before reading misses and saves.

Words are drawn into real photos in several sizes, faces and angles, with and without a plate behind
them; a word counts as read when its letters come in the text of its picture. The gate misses a
picture in which reading everything finds a word of three letters or digits; what it saves is the
time that reading takes in those it passes over.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from bench.photos import gather
from bench.report import Options, Row
from photolib.models.ocr import TEXT_LIKELY, load_text_reader, text_likeliness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.models.ocr import TextReader

_PHOTOS = 60
_SIZES, _ANGLES = (12, 16, 20, 28, 40, 64), (0, 0, 10, -30, 90)
_FACES = ("DejaVuSans.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf")
"""Where they are not installed, the face that comes with Pillow stands in."""
_WORDS = (
    "harbour station market coffee closed summer ticket museum library bakery garden street exit"
    " school theatre hotel airport bridge festival pharmacy bicycle police platform parking menu"
).split()


class _Read(NamedTuple):
    """A picture after reading all of it."""

    words: set[str]
    text: str
    seconds: float
    passes: bool
    """Whether the gate lets it be read."""


def measure(options: Options) -> list[Row]:
    """Word recall by size and angle, and the gate's misses and savings on plain photos."""
    chance, reader = random.Random(4), load_text_reader()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photos"
        kind = gather({folder: _PHOTOS})
        photos = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg"))]
    reader.read_text(photos[0])
    plain = [_read(reader, photo) for photo in photos]
    cases = [(size, angle) for size in _SIZES for angle in _ANGLES]
    written = [
        (*case, *_written(photo, *case, chance))
        for photo, case in zip(photos, cases * (len(photos) // len(cases) + 1), strict=False)
    ]
    read = [(s, a, words, _read(reader, image)) for s, a, words, image in written]
    return [*_recall(read), *_gate(plain, [r for *_, words, r in read if _held(words, r)], kind)]


def _recall(read: Sequence[tuple[int, int, list[str], _Read]]) -> list[Row]:
    def share(chosen: Sequence[tuple[int, int, list[str], _Read]]) -> float | None:
        return _share([word in r.text for *_, words, r in chosen for word in words])

    rows = [Row("words read", share(read), "of those drawn", f"{len(read)} photos, all sizes")]
    for size in _SIZES:
        rows.append(Row(f"  {size} pixels", share([c for c in read if c[0] == size]), "", ""))
    for angle in sorted(set(_ANGLES)):
        rows.append(Row(f"  {angle} degrees", share([c for c in read if c[1] == angle]), "", ""))
    return rows


def _gate(plain: Sequence[_Read], drawn: Sequence[_Read], kind: str) -> list[Row]:
    legible = [r for r in plain if any(len(word) >= 3 for word in r.words)]
    spent = sum(r.seconds for r in plain)
    spared = sum(r.seconds for r in plain if not r.passes)
    return [
        Row("gate: photos spared", _share([not r.passes for r in plain]), "of photos", kind),
        Row("  time saved", spared / spent, "of reading", f"{spent / len(plain):.2f} s a photo"),
        Row("  legible photos missed", _share([not r.passes for r in legible]), "",
            f"{len(legible)} of {len(plain)} have a word"),
        Row("  drawn words missed", _share([not r.passes for r in drawn]), "", "those readable"),
    ]  # fmt: skip


def _share(cases: Sequence[bool]) -> float | None:
    return sum(cases) / len(cases) if cases else None


def _held(words: Sequence[str], read: _Read) -> bool:
    return any(word in read.text for word in words)


def _read(reader: TextReader, image: Image.Image) -> _Read:
    start = time.perf_counter()
    lines = reader.read_text(image)
    seconds = time.perf_counter() - start
    text = " ".join(line.text for line in lines).lower()
    words = set(re.findall(r"[a-z0-9]+", text))
    return _Read(words, "".join(text.split()), seconds, text_likeliness(image) >= TEXT_LIKELY)


def _written(
    photo: Image.Image, size: int, angle: int, chance: random.Random
) -> tuple[list[str], Image.Image]:
    """A photo with some words drawn into it somewhere."""
    words = chance.sample(_WORDS, chance.choice((1, 2)))
    label = _label(" ".join(words), size, chance).rotate(angle, expand=True)
    if label.width > photo.width or label.height > photo.height:
        label.thumbnail(photo.size)
    place = (
        chance.randint(0, photo.width - label.width),
        chance.randint(0, photo.height - label.height),
    )
    result = photo.copy()
    result.paste(label, place, label)
    return words, result


def _label(text: str, size: int, chance: random.Random) -> Image.Image:
    """Dark words on a light ground or the reverse; two in five without any ground."""
    font, dark = _face(chance.choice(_FACES), size), chance.random() < 0.5
    ink = tuple(chance.randint(0, 70) if dark else chance.randint(190, 255) for _ in range(3))
    plate = tuple(chance.randint(170, 255) if dark else chance.randint(0, 90) for _ in range(3))
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    room = size // 3
    ground = (*plate, 255 if chance.random() < 0.6 else 0)
    label = Image.new("RGBA", (right - left + 2 * room, bottom - top + 2 * room), ground)
    ImageDraw.Draw(label).text((room - left, room - top), text, font=font, fill=(*ink, 255))
    return label


def _face(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return ImageFont.load_default(size)
