"""The stored neighbour graph: each content asks the index once for those nearest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.graph import Graph
from photolib.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Collection

    from photolib.catalogue import Catalogue, Lease, ModelRow
    from photolib.library.indexes import Indexes

KEPT = 32
"""Neighbours stored per content; DBSCAN needs a few more than its min_samples."""

_BLOCK = 1024


def update(
    catalogue: Catalogue, indexes: Indexes, model: ModelRow, kind: str, lease: Lease
) -> Job[None]:
    """Store the neighbours of every content that has none yet."""
    index = indexes.get(model, kind)
    todo = catalogue.vectors.without_neighbours(model.model_no, kind)
    for start in range(0, len(todo), _BLOCK):
        block = todo[start : start + _BLOCK]
        vectors = catalogue.vectors.some(model.model_no, kind, block, index.dimensions)
        cosines, ids = index.neighbours(vectors.matrix, KEPT + 1)
        contents = catalogue.vectors.contents_of(np.unique(ids[ids >= 0]).tolist())
        with catalogue.transaction():
            lease.check()
            for content_id, row, near in zip(vectors.contents, ids, cosines, strict=True):
                others = [(contents[i], c) for i, c in zip(row, near, strict=True) if i in contents]
                kept = [(other, c) for other, c in others if other != content_id][:KEPT]
                catalogue.vectors.add_neighbours(
                    model.model_no,
                    int(content_id),
                    np.array([other for other, _ in kept], dtype=np.int64),
                    np.array([cosine for _, cosine in kept], dtype=np.float32),
                )
        yield Progress("index", min(start + _BLOCK, len(todo)), len(todo))


def graph(catalogue: Catalogue, model: ModelRow, contents: Collection[int]) -> Graph:
    """The neighbour graph of a model among ``contents``; edges to others are left out."""
    stored = catalogue.vectors.neighbours(model.model_no)
    sizes = [len(others) for others in stored.others]
    nothing = np.empty(0, np.int64)
    others = np.concatenate([nothing, *stored.others])
    similarities = np.concatenate([nothing.astype(np.float32), *stored.similarities])
    named = np.repeat(stored.contents, sizes)
    return Graph.from_pairs(sorted(contents), named, others, similarities)
