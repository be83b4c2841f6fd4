"""Maps of a library: photos that are alike lie together on a plane.

``python -m photolib.grouping.layout FILE METHOD`` lays out the arrays of an ``.npz`` file in a
process of its own, since the libraries for it take long to load and hold the interpreter: it prints
lines of "done total" and writes ``FILE.out.npy``.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Points = NDArray[np.float32]

METHODS = ("umap", "tsne")
_SEED = 42
_NEIGHBOURS = 15
_FEW = 32
"""Below this many photos neighbourhoods say nothing: their two main directions do."""
_NEAREST = 5
_SHARPNESS = 20.0
"""Of the weights by which a photo lies among its nearest: e-fold for each 0.05 of cosine."""
_ROWS = 4_096


def layout(
    vectors: NDArray[np.floating],
    method: str,
    before: Points | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Points:
    """Places float32 (n, 2) for unit rows (n, d), within -1 and 1.

    UMAP (McInnes, Healy and Melville, 2018) or t-SNE (van der Maaten and Hinton, 2008), by cosine
    distance, with a fixed seed. With the places ``before`` (n, 2; NaN for new rows) it starts from
    those and is turned to lie on them, so that a map of a library that has grown a little is the
    map that was.
    """
    rows = np.asarray(vectors, np.float32)
    start = _main_directions(rows)
    known: NDArray[np.bool_] = np.zeros(len(rows), bool)
    if before is not None:
        known = np.asarray(np.isfinite(before).all(axis=1))
        start = _started(rows, before, known) if known.any() else start
    if len(rows) < _FEW:
        return _turned(_fitted(start), before, known)
    if method == "tsne":
        placed = _tsne(rows, start)
    else:
        placed = _umap(rows, start, report)
    return _turned(_fitted(placed), before, known)


def place(vectors: NDArray[np.floating], known: NDArray[np.floating], places: Points) -> Points:
    """Places (m, 2) of unit rows (m, d) among ``known`` rows (n, d) that lie at ``places`` (n, 2).

    Each lies at the mean of its five nearest, weighted by how near they are.
    """
    found = np.empty((len(vectors), 2), np.float32)
    for begin in range(0, len(vectors), _ROWS):
        some = np.asarray(vectors[begin : begin + _ROWS], np.float32) @ np.asarray(known).T
        count = min(_NEAREST, some.shape[1])
        best = np.argpartition(some, -count, axis=1)[:, -count:]
        near = np.take_along_axis(some, best, 1)
        weight = np.exp(_SHARPNESS * (near - near.max(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        found[begin : begin + _ROWS] = (weight[..., None] * places[best]).sum(axis=1)
    return found


def _main_directions(rows: Points) -> Points:
    centred = rows - rows.mean(axis=0) if len(rows) else rows
    if len(rows) < 2:
        return np.zeros((len(rows), 2), np.float32)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, -2:]
    flat: Points = np.zeros((len(rows), 2), np.float32)
    flat[:, : directions.shape[1]] = centred @ directions
    return flat


def _started(rows: Points, before: Points, known: NDArray[np.bool_]) -> Points:
    start = before.astype(np.float32).copy()
    if not known.all():
        start[~known] = place(rows[~known], rows[known], start[known])
    return start


def _fitted(places: Points) -> Points:
    """Shifted and scaled into the square from -1 to 1, the shape kept."""
    if not len(places):
        return places
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    size = float(np.abs(places - middle).max()) or 1.0
    fitted: Points = ((places - middle) / size).astype(np.float32)
    return fitted


def _turned(places: Points, before: Points | None, known: NDArray[np.bool_]) -> Points:
    """Rotated or mirrored to lie on the known places as well as it can (Procrustes)."""
    if before is None or known.sum() < 2:
        return places
    old, new = before[known], places[known]
    left, _, right = np.linalg.svd((new - new.mean(axis=0)).T @ (old - old.mean(axis=0)))
    return _fitted((places - new.mean(axis=0)) @ (left @ right))


def _tsne(rows: Points, start: Points) -> Points:
    from sklearn.manifold import TSNE

    spread = start / max(float(start.std()), 1e-6) * 1e-4
    model = TSNE(
        metric="cosine",
        init=spread.astype(np.float32),
        perplexity=min(30.0, (len(rows) - 1) / 3),
        random_state=_SEED,
    )
    placed: Points = model.fit_transform(rows)
    return placed


def _umap(rows: Points, start: Points, report: Callable[[int, int], None]) -> Points:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

        model = UMAP(
            n_neighbors=_NEIGHBOURS,
            metric="cosine",
            random_state=_SEED,
            init=(10.0 * start).astype(np.float32),
            n_epochs=200,
            n_jobs=1,
            verbose=True,
            tqdm_kwds={"file": _Bar(report), "bar_format": "{n} {total}\n", "mininterval": 0.2},
        )
        placed: Points = model.fit_transform(rows)
    return placed


class _Bar(io.StringIO):
    """Reads the bar that UMAP draws."""

    def __init__(self, report: Callable[[int, int], None]) -> None:
        super().__init__()
        self._report = report

    def write(self, text: str) -> int:
        words = text.split()
        if len(words) == 2 and all(word.isdigit() for word in words):
            self._report(int(words[0]), int(words[1]))
        return len(text)


def main(path: str, method: str) -> None:
    """Lay out the arrays ``vectors`` and ``before`` of a file."""
    answers, sys.stdout = sys.stdout, sys.stderr  # UMAP prints what it does

    def report(done: int, total: int) -> None:
        answers.write(f"{done} {total}\n")
        answers.flush()

    with np.load(path, allow_pickle=False) as file:
        placed = layout(file["vectors"], method, file["before"], report)
    np.save(f"{path}.out.npy", placed)


if __name__ == "__main__":
    main(*sys.argv[1:3])
