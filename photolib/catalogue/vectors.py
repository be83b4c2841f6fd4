"""Models, the vectors they have left, the stored neighbour graph, and the log of changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue.rows import ModelRow, Neighbours, Vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue.database import Database

_PORTION = 20_000
"""Rows read at a time, so that a million vectors never stand in memory twice."""

_MODEL = "SELECT model_no, model_id, kind, name, dimensions, source FROM model"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an index must do to catch up to ``change``: remove these ids, then add these."""

    change: int
    removed: list[int]
    added: list[int]


class VectorStore:
    """The tables ``model``, ``embedding``, ``neighbour``, ``stage`` and ``change_log``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- models --------------------------------------------------------------------------------

    def register(
        self, model_id: str, kind: str, name: str, dimensions: int | None, source: str | None = None
    ) -> int:
        """The number of a model, stored on first sight."""
        known = self._database.value("SELECT model_no FROM model WHERE model_id = ?", (model_id,))
        if known is not None:
            return int(known)
        sql = """
            INSERT INTO model (model_id, kind, name, dimensions, source) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (model_id) DO UPDATE SET name = excluded.name RETURNING model_no
        """
        with self._database.transaction():
            return int(self._database.value(sql, (model_id, kind, name, dimensions, source)))

    def models(self) -> list[ModelRow]:
        """Every model that has left something in the catalogue."""
        return [ModelRow(*row) for row in self._database.rows(f"{_MODEL} ORDER BY model_no")]

    def model(self, model_id: str) -> ModelRow | None:
        """One model by its id."""
        row = self._database.row(f"{_MODEL} WHERE model_id = ?", (model_id,))
        return ModelRow(*row) if row else None

    # --- embeddings ----------------------------------------------------------------------------

    def add(
        self,
        model_no: int,
        kind: str,
        content_id: int,
        vector: NDArray[np.float32],
        *,
        crop_id: int | None = None,
        text_id: int | None = None,
    ) -> None:
        """Store the unit vector (d,) of a whole photo, or of one of its crops or texts.

        A second one for the same thing is ignored.
        """
        sql = """
            INSERT INTO embedding (model_no, kind, content_id, crop_id, text_id, vector)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
        blob = vector.astype("<f2").tobytes()
        self._database.execute(sql, (model_no, kind, content_id, crop_id, text_id, blob))

    def drop_other_looks(self, look_no: int, content_id: int) -> None:
        """Forget the looks that earlier versions took of a content and its crops."""
        sql = """DELETE FROM embedding WHERE content_id = ? AND kind IN ('look', 'crop-look')
                 AND model_no <> ?"""
        self._database.execute(sql, (content_id, look_no))

    def fail(self, content_id: int, stage: str, model_id: str, reason: str) -> None:
        """Record that a stage failed for a content, so that it is not tried again unasked."""
        sql = """
            INSERT INTO stage (content_id, name, version, problem) VALUES (?, ?, ?, ?)
            ON CONFLICT (content_id, name) DO UPDATE SET version = excluded.version,
                problem = excluded.problem, attempts = attempts + 1
        """
        self._database.execute(sql, (content_id, stage, model_id, reason))

    def failures(self, model_id: str) -> int:
        """How many contents a model could not embed."""
        sql = "SELECT count(*) FROM stage WHERE name = 'embed' AND version = ? AND problem NOT NULL"
        return int(self._database.value(sql, (model_id,)))

    def retry(self) -> None:
        """Forget recorded stage failures, so that the next job tries again."""
        self._database.execute("DELETE FROM stage WHERE problem IS NOT NULL")

    def count(self, model_no: int, kind: str) -> int:
        """How many vectors of a kind a model has left."""
        sql = "SELECT count(*) FROM embedding WHERE model_no = ? AND kind = ?"
        return int(self._database.value(sql, (model_no, kind)))

    def load(self, model_no: int, kind: str, dimensions: int) -> Vectors:
        """All vectors of one model and kind, by ascending id."""
        return _joined([_empty(dimensions), *self.portions(model_no, kind, dimensions)])

    def portions(self, model_no: int, kind: str, dimensions: int) -> Iterator[Vectors]:
        """The vectors of one model and kind, some at a time, by ascending id.

        The signs in the query make SQLite walk through the ids once, instead of sorting all vectors
        of the model again for each portion.
        """
        last = 0
        sql = """
            SELECT embedding_id, content_id, vector FROM embedding
            WHERE +model_no = ? AND +kind = ? AND embedding_id > ?
            ORDER BY embedding_id LIMIT ?
        """
        while rows := self._database.rows(sql, (model_no, kind, last, _PORTION)):
            yield _vectors(rows, dimensions)
            last = rows[-1]["embedding_id"]

    def some(
        self, model_no: int, kind: str, embedding_ids: Sequence[int], dimensions: int
    ) -> Vectors:
        """The vectors with these ids that are of this model and kind."""
        sql = """
            SELECT embedding_id, content_id, vector FROM embedding
            WHERE +model_no = ? AND +kind = ? AND embedding_id IN (SELECT value FROM json_each(?))
            ORDER BY embedding_id
        """
        rows = self._database.rows(sql, (model_no, kind, json.dumps(list(embedding_ids))))
        return _vectors(rows, dimensions) if rows else _empty(dimensions)

    def of_content(self, model_no: int, kind: str, content_id: int) -> NDArray[np.float32] | None:
        """The vector (d,) of one content, or None."""
        sql = """SELECT vector FROM embedding
                 WHERE model_no = ? AND kind = ? AND content_id = ? AND crop_id IS NULL"""
        blob = self._database.value(sql, (model_no, kind, content_id))
        return None if blob is None else np.frombuffer(blob, "<f2").astype(np.float32)

    def of_crop(self, model_no: int, kind: str, crop_id: int) -> NDArray[np.float32] | None:
        """The vector (d,) of one crop, or None."""
        sql = "SELECT vector FROM embedding WHERE crop_id = ? AND model_no = ? AND kind = ?"
        blob = self._database.value(sql, (crop_id, model_no, kind))
        return None if blob is None else np.frombuffer(blob, "<f2").astype(np.float32)

    def contents_of(self, embedding_ids: Iterable[int]) -> dict[int, int]:
        """The content behind each embedding."""
        sql = """SELECT embedding_id, content_id FROM embedding
                 WHERE embedding_id IN (SELECT value FROM json_each(?))"""
        rows = self._database.rows(sql, (json.dumps(list(embedding_ids)),))
        return {row["embedding_id"]: row["content_id"] for row in rows}

    def ids_of_contents(
        self, model_no: int, kind: str, content_ids: Iterable[int]
    ) -> NDArray[np.int64]:
        """Embedding ids of the given contents, ascending."""
        sql = """
            SELECT embedding_id FROM embedding WHERE model_no = ? AND kind = ?
                AND content_id IN (SELECT value FROM json_each(?)) ORDER BY embedding_id
        """
        rows = self._database.rows(sql, (model_no, kind, json.dumps(list(content_ids))))
        return np.array([row[0] for row in rows], dtype=np.int64)

    def pairs_of_contents(
        self, model_no: int, kind: str, content_ids: Iterable[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of some contents that have a vector (n,), and its id (n,)."""
        sql = """
            SELECT content_id, embedding_id FROM embedding WHERE model_no = ? AND kind = ?
                AND content_id IN (SELECT value FROM json_each(?)) ORDER BY embedding_id
        """
        rows = self._database.rows(sql, (model_no, kind, json.dumps(list(content_ids))))
        pairs = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def owners(self, model_no: int, kind: str) -> NDArray[np.int64]:
        """All embeddings of a model and kind: int64 (2, n), their ids ascending, their contents."""
        sql = """SELECT embedding_id, content_id FROM embedding WHERE model_no = ? AND kind = ?"""
        names = ("embedding_id", "content_id")
        found = self._database.integers(names, sql, (model_no, kind))
        return found[:, np.argsort(found[0])]

    # --- calibration ---------------------------------------------------------------------------

    def calibration(self, model_no: int, kind: str, version: int) -> dict[str, Any] | None:
        """What was measured of a model by rules of this version; None when that is still to do."""
        sql = """SELECT statistics FROM calibration
                 WHERE model_no = ? AND kind = ? AND version = ?"""
        stored = self._database.value(sql, (model_no, kind, version))
        found: dict[str, Any] | None = json.loads(stored) if stored else None
        return found

    def set_calibration(
        self, model_no: int, kind: str, version: int, statistics: dict[str, Any]
    ) -> None:
        """Store what was measured of a model, in the place of what was before."""
        sql = """
            INSERT INTO calibration (model_no, kind, version, statistics) VALUES (?, ?, ?, ?)
            ON CONFLICT (model_no, kind) DO UPDATE SET version = excluded.version,
                statistics = excluded.statistics
        """
        with self._database.transaction():
            self._database.execute(sql, (model_no, kind, version, json.dumps(statistics)))

    # --- neighbours ----------------------------------------------------------------------------

    def add_neighbours(
        self,
        model_no: int,
        rows: Iterable[tuple[int, NDArray[np.int64], NDArray[np.float32]]],
    ) -> None:
        """Store for each content the nearest others (k,) and their cosines (k,)."""
        sql = """
            INSERT INTO neighbour (model_no, content_id, others, similarities) VALUES (?, ?, ?, ?)
            ON CONFLICT (model_no, content_id) DO UPDATE SET others = excluded.others,
                similarities = excluded.similarities
        """
        blobs = (
            (model_no, content_id, others.astype("<i8").tobytes(), near.astype("<f4").tobytes())
            for content_id, others, near in rows
        )
        self._database.execute_many(sql, blobs)

    def without_neighbours(self, model_no: int, kind: str) -> list[int]:
        """Embedding ids whose contents have not asked the index for their neighbours yet."""
        sql = """
            SELECT embedding_id FROM embedding e WHERE model_no = ?1 AND kind = ?2
                AND NOT EXISTS (SELECT 1 FROM neighbour n
                    WHERE n.model_no = ?1 AND n.content_id = e.content_id)
            ORDER BY embedding_id
        """
        return [row[0] for row in self._database.rows(sql, (model_no, kind))]

    def listed_edges(
        self, model_no: int, content_ids: Iterable[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """The stored edges of a model, or of some contents: who, whom and cosine, (m,) each."""
        sql = "SELECT content_id, others, similarities FROM neighbour WHERE model_no = ?"
        values: tuple[Any, ...] = (model_no,)
        if content_ids is not None:
            sql += " AND content_id IN (SELECT value FROM json_each(?))"
            values = (model_no, json.dumps(list(content_ids)))
        rows = self._database.rows(sql, values)
        counts = [len(row[1]) // 8 for row in rows]
        who = np.repeat(np.array([row[0] for row in rows], np.int64), counts)
        whom = np.frombuffer(b"".join(row[1] for row in rows), "<i8")
        cosines = np.frombuffer(b"".join(row[2] for row in rows), "<f4")
        return who, whom, cosines

    def ids_by_content(
        self, model_no: int, kind: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every content with a vector of a kind, ascending (n,), and the vector's id (n,)."""
        sql = """SELECT content_id, embedding_id FROM embedding
                 WHERE model_no = ? AND kind = ? ORDER BY content_id"""
        cursor = self._database.execute(sql, (model_no, kind))
        cursor.row_factory = None
        pairs = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def neighbours(self, model_no: int) -> Neighbours:
        """The whole stored graph of a model."""
        sql = """SELECT content_id, others, similarities FROM neighbour
                 WHERE model_no = ? ORDER BY content_id"""
        rows = self._database.rows(sql, (model_no,))
        return Neighbours(
            np.array([row[0] for row in rows], dtype=np.int64),
            [np.frombuffer(row[1], "<i8") for row in rows],
            [np.frombuffer(row[2], "<f4") for row in rows],
        )

    # --- changes -------------------------------------------------------------------------------

    def last_change(self) -> int:
        """The number of the newest change; 0 for a new catalogue."""
        sql = "SELECT seq FROM sqlite_sequence WHERE name = 'change_log'"
        return int(self._database.value(sql) or 0)

    def changes_since(self, change: int) -> Changes | None:
        """What happened to embeddings after ``change``; None when the log no longer reaches back.

        The last operation on an id decides; an updated vector is removed and added.
        """
        last = self.last_change()
        if not self._reaches(change, last):
            return None
        sql = """SELECT row_id, op, max(change) FROM change_log
                 WHERE change > ? AND kind = 'embedding' GROUP BY row_id"""
        rows = self._database.rows(sql, (change,))
        added = [row["row_id"] for row in rows if row["op"] != "delete"]
        return Changes(last, [row["row_id"] for row in rows], added)

    def copies_changed_since(self, change: int) -> list[int] | None:
        """Contents whose duplicate sets may have changed after ``change``.

        None when all may have: the log no longer reaches back, or photos were forgotten.
        """
        if not self._reaches(change, self.last_change()):
            return None
        sql = """SELECT EXISTS (SELECT 1 FROM change_log
                 WHERE change > ? AND kind = 'photo' AND op = 'delete')"""
        if self._database.value(sql, (change,)):
            return None
        sql = """
            SELECT row_id FROM change_log WHERE change > ?1 AND kind = 'copy'
            UNION SELECT content_id FROM photo WHERE photo_id IN (
                SELECT row_id FROM change_log WHERE change > ?1 AND kind = 'photo')
        """
        return [row[0] for row in self._database.rows(sql, (change,))]

    def photos_changed_since(self, change: int) -> bool:
        """Whether anything that grouping depends on has changed after ``change``.

        Also true when the log no longer reaches back.
        """
        if not self._reaches(change, self.last_change()):
            return True
        sql = "SELECT 1 FROM change_log WHERE change > ? AND kind IN ('photo', 'embedding') LIMIT 1"
        return self._database.value(sql, (change,)) is not None

    def photos_since(self, change: int) -> tuple[int, list[int]] | None:
        """The newest change, and the photos altered after ``change``; None as for embeddings."""
        last = self.last_change()
        if not self._reaches(change, last):
            return None
        sql = "SELECT DISTINCT row_id FROM change_log WHERE change > ? AND kind = 'photo'"
        return last, [row[0] for row in self._database.rows(sql, (change,))]

    def _reaches(self, change: int, last: int) -> bool:
        """Whether the log tells everything that happened between two changes."""
        oldest = self._database.value("SELECT min(change) FROM change_log")
        return change == last or (change < last and oldest is not None and oldest <= change + 1)

    def prune_log(self, keep: int) -> None:
        """Drop all but the newest ``keep`` changes; snapshots older than that are rebuilt."""
        sql = "DELETE FROM change_log WHERE change <= ?"
        with self._database.transaction():
            self._database.execute(sql, (self.last_change() - keep,))


def _empty(dimensions: int) -> Vectors:
    none = np.empty(0, dtype=np.int64)
    return Vectors(none, none, np.empty((0, dimensions), dtype=np.float32))


def _vectors(rows: Sequence[Any], dimensions: int) -> Vectors:
    # A row of another length would be damage; it is left out, and counts as not embedded.
    rows = [row for row in rows if len(row["vector"]) == 2 * dimensions]
    blob = b"".join(row["vector"] for row in rows)
    matrix = np.frombuffer(blob, "<f2").reshape(len(rows), dimensions).astype(np.float32)
    return Vectors(
        np.array([row["embedding_id"] for row in rows], dtype=np.int64),
        np.array([row["content_id"] for row in rows], dtype=np.int64),
        matrix,
    )


def _joined(portions: Sequence[Vectors]) -> Vectors:
    return Vectors(
        np.concatenate([portion.ids for portion in portions]),
        np.concatenate([portion.contents for portion in portions]),
        np.concatenate([portion.matrix for portion in portions]),
    )
