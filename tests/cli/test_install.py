"""``photolib watch --install`` writes what starts the watcher with the session."""

from __future__ import annotations

import plistlib
import sys
from typing import TYPE_CHECKING

import pytest

from photolib.cli.install import install
from photolib.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_systemd_unit_names_this_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    library = tmp_path / 'my "50%" $library'
    written = install(library, ["--nice"], {"HOME": str(tmp_path)})
    assert written.path == str(tmp_path / ".config/systemd/user/photolib-watch.service")
    unit = (tmp_path / ".config/systemd/user/photolib-watch.service").read_text("utf-8")
    assert 'my \\"50%%\\" $$library" "watch" "--nice"' in unit
    assert "enable --now photolib-watch" in written.enable


def test_launchd_agent_on_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    written = install(tmp_path / "library", [], {"HOME": str(tmp_path)})
    agent = plistlib.loads((tmp_path / "Library/LaunchAgents/photolib.watch.plist").read_bytes())
    assert agent["ProgramArguments"][-3:] == ["--library", str(tmp_path / "library"), "watch"]
    assert written.path in written.enable


def test_other_systems_get_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigError, match="neither systemd nor launchd"):
        install(tmp_path, [], {"HOME": str(tmp_path)})


def test_a_place_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "taken").write_text("a file, not a directory", "utf-8")
    with pytest.raises(ConfigError):
        install(tmp_path, [], {"XDG_CONFIG_HOME": str(tmp_path / "taken")})
