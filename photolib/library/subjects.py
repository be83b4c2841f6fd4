"""Subjects: this dog, that car. Crops of one thing, found as themes are but narrower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.graph import NOISE, Graph, renumbered
from photolib.grouping.themes import cluster, fit_parameters
from photolib.library.indexes import crop_kind
from photolib.library.themes import StoredVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, CropColumns, ShownPhotos
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes

    Ids = NDArray[np.int64]

_NEIGHBOURS = 16
_LEAST_SURE, _LEAST_AREA = 0.35, 0.01
"""Crops that are less sure, or smaller as a share of their picture, would blur the density: they
join no subject."""
_FEWEST = 4
"""Different pictures that make a subject."""
_NARROWER = 0.75
"""Share of the width of a theme that a subject may have: one thing, and not a kind of thing."""


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """``crops`` int64 (n,) ascending, ``labels`` int64 (n,) the subject of each, -1 for none."""

    crops: Ids
    contents: Ids
    labels: Ids

    @property
    def count(self) -> int:
        """How many subjects there are."""
        return int(self.labels.max(initial=NOISE)) + 1

    def photo_of(self, rows: ShownPhotos) -> dict[int, int]:
        """For each crop the photo that shows it: the earliest with its content."""
        contents, first = np.unique(rows.contents, return_index=True)
        if not len(contents):
            return {}
        places = np.minimum(np.searchsorted(contents, self.contents), len(contents) - 1)
        known = contents[places] == self.contents
        photos = rows.photos[first[places[known]]]
        return dict(zip(self.crops[known].tolist(), photos.tolist(), strict=True))


def find(
    catalogue: Catalogue, indexes: Indexes, engines: Engines, contents: NDArray[np.int64]
) -> Subjects:
    """The subjects of the photos shown, from the encoder's vectors of crops, else from looks."""
    model = engines.serving() or engines.look()
    kind = crop_kind(model)
    columns = catalogue.regions.crop_columns(model.model_no, kind)
    if len(columns.crops) < _FEWEST:
        nothing = np.empty(0, np.int64)
        return Subjects(nothing, nothing, nothing)
    index = indexes.get(model, kind)
    chosen = (columns.confidences >= _LEAST_SURE) & (columns.areas >= _LEAST_AREA)
    chosen &= np.isin(columns.contents, contents) & np.isin(columns.embeddings, index.ids())
    crops, owners = columns.crops[chosen], columns.contents[chosen]
    labels = np.full(len(crops), NOISE, np.int64)
    if len(crops) >= _FEWEST:
        vectors = StoredVectors(index, columns.embeddings[chosen])
        cosines, near = index.neighbours(vectors[np.arange(len(crops))], _NEIGHBOURS + 1)
        graph = _graph(columns, chosen, cosines, near)
        fitted = fit_parameters(graph, vectors, _FEWEST, narrow=_NARROWER)
        labels = cluster(graph, vectors, fitted).leaf
    return Subjects(crops, owners, _in_several(labels, owners))


def _graph(
    columns: CropColumns,
    chosen: NDArray[np.bool_],
    cosines: NDArray[np.float32],
    near: NDArray[np.int64],
) -> Graph:
    """Edges between crops of different pictures that may show one thing: their labels agree."""
    order = np.argsort(columns.embeddings)
    places = np.minimum(np.searchsorted(columns.embeddings[order], near), len(order) - 1)
    others = order[places]
    rows = np.flatnonzero(chosen)[:, None]
    good = (columns.embeddings[others] == near) & chosen[others]
    good &= columns.contents[others] != columns.contents[rows]
    good &= columns.labels[others] == columns.labels[rows]
    named = np.where(good, columns.crops[others], -1)
    return Graph.build(columns.crops[chosen], named, cosines)


def _in_several(labels: Ids, owners: Ids) -> Ids:
    """The labels of clusters that lie in enough different pictures."""
    pairs = np.unique(np.column_stack([labels, owners]), axis=0)
    named, counts = np.unique(pairs[:, 0], return_counts=True)
    return renumbered(np.where(np.isin(labels, named[counts >= _FEWEST]), labels, NOISE))
