"""What a library has to say of itself: problems, status, models, and the doctor's checks."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from photolib.catalogue import filesystem_of
from photolib.client import read_record
from photolib.errors import ModelError
from photolib.images import formats
from photolib.library import folders, understanding
from photolib.library.photos import size_text
from photolib.library.removal import purging
from photolib.library.results import (
    Check,
    FileProblem,
    IndexStatus,
    LeaseStatus,
    Model,
    ModelsInUse,
    ProblemList,
    Skipped,
    StageStatus,
    Status,
    WatcherStatus,
)
from photolib.models import describe, discover
from photolib.models.copies import copy_id
from photolib.models.known import KNOWN
from photolib.models.proposals import PROPOSALS_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue, LeaseRow, ModelRow
    from photolib.config import Settings
    from photolib.images import ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes
    from photolib.models import ResolvedWeights
    from photolib.models.known import KnownModel

_LITTLE_SPACE = 1_000_000_000


def problems(catalogue: Catalogue, limit: int = -1, offset: int = 0) -> ProblemList:
    """A page of the failures, then of the skipped files."""
    failed, skipped = catalogue.problems.total("failed"), catalogue.problems.total("skipped")
    rows = catalogue.problems.page("failed", limit=limit, offset=offset)
    room = -1 if limit < 0 else limit - len(rows)
    others = catalogue.problems.page("skipped", limit=room, offset=max(0, offset - failed))
    shown = offset + len(rows) + len(others)
    return ProblemList(
        problems=tuple(
            FileProblem(
                row.path,
                row.photo_id,
                row.stage,
                row.code,
                row.reason,
                row.remedy,
                row.attempts,
                row.last_at,
                bool(row.retryable),
            )
            for row in rows
        ),
        skipped=tuple(Skipped(row.path, row.reason) for row in others),
        total=failed + skipped,
        next_offset=shown if shown < failed + skipped else None,
    )


def status(
    catalogue: Catalogue,
    settings: Settings,
    engines: Engines,
    indexes: Indexes,
    thumbnails: ThumbnailCache,
) -> Status:
    """Counts and states; loads no model and opens no photo."""
    by_state = catalogue.photos.by_state()
    encoder, look, copy = engines.wanted(), engines.look(), engines.copying()
    leases = catalogue.leases.held()
    watcher = next((row for row in leases if row.name == "watch"), None)
    current, detecting = understanding.versions(engines), engines.detecting()
    waiting = understanding.pending(catalogue, engines, ocr=settings.ocr)
    models = [(look, "look")] + ([(encoder, "photo")] if encoder else [])
    return Status(
        library=str(settings.library),
        schema_version=catalogue.schema_version,
        change=catalogue.vectors.last_change(),
        photos=by_state["present"],
        by_state=by_state,
        parts=catalogue.photos.part_count(),
        problems=catalogue.problems.count("failed"),
        skipped=catalogue.problems.count("skipped"),
        folders=tuple(folders.status(catalogue, row) for row in catalogue.folders.all()),
        stages={
            "embed": _embedding(catalogue, *models[-1]),
            "crops": _stage(catalogue, "crops", current["crops"], waiting.crops),
            "texts": _stage(catalogue, "texts", current["texts"], waiting.texts),
        },
        models=ModelsInUse(
            encoder.model_id if encoder else None,
            detecting.model_id if detecting.source else None,
            engines.reading().model_id,
            look.model_id,
            copy.model_id if copy else None,
        ),
        index=tuple(
            _index(catalogue, indexes, model, kind) for model, kind in indexed(catalogue, engines)
        ),
        leases=tuple(LeaseStatus(row.name, row.owner, row.pid, row.acquired_at) for row in leases),
        watcher=WatcherStatus(
            running=watcher is not None,
            pid=watcher.pid if watcher else None,
            socket=_service_at(settings, leases),
        ),
        albums=catalogue.albums.count(),
        duplicate_sets=catalogue.duplicates.count(),
        quarantine=purging.quarantine(catalogue),
        cache_bytes=thumbnails.size() + _bytes_in(settings.indexes),
    )


def _service_at(settings: Settings, leases: Sequence[LeaseRow]) -> str | None:
    """Where the service listens that runs now, whether a watcher includes it or not."""
    running = any(row.name == "serve" for row in leases)
    record = read_record(settings) if running else None
    return record.address if record else None


def indexed(catalogue: Catalogue, engines: Engines) -> list[tuple[ModelRow, str]]:
    """The models in use and the kinds of their vectors: each pair has an index of its own."""
    look, encoder = engines.look(), engines.serving()
    pairs = [(look, "look"), (look, "crop-look")]
    pairs += [(encoder, kind) for kind in ("photo", "crop", "text")] if encoder else []
    if (copy := engines.copying()) is not None:
        pairs.append((copy, "photo"))
    whole = ("look", "photo")
    return [(m, k) for m, k in pairs if k in whole or catalogue.vectors.count(m.model_no, k)]


def _stage(catalogue: Catalogue, name: str, versions: Sequence[str], waiting: int) -> StageStatus:
    count = catalogue.regions.stage_count(name, versions)
    return StageStatus(count.done, waiting, count.failed)


def _embedding(catalogue: Catalogue, model: ModelRow, kind: str) -> StageStatus:
    pending = len(catalogue.photos.without_embedding(model.model_no, kind))
    done = catalogue.vectors.count(model.model_no, kind)
    return StageStatus(done, pending, catalogue.vectors.failures(model.model_id))


def _index(catalogue: Catalogue, indexes: Indexes, model: ModelRow, kind: str) -> IndexStatus:
    stamp = indexes.saved(model, kind)
    expected = catalogue.vectors.count(model.model_no, kind)
    rows, change = (stamp.count, stamp.change) if stamp else (0, None)
    return IndexStatus(model.model_id, kind, rows, expected, change)


def _bytes_in(directory: os.PathLike[str]) -> int:
    try:
        with os.scandir(directory) as entries:
            return sum(entry.stat().st_size for entry in entries if entry.is_file())
    except OSError:
        return 0


def models(catalogue: Catalogue, settings: Settings, engines: Engines) -> list[Model]:
    """The models on this machine, those in use first, then those that could be fetched."""
    rows = engines.wanted(), engines.detecting(), engines.copying()
    chosen = [row for row in rows if row is not None and row.model_id != PROPOSALS_ID]
    in_use = {row.model_id for row in chosen}
    here = [_on_disk(catalogue, engines, each, in_use) for each in discover(settings.weights)]
    listed = {model.model_id for model in here}
    here += [_chosen(catalogue, row) for row in chosen if row.model_id not in listed]
    names = {model.name for model in here}
    known = [_fetchable(model) for model in KNOWN if model.name not in names]
    return sorted(here, key=lambda model: not model.in_use) + known


def _chosen(catalogue: Catalogue, row: ModelRow) -> Model:
    """A model that stands where a person named it."""
    done, pending = _seen(catalogue, row)
    return Model(
        name=row.name,
        model_id=row.model_id,
        kind=row.kind,
        in_use=True,
        available=True,
        source="path",
        path=row.source,
        size_bytes=None,
        dimensions=row.dimensions,
        languages="",
        licence="",
        embedded=done,
        pending=pending,
    )


def _on_disk(
    catalogue: Catalogue, engines: Engines, weights: ResolvedWeights, in_use: set[str]
) -> Model:
    model_id, dimensions = None, None
    try:
        if weights.kind == "encoder":
            described = describe(weights)
            model_id, dimensions = described.model_id, described.dimensions
        elif weights.kind == "copy":
            model_id = copy_id(weights)
        else:
            model_id = engines.detector_id(weights)
    except ModelError:
        pass  # it is listed without an id; using it tells what is wrong
    row = catalogue.vectors.model(model_id) if model_id else None
    done, pending = _seen(catalogue, row) if row else (0, 0)
    return Model(
        name=weights.name,
        model_id=model_id,
        kind=weights.kind,
        in_use=model_id in in_use,
        available=True,
        source=weights.source,
        path=str(weights.path),
        size_bytes=weights.size_bytes,
        dimensions=dimensions,
        languages=", ".join(weights.known.languages) if weights.known else "",
        licence=weights.known.licence if weights.known else "",
        embedded=done,
        pending=pending,
    )


def _seen(catalogue: Catalogue, row: ModelRow) -> tuple[int, int]:
    """How many contents a model has seen, and how many wait for it."""
    if row.kind == "detector":
        done = catalogue.regions.stage_count("crops", [row.model_id]).done
        return done, len(catalogue.regions.unread(row.model_id, None, ()))
    pending = catalogue.photos.without_embedding(row.model_no, "photo")
    return catalogue.vectors.count(row.model_no, "photo"), len(pending)


def _fetchable(known: KnownModel) -> Model:
    return Model(
        name=known.name,
        model_id=None,
        kind=known.kind,
        in_use=False,
        available=False,
        source="download",
        path=None,
        size_bytes=known.about_bytes,
        dimensions=known.dimensions,
        languages=", ".join(known.languages),
        licence=known.licence,
        embedded=0,
        pending=0,
    )


# --- the doctor ---------------------------------------------------------------------------------


def doctor(catalogue: Catalogue, settings: Settings, engines: Engines) -> list[Check]:
    """What this installation can do, and what stands in its way; never raises."""
    return [
        Check("library", "ok", f"{settings.library}, schema {catalogue.schema_version}"),
        _space(settings),
        _encoder(engines),
        _detector(),
        *_formats(),
        *_folders(catalogue),
        *_inotify(),
    ]


def _space(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.library).free
    where = filesystem_of(settings.library)
    detail = f"{size_text(free)} free" + (f" on {where}" if where else "")
    if free < _LITTLE_SPACE:
        return Check("disk", "bad", detail, "Free some space: the caches need about 30 kB a photo.")
    return Check("disk", "ok", detail)


def _encoder(engines: Engines) -> Check:
    row = engines.wanted()
    if row is None:
        return Check("encoder", "note", "none: look, words and dates only", engines.note)
    return Check("encoder", "ok", row.model_id)


def _detector() -> Check:
    if find_spec("ultralytics") is None or find_spec("cv2") is None:
        return Check("detector", "note", "ultralytics is not installed", "pip install ultralytics")
    return Check("detector", "ok", "ultralytics is installed")


def _formats() -> Iterator[Check]:
    for each in formats():
        state = "ok" if each.readable else "note"
        yield Check(f"format {each.name}", state, ", ".join(each.extensions), each.lacks)


def _folders(catalogue: Catalogue) -> Iterator[Check]:
    for row in catalogue.folders.all():
        if not folders.is_online(catalogue, row):
            remedy = "Mount the drive, or tell where it is now: photolib relocate OLD NEW"
            yield Check("folder", "bad", f"{row.display} is offline", remedy)


def _inotify() -> Iterator[Check]:
    if not sys.platform.startswith("linux"):
        return
    try:
        with open("/proc/sys/fs/inotify/max_user_watches", encoding="ascii") as file:
            watches = int(file.read())
    except (OSError, ValueError):
        return
    remedy = "sudo sysctl fs.inotify.max_user_watches=524288" if watches < 65_536 else ""
    state = "note" if remedy else "ok"
    yield Check("watching", state, f"{watches} directories can be watched", remedy)
