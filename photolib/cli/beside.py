"""Work in threads until a signal, for commands that run until they are stopped."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """What signals asked for: to stop, and whether as an interruption.

    The system may deliver a signal to any thread, which does not wake the main thread from waiting
    for a lock; Python's handlers run in the main thread alone. So it waits for a byte, which
    Python writes wherever the signal arrives.
    """

    told: socket.socket
    """Has something to read once a signal came or a work has ended."""
    tell: socket.socket
    signals: list[int] = field(default_factory=list)
    """Those that came. A handler may interrupt whoever holds a lock, so it takes none."""

    @property
    def interrupted(self) -> bool:
        return signal.SIGINT in self.signals


def run_until_signal(*works: Work) -> None:
    """Run each in a thread of its own until SIGINT, SIGTERM or until one of them ends.

    A signal is heard while a model computes. Batches are stored whole or not at all: what is under
    way when the grace is over is given up. Raises what a work raised, and KeyboardInterrupt after
    SIGINT; a second SIGINT does not wait for the batch that is under way.
    """
    with _until_signal() as heard, ThreadPoolExecutor(len(works), "photolib-work") as pool:
        stop = threading.Event()
        running = [pool.submit(work, stop) for work in works]
        for future in running:
            future.add_done_callback(lambda _: heard.tell.send(b"\0"))
        while not heard.signals and not any(future.done() for future in running):
            heard.told.recv(1)
        stop.set()
        if wait(running, timeout=_GRACE).not_done:
            sys.stdout.flush()
            os._exit(_INTERRUPTED if heard.interrupted else 0)
        for future in running:
            future.result()


@contextmanager
def _until_signal() -> Iterator[_Heard]:
    """What SIGINT and SIGTERM ask for; the former counts as an interruption in the end."""
    told, tell = socket.socketpair()
    tell.setblocking(False)
    heard = _Heard(told, tell)

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and heard.interrupted:
            raise KeyboardInterrupt
        heard.signals.append(number)

    awake = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(awake)
        told.close()
        tell.close()
    if heard.interrupted:
        raise KeyboardInterrupt
