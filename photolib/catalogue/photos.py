"""Photos, their contents and their parts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue.albums import INSIDE
from photolib.catalogue.filters import compiled
from photolib.catalogue.removals import MOVING
from photolib.catalogue.rows import (
    CandidateRow,
    Known,
    NewContent,
    PartRow,
    PhotoFilter,
    PhotoRow,
    Stat,
    Undescribed,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue.database import Database
    from photolib.catalogue.filters import Condition

_LIST = """
    SELECT p.photo_id, p.content_id, p.folder_id, f.path AS root, p.path, p.state, p.size,
        p.mtime_ns, p.taken_at, c.content_hash, c.width, c.height, c.format,
        ifnull(p.rating, c.rating) AS rating, p.favourite, p.hidden, p.orientation_override
    FROM photo p JOIN folder f USING (folder_id) JOIN content c USING (content_id)
"""

_ORDERS = {
    "newest": "p.taken_at DESC, p.photo_id DESC",
    "oldest": "p.taken_at, p.photo_id",
    "name": "p.display COLLATE NOCASE, p.photo_id",
    "size": "p.size DESC, p.photo_id",
    "rating": "ifnull(p.rating, (SELECT c.rating FROM content c"
    " WHERE c.content_id = p.content_id)) DESC, p.favourite DESC, p.taken_at DESC, p.photo_id DESC",
    "added": "p.photo_id DESC",
}

_WISHES = 200
"""Contents that are kept ahead in the queues: a few screens of photos."""

_CONTENT_COLUMNS = (
    "content_hash size format width height payload_key orientation icc frames attachments taken_at"
    " taken_offset taken_source latitude longitude camera lens exposure aperture iso focal_length"
    " rating title description sharpness"
).split()


class Photos:
    """The tables ``photo``, ``content``, ``perceptual``, ``place`` and ``part``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading -------------------------------------------------------------------------------

    def get(self, photo_id: int) -> PhotoRow | None:
        """One photo by its id, whatever its state."""
        row = self._database.row(f"{_LIST} WHERE p.photo_id = ?", (photo_id,))
        return _photo(row) if row else None

    def at(self, folder_id: int, path: bytes) -> PhotoRow | None:
        """The photo at a path relative to its folder: the present one, else the last seen."""
        sql = f"""{_LIST} WHERE p.folder_id = ? AND p.path = ? AND p.state <> 'removed'
                  ORDER BY p.state = 'present' DESC, p.photo_id DESC LIMIT 1"""
        row = self._database.row(sql, (folder_id, path))
        return _photo(row) if row else None

    def many(self, photo_ids: Sequence[int]) -> list[PhotoRow]:
        """Photos by their ids, in the order given; unknown ids are left out."""
        sql = f"{_LIST} WHERE p.photo_id IN (SELECT value FROM json_each(?))"
        found = {row["photo_id"]: row for row in self._database.rows(sql, (_ids(photo_ids),))}
        return [_photo(found[photo_id]) for photo_id in photo_ids if photo_id in found]

    def of_contents(self, content_ids: Iterable[int]) -> dict[int, list[PhotoRow]]:
        """For each content its photos, oldest id first, whatever their state."""
        sql = f"""{_LIST} WHERE p.content_id IN (SELECT value FROM json_each(?))
                  ORDER BY p.photo_id"""
        photos: dict[int, list[PhotoRow]] = {}
        for row in self._database.rows(sql, (_ids(content_ids),)):
            photos.setdefault(row["content_id"], []).append(_photo(row))
        return photos

    def count(self, chosen: PhotoFilter) -> int:
        """How many photos a filter lets through."""
        where, values = _where(chosen)
        return int(self._database.value(f"SELECT count(*) FROM photo p {where}", values))

    def window(self, chosen: PhotoFilter, offset: int, limit: int) -> list[PhotoRow]:
        """Photos in the order of the filter, which is newest first unless it says otherwise.

        The ids are found first (by date in the index alone); only the window's rows are read.
        """
        return self.many(self.ids(chosen, offset, limit))

    def ids(self, chosen: PhotoFilter, offset: int, limit: int) -> list[int]:
        """The ids of a window of photos, in the order of the filter."""
        where, values = _where(chosen)
        sql = f"""SELECT p.photo_id FROM photo p {where}
                  ORDER BY {_ORDERS[chosen.order]} LIMIT ? OFFSET ?"""
        return [row[0] for row in self._database.rows(sql, (*values, limit, offset))]

    def months(self, chosen: PhotoFilter) -> list[tuple[str, int]]:
        """The months (``2021-06``; "" for no date) of a filter's photos by date, and how many."""
        where, values = _where(chosen)
        turn = "ASC" if chosen.order == "oldest" else "DESC"
        sql = f"""SELECT substr(p.taken_at, 1, 7) AS month, count(*) FROM photo p {where}
                  GROUP BY month ORDER BY month {turn}"""
        return [(row[0] or "", row[1]) for row in self._database.rows(sql, values)]

    def matching(self, condition: Condition) -> list[tuple[int, int]]:
        """Photo and content ids of the photos that meet a condition, newest first."""
        sql, values = compiled(condition)
        sql = f"""
            SELECT p.photo_id, p.content_id FROM photo p JOIN content c USING (content_id)
            WHERE p.state <> 'removed' AND ({sql}) ORDER BY p.taken_at DESC, p.photo_id DESC
        """
        return [(row[0], row[1]) for row in self._database.rows(sql, values)]

    def roster(self, photo_ids: Sequence[int] | None = None) -> NDArray[np.int64]:
        """Of all photos but removed ones, or of these: int64 (5, n), by photo id.

        The rows are photo ids, content ids, capture times in milliseconds (Julian; 0: unknown),
        whether they are present, and whether hidden.
        """
        chosen = "" if photo_ids is None else "AND photo_id IN (SELECT value FROM json_each(?))"
        sql = f"""
            SELECT photo_id, content_id,
                CAST(ifnull(julianday(taken_at), 0) * 86400000 AS INTEGER) AS taken,
                state = 'present' AS present, hidden
            FROM photo WHERE state <> 'removed' {chosen} 
        """
        names = ("photo_id", "content_id", "taken", "present", "hidden")
        values = () if photo_ids is None else (_ids(photo_ids),)
        found = self._database.integers(names, sql, values)
        return found[:, np.argsort(found[0])]

    def meeting(self, condition: Condition) -> NDArray[np.int64]:
        """The ids (n,) of all photos that meet a condition, whatever their state, ascending."""
        sql, values = compiled(condition)
        join = "JOIN content c USING (content_id)" if "c." in sql else ""
        sql = f"SELECT p.photo_id AS photo_id FROM photo p {join} WHERE {sql}"
        return np.sort(self._database.integers(["photo_id"], sql, values)[0])

    def by_state(self) -> dict[str, int]:
        """How many photos are present, missing and removed."""
        rows = self._database.rows("SELECT state, count(*) FROM photo GROUP BY state")
        return {"present": 0, "missing": 0, "removed": 0} | {row[0]: row[1] for row in rows}

    def present_in(self, folder_ids: Iterable[int]) -> list[int]:
        """The ids of the present photos of some folders, in the order of their paths."""
        sql = """SELECT photo_id FROM photo WHERE state = 'present'
                 AND folder_id IN (SELECT value FROM json_each(?)) ORDER BY folder_id, path"""
        return [row[0] for row in self._database.rows(sql, (_ids(folder_ids),))]

    def present_of(self, content_ids: Iterable[int]) -> list[int]:
        """The ids of the present photos of some contents."""
        sql = """SELECT photo_id FROM photo WHERE state = 'present'
                 AND content_id IN (SELECT value FROM json_each(?)) ORDER BY photo_id"""
        return [row[0] for row in self._database.rows(sql, (_ids(content_ids),))]

    def by_folder(self) -> dict[int, int]:
        """How many photos each folder has, the missing ones included."""
        sql = "SELECT folder_id, count(*) FROM photo WHERE state <> 'removed' GROUP BY folder_id"
        return {row[0]: row[1] for row in self._database.rows(sql)}

    def facts(self, photo_id: int) -> dict[str, Any] | None:
        """Everything known of one photo and its content, by column name, the place as words."""
        sql = """
            SELECT c.*, pl.town, pl.region, pl.country, p.photo_id, p.display, p.state,
                p.mtime_ns, p.first_seen, p.favourite, p.hidden, p.rating AS own_rating,
                p.taken_at AS shown_at, p.taken_source AS shown_source
            FROM photo p JOIN content c USING (content_id) LEFT JOIN place pl USING (place_id)
            WHERE p.photo_id = ?
        """
        row = self._database.row(sql, (photo_id,))
        return dict(row) if row else None

    def parts_of(self, photo_id: int) -> list[tuple[str, str]]:
        """The parts of a photo: absolute path and role."""
        sql = """SELECT f.path AS root, t.path, t.role FROM part t JOIN folder f USING (folder_id)
                 WHERE t.photo_id = ? ORDER BY t.path"""
        return [(_absolute(row), row["role"]) for row in self._database.rows(sql, (photo_id,))]

    def known(self, folder_id: int) -> dict[bytes, Known]:
        """All paths of a folder that the catalogue has an opinion on.

        The state of a missing photo is "survived" where another photo of its bytes is present.
        """
        sql = """
            SELECT path, 'photo', photo_id, size, mtime_ns, iif(EXISTS (
                    SELECT 1 FROM photo p WHERE p.content_id = m.content_id AND p.state = 'present'
                ), 'survived', 'missing') FROM photo m
                WHERE folder_id = ?1 AND state = 'missing'
            UNION ALL SELECT path, 'photo', photo_id, size, mtime_ns, state FROM photo
                WHERE folder_id = ?1 AND state = 'present'
            UNION ALL SELECT path, 'part', part_id, size, mtime_ns, 'present' FROM part
                WHERE folder_id = ?1
            UNION ALL SELECT path, outcome, problem_id, size, mtime_ns, 'present' FROM problem
                WHERE folder_id = ?1 AND stage = 'read'
        """
        known: dict[bytes, Known] = {}
        for path, *rest in self._database.rows(sql, (folder_id,)):
            # Of several rows for one path the last tells what stands there now.
            known[path] = Known(*rest)
        return known

    def sample_paths(self, folder_id: int, count: int) -> list[bytes]:
        """A few relative paths of a folder's present photos, spread over their ids."""
        sql = """
            WITH present AS (SELECT path, ntile(?2) OVER (ORDER BY photo_id) AS tile FROM photo
                WHERE folder_id = ?1 AND state = 'present')
            SELECT min(path) FROM present GROUP BY tile
        """
        return [row[0] for row in self._database.rows(sql, (folder_id, count))]

    def paths(self, folder_id: int) -> list[tuple[int, bytes]]:
        """The ids and relative paths of a folder's photos, whatever their state."""
        sql = "SELECT photo_id, path FROM photo WHERE folder_id = ?"
        return [(row[0], row[1]) for row in self._database.rows(sql, (folder_id,))]

    def hashes_only_in(self, folder_id: int) -> list[bytes]:
        """The hashes of contents that no photo of another folder has."""
        sql = """
            SELECT content_hash FROM content c
            WHERE content_id IN (SELECT content_id FROM photo WHERE folder_id = ?1)
                AND NOT EXISTS (SELECT 1 FROM photo p
                    WHERE p.content_id = c.content_id AND p.folder_id <> ?1)
        """
        return [row[0] for row in self._database.rows(sql, (folder_id,))]

    def part_rows(self, photo_id: int) -> list[PartRow]:
        """The parts of a photo, by their paths."""
        sql = """SELECT f.path AS root, t.path, t.role, t.size, t.mtime_ns, t.facts
                 FROM part t JOIN folder f USING (folder_id) WHERE t.photo_id = ? ORDER BY t.path"""
        return [
            PartRow(_absolute(row), row["role"], row["size"], row["mtime_ns"], row["facts"])
            for row in self._database.rows(sql, (photo_id,))
        ]

    def content_id(self, content_hash: bytes) -> int | None:
        """The content with this hash, if it has been seen before."""
        sql = "SELECT content_id FROM content WHERE content_hash = ?"
        found: int | None = self._database.value(sql, (content_hash,))
        return found

    def contents(self, photo_ids: Iterable[int]) -> dict[int, int]:
        """The content of each photo."""
        sql = """SELECT photo_id, content_id FROM photo
                 WHERE photo_id IN (SELECT value FROM json_each(?))"""
        return {row[0]: row[1] for row in self._database.rows(sql, (_ids(photo_ids),))}

    def content_taken(self, content_id: int) -> tuple[str | None, str | None]:
        """When a content says it was taken, and by what source."""
        sql = "SELECT taken_at, taken_source FROM content WHERE content_id = ?"
        row = self._database.row(sql, (content_id,))
        return (row[0], row[1]) if row else (None, None)

    def without_embedding(self, model_no: int, kind: str) -> list[tuple[int, str]]:
        """Contents that lack a vector of a model, each with one path to read it.

        Those of photos that somebody looks at come first, then the newest.
        Contents whose embedding failed with this very model are left out: a retry is asked for.
        """
        sql = """
            NOT EXISTS (SELECT 1 FROM embedding e WHERE e.content_id = c.content_id
                AND e.model_no = ?1 AND e.kind = ?2)
            AND NOT EXISTS (SELECT 1 FROM stage s JOIN model m ON m.model_id = s.version
                WHERE s.content_id = c.content_id AND m.model_no = ?1 AND s.problem IS NOT NULL)
        """
        rows = self._waiting(sql, (model_no, kind))
        return [(row["content_id"], _absolute(row)) for row in rows]

    def undescribed(self, look_no: int, palette: str) -> list[Undescribed]:
        """Contents that lack a look, or a palette of this version, in the same order.

        Contents whose embedding failed are left out: they could not be read.
        """
        sql = """
            (NOT EXISTS (SELECT 1 FROM embedding e WHERE e.content_id = c.content_id
                AND e.model_no = ?1 AND e.kind = 'look')
            OR NOT EXISTS (SELECT 1 FROM palette l
                WHERE l.content_id = c.content_id AND l.version = ?2))
            AND NOT EXISTS (SELECT 1 FROM stage s
                WHERE s.content_id = c.content_id AND s.name = 'embed' AND s.problem IS NOT NULL)
        """
        return [
            Undescribed(row["content_id"], row["content_hash"], _absolute(row))
            for row in self._waiting(sql, (look_no, palette))
        ]

    def _waiting(self, condition: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        """Contents that can be read now and meet a condition, the most urgent first."""
        sql = f"""
            SELECT c.content_id, c.content_hash, f.path AS root, p.path FROM content c
            JOIN photo p ON p.photo_id = (SELECT max(photo_id)
                FROM photo readable JOIN folder USING (folder_id)
                WHERE readable.content_id = c.content_id AND readable.state = 'present'
                    AND folder.state = 'online')
            JOIN folder f USING (folder_id)
            WHERE {condition}
            ORDER BY c.content_id IN (SELECT CAST(payload AS INTEGER) FROM request
                WHERE kind = 'prefer') DESC, p.taken_at DESC, p.photo_id DESC
        """
        return self._database.rows(sql, values)

    def candidates(self, photo_ids: Iterable[int] | None = None) -> list[CandidateRow]:
        """Present photos (all, or these) with what the best pick weighs, by ascending id."""
        chosen = "" if photo_ids is None else "AND p.photo_id IN (SELECT value FROM json_each(?))"
        sql = f"""
            SELECT p.photo_id, p.content_id, f.path AS root, p.path, p.size, p.mtime_ns, p.taken_at,
                p.taken_source, f.reference, c.width, c.height, c.format, c.payload_key,
                c.orientation, c.icc, c.attachments, ifnull(c.sharpness, 0) AS sharpness,
                ifnull(p.rating, ifnull(c.rating, 0)) AS rating,
                ifnull(c.taken_source IN ('exif', 'xmp', 'gps'), 0)
                    + (c.latitude IS NOT NULL)
                    + (c.camera IS NOT NULL) + (c.lens IS NOT NULL) + (c.title IS NOT NULL)
                    + (c.keywords <> '[]') + (c.people <> '[]') AS richness,
                (SELECT count(*) FROM album_photo a JOIN album USING (album_id)
                    WHERE a.photo_id = p.photo_id AND album.named_by = 'person') AS albums,
                (SELECT count(*) FROM part t WHERE t.photo_id = p.photo_id) AS parts
            FROM photo p JOIN folder f USING (folder_id) JOIN content c USING (content_id)
            WHERE +p.state = 'present' {chosen} ORDER BY p.photo_id
        """
        values = () if photo_ids is None else (_ids(photo_ids),)
        return [_candidate(row) for row in self._database.rows(sql, values)]

    def for_grouping(self, photo_ids: Iterable[int]) -> list[sqlite3.Row]:
        """What albums are named from: the facts of these photos.

        Columns: photo_id, content_id, display, taken_at, taken_source, width, height, town,
        keywords (JSON), labels (separated by commas, or None).
        """
        sql = """
            SELECT p.photo_id, p.content_id, p.display, p.taken_at, p.taken_source, c.width,
                c.height, pl.town, c.keywords,
                (SELECT group_concat(DISTINCT l.name) FROM label l
                    WHERE l.content_id = c.content_id AND l.provenance <> 'suggested') AS labels
            FROM photo p JOIN content c USING (content_id) LEFT JOIN place pl USING (place_id)
            WHERE p.photo_id IN (SELECT value FROM json_each(?))
        """
        return self._database.rows(sql, (_ids(photo_ids),))

    def places(self) -> dict[int, tuple[str, str, str, str]]:
        """Every place that photos were taken at: country code, country, region, town."""
        sql = "SELECT place_id, country_code, country, region, town FROM place"
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in self._database.rows(sql)}

    def living(self, photo_ids: Iterable[int]) -> set[int]:
        """Those of some photos that the library still knows, be they missing or hidden."""
        sql = """SELECT photo_id FROM photo WHERE state <> 'removed'
                 AND photo_id IN (SELECT value FROM json_each(?))"""
        return {row[0] for row in self._database.rows(sql, (_ids(photo_ids),))}

    def perceptual_hashes(self) -> list[sqlite3.Row]:
        """Content id, dhash and phash (8 bytes each) of every content, in the order of ids."""
        return self._database.rows(
            "SELECT content_id, dhash, phash FROM perceptual ORDER BY content_id"
        )

    # --- writing (inside the caller's transaction) ---------------------------------------------

    def add_content(self, content: NewContent) -> int:
        """Store a content, or find the one with the same bytes; return its id."""
        known = self.content_id(content.content_hash)
        if known is not None:
            return known
        values = {name: getattr(content, name) for name in _CONTENT_COLUMNS}
        values["keywords"] = json.dumps(content.keywords, ensure_ascii=False)
        values["people"] = json.dumps(content.people, ensure_ascii=False)
        values["place_id"] = self._place(content.place) if content.place else None
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO content ({columns}) VALUES ({marks})"
        content_id = self._database.execute(sql, tuple(values.values())).lastrowid
        assert content_id is not None
        sql = "INSERT INTO perceptual (content_id, dhash, phash) VALUES (?, ?, ?)"
        self._database.execute(sql, (content_id, content.dhash, content.phash))
        return content_id

    def set_facts(self, content_id: int, facts: dict[str, Any]) -> None:
        """Replace facts of a content; keys are fields of ``NewContent``."""
        values = dict(facts)
        place = values.pop("place", None)
        values["place_id"] = self._place(place) if place else None
        for name in ("keywords", "people"):
            values[name] = json.dumps(values.get(name, ()), ensure_ascii=False)
        assignments = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE content SET {assignments} WHERE content_id = ?"
        self._database.execute(sql, (*values.values(), content_id))

    def set_taken(self, photo_id: int, taken: Taken) -> None:
        """Record when a photo was taken, after its facts have changed."""
        sql = """UPDATE photo SET taken_at = ifnull(taken_at_override, ?), taken_source = ?
                 WHERE photo_id = ?"""
        self._database.execute(sql, (*taken, photo_id))

    def _place(self, place: tuple[str, str, str, str]) -> int:
        sql = """
            INSERT INTO place (country_code, country, region, town) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET country = excluded.country RETURNING place_id
        """
        return int(self._database.value(sql, place))

    def add(
        self, folder_id: int, path: bytes, display: str, stat: Stat, content_id: int, taken: Taken
    ) -> int:
        """Store a new photo and return its id."""
        sql = """
            INSERT INTO photo (folder_id, path, display, size, mtime_ns, inode, content_id,
                taken_at, taken_source)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        values = (folder_id, path, display, *stat, content_id, *taken)
        photo_id = self._database.execute(sql, values).lastrowid
        assert photo_id is not None
        return photo_id

    def move(self, photo_id: int, folder_id: int, path: bytes, display: str, stat: Stat) -> None:
        """Record that a photo's file is at another path now; everything else stays."""
        sql = """
            UPDATE photo SET folder_id = ?, path = ?, display = ?, size = ?, mtime_ns = ?,
                inode = ?, state = 'present'
            WHERE photo_id = ?
        """
        self._database.execute(sql, (folder_id, path, display, *stat, photo_id))

    def refresh(self, photo_id: int, stat: Stat, content_id: int, taken: Taken) -> None:
        """Record what a photo's file holds now."""
        sql = """
            UPDATE photo SET size = ?, mtime_ns = ?, inode = ?, content_id = ?,
                taken_at = ifnull(taken_at_override, ?), taken_source = ?, state = 'present'
            WHERE photo_id = ?
        """
        self._database.execute(sql, (*stat, content_id, *taken, photo_id))

    def show_as(self, shown: Mapping[int, str]) -> None:
        """Record the absolute paths of photos as text, by photo id."""
        sql = "UPDATE photo SET display = ? WHERE photo_id = ?"
        self._database.execute_many(sql, [(text, photo_id) for photo_id, text in shown.items()])

    def mark(self, photo_ids: Iterable[int], state: str) -> int:
        """Set the state of photos and return of how many.

        Photos that were removed since they were looked at, or whose files are being moved to or
        from the quarantine right now, stay as they are.
        """
        sql = f"""
            UPDATE photo SET state = ? WHERE photo_id IN (SELECT value FROM json_each(?))
                AND state <> 'removed'
                AND photo_id NOT IN (SELECT photo_id FROM removal WHERE {MOVING})
        """
        return self._database.execute(sql, (state, _ids(photo_ids))).rowcount

    def expect_change(self, photo_ids: Iterable[int]) -> None:
        """Make the next scan read these photos anew: no file has the time noted for them."""
        sql = "UPDATE photo SET mtime_ns = -1 WHERE photo_id IN (SELECT value FROM json_each(?))"
        self._database.execute(sql, (_ids(photo_ids),))

    def prefer(self, photo_ids: Iterable[int]) -> None:
        """Put the contents of photos first in the queues of the jobs; the latest wishes count."""
        wish = """INSERT INTO request (kind, payload)
                  SELECT 'prefer', CAST(content_id AS TEXT) FROM photo
                  WHERE photo_id IN (SELECT value FROM json_each(?))"""
        self._database.execute(wish, (_ids(photo_ids),))
        forget = """DELETE FROM request WHERE kind = 'prefer' AND request_id <=
                    (SELECT max(request_id) FROM request WHERE kind = 'prefer') - ?"""
        self._database.execute(forget, (_WISHES,))

    def add_part(
        self, folder_id: int, path: bytes, display: str, stat: Stat, role: str, photo_id: int
    ) -> None:
        """Store a part, or update the one at that path."""
        sql = """
            INSERT INTO part (folder_id, path, display, size, mtime_ns, role, photo_id)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (folder_id, path) DO UPDATE SET size = excluded.size,
                mtime_ns = excluded.mtime_ns, role = excluded.role, photo_id = excluded.photo_id
        """
        values = (folder_id, path, display, stat.size, stat.mtime_ns, role, photo_id)
        self._database.execute(sql, values)

    def drop_parts(self, part_ids: Iterable[int]) -> None:
        """Forget parts whose files are gone."""
        sql = "DELETE FROM part WHERE part_id IN (SELECT value FROM json_each(?))"
        self._database.execute(sql, (_ids(part_ids),))

    def owners_of_sidecars(self, part_ids: Iterable[int]) -> set[int]:
        """The photos that have a sidecar among these parts."""
        sql = """SELECT DISTINCT photo_id FROM part WHERE role = 'sidecar' AND photo_id NOT NULL
                 AND part_id IN (SELECT value FROM json_each(?))"""
        return {row[0] for row in self._database.rows(sql, (_ids(part_ids),))}

    def part_count(self) -> int:
        """How many parts the library has."""
        return int(self._database.value("SELECT count(*) FROM part"))


