"""The journal of removals, and what a removal does to the rows of a photo."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from photolib.catalogue.rows import Given, MemberRow, RemovalDetail, RemovalRow, RemovedFile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from photolib.catalogue.database import Database
    from photolib.catalogue.rows import PhotoRow, Stat

_UNFINISHED = "state IN ('intended', 'restoring', 'purging')"
MOVING = f"{_UNFINISHED} AND state <> 'purging'"
"""Removals whose files are under way; said so that the index of the unfinished ones serves."""
_OURS = "state = 'done' AND json_extract(detail, '$.method') <> 'trash'"
_ORDER = "ORDER BY removal_id"


class Removals:
    """The tables ``removal`` and ``removal_file``, and the rows of ``photo`` that they decide."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- the journal ---------------------------------------------------------------------------

    def new_batch(self) -> int:
        """The number of a batch that begins now; removals are never deleted, so it is new."""
        return int(self._database.value("SELECT ifnull(max(batch_id), 0) + 1 FROM removal"))

    def intend(
        self,
        batch_id: int,
        photo_id: int,
        keeper_id: int | None,
        detail: RemovalDetail,
        files: Sequence[RemovedFile],
    ) -> int:
        """Record that these files, the photo first, are about to be moved; return the id."""
        sql = """INSERT INTO removal (batch_id, photo_id, path, keeper_id, state, detail)
                 VALUES (?, ?, ?, ?, 'intended', ?)"""
        values = (batch_id, photo_id, os.fsencode(files[0].path), keeper_id, _written(detail))
        removal_id = self._database.execute(sql, values).lastrowid
        assert removal_id is not None
        sql = """
            INSERT INTO removal_file (removal_id, path, quarantine, role, size, mtime_ns, inode,
                mode, content_hash, facts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        self._database.execute_many(sql, [_file_values(removal_id, file) for file in files])
        return removal_id

    def redirect(self, removal_id: int, quarantines: Mapping[str, str]) -> None:
        """Record other places in the quarantine for the files of a removal, by their paths."""
        sql = "UPDATE removal_file SET quarantine = ? WHERE removal_id = ? AND path = ?"
        rows = [(os.fsencode(q), removal_id, os.fsencode(p)) for p, q in quarantines.items()]
        self._database.execute_many(sql, rows)

    def set_state(self, removal_id: int, state: str) -> None:
        """Record how far a removal has come."""
        sql = "UPDATE removal SET state = ? WHERE removal_id = ?"
        self._database.execute(sql, (state, removal_id))

    def set_detail(self, removal_id: int, detail: RemovalDetail) -> None:
        """Replace the circumstances of a removal."""
        sql = "UPDATE removal SET detail = ? WHERE removal_id = ?"
        self._database.execute(sql, (_written(detail), removal_id))

    def unfinished(self) -> list[RemovalRow]:
        """Removals that a crash may have left between two steps, oldest first."""
        return self._read(f"{_UNFINISHED} {_ORDER}")

    def is_unfinished(self) -> bool:
        """Whether there are any."""
        sql = f"SELECT EXISTS (SELECT 1 FROM removal WHERE {_UNFINISHED})"
        return bool(self._database.value(sql))

    def under_way(self) -> set[int]:
        """The photos whose files are being moved right now, or were when a process died."""
        sql = f"SELECT photo_id FROM removal WHERE {MOVING}"
        return {row[0] for row in self._database.rows(sql)}

    def of_batch(self, batch_id: int) -> list[RemovalRow]:
        """All removals of a batch, oldest first."""
        return self._read(f"batch_id = ? {_ORDER}", batch_id)

    def last_batch(self) -> int | None:
        """The newest batch that has files in the quarantine."""
        sql = "SELECT max(batch_id) FROM removal WHERE state = 'done'"
        found: int | None = self._database.value(sql)
        return found

    def done_for(self, keeper_id: int) -> list[RemovalRow]:
        """The removals that hold, of copies of one keeper, oldest first."""
        return self._read(f"keeper_id = ? AND state = 'done' {_ORDER}", keeper_id)

    def done_since(self, row: RemovalRow) -> int | None:
        """The batch of a later removal of the same photo that holds."""
        sql = """SELECT max(batch_id) FROM removal WHERE photo_id = ? AND state = 'done'
                 AND removal_id > ?"""
        found: int | None = self._database.value(sql, (row.photo_id, row.removal_id))
        return found

    def get(self, removal_id: int) -> RemovalRow | None:
        """One removal by its id."""
        found = self._read("removal_id = ?", removal_id)
        return found[0] if found else None

    def done_before(self, at: str, batch_id: int | None = None) -> list[RemovalRow]:
        """The removals that hold since before a moment (UTC, ISO), of one batch or of all.

        What went to the system's trash is the system's to delete.
        """
        where = f"{_OURS} AND at <= ? AND ifnull(? = batch_id, 1) {_ORDER}"
        return self._read(where, at, batch_id)

    def batch_count(self) -> int:
        """How many batches there have been."""
        return int(self._database.value("SELECT count(DISTINCT batch_id) FROM removal"))

    def batches(self, limit: int = -1, offset: int = 0) -> list[list[RemovalRow]]:
        """Batches, the newest first, with their removals, oldest first."""
        sql = "SELECT DISTINCT batch_id FROM removal ORDER BY batch_id DESC LIMIT ? OFFSET ?"
        numbers = [row[0] for row in self._database.rows(sql, (limit, offset))]
        batches: dict[int, list[RemovalRow]] = {number: [] for number in numbers}
        where = f"batch_id IN (SELECT value FROM json_each(?)) {_ORDER}"
        for row in self._read(where, json.dumps(numbers)):
            batches[row.batch_id].append(row)
        return list(batches.values())

    def waiting(self) -> tuple[int, int]:
        """How many files wait in the quarantine, and their bytes."""
        sql = f"""SELECT count(*), ifnull(sum(size), 0) FROM removal JOIN removal_file
                 USING (removal_id) WHERE {_OURS}"""
        row = self._database.row(sql)
        return (row[0], row[1]) if row else (0, 0)

    def _read(self, where: str, *values: Any) -> list[RemovalRow]:
        sql = f"""SELECT removal_id, batch_id, photo_id, path, keeper_id, state, at, detail
                  FROM removal WHERE {where}"""
        rows = self._database.rows(sql, values)
        files = self._files([row["removal_id"] for row in rows])
        roots = self._roots()
        return [_removal(row, files.get(row["removal_id"], []), roots) for row in rows]

    def _files(self, removal_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
        sql = """SELECT * FROM removal_file WHERE removal_id IN (SELECT value FROM json_each(?))
                 ORDER BY role <> 'photo', path"""
        files: dict[int, list[sqlite3.Row]] = {}
        for row in self._database.rows(sql, (json.dumps(list(removal_ids)),)):
            files.setdefault(row["removal_id"], []).append(row)
        return files

    def _roots(self) -> dict[int, str]:
        """Where the folders are now: one that was relocated has taken its quarantine along."""
        rows = self._database.rows("SELECT folder_id, path FROM folder")
        return {row[0]: os.fsdecode(row[1]) for row in rows}

    # --- what a plan is made from --------------------------------------------------------------

    def set_around(self, photo_id: int) -> list[MemberRow]:
        """The present members of the duplicate set that a photo is in; empty without one."""
        sql = """
            SELECT d.photo_id, s.set_id, s.keeper_id, s.tie, d.tier, d.relation, d.score
            FROM duplicate_photo own JOIN duplicate_set s USING (set_id)
                JOIN duplicate_photo d USING (set_id) JOIN photo p ON p.photo_id = d.photo_id
            WHERE own.photo_id = ? AND p.state = 'present' ORDER BY d.photo_id
        """
        return [MemberRow(*row) for row in self._database.rows(sql, (photo_id,))]

    def owner_of(self, folder_id: int, path: bytes) -> str | None:
        """The name of the photo that the file at a path in a folder is a part of."""
        sql = """SELECT p.display FROM part t JOIN photo p USING (photo_id)
                 WHERE t.folder_id = ? AND t.path = ?"""
        found: str | None = self._database.value(sql, (folder_id, path))
        return found

    # --- the photo (inside the caller's transaction) -------------------------------------------

    def take_away(self, photo: PhotoRow) -> bool:
        """Mark a photo removed and forget its parts; False when its row has changed since."""
        sql = """UPDATE photo SET state = 'removed' WHERE photo_id = ? AND state = 'present'
                 AND content_id = ? AND folder_id = ? AND path = ?"""
        path = os.fsencode(photo.path)
        root = self._database.value(
            "SELECT path FROM folder WHERE folder_id = ?", (photo.folder_id,)
        )
        relative = os.path.relpath(path, root)
        values = (photo.photo_id, photo.content_id, photo.folder_id, relative)
        if not self._database.execute(sql, values).rowcount:
            return False
        self._database.execute("DELETE FROM part WHERE photo_id = ?", (photo.photo_id,))
        return True

    def bring_back(self, row: RemovalRow, stat: Stat) -> bool:
        """Make a removed photo present again; False when its row is gone (a forgotten folder).

        A row that a scan has made for the file in the meantime gives way: one of the same content
        hands over its albums and tags and counts as removed, another one is missing from now on.
        """
        root = self._roots().get(row.detail.folder_id)
        if root is None:
            return False
        relative = os.path.relpath(os.fsencode(row.path), os.fsencode(root))
        self._clear(row, relative)
        sql = """UPDATE photo SET state = 'present', size = ?, mtime_ns = ?, inode = ?
                 WHERE photo_id = ? AND folder_id = ? AND path = ? AND state <> 'present'"""
        values = (*stat, row.photo_id, row.detail.folder_id, relative)
        return bool(self._database.execute(sql, values).rowcount)

    def look_again(self, row: RemovalRow, stat: Stat) -> None:
        """Note another file of the same bytes at a photo's path."""
        sql = """UPDATE photo SET size = ?, mtime_ns = ?, inode = ? WHERE photo_id = ?
                 AND state = 'present' AND content_id = ?"""
        self._database.execute(sql, (*stat, row.photo_id, row.detail.content_id))

    def _clear(self, row: RemovalRow, relative: bytes) -> None:
        """Take whatever row stands at the path of a photo that comes back out of its way."""
        sql = """SELECT photo_id, content_id FROM photo WHERE folder_id = ? AND path = ?
                 AND state = 'present' AND photo_id <> ?"""
        standing = self._database.row(sql, (row.detail.folder_id, relative, row.photo_id))
        if standing is None:
            return
        newcomer = standing["photo_id"]
        if standing["content_id"] != row.detail.content_id:
            sql = "UPDATE photo SET state = 'missing' WHERE photo_id = ?"
            self._database.execute(sql, (newcomer,))
            return
        for table, column in (("photo_tag", "tag_id"), ("album_photo", "album_id")):
            sql = f"""INSERT OR IGNORE INTO {table} (photo_id, {column})
                      SELECT ?, {column} FROM {table} WHERE photo_id = ?"""
            self._database.execute(sql, (row.photo_id, newcomer))
        # Not deleted: a grouping that runs meanwhile may be about to refer to it.
        sql = "UPDATE photo SET state = 'removed' WHERE photo_id = ?"
        self._database.execute(sql, (newcomer,))

    def bring_back_part(self, row: RemovalRow, file: RemovedFile) -> None:
        """Link a part to its photo again, with what it said of it."""
        root = self._roots()[row.detail.folder_id]
        relative = os.path.relpath(os.fsencode(file.path), os.fsencode(root))
        sql = """
            INSERT INTO part (folder_id, photo_id, path, display, role, size, mtime_ns,
                content_hash, facts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (folder_id, path) DO UPDATE SET photo_id = excluded.photo_id,
                size = excluded.size, mtime_ns = excluded.mtime_ns, role = excluded.role
        """
        shown = os.fsencode(file.path).decode("utf-8", "backslashreplace")
        photo = (row.detail.folder_id, row.photo_id, relative, shown, file.role)
        said = (file.size, file.mtime_ns, file.content_hash, file.facts)
        self._database.execute(sql, (*photo, *said))


