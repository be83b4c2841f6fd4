"""Saved searches, the history and comparisons on the command line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front
from photolib.cli.main import cli
from photolib.library import Library
from photolib.models.fakes import FakeEncoder
from tests.cli.conftest import write
from tests.cli.test_contract import SEARCH, carries
from tests.library.shelf import index, settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Indexed, Photolib

SAVED = "album_id name query size new"


def test_a_search_is_saved_shown_and_removed(photolib: Photolib, photos: Path) -> None:
    assert photolib(photos).code == 0
    made = photolib("saved", "add", "of two", "file:two*", "-file:one*", "--json").json
    carries(made, SAVED)
    assert (made["name"], made["query"], made["size"]) == ("of two", "file:two* -file:one*", 1)
    write(photos / "two more.jpg", 7)
    assert photolib("index").code == 0
    listed = photolib("saved", "--json").json
    carries(listed, "saved total next_offset")
    assert [(each["size"], each["new"]) for each in listed["saved"]] == [(2, 1)]
    assert "1 new" in photolib("saved").out
    shown = photolib("saved", "show", "of two", "--paths").out.split("\n")
    assert [line.rpartition("/")[2] for line in shown if line] == ["two more.jpg", "two.jpg"]
    assert photolib("saved", "--json").json["saved"][0]["new"] == 0
    assert photolib("search", 'album:"of two"', "--json").json["total"] == 2
    assert photolib("saved", "remove", "of two").code == 0
    assert photolib("saved", "--json").json["total"] == 0
    assert photolib("saved", "show", "of two").code == 1


def test_a_circle_is_refused(photolib: Photolib, photos: Path) -> None:
    assert photolib(photos).code == 0
    refused = photolib("saved", "add", "round", "album:round", "--json")
    assert refused.code == 1
    assert "itself" in refused.json["error"]["message"]


def test_only_searches_at_a_terminal_are_remembered(
    photolib: Photolib, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photolib(photos).code == 0
    assert photolib("search", "piped").code == 0
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert photolib("search", "typed", terminal=True).code == 0
    history = photolib("history", "--json").json
    carries(history, "searches total next_offset")
    assert history["searches"] == ["typed"]
    assert photolib("history").out == "typed\n"
    assert photolib("history", "--clear", "--json").json["searches"] == []


def test_like_several_and_less_like_another(indexed: Indexed) -> None:
    folder = indexed.folder
    found = indexed.run(
        "similar", folder / "beach.jpg", folder / "beach snow.jpg", "--less",
        folder / "morning 0.jpg", "--json",
    ).json  # fmt: skip
    carries(found, f"{SEARCH} of more less")
    assert [each["path"] for each in found["more"]] == [
        str(folder / "beach.jpg"), str(folder / "beach snow.jpg"),
    ]  # fmt: skip
    assert [each["path"] for each in found["less"]] == [str(folder / "morning 0.jpg")]
    names = {hit["path"].rpartition("/")[2] for hit in found["hits"]}
    assert names
    assert not names & {"beach.jpg", "beach copy.jpg", "beach snow.jpg", "morning 0.jpg"}
    refused = indexed.run(
        "similar", folder / "beach.jpg", folder / "beach snow.jpg", "--region", "0,0,1,1"
    )
    assert refused.code == 2


def test_two_encoders_are_asked_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_at(tmp_path / "library")
    for number in range(3):
        write(tmp_path / "photos" / f"{number}.jpg", number)
    for name in ("fake-colours.1", "fake-colours.2"):
        with Library(settings, encoder=FakeEncoder(name)) as library:
            if not library.folders():
                library.add_folder(str(tmp_path / "photos"))
            index(library)
    both = Library(settings, encoder=FakeEncoder("fake-colours.1"))
    both._engines._loaded["fake-colours.2"] = FakeEncoder("fake-colours.2")

    @contextlib.contextmanager
    def opened(front: Front) -> Iterator[Library]:
        yield both

    monkeypatch.setattr(Front, "open", opened)
    from tests.cli.conftest import run

    found = run(
        "models", "compare", "fake-colours.1", "fake-colours.2", "red", "green", "--json",
        "--library", tmp_path / "library",
    ).json  # fmt: skip
    carries(found, "a b embedded queries")
    assert found["embedded"] == [3, 3]
    for query in found["queries"]:
        carries(query, "query a b common")
        assert query["common"] == 3
        hits = [[hit["photo_id"] for hit in query[side]["hits"]] for side in "ab"]
        assert hits[0] == hits[1]
    told = run(
        "models", "compare", "fake-colours.1", "look.1", "red", "--library", tmp_path / "library"
    )
    assert told.code == 1
    both.close()


def test_the_shell_completes_keys_and_values(indexed: Indexed) -> None:
    assert isinstance(cli, click.Group)
    command = cli.get_command(click.Context(cli), "search")
    assert command is not None
    ctx = click.Context(command)
    ctx.obj = front = Front()
    front.library = indexed.library
    [words] = [param for param in command.params if param.name == "words"]
    assert [item.value for item in words.shell_complete(ctx, "folder:pho")] == ["folder:photos"]
    assert "rating:" in [item.value for item in words.shell_complete(ctx, "rat")]
    front.close()
