"""Keys of a person's own: what is taken, and what is told and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.binding import Binding

from photolib.tui.app import _places, make_app
from photolib.tui.keymap import load_keymap
from tests.tui.conftest import settle
from tests.tui.test_app import WIDE, grid

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.library import Library

PLACE = [Binding("j,down", "down", id="grid.down"), Binding("n", "next", id="grid.next")]


@pytest.mark.parametrize(
    ("text", "keymap", "problem"),
    [
        ('"grid.down" = "d"', {"grid.down": "d"}, ""),
        ('[grid]\ndown = "n"\nnext = "j"', {"grid.down": "n", "grid.next": "j"}, ""),
        ('[grid]\ndown = "n"', {}, "grid.down and grid.next both want n"),
        ('[grid]\ndwn = "n"', {}, "there is no key called grid.dwn"),
        ("[grid]\ndown = 3", {}, "not a list of keys"),
        ('[grid]\ndown = "a,"', {}, "not a list of keys"),
        ("[grid", {}, "keys.toml: "),
    ],
)
def test_what_a_file_says(tmp_path: Path, text: str, keymap: dict[str, str], problem: str) -> None:
    (tmp_path / "keys.toml").write_text(text)
    found, problems = load_keymap(tmp_path / "keys.toml", [PLACE])
    assert found == keymap
    assert problem in "".join(problems)
    assert bool(problem) == bool(problems)


def test_no_file_changes_nothing(tmp_path: Path) -> None:
    assert load_keymap(tmp_path / "keys.toml", [PLACE]) == ({}, [])


def test_every_key_can_be_changed() -> None:
    assert all(each.id for place in _places() for each in place)


async def test_a_person_s_keys_work_and_show_in_the_help(
    read_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "keys.toml").write_text('[grid]\nright = "w"\nopen = "colon"')
    app = make_app(read_library, own=tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("w")
        assert grid(pilot).cursor == 1
        await pilot.press("l")
        assert grid(pilot).cursor == 1
        notes = [note.message for note in app._notifications]
        assert len(notes) == 1
        assert "grid.open and" in notes[0]


async def test_a_theme_is_worn_anew_when_its_file_changes(
    read_library: Library, tmp_path: Path
) -> None:
    themes = tmp_path / "themes"
    themes.mkdir()
    (themes / "mine.toml").write_text('name = "mine"\n[colours]\nprimary = "#ff0000"')
    app = make_app(read_library, own=tmp_path, theme="mine")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.current_theme.primary == "#ff0000"
        (themes / "mine.toml").write_text('name = "mine"\n[colours]\nprimary = "#00ff0000"')
        app._follow_themes()
        assert app.current_theme.primary == "#00ff0000"
        (themes / "mine.toml").write_text("name = 3")
        app._follow_themes()
        await settle(pilot)
        assert app.theme == "mine"
        assert "mine.toml" in next(iter(app._notifications)).message
