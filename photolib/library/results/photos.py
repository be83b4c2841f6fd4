"""Pages of photos, folders and labels."""

from __future__ import annotations

from dataclasses import dataclass

from photolib.library.results.index import FolderStatus
from photolib.library.results.labels import LabelFacet


@dataclass(frozen=True, slots=True)
class PhotoSummary:
    """What a list of photos shows; width and height are those of the upright picture."""

    photo_id: int
    path: str
    state: str
    taken_at: str
    width: int
    height: int
    format: str
    rating: int
    favourite: bool


@dataclass(frozen=True, slots=True)
class PhotoList:
    """A page of photos."""

    photos: tuple[PhotoSummary, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class FolderList:
    """A page of the watched folders."""

    folders: tuple[FolderStatus, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class LabelList:
    """A page of labels, the most frequent first."""

    labels: tuple[LabelFacet, ...]
    total: int
    next_offset: int | None = None
