"""Lines of text in pictures as samples of their own: found by what they mean, with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from photolib.library.calibration import Scale
from photolib.library.results import Why
from photolib.library.sources import COMPARED, DEPTH, SHOWN, Evidence, best_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.library.indexes import Indexes, Near
    from photolib.library.selection import Selection

    Ids = NDArray[np.int64]
    Scores = NDArray[np.float64]

_MIDDLE, _SLOPE = 3.5, 2.0
"""Texts are alike to an encoder: one is only meant when it stands far above the others."""
_SPREAD = 0.05
"""Deviation of cosines below which there are too few lines to know it: unrelated texts of a CLIP
model differ by about this much."""


class Lines:
    """Contents in which a line of text means something like some words."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        model: ModelRow,
        vector: NDArray[np.float32],
    ) -> None:
        """``vector`` (d,) is that of the words as they stand: so lines are embedded."""
        self._catalogue = catalogue
        self._indexes = indexes
        self._model = model
        self._scale = _scale(vector, indexes.sample(model, "text"))
        self._found: list[Near] = []
        self._judged = np.empty(0, np.int64)
        self._ids = np.empty(0, np.int64)
        self._products = np.empty(0, np.float32)

    def propose(self, within: Selection) -> Ids:
        near = self._indexes.nearest(self._model, "text", self._scale.vector, within, DEPTH)
        self._found.append(near)
        return np.unique(near.contents)

    def judge(self, contents: Ids) -> Scores:
        known = list(self._found)
        own = [np.empty(0, np.int64), *(near.contents for near in known)]
        unknown = np.setdiff1d(contents, np.concatenate(own), True)
        if 0 < len(unknown) <= COMPARED:
            known.append(self._indexes.compare(self._model, "text", self._scale.vector, unknown))
        best = best_of(known, contents)
        self._judged, self._ids, self._products = contents, best.ids, best.products
        return self._scale.scores(best.products)

    def explain(self, content_id: int) -> list[Evidence]:
        place = int(np.searchsorted(self._judged, content_id))
        embedding_id = int(self._ids[place])
        text = self._catalogue.regions.text_of_embedding([embedding_id]).get(embedding_id)
        if text is None:
            return []
        product = self._products[place : place + 1]
        score, raw = self._scale.scores(product)[0], self._scale.evidence(product)[0]
        score, raw = round(float(score), 4), round(float(raw), 4)
        return [Evidence(Why("text", text.words[:SHOWN], score, raw, text.box))]


def _scale(vector: NDArray[np.float32], lines: NDArray[np.float32]) -> Scale:
    """The scale of some words among the lines (n, d) of the library."""
    middle, upper = np.quantile(lines @ vector, (0.5, 0.8413)) if len(lines) else (0.0, 0.0)
    deviation = max(float(upper - middle), _SPREAD)
    return Scale(
        (vector / deviation).astype(np.float32), -float(middle) / deviation, _SLOPE, _MIDDLE
    )
