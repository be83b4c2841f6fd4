"""The wheel is whole: built, installed elsewhere, and run from another directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from photolib import __version__
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wheel


@dataclass(frozen=True, slots=True)
class Installed:
    """photolib in an environment of its own, which takes only the dependencies from this one."""

    programs: Path
    elsewhere: Path

    def run(self, *command: str) -> str:
        """What a program prints, run far from the checkout."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment["PHOTOLIB_CONFIG"] = str(self.elsewhere / "no-config.toml")
        program, *arguments = command
        ran = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("photolib-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("installed")
    venv.create(base / "venv", with_pip=False)
    paths = {"base": str(base / "venv"), "platbase": str(base / "venv")}
    packages = sysconfig.get_path("purelib", "venv", paths)
    programs = sysconfig.get_path("scripts", "venv", paths)
    python = os.path.join(programs, "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    outer = os.path.join(packages, "outer.pth")
    with open(outer, "w", encoding="utf-8") as file:
        # Only a directory: the .pth files in it, such as that of an editable photolib, do not run.
        file.write(sysconfig.get_path("purelib") + "\n")
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    return Installed(base.joinpath(programs), elsewhere)


def test_it_carries_the_migrations_and_the_themes(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("migrations", "themes"):
        here = {f"photolib/_data/{kind}/{path.name}" for path in (REPOSITORY / kind).iterdir()}
        assert here
        assert here <= inside


def test_it_carries_every_module_and_style_sheet(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = REPOSITORY / "photolib"
    here = [path for end in ("py", "tcss") for path in package.rglob(f"*.{end}")]
    assert {path.relative_to(REPOSITORY).as_posix() for path in here} <= inside


def test_it_runs_from_another_directory(installed: Installed, tmp_path: Path) -> None:
    where = installed.run("python", "-c", "import photolib; print(photolib.__file__)").strip()
    assert where.startswith(str(installed.programs.parent)), "another photolib was found"
    assert __version__ in installed.run("photolib", "--version")
    assert "sample photos" in installed.run("photolib", "demo", "--help")
    place = str(tmp_path / "library")
    status = json.loads(installed.run("photolib", "status", "--library", place, "--json"))
    newest = max(path.stem for path in (REPOSITORY / "migrations").glob("*.sql"))
    assert status["schema_version"].startswith(newest)
    assert status["photos"] == 0
