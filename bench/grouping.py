"""Neighbours, duplicates and albums of synthetic libraries: all of them, and after 100 new photos.

Each size runs in a process of its own (``python -m bench.grouping COUNT``), whose peak memory is
that of grouping: the library is written portion by portion before.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.encoder import DIMENSIONS, NeverAsked
from bench.report import Options, Row
from bench.synthetic import add_folder, add_photos, named
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import Progress, finish
from photolib.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NEW = 100
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds and mebibytes; ``stages`` are the seconds of each part of the full grouping."""

    made: float
    full: float
    joined: float
    nothing: float
    before: float
    peak: float
    albums: int
    stages: dict[str, float]


def measure(options: Options) -> list[Row]:
    """One full grouping each at 10,000 and 100,000 photos; 100 more photos at the larger size."""
    rows: list[Row] = []
    for count in (10_000, 100_000):
        command = [sys.executable, "-m", __name__, str(count)]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        rows += _rows(count, Outcome(**json.loads(ran.stdout)))
    return rows


def _rows(count: int, outcome: Outcome) -> Iterator[Row]:
    parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.stages.items())
    how = f"synthetic, look and {DIMENSIONS} dimensions, one run: {parts}"
    yield Row(f"grouping {count:,} photos", outcome.full, "s", how)
    how = f"resident; {outcome.before:.0f} MiB of it before grouping"
    yield Row(f"  peak memory at {count:,}", outcome.peak, "MiB", how)
    how = f"rows written before; {outcome.albums} albums"
    peer, ratio = "the full grouping", outcome.joined / outcome.full
    target = "<= 2 s" if count >= 100_000 else ""
    what = f"  {_NEW} photos added to {count:,}"
    yield Row(what, outcome.joined, "s", how, outcome.full, peer, ratio, target)


def group(base: Path, count: int) -> Outcome:
    """Make a library of ``count`` photos below ``base``, group it, and again with 100 more."""
    settings, encoder = Settings(base / "library"), NeverAsked()
    catalogue = Catalogue(settings)
    no = catalogue.vectors.register(encoder.model_id, "encoder", encoder.name, DIMENSIONS)
    row = next(model for model in catalogue.vectors.models() if model.model_no == no)
    folder_id = add_folder(catalogue, str(base / "away"))
    made = _timed(lambda: add_photos(catalogue, named(count), folder_id=folder_id, encoder=row))
    before = _peak()
    with Library(settings, encoder=encoder) as library:
        stages = _Stages()
        full = _timed(lambda: finish(library.index(), stages))
        more = named(_NEW, first=count)
        add_photos(catalogue, more, folder_id=folder_id, encoder=row, first=count)
        joined = _timed(lambda: finish(library.index()))
        nothing = _timed(lambda: finish(library.index()))
        albums = library.albums().total
    catalogue.close()
    return Outcome(made, full, joined, nothing, before, _peak(), albums, stages.seconds)


class _Stages:
    """Adds up the seconds between the reports of a job under the name of the stage reported."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        self.seconds[progress.stage] = self.seconds.get(progress.stage, 0.0) + now - self._last
        self._last = now


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak() -> float:
    """Peak resident memory of this process in MiB (the kernel counts KiB, macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(asdict(group(Path(scratch), int(sys.argv[1])))))
