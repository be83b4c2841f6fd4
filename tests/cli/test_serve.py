"""``photolib serve``, and what asks it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from photolib.config import load_settings
from photolib.library import Library
from photolib.service import Service
from photolib.wire import Reply, to_json
from tests.cli.conftest import NOT_UTF8
from tests.cli.test_import_hygiene import HEAVY, MAIN, loaded_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Indexed, Photolib

PATIENCE = 20.0


@contextmanager
def serving(library: Path) -> Iterator[None]:
    """Serve a library from this process for the length of the block."""
    stop, ready = threading.Event(), threading.Event()
    with Library(load_settings(library)) as warm:
        service = Service(warm, ready=lambda _: ready.set())
        thread = threading.Thread(target=service.run, args=[stop])
        thread.start()
        try:
            assert ready.wait(PATIENCE)
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each question to a service was answered."""
    from photolib import client

    answered: list[bool] = []
    real = client.ask

    def ask(*arguments: Any) -> Any:
        found = real(*arguments)
        answered.append(found is not None)
        return found

    monkeypatch.setattr(client, "ask", ask)
    return answered


class Terminal(io.StringIO):
    """Standard input at which a person sits."""

    def isatty(self) -> bool:
        return True


def questions(indexed: Indexed) -> list[list[str]]:
    beach = str(indexed.folder / "beach.jpg")
    return [
        ["search", "beach"],
        ["search", "beach", "--all", "--sort", "date", "--limit", "2"],
        ["search", "beach", "--offset", "1", "--explain"],
        ["search", "morning", "-snow"],
        ["search", "file:caf*"],
        ["search", os.fsdecode(b"caf\xe9")],
        ["search", "nothing at all"],
        ["similar", beach],
        ["similar", beach, "--by", "look", "--region", "0.1,0.1,0.5,0.5", "--weigh", "colour=2"],
        ["similar", str(indexed.folder / NOT_UTF8), "--limit", "3"],
        ["similar", beach, str(indexed.folder / NOT_UTF8), "--less", beach],
        ["similar", beach, "--same", "palette"],
        ["similar", "--sketch", beach],
    ]


def test_the_service_and_the_library_say_the_same(indexed: Indexed, asked: list[bool]) -> None:
    forms = [[], ["--json"], ["--paths0"]]
    lines = [[*words, *form] for words in questions(indexed) for form in forms]
    alone = [indexed.run(*line) for line in lines]
    assert not any(asked)
    asked.clear()
    with serving(indexed.library):
        served = [indexed.run(*line) for line in lines]
    assert asked == [True] * len(lines)
    for line, expected, found in zip(lines, alone, served, strict=True):
        assert found == expected, line


