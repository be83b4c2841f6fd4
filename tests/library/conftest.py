"""A folder, and a library over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.library.shelf import Sight, opened, settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, not yet in the library."""
    place = tmp_path / "photos"
    place.mkdir()
    return place


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Where the library of this test is."""
    return settings_at(tmp_path / "library")


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """A library with an encoder that sees colours."""
    with opened(settings) as library:
        yield library


@pytest.fixture
def sight(settings: Settings) -> Sight:
    """What the catalogue of this test holds."""
    return Sight(settings)
