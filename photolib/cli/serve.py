"""``photolib serve``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photolib.cli.beside import run_until_signal
from photolib.cli.front import Front, command
from photolib.errors import UsageError
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    from photolib.client import Record


@command("serve")
@click.option(
    "--socket",
    "path",
    metavar="PATH",
    help="Listen on a socket at PATH instead of in the library directory.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Listen on a port of this machine, for whoever has the token; 0 takes a free one.",
)
def serve(front: Front, path: str | None, port: int | None) -> None:
    """Keep the library loaded and answer for it, until stopped.

    "photolib search" and "similar" are answered at once while it runs. Other programs ask it over
    HTTP; its page at / and /openapi.json say what can be asked. The socket is for your user alone;
    a port demands the token in service.token in the library directory. With --json, prints where
    it listens.

    \b
    photolib serve
    curl --unix-socket ~/.local/share/photolib/service.sock 'http://localhost/search?query=dog'
    """
    from photolib.service import Service

    if path is not None and port is not None:
        raise UsageError("--socket and --port exclude each other", "Choose one of them.")
    place = Path(os.path.abspath(path)) if path is not None else None
    with front.open() as library:
        service = Service(library, path=place, port=port, ready=lambda r: _tell(front, r))
        run_until_signal(service.run)


def _tell(front: Front, record: Record) -> None:
    if front.json:
        told = {"pid": record.pid, "socket": record.socket, "port": record.port}
        click.echo(dump(to_json(told), one_line=True))
        return
    front.note(f"Serving at {record.address}; stop with Ctrl-C.")
    if record.port is not None:
        front.note(f"The token is in {front.settings.service_token}")
