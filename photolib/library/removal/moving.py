"""Moving the files of one journalled removal: out, back, and forward when back is barred."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from photolib.images.identity import display
from photolib.library.removal import standing_in, trash
from photolib.library.removal.checks import Refusal
from photolib.library.removal.standing_in import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import RemovalRow, RemovedFile
    from photolib.library.removal.disk import Disk


def out(disk: Disk, row: RemovalRow) -> None:
    """Move the files of a removal to the quarantine, and make that outlast a power cut."""
    method, photo = row.detail.method, row.files[0]
    if method in standing_in.METHODS:
        standing_in.make(disk, row.detail.kept or "", photo, method)
    for file in row.files:
        if method == "trash":
            trash.note(disk, file.quarantine, file.path)
        disk.move(file.path, file.quarantine)
    if method in standing_in.METHODS:
        standing_in.move_in(disk, photo)
    sync(disk, row.files)


def back(disk: Disk, row: RemovalRow) -> None:
    """Move every file that is in the quarantine to where it was.

    A file that never left, or that has come back, needs no moving. Raises Taken, OSError; those
    moved by then stay, and calling it again goes on.
    """
    for file in reversed(row.files):
        if row.detail.method in standing_in.METHODS:
            standing_in.back(disk, file)
        elif disk.exists(file.quarantine):
            _back(disk, file)
        if row.detail.method == "trash":
            trash.forget(disk, file.quarantine)
    sync(disk, row.files)


def _back(disk: Disk, file: RemovedFile) -> None:
    try:
        disk.move(file.quarantine, file.path)
    except FileExistsError as exc:
        ours, there = disk.facts(file.quarantine), disk.facts(file.path)
        if not (ours.same_file(there) and ours.links > 1):
            raise Taken(file.path) from exc
        # A rename made of a link and an unlink was cut short between the two.
        disk.delete(file.quarantine)


def forward(disk: Disk, row: RemovalRow) -> None:
    """Move those files that are still the ones that were to go to the quarantine after all."""
    for file in row.files:
        if not disk.exists(file.quarantine) and _is_ours(disk, file):
            disk.move(file.path, file.quarantine)
    sync(disk, row.files)


def _is_ours(disk: Disk, file: RemovedFile) -> bool:
    try:
        there = disk.facts(file.path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    known = (file.inode, file.size, file.mtime_ns)
    same = (there.inode, there.size, there.mtime_ns) == known
    return same or standing_in.is_same(disk, file.path, file)


def sync(disk: Disk, files: Sequence[RemovedFile]) -> None:
    """Make the names of files, where they were and where they wait, outlast a power cut."""
    names = [name for file in files for name in (file.path, file.quarantine)]
    for directory in dict.fromkeys(map(os.path.dirname, names)):
        try:
            disk.sync(directory)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it went with all that was in it


_CODES = {
    errno.EXDEV: ("cross-device", "Only a whole disk can be cleaned up, not a file mounted alone."),
    errno.EACCES: ("permission", "Give yourself the right to write to its directory."),
    errno.EPERM: ("permission", "Give yourself the right to write to its directory."),
    errno.EROFS: ("permission", "The drive is mounted read-only."),
    errno.ENOSPC: ("disk-full", "Free some space: photolib purge lists what waits."),
    errno.EDQUOT: ("disk-full", "Free some space: photolib purge lists what waits."),
    errno.ENODEV: ("offline", "Mount the drive, then try again."),
    errno.ENOENT: ("gone", "Run photolib index, then plan again."),
}


def refusal_of(exc: OSError, path: str) -> Refusal:
    """What the system's no to a move means for the person."""
    code, hint = _CODES.get(exc.errno or 0, ("failed", "Check the drive, then try again."))
    reason = exc.strerror or str(exc)
    if code == "offline":
        return Refusal(code, reason, hint)
    return Refusal(code, f"moving {display(os.path.basename(path))} failed: {reason.lower()}", hint)
