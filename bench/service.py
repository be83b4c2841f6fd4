"""``photolib search`` as a whole process, cold and through the service, in a large library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.encoder import write_random_encoder
from bench.report import Options, Row, median, percentile
from bench.synthetic import add_folder, add_photos, named
from photolib.catalogue import Catalogue
from photolib.client import ask
from photolib.config import Settings
from photolib.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUERIES = ("two dogs on a beach", "a red car in the snow", "harbour at night", "concert")
_PHOTOS = 100_000
_RUNS_PER_REPEAT = 5
_REQUESTS = 48
_TARGET = "<= 150 ms"


def measure(options: Options) -> list[Row]:
    """Medians of whole processes in turn with an interpreter that imports click and nothing else.

    That is the least a command can take. Requests alone are timed from one process.
    """
    with tempfile.TemporaryDirectory() as scratch:
        settings = _filled(Path(scratch))
        runs = options.repeat * _RUNS_PER_REPEAT
        environment = {**os.environ, "PHOTOLIB_LIBRARY": str(settings.library)}
        cold, least_cold = _processes(environment, max(3, runs // 3))
        with _service(environment):
            requests = _requests(settings)
            warm, least = _processes(environment, runs)
    peer = "python -c 'import click'"
    how = f"{_PHOTOS:,} photos, ViT-B-32 with random weights; whole process, median in turn"
    return [
        Row("photolib search, service", warm, "ms", how, least, peer, warm / least, _TARGET),
        Row("photolib search, cold", cold, "ms", how, least_cold, peer, cold / least_cold),
        *(
            Row(
                f"request to the service, p{percent}",
                percentile(requests, percent),
                "ms",
                f"{_REQUESTS} searches by one client, connecting anew each time",
            )
            for percent in (50, 95)
        ),
    ]


def _filled(base: Path) -> Settings:
    settings = Settings(base / "library")
    with Library(settings) as library:
        model_id = library.use_model(str(write_random_encoder(base / "model"))).model_id
    catalogue = Catalogue(settings)
    row = next(m for m in catalogue.vectors.models() if m.model_id == model_id)
    folder = add_folder(catalogue, str(base / "away"))
    add_photos(catalogue, named(_PHOTOS), folder_id=folder, encoder=row)
    catalogue.close()
    with Library(settings) as library:
        library.warm()
        library._indexes.save()  # as an index job leaves it
    return settings


@contextmanager
def _service(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "photolib", "serve", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        json.loads(running.stdout.readline())
        try:
            yield
        finally:
            running.terminate()


def _requests(settings: Settings) -> list[float]:
    """Milliseconds of searches, after the first ones."""
    times = []
    for turn in range(_REQUESTS + len(_QUERIES)):
        started = time.perf_counter()
        # The service may still be loading, for longer than a client waits.
        while ask(settings, "/search", {"query": _QUERIES[turn % len(_QUERIES)]}) is None:
            continue
        times.append(1e3 * (time.perf_counter() - started))
    return times[len(_QUERIES) :]


def _processes(environment: dict[str, str], runs: int) -> tuple[float, float]:
    """Median milliseconds of a search, and of the least that a command can be, in turn."""
    searches, least = [], []
    for turn in range(runs + 1):
        query = _QUERIES[turn % len(_QUERIES)]
        searches.append(_milliseconds(["-m", "photolib", "search", query], environment))
        least.append(_milliseconds(["-c", "import click"], environment))
    return median(searches[1:]), median(least[1:])


def _milliseconds(arguments: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(
        command,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return 1e3 * (time.perf_counter() - started)
