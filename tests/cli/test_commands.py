"""What a person and a script see."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from photolib.library import Library
from tests.cli.conftest import HOSTILE, NOT_UTF8, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from photolib.config import Settings
    from photolib.jobs import Job
    from photolib.library.results import IndexReport
    from tests.cli.conftest import Indexed, Photolib


def test_from_a_folder_to_its_photos(photolib: Photolib, photos: Path) -> None:
    added = photolib("add", photos)
    assert added.out == f"Added {photos}\n"
    assert "photolib index" in added.err
    indexed = photolib("index")
    assert indexed.out.startswith("2 files in ")
    assert "2 added" in indexed.out
    assert "models fetch" in indexed.err
    assert photolib("search", "one").out.split()[-1] == str(photos / "one.jpg")


def test_a_folder_alone_adds_indexes_and_tells(photolib: Photolib, photos: Path) -> None:
    outcome = photolib(photos)
    assert outcome.code == 0
    assert "2 added" in outcome.err
    assert str(photos) in outcome.out
    again = photolib(photos)
    assert "2 unchanged" in again.err


def test_a_folder_inside_an_added_one_is_opened_too(photolib: Photolib, photos: Path) -> None:
    write(photos / "inside" / "three.jpg", 3)
    photolib("add", photos)
    outcome = photolib(photos / "inside")
    assert outcome.code == 0
    assert "1 added" in outcome.err
    assert photolib("folders", "--json").json["total"] == 1


def test_a_folder_named_like_a_command_needs_its_path(
    photolib: Photolib, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "status" / "one.jpg", 1)
    monkeypatch.chdir(tmp_path)
    assert photolib("status", "--json").json["folders"] == []
    assert photolib("./status").code == 0
    assert len(photolib("status", "--json").json["folders"]) == 1


def test_without_a_terminal_the_program_tells_a_summary(photolib: Photolib) -> None:
    outcome = photolib()
    assert outcome.code == 0
    assert outcome.out.startswith("library")


def test_the_library_can_be_named_before_and_after_the_command(
    photolib: Photolib, tmp_path: Path
) -> None:
    for number, line in enumerate((["--library", "{}", "status"], ["status", "--library", "{}"])):
        place = tmp_path / f"other{number}"
        photolib(*(word.format(place) for word in line))
        assert (place / "catalogue.sqlite3").exists()


def test_words_with_a_dash_are_left_out(indexed: Indexed) -> None:
    both = indexed.run("search", "beach", "--paths").out.splitlines()
    one = indexed.run("search", "beach", "-snow", "--paths").out.splitlines()
    assert {os.path.basename(path) for path in both} == {"beach.jpg", "beach snow.jpg"}
    assert [os.path.basename(path) for path in one] == ["beach.jpg"]
    assert indexed.run("search", "-snow", "beach", "--limit", "1", "--paths").out == f"{one[0]}\n"


def test_an_unknown_option_of_search_is_no_word(indexed: Indexed) -> None:
    outcome = indexed.run("search", "beach", "--lmit", "3")
    assert outcome.code == 2
    assert "--lmit" in outcome.err


def test_nothing_found_is_no_failure(indexed: Indexed) -> None:
    outcome = indexed.run("search", "file:zebra")
    assert (outcome.code, outcome.out) == (0, "")
    assert "Nothing found" in outcome.err


def test_explain_says_why(indexed: Indexed) -> None:
    plain = indexed.run("search", "beach").out
    explained = indexed.run("search", "beach", "--explain")
    assert len(explained.out.splitlines()) > len(plain.splitlines())
    assert "beach" in explained.err.partition("Read as:")[2].splitlines()[1]


def test_paths_are_bytes_as_the_file_system_has_them(indexed: Indexed) -> None:
    shown = indexed.run("search", "file:*", "--paths0").raw
    names = {os.path.basename(path) for path in shown.rstrip(b"\0").split(b"\0")}
    assert os.fsencode(HOSTILE) in names
    assert os.fsencode(NOT_UTF8) in names


def test_no_control_reaches_a_person(indexed: Indexed) -> None:
    for line in (
        ["similar", indexed.folder / "beach.jpg", "--explain"],
        ["search", "file:*", "--explain"],
        ["albums"],
        ["duplicates"],
        ["problems"],
        ["status"],
    ):
        outcome = indexed.run(*line)
        assert outcome.code == 0, outcome.err
        text = (outcome.out + outcome.err).replace("\n", "")
        assert all(letter.isprintable() for letter in text), line
    assert r"\x1b]0;owned\x07\u202e.jpg" in indexed.run("search", "file:*").out


def test_albums_can_be_renamed(photolib: Photolib, photos: Path) -> None:
    for number in range(8):
        write(photos / f"{number}.jpg", 10 + number)
    photolib(photos)
    albums = photolib("albums", "--json").json["albums"]
    renamed = photolib("album", "rename", albums[0]["album_id"], "By the sea")
    assert renamed.code == 0
    assert "By the sea" in renamed.out
    assert "By the sea" in photolib("albums").out


def test_duplicates_say_what_to_keep(indexed: Indexed) -> None:
    lines = indexed.run("duplicates").out.splitlines()
    assert lines[0].startswith("Set 1: bytes")
    assert lines[1].split()[0] == "keep"
    assert lines[2].split()[0] == "copy"
    paths = indexed.run("duplicates", "--paths").out.splitlines()
    assert [line.split("  ")[-1] for line in lines[1:]] == paths


def test_problems_name_reason_and_file(indexed: Indexed) -> None:
    outcome = indexed.run("problems")
    assert str(indexed.folder / "broken.jpg") in outcome.out
    assert "link.jpg" in outcome.out


def test_problems_are_tried_again(photolib: Photolib, photos: Path) -> None:
    whole = (photos / "one.jpg").read_bytes()
    times = os.stat(photos / "one.jpg")
    (photos / "one.jpg").write_bytes(whole[:150])
    photolib(photos)
    assert photolib("problems", "--json").json["total"] == 1
    (photos / "one.jpg").write_bytes(whole)
    os.utime(photos / "one.jpg", ns=(times.st_atime_ns, times.st_mtime_ns))
    outcome = photolib("problems", "--retry")
    assert (outcome.code, outcome.out) == (0, "")
    assert "No problems" in outcome.err


def test_forget_and_relocate(photolib: Photolib, photos: Path) -> None:
    photolib(photos)
    moved = photos.rename(photos.with_name("moved"))
    relocated = photolib("relocate", photos, moved)
    assert relocated.code == 0, relocated.err
    assert photolib("folders", "--paths").out == f"{moved}\n"
    forgotten = photolib("forget", moved, "--json").json
    assert forgotten["forgotten"] == 2
    assert sorted(path.name for path in moved.glob("*.jpg")) == ["one.jpg", "two.jpg"]


def test_doctor_checks(photolib: Photolib) -> None:
    found = photolib("doctor", "--json")
    assert found.json["checks"]
    assert found.code == (0 if found.json["ok"] else 1)
    assert photolib("doctor").out


def test_ctrl_c_ends_with_130(
    photolib: Photolib, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photolib("add", photos)
    original = Library.index

    def interrupted(library: Library, *arguments: object, **options: object) -> Job[IndexReport]:
        job = original(library)
        yield next(job)
        job.close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Library, "index", interrupted)
        outcome = photolib("index")
        described = photolib("index", "--json")
    assert (outcome.code, outcome.out) == (130, "")
    assert "Stopped" in outcome.err
    assert described.code == 130
    assert described.json["error"]["code"] == "interrupted"
    assert photolib("index").code == 0


def test_a_reader_that_goes_away_is_no_error(indexed: Indexed) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "photolib", "status", "--library", str(indexed.library)]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 1


def test_a_fault_goes_to_the_log_and_debug_shows_it(
    photolib: Photolib, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photolib("status")

    def fail(self: Library) -> None:
        raise ValueError("first\nsecond")

    monkeypatch.setattr(Library, "status", fail)
    outcome = photolib("status")
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        "photolib: a fault in photolib: ValueError: first. --debug shows where."
    ]
    assert "Traceback" in (library / "photolib.log").read_text("utf-8")
    assert "Traceback" in photolib("status", "--debug").err


def test_on_a_terminal_paths_are_made_safe(indexed: Indexed) -> None:
    shown = indexed.run("search", "file:*", "--paths", terminal=True).out
    assert "\x1b" not in shown
    assert r"\x1b]0;owned" in shown


def test_the_demo_shows_every_room(photolib: Photolib, tmp_path: Path) -> None:
    place = tmp_path / "demo"
    outcome = photolib("demo", "--keep", place)
    assert outcome.code == 0, outcome.err
    for title in ("index", "albums", "duplicates", "problems", "similar", "search"):
        assert f"$ photolib {title}" in outcome.out
    assert (place / "library" / "catalogue.sqlite3").exists()
    assert photolib("demo", "--keep", place).code == 2


def test_on_a_terminal_the_library_opens(
    photolib: Photolib, photos: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Settings] = []
    indexed: list[bool] = []

    def run(settings: Settings, *, index: bool = False) -> None:
        opened.append(settings)
        indexed.append(index)

    monkeypatch.setattr("photolib.cli.opening.on_terminal", lambda: True)
    monkeypatch.setattr("photolib.tui.app.run", run)
    assert photolib("--images", "none", "--theme", "paper").code == 0
    assert photolib(photos, "--images", "blocks").code == 0
    assert [settings.images for settings in opened] == ["none", "blocks"]
    assert indexed == [False, True]
    assert opened[0].theme == "paper"
    assert {settings.library for settings in opened} == {library}


def test_what_is_said_of_albums(photolib: Photolib, photos: Path) -> None:
    photolib("add", photos)
    photolib("index")
    one, two = photos / "one.jpg", photos / "two.jpg"
    made = photolib("album", "new", "Wall", one, "--json").json
    album_id = made["album_id"]
    assert (made["kind"], made["size"], made["named_by"]) == ("user", 1, "person")
    assert photolib("album", "move", album_id, two).out == "Wall has 2 photos now\n"
    assert photolib("album", "not-in", album_id, one, "--json").json["size"] == 1
    assert photolib("album", "undo").out == "Undone: take 1 photos out of Wall\n"
    parted = photolib("album", "split", album_id, two, "--json").json
    assert (parted["name"], parted["size"]) == ("Wall (2)", 1)
    assert photolib("album", "merge", album_id, parted["album_id"]).out == "Wall has 2 photos now\n"
    for verb in ("pin", "hide", "unhide", "unpin"):
        assert photolib("album", verb, album_id).out == f"{verb}: Wall\n"
    assert "unpin Wall" in photolib("album", "undo", "--list").out
    assert photolib("album", "undo").out == "Undone: unpin Wall\n"
    assert photolib("album", "redo").out == "Done again: unpin Wall\n"
    assert photolib("album", "show", album_id, "--suggest").out.startswith("Wall\n")
    assert photolib("album", "move", album_id, photos / "none.jpg").code == 1
    assert photolib("album", "merge", album_id, album_id).code == 2
    assert "0 albums created" in photolib("regroup").out
    assert "eps" in photolib("regroup", "--sweep").out
    assert "in use" in photolib("regroup", "--runs").out


def test_what_leaves_the_library(photolib: Photolib, photos: Path, tmp_path: Path) -> None:
    photolib("add", photos)
    photolib("index")
    photolib("album", "new", "Wall", photos / "one.jpg")
    out = tmp_path / "out"
    assert "1 photo added" in photolib("export", "wall", out).out
    assert os.path.samefile(out / "one.jpg", photos / "one.jpg")
    found = photolib("export", out, "--query", "file:two", "--link", "copy", "--json").json
    assert [os.path.basename(photo["exported"]) for photo in found["added"]] == ["two.jpg"]
    assert photolib("export", out).code == 2
    assert photolib("export", "nothing", out).code == 1
    drawn = photolib("map", "--png", tmp_path / "map.png", "--by", "date", "--json").json
    assert (drawn["method"], drawn["photos"], len(drawn["points"])) == ("umap", 2, 2)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "0 of 2 photos" in photolib("map", "--method", "places").out
    assert photolib("map", "--png", tmp_path / "no" / "map.png").code == 1
    assert photolib("highlights", "--count", 1).out.startswith("2024, 2 photos\n")
    assert "2024-06-01, 2 photos" in photolib("highlights", "--day", "2030-06-01").out
    assert photolib("album", "show", 1, "--highlights", 1, "--json").code == 0
