"""Stacks of shots that belong together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.catalogue.duplicates import inherited

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from photolib.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class StackRow:
    """Photos of one stack in the order they were taken; ``stack_id`` 0 when not stored yet."""

    kind: str
    cover_id: int | None
    photo_ids: tuple[int, ...]
    stack_id: int = 0


class StackStore:
    """The tables ``stack`` and ``stack_photo``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shots(self) -> list[sqlite3.Row]:
        """Present photos whose camera wrote the time, but for copies that are not kept.

        Columns: photo_id, content_id, camera, taken_at, exposure, sharpness.
        """
        sql = """
            SELECT min(photo_id) AS photo_id, c.content_id, c.camera, c.taken_at, c.exposure,
                ifnull(c.sharpness, 0) AS sharpness
            FROM photo p JOIN content c USING (content_id)
            WHERE p.state = 'present' AND c.camera IS NOT NULL AND c.taken_source = 'exif'
                AND NOT EXISTS (SELECT 1 FROM duplicate_photo d
                    WHERE d.photo_id = p.photo_id AND d.tier IS NOT NULL)
            GROUP BY c.content_id ORDER BY c.camera, c.taken_at, photo_id
        """
        return self._database.rows(sql)

    def replace(self, stacks: Sequence[StackRow]) -> None:
        """Store these stacks in place of all others; each goes on under the id of its likest."""
        with self._database.transaction():
            old = {photo: row.stack_id for row in self.page() for photo in row.photo_ids}
            self._database.execute("DELETE FROM stack_photo")
            self._database.execute("DELETE FROM stack")
            ids = inherited([row.photo_ids for row in stacks], old)
            for row, stack_id in zip(stacks, ids, strict=True):
                sql = "INSERT INTO stack (stack_id, kind, cover_id) VALUES (?, ?, ?)"
                made = self._database.execute(sql, (stack_id, row.kind, row.cover_id)).lastrowid
                self._database.execute_many(
                    "INSERT INTO stack_photo (photo_id, stack_id) VALUES (?, ?)",
                    [(photo_id, made) for photo_id in row.photo_ids],
                )

    def count(self) -> int:
        """How many stacks there are."""
        return int(self._database.value("SELECT count(*) FROM stack"))

    def page(self, *, limit: int = -1, offset: int = 0) -> list[StackRow]:
        """Stacks, the newest first, with their photos in the order they were taken."""
        sql = """
            SELECT s.stack_id, s.kind, s.cover_id, max(p.taken_at) AS newest
            FROM stack s JOIN stack_photo USING (stack_id) JOIN photo p USING (photo_id)
            GROUP BY s.stack_id ORDER BY newest DESC, s.stack_id LIMIT ? OFFSET ?
        """
        rows = self._database.rows(sql, (limit, offset))
        sql = """SELECT stack_id, photo_id FROM stack_photo JOIN photo USING (photo_id)
                 WHERE stack_id IN (SELECT value FROM json_each(?)) ORDER BY taken_at, photo_id"""
        members: dict[int, list[int]] = {}
        for stack_id, photo_id in self._database.rows(sql, (json.dumps([r[0] for r in rows]),)):
            members.setdefault(stack_id, []).append(photo_id)
        return [
            StackRow(row["kind"], row["cover_id"], tuple(members[row["stack_id"]]), row["stack_id"])
            for row in rows
        ]
