"""Full-text search over what is written about a photo: names, tags, labels, places, dates, OCR."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue.database import Database

COLUMNS = ("name", "folder", "title", "tags", "labels", "places", "camera", "dates", "ocr")
_WEIGHTS = (8.0, 2.0, 8.0, 8.0, 6.0, 5.0, 2.0, 3.0, 4.0)
"""BM25 weights in the order of the columns: what a person wrote counts most."""

_PLURALS = (("ss", "ss"), ("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("s", ""))
"""Endings of English plurals and of the words they are made from; the first that fits counts."""

_DETAILS = """
    SELECT p.photo_id, p.path, f.display AS root, p.taken_at, p.taken_source, c.title,
        c.description, c.keywords, c.people, c.camera, c.lens, pl.town, pl.region, pl.country,
        (SELECT group_concat(t.name, ' ') FROM photo_tag JOIN tag t USING (tag_id)
            WHERE photo_tag.photo_id = p.photo_id) AS tags,
        (SELECT group_concat(DISTINCT l.name) FROM label l
            WHERE l.content_id = p.content_id AND l.provenance <> 'suggested') AS labels,
        (SELECT group_concat(x.words, char(10)) FROM text x
            WHERE x.content_id = p.content_id) AS ocr
    FROM photo p JOIN folder f USING (folder_id) JOIN content c USING (content_id)
        LEFT JOIN place pl USING (place_id)
    WHERE p.photo_id IN (SELECT value FROM json_each(?))
"""


class Words:
    """The full-text tables ``words`` and ``fragments``; their rowid is the photo_id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def refresh(self, photo_ids: Iterable[int]) -> None:
        """Write anew what is searchable about these photos (inside the caller's transaction)."""
        chosen = json.dumps(list(photo_ids))
        for table in ("words", "fragments"):
            sql = f"DELETE FROM {table} WHERE rowid IN (SELECT value FROM json_each(?))"
            self._database.execute(sql, (chosen,))
        rows = [_texts(row) for row in self._database.rows(_DETAILS, (chosen,))]
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        sql = f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({marks})"
        self._database.execute_many(sql, rows)
        sql = "INSERT INTO fragments (rowid, name, ocr) VALUES (?, ?, ?)"
        self._database.execute_many(sql, [(row[0], row[1], row[-1]) for row in rows])

    def holding(self, words: Sequence[str], *, phrase: bool = False) -> NDArray[np.int64]:
        """The ids (n,), ascending, of all photos that hold all the words, or the whole phrase.

        Words match as prefixes and in the singular; a phrase exactly. Photos in any state count.
        """
        match = _match(words, phrase=phrase)
        if not match:
            return np.empty(0, np.int64)
        sql = "SELECT rowid AS photo_id FROM words WHERE words MATCH ?"
        return np.sort(self._database.integers(["photo_id"], sql, (match,))[0])

    def ranks(
        self, words: Sequence[str], photo_ids: Sequence[int], *, phrase: bool = False
    ) -> dict[int, float]:
        """How well these photos, all of which hold the words, fit them: BM25, higher is better."""
        sql = f"""
            SELECT rowid, -bm25(words, {", ".join(map(str, _WEIGHTS))}) FROM words
            WHERE words MATCH ? AND rowid IN (SELECT value FROM json_each(?))
        """
        values = (_match(words, phrase=phrase), json.dumps(list(photo_ids)))
        return {row[0]: row[1] for row in self._database.rows(sql, values)}

    def containing(self, fragment: str) -> list[int]:
        """Photos whose name or recognised text holds a fragment of three letters or more."""
        sql = """
            SELECT r.rowid FROM fragments r JOIN photo p ON p.photo_id = r.rowid
            WHERE fragments MATCH ? AND p.state = 'present' AND NOT p.hidden ORDER BY r.rowid
        """
        return [row[0] for row in self._database.rows(sql, (_quoted(fragment),))]

    def where(self, photo_id: int, words: Sequence[str]) -> list[tuple[str, str]]:
        """Which columns of one photo hold any of the words, and the text there."""
        columns = ", ".join(COLUMNS)
        row = self._database.row(f"SELECT {columns} FROM words WHERE rowid = ?", (photo_id,))
        if row is None:
            return []
        held = [(self.share(row[column] or "", words), column) for column in COLUMNS]
        return [
            (column, row[column])
            for share, column in sorted(held, key=lambda each: -each[0])
            if share
        ]

    @staticmethod
    def share(text: str, words: Sequence[str]) -> float:
        """The share of the words that a text holds."""
        plain = _plain(text)
        if not plain:
            return 0.0
        return sum(bool(_start_of(word).search(plain)) for word in words) / max(len(words), 1)


def _match(words: Sequence[str], *, phrase: bool) -> str:
    """An FTS5 expression in which nothing the user typed is syntax."""
    # A word without a letter or digit has no token, and would match nothing.
    kept = [word for word in words if any(map(str.isalnum, word))]
    if phrase:
        return _quoted(" ".join(kept)) if kept else ""
    return " AND ".join(map(_form, kept))


def _form(word: str) -> str:
    """A word as the start of one, and in the singular (English) as a whole one."""
    single = _singular(word)
    start = f"{_quoted(word)} *" if len(word) > 2 else _quoted(word)
    return f"({start} OR {_quoted(single)})" if single != word else start


def _singular(word: str) -> str:
    for ending, stem in _PLURALS:
        if word.lower().endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)] + stem
    return word


def _quoted(text: str) -> str:
    sound = text.encode("utf-8", "replace").decode()
    return '"' + sound.replace('"', '""').replace("\0", " ") + '"'


@lru_cache(maxsize=256)
def _start_of(word: str) -> re.Pattern[str]:
    forms = re.escape(_plain(word)), rf"{re.escape(_plain(_singular(word)))}(?![^\W_])"
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(forms)})", re.IGNORECASE)


def _plain(text: str) -> str:
    """Text without its accents, as the full-text tables compare it."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _texts(row: sqlite3.Row) -> tuple[int | str, ...]:
    path = os.fsdecode(row["path"]).encode("utf-8", "replace").decode()
    folder, name = os.path.split(path)
    return (
        row["photo_id"],
        # "IMG_2023-beach.jpg" is found as a whole and by each of its pieces.
        f"{name} {_pieces(name)}",
        _pieces(f"{os.path.basename(row['root'])} {folder}"),
        _joined(row["title"], row["description"]),
        _joined(row["tags"], *json.loads(row["keywords"]), *json.loads(row["people"])),
        _joined(*(row["labels"] or "").split(",")),
        _joined(row["town"], row["region"], row["country"]),
        _joined(row["camera"], row["lens"]),
        _date_words(row["taken_at"]) if row["taken_source"] != "mtime" else "",
        row["ocr"] or "",
    )


def _pieces(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+|\d+", text))


def _joined(*texts: str | None) -> str:
    return " ".join(text for text in texts if text)


def _date_words(taken_at: str) -> str:
    """ "2023-01-14 2023 January Saturday 14" in English, whatever the locale."""
    try:
        moment = datetime.fromisoformat(taken_at)
    except ValueError:
        return ""
    months = "January February March April May June July August September October November December"
    days = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
    month, day = months.split()[moment.month - 1], days.split()[moment.weekday()]
    return f"{taken_at[:10]} {moment.year} {month} {month[:3]} {day} {moment.day}"
