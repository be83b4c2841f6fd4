"""Jobs that a service runs: followed, cancelled, one at a time."""

from __future__ import annotations

import json
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from photolib.library import Library
from photolib.models import FakeEncoder
from photolib.service.protocol import Limits
from tests.library.shelf import plain
from tests.service.conftest import PATIENCE, Connection, Served, read_all, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.service.conftest import Answer


def start(served: Served, **asked: Any) -> Answer:
    body = json.dumps({"kind": "index", **asked}).encode()
    return served.request("POST", "/jobs", body)


@contextmanager
def following(served: Served, job_id: int, last: int | None = None) -> Iterator[HTTPResponse]:
    with closing(Connection(served.record)) as connection:
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        connection.request("GET", f"/jobs/{job_id}/events", headers=headers)
        yield connection.getresponse()


def events(stream: HTTPResponse) -> Iterator[tuple[int, str, Any]]:
    """Number, name and data of each event, as they come."""
    fields: dict[str, str] = {}
    for raw in stream:
        line = raw.decode("ascii").rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields.keys() != {""}:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}


class HeldEncoder(FakeEncoder):
    """Embeds pictures only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.free = threading.Event()

    def encode_images(self, batch: NDArray) -> NDArray:
        self.asked.set()
        assert self.free.wait(PATIENCE)
        return super().encode_images(batch)


@pytest.fixture
def encoder() -> HeldEncoder:
    return HeldEncoder()


@pytest.fixture
def held(library: Library, folder: Path, encoder: HeldEncoder) -> Iterator[Served]:
    """A service with one new photo, whose jobs wait before they embed it."""
    plain(folder / "white.jpg", (245, 245, 245))
    with Library(library.settings, encoder=encoder) as slow:
        try:
            with serving(slow, limits=Limits(followers=2)) as served:
                yield served
                encoder.free.set()
        finally:
            encoder.free.set()


def test_a_job_is_followed_to_its_end(served: Served, folder: Path) -> None:
    plain(folder / "white.jpg", (245, 245, 245))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    started = start(served, paths=[str(folder)])
    assert started.status == 202
    assert started.json["state"] == "running"
    with following(served, started.json["job_id"]) as stream:
        assert stream.getheader("content-type", "").startswith("text/event-stream")
        told = list(events(stream))
    numbers = [number for number, _, _ in told]
    assert numbers == sorted(set(numbers))
    assert [name for _, name, _ in told].count("problem") == 1
    _, name, end = told[-1]
    assert (name, end["state"], end["problems"]) == ("end", "done", 1)
    assert (end["report"]["added"], end["report"]["failed"]) == (1, 1)
    assert served.get(f"/jobs/{end['job_id']}").json["report"] == end["report"]
    assert served.get("/jobs").json["jobs"] == [
        {key: value for key, value in end.items() if key != "schema"}
    ]
    with following(served, end["job_id"], last=numbers[-2]) as stream:
        assert [number for number, _, _ in events(stream)] == numbers[-1:]


def test_one_job_at_a_time(held: Served, encoder: HeldEncoder) -> None:
    job_id = start(held).json["job_id"]
    assert encoder.asked.wait(PATIENCE)
    second = start(held)
    assert (second.status, second.json["error"]["code"]) == (409, "lease-held")
    encoder.free.set()
    with following(held, job_id) as stream:
        assert list(events(stream))[-1][2]["state"] == "done"
    assert start(held).status == 202


def test_a_cancelled_job_keeps_what_is_done(held: Served, encoder: HeldEncoder) -> None:
    job_id = start(held).json["job_id"]
    assert encoder.asked.wait(PATIENCE)
    assert held.request("DELETE", f"/jobs/{job_id}").status == 202
    encoder.free.set()
    with following(held, job_id) as stream:
        end = list(events(stream))[-1][2]
    assert (end["state"], end["report"]) == ("cancelled", None)
    assert held.get("/search?query=white&limit=1").json["hits"][0]["path"].endswith("white.jpg")


def test_a_job_waits_for_another_process_and_can_be_cancelled_meanwhile(
    held: Served, encoder: HeldEncoder
) -> None:
    with Library(held.library.settings, encoder=encoder) as other:
        indexing = other.index()
        while next(indexing).stage != "embed" and not encoder.asked.is_set():
            encoder.free.set()
        job_id = start(held).json["job_id"]
        with following(held, job_id) as stream:
            told = events(stream)
            assert next(told)[2]["stage"] == "waiting"
            assert held.request("DELETE", f"/jobs/{job_id}").status == 202
            assert list(told)[-1][2]["state"] == "cancelled"
        indexing.close()


def test_a_job_that_fails_says_why(served: Served, tmp_path: Path) -> None:
    job_id = start(served, paths=[str(tmp_path / "elsewhere")]).json["job_id"]
    with following(served, job_id) as stream:
        end = list(events(stream))[-1][2]
    assert (end["state"], end["error"]["code"]) == ("failed", "usage")
    assert "elsewhere" in end["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"[" * 10_000,
        b'{"kind": "dance"}',
        b'{"kind": "index", "mood": 1}',
        b'{"kind": "index", "paths": "/"}',
        b'{"kind": "index", "paths": [1]}',
        b'{"kind": "index", "paths": ["a\\u0000"]}',
        b'{"kind": "index", "paths": ["here"]}',
        b'{"kind": "index", "stage": true}',
        b'{"kind": "index", "stage": 3}',
    ],
)
def test_what_is_no_job_is_refused(served: Served, body: bytes) -> None:
    answer = served.request("POST", "/jobs", body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "usage")
    assert served.get("/jobs").json["jobs"] == []


def test_followers_that_vanish_make_room_for_others(held: Served, encoder: HeldEncoder) -> None:
    job_id = start(held).json["job_id"]
    assert encoder.asked.wait(PATIENCE)
    with following(held, job_id) as first, following(held, job_id) as second:
        assert (first.status, second.status) == (200, 200)
        assert next(events(first))
        assert next(events(second))
        with following(held, job_id) as third:
            assert third.status == 503
    for _ in range(1000):  # until the service has noticed
        with following(held, job_id) as other:
            if other.status == 200:
                break
    else:
        raise AssertionError("their places are still taken")


def test_followers_are_let_go_when_the_service_ends(held: Served, encoder: HeldEncoder) -> None:
    job_id = start(held).json["job_id"]
    assert encoder.asked.wait(PATIENCE)
    with held.raw() as sock:
        sock.sendall(f"GET /jobs/{job_id}/events HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
        held.stop.set()
        assert read_all(sock).endswith(b"0\r\n\r\n")


def test_the_head_of_a_stream_is_no_stream(served: Served, folder: Path) -> None:
    job_id = start(served).json["job_id"]
    assert served.request("HEAD", f"/jobs/{job_id}/events").status == 200
    answer = served.get(f"/jobs/{job_id}/events", **{"Last-Event-ID": "soon"})
    assert answer.status == 400
