"""What is known of pairs of contents: candidates' signs, verdicts, and a person's word on them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue.database import Database

_NOT_DUPLICATES = "not-duplicates"


class Unsigned(NamedTuple):
    """A content without signs of the current version, and one path to read it (None: offline)."""

    content_id: int
    content_hash: bytes
    path: str | None


class ContentFacts(NamedTuple):
    """What judging a pair needs to know of one content besides its picture."""

    content_id: int
    content_hash: bytes
    path: str | None
    width: int
    height: int
    payload: tuple[str, int, str | None] | None
    """Payload key, orientation and colour profile; None where there is no key."""
    shot: tuple[str, str] | None
    """Camera and the time in its own metadata; None unless both are there."""
    frames: int
    attachments: str


class Held(NamedTuple):
    """A photo, and what another must share with it to be its copy: the content, or the set."""

    path: str
    keys: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PairRow:
    """What was found out about two contents; ``content_a`` is the smaller id.

    ``tier`` None means that they are no copies. ``direction`` names which was made from the other:
    ``a-from-b``, ``b-from-a`` or None.
    """

    content_a: int
    content_b: int
    rules: int
    tier: str | None = None
    relation: str | None = None
    direction: str | None = None
    score: float | None = None
    inliers: int | None = None
    residual: float | None = None
    amount: float | None = None
    map: tuple[float, ...] | None = None


class Copies:
    """The tables ``sign`` and ``pair``, pixel hashes, and the decision ``not-duplicates``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- signs ---------------------------------------------------------------------------------

    def unsigned(self, version: str) -> list[Unsigned]:
        """Contents of present photos whose signs are not of ``version``.

        One whose picture could not be had comes back when a file of it is in an online folder.
        """
        sql = f"""
            SELECT c.content_id, c.content_hash, {_READABLE} FROM content c
            LEFT JOIN sign s USING (content_id)
            {_FROM_READABLE}
            WHERE s.version IS NOT ?1 AND (f.folder_id IS NOT NULL OR s.content_id IS NULL)
                AND EXISTS (SELECT 1 FROM photo p
                    WHERE p.content_id = c.content_id AND p.state = 'present')
            ORDER BY c.content_id
        """
        return [
            Unsigned(row["content_id"], row["content_hash"], _path(row))
            for row in self._database.rows(sql, (version,))
        ]

    def sign(self, content_id: int, version: str, marks: bytes) -> None:
        """Store the signs of a content; it is asked anew who its copies are."""
        sql = "INSERT OR REPLACE INTO sign (content_id, version, marks, sought) VALUES (?, ?, ?, 0)"
        self._database.execute(sql, (content_id, version, marks))

    def unsought(self) -> list[int]:
        """Contents that have not asked yet which others may be copies of them, ascending."""
        sql = "SELECT content_id FROM sign WHERE NOT sought ORDER BY content_id"
        return [row[0] for row in self._database.rows(sql)]

    def sought(self, content_ids: Iterable[int]) -> None:
        """Record that these contents have asked, and that all candidates were judged."""
        sql = "UPDATE sign SET sought = 1 WHERE content_id = ?"
        self._database.execute_many(sql, [(content_id,) for content_id in content_ids])

    def marks(self) -> tuple[NDArray[np.int64], list[bytes]]:
        """The signs of every content of a present photo: ids ascending, and their bytes."""
        sql = """SELECT content_id, marks FROM sign WHERE length(marks) > 0
                 AND content_id IN (SELECT content_id FROM photo WHERE state = 'present')
                 ORDER BY content_id"""
        rows = self._database.rows(sql)
        return np.array([row[0] for row in rows], np.int64), [row[1] for row in rows]

    # --- pairs ---------------------------------------------------------------------------------

    def judged(self, content_ids: Iterable[int], rules: int) -> set[tuple[int, int]]:
        """Pairs with one of these contents that were judged by these rules."""
        chosen = json.dumps(list(content_ids))
        sql = """
            SELECT content_a, content_b FROM pair
                WHERE content_a IN (SELECT value FROM json_each(?1)) AND rules = ?2
            UNION SELECT content_a, content_b FROM pair
                WHERE content_b IN (SELECT value FROM json_each(?1)) AND rules = ?2
        """
        return {(row[0], row[1]) for row in self._database.rows(sql, (chosen, rules))}

    def facts(self, content_ids: Iterable[int]) -> dict[int, ContentFacts]:
        """What is known of contents that may be copies."""
        sql = f"""
            SELECT c.content_id, c.content_hash, {_READABLE}, c.width, c.height, c.payload_key,
                c.orientation, c.icc, c.camera, c.taken_at, c.taken_source, c.frames, c.attachments
            FROM content c {_FROM_READABLE}
            WHERE c.content_id IN (SELECT value FROM json_each(?))
        """
        rows = self._database.rows(sql, (json.dumps(list(content_ids)),))
        return {row["content_id"]: _facts(row) for row in rows}

    def judge(self, pairs: Iterable[PairRow]) -> None:
        """Store verdicts in place of earlier ones."""
        sql = """
            INSERT INTO pair (content_a, content_b, verdict, tier, relation, direction, score,
                inliers, residual, amount, map, rules) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (content_a, content_b) DO UPDATE SET verdict = excluded.verdict,
                tier = excluded.tier, relation = excluded.relation, direction = excluded.direction,
                score = excluded.score, inliers = excluded.inliers, residual = excluded.residual,
                amount = excluded.amount, map = excluded.map, rules = excluded.rules
        """
        self._database.execute_many(sql, [_columns(pair) for pair in pairs])

    def verified(self) -> NDArray[np.int64]:
        """The ids (n, 2) of all verified pairs."""
        sql = "SELECT content_a, content_b FROM pair WHERE verdict = 'verified'"
        return _ids(self._database.rows(sql))

    def among(self, content_ids: Iterable[int]) -> list[PairRow]:
        """The verified pairs between these contents."""
        sql = """
            SELECT content_a, content_b, rules, tier, relation, direction, score, inliers, residual,
                amount, map FROM pair WHERE verdict = 'verified'
                AND content_a IN (SELECT value FROM json_each(?1))
                AND content_b IN (SELECT value FROM json_each(?1))
            ORDER BY content_a, content_b
        """
        rows = self._database.rows(sql, (json.dumps(list(content_ids)),))
        return [
            PairRow(**{**dict(row), "map": tuple(json.loads(row["map"])) if row["map"] else None})
            for row in rows
        ]

    def same_payload(self) -> NDArray[np.int64]:
        """Pairs (n, 2) that link all contents of one payload, orientation and profile in a row."""
        sql = """
            WITH shared AS (SELECT payload_key FROM content WHERE payload_key IS NOT NULL
                GROUP BY payload_key HAVING count(*) > 1)
            SELECT previous, content_id FROM (
                SELECT content_id, lag(content_id) OVER (
                    PARTITION BY payload_key, orientation, icc ORDER BY content_id) AS previous
                FROM content WHERE payload_key IN (SELECT payload_key FROM shared)
                    AND content_id IN (SELECT content_id FROM photo WHERE state = 'present'))
            WHERE previous IS NOT NULL
        """
        return _ids(self._database.rows(sql))

    def of_several_photos(self) -> NDArray[np.int64]:
        """Contents that more than one present photo has, ascending."""
        sql = """SELECT content_id FROM photo WHERE state = 'present'
                 GROUP BY content_id HAVING count(*) > 1"""
        return np.array([row[0] for row in self._database.rows(sql)], np.int64)

    def below(self, directory: str) -> list[Held]:
        """The present photos below an absolute directory, by path."""
        sql = """
            SELECT f.path AS root, p.path AS path, p.content_id, d.set_id
            FROM photo p JOIN folder f USING (folder_id)
            LEFT JOIN duplicate_photo d USING (photo_id)
            WHERE p.state = 'present' ORDER BY p.path
        """
        inside = os.path.join(os.fsencode(directory), b"")
        held = []
        for row in self._database.rows(sql):
            path = os.path.join(row["root"], row["path"])
            if path.startswith(inside):
                keys = [("content", row["content_id"]), ("set", row["set_id"])]
                held.append(
                    Held(os.fsdecode(path), tuple((k, i) for k, i in keys if i is not None))
                )
        return sorted(held)

    # --- pixels --------------------------------------------------------------------------------

    def pixel_hash(self, content_id: int) -> bytes | None:
        """The hash of a content's decoded pixels, where it was needed before."""
        sql = "SELECT pixel_hash FROM perceptual WHERE content_id = ?"
        found: bytes | None = self._database.value(sql, (content_id,))
        return found

    def set_pixel_hash(self, content_id: int, digest: bytes) -> None:
        """Keep the hash of a content's decoded pixels."""
        sql = "UPDATE perceptual SET pixel_hash = ? WHERE content_id = ?"
        self._database.execute(sql, (digest, content_id))

    # --- a person's word -----------------------------------------------------------------------

    def part(self, one: int, other: int) -> bool:
        """Record that two contents are not duplicates, whatever is found out about them.

        The decision names the bytes, so it outlives the contents' rows. False when it was known.
        """
        hashes = sorted(self._hashes((one, other)).values())
        if self._apart_row(hashes) is not None:
            return False
        sql = "INSERT INTO decision (kind, subject) VALUES (?, ?)"
        self._database.execute(sql, (_NOT_DUPLICATES, json.dumps(hashes)))
        self._log((one, other))
        return True

    def rejoin(self, one: int, other: int) -> bool:
        """Take that back; False when it was never said."""
        found = self._apart_row(sorted(self._hashes((one, other)).values()))
        if found is None:
            return False
        self._database.execute("UPDATE decision SET undone = 1 WHERE decision_id = ?", (found,))
        self._log((one, other))
        return True

    def parted(self) -> set[tuple[int, int]]:
        """All pairs of known contents that a person said are not duplicates."""
        sql = "SELECT subject FROM decision WHERE kind = ? AND NOT undone"
        pairs = [json.loads(row[0]) for row in self._database.rows(sql, (_NOT_DUPLICATES,))]
        sql = "SELECT content_id FROM content WHERE content_hash = ?"
        known = {
            text: self._database.value(sql, (bytes.fromhex(text),))
            for text in {text for pair in pairs for text in pair}
        }
        found = [(known.get(pair[0]), known.get(pair[1])) for pair in pairs]
        return {(min(a, b), max(a, b)) for a, b in found if a is not None and b is not None}

    def _hashes(self, content_ids: Sequence[int]) -> dict[int, str]:
        sql = """SELECT content_id, lower(hex(content_hash)) FROM content
                 WHERE content_id IN (SELECT value FROM json_each(?))"""
        return {r[0]: r[1] for r in self._database.rows(sql, (json.dumps(list(content_ids)),))}

    def _apart_row(self, hashes: Sequence[str]) -> int | None:
        sql = "SELECT decision_id FROM decision WHERE kind = ? AND subject = ? AND NOT undone"
        found: int | None = self._database.value(sql, (_NOT_DUPLICATES, json.dumps(list(hashes))))
        return found

    def _log(self, content_ids: Iterable[int]) -> None:
        sql = "INSERT INTO change_log (kind, row_id, op) VALUES ('copy', ?, 'update')"
        self._database.execute_many(sql, [(content_id,) for content_id in content_ids])


