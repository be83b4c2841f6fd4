"""A photo leaves only for a verified copy, waits in the quarantine, and comes back as it was."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.jobs import finish
from photolib.library.removal.quarantine import DIRECTORY
from tests.library.shelf import check_whole, counts, digest, index, opened, write
from tests.removal.conftest import photo_id, refusal, remove, removed, undo

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library
    from tests.library.shelf import Sight
    from tests.removal.conftest import DisturbedDisk


def quarantined(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"{DIRECTORY}/*"))


def test_a_removed_photo_waits_in_the_quarantine_and_no_scan_sees_it(
    library: Library, folder: Path, settings: Settings, sight: Sight
) -> None:
    before = digest(folder / "below/copy.jpg")
    report = remove(library, folder / "below/copy.jpg")
    assert removed(report) == ["copy.jpg"]
    assert report.removed[0].kept == str(folder / "big.jpg")
    assert not (folder / "below/copy.jpg").exists()
    [waiting] = quarantined(folder)
    assert (digest(waiting), str(waiting)) == (before, report.removed[0].quarantine)
    assert waiting.name.endswith(".copy.jpg")
    assert counts(index(library)) == {"unchanged": 3}
    assert [hit.path for hit in library.search("copy").hits] == []
    assert list(sight.photos("removed")) == [str(folder / "below/copy.jpg")]
    state = library.status()
    assert (state.quarantine.files, state.quarantine.bytes) == (1, waiting.stat().st_size)
    assert state.by_state == {"present": 3, "missing": 0, "removed": 1}
    check_whole(settings, folder)


def test_an_undo_after_a_restart_brings_back_everything(
    library: Library, folder: Path, settings: Settings
) -> None:
    path = folder / "below/copy.jpg"
    path.chmod(0o640)
    os.utime(path, ns=(1_600_000_000_000_000_001, 1_600_000_000_000_000_001))
    index(library)
    before, number = (digest(path), path.stat()), photo_id(library, path)
    batch = remove(library, path).batch_id
    path.parent.rmdir()
    library.close()
    with opened(settings) as again:
        report = undo(again)
        assert (report.batch_id, report.restored, report.not_restored) == (batch, (str(path),), ())
        assert photo_id(again, path) == number
        after = path.stat()
        assert digest(path) == before[0]
        assert (after.st_mode, after.st_mtime_ns) == (before[1].st_mode, before[1].st_mtime_ns)
        assert after.st_ino == before[1].st_ino
        assert counts(again_report := index(again)) == {"unchanged": 4}
        assert again_report.opened == 0
        assert again.status().quarantine.files == 0
    assert quarantined(folder) == []


def test_copies_with_other_metadata_and_re_encoded_ones_go_too(
    library: Library, folder: Path
) -> None:
    blocks = np.random.default_rng(5).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(blocks).resize((480, 360), Image.Resampling.BICUBIC)
    for quality in (95, 70):
        picture.save(folder / f"blocks {quality}.jpg", quality=quality)
    index(library)
    assert {found.tier for found in library.duplicates().sets} == {"payload", "near"}
    for row in library.duplicates().sets:
        for photo in row.photos:
            if not photo.keeper:
                path = folder / photo.path
                assert removed(remove(library, path)) == [path.name]
    left = {path.name for path in folder.rglob("*.jpg") if DIRECTORY not in str(path)}
    assert len(left) == 3


@pytest.mark.parametrize(
    ("code", "disturb"),
    [
        ("gone", lambda f: (f / "below/copy.jpg").unlink()),
        ("changed", lambda f: write(f / "below/copy.jpg", 9)),
        ("changed", lambda f: os.utime(f / "below/copy.jpg", (1, 1))),
        ("keeper-gone", lambda f: (f / "big.jpg").unlink()),
        ("keeper-changed", lambda f: write(f / "big.jpg", 9)),
        ("not-a-file", lambda f: _replaced_by_link(f / "below/copy.jpg", f / "big.jpg")),
        ("keeper-not-a-file", lambda f: _replaced_by_link(f / "big.jpg", f / "below/copy.jpg")),
        ("offline", lambda f: f.rename(f.with_name("unplugged"))),
    ],
)
def test_what_is_not_as_the_catalogue_knows_it_stays(
    library: Library, folder: Path, code: str, disturb: object
) -> None:
    assert callable(disturb)
    disturb(folder)
    assert refusal(remove(library, folder / "below/copy.jpg")) == code
    assert quarantined(folder.parent) == []


def _replaced_by_link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def test_two_names_of_one_file_are_no_copies(library: Library, folder: Path) -> None:
    (folder / "linked.jpg").hardlink_to(folder / "other.jpg")
    index(library)
    assert refusal(remove(library, folder / "linked.jpg")) == "same-file"


def test_a_directory_that_became_a_link_is_not_followed(library: Library, folder: Path) -> None:
    (folder / "below").rename(folder.parent / "elsewhere")
    (folder / "below").symlink_to(folder.parent / "elsewhere")
    assert refusal(remove(library, folder / "below/copy.jpg")) == "linked"


def test_the_only_copy_goes_only_when_told_so(library: Library, folder: Path) -> None:
    assert refusal(remove(library, folder / "other.jpg")) == "no-keeper"
    report = remove(library, folder / "other.jpg", without_keeper=True)
    assert removed(report) == ["other.jpg"]
    assert report.removed[0].kept is None
    assert undo(library).restored == (str(folder / "other.jpg"),)


def test_all_copies_at_once_leave_one(library: Library, folder: Path) -> None:
    names = [folder / "big.jpg", folder / "below/copy.jpg", folder / "noted.jpg"]
    report = remove(library, *names)
    assert len(report.removed) < 3
    assert any(path.exists() for path in names)


def test_reference_folders_never_lose_a_file(library: Library, folder: Path) -> None:
    reference = folder.parent / "reference"
    reference.mkdir()
    (reference / "mine.jpg").write_bytes((folder / "other.jpg").read_bytes())
    library.add_folder(str(reference), reference=True)
    index(library)
    assert refusal(remove(library, reference / "mine.jpg", without_keeper=True)) == "reference"
    report = remove(library, folder / "other.jpg")
    assert report.removed[0].kept == str(reference / "mine.jpg")


def test_files_outside_the_library_and_parts_are_told_apart(library: Library, folder: Path) -> None:
    write(folder / "shot.jpg", 3)
    (folder / "shot.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    index(library)
    assert refusal(remove(library, folder / "nowhere.jpg")) == "unknown"
    assert refusal(remove(library, folder / "shot.xmp", without_keeper=True)) == "part"


# --- parts ----------------------------------------------------------------------------------------


@pytest.fixture
def shot(library: Library, folder: Path) -> Path:
    """A photo with a sidecar, and a copy of both."""
    for name in ("shot", "shot copy"):
        write(folder / f"{name}.jpg", 3)
        (folder / f"{name}.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    index(library)
    return folder / "shot copy.jpg"


def test_parts_go_and_come_with_their_photo(
    library: Library, folder: Path, shot: Path, sight: Sight
) -> None:
    before = sight.parts()
    assert removed(remove(library, shot)) == ["shot copy.jpg"]
    assert len(quarantined(folder)) == 2
    assert not shot.with_suffix(".xmp").exists()
    index(library)
    assert undo(library).restored == (str(shot),)
    assert shot.with_suffix(".xmp").exists()
    assert sight.parts() == before
    assert index(library).opened == 0


def test_a_part_that_the_keeper_lacks_keeps_its_photo(library: Library, shot: Path) -> None:
    shot.with_suffix(".xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'> </x:xmpmeta>")
    index(library)
    assert refusal(remove(library, shot)) == "parts"


def test_a_part_lost_in_the_quarantine_is_named_and_the_rest_comes_back(
    library: Library, folder: Path, shot: Path
) -> None:
    remove(library, shot)
    next(path for path in quarantined(folder) if path.suffix == ".xmp").unlink()
    report = undo(library)
    assert report.restored == (str(shot),)
    assert [missed.path for missed in report.not_restored] == [str(shot.with_suffix(".xmp"))]


# --- in the very moment ---------------------------------------------------------------------------


def test_when_the_kept_copy_vanishes_meanwhile_the_photo_comes_back(
    library: Library, folder: Path, disk: DisturbedDisk
) -> None:
    before = digest(folder / "below/copy.jpg")
    disk.after = lambda source, target: (folder / "big.jpg").unlink(missing_ok=True)
    [refused] = remove(library, folder / "below/copy.jpg").refused
    assert refused.code == "keeper-gone"
    assert digest(folder / "below/copy.jpg") == before
    assert quarantined(folder) == []
    assert [batch.state for batch in library.removals().batches] == ["refused"]


def test_when_the_photo_is_replaced_meanwhile_the_new_file_comes_back(
    library: Library, folder: Path, disk: DisturbedDisk
) -> None:
    def replace(source: str, target: str) -> None:
        disk.before = lambda source, target: None
        write(folder / "new.jpg", 7).rename(source)

    disk.before = replace
    [refused] = remove(library, folder / "below/copy.jpg").refused
    assert refused.code == "changed"
    assert digest(folder / "below/copy.jpg") == digest(write(folder.parent / "same.jpg", 7))


def test_a_mount_below_the_folder_has_a_quarantine_of_its_own(
    library: Library, folder: Path, disk: DisturbedDisk
) -> None:
    def other_device(source: str, target: str) -> None:
        if target.startswith(str(folder / DIRECTORY)):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    disk.before = other_device
    report = remove(library, folder / "below/copy.jpg")
    assert removed(report) == ["copy.jpg"]
    assert [path.parent for path in quarantined(folder)] == [folder / "below" / DIRECTORY]
    assert not (folder / DIRECTORY).exists()
    assert refusal(remove(library, folder / "noted.jpg")) == "cross-device"
    assert (folder / "noted.jpg").exists()
    assert undo(library).restored == (str(folder / "below/copy.jpg"),)


def test_a_scan_under_way_does_not_take_a_removed_photo_for_missing(
    library: Library, folder: Path, settings: Settings
) -> None:
    write(folder / "new.jpg", 8)
    job = library.index()
    while next(job).stage != "read":
        pass
    with opened(settings) as other:
        remove(other, folder / "below/copy.jpg")
    report = finish(job)
    assert report.missing == 0
    assert library.status().by_state["removed"] == 1
    check_whole(settings, folder)


def test_a_scan_in_the_middle_of_a_removal_or_an_undo_changes_nothing(
    library: Library, folder: Path, disk: DisturbedDisk, settings: Settings
) -> None:
    number = photo_id(library, folder / "below/copy.jpg")

    def scan(source: str, target: str) -> None:
        with opened(settings) as watcher:
            index(watcher)

    disk.after = scan
    assert removed(remove(library, folder / "below/copy.jpg")) == ["copy.jpg"]
    assert library.status().by_state == {"present": 3, "missing": 0, "removed": 1}
    assert undo(library).restored
    assert photo_id(library, folder / "below/copy.jpg") == number
    disk.after = lambda source, target: None
    assert counts(index(library)) == {"unchanged": 4}
    check_whole(settings, folder)
