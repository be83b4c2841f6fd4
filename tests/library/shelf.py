"""A folder of real photo files, a library over it, and what both must agree on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.indexes import Indexes
from photolib.models import FakeEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from photolib.library.results import IndexReport

OUTCOMES = ("added", "changed", "moved", "copied", "restored", "unchanged", "failed", "skipped")


def picture(seed: int, side: int = 48) -> Image.Image:
    """A picture that is like no other one: smooth random colours."""
    coarse = np.random.default_rng(seed).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side * 4 // 3, side), Image.Resampling.BILINEAR)


def write(path: Path, seed: int, *, note: str = "") -> Path:
    """A JPEG of ``picture(seed)``; ``note`` goes into its metadata and leaves the pixels alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if note:
        exif[0x010E] = note
    picture(seed).save(path, "JPEG", quality=88, exif=exif)
    return path


def plain(path: Path, colour: tuple[int, int, int], side: int = 48) -> Path:
    """A JPEG of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), colour).save(path, "JPEG", quality=95)
    return path


def age(path: Path, seconds: float = 60.0) -> Path:
    """Set a file's times back, so that whatever happens to it next is later."""
    then = path.stat().st_mtime_ns - int(seconds * 1e9)
    os.utime(path, ns=(then, then))
    return path


def settings_at(place: Path, batch_size: int = 4) -> Settings:
    return Settings(library=place, batch_size=batch_size, decode_threads=2, thumbnail_size=32)


def opened(settings: Settings, model_id: str = "fake-colours.1") -> Library:
    """A library whose encoder sees colours."""
    return Library(settings, encoder=FakeEncoder(model_id))


def index(library: Library, paths: Sequence[Path] = ()) -> IndexReport:
    """Run an index job to its end; the counts of its report must add up."""
    report = finish(library.index([str(path) for path in paths]))
    total = sum(getattr(report, name) for name in OUTCOMES) + report.parts
    assert report.scanned == total
    return report


def counts(report: IndexReport) -> dict[str, int]:
    """The outcomes of a report that are not zero, with ``missing`` and ``parts``."""
    names = (*OUTCOMES, "parts", "missing")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the catalogue's photos, by the absolute path."""

    photo_id: int
    content_id: int
    state: str
    content_hash: bytes


class Sight:
    """What a catalogue holds, read from its file and not through the code under test."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.settings.catalogue_path)) as connection:
            return connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        return self.rows(sql, *values)[0][0]

    def photos(self, state: str = "present") -> dict[str, Row]:
        """The photos in one state by absolute path."""
        rows = self.rows(
            """SELECT f.path, p.path, photo_id, content_id, p.state, content_hash
               FROM photo p JOIN folder f USING (folder_id) JOIN content USING (content_id)
               WHERE p.state = ? ORDER BY photo_id""",
            state,
        )
        return {os.fsdecode(os.path.join(root, path)): Row(*rest) for root, path, *rest in rows}

    def parts(self) -> dict[str, tuple[str, int]]:
        """Role and photo of each part by absolute path."""
        rows = self.rows(
            "SELECT f.path, t.path, role, photo_id FROM part t JOIN folder f USING (folder_id)"
        )
        return {os.fsdecode(os.path.join(root, path)): (role, i) for root, path, role, i in rows}

    def problems(self, outcome: str) -> dict[str, str]:
        """The reason of each failed or skipped file by absolute path."""
        rows = self.rows(
            """SELECT f.path, r.path, reason FROM problem r JOIN folder f USING (folder_id)
               WHERE outcome = ?""",
            outcome,
        )
        return {os.fsdecode(os.path.join(root, path)): reason for root, path, reason in rows}

    def accounted(self) -> list[str]:
        """Every path that the catalogue has an opinion on, sorted; each must be there once."""
        names = [*self.photos(), *self.parts()]
        names += [*self.problems("failed"), *self.problems("skipped")]
        return sorted(names)


def on_disk(*folders: Path) -> list[str]:
    """Every file that is not hidden below the folders, links and odd files among them, sorted."""
    found = []
    for folder in folders:
        for top, below, names in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            links = [name for name in below if os.path.islink(os.path.join(top, name))]
            found += [os.path.join(top, name) for name in names + links if name[0] != "."]
    return sorted(found)


def digest(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        return blake2b(file.read(), digest_size=32).digest()


def check_whole(settings: Settings, *folders: Path) -> None:
    """After a complete scan of online folders: catalogue, folders, vectors, words and indexes."""
    sight = Sight(settings)
    accounted, files = sight.accounted(), on_disk(*folders)
    assert sorted(accounted) == files, set(accounted) ^ set(files)
    for path, row in sight.photos().items():
        assert row.content_hash == digest(path), path
    check_consistent(settings)


def check_consistent(settings: Settings) -> None:
    """What holds after every complete job, whatever folders were offline."""
    sight = Sight(settings)
    assert sight.value("PRAGMA integrity_check") == "ok"
    assert sight.rows("PRAGMA foreign_key_check") == []
    photos = sight.rows("SELECT photo_id FROM photo ORDER BY photo_id")
    assert sight.rows("SELECT rowid FROM words ORDER BY rowid") == photos
    assert sight.rows("SELECT rowid FROM fragments ORDER BY rowid") == photos
    once = """SELECT count(*) FROM embedding WHERE crop_id IS NULL AND text_id IS NULL
              GROUP BY model_no, kind, content_id HAVING count(*) <> 1"""
    assert sight.rows(once) == []
    with closing(Catalogue(settings)) as catalogue:
        indexes = Indexes(catalogue, settings.indexes)
        kinds = {"look": ("look", "crop-look"), "encoder": ("photo", "crop", "text")}
        models = {model.model_no: model for model in catalogue.vectors.models()}
        for number, kind in [(n, k) for n, m in models.items() for k in kinds.get(m.kind, ())]:
            stored = "SELECT embedding_id FROM embedding WHERE model_no = ? AND kind = ?"
            expected = sorted(row[0] for row in sight.rows(stored, number, kind))
            assert indexes.get(models[number], kind).ids().tolist() == expected
