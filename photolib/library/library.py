"""The one door to a library, for the command line, the terminal screens and scripts alike."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from photolib.errors import UsageError
from photolib.jobs import Job, Progress
from photolib.library import (
    calibration,
    duplicates,
    folders,
    labelling,
    matching,
    neighbours,
    reports,
    saved,
    stacks,
    understanding,
)
from photolib.library.doors import (
    AlbumDoor,
    BackupDoor,
    DuplicateDoor,
    ExportDoor,
    LabelDoor,
    MarkDoor,
    ModelDoor,
    PhotoDoor,
    RemovalDoor,
    ReportDoor,
    SavedDoor,
    ServiceDoor,
)
from photolib.library.ingest import Ingest, Scope
from photolib.library.regroup import Wishes
from photolib.library.results import IndexReport
from photolib.library.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import FolderRow, Lease
    from photolib.library.results import FolderStatus, VerifyReport


_CHANGES_KEPT = 1_000_000
"""Changes that an index may lag behind and still catch up; about 30 MB."""


class Library(
    SavedDoor,
    PhotoDoor,
    MarkDoor,
    AlbumDoor,
    LabelDoor,
    DuplicateDoor,
    RemovalDoor,
    ModelDoor,
    ReportDoor,
    ServiceDoor,
    ExportDoor,
    BackupDoor,
):
    """A catalogue, the models and the indexes over it.

    Methods may be called from any thread. Jobs are generators: run each in one thread and close it
    there. Close the library when done, or use it as a context manager.
    """

    # --- folders -------------------------------------------------------------------------------

    def add_folder(
        self,
        path: str,
        *,
        reference: bool = False,
        poll: bool = False,
        ignore: Sequence[str] = (),
    ) -> FolderStatus:
        """Watch a folder; FolderError when it is absent, unreadable, or overlaps another."""
        return folders.add(
            self._catalogue,
            path,
            library=self.settings.library,
            reference=reference,
            poll=poll,
            ignore=ignore,
        )

    def folders(self) -> list[FolderStatus]:
        """The watched folders, their state looked up now."""
        return [folders.status(self._catalogue, row) for row in self._catalogue.folders.all()]

    def forget_folder(self, path: str, *, keep_decisions: bool = False) -> int:
        """Stop watching a folder; NotFound for another path. Returns the photos forgotten.

        With ``keep_decisions`` the photos stay, as missing, with all that a person did with them;
        the folder is then only marked as gone.
        """
        forgotten, hashes = folders.forget(self._catalogue, path, keep_decisions=keep_decisions)
        for content_hash in hashes:
            self._thumbnails.discard(content_hash)
        return forgotten

    def relocate_folder(self, old: str, new: str) -> FolderStatus:
        """Tell where a folder's photos are now; FolderError when they are not there."""
        return folders.relocate(self._catalogue, old, new)

    # --- jobs ----------------------------------------------------------------------------------

    def index(
        self,
        paths: Sequence[str] = (),
        *,
        stage: int | None = None,
        ocr: str | None = None,
        wait: float = 600.0,
    ) -> Job[IndexReport]:
        """Bring the catalogue, the indexes, the duplicate sets and the albums up to date.

        ``paths`` restrict the scan (UsageError for one outside every folder). ``stage`` 1 ends
        when all photos are searchable; 2 scans nothing and looks for objects and for text in what
        is known, which ``ocr`` (auto, always or never) overrides for this job. Waits up to ``wait``
        seconds while another process indexes, then raises LeaseHeld.
        """
        scopes = self._scopes(paths)
        report = IndexReport()
        if any(row.name == "ingest" for row in self._catalogue.leases.held()):
            yield Progress("waiting", 0, None, "another photolib is indexing")
        with self._catalogue.leases.hold("ingest", wait=wait) as lease:
            started = time.monotonic()
            ocr = ocr or self.settings.ocr
            if stage != 2:
                yield from self._ingest(scopes, lease, report)
                yield from self._group(lease)
            if stage != 1:
                yield from self._look_into(lease, report, ocr)
                yield from self._group(lease)  # labels and texts give albums better names
            yield from labelling.update(self._catalogue, self._engines, lease)
            yield from saved.update(self._catalogue, self._searcher, lease)
            waiting = understanding.pending(self._catalogue, self._engines, ocr=ocr)
            report.pending = replace(report.pending, crops=waiting.crops, texts=waiting.texts)
            report.seconds = round(time.monotonic() - started, 3)
        return report

    def _ingest(self, scopes: Sequence[Scope], lease: Lease, report: IndexReport) -> Job[None]:
        job = Ingest(self._catalogue, self.settings, self._engines, self._thumbnails, lease, report)
        yield from job.run(scopes)

    def _look_into(self, lease: Lease, report: IndexReport, ocr: str) -> Job[None]:
        yield from understanding.update(
            self._catalogue, self.settings, self._engines, self._decoder, lease, report, ocr=ocr
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be the one watcher of this library for the length of the block, or raise LeaseHeld."""
        with self._catalogue.leases.hold("watch"):
            yield

    def _group(self, lease: Lease) -> Job[None]:
        """Neighbours, duplicates and albums; quick when nothing has changed."""
        look, encoder = self._engines.look(), self._engines.serving()
        copy = self._engines.copying()
        others = [(model, "photo") for model in (encoder, copy) if model is not None]
        for model, kind in [(look, "look"), *others]:
            yield from neighbours.update(self._catalogue, self._indexes, model, kind, lease)
        yield from calibration.update(self._catalogue, self._indexes, self._engines, lease)
        yield from matching.update(self._matching_tools(), lease)
        yield from duplicates.update(self._catalogue, self.settings, lease)
        stacks.update(self._catalogue, look, lease)
        yield from self._regrouping().run(lease, Wishes())
        for model, kind in reports.indexed(self._catalogue, self._engines):
            self._indexes.get(model, kind)  # a snapshot is written of what is loaded
        self._indexes.save()
        self._catalogue.vectors.prune_log(_CHANGES_KEPT)

    def _matching_tools(self) -> matching.Tools:
        return matching.Tools(
            self._catalogue,
            self.settings,
            self._decoder,
            self._thumbnails,
            look=self._engines.look(),
            meaning=self._engines.serving(),
            copying=self._engines.copying(),
        )

    def verify(self, *, accept: bool = False) -> Job[VerifyReport]:
        """Hash every photo again, to find damage and edits that left size and time as they were.

        With ``accept`` the next index job takes the altered bytes for the truth.
        """
        return verify(self._catalogue, accept=accept)

    def retry_problems(self) -> None:
        """Make the next index job try every recorded failure again."""
        self._catalogue.problems.retry()
        with self._catalogue.transaction():
            self._catalogue.vectors.retry()

    def _scopes(self, paths: Sequence[str]) -> list[Scope]:
        rows = self._catalogue.folders.all()
        if not paths:
            return [Scope(row) for row in rows]
        prefixes: dict[int, set[bytes]] = {}
        for path in paths:
            found = folders.containing(rows, os.path.expanduser(path))
            if found is None:
                hint = f"Add it first: photolib add {path}"
                raise UsageError(f"{path} is in no folder of this library", hint)
            prefixes.setdefault(found[0].folder_id, set()).add(found[1])
        chosen = [row for row in rows if row.folder_id in prefixes]
        return [_scope(row, prefixes[row.folder_id]) for row in chosen]


def _scope(folder: FolderRow, prefixes: set[bytes]) -> Scope:
    return Scope(folder, () if b"" in prefixes else tuple(sorted(prefixes)))
