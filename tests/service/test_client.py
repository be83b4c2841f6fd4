"""The client falls back, silently and soon, whatever is wrong with the service."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from photolib import __version__, client
from photolib.client import Record, ask, identity, read_record, write_record
from tests.service.conftest import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library
    from tests.service.conftest import Served


@pytest.fixture
def settings(library: Library) -> Settings:
    return library.settings


@contextmanager
def answering(settings: Settings, *pieces: bytes) -> Iterator[None]:
    """A service that says these bytes to one client, whatever it is asked."""
    place = settings.service_socket
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        listening.settimeout(PATIENCE)

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                for piece in pieces:
                    connection.sendall(piece)
                if not pieces:
                    connection.settimeout(PATIENCE)
                    connection.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        write_record(settings, _record(settings))
        try:
            yield
        finally:
            thread.join(PATIENCE)
            place.unlink()


def _record(settings: Settings) -> Record:
    place = str(settings.service_socket)
    return Record(__version__, 1, identity(settings.catalogue_path), place, None)


def reply(body: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, size, body)


def test_what_the_service_says_comes_back(settings: Settings) -> None:
    whole = reply(b'{"a": 1}')
    with answering(settings, whole[:30], whole[30:]):
        assert ask(settings, "/status", {}) == {"a": 1}


@pytest.mark.parametrize(
    "said",
    [
        reply(b'{"a": 1}', b"503 Busy"),
        reply(b'{"a": 1}', length=99),
        reply(b"[1]"),
        reply(b"<html>"),
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"SSH-2.0-OpenSSH\r\n",
        b"\xff\xfe",
    ],
)
def test_anything_but_a_whole_answer_is_none(settings: Settings, said: bytes) -> None:
    with answering(settings, said):
        assert ask(settings, "/status", {}) is None


def test_silence_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_ANSWER", 0.05)
    with answering(settings):
        assert ask(settings, "/status", {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"version": __version__}),
        json.dumps({"version": "1", "pid": 1, "catalogue": "", "socket": 7, "port": None}),
    ],
)
def test_a_record_that_makes_no_sense(settings: Settings, text: str) -> None:
    settings.service_record.write_text(text)
    assert read_record(settings) is None
    assert ask(settings, "/status", {}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": "0.0.1"},
        {"catalogue": "1:1"},
        {"socket": "/nowhere/at/all.sock"},
        {"socket": "/" + "x" * 200},
        {"socket": "a\0b"},
        {"socket": None, "port": 0},
        {"socket": None, "port": None},
        {"socket": None, "port": "eighty"},
        {"socket": None, "port": 1 << 20},
    ],
    ids=str,
)
def test_a_record_of_something_else(served: Served, change: dict[str, Any]) -> None:
    settings = served.library.settings
    assert ask(settings, "/status", {}) is not None
    write_record(settings, replace(served.record, **change))
    settings.service_token.write_text("token")
    assert ask(settings, "/status", {}) is None


def test_no_record(settings: Settings, tmp_path: Path) -> None:
    assert ask(settings, "/status", {}) is None
    assert ask(replace(settings, library=tmp_path / "none"), "/status", {}) is None


def test_a_query_that_has_no_bytes(served: Served) -> None:
    assert ask(served.library.settings, "/search", {"query": "\ud800"}) is None
