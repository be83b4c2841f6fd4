"""The program run in this process, and a small indexed library of every kind of file."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from photolib.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b]0;owned\x07\u202e.jpg"
NOT_UTF8 = os.fsdecode(b"caf\xe9.jpg")
_OTHERS = [f"morning {number}.jpg" for number in range(6)]
_EXIF_IFD, _TAKEN = 0x8769, 0x9003


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the program left behind."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


Photolib = Callable[..., Outcome]


class _Capture(io.TextIOWrapper):
    """A standard stream that keeps its bytes."""

    def __init__(self, terminal: bool = False) -> None:
        self.bytes = io.BytesIO()
        self.terminal = terminal
        super().__init__(self.bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return self.terminal


def run(*arguments: str | Path, terminal: bool = False) -> Outcome:
    """Run the program with its output apart; ``terminal`` is what stdout says it is."""
    out, err = _Capture(terminal), _Capture()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Outcome(code, out.bytes.getvalue(), err.bytes.getvalue().decode())


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the library of this test is, or will be."""
    place = tmp_path / "library"
    monkeypatch.setenv("PHOTOLIB_LIBRARY", str(place))
    monkeypatch.setenv("PHOTOLIB_CONFIG", str(tmp_path / "config.toml"))
    return place


@pytest.fixture
def photolib(library: Path) -> Photolib:
    """Runs the program on the library of this test."""
    return run


def picture(seed: int, side: int = 96) -> Image.Image:
    """A picture that is like no other one: smooth random colours."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side * 4 // 3, side), Image.Resampling.BICUBIC)


def write(path: Path, seed: int) -> Path:
    """A JPEG of ``picture(seed)``, taken ``seed`` minutes into one morning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_TAKEN] = f"2024:06:01 10:{seed:02}:00"
    picture(seed).save(path, "JPEG", quality=90, exif=exif)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos."""
    folder = tmp_path / "photos"
    write(folder / "one.jpg", 1)
    write(folder / "two.jpg", 2)
    return folder


@dataclass(frozen=True, slots=True)
class Indexed:
    """A library that is only read, and its folder."""

    library: Path
    folder: Path

    def run(self, *arguments: str | Path, terminal: bool = False) -> Outcome:
        return run(*arguments, "--library", self.library, terminal=terminal)


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """Photos, a byte copy, hostile names, a broken file and a link."""
    base = tmp_path_factory.mktemp("indexed")
    folder = base / "photos"
    for seed, name in enumerate(["beach.jpg", "beach snow.jpg", HOSTILE, NOT_UTF8, *_OTHERS]):
        write(folder / name, seed)
    (folder / "beach copy.jpg").write_bytes((folder / "beach.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes((folder / "beach snow.jpg").read_bytes()[:200])
    (folder / "link.jpg").symlink_to(folder / "beach.jpg")
    made = Indexed(base / "library", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTOLIB_CONFIG", str(base / "config.toml"))
        for arguments in (["add", folder], ["index"]):
            outcome = made.run(*arguments)
            assert outcome.code == 0, outcome.err
    return made
