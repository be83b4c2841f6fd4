"""What has happened: the messages that workers and widgets post.

Workers never touch a widget; they post one of these, and a handler on the event loop owns the
state. A message that answers a request carries the request's number: an answer to an older one is
dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from PIL.Image import Image

    from photolib.catalogue import CropRow
    from photolib.jobs import Progress
    from photolib.library import Library
    from photolib.library.results import (
        ActionDone,
        Album,
        AlbumDetail,
        BatchList,
        Box,
        DuplicateList,
        FolderStatus,
        PhotoDetail,
        Plan,
        ProblemList,
        Status,
    )
    from photolib.tui.pictures import Painting
    from photolib.tui.sources import Deck, Identity, Scene, Tile
    from photolib.tui.thumbnails import Slot


@dataclass
class LibraryOpened(Message):
    """The catalogue is open."""

    library: Library


@dataclass
class WorkFailed(Message):
    """A worker ended with an error; ``group`` is the worker's."""

    error: BaseException
    group: str


@dataclass
class SceneChosen(Message):
    """A person chose what to look at."""

    scene: Scene


@dataclass
class OverviewLoaded(Message):
    """The figures of the sidebar have arrived."""

    number: int
    status: Status
    albums: tuple[Album, ...]
    unsorted: int
    labels: list[tuple[str, int]]


@dataclass
class DeckOpened(Message):
    """A grid's tiles have been counted, and those around ``index`` have arrived."""

    number: int
    deck: Deck
    index: int


@dataclass
class PageArrived(Message):
    """A deck has one page more."""

    deck: Deck
    page: int


@dataclass
class TilePainted(Message):
    """A thumbnail is ready; None when there is none to show."""

    slot: Slot
    painting: Painting | None


@dataclass
class GridShown(Message):
    """A grid has counted what it shows."""

    total: int
    notice: str


@dataclass
class PaneShown(Message):
    """A pane that is no grid knows how much it shows."""

    pane: str
    total: str
    notice: str


@dataclass
class Acted(Message):
    """Something was done to photos, or undone."""

    result: ActionDone


@dataclass
class ActionsLoaded(Message):
    """What was done lately has arrived."""

    actions: tuple[ActionDone, ...]


@dataclass
class CursorMoved(Message):
    """The grid's cursor is on another tile, or that tile has arrived."""

    index: int
    tile: Tile | None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CursorMoved)


@dataclass
class SelectionChanged(Message):
    """So many tiles are selected; ``ranging``: a range has begun that is not ended."""

    count: int
    ranging: bool

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SelectionChanged)


@dataclass
class TilesSelected(Message):
    """The tiles of a range are known."""

    deck: Deck
    identities: list[Identity]


@dataclass
class TileChosen(Message):
    """A person opened a tile."""

    index: int
    tile: Tile


@dataclass
class PhotoLoaded(Message):
    """The facts of a photo and of its crops have arrived."""

    number: int
    index: int
    tile: Tile
    detail: PhotoDetail
    crops: list[CropRow]


@dataclass
class PhotoChanged(Message):
    """The facts of a photo after something was done to it."""

    number: int
    detail: PhotoDetail


@dataclass
class PictureDecoded(Message):
    """Pixels of a photo, at last or at first (``rough``: from its thumbnail)."""

    number: int
    picture: Image
    rough: bool = False


@dataclass
class PicturePainted(Message):
    """A picture has become cells."""

    number: int
    painting: Painting


@dataclass
class PictureFailed(Message):
    """A photo cannot be shown, for this reason."""

    number: int
    reason: str


@dataclass
class RegionDrawn(Message):
    """A person drew a region of the picture and wants more like it."""

    box: Box


@dataclass
class RegionLeft(Message):
    """A person gave up drawing."""


@dataclass
class AlbumLoaded(Message):
    """What is known of an album has arrived."""

    album: AlbumDetail


@dataclass
class AlbumChanged(Message):
    """An album is another; ``said`` tells how, with a place for its name."""

    album: AlbumDetail
    said: str


@dataclass
class PhotosNamed(Message):
    """The photos of an album that were asked for: a half of it, or the odd ones."""

    what: str
    photo_ids: list[int]


@dataclass
class FolderAdded(Message):
    """A folder is watched from now on."""

    folder: FolderStatus


@dataclass
class FolderRefused(Message):
    """A folder cannot be added, for this reason."""

    reason: str
    hint: str


@dataclass
class FoldersLoaded(Message):
    """The watched folders have arrived."""

    folders: list[FolderStatus]


@dataclass
class DuplicatesLoaded(Message):
    """A page of duplicate sets has arrived."""

    number: int
    found: DuplicateList
    offset: int


@dataclass
class MemberLoaded(Message):
    """The thumbnail of a member of a duplicate set; None when there is none."""

    key: tuple[int, ...]
    photo_id: int
    picture: Image | None


@dataclass
class PlanLoaded(Message):
    """What could be removed of all sets of one tier is known."""

    plan: Plan
    tier: str


@dataclass
class RemovalWanted(Message):
    """A person confirmed that these files go into the quarantine."""

    paths: list[str]


@dataclass
class UndoWanted(Message):
    """A person wants a batch of removed photos back."""

    batch_id: int


@dataclass
class PurgeWanted(Message):
    """A person confirmed that a batch of removed photos is deleted for good."""

    batch_id: int


@dataclass
class RemovalsLoaded(Message):
    """The journal of removals has arrived."""

    number: int
    found: BatchList


@dataclass
class PairDecoded(Message):
    """The pixels of two photos; None for one that cannot be read.

    ``lies`` says where the one lies in the other, where that is known.
    """

    one: Image | None
    other: Image | None
    lies: tuple[float, ...] | None = None


@dataclass
class ProblemsLoaded(Message):
    """A page of problems has arrived."""

    number: int
    found: ProblemList
    offset: int


@dataclass
class JobProgressed(Message):
    """A job has come further."""

    progress: Progress

    def can_replace(self, message: Message) -> bool:
        # The older of two messages is dropped: one that reports a problem must stay.
        return isinstance(message, JobProgressed) and message.progress.problem is None


@dataclass
class JobFinished(Message):
    """The job called ``name`` has ended; ``report`` is None when it was stopped before its end."""

    name: str
    report: Any
    problems: int


@dataclass
class DataChanged(Message):
    """This or another process has written to the catalogue."""

    version: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, DataChanged)
