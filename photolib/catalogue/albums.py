"""Albums and the grouping runs that found them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from photolib.catalogue.rows import AlbumRow, GroupingRunRow, NewAlbum

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from photolib.catalogue.database import Database

_VISIBLE = "p.state = 'present' AND NOT p.hidden"

_LIST = f"""
    SELECT a.album_id, a.kind, a.name, a.named_by, a.parent_id, a.level, a.cover_id, a.pinned,
        a.hidden, a.suggestions, count(p.photo_id) AS size, min(p.taken_at) AS first_at,
        max(p.taken_at) AS last_at, cf.path AS cover_root, cp.path AS cover_path
    FROM album a
        LEFT JOIN album_photo ap USING (album_id)
        LEFT JOIN photo p ON p.photo_id = ap.photo_id AND {_VISIBLE}
        LEFT JOIN photo cp ON cp.photo_id = a.cover_id
        LEFT JOIN folder cf ON cf.folder_id = cp.folder_id
    WHERE NOT a.retired AND {{}}
    GROUP BY a.album_id
"""


class Albums:
    """The tables ``album``, ``album_photo`` and ``grouping_run``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, kind: str | None = None) -> int:
        """How many albums there are, of one kind or of all, the hidden ones left out."""
        sql = "SELECT count(*) FROM album WHERE NOT retired AND NOT hidden AND ifnull(?1 = kind, 1)"
        return int(self._database.value(sql, (kind,)))

    def page(self, kind: str | None = None, *, limit: int = -1, offset: int = 0) -> list[AlbumRow]:
        """Albums, the pinned first, then the largest; hidden ones are left out."""
        where = "NOT a.hidden AND ifnull(?1 = a.kind, 1)"
        order = "ORDER BY a.pinned DESC, size DESC, a.album_id LIMIT ?2 OFFSET ?3"
        rows = self._database.rows(f"{_LIST.format(where)} {order}", (kind, limit, offset))
        return [_album(row) for row in rows]

    def get(self, album_id: int) -> AlbumRow | None:
        """One album, also a hidden one."""
        row = self._database.row(_LIST.format("a.album_id = ?"), (album_id,))
        return _album(row) if row else None

    def members(self, kind: str) -> dict[int, set[int]]:
        """For each living album of a kind the photos in it, whatever their state."""
        sql = """SELECT album_id, photo_id FROM album_photo JOIN album USING (album_id)
                 WHERE kind = ? AND NOT retired"""
        members: dict[int, set[int]] = {}
        for album_id, photo_id in self._database.rows(sql, (kind,)):
            members.setdefault(album_id, set()).add(photo_id)
        return members

    def of_photo(self, photo_id: int) -> list[tuple[int, str]]:
        """The albums that a photo is in: id and name."""
        sql = """SELECT album_id, name FROM album_photo JOIN album USING (album_id)
                 WHERE photo_id = ? AND NOT retired AND NOT hidden ORDER BY name"""
        return [(row[0], row[1]) for row in self._database.rows(sql, (photo_id,))]

    def rename(self, album_id: int, name: str) -> None:
        """Give an album a name that no grouping changes any more."""
        values = {"name": name, "named_by": "person"}
        with self._database.transaction():
            self._database.update("album", album_id, values)

    def unsorted(self) -> int:
        """How many visible photos no theme album holds."""
        sql = f"""
            SELECT count(*) FROM photo p WHERE {_VISIBLE} AND p.photo_id NOT IN
                (SELECT photo_id FROM album_photo JOIN album USING (album_id)
                    WHERE kind = 'theme' AND NOT retired)
        """
        return int(self._database.value(sql))

    # --- runs ----------------------------------------------------------------------------------

    def last_run(self, kind: str) -> GroupingRunRow | None:
        """The newest grouping run of a kind."""
        sql = """
            SELECT run_id, r.kind, model_id, eps, min_samples, noise, change
            FROM grouping_run r LEFT JOIN model USING (model_no)
            WHERE r.kind = ? ORDER BY run_id DESC LIMIT 1
        """
        row = self._database.row(sql, (kind,))
        return GroupingRunRow(*row) if row else None

    def replace(
        self,
        kind: str,
        albums: Sequence[NewAlbum],
        *,
        model_no: int | None = None,
        eps: float | None = None,
        min_samples: int | None = None,
        noise: int = 0,
        change: int,
    ) -> int:
        """Store the outcome of a grouping run, all or nothing; return the run's id.

        Albums named by their id keep it, with the names and covers that a person gave; those of the
        kind that no cluster continues are retired, unless pinned or named by a person.
        """
        run = {"kind": kind, "model_no": model_no, "eps": eps, "min_samples": min_samples}
        run |= {"noise": noise, "change": change}
        with self._database.transaction():
            run_id = self._database.insert("grouping_run", run)
            kept = [self._store(kind, album, run_id) for album in albums]
            sql = """
                UPDATE album SET retired = 1 WHERE kind = ? AND NOT pinned AND named_by = 'machine'
                    AND album_id NOT IN (SELECT value FROM json_each(?))
            """
            self._database.execute(sql, (kind, json.dumps(kept)))
        return run_id

    def _store(self, kind: str, album: NewAlbum, run_id: int) -> int:
        album_id = album.album_id
        values: dict[str, Any] = {"run_id": run_id, "level": album.level, "retired": 0}
        values["suggestions"] = json.dumps(album.suggestions, ensure_ascii=False)
        if album_id is None:
            values |= {"kind": kind, "name": album.name, "cover_id": album.cover_id}
            album_id = self._database.insert("album", values)
        else:
            self._database.update("album", album_id, values)
            sql = "UPDATE album SET name = ? WHERE album_id = ? AND named_by = 'machine'"
            self._database.execute(sql, (album.name, album_id))
            self._database.execute("DELETE FROM album_photo WHERE album_id = ?", (album_id,))
        rows = [(album_id, photo_id, i) for i, photo_id in enumerate(album.photo_ids)]
        sql = "INSERT OR IGNORE INTO album_photo (album_id, photo_id, position) VALUES (?, ?, ?)"
        self._database.execute_many(sql, rows)
        cover = f"""
            UPDATE album SET cover_id = ?1 WHERE album_id = ?2 AND NOT EXISTS (SELECT 1 FROM photo p
                JOIN album_photo ap USING (photo_id)
                WHERE p.photo_id = cover_id AND ap.album_id = ?2 AND {_VISIBLE})
        """
        self._database.execute(cover, (album.cover_id, album_id))
        return album_id


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
