"""The watcher over real files and real events. Nothing sleeps and hopes: tests wait for notices."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from watchdog.observers import Observer

from photolib import watcher as watcher_module
from photolib.errors import CatalogueError, LeaseHeld
from photolib.watcher import Notice, Watcher
from tests.library.shelf import (
    Sight,
    check_whole,
    counts,
    index,
    on_disk,
    opened,
    settings_at,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library

DEADLINE = 20.0
SETTLE = 0.12


class Watch:
    """A running watcher, and what it has told so far."""

    def __init__(self, library: Library, settle: float = SETTLE, **options: Any) -> None:
        self.stop = threading.Event()
        self.notices: list[Notice] = []
        self.told = threading.Condition()
        self.failure: BaseException | None = None
        self.watcher = Watcher(library, settle=settle, notify=self._tell, **options)
        self.thread = threading.Thread(target=self._run)

    def _tell(self, notice: Notice) -> None:
        with self.told:
            self.notices.append(notice)
            self.told.notify_all()

    def _run(self) -> None:
        try:
            self.watcher.run(self.stop)
        except BaseException as exc:  # noqa: BLE001 - the test that waits raises it
            self.failure = exc
        self._tell(Notice("stopped"))

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Look again whenever something was told, and at the clock in between."""
        limit = time.monotonic() + DEADLINE
        with self.told:
            while not true():
                assert self.failure is None, self.failure
                assert time.monotonic() < limit, f"{what}; told: {self.notices}"
                self.told.wait(0.05)

    def until_told(self, words: str) -> None:
        self.until(lambda: any(words in notice.text for notice in self.notices), words)

    def total(self, name: str) -> int:
        """The sum of one count over all reports."""
        return sum(getattr(notice.report, name) for notice in self.notices if notice.report)


@contextmanager
def watched(library: Library, **options: Any) -> Iterator[Watch]:
    """A watcher in a thread; it observes every folder when this begins."""
    watch = Watch(library, **options)
    watch.thread.start()
    try:
        online = [folder.path for folder in library.folders() if folder.state == "online"]
        for path in online:
            watch.until_told(f"Watching {path}")
        yield watch
    finally:
        watch.stop.set()
        watch.thread.join(DEADLINE)
        assert not watch.thread.is_alive()
    assert watch.failure is None


def holding(sight: Sight, photos: int) -> Callable[[], bool]:
    """Whether the catalogue has so many photos by then."""
    return lambda: len(sight.photos()) == photos


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "_FOLLOW", 0.2)
    monkeypatch.setattr(watcher_module, "_POLL_EVERY", 0.2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "library", batch_size=16)


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with opened(settings) as library:
        yield library


@pytest.fixture
def folder(tmp_path: Path, library: Library) -> Path:
    place = tmp_path / "photos"
    place.mkdir()
    library.add_folder(str(place))
    return place


@pytest.fixture
def sight(settings: Settings) -> Sight:
    return Sight(settings)


