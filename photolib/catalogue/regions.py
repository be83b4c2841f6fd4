"""What was found in the pictures: crops, labels and lines of text, and how far that has come."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue.rows import CropColumns, CropRow, StageCount, TextRow, Unread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue.database import Database
    from photolib.catalogue.rows import NewCrop, NewText

    Box = tuple[float, float, float, float]

SAME_THING = 0.5
"""Intersection over union from which the boxes of two detectors mean one thing: the overlap that
counts as found in the PASCAL VOC challenge (Everingham et al., 2010)."""

_CROP = "SELECT crop_id, content_id, x, y, w, h, label, confidence, mask FROM crop"
_TEXT = "SELECT text_id, content_id, words, x, y, w, h, confidence FROM text"
_CHOSEN = "(SELECT value FROM json_each(?))"

_UNREAD = """
    SELECT c.content_id, f.path AS root, p.path,
        ?1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.content_id = c.content_id
            AND s.name = 'crops' AND (s.version = ?1 OR ?2)) AS crops,
        ?3 IS NOT NULL AND EXISTS (SELECT 1 FROM embedding k WHERE k.content_id = c.content_id
            AND k.kind = 'crop-look' AND NOT EXISTS (SELECT 1 FROM embedding e
                WHERE e.crop_id = k.crop_id AND e.kind = 'crop' AND e.model_no = ?3))
        AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.content_id = c.content_id
            AND s.name = 'crops' AND s.problem NOT NULL) AS vectors,
        ?4 <> '[]' AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.content_id = c.content_id
            AND s.name = 'texts' AND s.version IN (SELECT value FROM json_each(?4))) AS texts
    FROM content c
    JOIN photo p ON p.photo_id = (SELECT max(photo_id)
        FROM photo readable JOIN folder USING (folder_id)
        WHERE readable.content_id = c.content_id AND readable.state = 'present'
            AND folder.state = 'online')
    JOIN folder f USING (folder_id)
    WHERE crops OR vectors OR texts
    ORDER BY c.content_id IN (SELECT CAST(payload AS INTEGER) FROM request
        WHERE kind = 'prefer') DESC, p.taken_at DESC, p.photo_id DESC
