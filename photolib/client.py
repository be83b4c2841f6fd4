"""Asks the warm engine of a library, if one runs, with nothing but the standard library.

The service leaves a record beside the catalogue that says where it listens. Whatever is wrong with
the record or the answer, the one who asked does the work itself.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from photolib import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from photolib.config import Settings

LOOPBACK = "127.0.0.1"
_CONNECT = 0.25
"""Seconds in which a service on this machine accepts, or is not there."""
_ANSWER = 3.0
"""Seconds of silence after which doing the work oneself is likely to be quicker."""
_LARGEST = 1 << 26
"""Bytes of an answer beyond which something is wrong."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Record:
    """Where a service listens: on a socket, or on a port of this machine."""

    version: str
    pid: int
    catalogue: str
    """Which file the catalogue was when the service opened it; another is another library."""
    socket: str | None
    port: int | None

    @property
    def address(self) -> str:
        """The socket, or host and port, in one word."""
        return self.socket if self.socket is not None else f"{LOOPBACK}:{self.port}"


def identity(catalogue: Path) -> str:
    """Tells one catalogue file from another, also after a restored backup; "" without a file."""
    try:
        found = os.stat(catalogue)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def write_record(settings: Settings, record: Record) -> None:
    """Tell clients where the service listens; raises OSError."""
    write_private(settings.service_record, json.dumps(asdict(record)))


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read; raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", -1, "utf-8"
    ) as file:
        file.write(text)
    fresh.replace(path)


def read_record(settings: Settings) -> Record | None:
    """The record of the last service of a library, which may be gone; None without one."""
    try:
        record = Record(**json.loads(settings.service_record.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.socket is None or isinstance(record.socket, str) else None


def ask(settings: Settings, path: str, parameters: Mapping[str, object]) -> dict[str, Any] | None:
    """The JSON object that the running service answers a GET of ``path`` with.

    None when no service of this version runs on this very catalogue, when it takes too long, and
    when it answers with an error: the one who asked finds out why by doing the work itself.
    Parameters that are None are left out; those that are tuples are given once for each item.
    """
    record = read_record(settings)
    if record is None or record.version != __version__:
        return None
    if record.catalogue != identity(settings.catalogue_path):
        return None
    try:
        given = {name: value for name, value in parameters.items() if value is not None}
        # The bytes of a path that is not UTF-8 travel as they are.
        query = urlencode(given, doseq=True, quote_via=quote, errors="surrogateescape")
        reply = _exchange(record, _request(settings, record, f"{path}?{query}"))
        found = json.loads(_body(reply))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _request(settings: Settings, record: Record, target: str) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {LOOPBACK}:{record.port or 80}", "Connection: close"]
    if record.port is not None:
        lines.append(f"Authorization: Bearer {settings.service_token.read_text('ascii')}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def connect(record: Record) -> socket.socket:
    """A connection to where a record points; raises OSError when nobody listens there."""
    family = socket.AF_INET if record.socket is None else socket.AF_UNIX
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT)
        connection.connect(record.socket if record.socket is not None else (LOOPBACK, record.port))
    except (OSError, TypeError, ValueError, OverflowError) as exc:
        connection.close()
        raise OSError(f"{record.address}: nobody answers") from exc
    return connection


def _exchange(record: Record, request: bytes) -> bytes:
    """Send a request and read until the service closes. Raises OSError."""
    reply = bytearray()
    with connect(record) as connection:
        connection.settimeout(_ANSWER)
        connection.sendall(request)
        while chunk := connection.recv(_CHUNK):
            reply += chunk
            if len(reply) > _LARGEST:
                raise OSError("the answer does not end")
    return bytes(reply)


def _body(reply: bytes) -> bytes:
    """The body of a complete reply with status 200; raises ValueError for anything else."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in lines)
    whole = headers.get(b"content-length") == str(len(body)).encode()
    if status.split(b" ", 2)[1:2] != [b"200"] or not whole:
        raise ValueError("an error, or a reply that was cut off")
    return body
