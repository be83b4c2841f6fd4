"""Any history of a folder, and of the jobs over it, ends in a catalogue that equals the folder.

For a long run: ``python -m tests.library.test_states EXAMPLES``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.library.shelf import (
    Row,
    Sight,
    check_consistent,
    check_whole,
    digest,
    index,
    on_disk,
    opened,
    settings_at,
    write,
)

if TYPE_CHECKING:
    from photolib.library import Library

EXAMPLES = 40
STEPS = 30

NAMES = tuple(f"{directory}{stem}.jpg" for directory in ("", "x/") for stem in "ab")
PICTURES = st.integers(0, 3)
PLACES = st.sampled_from(("photos", "other"))
BROKEN = b"\xff\xd8\xff no picture"


class Histories(RuleBasedStateMachine):
    """Two folders, a library over them, and what a person and bad luck do to both."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        self.base = Path(self._temporary.name)
        self.settings = settings_at(self.base / "library", batch_size=2)
        self.sight = Sight(self.settings)
        self.abandoned: list[Library] = []
        self.clock = 1_500_000_000
        self.offline: dict[str, dict[str, Row]] = {}
        self.library = opened(self.settings)

    @initialize()
    def start(self) -> None:
        for place in ("photos", "other"):
            (self.base / place).mkdir()
            self.library.add_folder(str(self.base / place))

    def teardown(self) -> None:
        for library in (self.library, *self.abandoned):
            library.close()
        self._temporary.cleanup()

    # --- the folder ------------------------------------------------------------------------------

    def root(self, place: str) -> Path:
        return self.base / (f"{place} unplugged" if place in self.offline else place)

    def stamp(self, path: Path) -> None:
        """Give a file a time that none had before: changes within one tick cannot be seen."""
        self.clock += 1
        os.utime(path, (self.clock, self.clock))

    def put(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.stamp(path)

    def files(self) -> list[Path]:
        return [Path(p) for place in ("photos", "other") for p in on_disk(self.root(place))]

    def some(self, data: st.DataObject) -> Path:
        return data.draw(st.sampled_from(self.files()))

    def target(self, data: st.DataObject) -> Path:
        path = self.root(data.draw(PLACES)) / data.draw(st.sampled_from(NAMES))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @rule(data=st.data(), seed=PICTURES)
    def add_or_edit(self, data: st.DataObject, seed: int) -> None:
        self.stamp(write(self.target(data), seed))

    @rule(data=st.data(), seed=PICTURES, note=st.sampled_from(("one", "two")))
    def edit_metadata(self, data: st.DataObject, seed: int, note: str) -> None:
        self.stamp(write(self.target(data), seed, note=note))

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def corrupt(self, data: st.DataObject) -> None:
        self.put(self.some(data), BROKEN)

    @precondition(lambda self: self.files())
    @rule(data=st.data(), cut=st.integers(0, 400))
    def truncate(self, data: st.DataObject, cut: int) -> None:
        path = self.some(data)
        self.put(path, path.read_bytes()[:cut])

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def touch(self, data: st.DataObject) -> None:
        self.stamp(self.some(data))

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def copy(self, data: st.DataObject) -> None:
        content = self.some(data).read_bytes()
        self.put(self.target(data), content)

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        source = self.some(data)
        source.replace(self.target(data))

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        one, two = self.some(data), self.some(data)
        spare = self.base / "spare"
        one.replace(spare)
        if two != one:
            two.replace(one)
        spare.replace(two)

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        source, target = self.some(data), self.target(data)
        if not target.exists():
            os.link(source, target)

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.some(data).unlink()

    @rule(place=PLACES)
    def rename_directory(self, place: str) -> None:
        root = self.root(place)
        if (root / "x").is_dir() and not (root / "z").exists():
            (root / "x").rename(root / "z")

    @rule(place=PLACES)
    def delete_directory(self, place: str) -> None:
        shutil.rmtree(self.root(place) / "x", ignore_errors=True)

    # --- bad luck --------------------------------------------------------------------------------

    @precondition(lambda self: not self.offline)
    @rule(place=PLACES, mount_point_stays=st.booleans())
    def unmount(self, place: str, mount_point_stays: bool) -> None:
        here = self.base / place
        self.offline[place] = self.present_in(place)
        here.rename(self.root(place))
        if mount_point_stays:
            here.mkdir()

    @precondition(lambda self: self.offline)
    @rule()
    def mount(self) -> None:
        (place,) = self.offline
        here, away = self.base / place, self.root(place)
        if here.exists():
            here.rmdir()
        away.rename(here)
        self.offline.clear()

    @rule()
    def crash(self) -> None:
        self.abandoned.append(self.library)
        self.library = opened(self.settings)

    @rule(keep=st.integers(0, 2000))
    def damage_the_snapshots(self, keep: int) -> None:
        for path in self.settings.indexes.glob("*.index"):
            path.write_bytes(path.read_bytes()[:keep]) if keep else path.unlink()

    # --- jobs ------------------------------------------------------------------------------------

    @rule(yields=st.integers(1, 12))
    def scan_cut_short(self, yields: int) -> None:
        job = self.library.index()
        for _, _ in zip(range(yields), job, strict=False):
            pass
        job.close()

    @precondition(lambda self: not self.offline and self.files())
    @rule(data=st.data(), yields=st.integers(1, 6))
    def change_while_scanning(self, data: st.DataObject, yields: int) -> None:
        job = self.library.index()
        for _, _ in zip(range(yields), job, strict=False):
            pass
        getattr(self, data.draw(st.sampled_from(("delete", "move", "copy"))))(data)
        for _ in job:
            pass

    @rule(data=st.data())
    def scan_one_path(self, data: st.DataObject) -> None:
        place = self.base / data.draw(PLACES)
        index(self.library, [place / data.draw(st.sampled_from((*NAMES, "x")))])

    @rule()
    def scan_before_more_happens(self) -> None:
        """Twice the chance of a complete scan: between two of them all else is tested."""
        self.scan()

    @rule()
    def scan(self) -> None:
        before = self.sight.photos()
        hashes = {path: row.content_hash for path, row in before.items()}
        report = index(self.library)
        after = self.sight.photos()
        online = [self.base / place for place in ("photos", "other") if place not in self.offline]
        assert report.scanned == len(on_disk(*online))
        assert report.offline == [str(self.base / place) for place in self.offline]
        self.check_ids(before, after, hashes)
        again = index(self.library)
        assert (again.opened, again.embedded) == (0, 0)
        assert again.scanned == again.unchanged + again.failed
        if self.offline:
            check_consistent(self.settings)
            self.check_paths(online)
        else:
            check_whole(self.settings, *online)

    def check_paths(self, online: list[Path]) -> None:
        inside = tuple(f"{place}/" for place in online)
        present = {p: r for p, r in self.sight.photos().items() if p.startswith(inside)}
        failed = [p for p in self.sight.problems("failed") if p.startswith(inside)]
        assert sorted([*present, *failed]) == on_disk(*online)
        for path, row in present.items():
            assert row.content_hash == digest(path)

    def check_ids(
        self, before: dict[str, Row], after: dict[str, Row], hashes: dict[str, bytes]
    ) -> None:
        """A photo whose file is where it was keeps its id; so does one whose bytes are alone."""
        for path, row in before.items():
            if path in after and after[path].content_hash == row.content_hash:
                assert after[path].photo_id == row.photo_id, path
        new = {row.content_hash: row for row in after.values()}
        for path, row in before.items():
            alone = sum(h == row.content_hash for h in hashes.values()) == 1
            copies = [r for r in after.values() if r.content_hash == row.content_hash]
            if alone and len(copies) == 1 and path not in after:
                assert new[row.content_hash].photo_id == row.photo_id, path

    # --- always ----------------------------------------------------------------------------------

    def present_in(self, place: str) -> dict[str, Row]:
        inside = f"{self.base / place}/"
        return {p: r for p, r in self.sight.photos().items() if p.startswith(inside)}

    @invariant()
    def nothing_of_an_offline_folder_is_lost(self) -> None:
        for place, photos in self.offline.items():
            assert self.present_in(place) == photos

    @invariant()
    def no_photo_is_ever_forgotten(self) -> None:
        count, highest = self.sight.rows("SELECT count(*), ifnull(max(photo_id), 0) FROM photo")[0]
        assert count == highest


def run(examples: int, steps: int = STEPS, *, same: bool = False) -> None:
    """Try so many histories; the same ones each time if asked."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        database=None,
        derandomize=same,
    )
    run_state_machine_as_test(Histories, settings=chosen)


def test_any_history_ends_with_a_catalogue_that_equals_the_folder() -> None:
    # The suite tries the same histories each time; running this file tries random ones.
    run(EXAMPLES, same=True)


if __name__ == "__main__":
    run(int(sys.argv[1]))
