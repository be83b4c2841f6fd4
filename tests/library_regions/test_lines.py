"""Lines of text as samples of their own: found by what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from photolib.jobs import finish
from photolib.models import Box
from photolib.models.ocr import TextLine
from tests.library_regions.scenes import seeing, textured

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from photolib.config import Settings
    from photolib.library import Library

SIGNS = ("Mind the step", "Opening hours", "Red cross", "Platform nine", "Fresh bread", "No entry")


class Signs:
    """A reader that finds in each picture the sign that its width stands for."""

    reader_id = "signs.1"

    def read_text(self, image: Image) -> tuple[TextLine, ...]:
        box = Box(0.25, 0.5, 0.5, 0.125)
        return (TextLine(SIGNS[(image.width - 320) // 10], box, 0.9),)


@pytest.fixture
def signs(folder: Path) -> dict[str, str]:
    """Pictures that hold one line each: the path by the line."""
    for number, _ in enumerate(SIGNS):
        textured(number, (320 + 10 * number, 240)).save(folder / f"{number}.png")
    return {sign: str(folder / f"{number}.png") for number, sign in enumerate(SIGNS)}


def read(library: Library, folder: Path) -> None:
    library._engines._reader = Signs()  # type: ignore[assignment]
    library.add_folder(str(folder))
    finish(library.index(ocr="always"))


def test_a_line_is_found_by_what_it_means_with_its_place(
    folder: Path, settings: Settings, signs: dict[str, str]
) -> None:
    with seeing(settings) as library:
        read(library, folder)
        # To the encoder "red" and "red cross" mean nearly the same; no line has "entirely".
        result = library.search("entirely cross", everything=True)
        lines = {hit.path: [w for w in hit.why if w.source == "text"] for hit in result.hits}
        (line,) = [why for why in lines[signs["Red cross"]] if why.detail == "Red cross"][:1]
        assert line.box == (0.25, 0.5, 0.5, 0.125)
        others = [w.score for path, found in lines.items() for w in found
                  if path != signs["Red cross"]]  # fmt: skip
        assert line.score > max(others, default=0.0)
        kinds = {(one.kind, one.rows) for one in library.status().index}
        assert ("text", len(SIGNS)) in kinds


def test_a_line_that_means_something_else_is_no_hit(
    folder: Path, settings: Settings, signs: dict[str, str]
) -> None:
    with seeing(settings) as library:
        read(library, folder)
        found = library.search("zeppelin")
        assert not [why for hit in found.hits for why in hit.why if why.source == "text"]
