"""``photolib watch``."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from photolib.watcher import Notice

_NICE = 10


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
    with front.open() as library, _until_signal() as stop:
        front.note("Watching; stop with Ctrl-C.")
        Watcher(library, settle=settle, poll=poll, notify=lambda notice: _tell(front, notice)).run(
            stop
        )


def _install(front: Front, settle: float, poll: bool, nice: bool) -> None:
    from photolib.cli.install import install

    options = ["--settle", str(settle), *(["--poll"] if poll else [])]
    written = install(front.settings.library, [*options, "--nice" if nice else "--no-nice"])
    front.show(written, lambda found: [f"Wrote {found.path}"])
    front.note(f"Enable it:  {written.enable}", f"Disable it: {written.disable}")


def _tell(front: Front, notice: Notice) -> None:
    if front.json:
        click.echo(dump(to_json(notice), one_line=True))
    else:
        front.say([notice.text])


@contextmanager
def _until_signal() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; the former then counts as an interruption.

    A second SIGINT does not wait for the batch that is under way.
    """
    stop = threading.Event()
    interrupted = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and interrupted.is_set():
            raise KeyboardInterrupt
        stop.set()
        if number == signal.SIGINT:
            interrupted.set()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interrupted.is_set():
        raise KeyboardInterrupt


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
