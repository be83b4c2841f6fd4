"""What a person does, and what becomes of it: messages and the catalogue first, then the screen."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from textual.widgets import ContentSwitcher, DataTable, Input, OptionList, Static

from photolib.config import Settings
from photolib.errors import CatalogueError, ConfigError
from photolib.jobs import finish
from photolib.library import Library, View
from photolib.tui import messages
from photolib.tui.app import PhotolibApp, key_tables, make_app, run
from photolib.tui.screens.modals import Ask, Help
from photolib.tui.screens.photo import PhotoScreen
from photolib.tui.widgets.duplicates import Member
from photolib.tui.widgets.grid import PhotoGrid
from photolib.tui.widgets.jobs import JobBar
from tests.tui.conftest import draw_photo, draw_photos, settle, until

if TYPE_CHECKING:
    from pathlib import Path

    from textual.message import Message
    from textual.pilot import Pilot

WIDE, NARROW = (120, 36), (80, 24)
ALL = View()


def grid(pilot: Pilot[None]) -> PhotoGrid:
    return pilot.app.screen_stack[0].query_one(PhotoGrid)


def shown(pilot: Pilot[None], selector: str) -> str:
    """The text of a static widget."""
    return str(pilot.app.screen.query_one(selector, Static).render())


def content(pilot: Pilot[None]) -> str | None:
    return pilot.app.screen_stack[0].query_one(ContentSwitcher).current


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type into the focused input."""
    focused = pilot.app.focused
    assert isinstance(focused, Input)
    focused.value = text
    await pilot.press("enter")
    await settle(pilot)


async def test_the_first_screen_shows_all_photos_newest_first(read_library: Library) -> None:
    seen: list[Message] = []
    app = make_app(read_library)
    async with app.run_test(size=WIDE, message_hook=seen.append) as pilot:
        await settle(pilot)
        counted = [each for each in seen if isinstance(each, messages.GridShown)]
        assert counted[0].total == read_library.photo_count(ALL) == 14
        rows = read_library.photo_window(ALL, 0, 14)
        deck = grid(pilot).deck
        assert deck is not None
        assert [deck[i].photo_id for i in range(14) if deck[i]] == [row.photo_id for row in rows]  # type: ignore[union-attr]
        painted = [each for each in seen if isinstance(each, messages.TilePainted)]
        assert painted
        assert all(each.painting is not None for each in painted)
        assert "All photos" in shown(pilot, "#heading-title")
        assert "1 of 14" in shown(pilot, "#heading-place")


