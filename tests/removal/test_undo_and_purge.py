"""Undo says what it cannot bring back and why; purge is the only way to lose bytes."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from photolib.errors import LeaseHeld, NotFound, UsageError
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.removal.disk import Disk
from photolib.library.removal.quarantine import DIRECTORY, unique_name
from photolib.models import FakeEncoder
from photolib.wire import dump, to_json
from tests.library.shelf import check_whole, counts, digest, index, opened, write
from tests.removal.conftest import photo_id, remove, removed, undo
from tests.removal.house import Crash

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from tests.library.shelf import Sight


@pytest.fixture
def copy(library: Library, folder: Path) -> Path:
    """A photo that has just been removed."""
    path = folder / "below/copy.jpg"
    assert removed(remove(library, path)) == ["copy.jpg"]
    return path


def waiting(folder: Path) -> Path:
    [path] = folder.rglob(f"{DIRECTORY}/*")
    return path


def not_restored(library: Library, batch_id: int | None = None) -> str:
    report = undo(library, batch_id)
    assert report.restored == ()
    [missed] = report.not_restored
    return missed.reason


def test_a_taken_name_bars_the_way_until_it_is_free(
    library: Library, folder: Path, copy: Path
) -> None:
    write(copy, 9)
    assert "another file is at" in not_restored(library)
    copy.rename(folder / "mine.jpg")
    assert undo(library).restored == (str(copy),)
    copy.unlink()


def test_the_same_bytes_at_the_old_name_are_told_apart(
    library: Library, folder: Path, copy: Path
) -> None:
    shutil.copyfile(folder / "big.jpg", copy)
    assert "the very same bytes" in not_restored(library)


def test_bytes_that_were_changed_in_the_quarantine_do_not_pass_for_the_photo(
    library: Library, folder: Path, copy: Path
) -> None:
    write(waiting(folder), 9)
    assert "bytes were changed" in not_restored(library)
    assert waiting(folder).exists()


def test_a_touched_file_comes_back_with_its_own_times_and_permissions(
    library: Library, folder: Path, copy: Path, sight: Sight
) -> None:
    waiting(folder).chmod(0o600)
    os.utime(waiting(folder), (5, 5))
    assert undo(library).restored == (str(copy),)
    assert copy.stat().st_mode & 0o777 == 0o644
    assert index(library).opened == 0


def test_a_file_that_vanished_from_the_quarantine_is_told(
    library: Library, folder: Path, copy: Path
) -> None:
    waiting(folder).unlink()
    assert "vanished from the quarantine" in not_restored(library)
    assert library.removals().batches[0].state == "removed"


def test_an_unplugged_drive_loses_nothing(library: Library, folder: Path, copy: Path) -> None:
    folder.rename(folder.with_name("unplugged"))
    assert "offline" in not_restored(library)
    assert finish(library.purge(0)).purged == 0
    folder.with_name("unplugged").rename(folder)
    assert undo(library).restored == (str(copy),)


def test_batches_are_undone_in_any_order_and_once(library: Library, folder: Path) -> None:
    first = remove(library, folder / "below/copy.jpg").batch_id
    second = remove(library, folder / "noted.jpg").batch_id
    assert undo(library, first).restored == (str(folder / "below/copy.jpg"),)
    with pytest.raises(NotFound, match="undone already"):
        undo(library, first)
    assert undo(library).batch_id == second
    with pytest.raises(NotFound, match="nothing to undo"):
        undo(library)
    with pytest.raises(NotFound, match="no batch 77"):
        undo(library, 77)


def test_a_removed_keeper_does_not_hold_up_the_undo_of_its_copies(
    library: Library, folder: Path, copy: Path
) -> None:
    second = remove(library, folder / "big.jpg", without_keeper=True).batch_id
    assert undo(library, 1).restored == (str(copy),)
    assert undo(library, second).restored == (str(folder / "big.jpg"),)
    assert counts(index(library)) == {"unchanged": 4}


def test_a_relocated_folder_takes_its_quarantine_along(
    library: Library, folder: Path, copy: Path
) -> None:
    number = library.removals().batches[0].items[0].photo_id
    place = folder.rename(folder.with_name("elsewhere"))
    library.relocate_folder(str(folder), str(place))
    assert undo(library).restored == (str(place / "below/copy.jpg"),)
    assert photo_id(library, place / "below/copy.jpg") == number
    assert counts(index(library)) == {"unchanged": 4}


def test_a_forgotten_folder_gets_its_file_back_all_the_same(
    library: Library, folder: Path, copy: Path, settings: Settings
) -> None:
    before = digest(waiting(folder))
    library.forget_folder(str(folder))
    assert undo(library).restored == (str(copy),)
    assert digest(copy) == before
    library.add_folder(str(folder))
    index(library)
    check_whole(settings, folder)


def test_a_backup_from_before_does_not_lose_the_quarantine(
    library: Library, folder: Path, settings: Settings, tmp_path: Path
) -> None:
    path = folder / "below/copy.jpg"
    number = photo_id(library, path)
    library.backup(str(tmp_path / "backup.sqlite3"))
    remove(library, path)
    library.close()
    Library.restore(settings, str(tmp_path / "backup.sqlite3"))
    with opened(settings) as again:
        index(again)
        assert undo(again).restored == (str(path),)
        assert photo_id(again, path) == number
        assert counts(index(again)) == {"unchanged": 4}


# --- purge ----------------------------------------------------------------------------------------


def test_purge_respects_the_age_and_keeps_the_journal(
    library: Library, folder: Path, copy: Path
) -> None:
    size = waiting(folder).stat().st_size
    report = finish(library.purge())
    assert (report.purged, report.kept) == (0, 1)
    rehearsed = finish(library.purge(0, dry_run=True))
    assert (rehearsed.purged, rehearsed.freed_bytes, rehearsed.kept) == (1, size, 0)
    assert waiting(folder).exists()
    assert finish(library.purge(0, batch_id=1)).freed_bytes == size
    assert list(folder.rglob(f"{DIRECTORY}/*")) == []
    assert "purged" in not_restored(library, 1)
    assert [batch.state for batch in library.removals().batches] == ["purged"]
    assert library.status().quarantine.files == 0


@pytest.mark.parametrize("how", ["deleted", "changed", "removed"])
def test_the_last_copy_is_never_purged(
    library: Library, folder: Path, copy: Path, how: str
) -> None:
    if how == "deleted":
        (folder / "big.jpg").unlink()
    elif how == "changed":
        write(folder / "big.jpg", 9)
    else:
        remove(library, folder / "big.jpg", without_keeper=True)
    report = finish(library.purge(0, batch_id=1))
    assert (report.purged, [kept.path for kept in report.not_purged]) == (0, [str(copy)])
    assert undo(library, 1).restored == (str(copy),)


# --- plans ----------------------------------------------------------------------------------------


def test_a_plan_survives_the_way_through_a_file_and_is_run_twice(
    library: Library, folder: Path
) -> None:
    odd = os.fsdecode(b"caf\xe9.jpg")
    shutil.copyfile(folder / "big.jpg", folder / odd)
    index(library)
    made = library.plan(ties=True)
    assert len(made.items) == 3
    text = dump(to_json(made))
    read = library.read_plan(text)
    assert read.items == made.items
    report = finish(library.remove(read.items))
    assert len(report.removed) == 3
    again = finish(library.remove(read.items))
    assert (again.removed, again.refused, len(again.already)) == ((), (), 3)
    assert library.plan(ties=True).items == ()
    with pytest.raises(UsageError):
        library.read_plan(text.replace(made.library_id, "0" * 32))


def test_two_processes_take_turns(library: Library, folder: Path, settings: Settings) -> None:
    items = library.plan(ties=True).items
    with opened(settings) as other:
        job = other.remove(items)
        next(job)
        with pytest.raises(LeaseHeld):
            finish(library.remove(items, wait=0))
        for _ in job:
            pass
    report = finish(library.remove(items, wait=0))
    assert (len(report.already), report.refused) == (len(items), ())


# --- crashes --------------------------------------------------------------------------------------


class _Dying(Disk):
    """Dies after the first rename, as it was made, before anything could be written down."""

    def move(self, source: str, target: str) -> None:
        super().move(source, target)
        raise Crash


def test_a_crash_in_the_middle_is_settled_when_the_library_is_opened_next(
    library: Library, folder: Path, settings: Settings
) -> None:
    path, number = folder / "below/copy.jpg", photo_id(library, folder / "below/copy.jpg")
    with (
        Library(settings, encoder=FakeEncoder("fake-colours.1"), disk=_Dying()) as dying,
        pytest.raises(Crash),
    ):
        remove(dying, path)
    assert not path.exists()
    assert index(library).missing == 0
    with opened(settings) as again:
        assert path.exists()
        assert photo_id(again, path) == number
        assert again.removals().batches[0].state == "refused"
        assert counts(index(again)) == {"unchanged": 4}


def test_a_crash_in_the_middle_of_an_undo_is_gone_on_with(
    library: Library, folder: Path, copy: Path, settings: Settings
) -> None:
    with (
        Library(settings, encoder=FakeEncoder("fake-colours.1"), disk=_Dying()) as dying,
        pytest.raises(Crash),
    ):
        undo(dying)
    index(library)
    with opened(settings) as again:
        assert again.removals().batches[0].state == "restored"
        assert counts(index(again)) == {"unchanged": 4}
        check_whole(settings, folder)


def test_where_the_system_has_no_exclusive_rename_a_link_stands_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photolib.library.removal.disk._exclusive_rename", lambda: None)
    disk, one, other = Disk(), folder / "big.jpg", folder / "other.jpg"
    with pytest.raises(FileExistsError):
        disk.move(str(one), str(other))
    before = digest(one)
    disk.move(str(one), str(folder / "moved.jpg"))
    assert (one.exists(), digest(folder / "moved.jpg")) == (False, before)


def test_names_in_the_quarantine_are_unique_and_never_too_long() -> None:
    names = {unique_name(f"/x/{'é' * 127}.jpg") for _ in range(50)}
    assert len(names) == 50
    assert all(len(os.fsencode(name)) <= 255 and name.endswith("é.jpg") for name in names)
