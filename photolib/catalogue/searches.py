"""Searches that a person saved, and those asked lately."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from photolib.catalogue.rows import SavedSearchRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue.database import Database

_VISIBLE = "p.state = 'present' AND NOT p.hidden"
_LIST = f"""
    SELECT s.album_id, a.name, s.query, count(p.photo_id) AS size,
        count(p.photo_id) FILTER (WHERE p.photo_id > s.seen_photo) AS new
    FROM saved_search s JOIN album a USING (album_id)
        LEFT JOIN album_photo m USING (album_id)
        LEFT JOIN photo p ON p.photo_id = m.photo_id AND {_VISIBLE}
    WHERE NOT a.retired GROUP BY s.album_id ORDER BY a.name COLLATE NOCASE, s.album_id
"""


class Searches:
    """The tables ``saved_search``, with its albums, and ``asked``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def saved(self) -> list[SavedSearchRow]:
        """Every saved search by name, with how many photos shown it held when last refilled."""
        return [SavedSearchRow(*row) for row in self._database.rows(_LIST)]

    def queries(self) -> list[tuple[int, str, str]]:
        """Album id, name and query of every saved search; reads no photo."""
        sql = """SELECT s.album_id, a.name, s.query FROM saved_search s JOIN album a
                 USING (album_id) WHERE NOT a.retired ORDER BY s.album_id"""
        return [(row[0], row[1], row[2]) for row in self._database.rows(sql)]

    def save(self, name: str, query: str) -> int:
        """Store a search as an album without photos; returns the album's id."""
        sql = "INSERT INTO saved_search (album_id, query) VALUES (?, ?)"
        with self._database.transaction():
            album = {"kind": "saved", "name": name, "named_by": "person"}
            album_id = self._database.insert("album", album)
            self._database.execute(sql, (album_id, query))
        return album_id

    def change(self, album_id: int, query: str) -> None:
        """Let a saved search ask something else."""
        sql = "UPDATE saved_search SET query = ? WHERE album_id = ?"
        with self._database.transaction():
            self._database.execute(sql, (query, album_id))

    def forget(self, album_id: int) -> None:
        """Delete a saved search and its album; the photos stay."""
        with self._database.transaction():
            self._database.execute("DELETE FROM album WHERE album_id = ?", (album_id,))

    def refill(self, album_id: int, photo_ids: Sequence[int]) -> None:
        """Make exactly these the photos of a saved search; writes nothing when they are already.

        The newest of them is the cover.
        """
        stored = "SELECT photo_id FROM album_photo WHERE album_id = ?"
        held = {row[0] for row in self._database.rows(stored, (album_id,))}
        gone, fresh = held.difference(photo_ids), set(photo_ids).difference(held)
        if not gone and not fresh:
            return
        drop = """DELETE FROM album_photo WHERE album_id = ?
                  AND photo_id IN (SELECT value FROM json_each(?))"""
        add = "INSERT INTO album_photo (album_id, photo_id) VALUES (?, ?)"
        cover = f"""
            UPDATE album SET cover_id = (SELECT photo_id FROM album_photo JOIN photo p
                USING (photo_id) WHERE album_id = ?1 AND {_VISIBLE}
                ORDER BY p.taken_at DESC, p.photo_id DESC LIMIT 1) WHERE album_id = ?1
        """
        with self._database.transaction():
            self._database.execute(drop, (album_id, json.dumps(sorted(gone))))
            self._database.execute_many(add, ((album_id, photo_id) for photo_id in sorted(fresh)))
            self._database.execute(cover, (album_id,))

    def see(self, album_id: int) -> None:
        """Nothing that is here now is new to a saved search any more."""
        sql = """UPDATE saved_search SET seen_photo = ifnull((SELECT max(photo_id) FROM photo), 0)
                 WHERE album_id = ?"""
        with self._database.transaction():
            self._database.execute(sql, (album_id,))

    # --- history -------------------------------------------------------------------------------

    def remember(self, query: str, keep: int) -> None:
        """Put a query at the end of the history, which keeps the latest ``keep``."""
        prune = """DELETE FROM asked WHERE asked_id NOT IN
                   (SELECT asked_id FROM asked ORDER BY asked_id DESC LIMIT ?)"""
        with self._database.transaction():
            self._database.execute("DELETE FROM asked WHERE query = ?", (query,))
            self._database.execute("INSERT INTO asked (query) VALUES (?)", (query,))
            self._database.execute(prune, (keep,))

    def asked(self, start: str = "", limit: int = -1) -> list[str]:
        """What was searched for, the latest first; only what begins with ``start``."""
        sql = """SELECT query FROM asked WHERE substr(query, 1, length(?1)) = ?1
                 ORDER BY asked_id DESC LIMIT ?2"""
        return [row[0] for row in self._database.rows(sql, (start, limit))]

    def clear_asked(self) -> int:
        """Forget what was searched for; returns how many queries that were."""
        with self._database.transaction():
            return self._database.execute("DELETE FROM asked").rowcount

    # --- values --------------------------------------------------------------------------------

    def values(self, key: str, start: str, limit: int) -> list[str]:
        """What a key of the query language can be given, the most frequent first.

        Only names that begin with ``start``, or have a word that does, in any case.
        """
        names = _NAMES.get(key)
        if names is None:
            return []
        sql = f"""
            SELECT name FROM ({names})
            WHERE name <> '' AND instr(' ' || lower(name), ' ' || lower(?1)) > 0
            GROUP BY name ORDER BY sum(size) DESC, name LIMIT ?2
        """
        return [row[0] for row in self._database.rows(sql, (start, limit))]


_LABELS = "SELECT name, count(*) AS size FROM label WHERE provenance {} GROUP BY name"
_NAMES = {
    "label": _LABELS.format("<> 'suggested'"),
    "label~": _LABELS.format("IS NOT NULL"),
    "camera": "SELECT camera AS name, count(*) AS size FROM content GROUP BY camera",
    "lens": "SELECT lens AS name, count(*) AS size FROM content GROUP BY lens",
    "tag": """SELECT name, count(*) AS size FROM tag JOIN photo_tag USING (tag_id) GROUP BY name
        UNION ALL SELECT k.value, count(*) FROM content c, json_each(c.keywords) k
            WHERE c.keywords <> '[]' GROUP BY k.value""",
    "album": "SELECT name, max(members, 1) AS size FROM album WHERE NOT retired AND NOT hidden",
    "place": """SELECT p.town AS name, count(*) AS size FROM place p JOIN content USING (place_id)
            GROUP BY p.town
        UNION ALL SELECT p.region, count(*) FROM place p JOIN content USING (place_id)
            GROUP BY p.region
        UNION ALL SELECT p.country, count(*) FROM place p JOIN content USING (place_id)
            GROUP BY p.country""",
    "folder": """SELECT file_name(directory(display)) AS name, count(*) AS size FROM photo
        WHERE state = 'present' GROUP BY directory(display)""",
}
