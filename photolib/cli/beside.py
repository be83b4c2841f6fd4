"""Work in threads until a signal, for commands that run until they are stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Work: TypeAlias = Callable[[threading.Event], None]
    """Goes on until the event is set."""

_INTERRUPTED = 130
_GRACE = 0.8
"""Seconds from a signal to the end, whatever is under way."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK = 1.0 if os.name == "nt" else None
"""Seconds between two looks for signals where waiting is not interrupted by them."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What signals asked for: to stop, and whether as an interruption."""

    stop: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)
    news: SimpleQueue[None] = field(default_factory=SimpleQueue)
    """Something happened; unlike an event it can be told safely from a signal handler."""


def run_until_signal(*works: Work) -> None:
    """Run each in a thread of its own until SIGINT, SIGTERM or until one of them ends.

    A signal is heard while a model computes. Batches are stored whole or not at all: what is under
    way when the grace is over is given up. Raises what a work raised, and KeyboardInterrupt after
    SIGINT; a second SIGINT does not wait for the batch that is under way.
    """
    with _until_signal() as heard, ThreadPoolExecutor(len(works), "photolib-work") as pool:
        running = [pool.submit(work, heard.stop) for work in works]
        for future in running:
            future.add_done_callback(lambda _: heard.news.put(None))
        _wait_for_news(heard)
        heard.stop.set()
        if wait(running, timeout=_GRACE).not_done:
            sys.stdout.flush()
            os._exit(_INTERRUPTED if heard.interrupted.is_set() else 0)
        for future in running:
            future.result()


def _wait_for_news(heard: _Heard) -> None:
    while True:
        try:
            return heard.news.get(timeout=_LOOK)
        except Empty:
            continue


@contextmanager
def _until_signal() -> Iterator[_Heard]:
    """What SIGINT and SIGTERM ask for; the former counts as an interruption in the end."""
    heard = _Heard()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and heard.interrupted.is_set():
            raise KeyboardInterrupt
        if number == signal.SIGINT:
            heard.interrupted.set()
        heard.stop.set()
        heard.news.put(None)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if heard.interrupted.is_set():
        raise KeyboardInterrupt
