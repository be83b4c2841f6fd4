"""What the catalogue hands out and takes in: frozen rows, named by the glossary."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A watched folder; ``path`` is absolute."""

    folder_id: int
    path: bytes
    display: str
    marker: str | None
    device: int | None
    reference: bool
    poll: bool
    ignore: tuple[str, ...]
    state: str
    scanned_at: str | None

    @property
    def root(self) -> str:
        """The path as the operating system takes it."""
        return os.fsdecode(self.path)


class Stat(NamedTuple):
    """What the file system says of a file without opening it."""

    size: int
    mtime_ns: int
    inode: int


class Known(NamedTuple):
    """What the catalogue knows of a path: ``kind`` is photo, part, failed or skipped."""

    kind: str
    row_id: int
    size: int
    mtime_ns: int
    state: str


@dataclass(frozen=True, slots=True)
class NewContent:
    """One distinct sequence of bytes and the facts read from it (columns of ``content``)."""

    content_hash: bytes
    size: int
    format: str
    width: int
    height: int
    payload_key: str | None = None
    orientation: int = 1
    icc: str | None = None
    frames: int = 1
    attachments: str = ""
    taken_at: str | None = None
    taken_offset: int | None = None
    taken_source: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: tuple[str, str, str, str] | None = None
    """Country code, country, region, town."""
    camera: str | None = None
    lens: str | None = None
    exposure: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    title: str | None = None
    description: str | None = None
    sharpness: float | None = None
    dhash: bytes = b""
    phash: bytes = b""
    """Perceptual hashes for the EXIF orientations 1 to 8, eight little-endian uint64 each."""


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo with what a list of photos shows; ``path`` is absolute, ``shape`` as displayed."""

    photo_id: int
    content_id: int
    folder_id: int
    path: str
    state: str
    size: int
    mtime_ns: int
    taken_at: str
    content_hash: bytes
    width: int
    height: int
    format: str
    rating: int | None
    favourite: bool
    hidden: bool
    turned: int = 0
    """Degrees clockwise that a person turned it by."""


class PartRow(NamedTuple):
    """A part of a photo; ``path`` is absolute, ``facts`` JSON."""

    path: str
    role: str
    size: int
    mtime_ns: int
    facts: str


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Which photos a window shows; unset fields do not restrict. Hidden photos need asking for."""

    folder_id: int | None = None
    album_id: int | None = None
    unsorted: bool = False
    state: str = "present"
    hidden: bool = False
    favourite: bool = False
    order: str = "newest"
    """newest, oldest, name, size (the largest first), rating or added (the latest first)."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """What duplicate detection and the best pick weigh about one photo."""

    photo_id: int
    content_id: int
    path: str
    size: int
    mtime_ns: int
    taken_at: str
    taken_source: str
    reference: bool
    width: int
    height: int
    format: str
    payload_key: str | None
    orientation: int
    icc: str | None
    attachments: str
    sharpness: float
    rating: int
    richness: int
    """How many facts (date, place, camera, lens, title, keywords...) the content carries."""
    albums: int
    parts: int


@dataclass(frozen=True, slots=True)
class MatchedPhoto:
    """A member of a duplicate set; the evidence is against the keeper, None for the keeper."""

    photo_id: int
    reason: str
    tier: str | None = None
    relation: str | None = None
    direction: str | None = None
    score: float | None = None
    inliers: int | None = None
    residual: float | None = None
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicateSetRow:
    """Copies of one picture. ``set_id`` is 0 for a set that is not stored yet."""

    tier: str
    keeper_id: int
    tie: bool
    reclaimable: int
    photos: tuple[MatchedPhoto, ...]
    set_id: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What a person did with a photo that can be given to another one; albums by their ids."""

    tags: tuple[str, ...] = ()
    albums: tuple[int, ...] = ()
    rating: int | None = None
    favourite: bool = False


@dataclass(frozen=True, slots=True)
class RemovedFile:
    """One file of a removal: where it was and where it waits (absolute), and what it is."""

    path: str
    quarantine: str
    role: str
    size: int
    mtime_ns: int
    inode: int
    mode: int
    content_hash: bytes
    facts: str = "{}"


@dataclass(frozen=True, slots=True)
class RemovalDetail:
    """The circumstances of a removal: where the photo stood, why it may go, what it handed on.

    ``kept`` and ``kept_hash`` are the path and the content hash of the keeper at that time.
    ``given`` is what the photo had, ``own`` what its keeper had of that by itself; ``note`` says
    what happened to the removal since.
    """

    folder_id: int
    root: str
    content_id: int
    method: str
    tier: str | None = None
    kept: str | None = None
    kept_hash: str | None = None
    given: Given = Given()
    own: Given = Given()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """One photo in the journal of removals; its first file is the photo itself."""

    removal_id: int
    batch_id: int
    photo_id: int
    path: str
    keeper_id: int | None
    state: str
    at: str
    detail: RemovalDetail
    files: tuple[RemovedFile, ...]

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return sum(file.size for file in self.files)


