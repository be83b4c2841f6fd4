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
    from photolib.images import Decoded
    from photolib.models import Encoder

_PHOTOS = 320
_WARM_UP = 32
"""Photos of a first job: the encoder is loaded and its first, slow batch is over."""
_THREADS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds by the clock, and seconds of all processors together."""

    clock: float = 0.0
    work: float = 0.0

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.clock + other.clock, self.work + other.work)

    @classmethod
    def now(cls) -> _Cost:
        return cls(time.perf_counter(), time.process_time())

    @property
    def since(self) -> _Cost:
        """What has passed since this was ``now``."""
        now = _Cost.now()
        return _Cost(now.clock - self.clock, now.work - self.work)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Costs of two jobs, and of the two halves of their ceiling before and after: two of each."""

    job: _Cost
    read: _Cost
    embed: _Cost

    @property
    def alone(self) -> _Cost:
        return self.read + self.embed


def measure(options: Options) -> list[Row]:
    """Photos per second of the job and of its ceiling, by the clock and by processor time."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        kind = gather({base / "photos": _PHOTOS, base / "warm": _WARM_UP})
        encoder = load_encoder(resolve(str(write_random_encoder(base / "model")), base))
        encoder.encode_images(np.zeros((_WARM_UP, encoder.side, encoder.side, 3), np.uint8))
        turns = [_turn(base / f"turn-{number}", base, encoder) for number in range(options.repeat)]
    how = f"{kind}, random ViT-B-32, {_THREADS} threads, median of {len(turns)} turns"
    rows = [
        Row(
            "indexing, stage 1",
            median([_rate(turn.job.clock) for turn in turns]),
            "photos/s",
            how,
            median([_rate(turn.alone.clock) for turn in turns]),
            "the work alone",
            median([turn.alone.clock / turn.job.clock for turn in turns]),
            ">= 0.85",
        ),
        Row(
            "  its processor time",
            median([_each(turn.job.work) for turn in turns]),
            "ms/photo",
            "all threads; other programs disturb this less",
            median([_each(turn.alone.work) for turn in turns]),
            "the work alone",
            median([turn.alone.work / turn.job.work for turn in turns]),
        ),
    ]
    halves = {"read, hash, decode, facts, thumbnail": "read", "prepare and encode": "embed"}
    for how, half in halves.items():
        rate = median([_rate(getattr(turn, half).clock) for turn in turns])
        rows.append(Row(f"  {half} alone", rate, "photos/s", how))
    return rows


def _rate(seconds: float) -> float:
    return 2 * _PHOTOS / seconds


def _each(seconds: float) -> float:
    return seconds / (2 * _PHOTOS) * 1e3


def _turn(place: Path, base: Path, encoder: Encoder) -> _Turn:
    """Ceiling, job, job, ceiling: a machine that becomes slower or faster meanwhile evens out."""
    settings = [Settings(place / f"library-{number}") for number in (0, 1)]
    first = _alone(base / "photos", settings[0], encoder)
    jobs = [_job(base, one) for one in settings]
    last = _alone(base / "photos", settings[1], encoder)
    return _Turn(jobs[0] + jobs[1], first[0] + last[0], first[1] + last[1])


def _alone(photos: Path, settings: Settings, encoder: Encoder) -> tuple[_Cost, _Cost]:
    cache, shown = ThumbnailCache(settings.library / "alone"), settings.thumbnail_size
    side, size = max(shown, encoder.side), settings.batch_size
    with Decoder() as decoder, ThreadPoolExecutor(_THREADS) as pool:

        def read(path: Path) -> Decoded:
            source = Source.open(path)
            found = decoder.decode(source, side=side)
            cache.put(source.content_hash, found.image, shown)
            return found

        start = _Cost.now()
        decoded = list(pool.map(read, sorted(photos.glob("*.jpg"))))
        reading, start = start.since, _Cost.now()
        pixels = list(pool.map(lambda found: encoder.preprocess(found.image), decoded))
        for at in range(0, len(pixels), size):
            encoder.encode_images(np.stack(pixels[at : at + size]))
        return reading, start.since


def _job(base: Path, settings: Settings) -> _Cost:
    """What the ingest job costs up to its last batch, in a library with a warm encoder."""
    with Library(settings) as library:
        library.use_model(str(base / "model"))
        library.add_folder(str(base / "warm"))
        finish(library.index(stage=1))
        library.add_folder(str(base / "photos"))
        start, cost, stored = _Cost.now(), _Cost(), 0
        for progress in library.index(stage=1):
            if progress.stage == "read":
                cost, stored = start.since, progress.done
    if stored != _PHOTOS:
        raise RuntimeError(f"the job read {stored} photos, not {_PHOTOS}")
    return cost
