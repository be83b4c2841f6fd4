"""A folder with copies of real pictures, a library over it, and a disk that tests can disturb."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from photolib.jobs import finish
from photolib.library import Library
from photolib.library.removal.disk import Disk
from photolib.models import FakeEncoder
from tests.library.shelf import Sight, index, settings_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library.results import RemovalReport, UndoReport

Disturbance = Callable[[str, str], None]


class DisturbedDisk(Disk):
    """Calls what a test wants to happen before or after each rename."""

    def __init__(self) -> None:
        self.before: Disturbance = lambda source, target: None
        self.after: Disturbance = lambda source, target: None

    def move(self, source: str, target: str) -> None:
        self.before(source, target)
        super().move(source, target)
        self.after(source, target)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "library")


@pytest.fixture
def sight(settings: Settings) -> Sight:
    return Sight(settings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``big.jpg`` with a copy to the byte, one with other metadata, and a picture like no other."""
    place = tmp_path / "photos"
    write(place / "big.jpg", 1)
    (place / "below").mkdir()
    (place / "below/copy.jpg").write_bytes((place / "big.jpg").read_bytes())
    write(place / "noted.jpg", 1, note="a note")
    write(place / "other.jpg", 2)
    return place


@pytest.fixture
def disk() -> DisturbedDisk:
    return DisturbedDisk()


@pytest.fixture
def library(settings: Settings, folder: Path, disk: DisturbedDisk) -> Iterator[Library]:
    with Library(settings, encoder=FakeEncoder("fake-colours.1"), disk=disk) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


def remove(library: Library, *paths: Path, without_keeper: bool = False) -> RemovalReport:
    job = library.remove_paths([str(path) for path in paths], without_keeper=without_keeper)
    return finish(job)


def undo(library: Library, batch_id: int | None = None) -> UndoReport:
    return finish(library.undo(batch_id))


def removed(report: RemovalReport) -> list[str]:
    """The names of what was removed; nothing may have been refused."""
    assert not report.refused, report.refused
    return [photo.path.rpartition("/")[2] for photo in report.removed]


def refusal(report: RemovalReport) -> str:
    """The code of the only thing that happened, a refusal."""
    assert not report.removed
    assert report.batch_id is None
    [refused] = report.refused
    assert refused.reason
    return refused.code


def photo_id(library: Library, path: Path) -> int:
    found = library.photo_id_at(str(path))
    assert found is not None
    return found
