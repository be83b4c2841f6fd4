"""Colour themes from TOML files: each colour is checked before the app may wear it."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "photolib-dark"
FALLBACK = "textual-dark"
"""Textual's own theme, for an installation whose theme files are all unusable."""

_COLOURS = frozenset(
    "primary secondary accent foreground background surface panel success warning error".split()
)
_KEYS = frozenset({"name", "dark", "ansi", "colours", "variables"})


@dataclass(frozen=True, slots=True)
class ThemeFailure:
    """A theme file that cannot be worn, and why."""

    file: str
    reason: str


def load_themes(*directories: Path) -> tuple[dict[str, Theme], list[ThemeFailure]]:
    """The themes of directories by name, in the order of their files, and the files that failed.

    A theme of a later directory takes the place of one of the same name. A file is TOML with
    ``name``, ``dark``, ``ansi`` (the terminal's sixteen colours are left to the terminal), a table
    ``colours`` (``primary`` at least) and a table ``variables`` (Textual's CSS variables). A bad
    colour would only show when the theme is applied, and then end the app, so every one is parsed.
    """
    themes: dict[str, Theme] = {}
    failures: list[ThemeFailure] = []
    for directory in directories:
        here: dict[str, Theme] = {}
        for file in sorted(directory.glob("*.toml")):
            try:
                theme = _theme(tomllib.loads(file.read_text("utf-8")))
                if theme.name in here:
                    raise ValueError(f"another file has the name {theme.name} too")
            except (OSError, ValueError) as exc:
                failures.append(ThemeFailure(file.name, str(exc)))
            else:
                here[theme.name] = theme
        themes |= here
    return themes, failures


def stamps(directory: Path) -> dict[str, int]:
    """When each theme file of a directory was changed, to notice when one is."""
    found = {}
    for file in directory.glob("*.toml"):
        with suppress(OSError):
            found[file.name] = file.stat().st_mtime_ns
    return found


def _theme(values: dict[str, Any]) -> Theme:
    name, dark = values.get("name"), values.get("dark", True)
    colours, variables = values.get("colours", {}), values.get("variables", {})
    if unknown := values.keys() - _KEYS:
        raise ValueError(f"unknown key {min(unknown)}")
    if not isinstance(name, str) or not name:
        raise ValueError("no name")
    ansi = values.get("ansi", False)
    for key, value in (("dark", dark), ("ansi", ansi)):
        if not isinstance(value, bool):
            raise ValueError(f"{key} is neither true nor false")
    if not isinstance(colours, dict) or not isinstance(variables, dict):
        raise ValueError("colours and variables must be tables")
    if unknown := colours.keys() - _COLOURS:
        raise ValueError(f"unknown colour {min(unknown)}")
    if "primary" not in colours:
        raise ValueError("no colour primary")
    for key, value in (colours | variables).items():
        _check(key, value)
    return Theme(name=name, dark=dark, ansi=ansi, variables=variables, **colours)


def _check(key: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{key} is not text")
    if key.endswith("-style"):
        if wrong := set(value.split()) - VALID_STYLE_FLAGS:
            raise ValueError(f"{key}: {min(wrong)} is no text style")
        return
    try:
        Color.parse(value)
    except ColorParseError as exc:
        raise ValueError(f"{key}: {value!r} is no colour") from exc
