"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real photos and weights that lie beside a developer's checkout."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "photos").is_dir():
        pytest.skip("the shared real photos are not beside this checkout")
    return folder
