"""Files that failed or were skipped, and why."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from photolib.catalogue.rows import ProblemRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.catalogue.database import Database
    from photolib.catalogue.rows import Stat


class Problems:
    """The table ``problem``. The stage ``read`` decides whether a file can be a photo at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        folder_id: int,
        path: bytes,
        display: str,
        stat: Stat,
        *,
        outcome: str,
        code: str,
        reason: str,
        remedy: str = "",
        retryable: bool = False,
        stage: str = "read",
        photo_id: int | None = None,
    ) -> None:
        """Record what happened to a file; a repeated failure counts its attempts."""
        sql = """
            INSERT INTO problem (folder_id, path, display, photo_id, outcome, stage, code, reason,
                remedy, retryable, size, mtime_ns)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (folder_id, path, stage) DO UPDATE SET photo_id = excluded.photo_id,
                outcome = excluded.outcome, code = excluded.code, reason = excluded.reason,
                remedy = excluded.remedy, retryable = excluded.retryable, size = excluded.size,
                mtime_ns = excluded.mtime_ns, attempts = attempts + 1,
                last_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
        """
        values = (folder_id, path, display, photo_id, outcome, stage, code, reason, remedy)
        self._database.execute(sql, (*values, int(retryable), stat.size, stat.mtime_ns))

    def solve(self, folder_id: int, path: bytes) -> None:
        """Forget the problems of a path: it can be read now."""
        sql = "DELETE FROM problem WHERE folder_id = ? AND path = ?"
        self._database.execute(sql, (folder_id, path))

    def drop(self, problem_ids: Iterable[int]) -> None:
        """Forget the problems of files that are gone."""
        sql = "DELETE FROM problem WHERE problem_id IN (SELECT value FROM json_each(?))"
        self._database.execute(sql, (json.dumps(list(problem_ids)),))

    def retry(self) -> None:
        """Make the next scan try every recorded failure again."""
        with self._database.transaction():
            sql = (
                "UPDATE problem SET mtime_ns = -1 WHERE outcome = 'failed' OR code = 'unsupported'"
            )
            self._database.execute(sql)

    def count(self, outcome: str) -> int:
        """How many files failed or were skipped: files that are no photos."""
        sql = "SELECT count(*) FROM problem WHERE outcome = ?"
        return int(self._database.value(sql, (outcome,)))

    def total(self, outcome: str) -> int:
        """How many rows ``page`` has in all: also the stages that failed on photos."""
        sql = "SELECT count(*) FROM trouble WHERE outcome = ?"
        return int(self._database.value(sql, (outcome,)))

    def page(self, outcome: str, *, limit: int = -1, offset: int = 0) -> list[ProblemRow]:
        """Failed or skipped files, and photos on which a stage failed, by their paths."""
        sql = """
            SELECT f.path AS root, r.path, photo_id, outcome, stage, code, reason, remedy, attempts,
                last_at, retryable
            FROM trouble r JOIN folder f USING (folder_id)
            WHERE outcome = ? ORDER BY f.path, r.path, stage LIMIT ? OFFSET ?
        """
        rows = self._database.rows(sql, (outcome, limit, offset))
        return [
            ProblemRow(os.fsdecode(os.path.join(root, path)), *rest) for root, path, *rest in rows
        ]
