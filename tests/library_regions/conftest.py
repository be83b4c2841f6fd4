"""A folder, a library over it, and what its catalogue holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.library.conftest import folder, sight
from tests.library.shelf import settings_at

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings

__all__ = ["folder", "sight"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Where the library of this test is; its thumbnails are large enough to be searched."""
    return replace(settings_at(tmp_path / "library"), thumbnail_size=128)
