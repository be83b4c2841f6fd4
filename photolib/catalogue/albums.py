"""Albums and what is in them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from photolib.catalogue.rows import AlbumRow, NewAlbum

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from photolib.catalogue.database import Database

_VISIBLE = "p.state = 'present' AND NOT p.hidden"

_SIZES = """
    SELECT album_id, sum(members) AS size FROM (
        SELECT album_id, members FROM album
        UNION ALL SELECT parent_id, members FROM album WHERE parent_id IS NOT NULL AND NOT retired
        UNION ALL SELECT b.parent_id, a.members
            FROM album b JOIN album a ON a.parent_id = b.album_id
            WHERE b.parent_id IS NOT NULL AND NOT a.retired AND NOT b.retired)
    GROUP BY album_id
"""
"""Sizes to sort by: photos that are not shown count, so that no photo has to be looked at."""

_ORDERED = f"""
    WITH size AS MATERIALIZED ({_SIZES})
    SELECT a.album_id FROM album a JOIN size s USING (album_id)
        LEFT JOIN album up ON up.album_id = a.parent_id AND NOT up.retired
        LEFT JOIN album top ON top.album_id = up.parent_id AND NOT top.retired
        LEFT JOIN size us ON us.album_id = up.album_id
        LEFT JOIN size ts ON ts.album_id = top.album_id
    WHERE NOT a.retired AND NOT a.hidden AND NOT ifnull(up.hidden, 0) AND NOT ifnull(top.hidden, 0)
        AND ifnull(?1 = a.kind, 1)
    ORDER BY max(a.pinned, ifnull(up.pinned, 0), ifnull(top.pinned, 0)) DESC,
        coalesce(ts.size, us.size, s.size) DESC, coalesce(top.album_id, up.album_id, a.album_id),
        up.album_id IS NOT NULL,
        iif(top.album_id IS NULL, s.size, us.size) DESC,
        iif(top.album_id IS NULL, a.album_id, up.album_id),
        top.album_id IS NOT NULL, s.size DESC, a.album_id
    LIMIT ?2 OFFSET ?3
"""
"""The pinned first, then the largest, each followed by the albums in it."""

INSIDE = """
    (WITH RECURSIVE inside (album_id) AS (VALUES (?)
        UNION ALL SELECT a.album_id FROM album a JOIN inside ON a.parent_id = inside.album_id
        WHERE NOT a.retired)
    SELECT album_id FROM inside)
"""
"""An album and those in it; photos belong to the innermost."""

_LIST = f"""
    WITH RECURSIVE inside (root, album_id) AS (SELECT value, value FROM json_each(?)
        UNION ALL SELECT root, c.album_id FROM album c JOIN inside ON c.parent_id = inside.album_id
        WHERE NOT c.retired)
    SELECT a.album_id, a.kind, a.name, a.named_by, a.parent_id, a.level, a.cover_id, a.pinned,
        a.hidden, a.suggestions, count(p.photo_id) AS size, min(p.taken_at) AS first_at,
        max(p.taken_at) AS last_at, cf.path AS cover_root, cp.path AS cover_path
    FROM inside JOIN album a ON a.album_id = inside.root
        LEFT JOIN album_photo ap ON ap.album_id = inside.album_id
        LEFT JOIN photo p ON p.photo_id = ap.photo_id AND {_VISIBLE}
        LEFT JOIN photo cp ON cp.photo_id = a.cover_id
        LEFT JOIN folder cf ON cf.folder_id = cp.folder_id
    WHERE NOT a.retired GROUP BY a.album_id
