"""Where a service listens: a socket for its owner alone, or a loopback port and a token."""

from __future__ import annotations

import os
import secrets
import socket
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from photolib import __version__
from photolib.client import LOOPBACK, Record, connect, identity, read_record, write_private
from photolib.errors import ConfigError

if TYPE_CHECKING:
    from photolib.config import Settings

BACKLOG = 64
_ROOM = 107 if sys.platform.startswith("linux") else 103
"""Bytes that the path of a socket can have; sun_path ends with a zero byte."""
_PRIVATE = "photolib-"
"""Directories for sockets whose place in the library has too long a path begin like this."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket, what tells clients of it, and the token that a port demands."""

    sock: socket.socket
    record: Record
    token: str | None


def has_sockets() -> bool:
    """Whether this platform has Unix sockets; Windows' Python has none."""
    return hasattr(socket, "AF_UNIX")


def listen(settings: Settings, path: Path | None, port: int | None) -> Listener:
    """Listen on a socket (in the library unless ``path`` says where), or on a loopback ``port``.

    Port 0 takes a free one. The caller is the one service of the library. Raises ConfigError.
    """
    _clear_last(settings)
    if port is None and has_sockets():
        place = str(path) if path is not None else _place(settings)
        return Listener(_unix(place), _record(settings, place, None), None)
    sock = _loopback(port or 0)
    return Listener(sock, _record(settings, None, sock.getsockname()[1]), _token(settings))


def close(listener: Listener, settings: Settings) -> None:
    """Stop listening and leave nothing behind."""
    listener.sock.close()
    settings.service_record.unlink(missing_ok=True)
    if listener.record.socket is not None:
        _remove(listener.record.socket)


def _record(settings: Settings, place: str | None, port: int | None) -> Record:
    return Record(__version__, os.getpid(), identity(settings.catalogue_path), place, port)


def _place(settings: Settings) -> str:
    """The library's own socket, or one in a private temporary directory if its path is too long."""
    place = str(settings.service_socket)
    if len(os.fsencode(place)) <= _ROOM:
        return place
    return os.path.join(tempfile.mkdtemp(prefix=_PRIVATE), settings.service_socket.name)


def _unix(place: str) -> socket.socket:
    if len(os.fsencode(place)) > _ROOM:
        hint = f"A socket's path has at most {_ROOM} bytes: choose another with --socket PATH."
        raise ConfigError(f"{place}: the path is too long for a socket", hint)
    _make_room(place)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(place)
        os.chmod(place, 0o600)  # nobody can connect before listen()
        sock.listen(BACKLOG)
    except OSError as exc:
        sock.close()
        hint = "Choose another place with --socket PATH, or a port with --port N."
        raise ConfigError(f"{place}: {exc.strerror or exc}", hint) from exc
    return sock


def _make_room(place: str) -> None:
    """Remove a socket on which nobody listens any more; anything else is not ours to remove."""
    try:
        mode = os.lstat(place).st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"{place} is in the way, and is no socket", "Choose another --socket.")
    try:
        connect(Record("", 0, "", place, None)).close()
    except OSError:
        os.unlink(place)
        return
    raise ConfigError(f"{place}: another program listens there", "Choose another --socket.")


def _clear_last(settings: Settings) -> None:
    """Remove what a service that was killed left in a temporary directory."""
    last = read_record(settings)
    if last is not None and last.socket is not None and not _is_alive(last):
        _remove(last.socket)


def _is_alive(record: Record) -> bool:
    try:
        connect(record).close()
    except OSError:
        return False
    return True


def _remove(place: str) -> None:
    with suppress(OSError):
        if stat.S_ISSOCK(os.lstat(place).st_mode):
            os.unlink(place)
            directory = Path(place).parent
            in_temporary = directory.parent == Path(tempfile.gettempdir())
            if in_temporary and directory.name.startswith(_PRIVATE):
                directory.rmdir()


def _loopback(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let another program share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, port))
        sock.listen(BACKLOG)
    except OSError as exc:
        sock.close()
        hint = "Choose another with --port N; 0 takes a free one."
        raise ConfigError(f"port {port}: {exc.strerror or exc}", hint) from exc
    return sock


def _token(settings: Settings) -> str:
    """The token of this library, made with the first port that is asked for."""
    path = settings.service_token
    with suppress(OSError, UnicodeDecodeError):
        token = path.read_text("ascii")
        if len(token) >= 32 and (os.name != "posix" or not path.stat().st_mode & 0o077):
            return token
    token = secrets.token_urlsafe(32)
    try:
        write_private(path, token)
    except OSError as exc:
        hint = "Make the library directory writable, or choose another with --library."
        raise ConfigError(f"{path}: {exc.strerror}", hint) from exc
    return token
