"""Folders of tiny files, a catalogue over them, and a disk that fails when it is told to.

A file's bytes say which picture it is: ``3a`` and ``3b`` are near copies, two ``3a`` are equal.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from photolib.catalogue import Catalogue, NewContent, Stat
from photolib.config import Settings
from photolib.images.identity import content_hash, display
from photolib.jobs import Job, finish
from photolib.library import folders
from photolib.library.removal import recovery
from photolib.library.removal.disk import Disk
from photolib.library.removal.evidence import Match
from photolib.library.removal.purging import Purger
from photolib.library.removal.quarantine import DIRECTORY
from photolib.library.removal.removing import Remover
from photolib.library.removal.undoing import Undoer
from photolib.library.results import (
    PlanItem,
    PlannedPhoto,
    PurgeReport,
    RemovalReport,
    UndoReport,
)
from photolib.library.scan import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import CandidateRow, PhotoRow, RemovalRow
    from photolib.library.removal.disk import Facts

SUFFIXES = {b"raw": ".cr2", b"jpg": ".jpg"}


class Crash(BaseException):
    """The process dies here."""


@dataclass
class FaultyDisk(Disk):
    """Dies before or after a step, or fails at one; steps are counted from ``arm``."""

    top: str
    crash_at: int = -1
    fail_at: int = -1
    error: int = errno.ENOSPC
    steps: int = 0
    dead: bool = False

    def arm(self, *, crash_at: int = -1, fail_at: int = -1, error: int = errno.ENOSPC) -> None:
        self.crash_at, self.fail_at, self.error = crash_at, fail_at, error
        self.steps, self.dead = 0, False

    def _before(self) -> None:
        if self.dead or self.steps == self.crash_at:
            self.dead = True
            raise Crash
        self.steps += 1
        if self.steps - 1 == self.fail_at:
            raise OSError(self.error, os.strerror(self.error))

    def _after(self) -> None:
        if self.steps == self.crash_at:
            self.dead = True
            raise Crash

    def mount_point(self, path: str) -> str:
        return self.top

    def facts(self, path: str) -> Facts:
        self._before()
        return super().facts(path)

    def digest(self, path: str) -> bytes:
        self._before()
        return super().digest(path)

    def exists(self, path: str) -> bool:
        self._before()
        return super().exists(path)

    def make_directory(self, path: str, mode: int = 0o777) -> None:
        self._before()
        super().make_directory(path, mode)
        self._after()

    def drop_directory(self, path: str) -> None:
        self._before()
        super().drop_directory(path)

    def move(self, source: str, target: str) -> None:
        self._before()
        super().move(source, target)
        self._after()

    def share(self, source: str, target: str, method: str, mode: int, mtime_ns: int) -> None:
        self._before()
        if method == "hardlink":
            super().share(source, target, method, mode, mtime_ns)
        else:  # a file system in memory cannot clone
            shutil.copyfile(source, target)
            super().restore_facts(target, mode, mtime_ns)
        self._after()

    def write(self, path: str, text: str) -> None:
        self._before()
        super().write(path, text)
        self._after()

    def restore_facts(self, path: str, mode: int, mtime_ns: int) -> None:
        self._before()
        super().restore_facts(path, mode, mtime_ns)

    def delete(self, path: str) -> None:
        self._before()
        super().delete(path)
        self._after()

    def sync(self, directory: str) -> None:
        self._before()
        os.stat(directory)  # a file system in memory has nothing to make last


@cache
def _template() -> bytes:
    """An empty catalogue, made once: migrations would take most of the time of short histories."""
    with tempfile.TemporaryDirectory() as place:
        Catalogue(Settings(library=Path(place))).close()
        return (Path(place) / Settings(library=Path(place)).catalogue_path.name).read_bytes()


def memory() -> str | None:
    """A directory in memory, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def same_picture(victim: CandidateRow, keeper: CandidateRow) -> Match | None:
    """The evidence that the bytes give: the first one names the picture."""
    if victim.content_id == keeper.content_id:
        return Match("bytes", "same-bytes", 1.0)
    one, other = (Path(row.path).read_bytes()[:1] for row in (victim, keeper))
    return Match("near", None, 0.9) if one == other else None