def _written(detail: RemovalDetail) -> str:
    return json.dumps(asdict(detail))


def _file_values(removal_id: int, file: RemovedFile) -> tuple[Any, ...]:
    paths = os.fsencode(file.path), os.fsencode(file.quarantine)
    numbers = file.size, file.mtime_ns, file.inode, file.mode
    return (removal_id, *paths, file.role, *numbers, file.content_hash, file.facts)


def _removal(row: sqlite3.Row, files: list[sqlite3.Row], roots: dict[int, str]) -> RemovalRow:
    stored = json.loads(row["detail"])
    stored |= {name: _given(stored[name]) for name in ("given", "own")}
    detail = RemovalDetail(**stored)
    now = roots.get(detail.folder_id, detail.root)

    def place(path: bytes) -> str:
        inside = os.path.relpath(path, os.fsencode(detail.root))
        if now == detail.root or inside.split(os.fsencode(os.sep))[0] == os.fsencode(os.pardir):
            return os.fsdecode(path)
        return os.path.join(now, os.fsdecode(inside))

    return RemovalRow(
        removal_id=row["removal_id"],
        batch_id=row["batch_id"],
        photo_id=row["photo_id"],
        path=place(row["path"]),
        keeper_id=row["keeper_id"],
        state=row["state"],
        at=row["at"],
        detail=detail,
        files=tuple(
            RemovedFile(
                path=place(file["path"]),
                quarantine=place(file["quarantine"]),
                role=file["role"],
                size=file["size"],
                mtime_ns=file["mtime_ns"],
                inode=file["inode"],
                mode=file["mode"],
                content_hash=file["content_hash"],
                facts=file["facts"],
            )
            for file in files
        ),
    )


def _given(stored: dict[str, Any]) -> Given:
    return Given(
        tuple(stored["tags"]), tuple(stored["albums"]), stored["rating"], stored["favourite"]
    )
