"""Keywords that a person gave to photos."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue.database import Database


class Tags:
    """The tables ``tag`` and ``photo_tag``; names are the same whatever their case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self, names: Sequence[str]) -> list[int]:
        """The ids of keywords, which are made where they are new; within a transaction."""
        for name in names:
            self._database.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (name,))
        return self.known(names)

    def known(self, names: Sequence[str]) -> list[int]:
        """The ids of those keywords that exist."""
        sql = """SELECT tag_id FROM tag WHERE name IN (SELECT value FROM json_each(?))
                 ORDER BY tag_id"""
        return [row[0] for row in self._database.rows(sql, (json.dumps(list(names)),))]

    def of_photo(self, photo_id: int) -> list[str]:
        """The keywords of a photo, by name."""
        sql = """SELECT name FROM photo_tag JOIN tag USING (tag_id) WHERE photo_id = ?
                 ORDER BY name"""
        return [row[0] for row in self._database.rows(sql, (photo_id,))]

    def counts(self) -> list[tuple[str, int]]:
        """Keywords and how many photos shown carry each, the most frequent first."""
        sql = """SELECT t.name, count(*) AS photos FROM tag t JOIN photo_tag USING (tag_id)
                     JOIN photo p USING (photo_id)
                 WHERE p.state = 'present' AND NOT p.hidden
                 GROUP BY t.tag_id ORDER BY photos DESC, t.name"""
        return [(row[0], row[1]) for row in self._database.rows(sql)]
