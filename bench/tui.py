"""The terminal as a person meets it: first frame, first photos, and the wait after each key.

The program runs as a process of its own on a pseudo-terminal, over a synthetic library whose
thumbnails are real JPEG files. A key counts as answered when the place it leads to ("13 of
100,000") has been drawn, and the keys come one at a time, each once the last was answered.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from bench.photos import gather
from bench.report import Options, Row, median, percentile
from bench.synthetic import add_folder, add_photos, named
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.images import Decoder, ThumbnailCache
from photolib.library import Library, View

_PHOTOS = 100_000
_SIZE = (120, 36)
_PICTURES = 120
"""Different thumbnails; the photos of the library share them, each as a file of its own."""
_REACH = 4_000
"""Photos from the newest on that have a thumbnail: more than the keys pass."""
_KEYS = 150
_WAIT = 20.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def measure(options: Options) -> list[Row]:
    """Times of the process on a terminal of 120 x 36, with its pictures as blocks."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(Path(scratch) / "library")
        _fill(settings, Path(scratch))
        runs = [_session(settings) for _ in range(options.repeat)]
    frames = median([run.first_frame for run in runs])
    photos = median([run.first_photos for run in runs])
    keys = [seconds for run in runs for seconds in run.rows]
    pages = [seconds for run in runs for seconds in run.pages]
    how = f"{_PHOTOS:,} photos, {_SIZE[0]} x {_SIZE[1]} cells, blocks, {options.repeat} processes"
    return [
        Row("TUI first frame", frames * 1e3, "ms", how, target="<= 700 ms"),
        Row("TUI first photos", photos * 1e3, "ms", how),
        _wait("TUI row down, key to repaint", keys, how),
        _wait("TUI page down, key to repaint", pages, how),
        Row(
            "TUI memory", max(run.memory for run in runs) / 1e6, "MB", f"{how}; resident at the end"
        ),
    ]


def _wait(what: str, seconds: list[float], how: str) -> Row:
    how = f"{how}; p95 of {len(seconds)} keys, median {median(seconds) * 1e3:.0f} ms"
    return Row(what, percentile(seconds, 95) * 1e3, "ms", how, target="p95 <= 50 ms")


def _fill(settings: Settings, scratch: Path) -> None:
    catalogue = Catalogue(settings)
    try:
        with catalogue.transaction():
            folder_id = add_folder(catalogue, "/away")
        add_photos(catalogue, named(_PHOTOS), folder_id=folder_id)
    finally:
        catalogue.close()
    cache, side = ThumbnailCache(settings.thumbnails), settings.thumbnail_size
    gather({scratch / "photos": _PICTURES})
    with Decoder(workers=1) as decoder:
        jpegs = []
        for path in sorted((scratch / "photos").iterdir()):
            cache.put(b"source", decoder.decode(str(path), side=side).image, side)
            jpegs.append(cache.get(b"source", side) or b"")
    with Library(settings) as library:
        for number, row in enumerate(library.photo_window(View(), 0, _REACH)):
            cache.put_bytes(row.content_hash, jpegs[number % len(jpegs)], side)


@dataclass(frozen=True, slots=True)
class _Session:
    """One run of the program; times in seconds, ``memory`` in bytes."""

    first_frame: float
    first_photos: float
    rows: list[float]
    pages: list[float]
    memory: int


def _session(settings: Settings) -> _Session:
    terminal = _Terminal(settings)
    try:
        first = terminal.until("photolib") - terminal.started
        photos = terminal.until(f"1 of {_PHOTOS:,}") - terminal.started
        rows = terminal.walk("j", _KEYS)
        pages = terminal.walk("\x06", _KEYS // 5)
        return _Session(first, photos, rows, pages, terminal.memory)
    finally:
        terminal.close()


class _Terminal:
    """The program on a pseudo-terminal, and what it draws."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-m", "photolib", "--library", str(settings.library)]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment["TMUX"] = "none"  # asks the terminal nothing, which nobody would answer here
        self._drawn = b""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _SIZE[1], _SIZE[0], 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self._master = master

    def until(self, text: str) -> float:
        """The clock when ``text`` has been drawn since the last call."""
        return self._match(re.compile(re.escape(text)))[1]

    def walk(self, key: str, times: int) -> list[float]:
        """Press a key so often; seconds from each press until another place has been drawn."""
        took, at = [], ""
        for _ in range(times):
            self._drawn = b""
            started = time.perf_counter()
            os.write(self._master, key.encode())
            # The number of the photo, and not the one that was drawn last.
            found, drawn = self._match(
                re.compile(rf"(?<![\d,])(?!{at or 1} )([\d,]+) of {_PHOTOS:,}")
            )
            at = found[1]
            took.append(drawn - started)
        return took

    @property
    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        return 1024 * int(re.findall(r"VmRSS:\s+(\d+)", status)[0])

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _match(self, pattern: re.Pattern[str]) -> tuple[re.Match[str], float]:
        deadline = time.perf_counter() + _WAIT
        while time.perf_counter() < deadline:
            if select.select([self._master], [], [], 0.5)[0]:
                self._drawn += os.read(self._master, 1 << 16)
                found = pattern.search(_ESCAPES.sub(b"", self._drawn).decode("utf-8", "replace"))
                if found:
                    self._drawn = b""
                    return found, time.perf_counter()
        shown = repr(
            re.findall(
                rf".{{12}} of {_PHOTOS:,}",
                _ESCAPES.sub(b"", self._drawn).decode("utf-8", "replace"),
            )
        )
        raise RuntimeError(f"{pattern.pattern!r} was not drawn; the last was {shown}")
