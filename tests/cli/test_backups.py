"""A backup holds what was known and decided; restoring it loses nothing that was there."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import Catalogue
from photolib.jobs import finish
from photolib.library import Library
from tests.library.shelf import Sight, check_whole, index, opened, settings_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.config import Settings
    from tests.cli.conftest import Photolib


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "library")


@pytest.fixture
def library(settings: Settings, tmp_path: Path) -> Iterator[Library]:
    for number in range(3):
        write(tmp_path / f"photos/{number}.jpg", number)
    with opened(settings) as library:
        library.add_folder(str(tmp_path / "photos"))
        index(library)
        yield library


def test_a_backup_is_one_private_file_that_knows_every_photo(
    library: Library, tmp_path: Path, photolib: Photolib
) -> None:
    made = library.backup(str(tmp_path / "b.sqlite3"))
    assert (made.photos, made.bytes) == (3, (tmp_path / "b.sqlite3").stat().st_size)
    assert stat.S_IMODE((tmp_path / "b.sqlite3").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.sqlite3"]


def test_no_file_is_overwritten_unasked(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib
) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    outcome = photolib("--library", settings.library, "backup", tmp_path / "diary.txt")
    assert (outcome.code, (tmp_path / "diary.txt").read_text()) == (1, "dear diary")
    assert "--force" in outcome.err
    again = photolib("--library", settings.library, "backup", tmp_path / "diary.txt", "--force")
    assert (again.code, Library.inspect_backup(str(tmp_path / "diary.txt")).photos) == (0, 3)


def test_what_was_decided_comes_back_also_for_a_library_that_is_open(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib
) -> None:
    catalogue = Catalogue(settings)
    catalogue.set_setting("mine", "before")
    photolib("--library", settings.library, "backup", tmp_path / "b.sqlite3")
    catalogue.set_setting("mine", "after")
    (tmp_path / "photos/0.jpg").unlink()
    index(library)
    epoch = catalogue.identity[1]
    outcome = photolib(
        "--library", settings.library, "--json", "restore", tmp_path / "b.sqlite3", "--yes"
    )
    assert outcome.json["photos"] == 3
    assert catalogue.setting("mine") == "before"
    assert catalogue.identity[1] > epoch
    index(library)
    check_whole(settings, tmp_path / "photos")
    previous = settings_at(tmp_path / "previous")
    Library.restore(previous, outcome.json["previous"])
    with closing(Catalogue(previous)) as kept:
        assert kept.setting("mine") == "after"
    catalogue.close()


def test_a_damaged_catalogue_is_replaced_and_kept(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib
) -> None:
    library.backup(str(tmp_path / "b.sqlite3"))
    library.close()
    settings.catalogue_path.write_bytes(b"not a database " * 1000)
    assert photolib("--library", settings.library, "status").code == 1
    outcome = photolib(
        "--library", settings.library, "--json", "restore", tmp_path / "b.sqlite3", "--yes"
    )
    assert outcome.code == 0
    assert Path(outcome.json["previous"]).read_bytes() == b"not a database " * 1000
    assert photolib("--library", settings.library, "--json", "status").json["photos"] == 3


def test_what_was_removed_since_can_still_be_brought_back(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    library.backup(str(tmp_path / "b.sqlite3"))
    victim = tmp_path / "photos/0.jpg"
    content = victim.read_bytes()
    removed = finish(library.remove_paths([str(victim)], without_keeper=True))
    assert not victim.exists()
    Library.restore(settings, str(tmp_path / "b.sqlite3"))
    index(library)
    assert Sight(settings).value("SELECT count(*) FROM photo WHERE state = 'missing'") == 0
    finish(library.undo(removed.batch_id))
    assert victim.read_bytes() == content
    check_whole(settings, tmp_path / "photos")


def test_no_id_is_given_out_twice(library: Library, settings: Settings, tmp_path: Path) -> None:
    library.backup(str(tmp_path / "b.sqlite3"))
    write(tmp_path / "photos/3.jpg", 3)
    index(library)
    seen = {row.photo_id for row in Sight(settings).photos().values()}
    (tmp_path / "photos/3.jpg").unlink()
    Library.restore(settings, str(tmp_path / "b.sqlite3"))
    write(tmp_path / "photos/4.jpg", 4)
    index(library)
    newest = Sight(settings).photos()[str(tmp_path / "photos/4.jpg")]
    assert newest.photo_id not in seen


@pytest.mark.parametrize("content", [b"", b"words", b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_backup_changes_nothing(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib, content: bytes
) -> None:
    (tmp_path / "b").write_bytes(content)
    outcome = photolib("--library", settings.library, "restore", tmp_path / "b", "--yes")
    assert (outcome.code, "Traceback" in outcome.err) == (1, False)
    check_whole(settings, tmp_path / "photos")


def test_nothing_is_restored_while_a_job_runs(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib
) -> None:
    library.backup(str(tmp_path / "b.sqlite3"))
    with library.watching():
        outcome = photolib(
            "--library", settings.library, "restore", tmp_path / "b.sqlite3", "--yes"
        )
    assert (outcome.code, "watch" in outcome.err) == (1, True)


def test_restoring_asks_first(
    library: Library, settings: Settings, tmp_path: Path, photolib: Photolib
) -> None:
    library.backup(str(tmp_path / "b.sqlite3"))
    before = Catalogue(settings)
    epoch = before.identity
    outcome = photolib("--library", settings.library, "restore", tmp_path / "b.sqlite3")
    assert outcome.code != 0
    assert before.identity == epoch
    before.close()
