"""Watched folders: adding, recognising and forgetting them, and telling which are online."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from typing import TYPE_CHECKING

from photolib.errors import FolderError, NotFound
from photolib.images.identity import display
from photolib.library.results import FolderStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from photolib.catalogue import Catalogue, FolderRow

MARKER = ".photolib-folder"
"""A small hidden file whose token tells a folder from an empty mount point of the same name."""

_EXPLANATION = "This file tells photolib that the folder is there.\n"
_TOKEN = re.compile(r"^[0-9a-f]{32}$", re.MULTILINE)
_MARKER_BYTES = 4096

_SAMPLE = 8
"""Photos whose presence decides about a folder that could not be marked."""


def add(
    catalogue: Catalogue,
    path: str,
    *,
    library: Path,
    reference: bool = False,
    poll: bool = False,
    ignore: Sequence[str] = (),
) -> FolderStatus:
    """Watch a folder from now on; adding one again changes only the options that are given.

    Raises FolderError when the folder is absent, no directory, unreadable, overlaps another, or is
    the directory ``library`` itself, whose thumbnails are no photos.
    """
    root = os.path.abspath(os.path.expanduser(path))
    _check_readable(root)
    if _same(root, str(library)):
        message = f"{display(root)} is the library itself"
        raise FolderError(message, "Keep the library elsewhere (--library DIR).")
    for folder in catalogue.folders.all():
        if _same(folder.root, root):
            catalogue.folders.configure(
                folder.folder_id,
                reference=reference or folder.reference,
                poll=poll or folder.poll,
                ignore=ignore or folder.ignore,
            )
            return status(catalogue, catalogue.folders.get(folder.folder_id) or folder)
        _check_apart(folder, root)
    folder_id = catalogue.folders.add(
        os.fsencode(root),
        display(root),
        marker=_mark(root),
        device=os.stat(root).st_dev,
        reference=reference,
        poll=poll,
        ignore=ignore,
    )
    added = catalogue.folders.get(folder_id)
    assert added is not None
    return status(catalogue, added)


def status(catalogue: Catalogue, folder: FolderRow) -> FolderStatus:
    """A folder as the front ends show it, its state looked up now."""
    return FolderStatus(
        folder_id=folder.folder_id,
        path=folder.root,
        state="online" if is_online(catalogue, folder) else "offline",
        photos=catalogue.photos.by_folder().get(folder.folder_id, 0),
        last_scan=folder.scanned_at,
        reference=folder.reference,
        poll=folder.poll,
        ignore=folder.ignore,
    )


def find(catalogue: Catalogue, path: str) -> FolderRow:
    """The watched folder at a path; NotFound names those there are."""
    root = os.path.abspath(os.path.expanduser(path))
    folders = catalogue.folders.all()
    for folder in folders:
        if folder.root == root or _same(folder.root, root):
            return folder
    known = ", ".join(folder.display for folder in folders) or "none yet"
    raise NotFound(f"{display(root)} is not a folder of this library", f"Folders: {known}.")


def containing(folders: Sequence[FolderRow], path: str) -> tuple[FolderRow, bytes] | None:
    """The folder that holds a path, and the path relative to it (b"" for the folder itself).

    A path through a link to the folder, or to something inside it, is found as well.
    """
    plain = os.path.abspath(path)
    above, name = os.path.split(plain)
    # A link to a file is an entry of its own directory; one to a directory stands for it.
    whole = os.path.isdir(plain)
    real = os.path.realpath(plain) if whole else os.path.join(os.path.realpath(above), name)
    roots = [folder.root for folder in folders]
    return _holder(folders, roots, plain) or _holder(folders, map(os.path.realpath, roots), real)


def _holder(
    folders: Sequence[FolderRow], roots: Iterable[str], path: str
) -> tuple[FolderRow, bytes] | None:
    """The folder whose root, as spelt in ``roots``, holds a path spelt the same way."""
    target = os.fsencode(path)
    for folder, root in zip(folders, map(os.fsencode, roots), strict=True):
        if target == root:
            return folder, b""
        if target.startswith(root.rstrip(b"/") + b"/"):
            return folder, target[len(root.rstrip(b"/")) + 1 :]
    return None


def relocate(catalogue: Catalogue, old: str, new: str) -> FolderStatus:
    """Point a folder at the place where its photos are now, such as another mount point.

    Raises FolderError when the new place does not hold the folder's photos.
    """
    folder = find(catalogue, old)
    root = os.path.abspath(os.path.expanduser(new))
    _check_readable(root)
    for other in catalogue.folders.all():
        if other.folder_id != folder.folder_id:
            _check_apart(other, root)
    if not _recognised(catalogue, folder, root):
        raise FolderError(
            f"{display(root)} does not hold the photos of {folder.display}",
            "Name the directory that holds them now, or add it as a new folder.",
        )
    path, device = os.fsencode(root), os.stat(root).st_dev
    if catalogue.folders.is_set_aside(path):
        raise FolderError(
            f"{display(root)} was forgotten, and its decisions are kept",
            f"Take it back (photolib add {display(root)}), then forget it without them.",
        )
    with catalogue.transaction():
        catalogue.folders.relocate(folder.folder_id, path, display(root), device)
        shown = {
            photo_id: display(os.path.join(path, relative))
            for photo_id, relative in catalogue.photos.paths(folder.folder_id)
        }
        catalogue.photos.show_as(shown)
        catalogue.words.refresh(shown)
    return status(catalogue, find(catalogue, root))


def forget(
    catalogue: Catalogue, path: str, *, keep_decisions: bool = False
) -> tuple[int, list[bytes]]:
    """Stop watching a folder; its files stay.

    Returns how many photos were forgotten, and the hashes of the contents that went with them.
    With ``keep_decisions`` its photos wait as missing, with all that a person did with them: they
    are known again when the folder, or the files in another one, come back.
    """
    folder = find(catalogue, path)
    store = catalogue.folders
    known = catalogue.photos.known(folder.folder_id).values()
    hashes = [] if keep_decisions else catalogue.photos.hashes_only_in(folder.folder_id)
    with catalogue.transaction():
        problems = (row.row_id for row in known if row.kind in ("failed", "skipped"))
        catalogue.problems.drop(problems)
        forgotten = (store.set_aside if keep_decisions else store.forget)(folder.folder_id)
    _unmark(folder)
    return forgotten, hashes


def is_online(catalogue: Catalogue, folder: FolderRow) -> bool:
    """Whether a folder's photos can be looked at now.

    Its marker decides. Where none could be written, or somebody tidied it away, the folder counts
    as online when any of a few of its photos is there; when it has none to look for, unless it was
    marked once and is empty now, as a mount point is.
    """
    return _recognised(catalogue, folder, folder.root)


def _recognised(catalogue: Catalogue, folder: FolderRow, root: str) -> bool:
    if not os.path.isdir(root) or not os.access(root, os.R_OK | os.X_OK):
        return False
    if folder.marker in _tokens(root):
        return True
    sample = catalogue.photos.sample_paths(folder.folder_id, _SAMPLE)
    if not sample:
        return folder.marker is None or bool(os.listdir(root))
    return any(os.path.lexists(os.path.join(os.fsencode(root), path)) for path in sample)


def _check_readable(root: str) -> None:
    shown = display(root)
    if not os.path.exists(root):
        raise FolderError(f"{shown} does not exist", "Check the spelling, or mount the drive.")
    if not os.path.isdir(root):
        raise FolderError(f"{shown} is not a folder", "Add the folder that holds the file.")
    try:
        with os.scandir(root):
            pass
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise FolderError(f"{shown} cannot be read: {reason}", "Check its permissions.") from exc


def _check_apart(folder: FolderRow, root: str) -> None:
    old, new = os.path.realpath(folder.root), os.path.realpath(root)
    if os.path.commonpath([old, new]) in (old, new):
        inside = "is inside" if len(new) > len(old) else "contains"
        raise FolderError(
            f"{display(root)} {inside} {folder.display}, which is in the library already",
            f"Nothing to do, or first: photolib forget {folder.display}",
        )


def _same(one: str, other: str) -> bool:
    """The same directory, also through a link or a second mount of it."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _mark(root: str) -> str | None:
    """The folder's new token; None where it cannot be written.

    A folder whose mode lets nobody write is left alone, also where the administrator could. Other
    libraries have tokens of their own in the same file.
    """
    if not os.stat(root).st_mode & 0o222:
        return None
    token = secrets.token_hex(16)
    path = os.path.join(root, MARKER)
    try:
        fresh = not os.path.exists(path)
        with open(path, "a", encoding="ascii") as file:
            file.write(f"{token}\n{_EXPLANATION if fresh else ''}")
    except OSError:
        return None
    return token


def _unmark(folder: FolderRow) -> None:
    """Take the folder's token away, and the file with the last one."""
    path = os.path.join(folder.root, MARKER)
    tokens = _tokens(folder.root)
    if folder.marker not in tokens:
        return
    left = "".join(f"{token}\n" for token in tokens if token != folder.marker)
    with contextlib.suppress(OSError):
        if left:
            with open(path, "w", encoding="ascii") as file:
                file.write(left + _EXPLANATION)
        else:
            os.remove(path)


def _tokens(root: str) -> list[str]:
    """The tokens in a folder's marker, one of each library that watches it."""
    try:
        with open(os.path.join(root, MARKER), encoding="ascii", errors="replace") as file:
            return _TOKEN.findall(file.read(_MARKER_BYTES))
    except OSError:
        return []
