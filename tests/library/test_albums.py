"""Albums that stay put: what people decide survives every regrouping, and can be undone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.errors import NotFound, UsageError
from photolib.jobs import finish
from photolib.library.regroup import Wishes
from tests.library.shelf import Sight, index, opened, settings_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library
    from photolib.library.results import Album, RegroupReport

COLOURS = {
    "red": (220, 30, 30),
    "green": (40, 160, 60),
    "blue": (40, 70, 210),
    "yellow": (240, 225, 40),
    "purple": (130, 50, 170),
}


def paint(path: Path, colour: str, seed: int) -> Path:
    """A picture mostly of one colour, like no other one."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), np.uint8)
    pixels = np.full((12, 16, 3), COLOURS[colour], np.uint8)
    rows, columns = np.unravel_index(np.random.default_rng(seed).permutation(192)[:30], (12, 16))
    pixels[rows, columns] = noise[rows, columns]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).resize((64, 48), Image.Resampling.NEAREST).save(path, quality=95)
    return path


def fill(folder: Path, count: int = 8, first: int = 0) -> None:
    for shade, colour in enumerate(COLOURS):
        for number in range(first, first + count):
            paint(folder / f"{colour}-{number}.jpg", colour, 1000 * shade + number)


def regroup(library: Library, wishes: Wishes | None = None) -> RegroupReport:
    return finish(library.regroup(wishes or Wishes(full=True)))


def themes(library: Library) -> list[Album]:
    """The themes that hold no others."""
    found = library.albums("theme").albums
    above = {album.parent_id for album in found}
    return [album for album in found if album.album_id not in above]


def photos(library: Library, album_id: int) -> set[int]:
    return {photo.photo_id for photo in library.album(album_id, limit=-1).photos}


@pytest.fixture
def grouped(library: Library, folder: Path) -> Library:
    fill(folder)
    library.add_folder(str(folder))
    index(library)
    assert len(themes(library)) >= 3
    return library


def test_a_merge_a_split_a_move_and_an_exclusion_survive_regrouping(grouped: Library) -> None:
    one, two, three = themes(grouped)[:3]
    both = photos(grouped, one.album_id) | photos(grouped, two.album_id)
    assert photos(grouped, grouped.merge_albums(one.album_id, [two.album_id]).album_id) == both
    apart = sorted(photos(grouped, three.album_id))[:2]
    new = grouped.split_album(three.album_id, apart)
    moved, stray = sorted(photos(grouped, three.album_id))[:2]
    grouped.move_to_album(one.album_id, [moved])
    grouped.exclude_from_album(three.album_id, [stray])
    for _ in range(2):
        assert photos(grouped, one.album_id) == both | {moved}
        assert photos(grouped, new.album_id) == set(apart)
        assert not {moved, stray, *apart} & photos(grouped, three.album_id)
        with pytest.raises(NotFound):
            grouped.album(two.album_id)
        report = regroup(grouped)
        assert report.decisions.dropped == ()
        assert report.decisions.held == 4


def test_everything_can_be_undone_and_done_again(grouped: Library) -> None:
    before = {a.album_id: (a, photos(grouped, a.album_id)) for a in grouped.albums().albums}
    one, two, three = themes(grouped)[:3]
    stray = sorted(photos(grouped, one.album_id))[0]
    grouped.rename_album(one.album_id, "Ours")
    grouped.pin_album(one.album_id)
    grouped.hide_album(three.album_id)
    grouped.merge_albums(one.album_id, [two.album_id])
    grouped.exclude_from_album(one.album_id, [stray])
    grouped.split_album(one.album_id)
    mine = grouped.create_album("Mine", [stray])
    assert photos(grouped, mine.album_id) == {stray}
    after = {a.album_id: photos(grouped, a.album_id) for a in grouped.albums().albums}
    names = [done.name for done in grouped.actions().actions]
    assert names[0] == "new album Mine"
    for _ in names:
        grouped.undo_action()
    with pytest.raises(NotFound):
        grouped.undo_action()
    now = {a.album_id: (a, photos(grouped, a.album_id)) for a in grouped.albums().albums}
    assert {a: p for a, (_, p) in now.items()} == {a: p for a, (_, p) in before.items()}
    assert all(now[a][0].name == before[a][0].name for a in now)
    for _ in names:
        grouped.redo_action()
    with pytest.raises(NotFound):
        grouped.redo_action()
    assert {a.album_id: photos(grouped, a.album_id) for a in grouped.albums().albums} == after


def test_an_act_can_be_undone_only_while_nothing_came_over_it(grouped: Library) -> None:
    album_id = themes(grouped)[0].album_id
    grouped.rename_album(album_id, "First")
    first = grouped.actions().actions[0].action_id
    grouped.rename_album(album_id, "Second")
    with pytest.raises(UsageError, match="since"):
        grouped.undo_action(first)
    grouped.undo_action()
    grouped.undo_action(first)
    with pytest.raises(UsageError, match="undone already"):
        grouped.undo_action(first)
    with pytest.raises(NotFound):
        grouped.undo_action(999)


