"""Folders that overlap, move, go offline and come back, are forgotten, or change their model."""

from __future__ import annotations

import os
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from photolib.config import Settings
from photolib.errors import FolderError, LeaseHeld, NotFound, UsageError
from photolib.jobs import finish
from photolib.library import Library, engines, reports
from photolib.library.folders import MARKER
from photolib.models import FakeEncoder
from tests.library.shelf import (
    Sight,
    age,
    check_consistent,
    check_whole,
    counts,
    index,
    opened,
    settings_at,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def drive(library: Library, folder: Path) -> Path:
    """A folder of eight photos, indexed."""
    for number in range(8):
        age(write(folder / f"{number}.jpg", number))
    library.add_folder(str(folder))
    index(library)
    return folder


def state(library: Library) -> list[str]:
    return [folder.state for folder in library.folders()]


# --- which folders there may be ------------------------------------------------------------------


def test_adding_a_folder_again_changes_nothing(library: Library, drive: Path) -> None:
    again = library.add_folder(f"{drive}/../{drive.name}/")
    assert (again.photos, len(library.folders())) == (8, 1)


def test_the_same_folder_by_another_path_is_the_same_folder(library: Library, drive: Path) -> None:
    other = drive.parent / "other"
    other.symlink_to(drive)
    assert library.add_folder(str(other)).path == str(drive)
    assert len(library.folders()) == 1


def test_a_path_through_a_link_is_found_in_its_folder(library: Library, drive: Path) -> None:
    other = drive.parent / "other"
    other.symlink_to(drive)
    assert counts(index(library, [other / "1.jpg"])) == {"unchanged": 1}
    assert counts(index(library, [other])) == {"unchanged": 8}


@pytest.mark.parametrize("through_link", [False, True])
def test_a_folder_in_a_folder_is_refused(library: Library, drive: Path, through_link: bool) -> None:
    inner = drive / "inner"
    inner.mkdir()
    if through_link:
        (drive.parent / "door").symlink_to(inner)
        inner = drive.parent / "door"
    for place, word in ((inner, "inside"), (drive.parent, "contains")):
        with pytest.raises(FolderError, match=word):
            library.add_folder(str(place))
    assert len(library.folders()) == 1


def test_bad_folders_are_refused(library: Library, folder: Path) -> None:
    file = write(folder / "a.jpg", 1)
    for place, word in ((folder / "absent", "does not exist"), (file, "not a folder")):
        with pytest.raises(FolderError, match=word):
            library.add_folder(str(place))
    with pytest.raises(NotFound):
        library.forget_folder(str(folder))
    with pytest.raises(UsageError, match="no folder"):
        index(library, [file])


# --- two folders ---------------------------------------------------------------------------------


@pytest.fixture
def other(library: Library, drive: Path) -> Path:
    """A second folder, empty."""
    place = drive.parent / "other"
    place.mkdir()
    library.add_folder(str(place))
    return place


def test_a_photo_moves_between_folders(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()
    for number in range(4):
        shutil.move(drive / f"{number}.jpg", other / f"{number}.jpg")
    report = index(library)
    assert counts(report) == {"moved": 4, "unchanged": 4}
    assert report.decoded == 0
    after = sight.photos()
    for number in range(4):
        assert after[str(other / f"{number}.jpg")] == before[str(drive / f"{number}.jpg")]
    check_whole(settings, drive, other)


def test_a_move_is_known_whichever_folder_is_looked_at_first(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(drive / "1.jpg")]
    shutil.move(drive / "1.jpg", other / "1.jpg")
    assert counts(index(library, [drive])) == {"unchanged": 7, "missing": 1}
    assert counts(index(library, [other])) == {"moved": 1}
    shutil.move(other / "1.jpg", drive / "back.jpg")
    assert counts(index(library, [drive / "back.jpg"])) == {"moved": 1}
    assert counts(index(library, [other])) == {}
    assert sight.photos()[str(drive / "back.jpg")] == before
    check_whole(settings, drive, other)


def test_photos_of_an_offline_folder_are_copied_not_taken(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    for name in ("1.jpg", "2.jpg"):
        shutil.copyfile(drive / name, other / name)
    before = sight.photos()
    drive.rename(drive.parent / "away")
    assert counts(index(library)) == {"copied": 2}
    (drive.parent / "away").rename(drive)
    assert counts(index(library)) == {"unchanged": 10}
    assert before.items() <= sight.photos().items()
    check_whole(settings, drive, other)


# --- offline -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mount_point_stays", [False, True])
def test_an_offline_folder_loses_nothing(
    library: Library, drive: Path, sight: Sight, settings: Settings, mount_point_stays: bool
) -> None:
    (drive / "broken.jpg").write_text("no picture")
    index(library)
    before, away = sight.photos(), drive.parent / "away"
    drive.rename(away)
    if mount_point_stays:
        drive.mkdir()
    report = index(library)
    assert (counts(report), report.offline) == ({}, [str(drive)])
    assert index(library, [drive / "1.jpg"]).offline == [str(drive)]
    assert state(library) == ["offline"]
    assert sight.photos() == before
    assert library.problems().total == 1
    check_consistent(settings)
    if mount_point_stays:
        drive.rmdir()
    away.rename(drive)
    report = index(library)
    assert counts(report) == {"unchanged": 8, "failed": 1}
    assert (report.opened, state(library)) == (0, ["online"])
    check_whole(settings, drive)


def test_a_folder_whose_marker_was_tidied_away_is_known_by_its_photos(
    library: Library, drive: Path
) -> None:
    (drive / MARKER).unlink()
    (drive / "1.jpg").unlink()
    assert counts(index(library)) == {"unchanged": 7, "missing": 1}


def test_a_folder_without_photos_is_online_also_when_its_marker_was_tidied_away(
    library: Library, folder: Path
) -> None:
    library.add_folder(str(folder))
    (folder / MARKER).unlink()
    write(folder / "first.jpg", 1)
    assert counts(index(library)) == {"added": 1}


def test_a_folder_that_cannot_be_marked_is_judged_by_its_photos(
    library: Library, folder: Path, sight: Sight
) -> None:
    for number in range(8):
        write(folder / f"{number}.jpg", number)
    folder.chmod(0o555)
    library.add_folder(str(folder))
    assert not (folder / MARKER).exists()
    index(library)
    folder.chmod(0o755)
    away = folder.parent / "away"
    folder.rename(away)
    folder.mkdir()
    assert index(library).offline == [str(folder)]
    assert len(sight.photos()) == 8
    folder.rmdir()
    away.rename(folder)
    assert counts(index(library)) == {"unchanged": 8}


def test_forgetting_a_folder_leaves_the_marker_of_another_library(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    with opened(settings_at(tmp_path / "other library")) as other:
        library.add_folder(str(folder))
        other.add_folder(str(folder))
        library.forget_folder(str(folder))
        assert other.folders()[0].state == "online"
        assert (folder / MARKER).exists()
        other.forget_folder(str(folder))
    assert not (folder / MARKER).exists()


@pytest.mark.parametrize("yields", [1, 2, 3, 4, 5])
def test_unmounted_in_the_middle_of_a_scan(
    library: Library, drive: Path, sight: Sight, settings: Settings, yields: int
) -> None:
    for number in range(8):
        os.utime(drive / f"{number}.jpg")
    for number in range(8, 20):
        write(drive / f"{number}.jpg", number)
    before = sight.photos()
    job = library.index()
    for _ in range(yields):
        next(job)
    drive.rename(drive.parent / "away")
    for _ in job:
        pass
    assert before.items() <= sight.photos().items()
    assert not sight.photos("missing")
    assert not sight.problems("failed")
    check_consistent(settings)
    (drive.parent / "away").rename(drive)
    assert index(library).scanned == 20
    check_whole(settings, drive)
    assert before.items() <= sight.photos().items()


def test_copies_elsewhere_do_not_take_the_photos_of_a_folder_that_is_unplugged_meanwhile(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    for number in range(8):
        shutil.copyfile(drive / f"{number}.jpg", other / f"{number}.jpg")
    before = sight.photos()
    job = library.index()
    while next(job).stage != "read":
        pass
    drive.rename(drive.parent / "away")
    for _ in job:
        pass
    assert before.items() <= sight.photos().items()
    (drive.parent / "away").rename(drive)
    index(library)
    check_whole(settings, drive, other)
    assert before.items() <= sight.photos().items()


# --- relocate and forget -------------------------------------------------------------------------


def test_relocate_keeps_every_photo(
    library: Library, drive: Path, sight: Sight, settings: Settings
) -> None:
    before = {os.path.basename(path): row for path, row in sight.photos().items()}
    away = drive.parent / "drive E"
    drive.rename(away)
    drive.mkdir()
    with pytest.raises(FolderError, match="does not hold"):
        library.relocate_folder(str(drive), str(drive))
    drive.rmdir()
    assert library.relocate_folder(str(drive), str(away)).state == "online"
    report = index(library)
    assert (counts(report), report.opened) == ({"unchanged": 8}, 0)
    assert {os.path.basename(path): row for path, row in sight.photos().items()} == before
    check_whole(settings, away)


def test_relocate_refuses_the_place_of_a_folder_whose_decisions_are_kept(
    library: Library, drive: Path, other: Path
) -> None:
    write(other / "1.jpg", 1)
    library.forget_folder(str(other), keep_decisions=True)
    shutil.rmtree(other)
    drive.rename(other)
    with pytest.raises(FolderError, match="decisions") as refused:
        library.relocate_folder(str(drive), str(other))
    assert f"photolib add {other}" in refused.value.hint


def test_forget_leaves_the_files_and_nothing_else(
    library: Library, drive: Path, sight: Sight, settings: Settings
) -> None:
    (drive / "broken.jpg").write_text("no picture")
    index(library)
    files = sorted(path.name for path in drive.iterdir() if path.name != MARKER)
    assert library.forget_folder(str(drive)) == 8
    assert sorted(path.name for path in drive.iterdir()) == files
    assert library.folders() == []
    assert library.problems().total == 0
    for table in ("photo", "content", "embedding", "part", "words", "neighbour"):
        assert sight.value(f"SELECT count(*) FROM {table}") == 0
    assert library.search("jpg", everything=True).total == 0
    index(library)
    check_consistent(settings)
    library.add_folder(str(drive))
    assert counts(index(library)) == {"added": 8, "failed": 1}
    check_whole(settings, drive)


def test_forget_keeps_contents_that_another_folder_has(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    shutil.copyfile(drive / "1.jpg", other / "copy.jpg")
    index(library)
    library.forget_folder(str(drive))
    report = index(library)
    assert (counts(report), report.embedded) == ({"unchanged": 1}, 0)
    check_whole(settings, other)


def test_forget_with_decisions_kept_brings_them_back(
    library: Library, drive: Path, other: Path, sight: Sight, settings: Settings
) -> None:
    (drive / "broken.jpg").write_text("no picture")
    index(library)
    before = sight.photos()
    shutil.copyfile(drive / "1.jpg", drive.parent / "1.jpg")
    assert library.forget_folder(str(drive), keep_decisions=True) == 8
    assert [folder.path for folder in library.folders()] == [str(other)]
    assert library.problems().total == 0
    assert counts(index(library)) == {}
    # One of its photos comes back elsewhere; the others when the folder does.
    shutil.move(drive.parent / "1.jpg", other / "1.jpg")
    assert counts(index(library)) == {"moved": 1}
    library.add_folder(str(drive))
    report = index(library)
    assert counts(report) == {"copied": 1, "restored": 7, "unchanged": 1, "failed": 1}
    assert report.decoded == 0
    after = sight.photos()
    assert after[str(other / "1.jpg")] == before[str(drive / "1.jpg")]
    assert after[str(drive / "2.jpg")] == before[str(drive / "2.jpg")]
    check_whole(settings, drive, other)


# --- one job at a time, and models ---------------------------------------------------------------


def test_a_second_job_waits_or_is_refused(library: Library, drive: Path) -> None:
    running = library.index()
    next(running)
    with pytest.raises(LeaseHeld):
        for _ in library.index(wait=0.0):
            pass
    running.close()
    assert counts(index(library)) == {"unchanged": 8}


def test_another_model_embeds_every_content_once_more(
    library: Library, drive: Path, settings: Settings, sight: Sight
) -> None:
    with opened(settings, "fake-colours.2") as other:
        job = other.index()
        while next(job).stage != "embed":
            pass
        next(job)
        job.close()
        report = index(other)
        assert (counts(report), report.pending.embed) == ({"unchanged": 8}, 0)
        assert report.embedded == 4
        assert index(other).opened == 0
    per_model = "SELECT count(*) FROM embedding WHERE kind = 'photo' GROUP BY model_no"
    assert sight.rows(per_model) == [(8,), (8,)]
    check_whole(settings, drive)


def test_a_changed_file_is_never_embedded_as_what_it_was(
    library: Library, drive: Path, settings: Settings, sight: Sight
) -> None:
    changed = sight.photos()[str(drive / "1.jpg")].content_id
    write(drive / "1.jpg", 100)
    (drive / "2.jpg").unlink()
    with opened(settings, "fake-colours.2") as other:
        report = index(other, [drive / "3.jpg"])
        assert report.pending.embed == 2
        of_changed = "SELECT count(*) FROM embedding WHERE content_id = ? AND kind = 'photo'"
        assert sight.value(of_changed, changed) == 1
        assert sight.value("SELECT count(*) FROM stage WHERE problem IS NOT NULL") == 0
        index(other)
        assert index(other).pending.embed == 0
    check_whole(settings, drive)


def test_the_old_model_serves_until_the_new_one_is_complete(
    drive: Path, library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights_by_name(monkeypatch)
    with Library(settings) as chosen:
        chosen.use_model("first")
        index(chosen)
        assert chosen.search("red", everything=True).model == "first"
        chosen.use_model("second")
        job = chosen.index()
        while (progress := next(job)).stage != "embed" or not progress.done:
            pass
        job.close()
        assert chosen.search("red", everything=True).model == "first"
        index(chosen)
        assert chosen.search("red", everything=True).model == "second"


def weights_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is that of a fake encoder whose weights are here."""

    def resolved(name: str, place: Path) -> SimpleNamespace:
        return SimpleNamespace(kind="encoder", name=name)

    def described(weights: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(
            model_id=weights.name, name=weights.name, dimensions=FakeEncoder.dimensions
        )

    monkeypatch.setattr(engines, "resolve", resolved)
    monkeypatch.setattr(engines, "describe", described)
    monkeypatch.setattr(engines, "load_encoder", lambda weights: FakeEncoder(weights.name))
    monkeypatch.setattr(reports, "describe", described)


def test_the_library_itself_is_no_folder(tmp_path: Path) -> None:
    with Library(Settings(library=tmp_path / "place")) as library:
        with pytest.raises(FolderError, match="is the library itself"):
            library.add_folder(str(tmp_path / "place"))


def test_a_relocated_folder_is_found_by_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "drive" / "a.jpg")
    with Library(Settings(library=tmp_path / "place")) as library:
        library.add_folder(str(tmp_path / "drive"))
        finish(library.index(stage=1))
        (tmp_path / "drive").rename(tmp_path / "harbour")
        library.relocate_folder(str(tmp_path / "drive"), str(tmp_path / "harbour"))
        assert library.search("folder:harbour").total == 1
        assert library.search("folder:drive").total == 0
        assert library.search("harbour").total == 1
