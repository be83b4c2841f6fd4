"""What the use cases return: frozen values whose fields are the keys of the JSON contract.

A field that would clash with a Python keyword ends in an underscore, which ``wire`` drops. Paths
are ``str`` as the operating system gives them (surrogate escapes and all); ``wire`` and the front
ends make them safe to print.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]
"""x, y, width and height as fractions of the oriented picture."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Contents that a stage has not reached yet."""

    embed: int = 0
    crops: int = 0
    texts: int = 0


@dataclass(slots=True)
class IndexReport:
    """What one index job did. ``scanned`` is the sum of the nine outcomes below it."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    copied: int = 0
    restored: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    parts: int = 0
    missing: int = 0
    opened: int = 0
    decoded: int = 0
    reused: int = 0
    embedded: int = 0
    crops: int = 0
    texts: int = 0
    pending: Pending = field(default_factory=Pending)
    offline: list[str] = field(default_factory=list)
    cancelled: bool = False
    seconds: float = 0.0

    @property
    def scanned(self) -> int:
        outcomes = self.added, self.changed, self.moved, self.copied, self.restored
        return sum(outcomes) + self.unchanged + self.failed + self.skipped + self.parts


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A watched folder. ``state`` is online or offline."""

    folder_id: int
    path: str
    state: str
    photos: int
    last_scan: str | None
    reference: bool = False
    poll: bool = False
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """One piece of evidence for a hit."""

    source: str
    """meaning, crop, look, text, name, label or filter."""
    detail: str
    score: float
    raw: float
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result, best first."""

    rank: int
    path: str
    photo_id: int
    score: float
    taken_at: str
    why: tuple[Why, ...]
    state: str = "present"
    copies: tuple[str, ...] = ()
    """Other photos with the same bytes."""
    crop_id: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One way of finding, whether this library can use it now, and why not."""

    source: str
    model_id: str | None
    available: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The calibrated score below which hits are unlikely, and how many are above it."""

    score: float
    count: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits. ``total`` counts all pages; ``model`` is None without an encoder."""

    query: str
    model: str | None
    total: int
    clear: int
    likely: int
    cutoff: Cutoff
    sort: str
    sources: tuple[Source, ...]
    notice: str
    hits: tuple[Hit, ...]
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """What ``similar`` started from; ``photo_id`` is None for a file outside the library."""

    path: str
    photo_id: int | None
    region: Box | None


@dataclass(frozen=True, slots=True)
class SimilarResult(SearchResult):
    """A page of photos like another."""

    of: Likeness = Likeness("", None, None)


@dataclass(frozen=True, slots=True)
class GroupingRun:
    """The grouping run that albums come from, with the parameters it froze."""

    run_id: int
    model_id: str | None
    eps: float | None
    min_samples: int | None
    noise: int


@dataclass(frozen=True, slots=True)
class Cover:
    """The photo that stands for an album."""

    photo_id: int
    path: str


@dataclass(frozen=True, slots=True)
class Album:
    """An album as lists show it; ``from_`` and ``to`` are local capture times."""

    album_id: int
    kind: str
    name: str
    size: int
    parent_id: int | None
    level: int
    cover: Cover | None
    from_: str | None
    to: str | None
    named_by: str
    pinned: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class AlbumList:
    """A page of albums; ``run`` is None before the first grouping."""

    run: GroupingRun | None
    unsorted: int
    albums: tuple[Album, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class AlbumPhoto:
    """A photo in an album; subjects name the crop."""

    path: str
    photo_id: int
    taken_at: str
    crop_id: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class AlbumDetail(Album):
    """An album with a page of its photos."""

    photos: tuple[AlbumPhoto, ...] = ()
    total: int = 0
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two photos are copies; ``with_`` is the other's photo_id."""

    with_: int
    tier: str
    relation: str | None
    direction: str | None
    score: float | None
    inliers: int | None = None
    residual: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicatePhoto:
    """A member of a duplicate set; ``reason`` says why it is kept, or what it loses by."""

    path: str
    photo_id: int
    keeper: bool
    reason: str
    bytes: int
    width: int
    height: int
    format: str
    reference: bool
    parts: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class DuplicateSet:
    """Copies of one picture; ``tier`` is the weakest evidence of a member against the keeper."""

    set_id: int
    tier: str
    keeper_id: int
    tie: bool
    photos: tuple[DuplicatePhoto, ...]


@dataclass(frozen=True, slots=True)
class DuplicateList:
    """A page of duplicate sets, those that free most first."""

    reclaimable_bytes: int
    sets: tuple[DuplicateSet, ...]
    total: int
    next_offset: int | None = None


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
class AlteredPhoto:
    """A photo whose bytes differ though its size and time do not."""

    path: str
    photo_id: int


@dataclass(slots=True)
class VerifyReport:
    """What reading every photo again found."""

    checked: int = 0
    ok: int = 0
    altered: list[AlteredPhoto] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    seconds: float = 0.0


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
    """Whether a watcher runs on this library."""

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
