"""Finding photos in a real library whose encoder sees colours, and in one without an encoder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from photolib.errors import NotFound, QueryError, UsageError
from photolib.library import Library, View
from photolib.models.fakes import COLOURS
from tests.library.shelf import index, opened, plain, settings_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.library.results import SearchResult

SHOWN = ("red", "green", "blue", "yellow", "black", "white")


def names(result: SearchResult) -> list[str]:
    return [os.path.basename(hit.path) for hit in result.hits]


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain pictures under names that tell nothing, and thirty motley ones."""
    folder = tmp_path_factory.mktemp("colours")
    for number, colour in enumerate(SHOWN):
        plain(folder / f"IMG_{number}.jpg", COLOURS[colour])
    for number in range(30):
        write(folder / "motley" / f"beach {number}.jpg", number)
    return folder


@pytest.fixture(scope="module")
def seeing(colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with opened(settings_at(tmp_path_factory.mktemp("seeing"))) as library:
        library.add_folder(str(colours))
        index(library)
        yield library


@pytest.fixture(scope="module")
def blind(colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same folder in a library that has no encoder."""
    with Library(settings_at(tmp_path_factory.mktemp("blind"))) as library:
        library.add_folder(str(colours))
        index(library)
        yield library


@pytest.mark.parametrize("number", range(len(SHOWN)))
def test_a_colour_finds_its_picture_first(seeing: Library, number: int) -> None:
    result = seeing.search(SHOWN[number])
    assert names(result)[0] == f"IMG_{number}.jpg"
    assert result.hits[0].why[0].source == "meaning"
    assert result.model == "fake-colours.1"


def test_names_are_found_too(seeing: Library) -> None:
    result = seeing.search('"beach 7"')
    assert names(result)[0] == "beach 7.jpg"
    assert result.hits[0].why[0].source == "name"


def test_without_an_encoder_words_only_and_a_notice(blind: Library) -> None:
    result = blind.search("beach")
    assert result.model is None
    assert result.total == 30
    assert "photolib models fetch" in result.notice
    assert blind.search("red").total == 0
    unavailable = [source.source for source in result.sources if not source.available]
    assert "meaning" in unavailable


def test_similar_by_look_needs_no_encoder(blind: Library, colours: Path) -> None:
    result = blind.similar(str(colours / "IMG_0.jpg"))
    assert result.total
    assert "IMG_0.jpg" not in names(result)
    assert result.of.photo_id == blind.photo_id_at(str(colours / "IMG_0.jpg"))


def test_similar_takes_a_picture_from_outside(
    seeing: Library, colours: Path, tmp_path: Path
) -> None:
    outside = plain(tmp_path / "outside.png", (200, 40, 40))
    result = seeing.similar(str(outside), by="meaning")
    assert names(result)[0] == "IMG_0.jpg"
    assert result.of.photo_id is None


def test_similar_never_returns_the_picture_or_its_byte_copies(
    library: Library, folder: Path
) -> None:
    for number in range(6):
        write(folder / f"{number}.jpg", number)
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    library.add_folder(str(folder))
    index(library)
    for name in ("0.jpg", "copy.jpg"):
        found = names(library.similar(str(folder / name), limit=50))
        assert not {"0.jpg", "copy.jpg"} & set(found)


def test_what_is_gone_is_not_found(library: Library, folder: Path) -> None:
    red = plain(folder / "a.jpg", COLOURS["red"])
    for number in range(5):
        write(folder / f"{number}.jpg", number)
    library.add_folder(str(folder))
    index(library)
    assert names(library.search("red"))[0] == "a.jpg"
    red.unlink()
    index(library)
    assert "a.jpg" not in names(library.search("red", everything=True))
    assert names(library.search("state:missing")) == ["a.jpg"]
    assert library.photo_count(View(missing=True)) == 1


def test_bad_searches_say_why(seeing: Library, colours: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        seeing.search("   ")
    with pytest.raises(QueryError):
        seeing.search("after:soon")
    with pytest.raises(UsageError, match="sort"):
        seeing.search("red", sort="colour")
    with pytest.raises(NotFound):
        seeing.photo(10_000)
