"""Parts of pictures: their boxes, searching by them, and the subjects of the sidebar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import OptionList, Static

from photolib.library import Library, View
from photolib.tui.app import make_app
from photolib.tui.screens.browse import BrowseScreen
from photolib.tui.screens.photo import PhotoScreen
from photolib.tui.sources import Scene, labelled
from photolib.tui.widgets.grid import PhotoGrid
from photolib.tui.widgets.picture import RegionPicture
from tests.tui.conftest import settle

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from photolib.catalogue import CropRow, PhotoRow

WIDE = (120, 36)


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def canvas(pilot: Pilot[None]) -> RegionPicture:
    return pilot.app.screen.query_one(RegionPicture)


def picture_text(pilot: Pilot[None]) -> str:
    lines = range(canvas(pilot).size.height)
    return "\n".join(canvas(pilot).render_line(y).text for y in lines)


def fact_text(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#photo-text", Static).render())


def grid(pilot: Pilot[None]) -> PhotoGrid:
    return pilot.app.screen_stack[0].query_one(PhotoGrid)


def scene(pilot: Pilot[None]) -> Scene:
    browse = pilot.app.screen
    assert isinstance(browse, BrowseScreen)
    return browse._scene


@pytest.fixture
def first(read_library: Library) -> PhotoRow:
    return read_library.photo_window(View(), 0, 1)[0]


@pytest.fixture
def crops(read_library: Library, first: PhotoRow) -> list[CropRow]:
    return read_library.crops(first.photo_id)


async def test_boxes_are_shown_when_asked_and_stay_on_the_next_photo(
    read_library: Library, crops: list[CropRow]
) -> None:
    assert crops[0].label
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert "┌" not in picture_text(pilot)
        assert f"1 {crops[0].label} {crops[0].confidence:.2f}" in fact_text(pilot)
        await press(pilot, "b")
        for number, crop in enumerate(crops):
            assert f"┌{number + 1} {crop.label}" in picture_text(pilot)
        await press(pilot, "right")
        assert "┌1 " in picture_text(pilot)
        await press(pilot, "b")
        assert "┌" not in picture_text(pilot)


async def test_tab_walks_through_the_boxes(read_library: Library, crops: list[CropRow]) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "tab")
        assert f"┏1 {crops[0].label}" in picture_text(pilot)
        assert "┌2" in picture_text(pilot)
        assert "1.00 ◂" in fact_text(pilot)
        await press(pilot, "shift+tab")
        assert f"┏{len(crops)} {crops[-1].label}" in picture_text(pilot)
        await press(pilot, "tab")
        assert "┏1" in picture_text(pilot)


async def test_enter_finds_more_like_the_chosen_part(
    read_library: Library, first: PhotoRow, crops: list[CropRow]
) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "tab", "enter")
        assert scene(pilot).region == crops[0].box
        assert scene(pilot).title == f"Like the {crops[0].label} in white.jpg"
        expected = read_library.similar(first.path, region=crops[0].box, limit=60).hits[0]
        tile = grid(pilot).tile
        assert tile is not None
        assert tile.photo_id == expected.photo_id
        await press(pilot, "escape")
        assert scene(pilot).kind == "photos"


async def test_without_a_chosen_box_enter_goes_back(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "b", "enter")
        assert scene(pilot).kind == "photos"


async def test_a_region_is_drawn_with_the_arrow_keys(
    read_library: Library, first: PhotoRow
) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "r")
        assert canvas(pilot).drawn == (0.25, 0.25, 0.5, 0.5)
        assert "╔50 x 50 %" in picture_text(pilot)
        await press(pilot, "right", "down", "shift+left", "K", "plus", "minus")
        drawn = canvas(pilot).drawn
        assert drawn is not None
        assert drawn[0] > 0.25
        assert drawn[1] > 0.25
        assert max(drawn[2:]) < 0.5
        await press(pilot, "m", "space", "b")
        assert canvas(pilot).drawn == drawn
        await press(pilot, "enter")
        assert scene(pilot).region == drawn
        assert scene(pilot).title == "Like a part of white.jpg"
        result = read_library.similar(first.path, region=drawn, limit=60)
        deck = grid(pilot).deck
        assert deck is not None
        assert deck.total == result.total


async def test_drawing_can_be_left_and_begins_with_the_chosen_box(
    read_library: Library, crops: list[CropRow]
) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "tab", "r")
        assert canvas(pilot).drawn == crops[0].box
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PhotoScreen)
        assert "╔" not in picture_text(pilot)
        assert "┏1" in picture_text(pilot)
        await press(pilot, "right")
        assert "2 of 14" in str(pilot.app.screen.query_one("#heading-place", Static).render())


async def test_a_hit_by_a_crop_shows_what_was_found(read_library: Library) -> None:
    hits = read_library.search("brown").hits
    place = next(i for i, hit in enumerate(hits) if hit.why[0].source == "crop")
    boxes = {reason.box for reason in hits[place].why}
    crops = read_library.crops(hits[place].photo_id)
    number = next(i for i, crop in enumerate(crops) if crop.box in boxes)
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"brown", "enter", *"l" * place, "enter")
        assert f"┌{number + 1} ◆ {crops[number].label}" in picture_text(pilot)
        await press(pilot, "tab")
        assert f"┏{number + 1} ◆" in picture_text(pilot)
        await press(pilot, "b", "right", "left")
        assert "◆" in picture_text(pilot)


@pytest.mark.parametrize("images", ["none", "kitty", "sixel"])
async def test_boxes_on_other_displays(
    read_library: Library, crops: list[CropRow], images: str
) -> None:
    async with make_app(read_library, images=images).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "b", "tab")
        assert f"┏1 {crops[0].label}" in picture_text(pilot)
        assert ("\U0010eeee" in picture_text(pilot)) == (images == "kitty")
        assert not canvas(pilot).children
        await press(pilot, "b")
        assert "┏" not in picture_text(pilot)
        assert len(canvas(pilot).children) == (images == "sixel")


async def test_photos_that_are_looked_at_go_first_while_photos_wait(
    own_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferred: list[int] = []
    monkeypatch.setattr(own_library, "prefer", preferred.extend)
    async with make_app(own_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "escape")
        assert preferred == []
        browse = pilot.app.screen
        assert isinstance(browse, BrowseScreen)
        browse._jobs.running = True
        await press(pilot, "enter", "right")
        rows = own_library.photo_window(View(), 0, 2)
        assert preferred[-2:] == [row.photo_id for row in rows]


async def test_the_sidebar_shows_subjects_with_their_counts(read_library: Library) -> None:
    labels = read_library.labels()
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        sidebar = pilot.app.screen.query_one("#sidebar", OptionList)
        lines = [str(option.prompt) for option in sidebar.options]
        at = next(i for i, line in enumerate(lines) if "Labels" in line and line[0] == " ")
        assert [line.split() for line in lines[at + 1 :]] == [
            [label, str(count)] for label, count in labels
        ]
        sidebar.focus()
        sidebar.highlighted = at + 1
        await press(pilot, "enter")
        assert scene(pilot) == labelled(labels[0][0])
        deck = grid(pilot).deck
        assert deck is not None
        assert deck.total == read_library.search(f"label:{labels[0][0]}").total


async def test_many_subjects_are_opened_on_demand(
    read_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [(f"thing {number}", 40 - number) for number in range(30)]
    monkeypatch.setattr(read_library, "labels", lambda: many)
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        sidebar = pilot.app.screen.query_one("#sidebar", OptionList)
        few = sidebar.option_count
        sidebar.focus()
        sidebar.highlighted = sidebar.get_option_index("subjects")
        await press(pilot, "enter")
        assert sidebar.option_count == few + 22
        assert sidebar.highlighted == sidebar.get_option_index("subjects")
        await press(pilot, "enter")
        assert sidebar.option_count == few


def test_a_label_with_a_space_is_quoted() -> None:
    assert labelled("traffic light").text == 'label:"traffic light"'
