"""Every photo's content, capture time and state as arrays, kept as the catalogue is.

A search asks this of thousands of photos at a time, and never for the same ones twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue

    Ids = NDArray[np.int64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Roster:
    """Columns over all photos but the removed, in the order of their ids."""

    photos: Ids
    contents: Ids
    taken: Ids
    """Capture times in milliseconds, Julian; 0 where unknown."""
    present: Mask
    hidden: Mask

    @cached_property
    def shown(self) -> Mask:
        """Photos that are present and not hidden."""
        return self.present & ~self.hidden

    @cached_property
    def width(self) -> int:
        """One more than the largest content id: the length of an array of flags by content."""
        return int(self.contents.max(initial=0)) + 1

    @cached_property
    def newest_first(self) -> Ids:
        """Rows by capture time, then id, the latest first."""
        order: Ids = np.lexsort((-self.photos, -self.taken))
        return order

    @cached_property
    def _by_content(self) -> tuple[Ids, Ids]:
        """Rows in the order of their contents, and these contents."""
        rows = np.argsort(self.contents, kind="stable")
        return rows, self.contents[rows]

    def flags(self, rows: Mask) -> Mask:
        """The contents of these rows, as flags by content id."""
        flags = np.zeros(self.width, bool)
        flags[self.contents[rows]] = True
        return flags

    def showing(self, contents: Ids) -> Mask:
        """The rows of photos that have one of these contents."""
        flags = np.zeros(self.width, bool)
        flags[contents[contents < self.width]] = True
        return flags[self.contents]

    def places(self, photo_ids: Ids) -> Ids:
        """The rows of these photos, ascending if these are; those not here are left out."""
        places = np.minimum(np.searchsorted(self.photos, photo_ids), len(self.photos) - 1)
        if not len(self.photos):
            return np.empty(0, np.int64)
        found: Ids = places[self.photos[places] == photo_ids]
        return found

    def rows_of(self, photo_ids: Ids) -> Mask:
        """The same as flags by row."""
        rows = np.zeros(len(self.photos), bool)
        rows[self.places(photo_ids)] = True
        return rows

    def newest(self, rows: Mask) -> Ids:
        """One row for each content among ``rows``, its newest photo; the newest of all first."""
        order = self.newest_first
        order = order[rows[order]]
        owners = self.contents[order]
        numbers = np.arange(len(order))
        first = np.empty(self.width, np.int64)
        first[owners[::-1]] = numbers[::-1]  # of several, the last one written stays: the newest
        faces: Ids = order[first[owners] == numbers]
        return faces

    def faces(self, contents: Ids, rows: Mask) -> Ids:
        """For each content the row among ``rows`` that stands for it: the newest photo, or -1."""
        by_content, owners = self._by_content
        starts = np.searchsorted(owners, contents)
        sizes = np.searchsorted(owners, contents, "right") - starts
        of = np.repeat(np.arange(len(contents)), sizes)
        steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found = by_content[starts[of] + steps]
        of, found = of[rows[found]], found[rows[found]]
        faces = np.full(len(contents), -1, np.int64)
        oldest_first = np.lexsort((self.photos[found], self.taken[found]))
        faces[of[oldest_first]] = found[oldest_first]  # of several, the last one stays
        return faces


class Rosters:
    """The current roster; reading it again costs what has changed since."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._current: Roster | None = None
        self._change = 0
        self._lock = threading.Lock()

    def current(self) -> Roster:
        """The roster as the catalogue is now; the same object as long as no photo changes."""
        with self._lock:
            # The number is read first: what is written meanwhile is applied again, harmlessly.
            news = self._catalogue.vectors.photos_since(self._change)
            if self._current is None or news is None:
                self._change = self._catalogue.vectors.last_change()
                self._current = _roster(self._catalogue.photos.roster())
            else:
                self._change, altered = news
                self._current = self._altered(self._current, altered)
            return self._current

    def _altered(self, roster: Roster, photo_ids: list[int]) -> Roster:
        if not photo_ids:
            return roster
        columns = np.stack(
            [roster.photos, roster.contents, roster.taken, roster.present, roster.hidden]
        ).astype(np.int64)
        kept = columns[:, ~np.isin(roster.photos, photo_ids)]
        columns = np.hstack([kept, self._catalogue.photos.roster(photo_ids)])
        return _roster(columns[:, np.argsort(columns[0], kind="stable")])


def _roster(columns: Ids) -> Roster:
    photos, contents, taken, present, hidden = columns
    return Roster(photos, contents, taken, present.astype(bool), hidden.astype(bool))
