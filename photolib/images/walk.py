"""Which files of a folder are photos, videos or sidecars, and which are passed over, and why.

The walk speaks bytes: a file name is whatever the file system says it is, valid UTF-8 or not.
Files whose name promises none of these are reported as ``other``: their content may still be a
picture. Temporary names of unfinished copies, and hidden or excluded names, are not reported at
all. What must not be opened (a link, a pipe, a device) is reported with its reason.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Kind: TypeAlias = Literal["photo", "video", "sidecar", "other", "skip", "error"]
FileKind: TypeAlias = Literal["photo", "video", "sidecar"]
Ignored: TypeAlias = "Callable[[bytes, bytes], bool]"

RAW_EXTENSIONS = frozenset(
    b"3fr arw cr2 cr3 crw dcr dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf"
    b" srw x3f".split()
)
_PHOTOS = RAW_EXTENSIONS.union(
    b"jpg jpeg jpe jfif jif mpo png apng webp gif tif tiff bmp dib ppm pgm pbm pnm".split(),
    b"jp2 j2k jpf jpx jpm jpc j2c avif avifs heic heif heics heifs hif jxl psd".split(),
)
_VIDEOS = frozenset(b"mp4 mov m4v avi mkv webm mts m2ts 3gp 3g2 mpg mpeg wmv".split())
_KINDS: dict[bytes, FileKind] = {
    **dict.fromkeys(_PHOTOS, "photo"),
    **dict.fromkeys(_VIDEOS, "video"),
    b"xmp": "sidecar",
}
_EXCLUDED = frozenset(
    (
        b"@eadir",
        b"@recently-snapshot",
        b"@recycle",
        b"#recycle",
        b"#snapshot",
        b"$recycle.bin",
        b"__macosx",
        b"lost+found",
        b"system volume information",
    )
)
_UNFINISHED = frozenset(
    b"part partial tmp temp crdownload download opdownload filepart aria2 swp".split()
)
_HIDDEN_WINDOWS = getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 0) | getattr(
    stat, "FILE_ATTRIBUTE_SYSTEM", 0
)
_ODD_FILES = {
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a folder.

    ``path`` is relative to the walked root (empty for the root itself). ``size`` is in bytes;
    ``inode`` and ``device`` are 0 where the platform has none. ``reason`` says why an entry is
    ``skip`` (it is seen but never opened) or ``error`` (it could not be looked at; if it is a
    directory, nothing below it was seen, so nothing below it is known to be gone).
    """

    path: bytes
    kind: Kind
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    device: int = 0
    reason: str = ""


def classify(name: bytes) -> FileKind | None:
    """The kind of file that a name promises by its last extension, None for every other file."""
    return _KINDS.get(_extension(name))


def _extension(name: bytes) -> bytes:
    return name[name.rfind(b".") + 1 :].lower() if b"." in name else b""


def walk(root: Path, ignore: Sequence[str] = (), below: bytes = b"") -> Iterator[Found]:
    """Every photo, video and sidecar below ``root``, ordered by name within each directory.

    ``ignore`` holds shell patterns, matched against the path relative to ``root`` and against the
    bare name; an ignored directory is not entered. Links are never followed. Nothing is opened,
    and nothing is raised: what cannot be read comes as an ``error`` entry. ``below``, a directory
    relative to ``root``, restricts the walk to the part of it that lies there.
    """
    base = os.fsencode(root)
    ignored = _ignored(ignore)
    pending = [below] if not below or _reached(base, below, ignored) else []
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(os.path.join(base, directory)) as listing:
                entries = sorted(listing, key=_name)
        except OSError as exc:
            yield Found(directory, "error", reason=_why(exc))
            continue
        inner = []
        prefix = directory + b"/" if directory else b""
        for entry in entries:
            name = entry.name
            relative = prefix + name
            if ignored(relative, name):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(relative)
                elif found := _found(entry, relative):
                    yield found
            except OSError as exc:
                yield Found(relative, "error", reason=_why(exc))
        inner.reverse()
        pending += inner


def found_at(root: Path, relative: bytes, ignore: Sequence[str] = ()) -> Found | None:
    """The entry that ``walk`` would report for one path below ``root``; None if it would not.

    A path that is gone, or that lies behind a link or an ignored directory, is None too.
    """
    base = os.fsencode(root)
    ignored = _ignored(ignore)
    if not _reached(base, relative, ignored):
        return None
    name = os.path.basename(relative)
    try:
        return _found(_Entry(os.path.join(base, relative), name), relative)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        return Found(relative, "error", reason=_why(exc))


def _reached(base: bytes, relative: bytes, ignored: Ignored) -> bool:
    """Whether a walk from ``base`` comes to a path: nothing on the way is ignored, or a link."""
    names = relative.split(b"/")
    for depth in range(1, len(names) + 1):
        part = b"/".join(names[:depth])
        if ignored(part, names[depth - 1]):
            return False
        if depth < len(names) and os.path.islink(os.path.join(base, part)):
            return False
    return True


class _Entry:
    """What ``_found`` asks of an ``os.DirEntry``, for a single path."""

    def __init__(self, path: bytes, name: bytes) -> None:
        self.path, self.name = path, name

    def is_symlink(self) -> bool:
        return os.path.islink(self.path)

    def is_dir(self) -> bool:
        return os.path.isdir(self.path)

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        return os.stat(self.path, follow_symlinks=follow_symlinks)


def _found(entry: os.DirEntry[bytes] | _Entry, relative: bytes) -> Found | None:
    kind = classify(entry.name)
    if entry.is_symlink():
        if kind:
            return Found(relative, "skip", reason="a link; links are not followed")
        if entry.is_dir():
            return Found(relative, "skip", reason="a link to a folder; links are not followed")
        return None
    if kind is None and (entry.name.endswith(b"~") or _extension(entry.name) in _UNFINISHED):
        return None
    facts = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode):
        if stat.S_ISDIR(facts.st_mode):
            return None
        reason = _ODD_FILES.get(stat.S_IFMT(facts.st_mode), "not an ordinary file")
        return Found(relative, "skip", reason=reason) if kind else None
    if _HIDDEN_WINDOWS and getattr(facts, "st_file_attributes", 0) & _HIDDEN_WINDOWS:
        return None
    kind_or_other: Kind = kind or "other"
    return Found(
        relative, kind_or_other, facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_dev
    )


def _ignored(patterns: Sequence[str]) -> Ignored:
    """Whether a relative path or its bare name is hidden, excluded or matches a pattern."""
    if not patterns:
        return lambda _, name: name[:1] == b"." or name.lower() in _EXCLUDED
    any_of = "|".join(fnmatch.translate(pattern.rstrip("/")) for pattern in patterns)
    matches = re.compile(any_of).match

    def ignored(relative: bytes, name: bytes) -> bool:
        if name[:1] == b"." or name.lower() in _EXCLUDED:
            return True
        return bool(matches(os.fsdecode(name)) or matches(os.fsdecode(relative)))

    return ignored


def _name(entry: os.DirEntry[bytes]) -> bytes:
    return entry.name


def _why(exc: OSError) -> str:
    if isinstance(exc, PermissionError):
        return "no permission to read it"
    if isinstance(exc, FileNotFoundError):
        return "it vanished while the folder was read"
    return (exc.strerror or "it cannot be read").lower()
