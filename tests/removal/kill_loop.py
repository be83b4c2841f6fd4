"""Kill a removing process at random instants, open the library again, and look for every byte.

    python -m tests.removal.kill_loop --rounds 20 [--photos 40] [--within SECONDS] [--scan]

The child removes all copies, brings them back, and begins again, until it is killed. ``--scan``: a
second child indexes the folder all the while, as a watcher would, and is killed too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from photolib.errors import NotFound
from photolib.jobs import finish
from photolib.library.removal.quarantine import DIRECTORY
from tests.library.shelf import Sight, check_whole, digest, index, opened, settings_at, write

_REPOSITORY = Path(__file__).parents[2]


@dataclass(slots=True)
class Figures:
    """What the rounds did: kills of working children, and removals that were in their middle."""

    rounds: int = 0
    killed: int = 0
    interrupted: int = 0
    removals: int = 0
    restored: int = 0
    seconds: float = 0.0


def run(
    place: Path, rounds: int, *, photos: int = 40, within: float = 0.5, scan: bool = False
) -> Figures:
    """Kill ``rounds`` children; AssertionError when a byte is lost or the journal is wrong."""
    chance, figures, started = random.Random(0), Figures(rounds), time.monotonic()
    folder, settings = place / "photos", settings_at(place / "library")
    for number in range(photos):
        write(folder / f"{number % 5}/{number}.jpg", number)
        copy = folder / f"copies/{number}.jpg"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((folder / f"{number % 5}/{number}.jpg").read_bytes())
    with opened(settings) as library:
        library.add_folder(str(folder))
        index(library)
    before = _holdings(folder)
    for _ in range(rounds):
        figures.killed += _killed(place, chance.uniform(0, within), scan)
        unfinished = "SELECT count(*) FROM removal WHERE state IN ('intended', 'restoring')"
        figures.interrupted += Sight(settings).value(unfinished)
        assert _holdings(folder) == before
        opened(settings).close()
        assert _holdings(folder) == before
        _check_journal(settings_at(place / "library"), folder)
    sight = Sight(settings)
    figures.removals = sight.value("SELECT count(*) FROM removal WHERE state <> 'refused'")
    figures.restored = sight.value("SELECT count(*) FROM removal WHERE state = 'restored'")
    with opened(settings) as library:
        assert index(library).missing == 0
        check_whole(settings, folder)
        with contextlib.suppress(NotFound):
            while True:
                assert not finish(library.undo()).not_restored
        report = index(library)
    assert (report.unchanged, report.missing) == (2 * photos, 0)
    figures.seconds = time.monotonic() - started
    return figures


def _holdings(folder: Path) -> Counter[bytes]:
    """How many files there are with which bytes, the quarantine included."""
    return Counter(digest(path) for path in folder.rglob("*.jpg"))


def _check_journal(settings: object, folder: Path) -> None:
    """The journal names every file in the quarantine, and nothing that is not there."""
    sight = Sight(settings)  # type: ignore[arg-type]
    rows = sight.rows(
        "SELECT f.quarantine, f.path, r.state, p.state FROM removal_file f JOIN removal r"
        " USING (removal_id) JOIN photo p USING (photo_id)"
    )
    waiting = {os.fsencode(path) for path in folder.rglob(f"{DIRECTORY}/*")}
    assert waiting == {quarantine for quarantine, _, state, _ in rows if state == "done"}
    assert {state for _, _, state, _ in rows} <= {"done", "restored", "refused"}
    for quarantine, path, state, photo in rows:
        if state == "done":
            assert (photo, os.path.exists(quarantine)) == ("removed", True), path


def _killed(place: Path, seconds: float, scan: bool) -> bool:
    """Start the children, kill them so long after they began; whether the first was at work."""
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(_started(place, what))
            for what in ("remove", *(["scan"] if scan else []))
        ]
        with contextlib.suppress(subprocess.TimeoutExpired):
            children[0].wait(seconds)
        for child in children:
            child.kill()
    assert children[0].returncode in (0, -signal.SIGKILL)
    return children[0].returncode == -signal.SIGKILL


def _started(place: Path, what: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.removal.kill_loop", "--child", what, str(place)]
    child = subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def _child(what: str, place: Path) -> None:
    with opened(settings_at(place / "library")) as library:
        os.write(1, b"ready\n")
        while True:
            if what == "scan":
                index(library)
                continue
            report = finish(library.remove(library.plan(ties=True).items))
            assert not report.refused, report.refused
            with contextlib.suppress(NotFound):
                assert not finish(library.undo()).not_restored


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--within", type=float, default=0.5)
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--child", nargs=2)
    chosen = parser.parse_args()
    if chosen.child:
        _child(chosen.child[0], Path(chosen.child[1]))
        return
    with tempfile.TemporaryDirectory() as place:
        figures = run(
            Path(place),
            chosen.rounds,
            photos=chosen.photos,
            within=chosen.within,
            scan=chosen.scan,
        )
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()