class MemberRow(NamedTuple):
    """A member of a duplicate set with its own evidence against the keeper."""

    photo_id: int
    set_id: int
    keeper_id: int
    tie: bool
    tier: str | None
    relation: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class AlbumRow:
    """An album as lists show it."""

    album_id: int
    kind: str
    name: str
    named_by: str
    size: int
    parent_id: int | None
    level: int
    cover_id: int | None
    cover_path: str | None
    first_at: str | None
    last_at: str | None
    pinned: bool
    hidden: bool
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewAlbum:
    """A cluster about to be stored; ``album_id`` is None for one that continues no album."""

    name: str
    photo_ids: tuple[int, ...]
    cover_id: int | None
    album_id: int | None = None
    suggestions: tuple[str, ...] = ()
    level: int = 0
    parent: int | None = None
    """The album that holds it."""
    crop_ids: tuple[int, ...] = ()
    """For a subject, what each photo shows of it."""


@dataclass(frozen=True, slots=True)
class GroupingRunRow:
    """One run of a grouping and the parameters it froze."""

    run_id: int
    kind: str
    model_id: str | None
    eps: float | None
    min_samples: int | None
    noise: int
    change: int
    parameters: dict[str, Any] = field(default_factory=dict)
    run_at: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class GroupingState:
    """What a run found before decisions.

    ``units`` int64 (n,) ascending are contents, or crops for subjects; ``leaf`` int64 (n,) the
    cluster of each, -1 for none; ``wide`` int64 (n,) and ``core`` bool (n,) are DBSCAN's own, or
    empty. ``albums`` names the album of each cluster; ``above`` the place in ``coarse`` of what
    holds it, -1 for nothing; ``coarse`` the albums of those.
    """

    units: NDArray[np.int64]
    leaf: NDArray[np.int64]
    wide: NDArray[np.int64]
    core: NDArray[np.bool_]
    albums: tuple[int, ...]
    above: tuple[int, ...]
    coarse: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a person decided; the subject says about which albums and photos."""

    decision_id: int
    kind: str
    subject: dict[str, Any]
    made_at: str


@dataclass(frozen=True, slots=True, eq=False)
class ShownPhotos:
    """The photos to be grouped, as columns (n,) by capture time.

    ``taken`` are seconds of local capture time, ``offsets`` minutes east of UTC, both NaN where
    not known; ``places`` are -1 then.
    """

    photos: NDArray[np.int64]
    contents: NDArray[np.int64]
    stand_ins: NDArray[np.int64]
    taken: NDArray[np.float64]
    offsets: NDArray[np.float64]
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One file's recorded failure, or why it was skipped."""

    path: str
    photo_id: int | None
    outcome: str
    stage: str
    code: str
    reason: str
    remedy: str
    attempts: int
    last_at: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that has left vectors, crops or texts in the catalogue."""

    model_no: int
    model_id: str
    kind: str
    name: str
    dimensions: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Vectors:
    """Embeddings in the order of ``ids``: (n,) int64 ids, (n,) int64 contents, (n, d) float32."""

    ids: NDArray[np.int64]
    contents: NDArray[np.int64]
    matrix: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The stored neighbour graph: for each content the (k,) int64 others and float32 cosines."""

    contents: NDArray[np.int64]
    others: list[NDArray[np.int64]] = field(default_factory=list)
    similarities: list[NDArray[np.float32]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewCrop:
    """A detection about to be stored; boxes are x, y, width, height in fractions."""

    box: tuple[float, float, float, float]
    label: str
    confidence: float
    outline: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class CropRow:
    """A region of a content; ``outline`` is a polygon of fractions where there is a mask."""

    crop_id: int
    content_id: int
    box: tuple[float, float, float, float]
    label: str
    confidence: float
    outline: tuple[tuple[float, float], ...] | None


class TellingRow(NamedTuple):
    """What highlights weigh of a photo; those ``together`` are one picture, or one burst."""

    photo_id: int
    sharpness: float
    liked: float
    together: str


@dataclass(frozen=True, slots=True, eq=False)
class CropColumns:
    """Every crop with a vector of one kind, as columns (n,), by crop id; areas are fractions."""

    crops: NDArray[np.int64]
    contents: NDArray[np.int64]
    embeddings: NDArray[np.int64]
    labels: NDArray[np.str_]
    confidences: NDArray[np.float64]
    areas: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NewText:
    """A line of text about to be stored."""

    words: str
    box: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class TextRow:
    """A line of text that was read in a content."""

    text_id: int
    content_id: int
    words: str
    box: tuple[float, float, float, float]
    confidence: float


class Undescribed(NamedTuple):
    """A content that lacks what is said of it without models, and one path to read it."""

    content_id: int
    content_hash: bytes
    path: str


class LabelCount(NamedTuple):
    """A label, the photos that carry it, and those that it is only suggested for."""

    name: str
    photos: int
    suggested: int


class LabelRow(NamedTuple):
    """A label of a content; ``box`` is that of the crop it is about, if it is about one."""

    crop_id: int | None
    name: str
    provenance: str
    score: float | None
    box: tuple[float, float, float, float] | None


class Suggestion(NamedTuple):
    """A label that a model suggests for a content, with its score (0 to 1)."""

    content_id: int
    name: str
    score: float
    crop_id: int | None


class Unread(NamedTuple):
    """A content that the second stage has work on, one path to read it, and which work."""

    content_id: int
    path: str
    crops: bool
    vectors: bool
    """Its crops are there and lack the encoder's vectors."""
    texts: bool


class StageCount(NamedTuple):
    """Contents for which a stage is done, and for which it failed."""

    done: int
    failed: int


class SavedSearchRow(NamedTuple):
    """A search that was saved as an album, and how many photos it held when last refilled."""

    album_id: int
    name: str
    query: str
    size: int
    new: int
    """Photos that came since somebody last looked at it."""
