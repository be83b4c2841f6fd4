"""Subjects: one thing in several pictures, found from the crops of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.errors import UsageError
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.regroup import Wishes
from photolib.models.fakes import FakeDetector, FakeEncoder
from tests.library.shelf import index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings

SIDE = 64
THINGS = {"red": ((220, 30, 30), (250, 80, 60)), "blue": ((40, 70, 210), (60, 110, 240))}
"""The two shades of a chequered thing."""


def paint(path: Path, thing: str, seed: int) -> tuple[int, int]:
    """A grey picture of 256 by 256, unlike others, with a thing in it; its left and top."""
    random = np.random.default_rng(seed)
    grey = Image.fromarray(random.integers(90, 165, (6, 8), np.uint8)).resize((256, 256))
    pixels = np.asarray(grey.convert("RGB")).copy()
    left, top = (8 * int(random.integers(0, most)) for most in (24, 24))
    cells = np.indices((4, 4)).sum(axis=0) % 2
    row, column = random.integers(0, 4, 2)
    cells[row, column] ^= 1  # no two pictures of a thing are quite alike
    chequered = np.kron(cells, np.ones((SIDE // 4, SIDE // 4), np.int64))
    pixels[top : top + SIDE, left : left + SIDE] = np.array(THINGS[thing], np.uint8)[chequered]
    Image.fromarray(pixels).save(path, quality=95)
    return left, top


@pytest.fixture
def places(folder: Path) -> dict[str, tuple[int, int]]:
    """Where the thing is in each picture of a folder, by file name."""
    folder.mkdir(exist_ok=True)
    names = [(thing, number) for thing in THINGS for number in range(8)]
    return {
        f"{thing}-{number}.jpg": paint(folder / f"{thing}-{number}.jpg", thing, place)
        for place, (thing, number) in enumerate(names)
    }


@pytest.fixture
def seeing(
    settings: Settings, folder: Path, places: dict[str, tuple[int, int]]
) -> Iterator[Library]:
    with Library(settings, encoder=FakeEncoder(), detector=FakeDetector()) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


def test_a_subject_holds_one_thing_and_says_where_it_is(
    seeing: Library, places: dict[str, tuple[int, int]]
) -> None:
    found = [seeing.album(a.album_id, limit=-1) for a in seeing.albums("subject").albums]
    inside = [{photo.path.rpartition("/")[2] for photo in album.photos} for album in found]
    both = [{name for name in places if name.startswith(thing)} for thing in THINGS]
    assert sorted(map(sorted, inside)) == sorted(map(sorted, both))
    for album in found:
        assert album.cover is not None
        assert album.cover.photo_id in {photo.photo_id for photo in album.photos}
        assert len({photo.crop_id for photo in album.photos}) == album.size
        for photo in album.photos:
            assert photo.box is not None
            left, top = places[photo.path.rpartition("/")[2]]
            box = (left / 256, top / 256, SIDE / 256, SIDE / 256)
            assert photo.box == pytest.approx(box, abs=0.03)


def test_decisions_on_a_subject_bind_its_crops(seeing: Library) -> None:
    one, two = (album.album_id for album in seeing.albums("subject").albums)
    stray = seeing.album(one).photos[0].photo_id
    with pytest.raises(UsageError, match="crops"):
        seeing.move_to_album(two, [stray])
    seeing.exclude_from_album(one, [stray])
    seeing.rename_album(two, "Our car")
    finish(seeing.regroup(Wishes(full=True)))
    assert stray not in {photo.photo_id for photo in seeing.album(one, limit=-1).photos}
    assert seeing.album(one).size == 7
    assert (seeing.album(two).name, seeing.album(two).size) == ("Our car", 8)
    merged = seeing.merge_albums(two, [one])
    assert merged.album_id == two
    finish(seeing.regroup(Wishes(full=True)))
    assert [album.size for album in seeing.albums("subject").albums] == [15]
