"""Themes of a library: fitted and found in full, or followed from the run that froze them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.grouping.themes import (
    MIN_SAMPLES,
    Parameters,
    Themes,
    cluster,
    fit_parameters,
    follow,
)
from photolib.library import neighbours

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, GroupingRunRow, GroupingState, ModelRow
    from photolib.index import VectorIndex
    from photolib.library.indexes import Indexes

METHODS = ("dbscan", "hdbscan")
METHOD = "themes_method"
"""The setting that says how themes are found."""
_GROWN = 1.5
"""Photos for each one that the parameters were fitted on, from which they are fitted anew."""


class StoredVectors:
    """The vectors of some contents, fetched from the index row by row when asked for."""

    def __init__(self, index: VectorIndex, ids: NDArray[np.int64]) -> None:
        self._index, self._ids = index, ids

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, rows: Any, /) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._index.reconstruct(self._ids[rows])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What themes are made from: the contents with a vector, ascending, and their vectors."""

    model: ModelRow
    contents: NDArray[np.int64]
    vectors: StoredVectors

    def rows_of(self, contents: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where the vectors of some contents (n,) are, and which of these have one."""
        if not len(self.contents):
            return np.zeros(len(contents), np.intp), np.zeros(len(contents), bool)
        rows = np.minimum(np.searchsorted(self.contents, contents), len(self.contents) - 1)
        return rows, self.contents[rows] == contents


def material(
    catalogue: Catalogue,
    indexes: Indexes,
    model: ModelRow,
    kind: str,
    contents: NDArray[np.int64],
) -> Material:
    """The vectors of ``contents`` int64 (n,) under one model; those without one are left out."""
    known, ids = catalogue.vectors.ids_by_content(model.model_no, kind)
    index = indexes.get(model, kind)
    chosen = np.isin(known, contents) & np.isin(ids, index.ids(), assume_unique=True)
    return Material(model, known[chosen], StoredVectors(index, ids[chosen]))


def frozen(run: GroupingRunRow) -> Parameters | None:
    """The parameters that a run has frozen; None for one of an earlier photolib."""
    names = ("width", "coarse", "method")
    if run.eps is None or run.min_samples is None or not set(names) <= set(run.parameters):
        return None
    return Parameters(run.eps, run.min_samples, *(run.parameters[name] for name in names))


def stored(parameters: Parameters) -> dict[str, Any]:
    """What a run's row keeps of its parameters, beside the columns of their own."""
    values = asdict(parameters)
    return {name: values[name] for name in ("width", "coarse", "method")}


def outgrown(run: GroupingRunRow, count: int) -> bool:
    """Whether a library has grown so much since a run that its parameters say little."""
    return count > _GROWN * int(run.parameters.get("fitted", 0))


def fit(
    catalogue: Catalogue,
    some: Material,
    method: str,
    eps: float | None,
    min_samples: int | None,
    place: Path | None,
) -> tuple[Parameters, Themes]:
    """Parameters fitted to all photos (or as given), and the themes they make.

    What ``again`` needs of the graph is kept at ``place``, unless this is only a trial.
    """
    whole = neighbours.whole_graph(catalogue, some.model)
    graph = whole.among(some.contents)
    fitted = fit_parameters(graph, some.vectors, min_samples or MIN_SAMPLES)
    chosen = Parameters(
        fitted.eps if eps is None else eps, fitted.min_samples, fitted.width, fitted.coarse, method
    )
    if place is not None:
        neighbours.NearGraph(catalogue, some.model, chosen.eps, place).keep(whole)
    return chosen, cluster(graph, some.vectors, chosen)


def again(
    catalogue: Catalogue, some: Material, parameters: Parameters, before: GroupingState, place: Path
) -> Themes:
    """The themes under frozen parameters, at the cost of what changed since ``before``."""
    if parameters.method == "hdbscan":
        graph = neighbours.graph(catalogue, some.model, some.contents.tolist())
    else:
        near = neighbours.NearGraph(catalogue, some.model, parameters.eps, place)
        graph = near.among(some.contents)
    old = Themes(before.units, before.wide, before.leaf, before.core)
    return follow(graph, some.vectors, parameters, old)
