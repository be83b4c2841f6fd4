"""New clusters take over the albums that they continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet


def match(old: Mapping[int, AbstractSet[int]], new: Sequence[AbstractSet[int]]) -> list[int | None]:
    """For each new cluster, the id of the album that it continues, or None for a new album.

    The assignment is one to one. A cluster that holds most of an album and comes mostly from it
    always continues it; beyond that as many memberships as possible are kept (Kuhn's optimal
    assignment), and among equal ones the closer sets are preferred. A cluster continues an album
    only when more than half of the album came along, or more than half of the cluster comes from
    it: a theme may grow, shrink or split and keeps its id in its largest part.
    """
    albums = sorted(old)
    shared = _shared([old[album] for album in albums], new)
    gains = {
        pair: gain
        for pair, count in shared.items()
        if (gain := _gain(count, len(new[pair[0]]), len(old[albums[pair[1]]])))
    }
    found: list[int | None] = [None] * len(new)
    for rows, columns in _apart(gains):
        for row, column in _assigned(rows, columns, gains):
            found[row] = albums[column]
    return found


def _assigned(
    rows: list[int], columns: list[int], gains: Mapping[tuple[int, int], float]
) -> Iterator[tuple[int, int]]:
    """The best assignment within one part of the clusters and albums."""
    from scipy.optimize import linear_sum_assignment

    if len(rows) == len(columns) == 1:
        yield rows[0], columns[0]
        return
    gain = np.array([[gains.get((row, column), 0.0) for column in columns] for row in rows])
    for row, column in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        if gain[row, column] > 0:
            yield rows[int(row)], columns[int(column)]


def _apart(gains: Mapping[tuple[int, int], float]) -> list[tuple[list[int], list[int]]]:
    """The clusters and albums that have to do with each other, each part by itself.

    Solved apart they give the optimum of the whole, at a cost that does not grow with its cube.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not gains:
        return []
    pairs = np.array(sorted(gains), np.int64)
    new, old = pairs[:, 0], pairs[:, 1] + pairs[:, 0].max() + 1
    size = int(old.max()) + 1
    links = coo_matrix((np.ones(len(pairs), bool), (new, old)), (size, size))
    component = connected_components(links, directed=False)[1]
    parts: dict[int, tuple[set[int], set[int]]] = {}
    for row, column in gains:
        rows, columns = parts.setdefault(int(component[row]), (set(), set()))
        rows.add(row)
        columns.add(column)
    return [(sorted(rows), sorted(columns)) for rows, columns in parts.values()]


_MUTUAL = 2.0**40
"""Added to the gain of a pair that holds most of each other: more than any library has photos."""


def _gain(shared: int, new: int, old: int) -> float:
    if 2 * shared <= new and 2 * shared <= old:
        return 0.0
    closeness = shared / (new + old - shared)
    mutual = 2 * shared > new and 2 * shared > old
    return shared + closeness / 2 + (_MUTUAL if mutual else 0.0)


def _shared(
    old: Sequence[AbstractSet[int]], new: Sequence[AbstractSet[int]]
) -> dict[tuple[int, int], int]:
    """How many members each new cluster shares with each old album, where it shares any."""
    homes: dict[int, list[int]] = {}
    for album, members in enumerate(old):
        for member in members:
            homes.setdefault(member, []).append(album)
    counts: dict[tuple[int, int], int] = {}
    for place, members in enumerate(new):
        for member in members:
            for album in homes.get(member, ()):
                counts[place, album] = counts.get((place, album), 0) + 1
    return counts