async def test_keys_move_the_cursor(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert [section.title for section in grid(pilot).deck.sections] == [  # type: ignore[union-attr]
            "August 2022",
            "June 2021",
        ]
        await pilot.press("l", "right", "j")
        assert grid(pilot).cursor == 5  # the second row of August has two photos only
        await pilot.press("h", "k")
        assert grid(pilot).cursor == 0
        await pilot.press("G")
        assert grid(pilot).cursor == 13
        await pilot.press("pageup", "g", "g", "left", "up")
        assert grid(pilot).cursor == 0
        across = grid(pilot)._across
        await pilot.press("Z")
        assert grid(pilot)._across < across
        await pilot.press("z", "z")
        assert grid(pilot)._across > across


async def test_the_mouse_moves_the_cursor_and_opens(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        second = (grid(pilot)._across + 5, 3)
        await pilot.click(PhotoGrid, offset=second)
        assert grid(pilot).cursor == 1
        await pilot.double_click(PhotoGrid, offset=second)
        await settle(pilot)
        assert isinstance(pilot.app.screen, PhotoScreen)


async def test_a_photo_opens_with_its_facts_and_leads_on(read_library: Library) -> None:
    seen: list[Message] = []
    async with make_app(read_library).run_test(size=WIDE, message_hook=seen.append) as pilot:
        await settle(pilot)
        await pilot.press("l", "enter")
        await settle(pilot)
        await pilot.press("right")
        await settle(pilot)
        row = read_library.photo_window(ALL, 2, 1)[0]
        loaded = [each for each in seen if isinstance(each, messages.PhotoLoaded)]
        assert loaded[-1].detail == read_library.photo(row.photo_id)
        decoded = [each for each in seen if isinstance(each, messages.PictureDecoded)]
        assert decoded[-1].picture.size[0] >= 64
        assert "3 of 14" in shown(pilot, "#heading-place")
        assert "320 x 240" in shown(pilot, "#photo-text")
        await pilot.press("i")
        assert not pilot.app.screen.query_one("#photo-facts").display
        await pilot.press("escape")
        await settle(pilot)
        assert grid(pilot).cursor == 2


async def test_a_search_shows_hits_and_why_and_escape_returns(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("l", "l", "l", "slash")
        await type_text(pilot, "red")
        result = read_library.search("red")
        tile = grid(pilot).tile
        assert tile is not None
        assert tile.photo_id == result.hits[0].photo_id
        assert f"score {result.hits[0].score:.2f}" in shown(pilot, "#status-detail")
        assert f"why: {result.hits[0].why[0].source}" in shown(pilot, "#status-why")
        assert "Search: red" in shown(pilot, "#heading-title")
        await pilot.press("escape")
        await settle(pilot)
        assert "All photos" in shown(pilot, "#heading-title")
        assert grid(pilot).cursor == 3


async def test_a_query_error_points_at_its_place(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await type_text(pilot, "red rating:many")
        focused = pilot.app.focused
        assert isinstance(focused, Input)
        assert focused.cursor_position > 0
        assert "character" in grid(pilot)._message


async def test_more_like_this(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        first = grid(pilot).tile
        assert first is not None
        await pilot.press("m")
        await settle(pilot)
        tile = grid(pilot).tile
        assert tile is not None
        expected = read_library.similar(first.path, limit=60).hits[0].photo_id
        assert tile.photo_id == expected != first.photo_id
        assert "Like" in shown(pilot, "#heading-title")


async def test_albums_open_and_can_be_renamed(own_library: Library) -> None:
    async with make_app(own_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("g", "a")
        await settle(pilot)
        first = own_library.albums().albums[0]
        await pilot.press("enter")
        await settle(pilot)
        deck = grid(pilot).deck
        assert deck is not None
        assert deck.total == first.size
        await pilot.press("R")
        assert isinstance(pilot.app.screen, Ask)
        await type_text(pilot, "Holiday [b]2021[/b]")
        assert own_library.album(first.album_id).name == "Holiday [b]2021[/b]"
        assert "Holiday [b]2021[/b]" in shown(pilot, "#heading-title")


async def test_duplicates_stand_side_by_side_with_the_keeper_first(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("g", "d")
        await settle(pilot)
        found = read_library.duplicates().sets
        assert found
        members = list(pilot.app.screen.query(Member))
        assert members[0].photo.photo_id == found[0].keeper_id
        assert {member.photo for member in members} == set(found[0].photos)
        text = str(members[0].query_one(".member-facts", Static).render())
        assert text.startswith("★ KEEPER")
        assert found[0].photos[0].reason in text


async def test_problems_are_listed_and_tried_again(own_library: Library, shelf: Path) -> None:
    async with make_app(own_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("g", "x")
        await settle(pilot)
        table = pilot.app.screen.query_one("#problem-table", DataTable)
        assert table.row_count == own_library.problems().total == 1
        assert str(table.get_cell_at((0, 0))) == "broken [bold].jpg"  # type: ignore[arg-type]
        before = own_library.problems().problems[0].attempts
        await pilot.press("r")
        await settle(pilot)
        assert own_library.problems().problems[0].attempts == before + 1


async def test_a_new_library_welcomes_and_indexes_the_first_folder(
    empty_library: Library, tmp_path: Path
) -> None:
    draw_photos(tmp_path / "photos")
    seen: list[Message] = []
    app = make_app(empty_library)
    async with app.run_test(size=NARROW, message_hook=seen.append) as pilot:
        await settle(pilot)
        assert content(pilot) == "welcome"
        await type_text(pilot, str(tmp_path / "absent"))
        assert "absent" in shown(pilot, "#welcome-refusal")
        assert empty_library.folders() == []
        await type_text(pilot, str(tmp_path / "photos"))
        finished = [each for each in seen if isinstance(each, messages.JobFinished)]
        assert finished[0].report is not None
        assert finished[0].report.added + finished[0].report.copied == 14
        assert finished[0].problems == 1
        assert content(pilot) == "grid"
        await until(pilot, lambda: grid(pilot).deck is not None and grid(pilot).deck.total == 14)  # type: ignore[union-attr]


async def test_a_folder_that_is_refused_says_why(read_library: Library, shelf: Path) -> None:
    async with make_app(read_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await type_text(pilot, str(shelf / "absent"))
        notes = [note.message for note in pilot.app._notifications]
        assert len(notes) == 1
        assert "absent" in notes[0]
        assert len(read_library.folders()) == 1


async def test_the_work_of_others_shows_and_the_place_is_kept(
    own_library: Library, shelf: Path, tmp_path: Path
) -> None:
    shutil.copytree(shelf / "photos", tmp_path / "more", ignore=shutil.ignore_patterns("*.jpg"))
    for number in range(3):
        new = tmp_path / "more" / f"new {number}.jpg"
        draw_photo(new, "pink", number + 2, f"2023:01:0{number + 1} 10:00:00")
    async with make_app(own_library).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("G")
        await settle(pilot)
        place = grid(pilot).tile
        assert place is not None
        with Library(own_library.settings) as other:
            other.add_folder(str(tmp_path / "more"))
            finish(other.index())
        await until(pilot, lambda: grid(pilot).deck is not None and grid(pilot).deck.total == 17)  # type: ignore[union-attr]
        assert grid(pilot).tile == place
        assert grid(pilot).cursor == 16


async def test_a_job_can_be_stopped_and_keeps_what_it_did(
    empty_library: Library, tmp_path: Path
) -> None:
    draw_photos(tmp_path / "photos")
    empty_library.add_folder(str(tmp_path / "photos"))
    seen: list[Message] = []
    app = make_app(empty_library)
    async with app.run_test(size=WIDE, message_hook=seen.append) as pilot:
        await settle(pilot)
        await pilot.press("I", "ctrl+x")
        await until(pilot, lambda: any(isinstance(each, messages.JobFinished) for each in seen))
        await settle(pilot)
        assert not pilot.app.screen.query_one(JobBar).display
        finish(empty_library.index())
        assert empty_library.photo_count(ALL) == 14


async def test_narrow_screens_hide_the_sidebar_until_asked(read_library: Library) -> None:
    async with make_app(read_library).run_test(size=NARROW) as pilot:
        await settle(pilot)
        sidebar = pilot.app.screen.query_one("#sidebar", OptionList)
        assert not sidebar.display
        await pilot.press("b")
        await pilot.pause()
        assert sidebar.display
        sidebar.highlighted = 0
        await pilot.press("down", "enter")
        await settle(pilot)
        assert not sidebar.display
        assert "Favourites" in shown(pilot, "#heading-title")


@pytest.mark.parametrize("size", [(59, 24), (80, 19)])
async def test_a_tiny_window_says_so(read_library: Library, size: tuple[int, int]) -> None:
    async with make_app(read_library).run_test(size=size) as pilot:
        await settle(pilot)
        assert pilot.app.screen.query_one("#too-small").display
        assert not pilot.app.screen.query_one("#body").display


async def test_help_lists_every_key(read_library: Library) -> None:
    app = make_app(read_library)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        keys = [key for _, pairs in key_tables(app) for key, _ in pairs]
        assert {"/", "m", "?", "I", "u", "g d", "s 3"} <= set(keys)
        await pilot.press("escape")
        commands = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Search", "Go to: Duplicates", "Stars: ★★★", "Theme: photolib-light"} <= commands


async def test_themes_change_and_bad_ones_are_told_once(
    read_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "one.toml").write_text('name = "one"\n[colours]\nprimary = "red"')
    (tmp_path / "two.toml").write_text('name = "two"\n[colours]\nprimary = "blue"')
    (tmp_path / "bad.toml").write_text("name = 3")
    app = make_app(read_library, theme="gone", theme_directory=tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.theme == "one"
        assert len(app._notifications) == 1
        assert "bad.toml" in next(iter(app._notifications)).message
        await pilot.press("T")
        assert app.theme == "two"


@pytest.mark.parametrize("images", ["none", "kitty", "sixel"])
async def test_other_ways_to_show_pictures(read_library: Library, images: str) -> None:
    async with make_app(read_library, images=images).run_test(size=WIDE) as pilot:
        await settle(pilot)
        line = grid(pilot).render_line(4).text
        assert ("\U0010eeee" in line) == (images == "kitty")
        assert ("320 x 240" in "".join(grid(pilot).render_line(y).text for y in range(9))) == (
            images == "none"
        )
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, PhotoScreen)


async def test_a_library_that_does_not_open_ends_the_app() -> None:
    def refuse() -> Library:
        raise CatalogueError("no library here", "look elsewhere")

    app = PhotolibApp(refuse)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.failure is not None)
    assert app.return_code == 1
    assert str(app.failure) == "no library here"


async def test_a_fault_leaves_a_report(read_library: Library, tmp_path: Path) -> None:
    app = make_app(read_library)
    app.crash_file = tmp_path / "crash.txt"

    def fail() -> None:
        raise ZeroDivisionError("a fault for the test")

    async def run_into_it() -> None:
        async with app.run_test() as pilot:
            await settle(pilot)
            app.call_later(fail)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await run_into_it()
    report = app.crash_file.read_text("utf-8")
    assert "a fault for the test" in report
    assert report.startswith("photolib: ")


def test_an_unknown_way_to_show_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cinema"):
        run(Settings(library=tmp_path), images="cinema")
