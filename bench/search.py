"""Warm searches by words in large synthetic libraries, in a process that has searched before."""

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
from photolib.models import load_encoder, resolve

_QUERIES = (
    "two dogs on a beach",
    "a red car in the snow",
    "birthday cake with candles",
    "harbour at night",
    "children in a garden",
    "a mountain lake",
    "concert",
    "grandmother in the kitchen",
)
_ROUNDS = 12
_DEPTH = 2_000
"""Rows that a search takes from the index."""
_TARGETS = {100_000: "p95 <= 40 ms", 1_000_000: "p95 <= 80 ms"}


def measure(options: Options) -> list[Row]:
    """p50 and p95 of a text query, against encoding it and searching the index alone."""
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
        asked = [query for _ in range(_ROUNDS) for query in _QUERIES]
        for query in _QUERIES[:2]:
            library.search(query)
        whole, alone = [], []
        for query in asked:
            started = time.perf_counter()
            library.search(query)
            answered = time.perf_counter()
            index.search(encoder.encode_text(query)[None], _DEPTH)
            alone.append(time.perf_counter() - answered)
            whole.append(answered - started)
    how = f"{len(asked)} text queries in turn with encoding them and searching FAISS alone"
    return [
        _row(count, 50, whole, alone, how, ""),
        _row(count, 95, whole, alone, how, _TARGETS[count]),
    ]


def _row(
    count: int, percent: int, whole: list[float], alone: list[float], how: str, target: str
) -> Row:
    value, ceiling = (1e3 * percentile(times, percent) for times in (whole, alone))
    what = f"warm query, {count:,} rows, p{percent}"
    return Row(what, value, "ms", how, ceiling, "encode + index alone", ceiling / value, target)


def _filled(settings: Settings, model_id: str, count: int) -> VectorIndex:
    """Fill the library with photos; returns an index of their vectors that nobody else uses."""
    catalogue = Catalogue(settings)
    row = next(m for m in catalogue.vectors.models() if m.model_id == model_id)
    away = add_folder(catalogue, str(settings.library.parent / "away"))
    add_photos(catalogue, named(count), folder_id=away, encoder=row)
    vectors = catalogue.vectors.load(row.model_no, "photo", row.dimensions or 0)
    catalogue.close()
    return VectorIndex.build(vectors.ids, vectors.matrix)
