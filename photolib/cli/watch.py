"""``photolib watch``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from photolib.watcher import Notice, Watcher

_NICE = 10
_INTERRUPTED = 130
_GRACE = 0.8
"""Seconds from a signal to the end, whatever is under way."""


@command("watch")
@click.option(
    "--settle",
    type=click.FloatRange(0.1, 3600),
    default=2.0,
    show_default=True,
    metavar="S",
    help="Seconds that a file must stay as it is before it is read.",
)
@click.option("--poll", is_flag=True, help="Look for changes by polling in every folder.")
@click.option("--nice/--no-nice", default=True, help="Give way to other programs (the default).")
@click.option(
    "--install", "installs", is_flag=True, help="Start it with the session from now on; see below."
)
def watch(front: Front, settle: float, poll: bool, nice: bool, installs: bool) -> None:
    """Index photos as they come, until stopped.

    Ctrl-C or a SIGTERM ends it; what is done is kept. With --json, prints one object per line.
    --install writes a systemd user unit, or a launchd agent on macOS, that starts it with the
    session, and says how to enable it.

    \b
    photolib watch
    photolib watch --install
    """
    from photolib.watcher import Watcher

    if installs:
        _install(front, settle, poll, nice)
        return
    if nice:
        os.nice(_NICE)
    with front.open() as library, _until_signal() as heard:
        front.note("Watching; stop with Ctrl-C.")
        watcher = Watcher(
            library, settle=settle, poll=poll, notify=lambda notice: _tell(front, notice)
        )
        _run_beside(watcher, heard)


def _install(front: Front, settle: float, poll: bool, nice: bool) -> None:
    from photolib.cli.install import install

    options = ["--settle", str(settle), *(["--poll"] if poll else [])]
    written = install(front.settings.library, [*options, "--nice" if nice else "--no-nice"])
    front.show(written, lambda found: [f"Wrote {found.path}"])
    front.note(f"Enable it:  {written.enable}", f"Disable it: {written.disable}")


@dataclass(frozen=True, slots=True)
class _Heard:
    """What signals asked for: to stop, and whether as an interruption."""

    stop: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)


def _run_beside(watcher: Watcher, heard: _Heard) -> None:
    """Watch in a thread, so that a signal is heard while a model computes.

    Batches are stored whole or not at all: what is under way when the grace is over is given up.
    """
    with ThreadPoolExecutor(1, "photolib-watch") as pool:
        watching = pool.submit(watcher.run, heard.stop)
        while not heard.stop.is_set() and not watching.done():
            wait([watching], timeout=0.1)
        if not wait([watching], timeout=_GRACE).done:
            sys.stdout.flush()
            os._exit(_INTERRUPTED if heard.interrupted.is_set() else 0)
        watching.result()


def _tell(front: Front, notice: Notice) -> None:
    if front.json:
        click.echo(dump(to_json(notice), one_line=True))
    else:
        front.say([notice.text])


@contextmanager
def _until_signal() -> Iterator[_Heard]:
    """What SIGINT and SIGTERM ask for; the former counts as an interruption in the end.

    A second SIGINT does not wait for the batch that is under way.
    """
    heard = _Heard()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and heard.interrupted.is_set():
            raise KeyboardInterrupt
        if number == signal.SIGINT:
            heard.interrupted.set()
        heard.stop.set()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if heard.interrupted.is_set():
        raise KeyboardInterrupt


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
