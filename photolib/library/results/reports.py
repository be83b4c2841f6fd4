"""The state of a library: problems, status, models, one photo's facts."""

from __future__ import annotations

from dataclasses import dataclass

from photolib.library.results.index import FolderStatus


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that could not be read, with what to do about it."""

    path: str
    photo_id: int | None
    stage: str
    code: str
    reason: str
    remedy: str
    attempts: int
    last_at: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not a photo to this installation."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemList:
    """A page of problems and of skipped files; ``total`` counts both."""

    problems: tuple[FileProblem, ...]
    skipped: tuple[Skipped, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class StageStatus:
    """How far a stage has come, in contents."""

    done: int
    pending: int
    failed: int


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """One FAISS index: ``saved_change`` is the change its snapshot on disk has seen."""

    model_id: str
    kind: str
    rows: int
    expected: int
    saved_change: int | None


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    """A job that runs now."""

    name: str
    owner: str
    pid: int
    acquired_at: str


@dataclass(frozen=True, slots=True)
class WatcherStatus:
    """Whether a watcher runs on this library; ``socket`` is where a service listens."""

    running: bool = False
    pid: int | None = None
    socket: str | None = None


@dataclass(frozen=True, slots=True)
class ModelsInUse:
    """The ids of the models in use; None where there is none."""

    encoder: str | None
    detector: str | None
    ocr: str | None
    look: str
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Removed files that wait for undo or purge."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a library at a glance."""

    library: str
    schema_version: str
    change: int
    photos: int
    by_state: dict[str, int]
    parts: int
    problems: int
    skipped: int
    folders: tuple[FolderStatus, ...]
    stages: dict[str, StageStatus]
    models: ModelsInUse
    index: tuple[IndexStatus, ...]
    leases: tuple[LeaseStatus, ...]
    watcher: WatcherStatus
    albums: int
    duplicate_sets: int
    quarantine: Quarantine
    cache_bytes: int


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``: ``state`` is ok, note or bad."""

    name: str
    state: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is here, or that could be fetched."""

    name: str
    model_id: str | None
    kind: str
    in_use: bool
    available: bool
    source: str
    path: str | None
    size_bytes: int | None
    dimensions: int | None
    languages: str
    licence: str
    embedded: int
    pending: int


@dataclass(frozen=True, slots=True)
class PhotoDetail:
    """One photo with its facts: pairs of a caption and a value, ready to be shown."""

    photo_id: int
    path: str
    state: str
    taken_at: str
    width: int
    height: int
    facts: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str], ...]
    albums: tuple[tuple[int, str], ...]
    rating: int
    favourite: bool
    hidden: bool = False
    turned: int = 0
    """Degrees clockwise that a person turned it by."""
    tags: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    """Lines that were read in it."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A copy of the catalogue: its size, the photos it knows, and when it was written."""

    path: str
    bytes: int
    photos: int
    at: str


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A catalogue that was taken back; ``previous`` is where the one before is kept."""

    path: str
    photos: int
    previous: str | None