def test_photos_that_are_there_and_that_come(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    write(folder / "before.jpg", 1)
    with watched(library) as watch:
        watch.until(lambda: len(sight.photos()) == 1, "the photo that was there")
        write(folder / "new/sub/after.jpg", 2)
        watch.until(lambda: len(sight.photos()) == 2, "the photo that came")
    check_whole(settings, folder)


def test_a_file_that_grows_is_read_once_it_rests(
    library: Library, folder: Path, sight: Sight, settings: Settings, tmp_path: Path
) -> None:
    write(folder / "first.jpg", 1)
    data = write(tmp_path / "whole.jpg", 3).read_bytes()
    with watched(library, settle=0.8) as watch:
        watch.until_told("1 added")
        with (folder / "slow.jpg").open("wb", buffering=0) as file:
            step = max(1, len(data) // 24)
            for start in range(0, len(data), step):
                file.write(data[start : start + step])
                # The pace of the copy is what is tested: each piece comes before it has settled.
                time.sleep(0.05)
        watch.until(lambda: len(sight.photos()) == 2, "the whole photo")
        assert watch.total("failed") == 0
    check_whole(settings, folder)


def test_a_download_is_read_under_its_final_name(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    with watched(library) as watch:
        partial = folder / "photo.jpg.crdownload"
        write(folder.parent / "photo.jpg", 4).replace(partial)
        write(folder / "other.jpg", 5)
        watch.until(lambda: len(sight.photos()) == 1, "the other photo")
        assert list(sight.photos()) == [str(folder / "other.jpg")]
        partial.rename(folder / "photo.jpg")
        watch.until(lambda: len(sight.photos()) == 2, "the finished download")
        assert not sight.problems("failed")
        assert not sight.problems("skipped")
    check_whole(settings, folder)


def test_copied_in_renamed_in_bulk_and_half_moved_away(
    library: Library, folder: Path, sight: Sight, settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    library.add_folder(str(other))
    with watched(library) as watch:
        for number in range(60):
            write(folder / f"{number}.jpg", number)
        watch.until(lambda: len(sight.photos()) == 60, "60 photos")
        ids = {row.content_hash: row.photo_id for row in sight.photos().values()}
        for number in range(60):
            (folder / f"{number}.jpg").rename(folder / f"renamed {number}.jpg")
        watch.until(lambda: sorted(sight.photos()) == on_disk(folder), "60 renamed photos")
        for number in range(0, 60, 2):
            shutil.move(folder / f"renamed {number}.jpg", other / f"{number}.jpg")
        watch.until(lambda: sorted(sight.photos()) == on_disk(folder, other), "30 moved photos")
        watch.until(lambda: not sight.photos("missing"), "nothing missing")
        (folder / "renamed 1.jpg").unlink()
        watch.until(lambda: len(sight.photos("missing")) == 1, "one deleted")
        assert watch.total("embedded") == 60
    after = {row.content_hash: row.photo_id for row in sight.photos().values()}
    assert after.items() <= ids.items()
    assert len(after) == 59
    check_whole(settings, folder, other)


def test_directories_renamed_and_deleted(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    for number in range(6):
        write(folder / "trip" / f"{number}.jpg", number)
    with watched(library) as watch:
        watch.until(lambda: len(sight.photos()) == 6, "6 photos")
        ids = sorted(row.photo_id for row in sight.photos().values())
        (folder / "trip").rename(folder / "Trip to the sea")
        watch.until(lambda: sorted(sight.photos()) == on_disk(folder), "the new name")
        assert sorted(row.photo_id for row in sight.photos().values()) == ids
        shutil.rmtree(folder / "Trip to the sea")
        watch.until(lambda: len(sight.photos("missing")) == 6, "all missing")
    check_whole(settings, folder)


@pytest.mark.parametrize("mount_point_stays", [False, True])
def test_unplugged_and_plugged_in_again(
    library: Library, folder: Path, sight: Sight, settings: Settings, mount_point_stays: bool
) -> None:
    for number in range(6):
        write(folder / f"{number}.jpg", number)
    away = folder.parent / "away"
    with watched(library) as watch:
        watch.until(lambda: len(sight.photos()) == 6, "6 photos")
        before = sight.photos()
        folder.rename(away)
        if mount_point_stays:
            folder.mkdir()
        watch.until_told("is offline")
        assert sight.photos() == before
        write(away / "new.jpg", 50)
        if mount_point_stays:
            folder.rmdir()
        away.rename(folder)
        watch.until(lambda: len(sight.photos()) == 7, "the photo that came while it was away")
        assert before.items() <= sight.photos().items()
        write(folder / "later.jpg", 51)
        watch.until(lambda: len(sight.photos()) == 8, "events work again")
        assert watch.total("missing") == 0
    check_whole(settings, folder)


def test_a_folder_added_while_watching_is_indexed_and_watched(
    library: Library, folder: Path, sight: Sight, settings: Settings, tmp_path: Path
) -> None:
    with watched(library) as watch:
        late = write(tmp_path / "late/a.jpg", 1).parent
        library.add_folder(str(late))
        watch.until(lambda: len(sight.photos()) == 1, "the photo of the new folder")
        write(late / "b.jpg", 2)
        watch.until(lambda: len(sight.photos()) == 2, "a photo that came later")
        library.forget_folder(str(late))
        write(folder / "c.jpg", 3)
        watch.until(lambda: list(sight.photos()) == [str(folder / "c.jpg")], "only the first left")


def test_a_folder_forgotten_with_changes_waiting_costs_the_others_nothing(
    library: Library, folder: Path, sight: Sight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    library.add_folder(str(other))
    begin = library.index

    def forgetting(paths: Any, **options: Any) -> Any:
        if any(path.endswith("b.jpg") for path in paths) and len(library.folders()) == 2:
            library.forget_folder(str(other))
            paths = [*paths, str(other / "a.jpg")]
        return begin(paths, **options)

    monkeypatch.setattr(library, "index", forgetting)
    with watched(library) as watch:
        write(folder / "b.jpg", 2)
        watch.until(lambda: list(sight.photos()) == [str(folder / "b.jpg")], "the other folder")


def test_without_inotify_it_polls_and_says_so(
    library: Library,
    folder: Path,
    sight: Sight,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(self: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Observer, "start", exhausted)
    with watched(library) as watch:
        watch.until_told("by looking every")
        assert "limit on watched directories" in watch.notices[0].text
        write(folder / "a.jpg", 1)
        watch.until(lambda: len(sight.photos()) == 1, "a photo found by polling")
    check_whole(settings, folder)


def test_polling_when_asked_for(
    library: Library, tmp_path: Path, sight: Sight, settings: Settings
) -> None:
    place = tmp_path / "share"
    place.mkdir()
    library.add_folder(str(place), poll=True)
    with watched(library) as watch:
        watch.until_told("polling was asked for")
        path = write(place / "a.jpg", 1)
        watch.until(lambda: len(sight.photos()) == 1, "a photo found by polling")
        path.rename(place / "b.jpg")
        watch.until(lambda: sorted(sight.photos()) == on_disk(place), "a rename found by polling")
    check_whole(settings, place)


def test_it_stops_within_a_second_and_keeps_what_it_did(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    for number in range(300):
        write(folder / f"{number}.jpg", number)
    with watched(library) as watch:
        watch.until(lambda: len(sight.photos()) > 0, "the first batch")
        asked = time.monotonic()
        watch.stop.set()
        watch.thread.join(DEADLINE)
        assert time.monotonic() - asked < 1.0
    stored = len(sight.photos())
    assert counts(index(library)) == {"unchanged": stored, "added": 300 - stored}
    check_whole(settings, folder)


def test_a_second_watcher_is_refused(library: Library, folder: Path, settings: Settings) -> None:
    with watched(library), opened(settings) as other:
        with pytest.raises(LeaseHeld, match="watch"):
            Watcher(other).run(threading.Event())
        assert library.status().watcher.running
    assert not library.status().watcher.running


def tried_by(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The paths of every index job that the library is asked for from now on."""
    tried: list[list[str]] = []
    begin = library.index

    def counted(paths: Any, **options: Any) -> Any:
        tried.append(list(paths))
        return begin(paths, **options)

    monkeypatch.setattr(library, "index", counted)
    return tried


def test_what_another_job_kept_it_from_is_done_afterwards(
    library: Library,
    folder: Path,
    sight: Sight,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = tried_by(library, monkeypatch)
    write(folder / "before.jpg", 1)
    with opened(settings) as other:
        job = other.index([str(folder / "nothing")])
        next(job)
        with watched(library) as watch:
            write(folder / "after.jpg", 2)
            watch.until(lambda: [] in tried and any(tried), "the watcher was refused twice")
            assert not sight.photos()
            job.close()
            watch.until(lambda: len(sight.photos()) == 2, "both photos")
    check_whole(settings, folder)


def test_what_a_full_disk_kept_it_from_is_done_afterwards(
    library: Library, folder: Path, sight: Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "_AFTER_FAILURE", 0.2)
    begin, full = library.index, [True]

    def index(paths: Any, **options: Any) -> Any:
        if any(paths) and full:
            full.clear()
            raise CatalogueError("the disk is full")
        return begin(paths, **options)

    monkeypatch.setattr(library, "index", index)
    with watched(library) as watch:
        write(folder / "new.jpg", 1)
        watch.until_told("the disk is full")
        watch.until(holding(sight, 1), "the photo that failed at first")


def test_a_library_inside_the_folder_does_not_wake_the_watcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    write(folder / "a.jpg", 1)
    settings = settings_at(folder / "my library")
    sight = Sight(settings)
    with opened(settings) as library:
        tried = tried_by(library, monkeypatch)
        library.add_folder(str(folder))
        with watched(library) as watch:
            watch.until(lambda: len(sight.photos()) == 1, "the photo")
            for number in range(3):
                write(folder / f"{number}.jpg", 10 + number)
                watch.until(holding(sight, 2 + number), "the next photo")
        assert {os.path.dirname(path) for paths in tried for path in paths} == {str(folder)}
