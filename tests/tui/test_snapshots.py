"""How the screens look, at three sizes and in three themes.

Behaviour is tested elsewhere; these catch what a person would see and a message would not. After
a wanted change: ``pytest tests/tui/test_snapshots.py --snapshot-update``, and look at each one.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from photolib.library import Library
from photolib.models.fakes import FakeDetector, FakeEncoder
from photolib.tui.app import make_app
from tests.tui.conftest import settings_in, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from photolib.library.results import (
        DuplicateList,
        FolderStatus,
        PhotoDetail,
        ProblemList,
        Status,
    )

T = TypeVar("T")


class Elsewhere(Library):
    """A library that tells the same paths and times wherever and whenever the tests run."""

    root: str

    def folders(self) -> list[FolderStatus]:
        return self._moved(super().folders())

    def duplicates(self, tier: str | None = None, **page: int) -> DuplicateList:
        return self._moved(super().duplicates(tier, **page))

    def problems(self, **page: int) -> ProblemList:
        return self._moved(super().problems(**page))

    def status(self) -> Status:
        return self._moved(super().status())

    def photo(self, photo_id: int) -> PhotoDetail:
        detail = self._moved(super().photo(photo_id))
        facts = tuple(pair for pair in detail.facts if pair[0] != "First seen")
        return replace(detail, facts=facts)

    def _moved(self, value: T) -> T:
        moved: Any = value
        if isinstance(value, str):
            moved = value.replace(self.root, "/home/ada")
        elif isinstance(value, tuple | list):
            moved = type(value)(self._moved(each) for each in value)
        elif is_dataclass(value) and not isinstance(value, type):
            names = {field.name for field in fields(value)}
            changed = {name: self._moved(getattr(value, name)) for name in names}
            changed |= {name: "2023-04-01T12:00:00" for name in names & {"last_at", "last_scan"}}
            moved = replace(value, **changed)
        result: T = moved
        return result


@pytest.fixture(scope="session")
def fixed_library(shelf: Path) -> Elsewhere:
    library = Elsewhere(
        settings_in(shelf / "library"), encoder=FakeEncoder(), detector=FakeDetector()
    )
    library.root = str(shelf)
    return library


@pytest.mark.parametrize(
    ("name", "size", "theme", "images", "keys"),
    [
        ("grid", (80, 24), "photolib-dark", "blocks", ["l", "j"]),
        ("grid", (120, 36), "photolib-contrast", "none", ["l"]),
        ("grid", (200, 60), "photolib-light", "none", ["minus", "G"]),
        ("photo", (120, 36), "photolib-light", "blocks", ["enter"]),
        ("photo", (80, 24), "photolib-contrast", "none", ["enter", "i"]),
        ("search", (120, 36), "photolib-dark", "none", ["slash", *"red", "enter"]),
        ("duplicates", (120, 36), "photolib-light", "blocks", ["g", "d"]),
        ("duplicates", (80, 24), "photolib-contrast", "none", ["g", "d"]),
        ("quarantine", (120, 36), "photolib-okabe", "none", ["g", "q"]),
        ("marked", (120, 36), "photolib-contrast-light", "none", ["g", "d", "p"]),
        ("selected", (120, 36), "photolib-moss", "blocks", ["space", "l", "v", "j", "g"]),
        ("large", (200, 60), "photolib-dusk", "blocks", ["Z", "j"]),
        ("terminal", (80, 24), "photolib-terminal", "none", ["l"]),
        ("albums", (120, 36), "photolib-harbour", "none", ["g", "a"]),
        ("problems", (120, 36), "photolib-dark", "none", ["g", "x"]),
        ("folders", (80, 24), "photolib-light", "none", ["g", "l"]),
        ("help", (80, 24), "photolib-dark", "none", ["question_mark"]),
        ("boxes", (80, 24), "photolib-light", "blocks", ["right", "enter", "tab"]),
        ("boxes", (120, 36), "photolib-dark", "blocks", ["slash", *"brown", "enter", "l", "enter"]),
        ("region", (200, 60), "photolib-contrast", "none", ["enter", "r", "plus"]),
    ],
)
def test_screen(
    fixed_library: Elsewhere,
    snap_compare: Callable[..., bool],
    name: str,
    size: tuple[int, int],
    theme: str,
    images: str,
    keys: list[str],
) -> None:
    async def walk(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    app = make_app(fixed_library, theme=theme, images=images)
    assert snap_compare(app, terminal_size=size, run_before=walk)


def test_welcome(empty_library: Library, snap_compare: Callable[..., bool]) -> None:
    async def walk(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for cursor in pilot.app.query("Input"):
            cursor.cursor_blink = False  # type: ignore[attr-defined]
        await settle(pilot)

    app = make_app(empty_library, theme="photolib-light")
    assert snap_compare(app, terminal_size=(80, 24), run_before=walk)
