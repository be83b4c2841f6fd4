"""Starting the watcher with the session: a systemd user unit, or a launchd agent on macOS."""

from __future__ import annotations

import os
import plistlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from photolib.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LABEL = "photolib.watch"


@dataclass(frozen=True, slots=True)
class Installed:
    """The file that was written, and the commands that use it."""

    path: str
    enable: str
    disable: str


def install(
    library: Path, options: Sequence[str] = (), environ: Mapping[str, str] = os.environ
) -> Installed:
    """Write the file that starts ``photolib watch`` for this library; nothing is started yet.

    Writing it again replaces it. Raises ConfigError where the file cannot be written, or where
    neither systemd nor launchd is at hand.
    """
    program = [sys.executable, "-m", "photolib", "--library", str(library), "watch", *options]
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        path = home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
        _write(path, _agent(program))
        return Installed(str(path), f"launchctl load -w '{path}'", f"launchctl unload -w '{path}'")
    if sys.platform.startswith("linux"):
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        path = config / "systemd" / "user" / "photolib-watch.service"
        _write(path, _unit(program).encode())
        enable = "systemctl --user enable --now photolib-watch"
        return Installed(str(path), enable, "systemctl --user disable --now photolib-watch")
    raise ConfigError(
        "this system has neither systemd nor launchd", "Start photolib watch with the session."
    )


def _unit(program: Sequence[str]) -> str:
    return f"""[Unit]
Description=photolib watches the photo folders

[Service]
ExecStart={" ".join(_quoted(word) for word in program)}
Restart=on-failure
RestartSec=30
TimeoutStopSec=10
Nice=10
IOSchedulingClass=idle

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """A word of a systemd command line, with what systemd would interpret escaped."""
    for special, safe in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, safe)
    return f'"{word}"'


def _agent(program: Sequence[str]) -> bytes:
    return plistlib.dumps(
        {
            "Label": _LABEL,
            "ProgramArguments": list(program),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Background",
            "LowPriorityIO": True,
        }
    )


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}", "Check its permissions.") from exc
