"""The system's trash as the place where removed files wait, so that its own tools know them.

The layout is that of the freedesktop.org Trash specification 1.0 (files/, info/, *.trashinfo); on
macOS the plain ~/.Trash. Undo takes files out again as long as nobody has emptied it.
"""

from __future__ import annotations

import os
import stat
import sys
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from photolib.library.removal.checks import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.removal.disk import Disk


def places(disk: Disk, path: str) -> Iterator[str]:
    """Trash directories that may take a file: the person's own, then those of its drive."""
    if sys.platform == "win32":
        raise Refusal("unsupported", "there is no way back from the Windows trash")
    if sys.platform == "darwin":
        yield os.path.expanduser("~/.Trash")
        return
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    if _device(data) == disk.facts(path).device:
        yield os.path.join(data, "Trash", "files")
    top, user = disk.mount_point(path), str(os.getuid())
    shared = os.path.join(top, ".Trash")
    if _is_sticky(shared):
        yield os.path.join(shared, user, "files")
    yield os.path.join(top, f".Trash-{user}", "files")


def _device(path: str) -> int | None:
    """The device that a path is on, or will be; None where nothing above it can be seen."""
    while not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    try:
        return os.stat(path).st_dev
    except OSError:
        return None


def _is_sticky(path: str) -> bool:
    """Whether a shared trash may be used: a directory of its own, where nobody removes others'."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)


def note(disk: Disk, trashed: str, path: str) -> None:
    """Tell the system's tools where a file that comes to the trash was."""
    info = _info(trashed)
    if info is None:
        return
    home = os.path.dirname(os.path.dirname(trashed)).endswith(f"{os.sep}Trash")
    where = path if home else os.path.relpath(os.path.realpath(path), disk.mount_point(path))
    moment = datetime.now().isoformat(timespec="seconds")
    text = f"[Trash Info]\nPath={quote(os.fsencode(where))}\nDeletionDate={moment}\n"
    disk.write(info, text)


def forget(disk: Disk, trashed: str) -> None:
    """Take back what was told of a file that has left the trash."""
    info = _info(trashed)
    if info is not None and disk.exists(info) and not disk.exists(trashed):
        disk.delete(info)


def _info(trashed: str) -> str | None:
    above, name = os.path.split(trashed)
    if os.path.basename(above) != "files":
        return None
    return os.path.join(os.path.dirname(above), "info", f"{name}.trashinfo")
