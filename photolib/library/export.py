"""Export: an album, or what a search finds, as a folder of links or copies.

Originals are only read. A manifest in the destination says which file stands for which photo, so
that a second run adds what is new and leaves the rest as it is; nothing there is ever overwritten
or removed.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photolib.errors import FolderError, ImageError, UsageError
from photolib.images.copying import resized, without_place
from photolib.images.sidecars import keyword_sidecar
from photolib.jobs import Job, Problem, Progress
from photolib.library.albums import found
from photolib.library.results import ExportedPhoto, ExportFailure, ExportReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue, PhotoRow
    from photolib.images import Decoder

LINKS = ("symlink", "hardlink", "copy")
MANIFEST = ".photolib-export.json"
_BATCH = 50
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """How photos are exported. ``resize`` is the longest side in pixels."""

    link: str
    resize: int | None = None
    strip_gps: bool = False
    sidecars: bool = False

    def check(self) -> None:
        """Raise UsageError for what cannot be done."""
        if self.link not in LINKS:
            raise UsageError(f"{self.link} is no way to export", f"Use {', '.join(LINKS)}.")
        changed = self.resize is not None or self.strip_gps
        if changed and self.link != "copy":
            raise UsageError(
                "a link is the original itself: it cannot be resized or lose its place",
                "Export copies: --link copy",
            )
        if self.resize is not None and self.resize < 16:
            raise UsageError(f"{self.resize} pixels is too small", "Use 16 or more.")


@dataclass(frozen=True, slots=True)
class Piece:
    """Photos that go into one folder below the destination ("" for itself)."""

    folder: str
    photo_ids: tuple[int, ...]


def pieces_of_album(catalogue: Catalogue, album_id: int) -> list[Piece]:
    """The photos of an album; those of each album in it go into a folder of its name."""
    found(catalogue, album_id)
    return list(_below(catalogue, album_id, ""))


def _below(catalogue: Catalogue, album_id: int, folder: str) -> Iterator[Piece]:
    own = set(catalogue.albums.photo_ids(album_id))
    names: set[str] = set()
    for child in catalogue.albums.children(album_id):
        row = catalogue.albums.get(child)
        if row is None or row.hidden:
            continue
        name = _unused(_safe(row.name), names)
        names.add(name.casefold())
        own -= set(catalogue.albums.photo_ids(child))
        yield from _below(catalogue, child, os.path.join(folder, name))
    yield Piece(folder, tuple(sorted(own)))


def export(
    catalogue: Catalogue,
    decoder: Decoder,
    pieces: Sequence[Piece],
    destination: str,
    wanted: Wanted,
) -> Job[ExportReport]:
    """Put photos into a folder. Raises UsageError and FolderError before anything is written.

    A photo that cannot be exported is reported, and the others go on.
    """
    wanted.check()
    started = time.monotonic()
    place = _destination(catalogue, destination)
    job = _Export(catalogue, decoder, place, wanted)
    yield from job.run(pieces)
    job.report.seconds = round(time.monotonic() - started, 3)
    return job.report


def _destination(catalogue: Catalogue, destination: str) -> Path:
    place = Path(os.path.abspath(destination))
    real = os.path.realpath(place)
    for folder in catalogue.folders.all():
        root = os.path.realpath(folder.root)
        if real == root or real.startswith(root + os.sep):
            raise UsageError(
                f"{place} lies in the watched folder {folder.display}",
                "What is exported there would be indexed again: choose another place.",
            )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise FolderError(f"{place}: {reason}", "Choose a folder that you may write to.") from exc
    return place


@dataclass(slots=True)
class _Manifest:
    """Which file stands for which photo, by its path below the destination."""

    path: Path
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> _Manifest:
        path = folder / MANIFEST
        try:
            files = json.loads(path.read_text("utf-8"))["files"]
        except FileNotFoundError:
            files = {}
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise FolderError(
                f"{path}: the manifest cannot be read ({exc})",
                "Export into another folder, or remove the manifest to begin anew.",
            ) from exc
        return cls(path, files)

    def write(self) -> None:
        handle, half = tempfile.mkstemp(prefix=".photolib-", dir=self.path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"version": 1, "files": self.files}, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(half)
            raise


class _Export:
    def __init__(self, catalogue: Catalogue, decoder: Decoder, place: Path, wanted: Wanted) -> None:
        self._catalogue = catalogue
        self._decoder = decoder
        self._place = place
        self._wanted = wanted
        self._manifest = _Manifest.read(place)
        self._there = {
            (entry["photo_id"], os.path.dirname(name)): name
            for name, entry in self._manifest.files.items()
        }
        self.report = ExportReport(str(place), wanted.link)

    def run(self, pieces: Sequence[Piece]) -> Job[None]:
        total, done = sum(len(piece.photo_ids) for piece in pieces), 0
        yield Progress("export", 0, total)
        for piece in pieces:
            for start in range(0, len(piece.photo_ids), _BATCH):
                rows = self._catalogue.photos.many(piece.photo_ids[start : start + _BATCH])
                failures = [f for row in rows if (f := self._one(row, piece.folder))]
                self._manifest.write()
                done += len(rows)
                for failure in failures:
                    problem = Problem(failure.path, "export", failure.reason)
                    yield Progress("export", done, total, problem=problem)
                yield Progress("export", done, total)

    def _one(self, row: PhotoRow, folder: str) -> ExportFailure | None:
        known = self._there.get((row.photo_id, folder))
        if known is not None and os.path.lexists(self._place / known):
            self.report.unchanged += 1
            return None
        try:
            target = self._put(row, folder)
        except (OSError, ImageError) as exc:
            failure = ExportFailure(row.path, _reason(exc))
            self.report.failed.append(failure)
            return failure
        name = os.path.relpath(target, self._place)
        entry = {"photo_id": row.photo_id, "content": row.content_hash.hex(), "from": row.path}
        self._manifest.files[name] = entry
        self._there[row.photo_id, folder] = name
        self.report.added.append(ExportedPhoto(row.photo_id, row.path, str(target)))
        if self._wanted.sidecars:
            self._sidecar(row, target)
        return None

    def _put(self, row: PhotoRow, folder: str) -> Path:
        """Make the file that stands for a photo, under a name that nothing has."""
        within = self._place / folder
        within.mkdir(parents=True, exist_ok=True)
        stem, ending = os.path.splitext(os.path.basename(row.path))
        if self._wanted.resize is not None:
            ending = ".jpg"
        number = 1
        while True:
            mark = f" ({number})" if number > 1 else ""
            target = within / f"{stem}{mark}{ending}"
            try:
                self._make(row, target)
            except FileExistsError:
                number += 1
                continue
            return target

    def _make(self, row: PhotoRow, target: Path) -> None:
        """Raises FileExistsError where something of that name is, and leaves it alone."""
        match self._wanted.link:
            case "symlink":
                os.stat(row.path)  # a link to nothing helps nobody
                os.symlink(row.path, target)
            case "hardlink":
                os.link(row.path, target)
            case _:
                self._copy(row, target)

    def _copy(self, row: PhotoRow, target: Path) -> None:
        """Whole or not at all: written beside, then linked to the name, which must be free."""
        if os.path.lexists(target):
            raise FileExistsError(target)
        handle, half = tempfile.mkstemp(prefix=".photolib-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._bytes(row))
            os.utime(half, ns=(row.mtime_ns, row.mtime_ns))
            os.chmod(half, 0o644)
            _name(half, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(half)

    def _bytes(self, row: PhotoRow) -> bytes:
        if self._wanted.resize is not None:
            image = self._decoder.decode(row.path, side=self._wanted.resize).image
            return resized(image, self._wanted.resize)
        data = Path(row.path).read_bytes()
        return without_place(row.path, data) if self._wanted.strip_gps else data

    def _sidecar(self, row: PhotoRow, target: Path) -> None:
        """Beside the exported file, unless one is there."""
        albums = [name for _, name in self._catalogue.albums.of_photo(row.photo_id)]
        labels = self._catalogue.groupings.sure_labels(row.content_id)
        packet = keyword_sidecar(sorted({*albums, *labels}), albums)
        with suppress(FileExistsError), open(f"{target}.xmp", "x", encoding="utf-8") as file:
            file.write(packet)
            self.report.sidecars += 1


def _name(half: str, target: Path) -> None:
    """Give a finished file its name, which must be free; without hard links, as well as it goes."""
    try:
        os.link(half, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        os.rename(half, target)


def _reason(exc: OSError | ImageError) -> str:
    if isinstance(exc, ImageError):
        return exc.reason
    if getattr(exc, "errno", None) == 18:  # EXDEV
        return "it is on another disk, where no hard link reaches: use --link symlink or copy"
    return exc.strerror or str(exc)


def _safe(name: str) -> str:
    """An album's name as the name of a folder, on every file system."""
    kept = "".join("_" if c in '/\\\\:*?"<>|' or ord(c) < 32 else c for c in name).strip(" .")
    return kept[:_LONGEST_NAME] or "album"


def _unused(name: str, taken: set[str]) -> str:
    number, made = 1, name
    while made.casefold() in taken:
        number += 1
        made = f"{name} ({number})"
    return made
