"""A real library of generated photos, and how to wait for the app without sleeping."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw
from textual.widgets import OptionList

from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library
from photolib.models.fakes import COLOURS, FakeDetector, FakeEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.pilot import Pilot

_TAKEN = 0x9003
_EXIF_IFD = 0x8769


def draw_photo(path: Path, colour: str, number: int, taken: str) -> None:
    """A landscape in one colour, with a shape that depends on ``number``, taken at ``taken``."""
    picture = Image.new("RGB", (320, 240), COLOURS[colour])
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 150 + number * 3, 320, 240), fill=tuple(c // 2 for c in COLOURS[colour]))
    pen.ellipse((20 + number * 17, 30, 90 + number * 17, 100), fill="white")
    pen.line((0, 240 - number * 9, 320, number * 11), fill="black", width=5)
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_TAKEN] = taken
    picture.save(path, quality=92, exif=exif)


def draw_photos(folder: Path) -> None:
    """Twelve photos of two days, two copies of one of them, and a file that is no picture."""
    folder.mkdir(parents=True)
    for number, colour in enumerate(COLOURS):
        day, hour = ("2021:06:05", 9 + number) if number < 6 else ("2022:08:14", 4 + number)
        draw_photo(folder / f"{colour}.jpg", colour, number, f"{day} {hour:02}:15:00")
    shutil.copy(folder / "red.jpg", folder / "red copy.jpg")
    with Image.open(folder / "blue.jpg") as blue:
        blue.resize((160, 120)).save(folder / "blue small.jpg", exif=blue.getexif())
    (folder / "broken [bold].jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no JPEG")


def settings_in(directory: Path) -> Settings:
    return Settings(library=directory, decode_threads=1)


def open_library(directory: Path) -> Library:
    return Library(settings_in(directory), encoder=FakeEncoder(), detector=FakeDetector())


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``photos`` and an indexed ``library`` that nobody changes."""
    shelf = tmp_path_factory.mktemp("shelf")
    draw_photos(shelf / "photos")
    with open_library(shelf / "library") as library:
        library.add_folder(str(shelf / "photos"))
        finish(library.index())
    return shelf


@pytest.fixture(scope="session")
def read_library(shelf: Path) -> Iterator[Library]:
    """The shelf's library, for tests that only look."""
    with open_library(shelf / "library") as library:
        yield library


@pytest.fixture
def own_library(shelf: Path, tmp_path: Path) -> Iterator[Library]:
    """A copy of the shelf's library, for tests that change it."""
    shutil.copytree(shelf / "library", tmp_path / "library")
    with open_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def empty_library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as library:
        yield library


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app work until a condition holds; the test's time limit is two thousand turns."""
    for _ in range(2000):
        await pilot.pause(0.005)
        if condition():
            return
    raise AssertionError("the app did not get there")


async def settle(pilot: Pilot[None]) -> None:
    """Let the app work until the library is open, no worker runs, and nothing follows from that."""
    app = pilot.app
    calm = 0

    def quiet() -> bool:
        nonlocal calm
        stack = app.screen_stack
        sidebars = stack[0].query("#sidebar").results(OptionList) if stack else ()
        opened = any(sidebar.option_count for sidebar in sidebars)
        rested = opened and all(worker.is_finished for worker in app.workers)
        nodes = [app, *(node for screen in stack for node in screen.walk_children(with_self=True))]
        heard = not any(node.message_queue_size for node in nodes)
        calm = calm + 1 if rested and heard else 0
        return calm >= 3

    await until(pilot, quiet)
