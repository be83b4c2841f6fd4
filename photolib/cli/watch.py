"""``photolib watch``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from photolib.cli.beside import run_until_signal
from photolib.cli.front import Front, command
from photolib.errors import PhotolibError
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    import threading

    from photolib.cli.beside import Work
    from photolib.client import Record
    from photolib.library import Library
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

    Searches from other terminals are answered at once meanwhile, as by "photolib serve".
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
    with front.open() as library:
        front.note("Watching; stop with Ctrl-C.")
        watcher = Watcher(
            library, settle=settle, poll=poll, notify=lambda notice: _tell(front, notice)
        )

        def watching(stop: threading.Event) -> None:
            if nice:
                os.nice(_NICE)  # on Linux only of this thread: searches are not for waiting
            watcher.run(stop)

        run_until_signal(watching, _serving(front, library))


def _install(front: Front, settle: float, poll: bool, nice: bool) -> None:
    from photolib.cli.install import install

    options = ["--settle", str(settle), *(["--poll"] if poll else [])]
    written = install(front.settings.library, [*options, "--nice" if nice else "--no-nice"])
    front.show(written, lambda found: [f"Wrote {found.path}"])
    front.note(f"Enable it:  {written.enable}", f"Disable it: {written.disable}")


def _serving(front: Front, library: Library) -> Work:
    """Keeps the library warm beside the watcher, which goes on where that is impossible."""

    from photolib.watcher import Notice

    def tell(record: Record) -> None:
        _tell(front, Notice(f"Serving at {record.address}"))

    def serve(stop: threading.Event) -> None:
        from photolib.service import Service

        try:
            Service(library, ready=tell).run(stop)
        except PhotolibError as exc:
            front.warn(f"Watching without the service: {exc.message}. {exc.hint}".strip())
            stop.wait()

    return serve


def _tell(front: Front, notice: Notice) -> None:
    if front.json:
        click.echo(dump(to_json(notice), one_line=True))
    else:
        front.say([notice.text])
