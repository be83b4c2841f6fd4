"""What a person did with a photo, and handing it to another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from photolib.catalogue.rows import Given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.catalogue.database import Database


class Merges:
    """Tags, a person's albums, rating and favourite of single photos."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, photo_id: int) -> Given | None:
        """What a photo has now; None for one that is not known.

        Only albums that a person fills count: the others are made anew by each grouping.
        """
        sql = "SELECT rating, favourite FROM photo WHERE photo_id = ?"
        photo = self._database.row(sql, (photo_id,))
        if photo is None:
            return None
        tags = """SELECT name FROM photo_tag JOIN tag USING (tag_id) WHERE photo_id = ?
                  ORDER BY name"""
        albums = """SELECT album_id FROM album_photo JOIN album USING (album_id)
                    WHERE photo_id = ? AND kind = 'user' AND NOT retired ORDER BY album_id"""
        return Given(
            tuple(row[0] for row in self._database.rows(tags, (photo_id,))),
            tuple(row[0] for row in self._database.rows(albums, (photo_id,))),
            photo["rating"],
            bool(photo["favourite"]),
        )

    def add(self, photo_id: int, tags: Iterable[str], albums: Iterable[int]) -> None:
        """Give a photo tags, and put it last into albums that are still there."""
        tag = "INSERT OR IGNORE INTO tag (name) VALUES (?)"
        link = """INSERT OR IGNORE INTO photo_tag (photo_id, tag_id)
                  SELECT ?, tag_id FROM tag WHERE name = ?"""
        for name in tags:
            self._database.execute(tag, (name,))
            self._database.execute(link, (photo_id, name))
        member = """
            INSERT OR IGNORE INTO album_photo (album_id, photo_id, position)
            SELECT album_id, ?1, (SELECT ifnull(max(position) + 1, 0) FROM album_photo
                WHERE album_id = ?2) FROM album WHERE album_id = ?2
        """
        for album_id in albums:
            self._database.execute(member, (photo_id, album_id))

    def take(self, photo_id: int, tags: Iterable[str], albums: Iterable[int]) -> None:
        """Take tags and album memberships from a photo again."""
        tag = """DELETE FROM photo_tag WHERE photo_id = ?
                 AND tag_id IN (SELECT tag_id FROM tag WHERE name = ?)"""
        for name in tags:
            self._database.execute(tag, (photo_id, name))
        member = "DELETE FROM album_photo WHERE photo_id = ? AND album_id = ?"
        for album_id in albums:
            self._database.execute(member, (photo_id, album_id))

    def rate(self, photo_id: int, rating: int | None, favourite: bool) -> None:
        """Set a photo's rating and whether it is a favourite."""
        sql = "UPDATE photo SET rating = ?, favourite = ? WHERE photo_id = ?"
        self._database.execute(sql, (rating, int(favourite), photo_id))

    def album_names(self, album_ids: Iterable[int]) -> tuple[str, ...]:
        """The names of albums."""
        sql = """SELECT name FROM album WHERE album_id IN (SELECT value FROM json_each(?))
                 ORDER BY name"""
        return tuple(row[0] for row in self._database.rows(sql, (json.dumps(list(album_ids)),)))
