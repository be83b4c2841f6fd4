"""Searching by colour in a library: what is enough of one, in which order, and why."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.errors import QueryError
from photolib.library import Library
from tests.library.shelf import index, opened, settings_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library.results import SearchResult
    from tests.library.shelf import Sight

TEAL, WHITE, RED, GREY = (0, 128, 128), (245, 246, 245), (200, 24, 28), (110, 110, 110)
BARS = {
    "all teal": ((TEAL, 64),),
    "teal and white": ((TEAL, 24), (WHITE, 40)),
    "a little teal": ((TEAL, 3), (GREY, 61)),
    "red in white": ((RED, 10), (WHITE, 54)),
    "grey": ((GREY, 30), (WHITE, 34)),
}


def bars(path: Path, *shares: tuple[tuple[int, int, int], int]) -> Path:
    """A picture of upright bars: colours and how many of its 64 columns each takes."""
    columns = np.concatenate([np.full((width, 3), colour) for colour, width in shares])
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.tile(columns.astype(np.uint8), (48, 1, 1))).save(path)
    return path


def names(result: SearchResult) -> list[str]:
    return [os.path.basename(hit.path).removesuffix(".png") for hit in result.hits]


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library without models, over pictures of colours in known shares."""
    folder = tmp_path_factory.mktemp("painted")
    for name, shares in BARS.items():
        bars(folder / f"{name}.png", *shares)
    with Library(settings_at(tmp_path_factory.mktemp("library"))) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("color:teal", ["all teal", "teal and white"]),
        ('color:"some teal"', ["all teal", "teal and white", "a little teal"]),
        ('color:"mostly teal"', ["all teal"]),
        ("color:#008080", ["all teal", "teal and white"]),
        ("color:darkcyan", ["all teal", "teal and white"]),
        ('color:"mostly white"', ["red in white", "teal and white", "grey"]),
        ("color:teal color:white", ["teal and white"]),
        ("color:white -color:teal -color:red", ["grey"]),
        ('color:"black and white"', ["grey"]),
        ('color:"mostly teal" OR color:red', ["all teal", "red in white"]),
        ("color:teal file:*white*", ["teal and white"]),
        ("color:purple", []),
    ],
)
def test_enough_of_a_colour_the_most_first(painted: Library, query: str, found: list[str]) -> None:
    assert names(painted.search(query)) == found


def test_a_hit_says_how_much_of_the_colour_it_has(painted: Library) -> None:
    result = painted.search("color:teal")
    first, second = result.hits
    assert (second.why[0].source, second.why[0].detail) == ("look", "38 % teal")
    assert first.why[0].detail == "100 % teal"
    assert first.score > second.score >= 0.5


def test_beside_words_a_colour_decides_who_is_found_and_not_the_order(painted: Library) -> None:
    assert names(painted.search('teal color:"some teal"')) == names(painted.search("teal"))
    result = painted.search("teal color:white")
    assert names(result) == ["teal and white"]
    details = [why.detail for why in result.hits[0].why]
    assert any(detail.endswith("% white") for detail in details)
    assert len(details) == 3


def test_what_is_no_colour_gets_a_suggestion(painted: Library) -> None:
    with pytest.raises(QueryError, match="crimsn") as failure:
        painted.search("color:crimsn")
    assert "crimson" in failure.value.hint


def test_photos_that_come_later_are_found_by_colour_too(library: Library, folder: Path) -> None:
    bars(folder / "first.png", (TEAL, 64))
    library.add_folder(str(folder))
    index(library)
    assert names(library.search("color:teal")) == ["first"]
    bars(folder / "second.png", (TEAL, 40), (WHITE, 24))
    (folder / "first.png").unlink()
    index(library)
    assert names(library.search("color:teal")) == ["second"]


def _forget(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(settings.catalogue_path)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()


def test_a_library_from_before_palettes_gets_them_from_its_thumbnails(
    settings: Settings, folder: Path
) -> None:
    bars(folder / "old.png", (TEAL, 64))
    for number in range(3):
        write(folder / f"{number}.jpg", number)
    with Library(settings) as library:
        library.add_folder(str(folder))
        index(library)
    _forget(settings, "DELETE FROM palette")
    with Library(settings) as library:
        assert names(library.search("color:teal")) == []
        report = index(library)
        assert (report.opened, report.decoded) == (0, 0)
        assert names(library.search("color:teal")) == ["old"]


def test_a_new_look_is_made_again_without_embedding_again(
    library: Library, settings: Settings, folder: Path, sight: Sight
) -> None:
    for number in range(4):
        tiles = np.random.default_rng(number).integers(0, 255, (30, 40, 3), dtype=np.uint8)
        sharp = Image.fromarray(tiles).resize((320, 240), Image.Resampling.NEAREST)
        sharp.save(folder / f"{number}.jpg")
    library.add_folder(str(folder))
    index(library)
    before = names(library.similar(str(folder / "0.jpg"), by="look"))
    kinds = """SELECT kind, count(*) FROM embedding GROUP BY kind, model_no = (SELECT model_no
               FROM model WHERE model_id = 'look.1') ORDER BY 1"""
    taken = sight.rows(kinds)
    assert dict(taken)["crop-look"] > 0
    _forget(settings, "UPDATE model SET model_id = 'look.0' WHERE kind = 'look'")
    with opened(settings) as later:
        report = index(later)
        assert (report.opened, report.decoded, report.embedded) == (0, 0, 0)
        assert names(later.similar(str(folder / "0.jpg"), by="look")) == before
    assert sight.rows(kinds) == taken


def test_without_thumbnails_the_photos_are_opened_instead(
    library: Library, settings: Settings, folder: Path
) -> None:
    bars(folder / "0.png", (TEAL, 64))
    library.add_folder(str(folder))
    index(library)
    for thumbnail in settings.thumbnails.rglob("*.jpg"):
        thumbnail.unlink()
    _forget(settings, "DELETE FROM palette")
    with Library(settings) as later:
        assert index(later).opened == 1
        assert names(later.search("color:teal")) == ["0"]
        assert index(later).opened == 0


def test_a_damaged_palette_is_a_photo_without_colours(
    library: Library, settings: Settings, folder: Path
) -> None:
    bars(folder / "0.png", (TEAL, 64))
    bars(folder / "1.png", (TEAL, 60), (RED, 4))
    library.add_folder(str(folder))
    index(library)
    _forget(settings, "UPDATE palette SET colours = x'0102' WHERE palette_id = 1")
    with Library(settings) as later:
        assert len(names(later.search("color:teal"))) == 1