Taken = tuple[str, str]
"""Capture time as local ISO text, and where it comes from."""


def _ids(values: Iterable[int]) -> str:
    return json.dumps(list(values))


def _absolute(row: sqlite3.Row) -> str:
    return os.fsdecode(os.path.join(row["root"], row["path"]))


def _where(chosen: PhotoFilter) -> tuple[str, list[Any]]:
    """A join and a condition on ``photo p``."""
    join, tests, values = "", ["p.state = ?", "p.hidden = ?"], [chosen.state, int(chosen.hidden)]
    if chosen.album_id is not None:
        # The sign keeps SQLite from walking through all photos in the order of their dates.
        join = "JOIN album_photo a ON a.photo_id = p.photo_id"
        tests = ["+p.state = ?", "+p.hidden = ?"]
        tests.append(f"a.album_id IN {INSIDE}")
        values.append(chosen.album_id)
    if chosen.folder_id is not None:
        tests.append("p.folder_id = ?")
        values.append(chosen.folder_id)
    if chosen.favourite:
        tests.append("p.favourite")
    if chosen.unsorted:
        tests.append(
            "p.photo_id NOT IN (SELECT photo_id FROM album_photo JOIN album USING (album_id)"
            " WHERE kind = 'theme' AND NOT retired)"
        )
    return f"{join} WHERE {' AND '.join(tests)}", values


def _photo(row: sqlite3.Row) -> PhotoRow:
    return PhotoRow(
        photo_id=row["photo_id"],
        content_id=row["content_id"],
        folder_id=row["folder_id"],
        path=_absolute(row),
        state=row["state"],
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        taken_at=row["taken_at"],
        content_hash=row["content_hash"],
        width=row["width"],
        height=row["height"],
        format=row["format"],
        rating=row["rating"],
        favourite=bool(row["favourite"]),
        hidden=bool(row["hidden"]),
        turned=row["orientation_override"] or 0,
    )


def _candidate(row: sqlite3.Row) -> CandidateRow:
    values = {name: row[name] for name in row.keys() if name != "root"}
    values |= {"path": _absolute(row), "reference": bool(row["reference"])}
    return CandidateRow(**values)