def test_a_preview_changes_nothing(grouped: Library, folder: Path) -> None:
    for number in range(8):
        paint(folder / f"new-{number}.jpg", "red", 500 + number)
    finish(grouped.index(stage=1))
    before = [(a, photos(grouped, a.album_id)) for a in grouped.albums().albums]
    report = regroup(grouped, Wishes(full=True, preview=True, eps=0.0001))
    assert report.preview
    assert report.moved
    assert report.changes
    assert [(a, photos(grouped, a.album_id)) for a in grouped.albums().albums] == before


def test_a_person_s_albums_hold_what_was_put_into_them(grouped: Library) -> None:
    some = [row.photo_id for row in grouped.photos(range(1, 8))]
    mine = grouped.create_album("Mine", some[:3])
    grouped.move_to_album(mine.album_id, some[3:5])
    grouped.exclude_from_album(mine.album_id, some[:1])
    assert photos(grouped, mine.album_id) == set(some[1:5])
    other = grouped.split_album(mine.album_id, some[1:2])
    regroup(grouped)
    assert photos(grouped, mine.album_id) == set(some[2:5])
    assert photos(grouped, other.album_id) == {some[1]}
    grouped.merge_albums(mine.album_id, [other.album_id])
    assert photos(grouped, mine.album_id) == set(some[1:5])
    grouped.undo_action()
    assert photos(grouped, other.album_id) == {some[1]}


def test_what_makes_no_sense_is_refused(grouped: Library) -> None:
    one = themes(grouped)[0].album_id
    outside = min({row.photo_id for row in grouped.photos(range(1, 41))} - photos(grouped, one))
    mine = grouped.create_album("Mine", [outside]).album_id
    refused: list[Callable[[], object]] = [
        lambda: grouped.rename_album(one, "  "),
        lambda: grouped.merge_albums(one, [one]),
        lambda: grouped.merge_albums(one, [mine]),
        lambda: grouped.split_album(one, [outside]),
        lambda: grouped.split_album(one, sorted(photos(grouped, one))),
        lambda: grouped.exclude_from_album(one, [outside]),
        lambda: grouped.create_album(" ", []),
        lambda: grouped.cover_album(one, outside),
        lambda: regroup(grouped, Wishes(method="guess")),
    ]
    for act in refused:
        with pytest.raises(UsageError):
            act()
    for unknown in (
        lambda: grouped.move_to_album(one, [9999]),
        lambda: grouped.merge_albums(one, [9999]),
        lambda: regroup(grouped, Wishes(run_id=9999)),
    ):
        with pytest.raises(NotFound):
            unknown()


def test_photos_that_join_end_where_a_full_run_puts_them(
    library: Library, folder: Path, settings: Settings
) -> None:
    fill(folder, 7)
    library.add_folder(str(folder))
    index(library)
    first = library.albums("theme").run
    for number, colour in enumerate(COLOURS):
        paint(folder / f"more-{number}.jpg", colour, 7000 + number)
    (folder / "red-0.jpg").unlink()
    (folder / "blue-3.jpg").unlink()
    index(library)
    run = library.albums("theme").run
    assert first is not None
    assert run is not None
    assert (run.run_id, run.eps) == (first.run_id, first.eps)
    joined = _labels(settings)
    regroup(library, Wishes(run_id=run.run_id))
    assert _labels(settings) == joined
    runs = library.grouping_runs().runs
    assert [r.current for r in runs] == [True, False]
    assert runs[1].agreement == 1.0


def _labels(settings: Settings) -> list[tuple[bytes, bytes]]:
    rows = Sight(settings).rows(
        """SELECT units, leaf FROM grouping_state JOIN grouping_run USING (run_id)
           WHERE kind = 'theme' ORDER BY run_id DESC LIMIT 1"""
    )
    return [tuple(row) for row in rows]


def test_a_lost_graph_is_built_again(grouped: Library, folder: Path, settings: Settings) -> None:
    before = _labels(settings)
    for path in settings.grouping.iterdir():
        path.write_bytes(b"damaged")
    paint(folder / "one-more.jpg", "red", 77)
    index(grouped)
    assert len(_labels(settings)[0][0]) == len(before[0][0]) + 8


def test_a_sweep_shows_what_other_parameters_find(grouped: Library) -> None:
    found = grouped.sweep()
    assert found.photos == 40
    assert {row.min_samples for row in found.rows} == {3, 4, 5, 8}
    assert sum(row.chosen for row in found.rows) == 4
    assert all(row.purity is None for row in found.rows)
    assert {row.clusters for row in found.rows} > {0}
    regroup(grouped, Wishes(method="hdbscan"))
    assert grouped.grouping_runs().runs[0].method == "hdbscan"


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_rounds_of_change_lose_no_decision(tmp_path: Path, seed: int) -> None:
    """Photos come and go, people decide, photos are grouped in full and on: all of it holds."""
    chance = random.Random(seed)
    folder = tmp_path / "photos"
    fill(folder, 6)
    names = sorted(path.name for path in folder.iterdir())
    with opened(settings_at(tmp_path / "library", batch_size=32)) as library:
        library.add_folder(str(folder))
        index(library)
        state = _Decisions(library, chance)
        for number in range(30):
            if number % 3 == 0:
                state.decide()
            for colour in chance.sample(sorted(COLOURS), 2):
                names.append(f"{colour}-r{number}.jpg")
                paint(folder / names[-1], colour, 90_000 + 100 * number + len(names))
            for name in chance.sample(names, 2):
                (folder / name).unlink()
                names.remove(name)
            clusters = _clusters(library.settings)
            index(library)
            if number % 5 == 4:
                state.check(regroup(library, Wishes(full=True)))
            else:
                state.check(None)
            _kept_ids(clusters, _clusters(library.settings))


