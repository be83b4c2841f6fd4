"""What a service answers, where it listens, and who may ask."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from photolib.client import Record, ask, write_record
from photolib.errors import ConfigError, LeaseHeld
from photolib.service import listening
from photolib.wire import PHOTO_ORDERS
from tests.library.shelf import index, opened, plain
from tests.service.conftest import Served, read_all, serving

if TYPE_CHECKING:
    from photolib.library import Library


def names(found: Any) -> list[str]:
    return [hit["path"].rpartition("/")[2] for hit in found["hits"]]


def test_a_search_finds_what_the_library_finds(served: Served, folder: Path) -> None:
    found = served.get("/search?query=red&limit=1").json
    assert names(found) == ["red.jpg"]
    assert found["schema"] == 1
    like = served.get(f"/similar?path={folder}/blue.jpg&by=meaning").json
    assert like["of"]["path"] == f"{folder}/blue.jpg"
    assert "blue.jpg" not in names(like)
    both = f"/similar?path={folder}/blue.jpg&path={folder}/red.jpg&less={folder}/green.jpg"
    found = served.get(both).json
    assert [one["path"] for one in found["more"]] == [f"{folder}/blue.jpg", f"{folder}/red.jpg"]
    assert [one["path"] for one in found["less"]] == [f"{folder}/green.jpg"]


def test_lists_come_in_pages(served: Served) -> None:
    first = served.get("/photos?limit=3").json
    assert (first["total"], first["next_offset"], len(first["photos"])) == (5, 3, 3)
    rest = served.get("/photos?limit=3&offset=3").json
    assert (rest["next_offset"], len(rest["photos"])) == (None, 2)
    ids = {photo["photo_id"] for photo in first["photos"] + rest["photos"]}
    assert len(ids) == 5
    for order in PHOTO_ORDERS:
        ordered = served.get(f"/photos?order={order}").json["photos"]
        assert {photo["photo_id"] for photo in ordered} == ids


def test_a_photo_has_facts_and_a_picture(served: Served) -> None:
    photo = served.get("/photos?limit=1").json["photos"][0]
    facts = served.get(f"/photos/{photo['photo_id']}").json
    assert facts["path"] == photo["path"]
    picture = served.get(f"/photos/{photo['photo_id']}/thumbnail")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.body.startswith(b"\xff\xd8\xff")


def test_head_gives_the_headers_alone(served: Served) -> None:
    whole, head = served.get("/status"), served.request("HEAD", "/status")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/nowhere", 404, "not-found"),
        ("/search/", 404, "not-found"),
        ("/photos/99999", 404, "not-found"),
        ("/photos/none", 400, "usage"),
        ("/photos/99999999999999999999", 400, "usage"),
        ("/albums/99999", 404, "not-found"),
        ("/search", 400, "usage"),
        ("/search?query=", 400, "usage"),
        ("/search?query=a%00b", 400, "usage"),
        ("/search?query=red&query=blue", 400, "usage"),
        ("/search?query=red&taste=sweet", 400, "usage"),
        ("/search?query=red&limit=-1", 400, "usage"),
        ("/search?query=red&limit=10001", 400, "usage"),
        ("/search?query=red&sort=taste", 400, "usage"),
        ("/search?query=%22open", 400, "query"),
        ("/similar?path=/nowhere.jpg", 404, "not-found"),
        ("/similar?path=nowhere.jpg", 400, "usage"),
        ("/similar", 400, "usage"),
        ("/similar?path=/a&path=/b&region=0,0,1,1", 400, "usage"),
        ("/similar?" + "&".join(["path=/a"] * 17), 400, "usage"),
        ("/similar?path=/nowhere.jpg&region=0,0,2,2", 400, "usage"),
        ("/similar?path=/nowhere.jpg&weigh=taste=1", 400, "usage"),
        ("/jobs/1", 404, "not-found"),
    ],
)
def test_errors_are_the_contracts_json(served: Served, target: str, status: int, code: str) -> None:
    answer = served.get(target)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert ("position" in answer.json["error"]) == (code == "query")


def test_a_wrong_method_is_told_the_right_one(served: Served) -> None:
    answer = served.request("POST", "/search")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json["error"]["hint"]


def test_a_path_that_is_not_utf8_is_found_by_its_bytes(served: Served, folder: Path) -> None:
    odd = os.fsencode(folder) + b"/caf\xe9.jpg"
    Path(os.fsdecode(odd)).write_bytes((folder / "blue.jpg").read_bytes())
    like = served.get(f"/similar?path={folder}/caf%E9.jpg").json
    assert like["of"]["path_b64"]


def test_the_page_offers_the_source(served: Served) -> None:
    page = served.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "Affero" in page.body.decode()
    source = served.get("/source")
    assert source.headers["content-type"] == "application/gzip"
    assert source.body.startswith(b"\x1f\x8b")


def test_clients_at_once_get_what_one_gets(served: Served) -> None:
    targets = ["/search?query=red", "/search?query=blue", "/status", "/photos", "/duplicates"]
    alone = {target: served.get(target).body for target in targets}
    with ThreadPoolExecutor(8) as pool:
        asked = targets * 6
        together = list(pool.map(lambda target: served.get(target).body, asked))
    assert together == [alone[target] for target in asked]


def test_what_another_process_adds_is_found(served: Served, folder: Path) -> None:
    assert names(served.get("/search?query=yellow&limit=1").json) != ["yellow.jpg"]
    plain(folder / "yellow.jpg", (240, 225, 40))
    with opened(served.library.settings) as other:
        index(other)
    assert names(served.get("/search?query=yellow&limit=1").json) == ["yellow.jpg"]


def test_a_catalogue_that_was_replaced_is_not_answered_for(served: Served) -> None:
    settings = served.library.settings
    assert ask(settings, "/status", {}) is not None
    fresh = settings.catalogue_path.with_suffix(".new")
    shutil.copy(settings.catalogue_path, fresh)
    fresh.replace(settings.catalogue_path)
    assert served.get("/status").status == 503
    assert ask(settings, "/status", {}) is None


# --- the socket ----------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_and_its_record_are_private_and_go_with_the_service(library: Library) -> None:
    settings = library.settings
    with serving(library) as served:
        assert served.record.socket == str(settings.service_socket)
        assert stat.S_ISSOCK(settings.service_socket.lstat().st_mode)
        assert (mode(settings.service_socket), mode(settings.service_record)) == (0o600, 0o600)
        assert library.status().watcher.socket == str(settings.service_socket)
    assert not settings.service_socket.exists()
    assert not settings.service_record.exists()
    assert library.status().watcher.socket is None


def test_a_second_service_is_refused(served: Served) -> None:
    with opened(served.library.settings) as other:
        with pytest.raises(LeaseHeld), serving(other):
            pass
    assert served.get("/status").status == 200


def left_behind(path: Path) -> None:
    """A socket whose process was killed."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def test_a_socket_that_was_left_behind_is_replaced(library: Library) -> None:
    left_behind(library.settings.service_socket)
    with serving(library) as served:
        assert served.get("/status").status == 200


