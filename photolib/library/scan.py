"""Compares a folder with the catalogue, without opening a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from photolib.catalogue import Known, Stat
from photolib.images import Found, Part, found_at, pair, walk
from photolib.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue, FolderRow

_REPORT_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that must be opened to know what it is; ``path`` is relative to the folder."""

    folder: FolderRow
    path: bytes
    stat: Stat
    device: int
    kind: str

    @property
    def absolute(self) -> bytes:
        return self.folder.path.rstrip(b"/") + b"/" + self.path


@dataclass(frozen=True, slots=True)
class PartFound:
    """A file that belongs to the photo at ``primary``; ``changed`` when that is news.

    ``part_id`` is the row that the catalogue has for it, if any.
    """

    path: bytes
    stat: Stat
    role: str
    primary: bytes
    changed: bool
    part_id: int | None = None


@dataclass(slots=True)
class Scan:
    """What a folder holds against what the catalogue knows."""

    candidates: list[Candidate] = field(default_factory=list)
    parts: list[PartFound] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    skipped: list[Found] = field(default_factory=list)
    unreadable: list[Found] = field(default_factory=list)
    unchanged: int = 0
    failed_before: int = 0
    skipped_before: int = 0
    gone: dict[bytes, Known] = field(default_factory=dict)
    """Paths that the catalogue knows and the folder does not hold any more."""


def scan(catalogue: Catalogue, folder: FolderRow, prefixes: Sequence[bytes] = ()) -> Job[Scan]:
    """Compare what stands at ``prefixes``, directories or files of a folder; all of it for ()."""
    known = catalogue.photos.known(folder.folder_id)
    result, found, beside = Scan(), [], _inside(known, prefixes)
    for number, entry in enumerate(_entries(folder, prefixes), 1):
        found.append(entry)
        if number % _REPORT_EVERY == 0:
            yield Progress("scan", number)
    partners = _pairs(found, known if prefixes else {})
    for entry in found:
        _compare(result, folder, entry, beside.pop(entry.path, None), partners.get(entry.path))
    result.gone |= _really_gone(beside, result.unreadable)
    result.candidates.sort(key=lambda candidate: -candidate.stat.mtime_ns)
    yield Progress("scan", len(found), len(found), folder.display)
    return result


def _entries(folder: FolderRow, prefixes: Sequence[bytes]) -> Iterator[Found]:
    if not prefixes:
        yield from walk(Path(folder.root), folder.ignore)
    for prefix in _outermost(prefixes):
        yield from _below(folder, prefix)


def _below(folder: FolderRow, prefix: bytes) -> Iterator[Found]:
    root = Path(folder.root)
    place = root / os.fsdecode(prefix)
    entry = found_at(root, prefix, folder.ignore)
    if entry is not None:
        yield entry
    elif place.is_dir() and not place.is_symlink():
        yield from walk(root, folder.ignore, prefix)


def _outermost(prefixes: Sequence[bytes]) -> list[bytes]:
    """The prefixes that lie below no other one, each once."""
    chosen: list[bytes] = []
    for prefix in sorted(set(prefixes)):
        if not chosen or not prefix.startswith(chosen[-1] + b"/"):
            chosen.append(prefix)
    return chosen


def _inside(known: dict[bytes, Known], prefixes: Sequence[bytes]) -> dict[bytes, Known]:
    """The part of what is known that a scan of ``prefixes`` decides about."""
    if not prefixes:
        return known
    exact, below = set(prefixes), tuple(prefix + b"/" for prefix in prefixes)
    return {p: k for p, k in known.items() if p in exact or p.startswith(below)}


def _pairs(found: list[Found], known: dict[bytes, Known]) -> dict[bytes, Part]:
    """Parts and their photos, also where only one of the two was looked at now."""
    files = {entry.path for entry in found if entry.kind in ("photo", "video", "sidecar")}
    beside = {path for path, row in known.items() if row.kind in ("photo", "part")}
    return pair(sorted(files | beside))


def _compare(
    result: Scan,
    folder: FolderRow,
    entry: Found,
    known: Known | None,
    partner: Part | None,
) -> None:
    stat = Stat(entry.size, entry.mtime_ns, entry.inode)
    same = known is not None and (known.size, known.mtime_ns) == (stat.size, stat.mtime_ns)
    if entry.kind == "error":
        result.unreadable.append(entry)
    elif partner is not None:
        primary, role = partner
        part_id = known.row_id if known is not None and known.kind == "part" else None
        changed = not same or part_id is None
        result.parts.append(PartFound(entry.path, stat, role, primary, changed, part_id))
        _replace(result, entry, known, "photo")
    elif entry.kind in ("skip", "sidecar"):
        if same and known is not None and known.kind == "skipped":
            result.skipped_before += 1
        else:
            result.skipped.append(entry)
        _replace(result, entry, known, "photo", "part")
    elif not same or known is None or known.kind == "part" or known.state == "survived":
        # A file in a missing photo's place may also be the photo of the same bytes, moved.
        candidate = Candidate(folder, entry.path, stat, entry.device, entry.kind)
        result.candidates.append(candidate)
        _replace(result, entry, known, "part")
    else:
        _count_same(result, known)


def _replace(result: Scan, entry: Found, known: Known | None, *kinds: str) -> None:
    """What was one of ``kinds`` at a path is gone, although a file of another kind stands there."""
    if known is not None and known.kind in kinds:
        result.gone[entry.path] = known


def _count_same(result: Scan, known: Known) -> None:
    if known.kind == "failed":
        result.failed_before += 1
    elif known.kind == "skipped":
        result.skipped_before += 1
    elif known.state == "missing":
        result.restored.append(known.row_id)
    else:
        result.unchanged += 1


def _really_gone(left: dict[bytes, Known], unreadable: list[Found]) -> dict[bytes, Known]:
    """What was not seen, but for what lies below a directory that could not be looked into."""
    blind = tuple(entry.path + b"/" if entry.path else b"" for entry in unreadable)
    return {path: known for path, known in left.items() if not path.startswith(blind or (b"\0",))}