"""


class Albums:
    """The tables ``album`` and ``album_photo``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, kind: str | None = None) -> int:
        """How many albums there are, of one kind or of all, the hidden ones left out."""
        sql = """
            SELECT count(*) FROM album a LEFT JOIN album up ON up.album_id = a.parent_id
                AND NOT up.retired
            WHERE NOT a.retired AND NOT a.hidden AND NOT ifnull(up.hidden, 0)
                AND ifnull(?1 = a.kind, 1)
                AND NOT EXISTS (SELECT 1 FROM album top WHERE top.album_id = up.parent_id
                    AND top.hidden AND NOT top.retired)
        """
        return int(self._database.value(sql, (kind,)))

    def page(self, kind: str | None = None, *, limit: int = -1, offset: int = 0) -> list[AlbumRow]:
        """Albums, the pinned first, then the largest, each followed by those in it.

        Hidden ones, and what is in them, are left out. Only the photos of the page are counted.
        """
        rows = self._database.rows(_ORDERED, (kind, limit, offset))
        return self.many([row["album_id"] for row in rows])

    def many(self, album_ids: Sequence[int]) -> list[AlbumRow]:
        """Albums by their ids, in that order, also hidden ones; unknown ids are left out."""
        rows = self._database.rows(_LIST, (json.dumps(list(album_ids)),))
        found = {row["album_id"]: _album(row) for row in rows}
        return [found[album_id] for album_id in album_ids if album_id in found]

    def get(self, album_id: int) -> AlbumRow | None:
        """One album, also a hidden one."""
        return next(iter(self.many([album_id])), None)

    def exists(self, album_id: int) -> bool:
        """Whether an album has that id, be it one that nothing is in any more."""
        sql = "SELECT 1 FROM album WHERE album_id = ?"
        return self._database.value(sql, (album_id,)) is not None

    def children(self, album_id: int) -> list[int]:
        """The albums directly in an album."""
        sql = "SELECT album_id FROM album WHERE parent_id = ? AND NOT retired ORDER BY album_id"
        return [row[0] for row in self._database.rows(sql, (album_id,))]

    def hidden(self) -> list[int]:
        """The hidden albums."""
        sql = "SELECT album_id FROM album WHERE hidden AND NOT retired ORDER BY album_id"
        return [row[0] for row in self._database.rows(sql)]

    def wanted(self, kind: str) -> dict[int, str]:
        """The albums of a kind that a person named, pinned or hid, and which of these."""
        sql = """SELECT album_id, CASE WHEN pinned THEN 'pin' WHEN hidden THEN 'hide' ELSE 'name'
                     END FROM album
                 WHERE kind = ? AND NOT retired AND (pinned OR hidden OR named_by = 'person')"""
        return {row[0]: row[1] for row in self._database.rows(sql, (kind,))}

    def photo_ids(self, album_id: int) -> list[int]:
        """The photos of an album and of those in it, whatever their state, by capture time."""
        sql = f"""SELECT photo_id FROM album_photo JOIN photo USING (photo_id)
                  WHERE album_id IN {INSIDE} ORDER BY taken_at, photo_id"""
        return [row[0] for row in self._database.rows(sql, (album_id,))]

    def crops(self, album_id: int) -> dict[int, int]:
        """For a subject, the crop that stands for it in each photo."""
        sql = f"""SELECT photo_id, crop_id FROM album_photo
                  WHERE album_id IN {INSIDE} AND crop_id IS NOT NULL"""
        return {row[0]: row[1] for row in self._database.rows(sql, (album_id,))}

    def names(self, kind: str) -> dict[int, tuple[str, str, int | None, int]]:
        """For each living album of a kind its name, who gave it, its parent and its level."""
        sql = """SELECT album_id, name, named_by, parent_id, level FROM album
                 WHERE kind = ? AND NOT retired"""
        return {
            row[0]: (row[1], row[2], row[3], row[4]) for row in self._database.rows(sql, (kind,))
        }

    def members(self, kind: str) -> dict[int, set[int]]:
        """For each living album of a kind the photos in it, whatever their state."""
        sql = """SELECT album_id, photo_id FROM album_photo JOIN album USING (album_id)
                 WHERE kind = ? AND NOT retired"""
        members: dict[int, set[int]] = {}
        for album_id, photo_id in self._database.rows(sql, (kind,)):
            members.setdefault(album_id, set()).add(photo_id)
        return members

    def member_crops(self, kind: str) -> dict[int, set[int]]:
        """For each living album of a kind the crops that stand for it."""
        sql = """SELECT album_id, crop_id FROM album_photo JOIN album USING (album_id)
                 WHERE kind = ? AND NOT retired AND crop_id IS NOT NULL"""
        members: dict[int, set[int]] = {}
        for album_id, crop_id in self._database.rows(sql, (kind,)):
            members.setdefault(album_id, set()).add(crop_id)
        return members

    def home_of(self, kind: str) -> dict[int, int]:
        """For each photo in an album of a kind, the innermost."""
        sql = """SELECT photo_id, album_id FROM album_photo JOIN album USING (album_id)
                 WHERE kind = ? AND NOT retired ORDER BY album_id"""
        return {row[0]: row[1] for row in self._database.rows(sql, (kind,))}

    def of_photo(self, photo_id: int) -> list[tuple[int, str]]:
        """The albums that a photo is in: id and name."""
        sql = """SELECT album_id, name FROM album_photo JOIN album USING (album_id)
                 WHERE photo_id = ? AND NOT retired AND NOT hidden ORDER BY name"""
        return [(row[0], row[1]) for row in self._database.rows(sql, (photo_id,))]

    def unsorted(self) -> int:
        """How many visible photos no theme album holds."""
        sql = f"""
            SELECT count(*) FROM photo p WHERE {_VISIBLE} AND p.photo_id NOT IN
                (SELECT photo_id FROM album_photo JOIN album USING (album_id)
                    WHERE kind = 'theme' AND NOT retired)
        """
        return int(self._database.value(sql))

    # --- grouping (inside the caller's transaction) --------------------------------------------

    def create(self, kind: str, name: str, cover_id: int | None = None) -> int:
        """Store an album without photos; return its id."""
        return self._database.insert("album", {"kind": kind, "name": name, "cover_id": cover_id})

    def replace(
        self, kind: str, albums: Sequence[NewAlbum], *, run_id: int, same: Iterable[int] = ()
    ) -> list[int]:
        """Store albums in place of all others of their kind; return their ids.

        Albums named by their id keep it, with the names and covers that a person gave. ``same`` are
        left as they are. All others of the kind are retired, unless a person has pinned, hidden or
        named them.
        """
        with self._database.transaction():
            ids = [self._store(kind, album, run_id) for album in albums]
            self._retire(kind, {*ids, *same})
        return ids

    def _retire(self, kind: str, kept: Iterable[int]) -> None:
        sql = """
            UPDATE album SET retired = 1 WHERE kind = ? AND NOT retired AND NOT pinned
                AND NOT hidden AND named_by = 'machine'
                AND album_id NOT IN (SELECT value FROM json_each(?))
        """
        self._database.execute(sql, (kind, json.dumps(list(kept))))

    def retire(self, album_ids: Iterable[int]) -> None:
        """Take albums off the lists that decisions have emptied, whoever named them."""
        sql = "UPDATE album SET retired = 1 WHERE album_id IN (SELECT value FROM json_each(?))"
        self._database.execute(sql, (json.dumps(list(album_ids)),))

    def _store(self, kind: str, album: NewAlbum, run_id: int) -> int:
        values: dict[str, Any] = {"run_id": run_id, "level": album.level, "retired": 0}
        values["suggestions"] = json.dumps(album.suggestions, ensure_ascii=False)
        values["parent_id"] = album.parent
        album_id = album.album_id
        if album_id is None:
            values |= {"kind": kind, "name": album.name, "cover_id": album.cover_id}
            album_id = self._database.insert("album", values)
        else:
            self._database.update("album", album_id, values)
            sql = "UPDATE album SET name = ? WHERE album_id = ? AND named_by = 'machine'"
            self._database.execute(sql, (album.name, album_id))
        self._fill(album_id, album)
        self._cover(album_id, album.cover_id)
        return album_id

    def _cover(self, album_id: int, cover_id: int | None) -> None:
        """Set the cover, unless the album has one that is shown and in it."""
        sql = f"""
            UPDATE album SET cover_id = ? WHERE album_id = ? AND NOT EXISTS (SELECT 1 FROM photo p
                JOIN album_photo ap USING (photo_id)
                WHERE p.photo_id = cover_id AND ap.album_id IN {INSIDE} AND {_VISIBLE})
        """
        self._database.execute(sql, (cover_id, album_id, album_id))

    def _fill(self, album_id: int, album: NewAlbum) -> None:
        """Make the photos of an album those given, touching only the rows that differ."""
        sql = """DELETE FROM album_photo WHERE album_id = ?
                 AND photo_id NOT IN (SELECT value FROM json_each(?))"""
        self._database.execute(sql, (album_id, json.dumps(album.photo_ids)))
        crops = album.crop_ids or (None,) * len(album.photo_ids)
        sql = """INSERT INTO album_photo (album_id, photo_id, crop_id, position) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET crop_id = excluded.crop_id,
                     position = excluded.position
                 WHERE crop_id IS NOT excluded.crop_id OR position <> excluded.position"""
        places = dict(zip(album.photo_ids, crops, strict=True))
        rows = [(album_id, photo, crop, i) for i, (photo, crop) in enumerate(places.items())]
        self._database.execute_many(sql, rows)


def _album(row: sqlite3.Row) -> AlbumRow:
    cover = row["cover_path"]
    return AlbumRow(
        album_id=row["album_id"],
        kind=row["kind"],
        name=row["name"],
        named_by=row["named_by"],
        size=row["size"],
        parent_id=row["parent_id"],
        level=row["level"],
        cover_id=row["cover_id"],
        cover_path=os.fsdecode(os.path.join(row["cover_root"], cover)) if cover else None,
        first_at=row["first_at"],
        last_at=row["last_at"],
        pinned=bool(row["pinned"]),
        hidden=bool(row["hidden"]),
        suggestions=tuple(json.loads(row["suggestions"])),
    )
