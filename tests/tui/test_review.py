"""Reviewing duplicates with the keyboard: mark, remove, bring back; and acting on photos."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from textual.widgets import DataTable, Static

from photolib.jobs import finish
from photolib.library import View
from photolib.tui.app import make_app
from photolib.tui.screens.acting import keywords, time_span
from photolib.tui.screens.compare import Compare, aligned, difference
from photolib.tui.screens.modals import Ask, Confirm, History
from photolib.tui.screens.photo import PhotoScreen
from photolib.tui.widgets.duplicates import Duplicates, Member
from tests.tui.conftest import draw_photos, open_library, settle
from tests.tui.test_app import WIDE, grid, shown, type_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from photolib.library import Library


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos and their library, to be copied for each test."""
    base = tmp_path_factory.mktemp("copied")
    draw_photos(base / "photos")
    return base


@pytest.fixture
def library(copied: Path, tmp_path: Path) -> Iterator[Library]:
    """A library whose files may be removed."""
    shutil.copytree(copied / "photos", tmp_path / "photos")
    with open_library(tmp_path / "library") as opened:
        opened.add_folder(str(tmp_path / "photos"))
        finish(opened.index(stage=1))
        yield opened


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def pane(pilot: Pilot[None]) -> Duplicates:
    return pilot.app.screen_stack[0].query_one(Duplicates)


async def test_copies_are_marked_removed_and_brought_back(library: Library) -> None:
    first = library.duplicates().sets[0]
    copy = next(photo for photo in first.photos if not photo.keeper)
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "d", "space")
        assert list(pane(pilot).queue) == [copy.photo_id]
        assert "1 marked" in shown(pilot, "#queue")
        facts = pilot.app.screen.query(Member)[1].query_one(".member-facts", Static)
        assert "✗ GOES" in str(facts.render())
        await press(pilot, "X")
        assert isinstance(pilot.app.screen, Confirm)
        await press(pilot, "escape")
        assert os.path.exists(copy.path)
        await press(pilot, "X", "enter")
        assert not os.path.exists(copy.path)
        assert pane(pilot).queue == {}
        await press(pilot, "u")
        assert os.path.exists(copy.path)


async def test_the_keeper_cannot_be_marked_and_skipping_unmarks(library: Library) -> None:
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "d", "left", "space")
        assert pane(pilot).queue == {}
        await press(pilot, "p", "k")
        assert len(pane(pilot).queue) == 1
        await press(pilot, "n")
        assert pane(pilot).queue == {}


async def test_sets_that_are_none_are_not_offered_again(library: Library) -> None:
    before = library.duplicates().total
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "d", "j", "N", "enter")
        assert library.duplicates().total == before - 1
        assert len(pane(pilot)._sets) == before - 1


async def test_a_whole_kind_is_marked_after_a_summary(library: Library) -> None:
    first = library.duplicates().sets[0]
    plan = library.plan(first.tier)
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "d", "P")
        assert isinstance(pilot.app.screen, Confirm)
        await press(pilot, "enter")
        assert list(pane(pilot).queue) == [item.remove.photo_id for item in plan.items]


async def test_the_quarantine_lists_restores_and_purges(library: Library) -> None:
    first = library.duplicates().sets[0]
    copy = next(photo for photo in first.photos if not photo.keeper)
    finish(library.remove_paths([copy.path]))
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "q")
        table = pilot.app.screen.query_one("#removal-table", DataTable)
        assert table.row_count == 1
        assert os.path.basename(copy.path) in shown(pilot, "#removal-detail")
        await press(pilot, "enter")
        assert os.path.exists(copy.path)
        await press(pilot, "D", "escape")
        assert library.removals().batches[0].state == "restored"


async def test_two_copies_are_compared_in_three_ways(library: Library) -> None:
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "d", "c")
        assert isinstance(pilot.app.screen, Compare)
        assert "|" in shown(pilot, "#compare-title")
        await press(pilot, "space")
        assert shown(pilot, "#compare-title").startswith("★ keeper")
        await press(pilot, "space")
        assert shown(pilot, "#compare-title").startswith("copy")
        await press(pilot, "d")
        assert "differs" in shown(pilot, "#compare-title")
        await press(pilot, "escape")