"""


class Regions:
    """The tables ``crop``, ``label`` and ``text``, and their rows in ``stage``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what is to be done --------------------------------------------------------------------

    def unread(
        self,
        detector: str | None,
        encoder_no: int | None,
        readers: Sequence[str],
        *,
        any_detector: bool = False,
    ) -> list[Unread]:
        """Contents that the second stage has work on.

        Those of photos that somebody looks at come first, then the newest.
        ``detector`` is the version of the stage ``crops`` that counts as done (None: the stage is
        not wanted); with ``any_detector`` every version does. ``readers`` are the versions of
        ``texts`` that do (none: not wanted). A failure counts as done until a retry is asked for.
        """
        values = (detector, any_detector, encoder_no, json.dumps(list(readers)))
        return [
            Unread(
                row["content_id"],
                os.fsdecode(os.path.join(row["root"], row["path"])),
                bool(row["crops"]),
                bool(row["vectors"]) and not row["crops"],
                bool(row["texts"]),
            )
            for row in self._database.rows(_UNREAD, values)
        ]

    def texts_without_vector(self, model_no: int, least: int, limit: int) -> list[TextRow]:
        """Lines of at least ``least`` characters that an encoder has not seen, oldest first."""
        sql = f"""
            {_TEXT} t WHERE length(words) >= ? AND NOT EXISTS (SELECT 1 FROM embedding e
                WHERE e.text_id = t.text_id AND e.model_no = ?)
            ORDER BY text_id LIMIT ?
        """
        return [_text(row) for row in self._database.rows(sql, (least, model_no, limit))]

    def stage_count(self, name: str, versions: Sequence[str]) -> StageCount:
        """For how many contents a stage is done by one of these versions, and failed."""
        sql = """
            SELECT count(*) FILTER (WHERE problem IS NULL), count(*) FILTER (WHERE problem NOT NULL)
            FROM stage WHERE name = ? AND version IN (SELECT value FROM json_each(?))
        """
        row = self._database.row(sql, (name, json.dumps(list(versions))))
        assert row is not None
        return StageCount(row[0], row[1])

    # --- reading -------------------------------------------------------------------------------

    def crops_of(self, content_ids: Iterable[int]) -> dict[int, list[CropRow]]:
        """For each content its crops, the most confident first; retired ones are left out."""
        sql = f"""{_CROP} WHERE content_id IN {_CHOSEN} AND NOT retired
                  ORDER BY content_id, confidence DESC, crop_id"""
        crops: dict[int, list[CropRow]] = {}
        for row in self._database.rows(sql, (json.dumps(list(content_ids)),)):
            crops.setdefault(row["content_id"], []).append(_crop(row))
        return crops

    def kept_crops(self, content_id: int) -> list[CropRow]:
        """The crops of a content that were chosen to be embedded."""
        sql = f"""{_CROP} WHERE content_id = ? AND NOT retired AND crop_id IN
                  (SELECT crop_id FROM embedding WHERE content_id = ? AND kind = 'crop-look')"""
        return [_crop(row) for row in self._database.rows(sql, (content_id, content_id))]

    def crops_without_look(self, content_id: int, look_no: int) -> list[CropRow]:
        """The crops of a content that an earlier look has seen, and this one has not."""
        sql = f"""{_CROP} c WHERE content_id = ?1 AND NOT retired AND crop_id IN
                  (SELECT crop_id FROM embedding WHERE content_id = ?1 AND kind = 'crop-look')
                  AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.crop_id = c.crop_id
                      AND e.kind = 'crop-look' AND e.model_no = ?2)"""
        return [_crop(row) for row in self._database.rows(sql, (content_id, look_no))]

    def crop_of_embedding(self, embedding_ids: Iterable[int]) -> dict[int, CropRow]:
        """The crop behind each embedding that is of a crop."""
        sql = f"""
            SELECT embedding_id, c.* FROM embedding e JOIN ({_CROP}) c USING (crop_id)
            WHERE embedding_id IN {_CHOSEN}
        """
        rows = self._database.rows(sql, (json.dumps(list(embedding_ids)),))
        return {row["embedding_id"]: _crop(row) for row in rows}

    def crop_columns(self, model_no: int, kind: str) -> CropColumns:
        """Every crop that a model has given a vector of this kind."""
        sql = """
            SELECT c.crop_id, c.content_id, e.embedding_id, c.label, c.confidence, c.w * c.h
            FROM embedding e JOIN crop c USING (crop_id)
            WHERE e.model_no = ? AND e.kind = ? AND NOT c.retired ORDER BY c.crop_id
        """
        rows = self._database.rows(sql, (model_no, kind))
        columns = list(zip(*rows, strict=True)) or [()] * 6
        crops, contents, embeddings = (np.array(column, np.int64) for column in columns[:3])
        confidences, areas = (np.array(column, np.float64) for column in columns[4:])
        labels = np.array(columns[3], str)
        return CropColumns(crops, contents, embeddings, labels, confidences, areas)

    def labels_of_crops(self, crop_ids: Iterable[int]) -> list[str]:
        """What a detector called some crops; those without a label are left out."""
        sql = f"SELECT label FROM crop WHERE crop_id IN {_CHOSEN} AND label <> ''"
        return [row[0] for row in self._database.rows(sql, (json.dumps(list(crop_ids)),))]

    def contents_of(self, crop_ids: Iterable[int]) -> NDArray[np.int64]:
        """The content of each crop (n,); 0 for one that is gone."""
        ids = list(crop_ids)
        sql = f"SELECT crop_id, content_id FROM crop WHERE crop_id IN {_CHOSEN}"
        found = {row[0]: row[1] for row in self._database.rows(sql, (json.dumps(ids),))}
        return np.array([found.get(crop_id, 0) for crop_id in ids], np.int64)

    def boxes(self, crop_ids: Iterable[int]) -> dict[int, Box]:
        """The box of each crop."""
        sql = f"{_CROP} WHERE crop_id IN {_CHOSEN}"
        rows = self._database.rows(sql, (json.dumps(list(crop_ids)),))
        return {row["crop_id"]: _box(row) for row in rows}

    def crop(self, crop_id: int) -> CropRow | None:
        """One crop that is not retired."""
        row = self._database.row(f"{_CROP} WHERE crop_id = ? AND NOT retired", (crop_id,))
        return _crop(row) if row else None

    def text_of_embedding(self, embedding_ids: Iterable[int]) -> dict[int, TextRow]:
        """The line of text behind each embedding that is of one."""
        sql = f"""
            SELECT embedding_id, t.* FROM embedding e JOIN ({_TEXT}) t USING (text_id)
            WHERE embedding_id IN {_CHOSEN}
        """
        rows = self._database.rows(sql, (json.dumps(list(embedding_ids)),))
        return {row["embedding_id"]: _text(row) for row in rows}

    def texts_of(self, content_ids: Iterable[int]) -> dict[int, list[TextRow]]:
        """For each content its lines of text in reading order."""
        sql = f"{_TEXT} WHERE content_id IN {_CHOSEN} ORDER BY text_id"
        texts: dict[int, list[TextRow]] = {}
        for row in self._database.rows(sql, (json.dumps(list(content_ids)),)):
            texts.setdefault(row["content_id"], []).append(_text(row))
        return texts

    def labels(self) -> list[tuple[str, int]]:
        """Labels and how many visible photos carry each; suggestions do not count.

        The most frequent come first.
        """
        sql = """
            SELECT l.name, count(DISTINCT p.photo_id) AS size
            FROM label l JOIN photo p USING (content_id)
            WHERE p.state = 'present' AND NOT p.hidden AND l.provenance <> 'suggested'
            GROUP BY l.name ORDER BY size DESC, l.name
        """
        return [(row[0], row[1]) for row in self._database.rows(sql)]

    # --- writing (inside the caller's transaction) ---------------------------------------------

    def finish(self, content_id: int, stage: str, version: str) -> None:
        """Record that a stage is done for a content."""
        sql = """
            INSERT INTO stage (content_id, name, version) VALUES (?, ?, ?)
            ON CONFLICT (content_id, name) DO UPDATE SET version = excluded.version,
                problem = NULL, attempts = CASE WHEN version = excluded.version
                    THEN attempts + 1 ELSE 1 END
        """
        self._database.execute(sql, (content_id, stage, version))

    def replace_crops(self, content_id: int, model_no: int, crops: Sequence[NewCrop]) -> list[int]:
        """Put a detector's crops and labels in the place of all earlier ones; return their ids.

        What a person decided about an earlier crop (a label accepted or given, a place in an album)
        passes to the new crop that covers the same thing; where there is none, the earlier crop
        stays, retired. All other earlier crops go, with their labels and vectors. A label that was
        rejected for this content does not come back.
        """
        old = self._crops(content_id)
        crops = self._without_rejected(content_id, crops)
        decided = self._decided(content_id)
        ids = [self._add_crop(content_id, model_no, crop) for crop in crops]
        for row in old:
            heir = _heir(row, crops, ids)
            if row.crop_id in decided and heir is None:
                self._retire(row.crop_id)
                continue
            if row.crop_id in decided:
                self._hand_over(row.crop_id, heir)
            self._database.execute("DELETE FROM crop WHERE crop_id = ?", (row.crop_id,))
        self._add_labels(content_id, crops, ids)
        return ids

    def replace_texts(self, content_id: int, model_no: int, lines: Sequence[NewText]) -> list[int]:
        """Put a reader's lines in the place of all earlier ones; return their ids."""
        self._database.execute("DELETE FROM text WHERE content_id = ?", (content_id,))
        sql = """INSERT INTO text (content_id, model_no, words, x, y, w, h, confidence)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING text_id"""
        return [
            int(self._database.value(sql, (content_id, model_no, t.words, *t.box, t.confidence)))
            for t in lines
        ]

    def _crops(self, content_id: int) -> list[CropRow]:
        """All crops of a content, the retired ones too."""
        rows = self._database.rows(f"{_CROP} WHERE content_id = ? ORDER BY crop_id", (content_id,))
        return [_crop(row) for row in rows]

    def _decided(self, content_id: int) -> set[int]:
        """The crops of a content that a person's decision hangs on."""
        sql = """
            SELECT crop_id FROM label WHERE content_id = ?1 AND crop_id NOT NULL
                AND provenance IN ('accepted', 'own')
            UNION SELECT crop_id FROM album_photo JOIN crop USING (crop_id) WHERE content_id = ?1
        """
        return {row[0] for row in self._database.rows(sql, (content_id,))}

    def _add_crop(self, content_id: int, model_no: int, crop: NewCrop) -> int:
        sql = """INSERT INTO crop (content_id, model_no, x, y, w, h, label, confidence, mask)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING crop_id"""
        mask = None if crop.outline is None else json.dumps(crop.outline)
        values = (content_id, model_no, *crop.box, crop.label, crop.confidence, mask)
        return int(self._database.value(sql, values))

    def _without_rejected(self, content_id: int, crops: Sequence[NewCrop]) -> list[NewCrop]:
        """The crops, those without their label that a person said are not here."""
        sql = "SELECT lower(name) FROM rejected_label WHERE content_id = ?"
        rejected = {row[0] for row in self._database.rows(sql, (content_id,))}
        return [replace(c, label="") if c.label.lower() in rejected else c for c in crops]

    def _retire(self, crop_id: int) -> None:
        """Keep a crop for the decision on it alone: nothing finds it any more."""
        for sql in (
            "UPDATE crop SET retired = 1 WHERE crop_id = ?",
            "DELETE FROM embedding WHERE crop_id = ?",
            "DELETE FROM label WHERE crop_id = ? AND provenance IN ('detected', 'suggested')",
        ):
            self._database.execute(sql, (crop_id,))

    def _hand_over(self, crop_id: int, heir: int | None) -> None:
        sql = """UPDATE label SET crop_id = ? WHERE crop_id = ?
                 AND provenance IN ('accepted', 'own')"""
        self._database.execute(sql, (heir, crop_id))
        sql = "UPDATE album_photo SET crop_id = ? WHERE crop_id = ?"
        self._database.execute(sql, (heir, crop_id))

    def _add_labels(self, content_id: int, crops: Sequence[NewCrop], ids: Sequence[int]) -> None:
        """One label for each crop that has one and did not inherit it."""
        sql = """
            INSERT INTO label (content_id, crop_id, name, provenance, score)
            SELECT ?1, ?2, ?3, 'detected', ?4 WHERE NOT EXISTS
                (SELECT 1 FROM label WHERE crop_id = ?2 AND name = ?3)
        """
        rows = [
            (content_id, crop_id, crop.label, crop.confidence)
            for crop, crop_id in zip(crops, ids, strict=True)
            if crop.label
        ]
        self._database.execute_many(sql, rows)


def _heir(old: CropRow, crops: Sequence[NewCrop], ids: Sequence[int]) -> int | None:
    """The new crop that covers what an earlier one did, if there is one."""
    shares = [overlap(old.box, crop.box) for crop in crops]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return ids[best] if best is not None and shares[best] >= SAME_THING else None


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0.0) * max(height, 0.0)
    union = a[2] * a[3] + b[2] * b[3] - common
    return common / union if union > 0 else 0.0


def _crop(row: sqlite3.Row) -> CropRow:
    outline = None
    if row["mask"] is not None:
        outline = tuple((float(x), float(y)) for x, y in json.loads(row["mask"]))
    return CropRow(
        row["crop_id"], row["content_id"], _box(row), row["label"], row["confidence"], outline
    )


def _text(row: sqlite3.Row) -> TextRow:
    return TextRow(row["text_id"], row["content_id"], row["words"], _box(row), row["confidence"])


def _box(row: sqlite3.Row) -> Box:
    return (row["x"], row["y"], row["w"], row["h"])
