"""How near indexing comes to the work that it cannot avoid.

The ceiling is that work alone, in the same process and in turn with the job: every file read,
hashed, decoded, its facts taken and its thumbnail made by as many threads as the job uses; then
the pictures prepared for the encoder by those threads, and embedded in the job's batches. On a
machine whose processor does both, the two add up. What the job does beyond this (look, perceptual
hashes, catalogue, waiting) lowers the ratio.
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.encoder import write_random_encoder
from bench.photos import gather
from bench.report import Options, Row, median
from photolib.config import Settings
from photolib.images import Decoder, Source, ThumbnailCache
from photolib.jobs import finish
from photolib.library import Library
from photolib.models import load_encoder, resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.images import Decoded
    from photolib.models import Encoder

_PHOTOS = 320
_WARM_UP = 32
"""Photos of a first job: the encoder is loaded and its first, slow batch is over."""
_THREADS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Turn:
    """Seconds of one job and of the two halves of its ceiling."""

    job: float
    read: float
    embed: float

    @property
    def ratio(self) -> float:
        return (self.read + self.embed) / self.job


def measure(options: Options) -> list[Row]:
    """Photos per second of the job and of its ceiling; then each half of the ceiling alone."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        kind = gather(base / "photos", _PHOTOS)
        gather(base / "warm", _WARM_UP)
        encoder = load_encoder(resolve(str(write_random_encoder(base / "model")), base))
        encoder.encode_images(np.zeros((_WARM_UP, encoder.side, encoder.side, 3), np.uint8))
        turns = [_turn(base, number, encoder) for number in range(options.repeat)]
    how = f"{kind}, random ViT-B-32, {_THREADS} threads, median of {len(turns)}"
    job = median([_PHOTOS / turn.job for turn in turns])
    ceiling = median([_PHOTOS / (turn.read + turn.embed) for turn in turns])
    ratio = median([turn.ratio for turn in turns])
    unit, peer = "photos/s", "the work alone"
    return [
        Row("indexing, stage 1", job, unit, how, ceiling, peer, ratio, ">= 0.85"),
        _half("reading alone", [turn.read for turn in turns], "read, hash, decode, thumbnail"),
        _half("embedding alone", [turn.embed for turn in turns], "prepare and encode"),
    ]


def _half(what: str, seconds: list[float], how: str) -> Row:
    return Row(what, median([_PHOTOS / s for s in seconds]), "photos/s", f"{how}; same run")


def _turn(base: Path, number: int, encoder: Encoder) -> _Turn:
    photos = sorted((base / "photos").glob("*.jpg"))
    settings = Settings(base / f"library-{number}")
    read, decoded = _read(photos, settings, encoder, base / f"thumbnails-{number}")
    embed = _embed(decoded, settings, encoder)
    return _Turn(_job(base, settings), read, embed)


def _read(
    photos: list[Path], settings: Settings, encoder: Encoder, thumbnails: Path
) -> tuple[float, list[Decoded]]:
    cache, shown = ThumbnailCache(thumbnails), settings.thumbnail_size
    side = max(shown, encoder.side)
    with Decoder() as decoder, ThreadPoolExecutor(_THREADS) as pool:

        def read(path: Path) -> Decoded:
            source = Source.open(path)
            found = decoder.decode(source, side=side)
            cache.put(source.content_hash, found.image, shown)
            return found

        started = time.perf_counter()
        decoded = list(pool.map(read, photos))
        return time.perf_counter() - started, decoded


def _embed(decoded: list[Decoded], settings: Settings, encoder: Encoder) -> float:
    size = settings.batch_size
    with ThreadPoolExecutor(_THREADS) as pool:
        started = time.perf_counter()
        pixels: list[NDArray[np.uint8]] = list(
            pool.map(lambda found: encoder.preprocess(found.image), decoded)
        )
        for start in range(0, len(pixels), size):
            encoder.encode_images(np.stack(pixels[start : start + size]))
        return time.perf_counter() - started


def _job(base: Path, settings: Settings) -> float:
    """Seconds that the ingest job takes (without grouping) once the library is warm."""
    with Library(settings) as library:
        library.use_model(str(base / "model"))
        library.add_folder(str(base / "warm"))
        finish(library.index())
        library.add_folder(str(base / "photos"))
        report = finish(library.index())
    expected = _PHOTOS - _WARM_UP
    if (report.added, report.copied) != (expected, _WARM_UP) or report.pending.embed:
        raise RuntimeError(f"the job is not what was to be measured: {report}")
    return report.seconds
