"""The dominant colours of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from photolib.catalogue.database import Database


class PaletteRow(NamedTuple):
    """The colours of a content, encoded; a later palette has a higher id."""

    palette_id: int
    content_id: int
    colours: bytes


class Palettes:
    """The table ``palette``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, content_id: int, version: str, colours: bytes) -> None:
        """Store the palette of a content in place of an earlier one."""
        sql = "INSERT OR REPLACE INTO palette (content_id, version, colours) VALUES (?, ?, ?)"
        self._database.execute(sql, (content_id, version, colours))

    def since(self, palette_id: int) -> list[PaletteRow]:
        """The palettes stored after one, by ascending id."""
        sql = """SELECT palette_id, content_id, colours FROM palette
                 WHERE palette_id > ? ORDER BY palette_id"""
        return [PaletteRow(*row) for row in self._database.rows(sql, (palette_id,))]