def test_what_is_no_dead_socket_stays(library: Library, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    with pytest.raises(ConfigError, match="in the way"), serving(library, path=precious):
        pass
    assert precious.read_text() == "mine"
    live = tmp_path / "live.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(live))
        other.listen()
        with pytest.raises(ConfigError, match="another program"), serving(library, path=live):
            pass
    assert live.exists()


def test_a_library_deep_down_gets_a_socket_elsewhere(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(listening, "_ROOM", len(os.fsencode(library.settings.service_socket)) - 1)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp(dir=Path(tempfile.gettempdir())))
    short = Path(tempfile.gettempdir())
    dead = Path(tempfile.mkdtemp(prefix="photolib-")) / "service.sock"
    left_behind(dead)
    write_record(library.settings, Record("", 1, "", str(dead), None))
    with serving(library) as served:
        assert served.record.socket is not None
        place = Path(served.record.socket)
        assert place.parent.parent == short
        assert (mode(place), mode(place.parent)) == (0o600, 0o700)
        assert ask(library.settings, "/status", {}) is not None
        assert not dead.parent.exists()
    assert list(short.iterdir()) == []
    short.rmdir()


def test_a_path_too_long_for_a_socket_is_refused_in_words(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long"), serving(library, path=tmp_path / ("x" * 99)):
        pass


# --- a port --------------------------------------------------------------------------------------


@pytest.fixture
def on_port(library: Library) -> Any:
    with serving(library, port=0) as running:
        yield running


def token_of(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.library.settings.service_token.read_text()}"}


def test_a_port_demands_the_token(on_port: Served) -> None:
    assert on_port.get("/status").status == 401
    assert on_port.get("/status", Authorization="Bearer wrong").status == 401
    assert on_port.get("/status", Authorization="Bearer \xe9").status == 401
    assert on_port.get("/status", **token_of(on_port)).status == 200
    assert mode(on_port.library.settings.service_token) == 0o600
    assert ask(on_port.library.settings, "/status", {}) is not None


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/source"])
def test_what_says_nothing_of_the_library_needs_no_token(on_port: Served, path: str) -> None:
    assert on_port.get(path).status == 200


def test_the_token_stays_for_the_next_time(library: Library) -> None:
    with serving(library, port=0) as first:
        token = token_of(first)
    with serving(library, port=0) as second:
        assert second.get("/status", **token).status == 200


def test_a_token_that_others_could_read_is_replaced(library: Library) -> None:
    with serving(library, port=0) as first:
        token = token_of(first)
    library.settings.service_token.chmod(0o644)
    with serving(library, port=0) as second:
        assert second.get("/status", **token).status == 401
        assert mode(library.settings.service_token) == 0o600


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1"])
def test_a_name_that_was_made_to_point_here_is_refused(on_port: Served, host: str) -> None:
    assert on_port.get("/status", Host=host, **token_of(on_port)).status == 421
    assert on_port.get("/", Host=host).status == 421


def test_pages_of_other_sites_are_refused(on_port: Served) -> None:
    token = token_of(on_port)
    assert on_port.get("/status", Origin="http://evil.example", **token).status == 403
    assert on_port.get("/status", Origin="null", **token).status == 403
    own = f"http://127.0.0.1:{on_port.record.port}"
    assert on_port.get("/status", Origin=own, **token).status == 200


def test_a_port_that_is_taken_is_refused_in_words(library: Library, on_port: Served) -> None:
    with pytest.raises(ConfigError, match="port"):
        listening.listen(library.settings, None, on_port.record.port)


def test_without_unix_sockets_a_port_is_taken(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "has_sockets", lambda: False)
    with serving(library) as served:
        assert served.record.socket is None
        assert served.get("/status").status == 401
        assert ask(library.settings, "/status", {}) is not None


# --- the end -------------------------------------------------------------------------------------


def test_the_service_ends_at_once_with_clients_that_wait(library: Library) -> None:
    with serving(library) as served:
        idle, kept = served.raw(), served.raw()
        kept.sendall(b"GET /status HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.recv(12) == b"HTTP/1.1 200"
        served.stop.set()
        assert read_all(idle) == b""
        assert read_all(kept).endswith(b"}")
        idle.close()
        kept.close()
