"""An index that catches up equals one that is built anew, whatever happened to the vectors."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.catalogue import Catalogue, NewContent
from photolib.library.indexes import Indexes
from tests.library.shelf import index, opened, settings_at, write

if TYPE_CHECKING:
    from photolib.catalogue import ModelRow
    from photolib.config import Settings
    from photolib.library import Library

WIDTH = 8
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("alter"), st.integers(0, 9)),
        st.tuples(st.just("other"), st.integers(0, 9)),
        st.tuples(st.sampled_from(("look", "save", "prune", "reopen", "cut")), st.just(0)),
    ),
    max_size=40,
)


class Vectors:
    """A catalogue of bare contents whose vectors come, change and go."""

    def __init__(self, place: Path) -> None:
        self.settings = settings_at(place)
        self.catalogue = Catalogue(self.settings)
        self.chance = np.random.default_rng(1)
        store = self.catalogue.vectors
        for name in ("one", "two"):
            store.register(name, "encoder", name, WIDTH)
        self.one, self.two = (self.model(name) for name in ("one", "two"))
        self.indexes = Indexes(self.catalogue, self.settings.indexes)

    def model(self, name: str) -> ModelRow:
        row = self.catalogue.vectors.model(name)
        assert row is not None
        return row

    def execute(self, sql: str, *values: object) -> None:
        import sqlite3

        with closing(sqlite3.connect(self.settings.catalogue_path)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(sql, values)

    def unit(self) -> np.ndarray:
        vector = self.chance.normal(size=WIDTH).astype(np.float32)
        return vector / np.linalg.norm(vector)

    def content(self, number: int) -> int:
        content = NewContent(
            content_hash=bytes([number] * 32),
            size=1,
            format="JPEG",
            width=1,
            height=1,
            payload_key=None,
            orientation=1,
            icc=None,
            frames=1,
            attachments="",
            place=None,
            sharpness=0.0,
            dhash=b"",
            phash=b"",
        )
        return self.catalogue.photos.add_content(content)

    def do(self, step: str, number: int) -> None:
        if step in ("add", "other"):
            model = self.one if step == "add" else self.two
            with self.catalogue.transaction():
                content_id = self.content(number)
                self.catalogue.vectors.add(model.model_no, "photo", content_id, self.unit())
        elif step == "drop":
            self.execute("DELETE FROM content WHERE content_hash = ?", bytes([number] * 32))
        elif step == "alter":
            sql = """UPDATE embedding SET vector = ? WHERE content_id =
                     (SELECT content_id FROM content WHERE content_hash = ?)"""
            blob = self.unit().astype("<f2").tobytes()
            self.execute(sql, blob, bytes([number] * 32))
        elif step == "look":
            self.indexes.get(self.one, "photo")
        elif step == "save":
            self.indexes.save()
        elif step == "prune":
            self.catalogue.vectors.prune_log(3)
        elif step == "reopen":
            self.indexes = Indexes(self.catalogue, self.settings.indexes)
        else:
            for path in self.settings.indexes.glob("*.index"):
                path.write_bytes(path.read_bytes()[:-7])

    def check(self) -> None:
        for model in (self.one, self.two):
            caught_up = self.indexes.get(model, "photo")
            rebuilt = Indexes(self.catalogue, self.settings.indexes / "none").get(model, "photo")
            assert caught_up.ids().tolist() == rebuilt.ids().tolist()
            ids = rebuilt.ids()
            np.testing.assert_array_equal(caught_up.reconstruct(ids), rebuilt.reconstruct(ids))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_catching_up_equals_building_anew(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        vectors = Vectors(Path(place))
        with closing(vectors.catalogue):
            for step, number in steps:
                vectors.do(step, number)
            vectors.check()


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "altered", "of another library"])
def test_a_snapshot_may_be_damaged_at_any_time(
    library: Library, folder: Path, settings: Settings, damage: str, tmp_path: Path
) -> None:
    for number in range(5):
        write(folder / f"{number}.jpg", number)
    library.add_folder(str(folder))
    index(library)
    expected = [hit.path for hit in library.similar(str(folder / "1.jpg")).hits]
    assert len(expected) == 4
    snapshots = sorted(settings.indexes.glob("*.index"))
    assert len(snapshots) == 2
    for path in snapshots:
        whole = path.read_bytes()
        if damage == "absent":
            path.unlink()
        elif damage == "of another library":
            path.write_bytes(_of_another_library(tmp_path, folder, path.name))
        else:
            middle = len(whole) // 2
            altered = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
            path.write_bytes({"empty": b"", "cut": whole[:middle], "altered": altered}[damage])
    with opened(settings) as other:
        assert [hit.path for hit in other.similar(str(folder / "1.jpg")).hits] == expected
        index(other)
        assert {row.rows == row.expected for row in other.status().index} == {True}


def _of_another_library(tmp_path: Path, folder: Path, name: str) -> bytes:
    settings = settings_at(tmp_path / "another")
    with opened(settings) as library:
        library.add_folder(str(folder))
        index(library)
    return (settings.indexes / name).read_bytes()


def test_a_full_library_directory_costs_only_the_snapshot(
    library: Library, folder: Path, settings: Settings
) -> None:
    write(folder / "a.jpg", 1)
    settings.indexes.write_text("in the way of the directory")
    library.add_folder(str(folder))
    assert index(library).added == 1
    assert library.search("a").total == 1
