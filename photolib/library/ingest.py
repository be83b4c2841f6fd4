"""The ingest job: what the folders hold becomes what the catalogue knows.

Each folder is scanned without opening a file; what is new or changed is read, newest first, by a
few threads that stay a bounded way ahead; the encoder takes it in batches, and each batch is one
transaction. The process may die between any two lines: a batch is stored whole or not at all, and
the next scan finds the rest.
"""

from __future__ import annotations

import glob
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from photolib.catalogue import Stat
from photolib.errors import ImageError, ImageUnsupported, ModelError
from photolib.images import Decoder, Facts, Found
from photolib.images.identity import content_hash, display
from photolib.jobs import Job, Problem, Progress
from photolib.library import sidecars
from photolib.library.ahead import Portion, look_ahead, portions
from photolib.library.engines import loaded
from photolib.library.folders import is_online
from photolib.library.reading import Reader
from photolib.library.results import Pending
from photolib.library.scan import Scan, scan
from photolib.models import PALETTE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, FolderRow, Lease, ModelRow, PhotoRow
    from photolib.config import Settings
    from photolib.images import ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.reading import Description, Reading, Rereading
    from photolib.library.results import IndexReport
    from photolib.library.scan import Candidate, PartFound
    from photolib.models import Encoder
    from photolib.models.encoder import PictureEncoder

_log = logging.getLogger(__name__)

