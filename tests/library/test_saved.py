"""Saved searches are albums that live; the history and completion know what the library does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from photolib.errors import NotFound, QueryError, UsageError
from photolib.models.fakes import COLOURS
from tests.library.shelf import index, plain, write

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.library import Library


@pytest.fixture
def stocked(library: Library, folder: Path) -> Library:
    """A red, a green and six motley pictures, in two folders."""
    plain(folder / "trip" / "red.jpg", COLOURS["red"])
    plain(folder / "home" / "green.jpg", COLOURS["green"])
    for number in range(6):
        write(folder / "home" / f"{number}.jpg", number)
    library.add_folder(str(folder))
    index(library)
    return library


def names(library: Library, query: str) -> set[str]:
    hits = library.search(query, limit=100).hits
    return {os.path.basename(hit.path) for hit in hits}


def held(library: Library, name: str) -> set[str]:
    """What the album of a saved search holds, as lists and screens see it."""
    saved = library.saved_search(name)
    photos = library.album(saved.album_id, limit=100).photos
    assert saved.size == len(photos)
    return {os.path.basename(photo.path) for photo in photos}


def test_a_saved_search_is_an_album_that_lives(stocked: Library, folder: Path) -> None:
    saved = stocked.save_search("  My  trips ", "folder:trip")
    assert (saved.name, saved.query, saved.size, saved.new) == ("My trips", "folder:trip", 1, 0)
    assert held(stocked, "my TRIPS") == {"red.jpg"}
    assert [album.kind for album in stocked.albums("saved").albums] == ["saved"]
    write(folder / "trip" / "later.jpg", 77)
    index(stocked)
    [album] = stocked.albums("saved").albums
    assert album.size == 2
    assert [(each.name, each.size, each.new) for each in stocked.saved_searches()] == [
        ("My trips", 2, 1)
    ]
    stocked.see_search(saved.album_id)
    assert stocked.saved_search("my trips").new == 0
    (folder / "trip" / "red.jpg").unlink()
    index(stocked)
    assert held(stocked, "My trips") == {"later.jpg"}


def test_words_keep_their_cut_off(stocked: Library) -> None:
    stocked.save_search("reds", "red")
    assert held(stocked, "reds") == names(stocked, "red")
    assert "red.jpg" in held(stocked, "reds")
    assert "green.jpg" not in held(stocked, "reds")


def test_a_name_asks_something_else_from_now_on(stocked: Library) -> None:
    first = stocked.save_search("it", "folder:trip")
    again = stocked.save_search("IT", "folder:home")
    assert again.album_id == first.album_id
    assert len(stocked.saved_searches()) == 1
    assert held(stocked, "it") == names(stocked, "folder:home")
    assert stocked.forget_search("it").query == "folder:home"
    assert stocked.saved_searches() == []
    assert stocked.albums("saved").albums == ()
    with pytest.raises(NotFound, match="it"):
        stocked.forget_search("it")
    assert len(names(stocked, "type:jpeg")) == 8


def test_a_saved_search_is_asked_for_inside_others(stocked: Library, folder: Path) -> None:
    stocked.save_search("trips", "folder:trip")
    stocked.save_search("away", "album:trips OR file:green*")
    assert names(stocked, "album:trips") == {"red.jpg"}
    assert names(stocked, "album:away") == {"red.jpg", "green.jpg"}
    assert names(stocked, "-album:away type:jpeg") == {f"{n}.jpg" for n in range(6)}
    assert "red.jpg" in names(stocked, "red album:away")
    (folder / "trip" / "new.jpg").write_bytes((folder / "home" / "1.jpg").read_bytes())
    list(stocked.index(stage=1))
    assert "new.jpg" in names(stocked, "album:away")


def test_no_saved_search_contains_itself(stocked: Library) -> None:
    with pytest.raises(QueryError, match="itself"):
        stocked.save_search("circle", "red OR album:circle")
    stocked.save_search("one", "folder:trip")
    stocked.save_search("two", "album:one")
    stocked.save_search("three", "album:two OR red")
    for query in ("album:three", "album:two", "red -album:t*", "green OR (album:THREE red)"):
        with pytest.raises(QueryError, match="itself"):
            stocked.save_search("one", query)
    assert stocked.saved_search("one").query == "folder:trip"


def test_a_name_given_later_closes_no_circle_unnoticed(stocked: Library) -> None:
    """A rename may: asking then says so, and the rest goes on."""
    stocked.save_search("inner", "album:outside")
    saved = stocked.save_search("elsewhere", "album:inner")
    stocked.rename_album(saved.album_id, "outside")
    with pytest.raises(QueryError, match="itself"):
        stocked.search("album:inner")
    assert {each.name for each in stocked.saved_searches()} == {"inner", "outside"}
    assert stocked.search("folder:trip").total == 1


@pytest.mark.parametrize(
    ("name", "query"), [("", "red"), ("  ", "b"), ("a", " "), ("a" * 201, "b")]
)
def test_a_saved_search_needs_a_name_and_a_query(stocked: Library, name: str, query: str) -> None:
    with pytest.raises(UsageError):
        stocked.save_search(name, query)
    with pytest.raises(QueryError):
        stocked.save_search("a", "rating:many")
    assert stocked.saved_searches() == []


def test_the_history_keeps_the_latest_of_each_and_can_be_cleared(library: Library) -> None:
    for query in ("dogs", "cats", " dogs ", "", "red car"):
        library.remember_search(query)
    assert library.recent_searches() == ["red car", "dogs", "cats"]
    assert library.recent_searches("d") == ["dogs"]
    assert library.recent_searches(limit=1) == ["red car"]
    for number in range(250):
        library.remember_search(f"query {number}")
    assert len(library.recent_searches(limit=-1)) == 200
    assert library.clear_searches() == 200
    assert library.recent_searches() == []


def test_values_are_those_of_the_library(stocked: Library) -> None:
    stocked.save_search("Beach days", "red")

    def options(text: str) -> tuple[str, ...]:
        return stocked.complete_query(text, len(text)).options

    assert options("folder:t") == ("trip",)
    assert options("red folder:") == ("home", "trip", "photos")[:2]
    assert options("album:be") == ('"Beach days"',)
    assert options("album:da") == ('"Beach days"',)
    assert options("album:x") == ()
    assert options("rat") == ("rating:",)
    assert options("is:scr") == ("screenshot",)
    found = stocked.complete_query("red folder:tr year:2020", 13)
    assert found.span == (11, 13)
    assert (
        "red folder:trip year:2020"
        == "red folder:tr year:2020"[:11] + found.options[0] + " year:2020"
    )
