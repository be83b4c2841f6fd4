"""New clusters take over the albums that they continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet


def match(old: Mapping[int, AbstractSet[int]], new: Sequence[AbstractSet[int]]) -> list[int | None]:
    """For each new cluster, the id of the album that it continues, or None for a new album.

    The assignment is one to one and keeps as many memberships as possible (Kuhn's optimal
    assignment); among equal ones it prefers the closer sets. A cluster continues an album only when
    more than half of the album came along, or more than half of the cluster comes from it: a theme
    may grow, shrink or split and keeps its id in its largest part.
    """
    from scipy.optimize import linear_sum_assignment

    albums = sorted(old)
    shared = _shared([old[album] for album in albums], new)
    if not shared:
        return [None] * len(new)
    gain = np.zeros((len(new), len(albums)))
    for (place, album), count in shared.items():
        gain[place, album] = _gain(count, len(new[place]), len(old[albums[album]]))
    rows, columns = linear_sum_assignment(gain, maximize=True)
    found: list[int | None] = [None] * len(new)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if gain[row, column] > 0:
            found[row] = albums[column]
    return found


def _gain(shared: int, new: int, old: int) -> float:
    if 2 * shared <= new and 2 * shared <= old:
        return 0.0
    closeness = shared / (new + old - shared)
    return shared + closeness / 2


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
