"""Where removed files wait: a hidden directory on their own mount, which no scan enters."""

from __future__ import annotations

import errno
import os
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.removal.disk import Disk

DIRECTORY = ".photolib-quarantine"
"""Hidden, and so passed over by ``images.walk``, whatever a folder ignores."""

_LONGEST_NAME = 255
"""Bytes: what nearly every file system allows."""

ELSEWHERE = frozenset((errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS))
"""What a rename or a mkdir says when another quarantine further down may do."""


def prepare(disk: Disk, place: str) -> None:
    """Create a directory for files to wait in, private to its owner; of a trash its two."""
    if os.path.basename(place) == "files":
        trash = os.path.dirname(place)
        _make(disk, trash)
        disk.make_directory(os.path.join(trash, "info"), 0o700)
    disk.make_directory(place, 0o700)


def _make(disk: Disk, path: str) -> None:
    if not disk.exists(path):
        _make(disk, os.path.dirname(path))
        disk.make_directory(path, 0o700)


def places(disk: Disk, root: str, path: str) -> Iterator[str]:
    """Quarantine directories that may take a file, from the folder's root down to its own.

    Those on another device are left out. Equal devices may still be two mounts (a bind mount), so
    only the rename itself tells.
    """
    below = os.path.relpath(os.path.dirname(path), root)
    device = disk.facts(path).device
    place = root
    for name in ["", *(() if below == os.curdir else below.split(os.sep))]:
        place = os.path.join(place, name) if name else place
        if disk.facts(os.path.join(place, os.curdir)).device == device:
            yield os.path.join(place, DIRECTORY)


def unique_name(path: str) -> str:
    """A name that no other file has, ending in the file's own for whoever looks by hand."""
    token, own = token_hex(8), os.path.basename(path)
    while len(os.fsencode(own)) + len(token) >= _LONGEST_NAME:
        own = own[1:]  # a character at a time: half of one is no name on some file systems
    return f"{token}.{own}"