_REMEDIES = {
    "unreadable": "Copy it again, or restore it from a backup.",
    "unsupported": "Nothing to do; photolib doctor lists what can be read.",
}
"""What to do about a file whose error has no better advice."""
_AHEAD = 3
"""Batches that the decode threads may be ahead of the encoder: enough to hide a slow file."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Scope(NamedTuple):
    """A folder, or what stands at ``prefixes`` (paths relative to it)."""

    folder: FolderRow
    prefixes: tuple[bytes, ...] = ()


class Ingest:
    """One run of the ingest job under a held lease; ``report`` fills as it goes."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        engines: Engines,
        thumbnails: ThumbnailCache,
        lease: Lease,
        report: IndexReport,
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._engines = engines
        self._thumbnails = thumbnails
        self._lease = lease
        self._report = report
        self._look = engines.look()
        self._model = engines.wanted()
        self._online: dict[int, bool] = {}
        self._moved: set[int] = set()
        self._placed: set[tuple[int, bytes]] = set()
        self._deferred: list[Reading] = []
        self._failures: dict[bytes, ImageError] = {}

    def run(self, scopes: Sequence[Scope]) -> Job[None]:
        """Scan the scopes, read what is new or changed, and give every content its vectors."""
        scans = []
        for scope in map(self._without_library, scopes):
            if self._is_online(scope.folder):
                scans.append((scope, (yield from scan(self._catalogue, *scope))))
                self._take_note(*scans[-1])
        with Decoder() as decoder:
            candidates = [c for _, found in scans for c in found.candidates]
            candidates.sort(key=lambda candidate: -candidate.stat.mtime_ns)
            if candidates:
                everything = Portion(candidates, 0, len(candidates))
                reader = self._reader(decoder, self._encoder())
                yield from self._through(reader.read, everything, self._store, "read")
            for scope, found in scans:
                self._renew_parts(scope, found)
                self._finish_scan(scope, found, decoder)
            yield from self._backlog(decoder)
        self._report.pending = self._pending()
        if self._model is not None and not self._report.pending.embed:
            self._engines.promote()

    # --- what needs no file to be opened -------------------------------------------------------

    def _without_library(self, scope: Scope) -> Scope:
        """Leave out the library's own files where its directory lies inside the folder.

        Otherwise each run would find the thumbnails that the last one made.
        """
        folder, place = scope.folder, os.path.realpath(self._settings.library)
        inside = os.path.relpath(place, os.path.realpath(folder.root))
        if inside.split(os.sep)[0] in (os.curdir, os.pardir):
            return scope
        ignore = (*folder.ignore, f"{glob.escape(inside)}/*")
        return scope._replace(folder=replace(folder, ignore=ignore))

    def _is_online(self, folder: FolderRow) -> bool:
        """Look once per job; an offline folder is reported and left alone."""
        if folder.folder_id not in self._online:
            online = is_online(self._catalogue, folder)
            self._online[folder.folder_id] = online
            self._catalogue.folders.set_state(folder.folder_id, "online" if online else "offline")
            if not online:
                self._report.offline.append(folder.root)
        return self._online[folder.folder_id]

    def _take_note(self, scope: Scope, found: Scan) -> None:
        report = self._report
        report.unchanged += found.unchanged
        report.failed += found.failed_before + len(found.unreadable)
        report.skipped += found.skipped_before + len(found.skipped)
        report.restored += len(found.restored)
        with self._catalogue.transaction():
            self._lease.check()
            self._catalogue.photos.mark(found.restored, "present")
            for entry in found.skipped:
                reason = entry.reason or "a sidecar without its photo"
                self._record(scope.folder, entry, "skipped", "skipped", reason)
            for entry in found.unreadable:
                self._record(scope.folder, entry, "failed", "permission", entry.reason)

    def _record(
        self, folder: FolderRow, entry: Found, outcome: str, code: str, reason: str
    ) -> None:
        stat = Stat(entry.size, entry.mtime_ns, entry.inode)
        shown = display(os.path.join(folder.path, entry.path))
        remedy = "Check its permissions." if code == "permission" else ""
        self._catalogue.problems.record(
            folder.folder_id,
            entry.path,
            shown,
            stat,
            outcome=outcome,
            code=code,
            reason=reason,
            remedy=remedy,
            retryable=code == "permission",
        )

    def _finish_scan(self, scope: Scope, found: Scan, decoder: Decoder) -> None:
        """Parts, and what is gone; the folder is looked at once more, for it may be gone itself."""
        folder = scope.folder
        online = is_online(self._catalogue, folder)
        facts = self._sidecar_facts(folder, found, decoder) if online else {}
        with self._catalogue.transaction():
            self._lease.check()
            for part in found.parts:
                self._place_part(folder, part)
            for photo_id, merged in facts.items():
                self._apply_facts(photo_id, merged)
            if not online:
                self._report.offline.append(folder.root)
                return
            self._sweep(found)
            if not scope.prefixes:
                self._catalogue.folders.scanned(folder.folder_id)

    def _sidecar_facts(self, folder: FolderRow, found: Scan, decoder: Decoder) -> dict[int, Facts]:
        """The facts of each photo whose sidecars are new, changed or gone, sidecars included."""
        photos = self._catalogue.photos
        beside: dict[int, set[str]] = {}
        for part in found.parts:
            photo = photos.at(folder.folder_id, part.primary) if part.changed else None
            if photo is not None and part.role == "sidecar":
                path = os.fsdecode(os.path.join(folder.path, part.path))
                beside.setdefault(photo.photo_id, set()).add(path)
        gone = [row.row_id for row in found.gone.values() if row.kind == "part"]
        for photo_id in photos.owners_of_sidecars(gone):
            beside.setdefault(photo_id, set())
        merged = {}
        for photo_id, paths in beside.items():
            known = {path for path, role in photos.parts_of(photo_id) if role == "sidecar"}
            row = photos.get(photo_id)
            present = [path for path in known | paths if os.path.lexists(path)]
            facts = sidecars.merged(decoder, row.path, present) if row else None
            if facts is not None:
                merged[photo_id] = facts
        return merged

    def _apply_facts(self, photo_id: int, facts: Facts) -> None:
        row = self._catalogue.photos.get(photo_id)
        if row is None:
            return
        self._catalogue.photos.set_facts(row.content_id, sidecars.columns(facts))
        dated = facts.dated(os.path.basename(row.path), row.mtime_ns)
        taken = dated.taken_at or row.taken_at, dated.taken_source or "mtime"
        self._catalogue.photos.set_taken(photo_id, taken)
        self._catalogue.words.refresh([photo_id])

    def _renew_parts(self, scope: Scope, found: Scan) -> None:
        """Mark the parts that may be of another photo now: one that came, or that stays."""
        folder_id = scope.folder.folder_id
        left = {
            os.path.splitext(path)[0] for path, row in found.gone.items() if row.kind == "photo"
        }
        found.parts = [
            replace(part, changed=True)
            if (folder_id, part.primary) in self._placed or os.path.splitext(part.path)[0] in left
            else part
            for part in found.parts
        ]

    def _place_part(self, folder: FolderRow, part: PartFound) -> None:
        """Link a part to its photo; one whose photo could not be read is skipped."""
        photo = self._catalogue.photos.at(folder.folder_id, part.primary)
        if photo is None:
            reason = f"it belongs to {display(part.primary)}, which is not a photo"
            entry = Found(part.path, "skip", part.stat.size, part.stat.mtime_ns)
            self._report.skipped += 1
            self._catalogue.photos.drop_parts([part.part_id] if part.part_id else [])
            self._record(folder, entry, "skipped", "orphan", reason)
            return
        self._report.parts += 1
        if part.changed:
            shown = display(os.path.join(folder.path, part.path))
            self._catalogue.problems.solve(folder.folder_id, part.path)
            self._catalogue.photos.add_part(
                folder.folder_id, part.path, shown, part.stat, part.role, photo.photo_id
            )

    def _sweep(self, found: Scan) -> None:
        rows = found.gone.values()
        missing = [
            row.row_id
            for row in rows
            if row.kind == "photo" and row.state == "present" and row.row_id not in self._moved
        ]
        self._report.missing += self._catalogue.photos.mark(missing, "missing")
        self._catalogue.photos.drop_parts(row.row_id for row in rows if row.kind == "part")
        gone = [row.row_id for row in rows if row.kind in ("failed", "skipped")]
        self._catalogue.problems.drop(gone)

    # --- reading -------------------------------------------------------------------------------

    def _encoder(self) -> Encoder | None:
        return self._engines.encoder(self._model) if self._model else None

    def _reader(self, decoder: Decoder, encoder: PictureEncoder | None) -> Reader:
        side = self._settings.thumbnail_size
        return Reader(self._catalogue, decoder, self._thumbnails, side, encoder)

    def _through(
        self,
        work: Callable[[_In], _Out],
        portion: Portion[_In],
        store: Callable[[list[_Out]], list[Problem]],
        stage: str,
    ) -> Job[None]:
        """Work on the items in threads, in order, and store the outcomes batch by batch."""
        size, done = self._settings.batch_size, portion.before
        threads = self._settings.decode_threads or os.cpu_count() or 1
        yield Progress(stage, done, portion.total)
        with (
            ThreadPoolExecutor(threads, "photolib-read") as pool,
            closing(look_ahead(pool, work, portion.items, _AHEAD * size)) as outcomes,
        ):
            while batch := list(islice(outcomes, size)):
                problems = store(batch)
                done += len(batch)
                for problem in problems:
                    yield Progress(stage, done, portion.total, problem=problem)
                yield Progress(stage, done, portion.total)

    def _backlog(self, decoder: Decoder) -> Job[None]:
        """Contents that lack something: of a new look, a new encoder, or after a failure.

        What needs no encoder comes first and is done without it.
        """
        photos, look_no = self._catalogue.photos, self._look.model_no
        plain = self._reader(decoder, None)
        describe = partial(plain.describe, look_no=look_no)
        for undescribed in portions(
            lambda: photos.undescribed(look_no, PALETTE_ID), lambda row: row.content_id
        ):
            yield from self._through(describe, undescribed, self._store_described, "describe")
        for model, load in self._picture_models():
            waiting = partial(photos.without_embedding, model.model_no, "photo")
            for unembedded in portions(waiting, lambda row: row[0]):
                encoder = yield from loaded(model.name, load)
                if encoder is None:
                    break
                reader = self._reader(decoder, encoder)
                store = partial(self._store_embedded, model, encoder)
                yield from self._through(reader.reread, unembedded, store, "embed")

    def _picture_models(self) -> Iterator[tuple[ModelRow, Callable[[], PictureEncoder]]]:
        """The models that see every photo, and how each is had."""
        engines, model, copy = self._engines, self._model, self._engines.copying()
        if model is not None:
            yield model, lambda: engines.encoder(model)
        if copy is not None:
            yield copy, lambda: engines.copy_descriptor(copy)

    def _pending(self) -> Pending:
        model, kind = (self._model, "photo") if self._model else (self._look, "look")
        todo = self._catalogue.photos.without_embedding(model.model_no, kind)
        return Pending(embed=len(todo))

    # --- storing -------------------------------------------------------------------------------

    def _store(self, batch: list[Reading]) -> list[Problem]:
        """Put a batch of readings into the catalogue, all or nothing; returns the failures."""
        pixels = [r.fresh.pixels if r.fresh else None for r in batch]
        vectors = self._encode(self._encoder(), pixels)
        self._report.opened += len(batch)
        problems, shown = [], []
        with self._catalogue.transaction():
            self._lease.check()
            for reading, vector in zip(batch, vectors, strict=True):
                if reading.error is not None:
                    self._failures[reading.content_hash] = reading.error
                    problems.append(self._fail(reading, reading.error))
                elif reading.fresh is not None:
                    shown.append(self._place(reading, self._store_fresh(reading, vector)))
                else:
                    self._deferred.append(reading)
            for reading in self._settled():
                error = self._failures.get(reading.content_hash)
                content_id = self._catalogue.photos.content_id(reading.content_hash)
                if content_id is not None:
                    self._report.reused += 1
                    shown.append(self._place(reading, content_id))
                elif error is not None:
                    problems.append(self._fail(reading, error))
            self._catalogue.words.refresh(shown)
        return problems

    def _settled(self) -> list[Reading]:
        """Readings of bytes that another file brought, once that one is stored or has failed."""
        settled: list[Reading] = []
        waiting: list[Reading] = []
        for reading in self._deferred:
            known = self._catalogue.photos.content_id(reading.content_hash) is not None
            done = known or reading.content_hash in self._failures
            (settled if done else waiting).append(reading)
        self._deferred = waiting
        return settled

    def _encode(
        self, encoder: PictureEncoder | None, pixels: Sequence[NDArray[np.uint8] | None]
    ) -> list[NDArray[np.float32] | None]:
        """An encoder's vector for each picture; None where there is no picture, or it failed."""
        vectors: list[NDArray[np.float32] | None] = [None] * len(pixels)
        chosen = [i for i, array in enumerate(pixels) if array is not None]
        if not chosen or encoder is None:
            return vectors
        stack = [array for array in pixels if array is not None]
        try:
            rows = list(encoder.encode_images(np.stack(stack)))
        except ModelError:
            rows = [_encode_alone(encoder.encode_images, array) for array in stack]
        for i, row in zip(chosen, rows, strict=True):
            vectors[i] = row
        return vectors

    def _store_fresh(self, reading: Reading, vector: NDArray[np.float32] | None) -> int:
        assert reading.fresh is not None
        content_id = self._catalogue.photos.add_content(reading.fresh.content)
        self._store_description(content_id, reading.fresh.description)
        self._report.decoded += 1
        self._store_vector(self._model, content_id, vector)
        return content_id

    def _store_vector(
        self, model: ModelRow | None, content_id: int, vector: NDArray[np.float32] | None
    ) -> None:
        if model is None:
            self._report.embedded += 1
        elif vector is None:
            reason = "the encoder gave no usable vector"
            self._catalogue.vectors.fail(content_id, "embed", model.model_id, reason)
        else:
            self._catalogue.vectors.add(model.model_no, "photo", content_id, vector)
            self._report.embedded += 1

    def _store_description(self, content_id: int, description: Description) -> None:
        self._catalogue.vectors.add(self._look.model_no, "look", content_id, description.look)
        self._catalogue.palettes.put(content_id, PALETTE_ID, description.palette)

    def _store_crop_looks(self, rereading: Rereading) -> None:
        """The looks of crops in place of those that earlier versions took."""
        vectors, look_no = self._catalogue.vectors, self._look.model_no
        for crop_id, crop_look in rereading.crops:
            vectors.add(look_no, "crop-look", rereading.content_id, crop_look, crop_id=crop_id)
        vectors.drop_other_looks(look_no, rereading.content_id)

    def _store_described(self, batch: list[Rereading]) -> list[Problem]:
        with self._catalogue.transaction():
            self._lease.check()
            for rereading in batch:
                self._report.opened += rereading.opened
                if rereading.description is not None:
                    self._report.decoded += rereading.opened
                    self._store_description(rereading.content_id, rereading.description)
                    self._store_crop_looks(rereading)
                    self._report.embedded += self._model is None
                else:
                    self._fail_again(rereading, self._look)
        return []

    def _store_embedded(
        self, model: ModelRow, encoder: PictureEncoder, batch: list[Rereading]
    ) -> list[Problem]:
        vectors = self._encode(encoder, [rereading.pixels for rereading in batch])
        self._report.opened += len(batch)
        with self._catalogue.transaction():
            self._lease.check()
            for rereading, vector in zip(batch, vectors, strict=True):
                if rereading.error is not None:
                    self._fail_again(rereading, model)
                    continue
                self._report.decoded += 1
                self._store_vector(model, rereading.content_id, vector)
        return []

    def _fail_again(self, rereading: Rereading, model: ModelRow) -> None:
        """Record that a known content could not be read again; after a passing failure it waits."""
        error = rereading.error
        if error is not None and not error.retryable:
            content_id = rereading.content_id
            self._catalogue.vectors.fail(content_id, "embed", model.model_id, error.reason)

    def _fail(self, reading: Reading, error: ImageError) -> Problem:
        candidate = reading.candidate
        skipped = isinstance(error, ImageUnsupported)
        if skipped:
            self._report.skipped += 1
        else:
            self._report.failed += 1
        remedy = error.hint or _REMEDIES.get(error.code, "")
        problem = Problem(display(candidate.absolute), error.code, error.reason, remedy)
        if not os.path.lexists(candidate.absolute):
            return problem  # gone since the scan, or unplugged: the next scan tells which
        folder_id = candidate.folder.folder_id
        photo = self._catalogue.photos.at(folder_id, candidate.path)
        if photo is not None and photo.state == "present":
            self._catalogue.photos.mark([photo.photo_id], "missing")
        # No file has this time, so the next scan tries a passing failure again.
        stat = candidate.stat._replace(mtime_ns=-1) if error.retryable else candidate.stat
        self._catalogue.problems.record(
            folder_id,
            candidate.path,
            problem.path,
            stat,
            outcome="skipped" if skipped else "failed",
            code=error.code,
            reason=error.reason,
            remedy=remedy,
            retryable=error.retryable,
            photo_id=photo.photo_id if photo else None,
        )
        return problem

    def _place(self, reading: Reading, content_id: int) -> int:
        """Decide what a file with these bytes is: known, moved, changed, a copy or new."""
        candidate, photos = reading.candidate, self._catalogue.photos
        folder_id, path, stat = candidate.folder.folder_id, candidate.path, candidate.stat
        self._catalogue.problems.solve(folder_id, path)
        self._placed.add((folder_id, path))
        taken = self._taken(content_id, candidate)
        standing = photos.at(folder_id, path)
        others = photos.of_contents([content_id]).get(content_id, [])
        mover = self._mover(others, candidate, standing)
        if mover is not None:
            if standing is not None and standing.state == "present":
                photos.mark([standing.photo_id], "missing")
            photos.move(mover.photo_id, folder_id, path, display(candidate.absolute), stat)
            self._moved.add(mover.photo_id)
            self._report.moved += 1
            return mover.photo_id
        if standing is not None:
            self._count(standing, "changed")
            photos.refresh(standing.photo_id, stat, content_id, taken)
            return standing.photo_id
        if any(photo.state == "present" for photo in others):
            self._report.copied += 1
        else:
            self._report.added += 1
        return photos.add(folder_id, path, display(candidate.absolute), stat, content_id, taken)

    def _count(self, standing: PhotoRow, outcome: str) -> None:
        if standing.state == "missing":
            self._report.restored += 1
        elif outcome == "changed":
            self._report.changed += 1

    def _taken(self, content_id: int, candidate: Candidate) -> tuple[str, str]:
        """The content's own time, else the one in the file's name, else the file's."""
        taken_at, source = self._catalogue.photos.content_taken(content_id)
        facts = Facts(taken_at=taken_at, taken_source=source)
        dated = facts.dated(os.path.basename(candidate.path), candidate.stat.mtime_ns)
        return dated.taken_at or "1970-01-01T00:00:00", dated.taken_source or "mtime"

    def _mover(
        self, photos: Sequence[PhotoRow], candidate: Candidate, standing: PhotoRow | None
    ) -> PhotoRow | None:
        """The photo whose file this is now: one of the same bytes that left its own path.

        Of several: one that was present until now, then one of the same name, then from the nearest
        directory, then the oldest. The photo that stands at the path goes before missing ones.
        """
        target = os.fsdecode(candidate.absolute)
        same = standing is not None and any(p.photo_id == standing.photo_id for p in photos)
        if same and standing is not None and standing.state == "present":
            return None
        states = ("present",) if same else ("present", "missing")
        moving = self._catalogue.removals.under_way()
        free = [p for p in photos if p.state in states and p.photo_id not in moving]
        vacated = [p for p in free if self._vacated(p, candidate)]

        def distance(photo: PhotoRow) -> tuple[bool, bool, int, int]:
            shared = len(os.path.commonpath([photo.path, target]))
            same_name = os.path.basename(photo.path) == os.path.basename(target)
            return photo.state == "missing", not same_name, -shared, photo.photo_id

        return min(vacated, key=distance, default=None)

    def _vacated(self, photo: PhotoRow, candidate: Candidate) -> bool:
        if photo.state == "missing":
            return True
        folder = self._catalogue.folders.get(photo.folder_id)
        if folder is None or not self._is_online(folder):
            return False
        try:
            stat = os.lstat(photo.path)
        except (FileNotFoundError, NotADirectoryError):
            # The folder may have been unplugged since it was looked at.
            return is_online(self._catalogue, folder)
        except OSError:
            return False
        if (stat.st_ino, stat.st_dev) == (candidate.stat.inode, candidate.device):
            # One file under two spellings of its name (a change of case) is a rename; a second
            # hard link is a copy.
            return stat.st_nlink == 1
        if stat.st_size == photo.size:
            same_time = stat.st_mtime_ns == photo.mtime_ns
            return not same_time and not _holds(photo.path, photo.content_hash)
        return True


def _holds(path: str, expected: bytes) -> bool:
    """Whether a file has these bytes: one that was only touched has not left its path."""
    try:
        return content_hash(path) == expected
    except ImageError:
        return False


def _encode_alone(
    encode: Callable[[NDArray[np.uint8]], NDArray[np.float32]], array: NDArray[np.uint8]
) -> NDArray[np.float32] | None:
    try:
        rows = encode(array[None])
        return np.asarray(rows[0])
    except ModelError:
        return None
