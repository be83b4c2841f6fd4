"""The order of what was found, its cut-off, and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from photolib.library.calibration import CLEAR, LIKELY, cutoff

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.library.asking import Answer
    from photolib.library.roster import Roster
    from photolib.library.selection import Selection

    Ids = NDArray[np.int64]


class Ranking:
    """Contents in the order of relevance, each with the photo that stands for it.

    Among equals the newest comes first; so the order is the same every time.
    """

    def __init__(self, answer: Answer, selection: Selection) -> None:
        self._roster = selection.roster
        faces = selection.roster.faces(answer.contents, selection.rows)
        kept = (answer.scores > 0) & (faces >= 0)
        rows, scores, tiers = faces[kept], answer.scores[kept], answer.tiers[kept]
        order = np.lexsort((*_newest(self._roster, rows), -scores, -tiers))
        self.contents: Ids = answer.contents[kept][order]
        self.faces: Ids = rows[order]
        self.scores: NDArray[np.float64] = scores[order]
        self.cutoff = cutoff(self.scores)
        self.clear = int((self.scores >= CLEAR).sum())
        self.likely = int((self.scores >= self.cutoff).sum()) - self.clear

    @classmethod
    def by_date(cls, selection: Selection) -> Ranking:
        """All photos of a selection, the newest first; every one is as relevant as the others."""
        ranking = cls.__new__(cls)
        ranking._roster = selection.roster
        ranking.faces = selection.roster.newest(selection.rows)
        ranking.contents = selection.roster.contents[ranking.faces]
        ranking.scores = np.ones(len(ranking.faces))
        ranking.cutoff, ranking.clear, ranking.likely = LIKELY, len(ranking.faces), 0
        return ranking

    def page(self, sort: str, limit: int, offset: int, *, total: int) -> Ids:
        """The places, from 0, of a page of the first ``total`` hits, which are sorted as asked."""
        places = np.arange(total)
        if sort == "date":
            rows = self.faces[:total]
            places = places[np.lexsort(_newest(self._roster, rows))]
        return places[offset : offset + limit]


def _newest(roster: Roster, rows: Ids) -> tuple[Ids, Ids]:
    """Keys for lexsort that put the newest rows first."""
    return -roster.photos[rows], -roster.taken[rows]
