"""The photos that are grouped: one content of each duplicate set stands for all of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from photolib.catalogue import ShownPhotos

    Ids = NDArray[np.int64]


class Shown:
    """The photos to be grouped; one content of each duplicate set stands for all of it."""

    def __init__(self, rows: ShownPhotos) -> None:
        self.rows = rows
        self.contents = np.unique(rows.stand_ins)
        own = np.flatnonzero(rows.contents == rows.stand_ins)
        first = np.unique(rows.stand_ins[own], return_index=True)[1]
        self.chosen = np.sort(own[first])
        """The places of the photos that stand for their sets, by capture time."""
        self._order = np.argsort(rows.photos)

    def places_of(self, photos: Iterable[int]) -> NDArray[np.intp]:
        """Where these photos are among the rows, by capture time; others are left out."""
        wanted = np.fromiter(photos, np.int64)
        ordered = self.rows.photos[self._order]
        places = np.minimum(np.searchsorted(ordered, wanted), max(len(ordered) - 1, 0))
        if not len(ordered):
            return np.empty(0, np.intp)
        return np.sort(self._order[places[ordered[places] == wanted]])

    def by_label(self, units: Ids, labels: Ids, count: int) -> list[set[int]]:
        """For each label, all photos whose stand-in (one of ``units``, ascending) has it."""
        if not len(units):
            return [set() for _ in range(count)]
        places = np.minimum(np.searchsorted(units, self.rows.stand_ins), len(units) - 1)
        label = np.where(units[places] == self.rows.stand_ins, labels[places], -1)
        return grouped(label, self.rows.photos, count)

    def stand_ins_of(self, photos: Ids) -> Ids:
        """The stand-in of each photo; -1 for one that is not shown."""
        order = self._order
        ordered = self.rows.photos[order]
        places = np.minimum(np.searchsorted(ordered, photos), max(len(ordered) - 1, 0))
        if not len(ordered):
            return np.full(len(photos), -1)
        return np.where(ordered[places] == photos, self.rows.stand_ins[order[places]], -1)


def grouped(labels: Ids, things: Ids, count: int) -> list[set[int]]:
    """The things under each label from 0 to ``count``; those under -1 are left out."""
    order = np.argsort(labels, kind="stable")
    cuts = np.searchsorted(labels[order], np.arange(count + 1))
    return [set(things[order[start:stop]].tolist()) for start, stop in itertools.pairwise(cuts)]
