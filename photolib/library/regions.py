"""Finding by region: the crops of photos that are near a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, CropRow, ModelRow
    from photolib.library.indexes import Indexes


class Part(NamedTuple):
    """The crop of a content that is nearest to a vector, and its cosine."""

    crop: CropRow
    cosine: float


def region_candidates(
    catalogue: Catalogue,
    indexes: Indexes,
    model: ModelRow,
    vector: NDArray[np.float32],
    contents: Collection[int] | None,
    depth: int,
) -> dict[int, Part]:
    """For contents with a crop near a unit vector (d,): the nearest crop of each.

    ``contents`` are those that may be returned; None: every one that is shown.
    ``model`` is an encoder or the look; ``depth`` bounds the crops that are looked at.
    """
    kind = crop_kind(model)
    cosines, ids = indexes.nearest(model, kind, vector, contents, depth)
    crops = catalogue.regions.crop_of_embedding(ids.tolist())
    parts: dict[int, Part] = {}
    for embedding_id, cosine in zip(ids.tolist(), cosines.tolist(), strict=True):
        crop = crops.get(embedding_id)
        if crop is not None:
            parts.setdefault(crop.content_id, Part(crop, cosine))
    return parts


def crop_kind(model: ModelRow) -> str:
    """The kind of vector that a model gives crops."""
    return "crop-look" if model.kind == "look" else "crop"
