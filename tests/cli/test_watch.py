"""``photolib watch`` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Photolib


def next_report(watcher: subprocess.Popen[str]) -> dict[str, Any]:
    """The next thing that the watcher indexed."""
    assert watcher.stdout is not None
    for line in watcher.stdout:
        report = json.loads(line)["report"]
        if report is not None:
            return dict(report)
    raise AssertionError("the watcher ended")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_new_photos_are_indexed_until_a_signal(
    photolib: Photolib, photos: Path, number: signal.Signals, code: int
) -> None:
    photolib("add", photos)
    command = [sys.executable, "-m", "photolib", "watch", "--settle", "0.1", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watcher:
        assert next_report(watcher)["added"] == 2
        write(photos / "three.jpg", 3)
        assert next_report(watcher)["added"] == 1
        watcher.send_signal(number)
        _, err = watcher.communicate()
    assert watcher.returncode == code
    assert "Traceback" not in err
    assert photolib("status", "--json").json["photos"] == 3
