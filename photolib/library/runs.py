"""Grouping runs beside each other: what other parameters would find, and what earlier ones did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.sweep import agreement, quality
from photolib.grouping.themes import fit_parameters
from photolib.library import neighbours, themes
from photolib.library.results import RunList, RunSummary, Sweep, SweepRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, GroupingState, ModelRow
    from photolib.library.indexes import Indexes

_MIN_SAMPLES = (3, 4, 5, 8)
_RADII = 12


def sweep(catalogue: Catalogue, indexes: Indexes, model: ModelRow, kind: str) -> Sweep:
    """DBSCAN at a range of radii; the labels of purity are tags, keywords and own labels."""
    shown = np.unique(catalogue.groupings.shown().stand_ins)
    some = themes.material(catalogue, indexes, model, kind, shown)
    graph = neighbours.graph(catalogue, model, some.contents.tolist())
    truth = _truth(catalogue, some.contents)
    rows = []
    for min_samples in _MIN_SAMPLES:
        fitted = fit_parameters(graph, some.vectors, min_samples)
        radii = sorted({*_radii(graph.matrix.data), round(fitted.eps, 4)})
        for eps in radii:
            found = quality(graph, some.vectors, eps, min_samples, truth)
            chosen = eps == round(fitted.eps, 4)
            rows.append(SweepRow(eps, min_samples, *found, chosen))
    return Sweep(len(some.contents), int((truth >= 0).sum()), tuple(rows))


def _radii(distances: NDArray[np.float32]) -> list[float]:
    """Radii from where almost nothing is near to where almost every stored neighbour is."""
    if not len(distances):
        return []
    shares = np.linspace(0.01, 0.9, _RADII)
    return [round(float(radius), 4) for radius in np.quantile(distances, shares)]


def _truth(catalogue: Catalogue, contents: NDArray[np.int64]) -> NDArray[np.int64]:
    """The label of each content as a number, -1 for none.

    A content with several labels counts under the one that is rarest in the library.
    """
    labels = catalogue.groupings.known_labels()
    counts = Counter(name for names in labels.values() for name in names)
    numbers = {name: place for place, name in enumerate(sorted(counts))}
    chosen = {
        content: numbers[min(names, key=lambda name: (counts[name], name))]
        for content, names in labels.items()
    }
    return np.array([chosen.get(content, -1) for content in contents.tolist()], np.int64)


def compare(catalogue: Catalogue) -> RunList:
    """The stored runs, the newest first, and how far each agrees with the current one."""
    rows = catalogue.groupings.runs("theme")
    states = {row.run_id: catalogue.groupings.state(row.run_id) for row in rows}
    current = states[rows[0].run_id] if rows else None
    summaries = []
    for row in rows:
        state = states[row.run_id]
        if state is None or current is None:
            continue
        summaries.append(
            RunSummary(
                run_id=row.run_id,
                at=row.run_at,
                model_id=row.model_id,
                method=str(row.parameters.get("method", "dbscan")),
                eps=row.eps,
                min_samples=row.min_samples,
                photos=len(state.units),
                clusters=int(state.leaf.max(initial=-1)) + 1,
                noise=row.noise,
                agreement=round(_agreement(state, current), 4),
                current=state is current,
            )
        )
    return RunList(tuple(summaries))


def _agreement(one: GroupingState, other: GroupingState) -> float:
    _, a, b = np.intersect1d(one.units, other.units, assume_unique=True, return_indices=True)
    return agreement(one.leaf[a], other.leaf[b])