class _Decisions:
    """Random decisions, and whether each still holds or was reported."""

    def __init__(self, library: Library, chance: random.Random) -> None:
        self._library, self._chance = library, chance
        self._moved: dict[int, tuple[int, bool]] = {}
        self._merged: dict[int, int] = {}
        self._named: dict[int, str] = {}
        self.made = 0

    def decide(self) -> None:
        found = [a for a in themes(self._library) if a.size > 2]
        if len(found) < 3:
            return
        one, two = self._chance.sample(found, 2)
        inside = sorted(photos(self._library, one.album_id))
        some = self._chance.sample(inside, 2)
        self.made += 1
        match self._chance.choice(["move", "exclude", "name", "merge", "split"]):
            case "move":
                self._library.move_to_album(two.album_id, some)
                self._moved |= {photo: (two.album_id, True) for photo in some}
            case "exclude":
                self._library.exclude_from_album(one.album_id, some)
                self._moved |= {photo: (one.album_id, False) for photo in some}
            case "split":
                new = self._library.split_album(one.album_id, some)
                self._moved |= {photo: (new.album_id, True) for photo in some}
            case "name":
                self._library.rename_album(one.album_id, f"Named {self.made}")
                self._named[one.album_id] = f"Named {self.made}"
            case "merge":
                gone = photos(self._library, two.album_id)
                self._library.merge_albums(one.album_id, [two.album_id])
                self._merged[two.album_id] = one.album_id
                self._named.pop(two.album_id, None)
                for photo, (album, within) in list(self._moved.items()):
                    if album == two.album_id and within and photo in gone:
                        self._moved[photo] = (one.album_id, True)
                    elif (album, within) == (one.album_id, False) and photo in gone:
                        del self._moved[photo]  # the later decision puts it back

    def check(self, report: RegroupReport | None) -> None:
        present = {
            row.photo_id for row in self._library.photos(range(1, 500)) if row.state == "present"
        }
        members = {a.album_id: photos(self._library, a.album_id) for a in themes(self._library)}
        for photo, (album, within) in self._moved.items():
            if photo in present:
                assert (photo in members.get(album, set())) == within, (photo, album, within)
        for album in self._merged:
            assert album not in members
        reported = {drop.album_id for drop in report.decisions.dropped} if report else set()
        for album, name in self._named.items():
            if album in members:
                assert self._library.album(album).name == name
            elif report:
                assert album in reported
        if report:
            decided = Sight(self._library.settings).value(
                "SELECT count(*) FROM decision WHERE NOT undone"
            )
            dropped = [d for d in report.decisions.dropped if d.decision_id is not None]
            assert report.decisions.held + len(dropped) >= decided


def _clusters(settings: Settings) -> dict[int, set[int]]:
    """What grouping found, before decisions: the units of each album's cluster."""
    [(units, leaf, albums)] = Sight(settings).rows(
        """SELECT units, leaf, albums ->> 'leaf'
           FROM grouping_state JOIN grouping_run USING (run_id)
           WHERE kind = 'theme' ORDER BY run_id DESC LIMIT 1"""
    )
    ids = np.array([int(a) for a in albums.strip("[]").split(",") if a.strip()])
    things, labels = np.frombuffer(units, "<i8"), np.frombuffer(leaf, "<i4")
    return {int(a): set(things[labels == n].tolist()) for n, a in enumerate(ids)}


def _kept_ids(before: dict[int, set[int]], after: dict[int, set[int]]) -> None:
    for album, old in before.items():
        for other, new in after.items():
            shared = len(old & new)
            if 2 * shared > len(old) and 2 * shared > len(new):
                assert other == album


def test_no_two_albums_of_a_kind_have_one_name(grouped: Library, folder: Path) -> None:
    """Machine names stay while they suit: a number told two alike apart, and goes on doing so."""
    names = [album.name for album in grouped.albums("theme").albums]
    assert len({name.casefold() for name in names}) == len(names)
    before = {album.album_id: album.name for album in grouped.albums("theme").albums}
    paint(folder / "green-more.jpg", "green", 31)
    index(grouped)
    after = {album.album_id: album.name for album in grouped.albums("theme").albums}
    assert len(set(after.values())) == len(after)
    assert sum(after.get(album_id) == name for album_id, name in before.items()) >= len(before) - 2
