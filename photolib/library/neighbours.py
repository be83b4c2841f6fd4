"""The stored neighbour graph: each content asks the index once for those nearest to it."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from photolib.grouping.graph import Graph
from photolib.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Lease, ModelRow
    from photolib.library.indexes import Indexes

KEPT = 32
"""Neighbours stored per content; DBSCAN needs a few more than its min_samples."""

_BLOCK, _LARGE_BLOCK = 1024, 8192
_MANY = 5_000
"""Contents without neighbours that make it worth sorting the whole index into lists."""

_log = logging.getLogger(__name__)


def update(
    catalogue: Catalogue, indexes: Indexes, model: ModelRow, kind: str, lease: Lease
) -> Job[None]:
    """Store the neighbours of every content that has none yet."""
    index = indexes.get(model, kind)
    todo = catalogue.vectors.without_neighbours(model.model_no, kind)
    if not todo:
        return
    owners, ids = catalogue.vectors.ids_by_content(model.model_no, kind)
    order = np.argsort(ids)
    owned = _Owned(ids[order], owners[order])
    many = index.partition() if len(todo) >= _MANY else None
    size = _BLOCK if many is None else _LARGE_BLOCK
    for start in range(0, len(todo), size):
        block = todo[start : start + size]
        vectors = catalogue.vectors.some(model.model_no, kind, block, index.dimensions)
        found = (many or index).neighbours(vectors.matrix, KEPT + 1)
        rows = list(_kept(vectors.contents, *found, owned))
        with catalogue.transaction():
            lease.check()
            catalogue.vectors.add_neighbours(model.model_no, rows)
        yield Progress("index", min(start + size, len(todo)), len(todo))


@dataclass(frozen=True, slots=True)
class _Owned:
    """The contents behind embeddings, by ascending embedding id."""

    ids: NDArray[np.int64]
    owners: NDArray[np.int64]

    def of(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """The content of each embedding, whatever the shape; -1 where there is none."""
        places = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[places] == wanted, self.owners[places], -1)


def _kept(
    contents: NDArray[np.int64],
    cosines: NDArray[np.float32],
    ids: NDArray[np.int64],
    owned: _Owned,
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
    """Each content with the others nearest to it and their cosines, itself left out."""
    others = owned.of(ids)
    good = (others >= 0) & (others != contents[:, None])
    for content_id, row, near, fit in zip(contents.tolist(), others, cosines, good, strict=True):
        yield content_id, row[fit][:KEPT], near[fit][:KEPT]


def graph(catalogue: Catalogue, model: ModelRow, contents: Collection[int]) -> Graph:
    """The neighbour graph of a model among ``contents``; edges to others are left out."""
    return whole_graph(catalogue, model).among(sorted(contents))


def whole_graph(catalogue: Catalogue, model: ModelRow) -> Graph:
    """The stored graph of a model over every content that is named in it."""
    who, whom, cosines = catalogue.vectors.listed_edges(model.model_no)
    return Graph.from_pairs(np.union1d(who, whom), who, whom, cosines)


class NearGraph:
    """The edges of the stored graph up to a frozen radius, kept in a file beside the indexes.

    A cache: what it has not read yet is added, and without the file it is built anew. It holds a
    row for every content that anybody named, so that one that was hidden finds its edges when it
    is shown again.
    """

    def __init__(self, catalogue: Catalogue, model: ModelRow, eps: float, place: Path) -> None:
        self._catalogue, self._model, self._eps = catalogue, model, eps
        self._place = place
        self._stamp = json.dumps([*catalogue.identity, model.model_id, eps])

    def among(self, contents: NDArray[np.int64]) -> Graph:
        """The edges between ``contents`` int64 (n,), ascending."""
        found = self._load()
        whole, listed = found or (Graph.from_pairs([], [], [], []), np.empty(0, np.int64))
        unread = np.setdiff1d(contents, listed, assume_unique=True)
        if len(unread):
            some = None if found is None else unread.tolist()
            who, whom, cosines = self._catalogue.vectors.listed_edges(self._model.model_no, some)
            near = 1.0 - cosines <= self._eps
            ids = np.unique(np.concatenate([who, whom[near], contents]))
            whole = whole.with_pairs(ids, who[near], whom[near], cosines[near])
            listed = np.union1d(listed, np.concatenate([unread, who]))
            self._save(whole, listed)
        return whole.among(contents)

    def keep(self, whole: Graph) -> None:
        """Store the near part of the whole graph, which was needed anyhow."""
        self._save(Graph(whole.ids, whole.within(self._eps)), whole.ids)

    def _load(self) -> tuple[Graph, NDArray[np.int64]] | None:
        from scipy.sparse import csr_matrix

        try:
            with np.load(self._place, allow_pickle=False) as file:
                if str(file["stamp"]) != self._stamp:
                    return None
                ids, parts = file["ids"], [file[name] for name in ("data", "indices", "indptr")]
                return Graph(ids, csr_matrix(tuple(parts), shape=(len(ids),) * 2)), file["listed"]
        except (OSError, ValueError, KeyError, BadZipFile, EOFError):
            return None

    def _save(self, whole: Graph, listed: NDArray[np.int64]) -> None:
        matrix = whole.matrix
        self._place.parent.mkdir(parents=True, exist_ok=True)
        half = self._place.with_suffix(".part.npz")
        try:
            np.savez(
                half,
                stamp=self._stamp,
                ids=whole.ids,
                listed=listed,
                data=matrix.data,
                indices=matrix.indices,
                indptr=matrix.indptr,
            )
            os.replace(half, self._place)
        except OSError as exc:
            _log.warning("the graph of %s was not saved: %s", self._model.model_id, exc)
