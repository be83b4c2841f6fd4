"""Makes the pictures of the screens in this folder: ``python docs/screens/make.py``.

Draws two dozen landscapes, indexes them with the fake encoder (whose meaning is colour), walks
through the app and saves what it shows. PNG where ``rsvg-convert`` is installed, SVG elsewhere.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library
from photolib.models.fakes import FakeEncoder
from photolib.tui.app import make_app

if TYPE_CHECKING:
    from textual.pilot import Pilot

HERE = Path(__file__).parent
_TAKEN, _EXIF_IFD = 0x9003, 0x8769
_SKIES = (
    ((30, 60, 120), (240, 180, 130)),
    ((90, 150, 220), (220, 235, 245)),
    ((20, 20, 60), (200, 80, 70)),
    ((110, 120, 130), (200, 205, 205)),
    ((60, 30, 80), (250, 150, 110)),
    ((10, 30, 50), (60, 150, 150)),
)
_LANDS = ((30, 60, 40), (70, 55, 40), (40, 60, 80), (90, 90, 60))
_PLACES = ("harbour", "ridge", "lake", "dunes")

SCREENS = (
    ("grid", (120, 36), "photolib-dark", ["l", "j"]),
    ("grid-small", (80, 24), "photolib-light", ["l"]),
    ("photo", (120, 36), "photolib-dark", ["j", "enter"]),
    ("search", (120, 36), "photolib-harbour", ["slash", *"blue", "enter"]),
    ("albums", (120, 36), "photolib-sepia", ["g", "a"]),
    ("duplicates", (120, 36), "photolib-light", ["g", "d"]),
)


def landscape(number: int) -> Image.Image:
    """A sky, a sun, and three ridges, each a function of ``number``."""
    random = np.random.default_rng(number)
    wide, high = 960, 640
    top, low = (np.array(colour, np.float32) for colour in _SKIES[number % len(_SKIES)])
    down = np.linspace(0, 1, high, dtype=np.float32)[:, None, None]
    scene = top * (1 - down) + low * down + np.zeros((high, wide, 3), np.float32)
    rows, columns = np.mgrid[:high, :wide]
    x, y, radius = random.uniform(150, 800), random.uniform(80, 300), random.uniform(30, 60)
    far = np.hypot(columns - x, rows - y)
    glow = np.clip(1.4 - far / (radius * 5), 0, 1)[..., None] ** 3
    scene += (np.array((255, 240, 210)) - scene) * np.where(far[..., None] < radius, 1, glow * 0.7)
    across = np.linspace(0, 6.28, wide)
    land = np.array(_LANDS[number % len(_LANDS)], np.float32)
    for ridge in range(3):
        waves = sum(
            random.uniform(10, 50) / step * np.sin(across * step + random.uniform(0, 6.28))
            for step in (1, 2, 5, 11)
        )
        edge = high * (0.55 + 0.15 * ridge) + waves
        shade = land * (1.5 - 0.5 * ridge) + low * 0.25 * (2 - ridge)
        scene = np.where((rows > edge)[..., None], shade, scene)
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))


def draw_photos(folder: Path) -> None:
    """Four outings of six photos, and two copies."""
    folder.mkdir()
    for number in range(24):
        outing, shot = divmod(number, 6)
        path = folder / f"{_PLACES[outing]}-{shot + 1}.jpg"
        exif = Image.Exif()
        exif.get_ifd(_EXIF_IFD)[_TAKEN] = f"202{outing}:0{outing + 5}:1{shot // 3} 1{shot}:20:00"
        landscape(number).save(path, quality=90, exif=exif)
    shutil.copy(folder / "lake-2.jpg", folder / "lake-2 (1).jpg")
    with Image.open(folder / "harbour-3.jpg") as photo:
        photo.resize((480, 320)).save(folder / "harbour-3 small.jpg", exif=photo.getexif())


async def picture(library: Library, size: tuple[int, int], theme: str, keys: list[str]) -> str:
    """What the app shows after some keys, as SVG."""
    app = make_app(library, theme=theme)
    async with app.run_test(size=size) as pilot:
        await _rest(pilot)
        for key in keys:
            await pilot.press(key)
            await _rest(pilot)
        return app.export_screenshot(simplify=True)


async def _rest(pilot: Pilot[None]) -> None:
    for _ in range(3):
        await pilot.pause(0.4)
        await pilot.app.workers.wait_for_complete()


def save(svg: str, name: str) -> None:
    """Write a picture beside this script."""
    converter = shutil.which("rsvg-convert")
    if converter is None:
        (HERE / f"{name}.svg").write_text(svg, "utf-8")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".svg", encoding="utf-8") as file:
        # rsvg drops spaces at the ends of a text, even where no break is asked for.
        file.write(svg.replace("<text ", '<text xml:space="preserve" '))
        file.flush()
        subprocess.run([converter, file.name, "-o", str(HERE / f"{name}.png")], check=True)


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        draw_photos(photos)
        settings = Settings(library=Path(scratch) / "library", decode_threads=1)
        with Library(settings, encoder=FakeEncoder()) as library:
            library.add_folder(str(photos))
            finish(library.index())
            for name, size, theme, keys in SCREENS:
                svg = asyncio.run(picture(library, size, theme, list(keys)))
                # As long as the real path, since the SVG stretches texts to their length.
                home = "/home/ada/pictures".ljust(len(scratch), "s")[: len(scratch)]
                save(svg.replace(scratch, home), name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
