"""Clients that are slow, greedy, broken or gone: each is bounded, and the others never notice."""

from __future__ import annotations

import json
import select
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from photolib.library import Library
from photolib.models import FakeEncoder
from photolib.service.protocol import Limits
from tests.service.conftest import PATIENCE, Answer, Served, parsed, read_all, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SHORT = 0.15


def error_of(answer: Answer, status: int) -> str:
    assert answer.status == status
    code = answer.json["error"]["code"]
    assert isinstance(code, str)
    return code


def sent(served: Served, *pieces: bytes) -> bytes:
    """Send bytes on a new connection, and read what comes until the service closes it."""
    with served.raw() as sock:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            for piece in pieces:
                sock.sendall(piece)
        return read_all(sock)


def still_answers(served: Served) -> None:
    assert served.get("/status").status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /status HTTP/1.1\r\n\r\n",
        b"GET /status HTTP/one\r\nHost: a\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (1 << 20),
    ],
    ids=["tls", "short", "no-host", "version", "header", "target", "length", "huge-head"],
)
def test_what_is_no_request_is_refused(served: Served, garbage: bytes) -> None:
    assert error_of(parsed(sent(served, garbage)), 400) == "malformed"
    still_answers(served)


def test_garbage_after_a_request_does_not_spoil_its_answer(served: Served) -> None:
    raw = sent(served, b"GET /status HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01garbage\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 200")
    still_answers(served)


@pytest.mark.parametrize("beginning", [b"GET /status HTT", b""], ids=["half a head", "nothing"])
def test_a_head_that_does_not_come_is_not_waited_for(library: Library, beginning: bytes) -> None:
    with serving(library, limits=Limits(head=SHORT)) as served:
        raw = sent(served, beginning)
        if beginning:
            assert error_of(parsed(raw), 408) == "timeout"
        else:
            assert raw == b""


def test_a_head_that_drips_does_not_move_its_deadline(library: Library) -> None:
    with serving(library, limits=Limits(head=SHORT)) as served, served.raw() as sock:
        told = select.poll()
        told.register(sock, select.POLLIN)
        for _ in range(int(PATIENCE / SHORT) * 10):
            with suppress(BrokenPipeError):
                sock.sendall(b"G")
            if told.poll(SHORT * 100):
                break
        assert error_of(parsed(read_all(sock)), 408) == "timeout"


def test_a_kept_connection_is_closed_when_nothing_follows(library: Library) -> None:
    with serving(library, limits=Limits(head=SHORT)) as served:
        raw = sent(served, b"GET /albums HTTP/1.1\r\nHost: a\r\n\r\n")
        assert parsed(raw).status == 200


def test_two_requests_on_one_connection(served: Served) -> None:
    request = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert sent(served, request + last).count(b"HTTP/1.1 404") == 2


POST = b"POST /jobs HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (POST + b"Content-Length: 100000\r\n\r\n", b"x" * 100_000),
        (POST + b"Content-Length: 99999999999\r\n\r\n",),
        (POST + b"Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n",),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"186a0\r\n" + b"x" * 100_000 + b"\r\n"),
    ],
    ids=["declared", "absurd", "expecting", "chunked"],
)
def test_a_body_too_large_is_refused(library: Library, pieces: tuple[bytes, ...]) -> None:
    limits = Limits(largest_body=10_000, body=SHORT * 10)
    pieces += (b"0\r\n\r\n",) if b"chunked" in pieces[0] else ()
    with serving(library, limits=limits) as served:
        assert error_of(parsed(sent(served, *pieces)), 413) == "too-large"
        still_answers(served)


def test_a_body_that_does_not_come_is_not_waited_for(library: Library) -> None:
    with serving(library, limits=Limits(body=SHORT)) as served:
        raw = sent(served, POST + b"Content-Length: 20\r\n\r\n", b'{"kind":')
        assert error_of(parsed(raw), 408) == "timeout"


def test_a_client_that_stops_reading_is_let_go(library: Library) -> None:
    with serving(library, limits=Limits(write=SHORT)) as served, served.raw() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /source HTTP/1.1\r\nHost: a\r\n\r\n"
        sock.sendall(request * 8)
        gone = select.poll()
        gone.register(sock, select.POLLHUP)
        assert gone.poll(PATIENCE * 1000), "the service still holds the connection"
        still_answers(served)


def test_clients_that_vanish_leave_nothing_behind(served: Served) -> None:
    for _ in range(20):
        with served.raw() as sock:
            sock.sendall(b"GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
        with served.raw() as sock:
            sock.sendall(POST + b"Content-Length: 20\r\n\r\n{")
    still_answers(served)


def test_more_connections_than_are_held_are_told_so(library: Library) -> None:
    with serving(library, limits=Limits(connections=3)) as served:
        held = [served.raw() for _ in range(3)]
        # One answer on each of them makes sure that the service has seen it.
        for sock in held:
            sock.sendall(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 404")
        assert error_of(parsed(sent(served)), 503) == "busy"
        for sock in held:
            sock.close()


class HeldEncoder(FakeEncoder):
    """Encodes words only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)
        self.free = threading.Event()

    def encode_text(self, text: str) -> NDArray:
        if text == "wait":
            self.asked.release()
            assert self.free.wait(PATIENCE)
        return super().encode_text(text)


@contextmanager
def held(library: Library, limits: Limits) -> Iterator[tuple[Served, HeldEncoder]]:
    """A service whose searches for "wait" do."""
    encoder = HeldEncoder()
    with Library(library.settings, encoder=encoder) as slow, serving(slow, limits=limits) as served:
        try:
            yield served, encoder
        finally:
            encoder.free.set()


def test_more_work_than_is_queued_is_told_so(library: Library) -> None:
    count = 12
    with held(library, Limits(waiting=0)) as (served, encoder), ThreadPoolExecutor(count) as pool:
        answers = [pool.submit(served.get, "/search?query=wait") for _ in range(count)]
        # Those that found no worker are answered while the others still wait.
        first = next(as_completed(answers, timeout=PATIENCE)).result()
        assert error_of(first, 503) == "busy"
        assert first.headers["retry-after"] == "1"
        assert served.get("/openapi.json").status == 200
        encoder.free.set()
        assert {answer.result().status for answer in answers} == {200, 503}
        still_answers(served)


def test_work_for_a_client_that_has_gone_is_dropped(library: Library) -> None:
    with held(library, Limits()) as (served, encoder):
        with closing(served.raw()) as sock:
            sock.sendall(b"GET /search?query=wait HTTP/1.1\r\nHost: a\r\n\r\n")
            assert encoder.asked.acquire(timeout=PATIENCE)
        still_answers(served)
        encoder.free.set()
        assert json.loads(served.get("/search?query=wait").body)["query"] == "wait"
