"""The map of a library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A photo on a map: places lie between -1 and 1, or are longitude and latitude."""

    photo_id: int
    path: str
    x: float
    y: float
    taken_at: str
    album_id: int | None
    place: str


@dataclass(frozen=True, slots=True)
class PhotoMap:
    """Every photo that has a place; ``photos`` counts those that have none, too."""

    method: str
    photos: int
    points: tuple[MapPoint, ...]
