"""The file operations of removal: each is one step, and a crash may come between any two.

Nothing here overwrites or deletes a file that holds the only copy of its bytes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from photolib.images import content_hash

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
"""Linux, renameat2(2)."""
_RENAME_EXCL = 4
"""macOS, renamex_np(2)."""
_FICLONE = 0x40049409
"""Linux, ioctl_ficlone(2)."""
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


@dataclass(frozen=True, slots=True)
class Facts:
    """What tells one file from another: where its bytes are, how many, and when they changed."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    mode: int
    links: int

    @property
    def regular(self) -> bool:
        """Whether it is an ordinary file, not a link or a device."""
        return stat.S_ISREG(self.mode)

    def same_file(self, other: Facts) -> bool:
        """Whether two names lead to one file: a hard link, an alias, a second mount."""
        return (self.device, self.inode) == (other.device, other.inode)

    def untouched(self, other: Facts) -> bool:
        """Whether this is the same file, not written to in between."""
        return self.same_file(other) and (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


class Disk:
    """The file system as removal uses it. Every method raises OSError as the system does."""

    def facts(self, path: str) -> Facts:
        """A file by its name; a link is not followed."""
        found = os.lstat(path)
        return Facts(
            found.st_dev,
            found.st_ino,
            found.st_size,
            found.st_mtime_ns,
            found.st_mode,
            found.st_nlink,
        )

    def digest(self, path: str) -> bytes:
        """The content hash of a file's bytes, read now; raises ImageError too."""
        return content_hash(path)

    def exists(self, path: str) -> bool:
        """Whether anything has this name; raises OSError where that cannot be known."""
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def mount_point(self, path: str) -> str:
        """The top directory of the drive that a file is on."""
        place = os.path.dirname(os.path.realpath(path))
        while not os.path.ismount(place):
            place = os.path.dirname(place)
        return place

    def make_directory(self, path: str, mode: int = 0o777) -> None:
        """Create a directory, and make it outlast a power cut; one that is there is fine."""
        try:
            os.mkdir(path, mode)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise
            return
        self.sync(os.path.dirname(path))

    def drop_directory(self, path: str) -> None:
        """Remove a directory if it is empty."""
        os.rmdir(path)

    def move(self, source: str, target: str) -> None:
        """Rename a file; raises FileExistsError rather than replace what is at ``target``."""
        _rename(os.fsencode(source), os.fsencode(target))

    def share(self, source: str, target: str, method: str, mode: int, mtime_ns: int) -> None:
        """Make a new file of the same bytes that takes no room: a ``hardlink`` or a ``reflink``.

        A reflink is a clone with permissions and time of its own; OSError where the file system
        has none.
        """
        if method == "hardlink":
            os.link(source, target, follow_symlinks=False)
            return
        _clone(source, target)
        self.restore_facts(target, mode, mtime_ns)

    def write(self, path: str, text: str) -> None:
        """Write a new small file; FileExistsError where there is one."""
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)

    def restore_facts(self, path: str, mode: int, mtime_ns: int) -> None:
        """Give a file its permissions and time again, should anybody have changed them."""
        now = os.lstat(path)
        if stat.S_IMODE(now.st_mode) != stat.S_IMODE(mode):
            os.chmod(path, stat.S_IMODE(mode))
        if now.st_mtime_ns != mtime_ns:
            os.utime(path, ns=(now.st_atime_ns, mtime_ns))

    def delete(self, path: str) -> None:
        """Delete a file for good."""
        os.unlink(path)

    def sync(self, directory: str) -> None:
        """Make the names in a directory outlast a power cut, where the file system can."""
        if sys.platform == "win32":  # directories cannot be opened there
            return
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        except OSError as exc:
            if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(handle)


def _rename(source: bytes, target: bytes) -> None:
    """Rename without replacing: by the system's own call, else by a link, else by looking first."""
    exclusive = _exclusive_rename()
    if exclusive is not None:
        code = exclusive(source, target)
        if code == 0:
            return
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), os.fsdecode(source), None, os.fsdecode(target))
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as exc:
        if exc.errno not in (*_UNSUPPORTED, errno.EPERM, errno.EMLINK):
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from exc
        os.rename(source, target)
    else:
        os.unlink(source)


def _clone(source: str, target: str) -> None:
    """A copy-on-write clone: FICLONE on Linux (btrfs, xfs, bcachefs), clonefile(2) on macOS."""
    if sys.platform == "darwin":
        call = ctypes.CDLL(None, use_errno=True).clonefile
        if call(os.fsencode(source), os.fsencode(target), ctypes.c_uint(0)):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), source, None, target)
        return
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    import fcntl

    with open(source, "rb") as original, open(target, "xb") as clone:
        try:
            fcntl.ioctl(clone.fileno(), _FICLONE, original.fileno())
            os.fsync(clone.fileno())
        except OSError:
            os.unlink(target)
            raise


@cache
def _exclusive_rename() -> Callable[[bytes, bytes], int] | None:
    """The system's rename that fails when the target exists; it returns 0 or an errno."""
    if sys.platform == "win32":
        return None  # os.rename fails there when the target exists; a link is tried before
    system = ctypes.CDLL(None, use_errno=True)
    name = "renamex_np" if sys.platform == "darwin" else "renameat2"
    call = getattr(system, name, None)
    if call is None:
        return None

    def rename(source: bytes, target: bytes) -> int:
        if name == "renamex_np":
            failed = call(source, target, ctypes.c_uint(_RENAME_EXCL))
        else:
            flags = ctypes.c_uint(_RENAME_NOREPLACE)
            failed = call(_AT_FDCWD, source, _AT_FDCWD, target, flags)
        return ctypes.get_errno() if failed else 0

    return rename
