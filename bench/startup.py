"""Whole processes that a person waits for, against what importing torch alone takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from bench.report import Options, Row, median

if TYPE_CHECKING:
    from collections.abc import Sequence

_TORCH = "import torch"
_RUNS_PER_REPEAT = 3


def measure(options: Options) -> list[Row]:
    """``photolib --help`` and ``photolib status`` on an empty library; medians of runs in turn."""
    with tempfile.TemporaryDirectory() as library:
        environment = {**os.environ, "PHOTOLIB_LIBRARY": library}
        commands = {
            "torch": ["-c", _TORCH],
            "--help": ["-m", "photolib", "--help"],
            "status": ["-m", "photolib", "status"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(options.repeat * _RUNS_PER_REPEAT + 1):
            for name, arguments in commands.items():
                seconds = _seconds(arguments, environment)
                if turn:  # the first one fills the file system's cache
                    times[name].append(seconds)
    torch = median(times["torch"])
    how = f"whole process, median of {len(times['torch'])}, in turn with the import"
    return [
        _row("photolib --help", times["--help"], torch, "< 0.5", how),
        _row("photolib status", times["status"], torch, "", f"{how}; empty library"),
    ]


def _row(what: str, times: Sequence[float], torch: float, target: str, how: str) -> Row:
    value = median(times)
    return Row(what, value * 1e3, "ms", how, torch * 1e3, "import torch", value / torch, target)


def _seconds(arguments: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
