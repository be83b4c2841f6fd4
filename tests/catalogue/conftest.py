"""Catalogues in real files, and a short way to put photos into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from photolib.catalogue import Catalogue, NewContent, Stat
from photolib.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAKEN = ("2020-06-15T12:30:00", "exif")


class Shelf:
    """Adds folders, photos and vectors to a catalogue; each photo has bytes of its own."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._made = 0

    def folder(self, path: bytes = b"/photos") -> int:
        return self.catalogue.folders.add(
            path,
            path.decode("utf-8", "backslashreplace"),
            marker=None,
            device=1,
            reference=False,
            poll=False,
            ignore=(),
        )

    def content(self, **facts: Any) -> int:
        self._made += 1
        values: dict[str, Any] = {"size": 100, "format": "JPEG", "width": 40, "height": 30}
        values |= facts
        new = NewContent(content_hash=self._made.to_bytes(32, "big"), **values)
        with self.catalogue.transaction():
            return self.catalogue.photos.add_content(new)

    def photo(
        self,
        path: bytes = b"",
        *,
        folder_id: int | None = None,
        content_id: int | None = None,
        taken: tuple[str, str] = TAKEN,
        size: int = 100,
        **facts: Any,
    ) -> int:
        folder_id = folder_id or self.folder()
        content_id = content_id or self.content(**facts)
        path = path or b"%d.jpg" % self._made
        root = self.catalogue.folders.get(folder_id)
        assert root is not None
        shown = (root.path + b"/" + path).decode("utf-8", "backslashreplace")
        with self.catalogue.transaction():
            photo_id = self.catalogue.photos.add(
                folder_id, path, shown, Stat(size, 1_000, 7), content_id, taken
            )
            self.catalogue.words.refresh([photo_id])
        return photo_id

    def photos(self, count: int) -> list[int]:
        return [self.photo() for _ in range(count)]

    def content_of(self, photo_id: int) -> int:
        row = self.catalogue.photos.get(photo_id)
        assert row is not None
        return row.content_id

    def encoder(self, name: str = "encoder") -> int:
        return self.catalogue.vectors.register(name, "encoder", name, 4)

    def embed(self, model_no: int, content_id: int, value: float = 1.0) -> None:
        with self.catalogue.transaction():
            vector = np.full(4, value, np.float32)
            self.catalogue.vectors.add(model_no, "photo", content_id, vector)

    def mark(self, photo_id: int, state: str) -> None:
        with self.catalogue.transaction():
            self.catalogue.photos.mark([photo_id], state)


@pytest.fixture
def library(tmp_path: Path) -> Settings:
    return Settings(library=tmp_path / "library")


@pytest.fixture
def catalogue(library: Settings) -> Iterator[Catalogue]:
    opened = Catalogue(library)
    yield opened
    opened.close()


@pytest.fixture
def shelf(catalogue: Catalogue) -> Shelf:
    return Shelf(catalogue)
