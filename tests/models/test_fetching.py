"""Downloads against a server on this machine: whole, broken off, continued, refused."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from photolib.errors import ModelError, ModelUnavailable, NotFound
from photolib.jobs import Progress, finish
from photolib.models.fetching import fetch, fetch_model
from photolib.models.known import KnownModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def safetensors(size: int) -> bytes:
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(i % 251 for i in range(size))


@dataclass
class Hub:
    """A stand-in for the hub: files by path, and how many bytes it sends before it breaks off."""

    files: dict[str, bytes]
    breaks_after: int | None = None
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        wanted = to.headers.get("Range")
        self.requests.append((to.path, wanted))
        if to.path.startswith("/moved/"):
            to.send_response(302)
            to.send_header("Location", to.path.removeprefix("/moved"))
            to.end_headers()
        elif to.path not in self.files:
            to.send_error(404)
        else:
            self._send(to, self.files[to.path], wanted)

    def _send(self, to: BaseHTTPRequestHandler, body: bytes, wanted: str | None) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        start = int(wanted[6:-1]) if wanted and to.headers.get("If-Range") == tag else 0
        to.send_response(206 if start else 200)
        to.send_header("Content-Length", str(len(body) - start))
        to.send_header("ETag", tag)
        to.end_headers()
        end = len(body) if self.breaks_after is None else start + self.breaks_after
        to.wfile.write(body[start:end])


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub({"/config": b"{}", "/weights": safetensors(900_000)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def encoder(hub: Hub) -> KnownModel:
    files = (
        ("open_clip_config.json", f"{hub.address}/config"),
        ("open_clip_model.safetensors", f"{hub.address}/weights"),
    )
    return KnownModel("tiny", "encoder", "for tests", "MIT", "tiny", files)


def test_an_encoder_arrives_as_one_folder(hub: Hub, encoder: KnownModel, tmp_path: Path) -> None:
    told: list[Progress] = []
    place = finish(fetch_model(encoder, tmp_path / "weights"), told.append)
    assert place == tmp_path / "weights" / "tiny"
    assert (place / "open_clip_model.safetensors").read_bytes() == hub.files["/weights"]
    assert sorted(f.name for f in place.iterdir()) == [name for name, _ in encoder.files]
    assert [p.name for p in place.parent.iterdir()] == ["tiny"]
    assert told[-1].done == told[-1].total == len(hub.files["/weights"])
    assert "open_clip_model.safetensors" in told[-1].note


def test_what_is_there_is_not_fetched_again(hub: Hub, encoder: KnownModel, tmp_path: Path) -> None:
    place = finish(fetch_model(encoder, tmp_path))
    before = len(hub.requests)
    assert finish(fetch_model(encoder, tmp_path)) == place
    assert len(hub.requests) == before


def test_a_broken_download_is_continued(hub: Hub, encoder: KnownModel, tmp_path: Path) -> None:
    hub.breaks_after = 300_000
    with pytest.raises(ModelUnavailable, match="connection ended") as failure:
        finish(fetch_model(encoder, tmp_path))
    assert "what has arrived is kept" in failure.value.hint
    assert not (tmp_path / "tiny").exists()
    hub.breaks_after = None
    place = finish(fetch_model(encoder, tmp_path))
    assert (place / "open_clip_model.safetensors").read_bytes() == hub.files["/weights"]
    assert hub.requests[-1] == ("/weights", "bytes=300000-")
    assert [path for path, _ in hub.requests].count("/config") == 1


def test_a_file_that_changed_meanwhile_starts_afresh(
    hub: Hub, encoder: KnownModel, tmp_path: Path
) -> None:
    hub.breaks_after = 300_000
    with pytest.raises(ModelUnavailable):
        finish(fetch_model(encoder, tmp_path))
    hub.breaks_after = None
    hub.files["/weights"] = safetensors(500_000)
    place = finish(fetch_model(encoder, tmp_path))
    assert (place / "open_clip_model.safetensors").read_bytes() == hub.files["/weights"]


def test_a_cancelled_download_leaves_nothing_in_place(encoder: KnownModel, tmp_path: Path) -> None:
    with closing(fetch_model(encoder, tmp_path)) as job:
        next(job)
        next(job)
    assert not (tmp_path / "tiny").exists()
    assert (finish(fetch_model(encoder, tmp_path)) / "open_clip_config.json").is_file()


def test_a_detector_arrives_as_one_file(hub: Hub, tmp_path: Path) -> None:
    files = (("yolo.pt", f"{hub.address}/moved/weights"),)
    place = finish(fetch_model(KnownModel("yolo", "detector", "", "", "yolo", files), tmp_path))
    assert place == tmp_path / "yolo.pt"
    assert [p.name for p in tmp_path.iterdir()] == ["yolo.pt"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size_bytes": 5}, "instead of 5"),
        ({"sha256": "0" * 64}, "SHA-256"),
    ],
)
def test_other_weights_than_published_are_refused(
    change: dict[str, Any], reason: str, encoder: KnownModel, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=reason):
        finish(fetch_model(replace(encoder, **change), tmp_path))
    assert not (tmp_path / "tiny").exists()
    assert finish(fetch_model(encoder, tmp_path)).is_dir()


@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>", safetensors(90)[:-1]])
def test_what_is_no_safetensors_file_is_refused(
    body: bytes, hub: Hub, encoder: KnownModel, tmp_path: Path
) -> None:
    hub.files["/weights"] = body
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        finish(fetch_model(encoder, tmp_path))


def test_an_unreachable_hub_comes_with_a_remedy(encoder: KnownModel, tmp_path: Path) -> None:
    closed = replace(encoder, files=(("w.safetensors", "http://127.0.0.1:9/w"),))
    with pytest.raises(ModelUnavailable) as failure:
        finish(fetch_model(closed, tmp_path, timeout=2))
    assert "Check the connection" in failure.value.hint
    gone = replace(encoder, files=(("w.bin", encoder.files[0][1] + "-not-there"),))
    with pytest.raises(ModelUnavailable, match="404"):
        finish(fetch_model(gone, tmp_path))


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as failure:
        finish(fetch("nobody", tmp_path))
    assert "ViT-B-32-256" in failure.value.hint
