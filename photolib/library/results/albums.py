"""Albums as lists and pages."""

from __future__ import annotations

from dataclasses import dataclass

from photolib.library.results.box import Box


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
    suggestions: tuple[str, ...] = ()
    """Names that would suit it too."""
    total: int = 0
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class DroppedDecision:
    """A decision that has nothing to hold on to any more; it comes back with what it was about.

    ``decision_id`` is None for a name, a pin or a hidden album.
    """

    decision_id: int | None
    kind: str
    album_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionsReplayed:
    """How many decisions hold after a grouping, and which do not apply any more."""

    held: int
    dropped: tuple[DroppedDecision, ...] = ()


@dataclass(frozen=True, slots=True)
class AlbumChange:
    """What a grouping does to one album; ``album_id`` is None for one that does not exist yet."""

    album_id: int | None
    kind: str
    name: str
    before: int
    after: int
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class RegroupReport:
    """What a grouping did, or with ``preview`` would do."""

    run_id: int
    created: int
    kept: int
    retired: int
    moved: int
    decisions: DecisionsReplayed
    preview: bool
    changes: tuple[AlbumChange, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class SweepRow:
    """What DBSCAN finds at one radius; ``purity`` is None where nothing is labelled."""

    eps: float
    min_samples: int
    clusters: int
    noise: int
    silhouette: float | None
    purity: float | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Sweep:
    """Clusters, noise, silhouette and purity against eps and min_samples."""

    photos: int
    labelled: int
    rows: tuple[SweepRow, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A grouping run of the past; ``agreement`` is the adjusted Rand index with the current one."""

    run_id: int
    at: str
    model_id: str | None
    method: str
    eps: float | None
    min_samples: int | None
    photos: int
    clusters: int
    noise: int
    agreement: float
    current: bool


@dataclass(frozen=True, slots=True)
class RunList:
    """The stored runs, the newest first."""

    runs: tuple[RunSummary, ...]


@dataclass(frozen=True, slots=True)
class ActionDone:
    """Something done, undone or done again; ``undone`` says which state it is in now."""

    action_id: int
    name: str
    undone: bool


@dataclass(frozen=True, slots=True)
class ActionList:
    """The newest things done, those taken back included."""

    actions: tuple[ActionDone, ...]
