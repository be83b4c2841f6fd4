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
    total: int = 0
    next_offset: int | None = None
