"""Bad input gets one line that names the thing, the reason and the remedy, and the right code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Outcome, Photolib

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")


def one_line(outcome: Outcome, code: int, *words: str) -> None:
    """One line on stderr, nothing on stdout."""
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("photolib: ")
    for word in words:
        assert word in outcome.err


def test_a_missing_folder(photolib: Photolib, tmp_path: Path) -> None:
    one_line(photolib("add", tmp_path / "absent"), 1, "absent")


def test_a_file_instead_of_a_folder(photolib: Photolib, photos: Path) -> None:
    one_line(photolib("add", photos / "one.jpg"), 1, "one.jpg", "not a folder")


@as_root
def test_a_folder_without_permission(photolib: Photolib, photos: Path) -> None:
    photos.chmod(0)
    try:
        one_line(photolib("add", photos), 1, str(photos), "ermission")
    finally:
        photos.chmod(0o700)


def test_a_folder_inside_another(photolib: Photolib, photos: Path) -> None:
    (photos / "inside").mkdir()
    photolib("add", photos)
    one_line(photolib("add", photos / "inside"), 1, "inside", str(photos))


def test_an_empty_path_is_not_this_directory(photolib: Photolib) -> None:
    one_line(photolib("add", ""), 2, "empty")


@pytest.mark.parametrize("words", [[""], ["  ", ""]])
def test_an_empty_query(photolib: Photolib, words: list[str]) -> None:
    one_line(photolib("search", *words), 2)


def test_a_query_that_does_not_parse(photolib: Photolib) -> None:
    one_line(photolib("search", '"happy birth'), 1, "character")


def test_a_word_that_is_neither_command_nor_folder(photolib: Photolib) -> None:
    one_line(photolib("serach", "dogs"), 2, "serach", "search")
    one_line(photolib("\x1b[31m"), 2, r"\x1b[31m")


@pytest.mark.parametrize(
    "region", ["1,2", "a,b,c,d", "0,0,2,1", "-1,0,1,1", "0,0,0,1", "nan,0,1,1"]
)
def test_a_region_outside_the_picture(photolib: Photolib, photos: Path, region: str) -> None:
    one_line(photolib("similar", photos / "one.jpg", f"--region={region}"), 2, "--region")


@pytest.mark.parametrize("weights", ["taste=2", "colour", "colour=-1", "colour=inf", ""])
def test_weights_that_mean_nothing(photolib: Photolib, photos: Path, weights: str) -> None:
    one_line(photolib("similar", photos / "one.jpg", "--weigh", weights), 2, "--weigh")


def test_a_picture_that_is_not_there(photolib: Photolib, tmp_path: Path) -> None:
    one_line(photolib("similar", tmp_path / "absent.jpg"), 1, "absent.jpg")


def test_a_picture_that_is_none(photolib: Photolib, tmp_path: Path) -> None:
    (tmp_path / "fake.jpg").write_text("not a picture", "utf-8")
    one_line(photolib("similar", tmp_path / "fake.jpg"), 1, "fake.jpg")


def test_an_index_path_outside_every_folder(photolib: Photolib, photos: Path) -> None:
    one_line(photolib("index", photos), 2, str(photos), "photolib add")


def test_an_album_that_is_not_there(photolib: Photolib) -> None:
    one_line(photolib("album", "show", "77"), 1, "77")
    one_line(photolib("album", "rename", "77", "x"), 1, "77")
    one_line(photolib("album", "show", "seven"), 2, "seven")


def test_a_folder_to_forget_that_was_never_added(photolib: Photolib, photos: Path) -> None:
    one_line(photolib("forget", photos), 1, str(photos))
    one_line(photolib("relocate", photos, photos), 1, str(photos))


def test_a_model_that_is_not_there(photolib: Photolib) -> None:
    one_line(photolib("models", "use", "nosuch-model"), 1, "nosuch-model")
    one_line(photolib("models", "fetch", "nosuch-model"), 1, "nosuch-model")


@pytest.mark.parametrize("command", ["status", "folders", "index", "albums"])
def test_a_catalogue_of_garbage(photolib: Photolib, library: Path, command: str) -> None:
    library.mkdir()
    (library / "catalogue.sqlite3").write_bytes(b"not a database at all" * 300)
    one_line(photolib(command), 1, "catalogue.sqlite3")
    assert (library / "catalogue.sqlite3").read_bytes().startswith(b"not a database")


def test_a_library_that_is_a_file(photolib: Photolib, library: Path) -> None:
    library.write_text("in the way", "utf-8")
    one_line(photolib("status"), 1, str(library))


@as_root
def test_a_library_that_cannot_be_written(photolib: Photolib, library: Path) -> None:
    library.mkdir(mode=0o500)
    try:
        one_line(photolib("status"), 1, str(library))
    finally:
        library.chmod(0o700)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_log_on_a_full_disk_adds_no_second_failure(photolib: Photolib, library: Path) -> None:
    library.mkdir()
    (library / "photolib.log").symlink_to("/dev/full")
    one_line(photolib("album", "show", "77"), 1, "77")


def test_settings_that_do_not_parse(photolib: Photolib, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("colour = 'red'\n", "utf-8")
    one_line(photolib("status"), 1, "config.toml", "colour")


def test_a_broken_photo_is_no_failure_of_the_index(photolib: Photolib, photos: Path) -> None:
    broken = write(photos / "broken.jpg", 3)
    broken.write_bytes(broken.read_bytes()[:100])
    photolib("add", photos)
    outcome = photolib("index")
    assert outcome.code == 0
    assert "1 failed" in outcome.out
    assert "1 problem: photolib problems" in outcome.err