_READABLE = "f.path AS root, p.path AS path"
_FROM_READABLE = """
    LEFT JOIN photo p ON p.photo_id = (SELECT max(photo_id)
        FROM photo readable JOIN folder USING (folder_id)
        WHERE readable.content_id = c.content_id AND readable.state = 'present'
            AND folder.state = 'online')
    LEFT JOIN folder f ON f.folder_id = p.folder_id
"""


def _path(row: Any) -> str | None:
    return None if row["root"] is None else os.fsdecode(os.path.join(row["root"], row["path"]))


def _facts(row: Any) -> ContentFacts:
    own = row["taken_source"] in ("exif", "xmp") and row["camera"] and row["taken_at"]
    payload = (row["payload_key"], row["orientation"], row["icc"]) if row["payload_key"] else None
    return ContentFacts(
        row["content_id"],
        row["content_hash"],
        _path(row),
        row["width"],
        row["height"],
        payload,
        (row["camera"], row["taken_at"]) if own else None,
        row["frames"],
        row["attachments"],
    )


def _columns(pair: PairRow) -> tuple[object, ...]:
    return (
        pair.content_a,
        pair.content_b,
        "verified" if pair.tier else "rejected",
        pair.tier,
        pair.relation,
        pair.direction,
        pair.score,
        pair.inliers,
        pair.residual,
        pair.amount,
        json.dumps(pair.map) if pair.map else None,
        pair.rules,
    )


def _ids(rows: Sequence[Any]) -> NDArray[np.int64]:
    return np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
