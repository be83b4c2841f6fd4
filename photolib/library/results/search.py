"""What searches return."""

from __future__ import annotations

from dataclasses import dataclass

from photolib.library.results.box import Box


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
class Example:
    """A picture to start from: a file, a photo of the library, or a crop of one."""

    path: str | None = None
    photo_id: int | None = None
    crop_id: int | None = None
    region: Box | None = None
    """x, y, width, height of a part of the picture, in fractions; not for a crop."""


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
    """The first of ``more``."""
    more: tuple[Likeness, ...] = ()
    less: tuple[Likeness, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query kept under a name, as the album of what it finds."""

    album_id: int
    name: str
    query: str
    size: int
    new: int
    """Photos that came to the library since somebody last looked at it."""


@dataclass(frozen=True, slots=True)
class ModelHits:
    """What one encoder finds for a query."""

    model_id: str
    clear: int
    likely: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One query asked of two encoders; ``common`` counts the photos on both pages."""

    query: str
    a: ModelHits
    b: ModelHits
    common: int


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Two encoders side by side on a person's own queries; ``embedded`` counts their photos."""

    a: str
    b: str
    embedded: tuple[int, int]
    queries: tuple[Compared, ...]
