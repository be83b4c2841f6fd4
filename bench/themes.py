"""Theme albums against the best that any radius reaches, on real photos of known kinds.

The photos lie beside the checkout (``../shared/photos``); without them nothing is measured. Every
photo of ``photos`` counts as a kind of its own, so that joining it to anything is a mistake. The
automatic settings see no label; the best radius of plain DBSCAN is chosen by the labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.report import Options, Row
from photolib.errors import ImageError, ModelError
from photolib.grouping.graph import Graph, dbscan
from photolib.grouping.sweep import agreement, purity
from photolib.grouping.themes import MIN_SAMPLES, cluster, fit_parameters
from photolib.images import Decoder
from photolib.models import load_encoder, look, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from PIL.Image import Image

    Vectors = NDArray[np.float32]
    Truth = NDArray[np.int64]

_SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
_NEIGHBOURS = 32
_SUBSETS = 20
_TARGET = ">= 0.95 of the best"


def measure(options: Options) -> list[Row]:
    """ARI, purity and noise for each descriptor: all photos, and subsets of the kinds."""
    folder = _SHARED / "photos"
    if not folder.is_dir():
        return []
    paths = sorted((folder / "albums").glob("*.jpg")) + sorted((folder / "photos").glob("*.jpg"))
    rows: list[Row] = []
    for name, describe in _descriptors():
        vectors, kinds = _described(paths, describe)
        rows += _whole(name, vectors, kinds)
        rows.append(_parts(name, vectors, kinds))
    return rows


def _descriptors() -> Iterator[tuple[str, Callable[[Image], Vectors]]]:
    yield "look", look
    try:
        encoder = load_encoder(resolve(str(_SHARED / "weights" / "photolib-mini"), _SHARED))
    except ModelError:
        return
    yield "photolib-mini", lambda image: encoder.encode_images(encoder.preprocess(image)[None])[0]


def _described(
    paths: list[Path], describe: Callable[[Image], Vectors]
) -> tuple[Vectors, list[str]]:
    rows, kinds = [], []
    decoder = Decoder(workers=1)
    try:
        for path in paths:
            try:
                rows.append(describe(decoder.decode(str(path), side=384).image))
            except ImageError:
                continue
            kinds.append(path.name.split("_image")[0] if "_image" in path.name else path.name)
    finally:
        decoder.close()
    return np.stack(rows), kinds


def _graph(vectors: Vectors) -> Graph:
    cosines = vectors @ vectors.T
    near = np.argsort(-cosines, axis=1, kind="stable")[:, : _NEIGHBOURS + 1]
    return Graph.build(np.arange(len(vectors)), near, np.take_along_axis(cosines, near, 1))


def _best(vectors: Vectors, truth: Truth) -> float:
    """The best adjusted Rand index of DBSCAN over all distances, whatever the radius."""
    count = len(vectors)
    pairs = np.triu_indices(count, 1)
    cosines = (vectors @ vectors.T)[pairs]
    whole = Graph.from_pairs(np.arange(count), *pairs, cosines)
    radii = np.quantile(1.0 - cosines, np.geomspace(1e-3, 0.5, 50))
    found = (dbscan(whole.within(radius), radius, MIN_SAMPLES).labels for radius in radii)
    return max(agreement(truth, labels) for labels in found)


def _whole(name: str, vectors: Vectors, kinds: list[str]) -> Iterator[Row]:
    truth = np.unique(kinds, return_inverse=True)[1].astype(np.int64)
    graph = _graph(vectors)
    leaf = cluster(graph, vectors, fit_parameters(graph, vectors)).leaf
    best, ari = _best(vectors, truth), agreement(truth, leaf)
    how = f"{len(vectors)} photos, noise as singletons, leaf level"
    yield Row(f"themes by {name}, ARI", ari, "", how, best, "best eps", ari / best, _TARGET)
    yield Row(f"  purity by {name}", purity(leaf, truth) or 0.0, "", "of the photos in themes")
    yield Row(f"  noise by {name}", float((leaf < 0).mean()), "", "share of the photos")


def _parts(name: str, vectors: Vectors, kinds: list[str]) -> Row:
    """The median ratio to the best over random kinds, sizes and numbers of strangers."""
    random = np.random.default_rng(7)
    all_kinds = np.array(kinds)
    named, counts = np.unique(all_kinds, return_counts=True)
    large, strangers = named[counts > 1], np.flatnonzero(np.isin(all_kinds, named[counts == 1]))
    ratios = []
    for _ in range(_SUBSETS):
        some = random.permutation(large)[: random.integers(3, len(large) + 1)]
        rows = [
            random.permutation(np.flatnonzero(all_kinds == kind))[: random.integers(10, 26)]
            for kind in some
        ]
        rows.append(random.permutation(strangers)[: random.integers(0, len(strangers))])
        chosen = np.concatenate(rows)
        truth = np.unique(all_kinds[chosen], return_inverse=True)[1].astype(np.int64)
        graph = _graph(vectors[chosen])
        leaf = cluster(graph, vectors[chosen], fit_parameters(graph, vectors[chosen])).leaf
        ratios.append(agreement(truth, leaf) / _best(vectors[chosen], truth))
    lowest, reached = min(ratios), np.mean(np.array(ratios) >= 0.95)
    how = f"{_SUBSETS} random subsets: lowest {lowest:.2f}, {reached:.0%} reach 0.95"
    median = float(np.median(ratios))
    return Row(f"  subsets by {name}, ratio", median, "", how, None, "best eps", None, _TARGET)
