"""Sharing bytes instead of going away: a hard link or a clone of the keeper takes a photo's name.

The photo's own file waits in the quarantine all the same, so undo brings back the very file. The
stand-in is made under a name of its own first and moved to the photo's when that is free.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from photolib.errors import ImageError
from photolib.library.removal.checks import Checked, Refusal

if TYPE_CHECKING:
    from photolib.catalogue import RemovedFile
    from photolib.library.removal.disk import Disk

METHODS = ("hardlink", "reflink")
_NEW, _ASIDE = ".new", ".aside"
_CANNOT_CLONE = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS)


class Taken(Exception):
    """Another file stands where one should come back to; ``path`` names it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def check(checked: Checked, method: str, *, keeper_in_reference: bool) -> None:
    """Raise Refusal unless a file may share its bytes with the one that is kept."""
    if checked.match is None or checked.match.tier != "bytes":
        hint = "Remove it instead (--method quarantine)."
        raise Refusal("other-bytes", "only files of the very same bytes can share them", hint)
    if method == "hardlink" and keeper_in_reference:
        reason = "a second name would let an edit through to the reference folder"
        raise Refusal("reference", reason, "Use --method reflink, which shares no edits.")


def make(disk: Disk, keeper: str, file: RemovedFile, method: str) -> None:
    """Make the stand-in, ready to be moved to the photo's name; raises Refusal, OSError."""
    try:
        disk.share(keeper, file.quarantine + _NEW, method, file.mode, file.mtime_ns)
    except OSError as exc:
        if exc.errno not in _CANNOT_CLONE:
            raise
        hint = "Use --method hardlink, or the quarantine."
        raise Refusal("unsupported", "this file system cannot share bytes", hint) from exc


def move_in(disk: Disk, file: RemovedFile) -> None:
    """Give the stand-in the name of the photo, whose own file has left."""
    disk.move(file.quarantine + _NEW, file.path)


def back(disk: Disk, file: RemovedFile) -> None:
    """Put a photo's own file in the place of its stand-in; however far it had come before.

    Raises Taken when something else has the name: what a person has made of it since stays.
    """
    _drop_new(disk, file)
    if disk.exists(file.quarantine):
        _make_way(disk, file)
        disk.move(file.quarantine, file.path)
    if disk.exists(file.quarantine + _ASIDE):
        disk.delete(file.quarantine + _ASIDE)


def _drop_new(disk: Disk, file: RemovedFile) -> None:
    """Delete a stand-in that never stood in: nobody but us knows its name."""
    if disk.exists(file.quarantine + _NEW):
        disk.delete(file.quarantine + _NEW)


def _make_way(disk: Disk, file: RemovedFile) -> None:
    """Move the stand-in out of the way, and make sure that it is one."""
    aside = file.quarantine + _ASIDE
    if not disk.exists(aside):
        if not disk.exists(file.path):
            return
        disk.move(file.path, aside)
    elif disk.exists(file.path):
        raise Taken(file.path)
    if not is_same(disk, aside, file):
        disk.move(aside, file.path)
        raise Taken(file.path)


def is_same(disk: Disk, path: str, file: RemovedFile) -> bool:
    """Whether a file holds the bytes that the photo's own file has."""
    try:
        return disk.facts(path).regular and disk.digest(path) == file.content_hash
    except ImageError:
        return False
