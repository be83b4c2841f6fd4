"""The one door to a library, for the command line, the terminal screens and scripts alike."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from photolib.catalogue import Catalogue, PhotoFilter
from photolib.errors import NotFound, PhotolibError, UsageError
from photolib.images import Decoder, ThumbnailCache
from photolib.jobs import Job, Progress
from photolib.library import albums, duplicates, folders, neighbours, photos, regions, reports
from photolib.library.engines import Engines
from photolib.library.indexes import Indexes
from photolib.library.ingest import Ingest, Scope
from photolib.library.results import IndexReport
from photolib.library.search import Searcher
from photolib.library.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from PIL.Image import Image

    from photolib.catalogue import CropRow, FolderRow, Lease, ModelRow, PhotoRow
    from photolib.config import Settings
    from photolib.library.results import (
        AlbumDetail,
        AlbumList,
        Box,
        Check,
        DuplicateList,
        FolderStatus,
        Model,
        PhotoDetail,
        ProblemList,
        SearchResult,
        SimilarResult,
        Status,
        VerifyReport,
    )
    from photolib.models import Detector, Encoder


_CHANGES_KEPT = 1_000_000
"""Changes that an index may lag behind and still catch up; about 30 MB."""


@dataclass(frozen=True, slots=True)
class View:
    """Which photos a grid shows: all, or those of one album, folder or state."""

    album_id: int | None = None
    folder_id: int | None = None
    unsorted: bool = False
    missing: bool = False
    oldest_first: bool = False

    @property
    def filter(self) -> PhotoFilter:
        """The view as the catalogue takes it."""
        return PhotoFilter(
            folder_id=self.folder_id,
            album_id=self.album_id,
            unsorted=self.unsorted,
            state="missing" if self.missing else "present",
            oldest_first=self.oldest_first,
        )


class Library:
    """A catalogue, the models and the indexes over it.

    Methods may be called from any thread. Jobs are generators: run each in one thread and close it
    there. Close the library when done, or use it as a context manager.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        detector: Detector | None = None,
    ) -> None:
        """Open or create the library at ``settings.library``; models given here override its own.

        Raises CatalogueError when the directory or the catalogue cannot be used.
        """
        self.settings = settings
        self._catalogue = Catalogue(settings)
        self._engines = Engines(self._catalogue, settings, encoder, detector)
        self._indexes = Indexes(self._catalogue, settings.indexes)
        self._thumbnails = ThumbnailCache(settings.thumbnails)
        self._decoder = Decoder(workers=1)
        self._searcher = Searcher(
            self._catalogue,
            self._indexes,
            self._engines,
            self._decoder,
            self._thumbnails,
            settings.thumbnail_size,
        )

    @classmethod
    def open(cls, settings: Settings) -> Library:
        """Open or create the library at ``settings.library``; see the constructor."""
        return cls(settings)

    def close(self) -> None:
        """Stop the decoder's processes and close the catalogue."""
        self._decoder.close()
        self._catalogue.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
            waiting = regions.pending(self._catalogue, self._engines, ocr=ocr)
            report.pending = replace(report.pending, crops=waiting.crops, texts=waiting.texts)
            report.seconds = round(time.monotonic() - started, 3)
        return report

    def _ingest(self, scopes: Sequence[Scope], lease: Lease, report: IndexReport) -> Job[None]:
        job = Ingest(self._catalogue, self.settings, self._engines, self._thumbnails, lease, report)
        yield from job.run(scopes)

    def _look_into(self, lease: Lease, report: IndexReport, ocr: str) -> Job[None]:
        yield from regions.update(
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
        for model, kind in [(look, "look")] + ([(encoder, "photo")] if encoder else []):
            yield from neighbours.update(self._catalogue, self._indexes, model, kind, lease)
        yield from duplicates.update(self._catalogue, look, lease)
        yield from albums.update(self._catalogue, *self._grouped_by(), lease)
        for model, kind in reports.indexed(self._catalogue, self._engines):
            self._indexes.get(model, kind)  # a snapshot is written of what is loaded
        self._indexes.save()
        self._catalogue.vectors.prune_log(_CHANGES_KEPT)

    def _grouped_by(self) -> tuple[ModelRow, str]:
        """What albums are made from: the encoder's vectors, else the look."""
        encoder = self._engines.serving()
        return (encoder, "photo") if encoder else (self._engines.look(), "look")

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

    # --- searching -----------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        sort: str = "relevance",
        limit: int = 50,
        offset: int = 0,
        everything: bool = False,
    ) -> SearchResult:
        """Photos that fit a query; ``everything`` goes past the cut-off.

        Raises QueryError with the position of a mistake, UsageError for an empty query.
        """
        return self._searcher.search(
            query, sort=sort, limit=limit, offset=offset, everything=everything
        )

    def similar(
        self,
        path: str,
        *,
        by: str | None = None,
        weigh: Mapping[str, float] | None = None,
        region: Box | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> SimilarResult:
        """Photos like a picture file, which need not be in the library.

        ``by`` is meaning, look or both; ``weigh`` gives parts of the look a weight; ``region`` is
        x, y, width, height in fractions. Raises ImageError, NotFound, UsageError.
        """
        return self._searcher.similar(
            path, by=by, weights=weigh or {}, region=region, limit=limit, offset=offset
        )

    # --- reading -------------------------------------------------------------------------------

    def photo_count(self, view: View) -> int:
        """How many photos a view has."""
        return self._catalogue.photos.count(view.filter)

    def photo_window(self, view: View, offset: int, limit: int) -> list[PhotoRow]:
        """A window of a view's photos, newest first unless the view says otherwise."""
        return self._catalogue.photos.window(view.filter, offset, limit)

    def photos(self, photo_ids: Sequence[int]) -> list[PhotoRow]:
        """Photos by their ids, in that order; unknown ids are left out."""
        return self._catalogue.photos.many(photo_ids)

    def photo(self, photo_id: int) -> PhotoDetail:
        """One photo with its facts; NotFound."""
        return photos.detail(self._catalogue, photo_id)

    def crops(self, photo_id: int) -> list[CropRow]:
        """What was found in a photo, the surest first; nothing for one that is not known."""
        return photos.crops(self._catalogue, photo_id)

    def photo_id_at(self, path: str) -> int | None:
        """The id of the photo at a path."""
        found = folders.containing(self._catalogue.folders.all(), path)
        row = self._catalogue.photos.at(found[0].folder_id, found[1]) if found else None
        return row.photo_id if row else None

    def prefer(self, photo_ids: Sequence[int]) -> None:
        """Let photos that somebody looks at jump the queues of running and coming jobs."""
        with self._catalogue.transaction():
            self._catalogue.photos.prefer(photo_ids)

    def thumbnail(self, photo_id: int) -> bytes | None:
        """A small JPEG of a photo, made anew if the cache lost it; None when the file is gone."""
        row = self._photo_row(photo_id)
        side = self.settings.thumbnail_size
        cached = self._thumbnails.get(row.content_hash, side)
        if cached is not None:
            return cached
        try:
            self._thumbnails.put(row.content_hash, self.picture(photo_id, side), side)
        except PhotolibError:
            return None
        return self._thumbnails.get(row.content_hash, side)

    def picture(self, photo_id: int, side: int) -> Image:
        """A photo upright, in RGB, its longest side about ``side`` pixels. Raises ImageError."""
        return self._decoder.decode(self._photo_row(photo_id).path, side=side).image

    def _photo_row(self, photo_id: int) -> PhotoRow:
        row = self._catalogue.photos.get(photo_id)
        if row is None:
            raise NotFound(f"there is no photo {photo_id}")
        return row

    def albums(self, kind: str | None = None, *, limit: int = -1, offset: int = 0) -> AlbumList:
        """Albums, the largest first, and the grouping run they come from."""
        return albums.page(self._catalogue, kind, limit, offset)

    def album(self, album_id: int, *, limit: int = 100, offset: int = 0) -> AlbumDetail:
        """One album with a page of its photos; NotFound."""
        return albums.detail(self._catalogue, album_id, limit, offset)

    def rename_album(self, album_id: int, name: str) -> AlbumDetail:
        """Name an album; no later grouping changes the name. NotFound, UsageError."""
        return albums.rename(self._catalogue, album_id, name)

    def labels(self) -> list[tuple[str, int]]:
        """Labels and how many photos shown carry each, the most frequent first."""
        return regions.labels(self._catalogue)

    def duplicates(
        self, tier: str | None = None, *, limit: int = -1, offset: int = 0
    ) -> DuplicateList:
        """Duplicate sets, those that would free most first."""
        return duplicates.page(self._catalogue, tier, limit, offset)

    def problems(self, *, limit: int = -1, offset: int = 0) -> ProblemList:
        """Files that failed or were skipped, and why."""
        return reports.problems(self._catalogue, limit, offset)

    def status(self) -> Status:
        """The state of the library at a glance; loads no model."""
        return reports.status(
            self._catalogue, self.settings, self._engines, self._indexes, self._thumbnails
        )

    def doctor(self) -> list[Check]:
        """What this installation can do and what stands in its way."""
        return reports.doctor(self._catalogue, self.settings, self._engines)

    def models(self) -> list[Model]:
        """Models that are here, and those that could be fetched."""
        return reports.models(self._catalogue, self.settings, self._engines)

    def use_model(self, name_or_path: str) -> Model:
        """Choose the encoder; the next index job embeds with it. ModelUnavailable, ModelError."""
        row = self._engines.use(name_or_path)
        return next(model for model in self.models() if model.model_id == row.model_id)

    def data_version(self) -> int:
        """A number that changes when another process or thread commits to the catalogue."""
        return self._catalogue.data_version()


def _scope(folder: FolderRow, prefixes: set[bytes]) -> Scope:
    return Scope(folder, () if b"" in prefixes else tuple(sorted(prefixes)))
