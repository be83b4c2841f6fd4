"""Watched folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from photolib.catalogue.rows import FolderRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from photolib.catalogue.database import Database

_COLUMNS = "folder_id, path, display, marker, device, reference, poll, ignore, state, scanned_at"


class Folders:
    """The table ``folder``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[FolderRow]:
        """Every watched folder, in the order of their paths."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM folder WHERE NOT forgotten ORDER BY path"
        )
        return [_folder(row) for row in rows]

    def get(self, folder_id: int) -> FolderRow | None:
        """One folder by its id."""
        sql = f"SELECT {_COLUMNS} FROM folder WHERE folder_id = ?"
        row = self._database.row(sql, (folder_id,))
        return _folder(row) if row else None

    def add(
        self,
        path: bytes,
        display: str,
        *,
        marker: str | None,
        device: int,
        reference: bool,
        poll: bool,
        ignore: Sequence[str],
    ) -> int:
        """Add a folder, or take back one that was set aside, and return its id."""
        values = {"path": path, "display": display, "marker": marker, "device": device}
        values |= {
            "reference": int(reference),
            "poll": int(poll),
            "ignore": json.dumps(list(ignore)),
        }
        with self._database.transaction():
            aside = self._database.value("SELECT folder_id FROM folder WHERE path = ?", (path,))
            if aside is None:
                return self._database.insert("folder", values)
            self._database.update("folder", aside, values | {"forgotten": 0})
            return int(aside)

    def configure(
        self, folder_id: int, *, reference: bool, poll: bool, ignore: Sequence[str]
    ) -> None:
        """Change how a folder is treated."""
        values = {"reference": int(reference), "poll": int(poll)}
        with self._database.transaction():
            self._database.update("folder", folder_id, values)
            self._database.update("folder", folder_id, {"ignore": json.dumps(list(ignore))})

    def relocate(self, folder_id: int, path: bytes, display: str, device: int) -> None:
        """Point a folder, and all that hangs on it, at a new path."""
        values = {"path": path, "display": display, "device": device, "state": "online"}
        with self._database.transaction():
            self._database.update("folder", folder_id, values)

    def set_state(self, folder_id: int, state: str) -> None:
        """Record whether a folder is online; writes nothing when that is known."""
        sql = "UPDATE folder SET state = ? WHERE folder_id = ? AND state <> ?"
        with self._database.transaction():
            self._database.execute(sql, (state, folder_id, state))

    def scanned(self, folder_id: int) -> None:
        """Record the end of a complete scan."""
        now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        sql = f"UPDATE folder SET scanned_at = {now} WHERE folder_id = ?"
        with self._database.transaction():
            self._database.execute(sql, (folder_id,))

    def is_set_aside(self, path: bytes) -> bool:
        """Whether a folder that is not watched any more keeps its photos under this path."""
        sql = "SELECT 1 FROM folder WHERE path = ? AND forgotten"
        return self._database.value(sql, (path,)) is not None

    def set_aside(self, folder_id: int) -> int:
        """Stop watching a folder but keep its photos, as missing; return how many there are."""
        with self._database.transaction():
            self._database.update("folder", folder_id, {"forgotten": 1})
            sql = "UPDATE photo SET state = 'missing' WHERE folder_id = ? AND state = 'present'"
            return self._database.execute(sql, (folder_id,)).rowcount

    def forget(self, folder_id: int) -> int:
        """Delete a folder, its photos and all that only they needed; return the photos deleted."""
        with self._database.transaction():
            sql = "SELECT count(*) FROM photo WHERE folder_id = ?"
            count = int(self._database.value(sql, (folder_id,)))
            self._database.execute("DELETE FROM folder WHERE folder_id = ?", (folder_id,))
            orphans = "DELETE FROM content WHERE content_id NOT IN (SELECT content_id FROM photo)"
            self._database.execute(orphans)
            empty = """DELETE FROM album WHERE named_by = 'machine' AND NOT pinned
                       AND album_id NOT IN (SELECT album_id FROM album_photo)"""
            self._database.execute(empty)
            alone = """DELETE FROM duplicate_set WHERE set_id NOT IN (SELECT set_id
                       FROM duplicate_photo GROUP BY set_id HAVING count(*) > 1)"""
            self._database.execute(alone)
        return count


def _folder(row: sqlite3.Row) -> FolderRow:
    return FolderRow(
        folder_id=row["folder_id"],
        path=row["path"],
        display=row["display"],
        marker=row["marker"],
        device=row["device"],
        reference=bool(row["reference"]),
        poll=bool(row["poll"]),
        ignore=tuple(json.loads(row["ignore"])),
        state=row["state"],
        scanned_at=row["scanned_at"],
    )
