"""A service in a thread of this process, and clients that speak HTTP to it."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from photolib.client import Record, connect
from photolib.service import Service
from tests.library.shelf import index, opened, plain, settings_at, write

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.library import Library
    from photolib.service.protocol import Limits

PATIENCE = 20.0
"""Seconds after which a test gives up waiting for what must come."""
COLOURS = {"red": (220, 30, 30), "green": (40, 160, 60), "blue": (40, 70, 210)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    """A connection to wherever a service listens."""

    def __init__(self, record: Record) -> None:
        super().__init__("127.0.0.1", record.port or 80)
        self._record = record

    def connect(self) -> None:
        self.sock = connect(self._record)
        self.sock.settimeout(PATIENCE)


@dataclass
class Served:
    """A service that runs."""

    library: Library
    record: Record
    stop: threading.Event
    failures: list[BaseException] = field(default_factory=list)

    def get(self, target: str, **headers: str) -> Answer:
        return self.request("GET", target, headers=headers)

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Any = None
    ) -> Answer:
        connection = Connection(self.record)
        try:
            connection.request(method, target, body, headers or {})
            reply = connection.getresponse()
            named = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, named, reply.read())
        finally:
            connection.close()

    def raw(self) -> socket.socket:
        """A bare connection."""
        sock = connect(self.record)
        sock.settimeout(PATIENCE)
        return sock


@contextmanager
def serving(
    library: Library,
    *,
    path: Path | None = None,
    port: int | None = None,
    limits: Limits | None = None,
) -> Iterator[Served]:
    """Serve a library in a thread for the length of the block; raises what the service raises."""
    stop, ready, failures = threading.Event(), threading.Event(), list[BaseException]()
    records: list[Record] = []

    def tell(record: Record) -> None:
        records.append(record)
        ready.set()

    given = {} if limits is None else {"limits": limits}
    service = Service(library, path=path, port=port, ready=tell, **given)

    def run() -> None:
        try:
            service.run(stop)
        except BaseException as exc:  # noqa: BLE001 told to the test below
            failures.append(exc)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        if failures:
            raise failures[0]
        yield Served(library, records[0], stop, failures)
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert not failures


def read_all(sock: socket.socket) -> bytes:
    """Everything until the other side closes or cuts the connection."""
    received = b""
    try:
        while chunk := sock.recv(1 << 16):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def parsed(raw: bytes) -> Answer:
    """A raw reply."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(status.split(" ")[1]), headers, body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def library(tmp_path: Path, folder: Path) -> Iterator[Library]:
    """Three photos of one colour each and a byte copy, in a library whose encoder sees colours."""
    for name, colour in COLOURS.items():
        plain(folder / f"{name}.jpg", colour)
    write(folder / "mixed.jpg", 7)
    (folder / "copy.jpg").write_bytes((folder / "mixed.jpg").read_bytes())
    with opened(settings_at(tmp_path / "library")) as made:
        made.add_folder(str(folder))
        index(made)
        yield made


@pytest.fixture
def served(library: Library) -> Iterator[Served]:
    with serving(library) as running:
        yield running
