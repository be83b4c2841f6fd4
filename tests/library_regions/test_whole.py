"""What is found in a photo is stored whole or not at all, whatever happens between."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw

from photolib.errors import CatalogueError, ModelError
from photolib.jobs import finish
from photolib.library import Library
from photolib.models import FakeEncoder
from photolib.models.ocr import load_text_reader
from tests.library_regions.scenes import GREEN, RED, Moody, scene, seeing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from photolib.config import Settings
    from photolib.jobs import Progress
    from photolib.models.ocr import TextReader
    from tests.library.shelf import Sight

PARTS = """
    SELECT c.content_id,
        (SELECT count(*) FROM crop WHERE content_id = c.content_id),
        (SELECT count(*) FROM label WHERE content_id = c.content_id),
        (SELECT count(*) FROM embedding WHERE content_id = c.content_id AND kind = 'crop'),
        (SELECT count(*) FROM text WHERE content_id = c.content_id),
        (SELECT count(*) FROM embedding WHERE content_id = c.content_id AND kind = 'text'),
        (SELECT count(*) FROM stage WHERE content_id = c.content_id)
    FROM content c ORDER BY 1
"""


def signs(folder: Path, count: int) -> None:
    """Photos with one red thing and one line of print each."""
    for number in range(count):
        path = scene(folder / f"{number}.png", (RED, (10 + number, 20, 100, 100)))
        image = Image.open(path).convert("RGB").resize((640, 480))
        ImageDraw.Draw(image).text((60, 320), f"Harbour {number}", fill="black", font_size=60)
        image.save(path, "PNG")


def meddle(settings: Settings, sql: str) -> None:
    with closing(sqlite3.connect(settings.catalogue_path)) as connection, connection:
        connection.execute(sql)


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return load_text_reader(threads=1)


@pytest.mark.torch
@pytest.mark.parametrize("table", ["label", "embedding", "stage"])
def test_a_write_that_fails_leaves_nothing_of_its_photos(
    folder: Path, settings: Settings, sight: Sight, reader: TextReader, table: str
) -> None:
    signs(folder, 2)
    with seeing(settings) as library:
        library._engines._reader = reader
        library.add_folder(str(folder))
        finish(library.index(stage=1))
        # The embeddings of texts are the last that are written; those of crops come before.
        late = "WHEN NEW.kind = 'text'" if table == "embedding" else ""
        broken = f"""CREATE TRIGGER broken BEFORE INSERT ON {table} {late}
            BEGIN SELECT RAISE(ABORT, 'broken'); END"""
        meddle(settings, broken)
        with pytest.raises(CatalogueError, match="broken"):
            finish(library.index(stage=2, ocr="always"))
        assert {row[1:] for row in sight.rows(PARTS)} == {(0,) * 6}
        meddle(settings, "DROP TRIGGER broken")
    with seeing(settings) as library:
        library._engines._reader = reader
        finish(library.index(stage=2, ocr="always"))
    assert {row[1:] for row in sight.rows(PARTS)} == {(2, 2, 1, 1, 1, 2)}


def test_a_change_of_detector_that_is_cut_short_leaves_each_photo_to_one_of_them(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    for number in range(9):
        scene(folder / f"{number}.jpg", (GREEN, (20 + 9 * number, 20, 200, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        finish(library.index(ocr="auto"))
    texts = sight.rows("SELECT content_id, version, attempts, at FROM stage WHERE name = 'texts'")
    whole = "SELECT embedding_id FROM embedding WHERE kind IN ('photo', 'look')"
    photos = sight.rows(whole)
    mixed = """
        SELECT count(DISTINCT c.content_id) FROM crop c JOIN model m USING (model_no)
        JOIN stage s ON s.content_id = c.content_id AND s.name = 'crops'
        WHERE s.version {} m.model_id
    """
    with seeing(settings, Moody("fake-regions.2")) as library:
        job = library.index(stage=2, ocr="auto")
        for progress in job:
            if progress.stage == "regions" and progress.done >= 4:
                break
        job.close()
        done = sight.value("SELECT count(*) FROM stage WHERE version = 'fake-regions.2'")
        assert 0 < done < 9
        assert sight.value(mixed.format("<>")) == 0
        assert sight.value(mixed.format("=")) == 9
        finish(library.index(ocr="auto"))
    assert sight.value("SELECT count(*) FROM stage WHERE version = 'fake-regions.2'") == 9
    assert (
        sight.rows("SELECT content_id, version, attempts, at FROM stage WHERE name = 'texts'")
        == texts
    )
    assert sight.rows(whole) == photos


class Speechless(FakeEncoder):
    """An encoder that cannot embed the lines of signs while it is told not to."""

    mute = True

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.mute and any("Harbour" in text for text in texts):
            raise ModelError("it has no words")
        return super().encode_texts(texts)


@pytest.mark.torch
def test_lines_outlive_an_encoder_that_fails_on_them(
    folder: Path, settings: Settings, sight: Sight, reader: TextReader
) -> None:
    signs(folder, 1)
    encoder = Speechless()
    with Library(settings, encoder=encoder, detector=Moody()) as library:
        library._engines._reader = reader
        library.add_folder(str(folder))
        told: list[Progress] = []
        finish(library.index(ocr="always"), told.append)
        assert [p.problem.reason for p in told if p.problem] == ["it has no words"]
        assert [row[4:6] for row in sight.rows(PARTS)] == [(1, 0)]
        encoder.mute = False
        finish(library.index(ocr="always"))
    assert [row[4:6] for row in sight.rows(PARTS)] == [(1, 1)]
