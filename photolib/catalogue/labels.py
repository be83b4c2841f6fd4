"""Labels: what people decided about them, the vocabulary, and what is suggested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from photolib.catalogue.rows import LabelCount, LabelRow, Suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from photolib.catalogue.database import Database

_CHOSEN = "(SELECT value FROM json_each(?))"


class Labels:
    """The tables ``label``, ``rejected_label``, ``vocabulary`` and ``calibration``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading -------------------------------------------------------------------------------

    def counts(self) -> list[LabelCount]:
        """Each label with the visible photos that carry it, and those it is suggested for.

        The most frequent come first. A photo that carries a label is not counted as suggested.
        """
        sql = """
            SELECT name, count(*) FILTER (WHERE sure) AS photos,
                count(*) FILTER (WHERE NOT sure) AS suggested
            FROM (SELECT l.name, p.photo_id, max(l.provenance <> 'suggested') AS sure
                FROM label l JOIN photo p USING (content_id)
                WHERE p.state = 'present' AND NOT p.hidden GROUP BY l.name, p.photo_id)
            GROUP BY name ORDER BY photos DESC, suggested DESC, name
        """
        return [LabelCount(*row) for row in self._database.rows(sql)]

    def matching(
        self, pattern: str, content_ids: Iterable[int], *, suggested: bool = False
    ) -> dict[int, list[LabelRow]]:
        """For each of these contents its labels that fit a LIKE pattern, the surest first."""
        sql = f"""
            SELECT l.content_id, l.crop_id, l.name, l.provenance, l.score, c.x, c.y, c.w, c.h
            FROM label l LEFT JOIN crop c USING (crop_id)
            WHERE l.content_id IN {_CHOSEN} AND l.name LIKE ? ESCAPE '\\'
                AND (? OR l.provenance <> 'suggested')
            ORDER BY l.provenance = 'suggested', l.score DESC, l.label_id
        """
        values = (json.dumps(list(content_ids)), pattern, suggested)
        found: dict[int, list[LabelRow]] = {}
        for row in self._database.rows(sql, values):
            box = None if row["x"] is None else (row["x"], row["y"], row["w"], row["h"])
            label = LabelRow(row["crop_id"], row["name"], row["provenance"], row["score"], box)
            found.setdefault(row["content_id"], []).append(label)
        return found

    def evidence(self, least: int) -> dict[str, tuple[set[int], set[int]]]:
        """What is known of labels: name to the contents that show it, and that do not.

        A person's word comes before a detector's. A detector that has found a thing in at least
        ``least`` contents knows it: where it has looked and not found it, it is not.
        """
        looked = {r[0] for r in self._database.rows(_LOOKED)}
        known: dict[str, tuple[set[int], set[int]]] = {}
        for name, content_id in self._database.rows(_SHOWN.format(provenance="'detected'")):
            known.setdefault(name, (set(), set()))[0].add(content_id)
        known = {n: (yes, looked - yes) for n, (yes, _) in known.items() if len(yes) >= least}
        for name, content_id in self._database.rows(_SHOWN.format(provenance="'accepted', 'own'")):
            yes, no = known.setdefault(name, (set(), set()))
            yes.add(content_id)
            no.discard(content_id)
        for name, content_id in self._database.rows("SELECT name, content_id FROM rejected_label"):
            yes, no = known.setdefault(name, (set(), set()))
            no.add(content_id)
            yes.discard(content_id)
        return known

    def known_count(self) -> int:
        """How many labels a detector or a person has given or refused."""
        sql = """SELECT (SELECT count(*) FROM label WHERE provenance <> 'suggested')
                     + (SELECT count(*) FROM rejected_label)"""
        return int(self._database.value(sql))

    def settled(self) -> set[tuple[int, str]]:
        """Contents and the names that need no suggesting: they carry them, or never will."""
        sql = """SELECT content_id, name FROM label WHERE provenance <> 'suggested'
                 UNION SELECT content_id, name FROM rejected_label"""
        return {(row[0], row[1]) for row in self._database.rows(sql)}

    def suggestions(self, content_ids: Collection[int] | None = None) -> list[Suggestion]:
        """What is suggested now, for some contents or for all."""
        sql = "SELECT content_id, name, score, crop_id FROM label WHERE provenance = 'suggested'"
        if content_ids is None:
            return [Suggestion(*row) for row in self._database.rows(sql)]
        sql += f" AND content_id IN {_CHOSEN}"
        chosen = (json.dumps(list(content_ids)),)
        return [Suggestion(*row) for row in self._database.rows(sql, chosen)]

    def vocabulary(self) -> tuple[set[str], set[str]]:
        """Words that a person added, and those that a person took away."""
        rows = self._database.rows("SELECT word, wanted FROM vocabulary")
        return {r[0] for r in rows if r[1]}, {r[0] for r in rows if not r[1]}

    def calibration(self, model_no: int, kind: str) -> tuple[int, str] | None:
        """The version and the statistics (JSON) stored for a model; None when there are none."""
        sql = "SELECT version, statistics FROM calibration WHERE model_no = ? AND kind = ?"
        row = self._database.row(sql, (model_no, kind))
        return (row[0], row[1]) if row else None

    # --- writing (inside the caller's transaction) ---------------------------------------------

    def want(self, words: Iterable[str], *, wanted: bool) -> None:
        """Add words to the vocabulary, or take them away with what was suggested by them."""
        sql = """INSERT INTO vocabulary (word, wanted) VALUES (?, ?)
                 ON CONFLICT (word) DO UPDATE SET wanted = excluded.wanted"""
        chosen = list(words)
        self._database.execute_many(sql, [(word, wanted) for word in chosen])
        if not wanted:
            sql = f"""DELETE FROM label WHERE provenance = 'suggested'
                      AND name COLLATE NOCASE IN {_CHOSEN}"""
            self._database.execute(sql, (json.dumps(chosen),))

    def accept(self, content_id: int, name: str) -> None:
        """A person says that a content shows this: what was found or suggested is accepted.

        Where nothing was, the label is the person's own.
        """
        sql = "DELETE FROM rejected_label WHERE content_id = ? AND name = ?"
        self._database.execute(sql, (content_id, name))
        sql = """UPDATE label SET provenance = 'accepted' WHERE content_id = ?
                 AND name = ? COLLATE NOCASE AND provenance IN ('detected', 'suggested')"""
        self._database.execute(sql, (content_id, name))
        sql = """
            INSERT INTO label (content_id, name, provenance) SELECT ?1, ?2, 'own'
            WHERE NOT EXISTS (SELECT 1 FROM label
                WHERE content_id = ?1 AND name = ?2 COLLATE NOCASE)
        """
        self._database.execute(sql, (content_id, name))

    def reject(self, content_id: int, name: str) -> None:
        """A person says that a content does not show this: the label goes, and stays away."""
        sql = "INSERT INTO rejected_label (content_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._database.execute(sql, (content_id, name))
        for sql in (
            "DELETE FROM label WHERE content_id = ? AND name = ? COLLATE NOCASE",
            "UPDATE crop SET label = '' WHERE content_id = ? AND label = ? COLLATE NOCASE",
        ):
            self._database.execute(sql, (content_id, name))

    def suggest(self, new: Sequence[Suggestion], old: Sequence[Suggestion]) -> None:
        """Put new suggestions in the place of old ones."""
        sql = """DELETE FROM label WHERE content_id = ? AND name = ? AND provenance = 'suggested'"""
        self._database.execute_many(sql, [(one.content_id, one.name) for one in old])
        sql = """
            INSERT INTO label (content_id, name, score, crop_id, provenance)
            SELECT ?1, ?2, ?3, ?4, 'suggested'
            WHERE NOT EXISTS (SELECT 1 FROM label WHERE content_id = ?1 AND name = ?2)
                AND NOT EXISTS (SELECT 1 FROM rejected_label WHERE content_id = ?1 AND name = ?2)
        """
        self._database.execute_many(sql, [tuple(one) for one in new])

    def calibrate(self, model_no: int, kind: str, version: int, statistics: str) -> None:
        """Store what a model was calibrated to."""
        sql = """
            INSERT INTO calibration (model_no, kind, version, statistics) VALUES (?, ?, ?, ?)
            ON CONFLICT (model_no, kind) DO UPDATE SET version = excluded.version,
                statistics = excluded.statistics
        """
        self._database.execute(sql, (model_no, kind, version, statistics))


_LOOKED = """
    SELECT s.content_id FROM stage s JOIN model m ON m.model_id = s.version
    WHERE s.name = 'crops' AND s.problem IS NULL
        AND m.model_no IN (SELECT model_no FROM crop WHERE label <> '')
"""
_SHOWN = "SELECT DISTINCT name, content_id FROM label WHERE provenance IN ({provenance})"
