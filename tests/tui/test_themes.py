"""Theme files: what is shipped can be worn, and what is broken is told and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from photolib.config import data_path
from photolib.tui.themes import DEFAULT, load_themes

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shipped_themes_load() -> None:
    themes, failures = load_themes(data_path("themes"))
    assert failures == []
    assert DEFAULT in themes
    assert {theme.dark for theme in themes.values()} == {True, False}
    assert {theme.ansi for theme in themes.values()} == {True, False}
    assert len(themes) >= 8


def test_a_person_s_theme_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    own = f'name = "{DEFAULT}"\n[colours]\nprimary = "#123456"'
    (tmp_path / "own.toml").write_text(own)
    themes, failures = load_themes(data_path("themes"), tmp_path)
    assert failures == []
    assert themes[DEFAULT].primary == "#123456"


_OWN_COLOURS = [t.name for t in load_themes(data_path("themes"))[0].values() if not t.ansi]


@pytest.mark.parametrize("name", _OWN_COLOURS)
def test_text_can_be_read(name: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1 for text; 3 to 1 for the coloured marks."""
    theme = load_themes(data_path("themes"))[0][name]
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground is not None
        assert contrast(theme.foreground, ground) >= 4.5
        assert contrast(theme.primary, ground) >= 3
        if "contrast" in name:  # WCAG 2.2, 1.4.6
            assert contrast(theme.foreground, ground) >= 7
            assert contrast(theme.primary, ground) >= 7
    cursor = theme.variables
    assert contrast(cursor["block-cursor-foreground"], cursor["block-cursor-background"]) >= 4.5


def contrast(one: str | None, other: str) -> float:
    assert one is not None
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(name: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = (part / 255 for part in Color.parse(name).rgb)
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "Invalid value"),
        ("dark = true", "no name"),
        ('name = "x"\n[colours]', "no colour primary"),
        ('name = "x"\n[colours]\nprimary = "#12"', "primary: '#12' is no colour"),
        ('name = "x"\n[colours]\nprimary = 3', "primary is not text"),
        ('name = "x"\n[colours]\nprimary = "red"\nprimry = "red"', "unknown colour primry"),
        ('name = "x"\ncolors = 1', "unknown key colors"),
        ('name = "x"\ndark = "no"\n[colours]\nprimary = "red"', "dark is neither"),
        ('name = "x"\ncolours = "red"', "must be tables"),
        (
            'name = "x"\n[colours]\nprimary = "red"\n[variables]\nx-style = "bald"',
            "bald is no text style",
        ),
    ],
)
def test_a_bad_file_is_a_failure_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text('name = "good"\n[colours]\nprimary = "red"')
    themes, failures = load_themes(tmp_path)
    assert list(themes) == ["good"]
    assert [failure.file for failure in failures] == ["bad.toml"]
    assert reason in failures[0].reason


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    for file in ("a.toml", "b.toml"):
        (tmp_path / file).write_text('name = "same"\n[colours]\nprimary = "red"')
    themes, failures = load_themes(tmp_path)
    assert list(themes) == ["same"]
    assert [failure.file for failure in failures] == ["b.toml"]
