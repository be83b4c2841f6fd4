"""What an export did, and the few photos that tell most."""

from __future__ import annotations

from dataclasses import dataclass, field

from photolib.library.results.albums import AlbumPhoto


@dataclass(frozen=True, slots=True)
class ExportedPhoto:
    """A photo and the file that stands for it."""

    photo_id: int
    path: str
    exported: str


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """A photo that was not exported, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class ExportReport:
    """What an export added; ``unchanged`` were there before, ``sidecars`` were written."""

    destination: str
    link: str
    added: list[ExportedPhoto] = field(default_factory=list)
    unchanged: int = 0
    sidecars: int = 0
    failed: list[ExportFailure] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Highlights:
    """The photos that tell most of an album, a year or a day, the most telling first."""

    of: str
    total: int
    photos: tuple[AlbumPhoto, ...]


@dataclass(frozen=True, slots=True)
class HighlightList:
    """Highlights beside each other: of years, or of one day in several years."""

    sets: tuple[Highlights, ...]
