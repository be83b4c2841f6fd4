"""Rating, tagging and the like from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Indexed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def indexed(photos: Path, library: Path) -> Indexed:
    """A library of two photos that a test may change."""
    made = Indexed(library, photos)
    (photos / "one.jpg").rename(photos / "beach.jpg")
    made.run("add", photos)
    made.run("index", "--stage", "1")
    return made


def test_marks_are_kept_and_found(indexed: Indexed) -> None:
    photo = indexed.folder / "beach.jpg"
    done = indexed.run("rate", photo, "4", "--json").json
    assert done["name"] == "★★★★ for beach.jpg"
    assert done["undone"] is False
    indexed.run("tag", photo, "+sun light", "+sea", "-rain")
    assert indexed.run("tags").out.split() == ["sea", "1", "photo", "sun", "light", "1", "photo"]
    for query in ("rating:4..", "tag:sea", 'tag:"sun light"'):
        assert indexed.run("search", query, "--paths").out.strip() == str(photo)
    indexed.run("tag", photo, "-sea")
    assert "sea" not in indexed.run("tags").out
    indexed.run("favourite", photo)
    assert "beach.jpg" in indexed.run("search", "is:favourite", "--paths").out


def test_hidden_photos_are_not_listed_until_shown_again(indexed: Indexed) -> None:
    photo = indexed.folder / "beach.jpg"
    indexed.run("hide", photo)
    assert str(photo) not in indexed.run("search", "beach", "--paths").out
    indexed.run("hide", photo, "--off")
    assert str(photo) in indexed.run("search", "beach", "--paths").out


def test_dates_and_turns(indexed: Indexed) -> None:
    photo = indexed.folder / "beach.jpg"
    indexed.run("date", photo, "--set", "1987-06-01")
    indexed.run("date", photo, "--shift=+2d")
    indexed.run("turn", photo, "left")
    assert str(photo) in indexed.run("search", "year:1987", "--paths").out


def test_bad_marks_are_refused(indexed: Indexed) -> None:
    photo = indexed.folder / "beach.jpg"
    assert indexed.run("rate", photo, "7").code == 2
    assert indexed.run("tag", "+word").code == 2
    assert indexed.run("date", photo).code == 2
    assert indexed.run("date", photo, "--shift", "soon").code == 2
    absent = indexed.run("rate", indexed.folder / "absent.jpg", "3")
    assert absent.code == 1
    assert "is no photo of this library" in absent.err
