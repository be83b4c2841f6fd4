"""The vectors of photos, in the order in which they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.library.indexes import Indexes


def vectors_of_photos(
    catalogue: Catalogue,
    indexes: Indexes,
    model: ModelRow,
    kind: str,
    photo_ids: Sequence[int],
) -> NDArray[np.float32]:
    """Unit vectors float32 (n, d) of photos; a row of zeros for one that has none."""
    index = indexes.get(model, kind)
    rows = np.zeros((len(photo_ids), index.dimensions), np.float32)
    contents = catalogue.photos.contents(photo_ids)
    owners, ids = catalogue.vectors.pairs_of_contents(model.model_no, kind, set(contents.values()))
    known = np.isin(ids, index.ids())
    found = dict(zip(owners[known].tolist(), index.reconstruct(ids[known]), strict=True))
    for place, photo_id in enumerate(photo_ids):
        vector = found.get(contents.get(photo_id, 0))
        if vector is not None:
            rows[place] = vector
    return rows
