"""What a person says of photos: kept in the catalogue, found by, and taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from photolib.config import Settings
from photolib.errors import NotFound, UsageError
from photolib.jobs import finish
from photolib.library import Library, View
from photolib.models.fakes import FakeEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TAKEN, _EXIF_IFD = 0x9003, 0x8769


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three photos of three days."""
    (tmp_path / "photos").mkdir()
    for number, colour in enumerate(("red", "green", "blue")):
        exif = Image.Exif()
        exif.get_ifd(_EXIF_IFD)[_TAKEN] = f"2021:06:0{number + 1} 12:00:00"
        picture = Image.new("RGB", (64, 48), colour)
        picture.save(tmp_path / "photos" / f"{colour}.jpg", exif=exif)
    settings = Settings(library=tmp_path / "library", decode_threads=1)
    with Library(settings, encoder=FakeEncoder()) as opened:
        opened.add_folder(str(tmp_path / "photos"))
        finish(opened.index(stage=1))
        yield opened


@pytest.fixture
def ids(library: Library) -> list[int]:
    """The photos, the oldest first."""
    return library.photo_ids(View(order="oldest"), 0, 10)


def found(library: Library, query: str) -> set[int]:
    return {hit.photo_id for hit in library.search(query).hits}


def test_stars_are_kept_sorted_by_and_searched(library: Library, ids: list[int]) -> None:
    library.rate(ids[:1], 5)
    library.rate(ids[1:], 2)
    assert [library.photo(each).rating for each in ids] == [5, 2, 2]
    assert library.photo_ids(View(order="rating"), 0, 1) == ids[:1]
    assert found(library, "rating:4..") == {ids[0]}
    library.undo_action()
    library.undo_action()
    assert [library.photo(each).rating for each in ids] == [0, 0, 0]
    library.redo_action()
    assert library.photo(ids[0]).rating == 5


@pytest.mark.parametrize("stars", [-1, 6])
def test_other_numbers_of_stars_are_refused(library: Library, ids: list[int], stars: int) -> None:
    with pytest.raises(UsageError, match="no rating"):
        library.rate(ids, stars)


def test_favourites_turn_together(library: Library, ids: list[int]) -> None:
    library.set_favourite(ids[:1])
    assert library.photo_ids(View(favourite=True), 0, 10) == ids[:1]
    library.set_favourite(ids)
    assert library.photo_count(View(favourite=True)) == 3
    library.set_favourite(ids)
    assert library.photo_count(View(favourite=True)) == 0


def test_hidden_photos_leave_the_lists_and_come_back(library: Library, ids: list[int]) -> None:
    library.set_hidden(ids[:2])
    assert library.photo_ids(View(), 0, 10) == ids[2:]
    assert set(library.photo_ids(View(hidden=True), 0, 10)) == set(ids[:2])
    library.set_hidden(ids[:2])
    assert library.photo_count(View()) == 3


def test_keywords_are_found_at_once_and_no_longer_when_undone(
    library: Library, ids: list[int]
) -> None:
    library.tag(ids[:2], ["Beach", "old  boat"])
    library.tag(ids[:1], [], ["beach"])
    assert library.photo(ids[0]).tags == ("old boat",)
    assert library.tags() == [("old boat", 2), ("Beach", 1)]
    assert found(library, "tag:beach") == {ids[1]}
    assert ids[1] in found(library, "boat")
    library.undo_action()
    assert found(library, "tag:beach") == set(ids[:2])
    library.undo_action()
    assert library.tags() == []
    assert not library._catalogue.words.holding(["boat"]).size


@pytest.mark.parametrize("words", [[], [" "], ["x" * 101]])
def test_no_keyword_is_refused(library: Library, ids: list[int], words: list[str]) -> None:
    with pytest.raises(UsageError):
        library.tag(ids, words)


def test_turns_add_up(library: Library, ids: list[int]) -> None:
    library.turn(ids[:1], 90)
    library.turn(ids[:1], 180)
    assert library.photo(ids[0]).turned == 270
    library.turn(ids[:1], 90)
    assert library.photo(ids[0]).turned == 0
    with pytest.raises(UsageError, match="quarter"):
        library.turn(ids, 45)


def test_shifted_dates_survive_reading_the_file_again(library: Library, ids: list[int]) -> None:
    library.shift_dates(ids[:1], timedelta(days=2, hours=1))
    assert library.photo_ids(View(order="oldest"), 0, 10) == [ids[1], ids[2], ids[0]]
    path = library.photo(ids[0]).path
    Image.new("RGB", (32, 24), "white").save(path)
    finish(library.index(stage=1))
    assert library.photo(ids[0]).taken_at == "2021-06-03T13:00:00"
    library.set_date(ids[:1], datetime(1987, 5, 4))
    assert library.photo_months(View()) == [("2021-06", 2), ("1987-05", 1)]
    library.undo_action()
    assert library.photo(ids[0]).taken_at == "2021-06-03T13:00:00"


def test_unknown_photos_change_nothing(library: Library, ids: list[int]) -> None:
    with pytest.raises(NotFound, match="no photo 999"):
        library.rate([ids[0], 999], 3)
    assert library.photo(ids[0]).rating == 0
    with pytest.raises(UsageError, match="no photos"):
        library.rate([], 3)