@dataclass
class House:
    """Two watched folders and a reference folder, all in one temporary directory."""

    base: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(dir=memory())))
    disk: FaultyDisk = field(init=False)
    clock: int = 1_500_000_000

    def __post_init__(self) -> None:
        self.disk = FaultyDisk(str(self.base))
        self.environment = os.environ.get("XDG_DATA_HOME")
        os.environ["XDG_DATA_HOME"] = str(self.base / "home")
        self.settings = Settings(library=self.base / "library")
        self.settings.library.mkdir()
        self.settings.catalogue_path.write_bytes(_template())
        self.catalogue = Catalogue(self.settings)
        for name in ("a", "b", "reference"):
            (self.base / name / "x").mkdir(parents=True)
            folders.add(
                self.catalogue,
                str(self.base / name),
                library=self.settings.library,
                reference=name == "reference",
            )

    def close(self) -> None:
        os.environ.pop("XDG_DATA_HOME")
        if self.environment is not None:
            os.environ["XDG_DATA_HOME"] = self.environment
        self.catalogue.close()
        shutil.rmtree(self.base)

    # --- the folders -----------------------------------------------------------------------------

    def roots(self) -> list[Path]:
        return [self.base / name for name in ("a", "b", "reference") if (self.base / name).exists()]

    def trash(self) -> list[Path]:
        """Where the system's trash keeps files, once there is one."""
        places = (self.base / "home/Trash/files", self.base / f".Trash-{os.getuid()}/files")
        return [place for place in places if place.exists()]

    def put(self, path: Path, data: bytes) -> Path:
        """A file with a time that none had before: changes within one tick cannot be seen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.write_bytes(data)
        return self.stamp(path)

    def stamp(self, path: Path) -> Path:
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        return path

    def files(self, *, quarantined: bool = False) -> list[Path]:
        """All files, or all that wait in a quarantine."""
        found = [entry for entry in self._entries() if _is_hidden_away(entry) == quarantined]
        return [Path(entry.path) for entry in sorted(found, key=_order)]

    def _entries(self) -> list[os.DirEntry[str]]:
        pending, found = [str(root) for root in [*self.roots(), *self.trash()]], []
        while pending:
            top = pending.pop()
            with os.scandir(top) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif entry.name[0] != ".":
                        found.append(entry)
        return found

    def holdings(self) -> Counter[bytes]:
        """How many files there are with which bytes, wherever they are; two names are one file."""
        seen: dict[int, bytes] = {}
        for entry in self._entries():
            if entry.inode() in seen:
                continue
            if entry.is_symlink():
                seen[entry.inode()] = os.fsencode(os.readlink(entry.path))
            else:
                with open(entry.path, "rb", buffering=0) as file:
                    seen[entry.inode()] = file.read()
        return Counter(seen.values())

    # --- the catalogue ---------------------------------------------------------------------------

    def scan(self) -> None:
        """What an index job does, but that every file counts as a picture."""
        for folder in self.catalogue.folders.all():
            if folders.is_online(self.catalogue, folder):
                found = finish(scan(self.catalogue, folder))
                photos = self.catalogue.photos
                with self.catalogue.transaction():
                    photos.mark(found.restored, "present")
                    for each in found.candidates:
                        self._place(folder.folder_id, os.fsencode(folder.root), each.path)
                    for part in found.parts:
                        owner = photos.at(folder.folder_id, part.primary)
                        shown = display(os.path.join(folder.path, part.path))
                        if owner is not None:
                            where = (folder.folder_id, part.path, shown, part.stat, part.role)
                            photos.add_part(*where, owner.photo_id)
                    gone = found.gone.values()
                    photos.mark((g.row_id for g in gone if g.kind == "photo"), "missing")
                    photos.drop_parts(g.row_id for g in gone if g.kind == "part")

    def _place(self, folder_id: int, root: bytes, path: bytes) -> None:
        photos, absolute = self.catalogue.photos, os.path.join(root, path)
        facts = os.lstat(absolute)
        stat = Stat(facts.st_size, facts.st_mtime_ns, facts.st_ino)
        new = NewContent(content_hash(absolute), stat.size, "JPEG", 4, 3)
        content_id, taken = photos.add_content(new), ("2020-01-01T00:00:00", "mtime")
        standing = photos.at(folder_id, path)
        if standing is None:
            photos.add(folder_id, path, display(absolute), stat, content_id, taken)
        else:
            photos.refresh(standing.photo_id, stat, content_id, taken)

    def photos(self) -> list[PhotoRow]:
        """The present photos."""
        with self.catalogue.transaction():
            ids = [row.photo_id for row in self.catalogue.photos.candidates()]
        return self.catalogue.photos.many(ids)

    def at(self, path: Path) -> PhotoRow:
        """The present photo at a path."""
        return next(row for row in self.photos() if row.path == str(path))

    def journal(self) -> list[RemovalRow]:
        """Every removal ever."""
        return [row for batch in self.catalogue.removals.batches() for row in batch]

    # --- photolib --------------------------------------------------------------------------------

    def reopen(self) -> None:
        """Open the library anew, as after a crash."""
        self.catalogue.close()
        self.catalogue = Catalogue(self.settings)
        self.settle()

    def settle(self) -> None:
        """What every opening of a library does: what was left half done is settled."""
        recovery.recover_quietly(self.catalogue, self.disk)

    def remove(
        self,
        items: Sequence[PlanItem],
        *,
        without_keeper: bool = False,
        dry_run: bool = False,
        method: str = "quarantine",
    ) -> RemovalReport:
        with self.catalogue.leases.hold(recovery.LEASE) as lease:
            recovery.recover(self.catalogue, self.disk, lease)
            remover = Remover(self.catalogue, self.disk, same_picture, lease, method=method)
            finish(remover.run(items, without_keeper=without_keeper, dry_run=dry_run))
            return remover.report(dry_run=dry_run)

    def undo(self, batch_id: int | None = None) -> UndoReport:
        with self.catalogue.leases.hold(recovery.LEASE) as lease:
            recovery.recover(self.catalogue, self.disk, lease)
            job: Job[UndoReport] = Undoer(self.catalogue, self.disk, lease).run(batch_id)
            return finish(job)

    def purge(self, older_than: float = 0.0) -> PurgeReport:
        with self.catalogue.leases.hold(recovery.LEASE) as lease:
            recovery.recover(self.catalogue, self.disk, lease)
            return finish(Purger(self.catalogue, self.disk, lease).run(older_than))


def item(victim: PhotoRow, keeper: PhotoRow | None) -> PlanItem:
    """A plan's item that keeps one photo for another, whatever they show."""
    keep = planned(keeper) if keeper else None
    return PlanItem(planned(victim), keep, None, None, None, "tested")


def planned(row: PhotoRow) -> PlannedPhoto:
    return PlannedPhoto(row.photo_id, row.path, row.content_hash.hex(), row.size)


def _is_hidden_away(entry: os.DirEntry[str]) -> bool:
    return DIRECTORY in entry.path or os.path.dirname(entry.path).endswith("/files")


def _order(entry: os.DirEntry[str]) -> tuple[str, str, int]:
    """By what is the same in every run: names in the quarantine begin with chance."""
    above, name = os.path.split(entry.path)
    facts = entry.stat(follow_symlinks=False)
    return above, name.partition(".")[2] if DIRECTORY in above else name, facts.st_mtime_ns


def is_near(one: bytes, other: bytes) -> bool:
    """Whether the bytes of two files show one picture."""
    return one[:1] == other[:1]


def unlink(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
