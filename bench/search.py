"""Warm searches of every kind in large synthetic libraries, in a process that searched before."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.encoder import write_random_encoder
from bench.report import Options, Row, percentile
from bench.synthetic import add_folder, add_photos, named
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.index import VectorIndex
from photolib.library import Library
from photolib.library.results import Example
from photolib.models import load_encoder, resolve

_KINDS = {
    "text": (
        "two dogs on a beach",
        "a red car in the snow",
        "birthday cake with candles",
        "harbour at night",
        "children in a garden",
        "a mountain lake",
        "concert",
        "grandmother in the kitchen",
    ),
    "text, few allowed": ("two dogs year:2013 month:3", "a red car place:brest on:2014-02"),
    "text, most allowed": ("two dogs year:2013..", "a red car -camera:canon", "cake rating:..4"),
    "groups with filters": ("dogs OR on:2014-02", "(concert camera:canon) OR (cake place:brest)"),
    "without": ("two dogs -snow", "a mountain lake -(red car)"),
    "filters alone": ("year:2014", "camera:canon", "place:brest month:7"),
}
"""Queries by kind; most words are in no name, some are in those of a tenth of the photos."""
_ROUNDS = 12
_DEPTH = 2_000
"""Rows that a search takes from the index."""
_TARGETS = {100_000: "p95 <= 40 ms", 1_000_000: "p95 <= 80 ms"}


def measure(options: Options) -> list[Row]:
    """p50 and p95 by kind of query; for text against encoding it and searching the index alone."""
    sizes = [100_000, *([1_000_000] if options.large else [])]
    with tempfile.TemporaryDirectory() as scratch:
        model = write_random_encoder(Path(scratch, "model"))
        return [row for size in sizes for row in _rows(Path(scratch, str(size)), model, size)]


def _rows(base: Path, model: Path, count: int) -> list[Row]:
    settings = Settings(base / "library")
    encoder = load_encoder(resolve(str(model), base))
    with Library(settings) as library:
        model_id = library.use_model(str(model)).model_id
        index = _filled(settings, model_id or "", count)
        library.search("something to begin with")
        rows = []
        for kind, queries in _KINDS.items():
            alone: list[float] = []
            whole: list[float] = []
            firsts = [_timed(library, query) for query in queries]
            for query in queries * _ROUNDS:
                whole.append(_timed(library, query))
                started = time.perf_counter()
                index.search(encoder.encode_text(query)[None], _DEPTH)
                alone.append(time.perf_counter() - started)
            how = f"{len(whole)} queries in turn; the first of each took up to"
            rows += _both(kind, count, whole, alone, f"{how} {1e3 * max(firsts):.0f} ms")
        return [*rows, *_likes(library, count)]


def _timed(library: Library, query: str) -> float:
    library._engines._vectors.clear()  # a text asked for again would not be encoded again
    started = time.perf_counter()
    library.search(query)
    return time.perf_counter() - started


def _likes(library: Library, count: int) -> list[Row]:
    """Like several photos and less like another, as when a person marks them in the grid."""
    whole = []
    for first in range(1, 1 + 3 * _ROUNDS, 3):
        started = time.perf_counter()
        examples = [Example(photo_id=first + step) for step in range(3)]
        library.similar_to(examples[:2], examples[2:], by="meaning")
        whole.append(time.perf_counter() - started)
    how = f"{len(whole)} searches from stored vectors, by meaning"
    return [
        Row(f"like 2, less like 1, {count:,} rows, p{p}", 1e3 * percentile(whole, p), "ms", how)
        for p in (50, 95)
    ]


def _both(kind: str, count: int, whole: list[float], alone: list[float], how: str) -> list[Row]:
    rows = []
    for percent in (50, 95):
        value, ceiling = (1e3 * percentile(times, percent) for times in (whole, alone))
        what = f"warm query, {count:,} rows, {kind}, p{percent}"
        target = _TARGETS[count] if kind == "text" and percent == 95 else ""
        if kind == "filters alone":
            rows.append(Row(what, value, "ms", how))
        else:
            peer = "encode + index alone"
            rows.append(Row(what, value, "ms", how, ceiling, peer, ceiling / value, target))
    return rows


def _filled(settings: Settings, model_id: str, count: int) -> VectorIndex:
    """Fill the library with photos; returns an index of their vectors that nobody else uses."""
    catalogue = Catalogue(settings)
    row = next(m for m in catalogue.vectors.models() if m.model_id == model_id)
    away = add_folder(catalogue, str(settings.library.parent / "away"))
    add_photos(catalogue, named(count), folder_id=away, encoder=row)
    vectors = catalogue.vectors.load(row.model_no, "photo", row.dimensions or 0)
    catalogue.close()
    return VectorIndex.build(vectors.ids, vectors.matrix)
