"""Kill an indexing process at random instants, then let one finish, and compare with the folder.

    python -m tests.library.kill_loop --rounds 20 [--photos FOLDER] [--within SECONDS]

Between rounds the folder changes (files come, move, change and go), so that there is always work to
be killed in. ``--photos`` copies real ones.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from photolib.jobs import finish
from tests.library.shelf import Sight, check_whole, opened, settings_at, write

_REPOSITORY = Path(__file__).parents[2]


@dataclass(slots=True)
class Figures:
    """What the rounds did: how many killed a working process, and what was committed by then."""

    rounds: int = 0
    killed: int = 0
    committed: int = 0
    photos: int = 0
    seconds: float = 0.0


def run(
    place: Path, rounds: int, *, photos: Path | None = None, within: float = 0.6, seed: int = 0
) -> Figures:
    """Kill ``rounds`` processes, each within so many seconds of work; then check a full run.

    Raises AssertionError when the catalogue does not equal the folder, or an index the catalogue.
    """
    chance, figures, started = random.Random(seed), Figures(rounds), time.monotonic()
    folder, settings = place / "photos", settings_at(place / "library")
    _fill(folder, photos)
    with opened(settings) as library:
        library.add_folder(str(folder))
    for number in range(rounds):
        before = Sight(settings).value("SELECT count(*) FROM photo")
        figures.killed += _killed(place, chance.uniform(0, within))
        figures.committed += Sight(settings).value("SELECT count(*) FROM photo") - before
        assert Sight(settings).value("PRAGMA integrity_check") == "ok"
        _stir(folder, chance, number)
    with opened(settings) as library:
        finish(library.index())
        again = finish(library.index())
    assert (again.opened, again.scanned) == (0, again.unchanged + again.skipped), again
    check_whole(settings, folder)
    figures.photos = len(Sight(settings).photos())
    figures.seconds = time.monotonic() - started
    return figures


def _fill(folder: Path, photos: Path | None) -> None:
    if photos is not None:
        shutil.copytree(photos, folder)
    else:
        for number in range(60):
            write(folder / f"{number % 5}" / f"{number}.jpg", number)


def _killed(place: Path, seconds: float) -> bool:
    """Start a child, kill it so long after it began to work; whether it was still at work."""
    command = [sys.executable, "-m", "tests.library.kill_loop", "--child", str(place)]
    with subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        child.kill()
    assert child.returncode in (0, -signal.SIGKILL)
    return child.returncode == -signal.SIGKILL


def _stir(folder: Path, chance: random.Random, number: int) -> None:
    """Some files of every kind of change."""
    files = sorted(folder.rglob("*.jpg"))
    moved, copied, gone, edited, touched, *_ = chance.sample(files, 5)
    moved.rename(moved.with_name(f"moved {number}.jpg"))
    shutil.copyfile(copied, folder / f"copy {number}.jpg")
    gone.unlink()
    write(edited, 10_000 + number)
    os.utime(touched)
    for fresh in range(5):
        write(folder / f"new {number} {fresh}.jpg", 20_000 + 100 * number + fresh)


def _child(place: Path) -> None:
    with opened(settings_at(place / "library")) as library:
        os.write(1, b"ready\n")
        finish(library.index())


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--within", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", type=Path)
    chosen = parser.parse_args()
    if chosen.child:
        _child(chosen.child)
        return
    with tempfile.TemporaryDirectory() as place:
        figures = run(
            Path(place),
            chosen.rounds,
            photos=chosen.photos,
            within=chosen.within,
            seed=chosen.seed,
        )
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()