def test_what_a_person_typed_is_remembered(
    indexed: Indexed, asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(indexed.library):
        indexed.run("search", "piped through")
        monkeypatch.setattr("sys.stdin", Terminal())
        indexed.run("search", "typed by hand", terminal=True)
    assert asked == [True, True]
    with Library(load_settings(indexed.library)) as library:
        assert library.recent_searches()[0] == "typed by hand"
        assert "piped through" not in library.recent_searches()


def test_errors_are_told_as_without_a_service(indexed: Indexed, asked: list[bool]) -> None:
    lines = [["search", '"open'], ["search", "rating:9"], ["similar", "/nowhere.jpg"]]
    alone = [indexed.run(*line) for line in lines]
    with serving(indexed.library):
        assert [indexed.run(*line) for line in lines] == alone
    assert not any(asked)


def test_a_picture_beside_the_command_is_looked_at_there(
    indexed: Indexed, asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(indexed.folder)
    with serving(indexed.library):
        relative = indexed.run("search", "like:beach.jpg", "--all", "--json")
        absolute = indexed.run("search", f'like:"{indexed.folder}/beach.jpg"', "--all", "--json")
    assert asked == [True]
    assert relative.json["hits"] == absolute.json["hits"]
    assert relative.json["hits"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["albums"], "/albums"),
        (["albums", "--kind", "event", "--limit", "1"], "/albums?kind=event&limit=1"),
        (["album", "show", "1"], "/albums/1"),
        (["duplicates"], "/duplicates"),
        (["duplicates", "--tier", "bytes"], "/duplicates?tier=bytes"),
        (["problems", "--limit", "1"], "/problems?limit=1"),
        (["labels"], "/labels"),
        (["folders"], "/folders"),
        (["status"], "/status"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_the_service_answers_is_the_commands_json(
    indexed: Indexed, arguments: list[str], path: str
) -> None:
    from photolib.client import ask

    target, _, query = path.partition("?")
    parameters = dict(pair.split("=") for pair in query.split("&")) if query else {}
    with serving(indexed.library):
        answer = ask(load_settings(indexed.library), target, parameters)
        assert answer == indexed.run(*arguments, "--json").json


def test_a_search_through_the_service_loads_no_library(indexed: Indexed) -> None:
    with serving(indexed.library):
        for words in (["search", "beach"], ["similar", str(indexed.folder / "beach.jpg")]):
            loaded = loaded_after(MAIN, *words, "--library", indexed.library)
            ours = {name for name in loaded if name.partition(".")[0] == "photolib"}
            assert ours <= {
                "photolib",
                "photolib.cli",
                "photolib.cli.front",
                "photolib.cli.main",
                "photolib.cli.search",
                "photolib.cli.text",
                "photolib.client",
                "photolib.config",
                "photolib.errors",
                "photolib.wire",
            }
            assert not loaded & (HEAVY | {"numpy", "PIL", "sqlite3", "sqlite_utils", "asyncio"})


def test_a_reply_is_the_result_again() -> None:
    came = {"schema": 1, "path": "caf\ufffd", "path_b64": "Y2Fm6Q==", "of": {"from": [1, 2]}}
    reply = Reply(came)
    assert reply.path == NOT_UTF8.removesuffix(".jpg")
    assert reply.of.from_ == (1, 2)
    assert (reply.crop_id, reply.box) == (None, None)
    assert to_json(reply) == came
    with pytest.raises(AttributeError, match="score"):
        _ = reply.score


# --- the program --------------------------------------------------------------------------------


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "photolib", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_serves_until_a_signal(
    photolib: Photolib, photos: Path, library: Path, number: signal.Signals, code: int
) -> None:
    photolib("add", photos)
    photolib("index", "--stage", "1")
    with program("serve", "--json") as service:
        assert service.stdout is not None
        ready = json.loads(service.stdout.readline())
        assert ready["pid"] == service.pid
        assert ready["socket"] == str(library / "service.sock")
        watcher = photolib("status", "--json").json["watcher"]
        assert watcher == {"running": False, "pid": None, "socket": ready["socket"]}
        second = photolib("serve")
        assert second.code == 1
        assert str(service.pid) in second.err
        service.send_signal(number)
        _, err = service.communicate(timeout=PATIENCE)
        assert service.returncode == code
    assert "Traceback" not in err
    assert not (library / "service.sock").exists()


def test_a_killed_service_is_replaced(photolib: Photolib, photos: Path, library: Path) -> None:
    photolib("add", photos)
    with program("serve", "--json") as service:
        assert service.stdout is not None
        assert service.stdout.readline()
        service.kill()
        service.wait(PATIENCE)
    assert (library / "service.sock").exists()
    assert photolib("search", "one").code == 0
    with program("serve", "--json") as again:
        assert again.stdout is not None
        assert json.loads(again.stdout.readline())["pid"] == again.pid


def test_a_watcher_serves_too(photolib: Photolib, photos: Path, library: Path) -> None:
    photolib("add", photos)
    with program("watch", "--settle", "0.1", "--json") as watcher:
        assert watcher.stdout is not None
        for line in watcher.stdout:
            if json.loads(line)["text"].startswith("Serving at"):
                break
        state = photolib("status", "--json").json["watcher"]
        assert state["running"]
        assert state["pid"] == watcher.pid
        assert state["socket"] == str(library / "service.sock")
        watcher.terminate()
        watcher.communicate(timeout=PATIENCE)
        assert watcher.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--socket", "a", "--port", "1"], 2, "exclude each other"),
        (["--port", "65536"], 2, "--port"),
        (["--socket", "/" + "x" * 200], 1, "too long"),
        (["--socket", "/nowhere/at/all"], 1, "/nowhere/at/all"),
    ],
)
def test_places_where_it_cannot_listen(
    photolib: Photolib, arguments: list[str], code: int, says: str
) -> None:
    outcome = photolib("serve", *arguments)
    assert outcome.code == code
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1
