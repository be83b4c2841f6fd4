"""A second index job over a folder in which nothing has changed."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.report import Options, Row, median
from bench.synthetic import add_photos, on_disk
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library

_FILES = 20_000


def measure(options: Options) -> list[Row]:
    """Files per second of the whole job, against a bare walk that looks at every file."""
    with tempfile.TemporaryDirectory() as scratch:
        photos, settings = Path(scratch, "photos"), Settings(Path(scratch, "library"))
        files = on_disk(photos, _FILES)
        with Library(settings) as library:
            library.add_folder(str(photos))
            catalogue = Catalogue(settings)
            add_photos(catalogue, files, folder_id=catalogue.folders.all()[0].folder_id)
            catalogue.close()
            finish(library.index())
            opened = _files_opened(library, photos)
            turns = [(_walked(photos), _indexed(library)) for _ in range(options.repeat)]
    rates = [_FILES / seconds for _, seconds in turns]
    walks = [_FILES / seconds for seconds, _ in turns]
    ratio = median([walk / job for walk, job in turns])
    how = f"{_FILES} files in 200 directories, median of {len(turns)}; the walk only stats"
    return [
        Row(
            "re-index, nothing changed",
            median(rates),
            "files/s",
            how,
            median(walks),
            "bare walk",
            ratio,
            ">= 20,000 files/s",
        ),
        Row("photos opened by it", float(opened), "files", "audit hook on open()", target="0"),
    ]


def _indexed(library: Library) -> float:
    started = time.perf_counter()
    report = finish(library.index())
    seconds = time.perf_counter() - started
    if report.unchanged != _FILES:
        raise RuntimeError(f"the job is not what was to be measured: {report}")
    return seconds


def _walked(folder: Path) -> float:
    started = time.perf_counter()
    for directory, _, names in os.walk(folder):
        for name in names:
            os.stat(os.path.join(directory, name))
    return time.perf_counter() - started


def _files_opened(library: Library, folder: Path) -> int:
    """Photos that one job opens, as the interpreter reports it."""
    seen: Counter[str] = Counter()
    watching = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and isinstance(arguments[0], str | bytes):
            seen[os.fsdecode(arguments[0])] += 1

    sys.addaudithook(hook)
    finish(library.index())
    watching = False
    inside = f"{folder}{os.sep}"
    return sum(n for path, n in seen.items() if path.startswith(inside) and path.endswith(".jpg"))