def test_a_difference_is_black_where_two_pictures_agree() -> None:
    one = Image.new("RGB", (8, 8), (100, 100, 100))
    other = one.copy()
    other.putpixel((3, 3), (110, 100, 100))
    apart = difference(one, other)
    assert apart.getpixel((0, 0)) == (0, 0, 0)
    assert apart.getpixel((3, 3)) == (40, 0, 0)


def test_a_part_is_laid_over_the_whole() -> None:
    whole = Image.radial_gradient("L").convert("RGB").resize((80, 60))
    part = whole.crop((20, 15, 60, 45))
    # The part is the middle half of the whole: 0.25 to 0.75 of it become 0 to 1.
    over = aligned(part, whole.size, (2.0, 0.0, -0.5, 0.0, 2.0, -0.5))
    apart = difference(whole.crop((22, 17, 58, 43)), over.crop((22, 17, 58, 43)))
    assert max(high for _, high in apart.getextrema()) <= 8  # type: ignore[misc]
    assert over.getpixel((2, 2)) == (0, 0, 0)
    assert aligned(part, whole.size, None).size == whole.size


async def test_photos_are_rated_tagged_and_undone_with_the_keyboard(library: Library) -> None:
    ids = library.photo_ids(View(), 0, 3)
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "s", "4")
        assert library.photo(ids[0]).rating == 4
        assert grid(pilot).tile.badge == "★★★★"  # type: ignore[union-attr]
        await press(pilot, "space", "space", "f")
        assert [library.photo(each).favourite for each in ids] == [True, True, False]
        assert "2 selected" in shown(pilot, "#heading-place")
        await press(pilot, "t")
        assert isinstance(pilot.app.screen, Ask)
        await type_text(pilot, "sea, summer day")
        assert library.photo(ids[1]).tags == ("sea", "summer day")
        await press(pilot, "u", "u", "u")
        assert [library.photo(each).rating for each in ids] == [0, 0, 0]
        assert library.tags() == []
        await press(pilot, "ctrl+r", "U")
        assert isinstance(pilot.app.screen, History)
        await press(pilot, "escape", "escape")
        assert grid(pilot).selection == {}


async def test_hidden_photos_leave_the_grid(library: Library) -> None:
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "x")
        assert grid(pilot).deck.total == 13  # type: ignore[union-attr]
        await press(pilot, "g", "h")
        assert grid(pilot).deck.total == 1  # type: ignore[union-attr]


async def test_ranges_and_numbers(library: Library) -> None:
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "l")
        assert grid(pilot).cursor == 3
        await press(pilot, "v", "2", "l", "v")
        assert len(grid(pilot).selection) == 3
        await press(pilot, "1", "0", "G")
        assert grid(pilot).cursor == 9
        await press(pilot, "escape", "ctrl+a")
        assert len(grid(pilot).selection) == 14
        await press(pilot, "escape", "left_curly_bracket", "left_curly_bracket")
        assert grid(pilot).cursor == 0
        await press(pilot, "right_curly_bracket")
        assert grid(pilot).cursor == 6


async def test_orders(library: Library) -> None:
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "o", "f")
        names = [grid(pilot).deck[at].caption for at in range(14)]  # type: ignore[index, union-attr]
        assert names == sorted(names)
        assert "by file name" in shown(pilot, "#heading-title")
        await press(pilot, "o", "s")
        sizes = library.photo_ids(View(order="size"), 0, 1)
        assert grid(pilot).tile.photo_id == sizes[0]  # type: ignore[union-attr]
        assert "largest first" in shown(pilot, "#heading-title")


async def test_a_photo_is_rated_turned_and_zoomed_where_it_is_looked_at(library: Library) -> None:
    ids = library.photo_ids(View(), 0, 2)
    async with make_app(library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "3", "right_square_bracket")
        assert isinstance(pilot.app.screen, PhotoScreen)
        detail = library.photo(ids[0])
        assert (detail.rating, detail.turned) == (3, 90)
        assert "★★★" in shown(pilot, "#photo-text")
        await press(pilot, "z", "z", "L")
        assert "zoom" in shown(pilot, "#heading-place")
        await press(pilot, "u", "u", "right")
        assert library.photo(ids[0]).turned == 0
        assert "2 of 14" in shown(pilot, "#heading-place")


def test_words_and_spans_are_read() -> None:
    assert keywords("sea, -old , +two words,") == (["sea", "two words"], ["old"])
    assert str(time_span("-1d 2h")) == "-2 days, 22:00:00"
    assert time_span("soon") is None
    assert time_span("0h") is None
