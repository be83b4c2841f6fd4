"""The order in which jobs work: what somebody looks at, then the newest; each item once."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from PIL import Image

from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.ahead import portions
from photolib.models import LOOK_ID

if TYPE_CHECKING:
    from pathlib import Path

_COLOURS = ("red", "green", "blue", "teal")


def _library(tmp_path: Path) -> Library:
    """Four photos, the first the oldest, that all lack their look."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for day, colour in enumerate(_COLOURS, 1):
        Image.new("RGB", (64, 48), colour).save(folder / f"{colour}.png")
        os.utime(folder / f"{colour}.png", (day * 86_400, day * 86_400))
    library = Library(Settings(library=tmp_path / "library"))
    library.add_folder(str(folder))
    finish(library.index(stage=1))
    return library


def _waiting(tmp_path: Path) -> list[str]:
    """The names of the photos that wait for a model's vectors, in the order of the queue."""
    with closing(Catalogue(Settings(library=tmp_path / "library"))) as catalogue:
        look = catalogue.vectors.model(LOOK_ID)
        assert look is not None
        rows = catalogue.photos.without_embedding(look.model_no, "photo")
    return [os.path.basename(path).removesuffix(".png") for _, path in rows]


def test_the_newest_photos_come_first(tmp_path: Path) -> None:
    with _library(tmp_path):
        assert _waiting(tmp_path) == ["teal", "blue", "green", "red"]


def test_a_photo_that_somebody_looks_at_jumps_the_queue(tmp_path: Path) -> None:
    with _library(tmp_path) as library:
        red = library.photo_id_at(str(tmp_path / "photos" / "red.png"))
        assert red is not None
        library.prefer([red])
        assert _waiting(tmp_path) == ["red", "teal", "blue", "green"]


def test_portions_are_asked_for_anew_and_give_each_item_once() -> None:
    queues = [[1, 2, 3, 4], [4, 1, 3, 9], [3, 9], []]
    given = [portion.items for portion in portions(lambda: queues.pop(0), lambda item: item, 2)]
    assert given == [[1, 2], [4, 3], [9]]


def test_what_stays_waiting_does_not_hold_the_queue_up() -> None:
    given = list(portions(lambda: [1, 2, 3], lambda item: item, 2))
    assert [portion.items for portion in given] == [[1, 2], [3]]
    assert [(portion.before, portion.total) for portion in given] == [(0, 3), (2, 3)]


def test_a_stage_that_failed_on_a_photo_is_listed_with_the_problems(tmp_path: Path) -> None:
    with _library(tmp_path) as library:
        with closing(Catalogue(library.settings)) as catalogue, catalogue.transaction():
            catalogue.vectors.fail(1, "embed", LOOK_ID, "the model gave no usable vector")
        found = library.problems()
        assert [problem.stage for problem in found.problems] == ["embed"]
        assert (found.total, library.status().problems) == (1, 0)
        library.retry_problems()
        assert library.problems().total == 0
