"""Other ways than the quarantine: shared bytes under the old name, and the system's trash."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from photolib.jobs import finish
from photolib.library import Library
from photolib.library.removal.disk import Disk
from photolib.models import FakeEncoder
from tests.library.shelf import check_whole, counts, digest, index, write
from tests.removal.conftest import DisturbedDisk, photo_id, refusal, removed, undo

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library.results import RemovalReport


def remove(library: Library, path: Path, method: str) -> RemovalReport:
    return finish(library.remove_paths([str(path)], method=method))


class _Cloning(DisturbedDisk):
    """A file system that clones, as btrfs and xfs do."""

    def share(self, source: str, target: str, method: str, mode: int, mtime_ns: int) -> None:
        if method == "hardlink":
            super().share(source, target, method, mode, mtime_ns)
            return
        with open(source, "rb") as original, open(target, "xb") as clone:
            clone.write(original.read())
        self.restore_facts(target, mode, mtime_ns)


@pytest.fixture
def disk() -> DisturbedDisk:
    return _Cloning()


@pytest.mark.parametrize("method", ["hardlink", "reflink"])
def test_a_copy_shares_the_bytes_of_the_one_that_is_kept(
    library: Library, folder: Path, settings: Settings, method: str
) -> None:
    copy, number = folder / "below/copy.jpg", photo_id(library, folder / "below/copy.jpg")
    copy.chmod(0o640)
    index(library)
    before = copy.stat()
    assert removed(remove(library, copy, method)) == ["copy.jpg"]
    assert digest(copy) == digest(folder / "big.jpg")
    assert copy.samefile(folder / "big.jpg") == (method == "hardlink")
    assert photo_id(library, copy) == number
    assert counts(index(library)) == {"unchanged": 4}
    check_whole(settings, folder)
    assert undo(library).restored == (str(copy),)
    after = copy.stat()
    assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_mtime_ns,
    )
    assert counts(index(library)) == {"unchanged": 4}
    assert library.status().quarantine.files == 0


def test_what_was_edited_since_is_not_overwritten_by_an_undo(
    library: Library, folder: Path
) -> None:
    copy = folder / "below/copy.jpg"
    remove(library, copy, "reflink")
    write(copy, 9)
    assert "edited since" in undo(library).not_restored[0].reason
    copy.unlink()
    assert undo(library).restored == (str(copy),)


def test_only_the_very_same_bytes_can_be_shared(library: Library, folder: Path) -> None:
    (folder / "below/copy.jpg").unlink()
    index(library)
    [found] = library.duplicates("payload").sets
    [copy] = [photo for photo in found.photos if not photo.keeper]
    for method in ("hardlink", "reflink"):
        assert refusal(remove(library, folder / copy.path, method)) == "other-bytes"


def test_an_edit_must_not_get_through_to_a_reference_folder(library: Library, folder: Path) -> None:
    reference = folder.parent / "reference"
    reference.mkdir()
    (reference / "mine.jpg").write_bytes((folder / "other.jpg").read_bytes())
    library.add_folder(str(reference), reference=True)
    index(library)
    assert refusal(remove(library, folder / "other.jpg", "hardlink")) == "reference"
    assert removed(remove(library, folder / "other.jpg", "reflink")) == ["other.jpg"]


def test_a_file_system_that_cannot_clone_says_so(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(source: str, target: str) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr("photolib.library.removal.disk._clone", cannot)
    with Library(settings, encoder=FakeEncoder("fake-colours.1"), disk=Disk()) as library:
        library.add_folder(str(folder))
        index(library)
        assert refusal(remove(library, folder / "below/copy.jpg", "reflink")) == "unsupported"
        assert (folder / "below/copy.jpg").exists()


def test_the_trash_of_the_system_knows_where_a_file_was_and_gives_it_back(
    library: Library, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    copy, number = folder / "below/copy.jpg", photo_id(library, folder / "below/copy.jpg")
    report = remove(library, copy, "trash")
    [trashed] = (tmp_path / "data/Trash/files").iterdir()
    [info] = (tmp_path / "data/Trash/info").iterdir()
    assert (report.removed[0].quarantine, info.stem) == (str(trashed), trashed.name)
    assert f"Path={copy}\n" in info.read_text()
    assert info.read_text().startswith("[Trash Info]\n")
    assert library.status().quarantine.files == 0
    assert finish(library.purge(0)).purged == 0
    assert undo(library).restored == (str(copy),)
    assert list((tmp_path / "data/Trash/info").iterdir()) == []
    assert photo_id(library, copy) == number


def test_a_file_that_somebody_took_out_of_the_trash_is_taken_for_restored(
    library: Library, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    copy, number = folder / "below/copy.jpg", photo_id(library, folder / "below/copy.jpg")
    remove(library, copy, "trash")
    [trashed] = (tmp_path / "data/Trash/files").iterdir()
    trashed.rename(copy)
    index(library)
    assert undo(library).restored == (str(copy),)
    assert photo_id(library, copy) == number
    assert counts(index(library)) == {"unchanged": 4}
