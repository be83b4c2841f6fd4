"""Few photos for many: of an album, of each year, of this day in the years before."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.coverage import telling
from photolib.library.albums import found
from photolib.library.results import AlbumPhoto, HighlightList, Highlights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue

    Vectors = Callable[[Sequence[int]], NDArray[np.float32]]

_MOST = 5_000
"""Photos of a large album or year that are considered: an even sample by capture time."""
_RATED = 0.5
"""What five stars or a heart add to the quality of a photo, whose sharpness gives up to 1."""


def of_album(catalogue: Catalogue, vectors: Vectors, album_id: int, count: int) -> Highlights:
    """The ``count`` most telling photos of an album; NotFound."""
    row = found(catalogue, album_id)
    return _chosen(catalogue, vectors, row.name, catalogue.albums.photo_ids(album_id), count)


def of_years(catalogue: Catalogue, vectors: Vectors, count: int) -> HighlightList:
    """The ``count`` most telling photos of each year, the last year first."""
    years = catalogue.groupings.photos_by_year()
    sets = [_chosen(catalogue, vectors, year, years[year], count) for year in sorted(years)]
    return HighlightList(tuple(reversed(sets)))


def on_this_day(
    catalogue: Catalogue, vectors: Vectors, count: int, day: date | None = None
) -> HighlightList:
    """The ``count`` most telling photos of this day in each year before, the last year first.

    On 28 February of a year without a 29th, that day belongs to it.
    """
    today = day or date.today()
    days = [today.strftime("%m-%d")]
    if days == ["02-28"] and today.year % 4:
        days.append("02-29")
    years = catalogue.groupings.photos_by_year(days)
    earlier = sorted((year for year in years if int(year) < today.year), reverse=True)
    return HighlightList(
        tuple(
            _chosen(catalogue, vectors, f"{year}-{days[0]}", years[year], count) for year in earlier
        )
    )


def _chosen(
    catalogue: Catalogue, vectors: Vectors, name: str, photos: Sequence[int], count: int
) -> Highlights:
    rows = catalogue.groupings.for_highlights(photos)
    if len(rows) > _MOST:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, _MOST).astype(int).tolist()]
    best = telling(
        vectors([row.photo_id for row in rows]),
        _quality(np.array([r.sharpness for r in rows]), np.array([r.liked for r in rows])),
        [row.together for row in rows],
        count,
    )
    shown = catalogue.photos.many([rows[place].photo_id for place in best])
    return Highlights(
        name, len(photos), tuple(AlbumPhoto(p.path, p.photo_id, p.taken_at) for p in shown)
    )


def _quality(sharpness: NDArray[np.float64], liked: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of each photo in the order of sharpness, 0 to 1, and what a person said of it."""
    if not len(sharpness):
        return sharpness
    rank = np.argsort(np.argsort(sharpness, kind="stable")) / max(len(sharpness) - 1, 1)
    quality: NDArray[np.float64] = rank + _RATED * liked
    return quality
