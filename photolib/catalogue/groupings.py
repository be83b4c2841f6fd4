"""Grouping runs, what each of them found, and what people decided about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue.rows import (
    DecisionRow,
    GroupingRunRow,
    GroupingState,
    ShownPhotos,
    TellingRow,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from photolib.catalogue.database import Database

_RUN = """
    SELECT r.run_id, r.kind, model_id, eps, min_samples, noise, change, parameters, run_at
    FROM grouping_run r LEFT JOIN model USING (model_no)
"""
_STATES_KEPT = 8
"""Runs of a kind whose outcome stays to be compared."""


class Groupings:
    """The tables ``grouping_run``, ``grouping_state`` and ``decision``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- runs ----------------------------------------------------------------------------------

    def last_run(self, kind: str) -> GroupingRunRow | None:
        """The newest grouping run of a kind."""
        row = self._database.row(f"{_RUN} WHERE r.kind = ? ORDER BY run_id DESC LIMIT 1", (kind,))
        return _run(row) if row else None

    def runs(self, kind: str) -> list[GroupingRunRow]:
        """The runs of a kind whose outcome is stored, the newest first."""
        sql = f"""{_RUN} JOIN grouping_state s USING (run_id) WHERE r.kind = ?
                  ORDER BY run_id DESC"""
        return [_run(row) for row in self._database.rows(sql, (kind,))]

    def begin(
        self,
        kind: str,
        *,
        model_no: int | None = None,
        eps: float | None = None,
        min_samples: int | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        """Store a new run with the parameters that it froze; return its id."""
        values = {"kind": kind, "model_no": model_no, "eps": eps, "min_samples": min_samples}
        values |= {"change": 0, "parameters": json.dumps(dict(parameters or {}))}
        return self._database.insert("grouping_run", values)

    def advance(self, run_id: int, *, change: int, noise: int, **parameters: Any) -> None:
        """Record how far a run has come: the last change it has seen and what it left out."""
        sql = """UPDATE grouping_run SET change = ?, noise = ?,
                     parameters = json_patch(parameters, ?) WHERE run_id = ?"""
        self._database.execute(sql, (change, noise, json.dumps(parameters), run_id))

    def state(self, run_id: int) -> GroupingState | None:
        """What a run found; None when it has been dropped."""
        sql = "SELECT units, leaf, wide, core, albums FROM grouping_state WHERE run_id = ?"
        row = self._database.row(sql, (run_id,))
        if row is None:
            return None
        albums = json.loads(row["albums"])
        return GroupingState(
            np.frombuffer(row["units"], "<i8").astype(np.int64),
            np.frombuffer(row["leaf"], "<i4").astype(np.int64),
            np.frombuffer(row["wide"], "<i4").astype(np.int64),
            np.frombuffer(row["core"], np.bool_),
            tuple(albums["leaf"]),
            tuple(albums["above"]),
            tuple(albums["coarse"]),
        )

    def keep_state(self, run_id: int, kind: str, state: GroupingState) -> None:
        """Store what a run found now, and drop the outcome of runs long past."""
        albums = {"leaf": state.albums, "above": state.above, "coarse": state.coarse}
        values = (
            run_id,
            state.units.astype("<i8").tobytes(),
            state.leaf.astype("<i4").tobytes(),
            state.wide.astype("<i4").tobytes(),
            state.core.astype(np.bool_).tobytes(),
            json.dumps(albums),
        )
        sql = """INSERT OR REPLACE INTO grouping_state (run_id, units, leaf, wide, core, albums)
                 VALUES (?, ?, ?, ?, ?, ?)"""
        self._database.execute(sql, values)
        sql = """DELETE FROM grouping_state WHERE run_id IN (SELECT run_id FROM grouping_run
                 WHERE kind = ? ORDER BY run_id DESC LIMIT -1 OFFSET ?)"""
        self._database.execute(sql, (kind, _STATES_KEPT))

    # --- decisions -----------------------------------------------------------------------------

    def decisions(self, kinds: tuple[str, ...]) -> list[DecisionRow]:
        """What people decided and have not undone, in the order they did."""
        sql = """SELECT decision_id, kind, subject, made_at FROM decision
                 WHERE NOT undone AND kind IN (SELECT value FROM json_each(?))
                 ORDER BY decision_id"""
        rows = self._database.rows(sql, (json.dumps(kinds),))
        return [DecisionRow(row[0], row[1], json.loads(row[2]), row[3]) for row in rows]

    def made_by_splits(self) -> set[int]:
        """The albums that splits made, also those undone: no cluster ever was theirs."""
        sql = "SELECT subject ->> 'other' FROM decision WHERE kind = 'split'"
        return {row[0] for row in self._database.rows(sql)}

    def kinds_of(self, decision_ids: Iterable[int]) -> set[str]:
        """The kinds of albums that some decisions are about."""
        sql = """SELECT DISTINCT subject ->> 'of' FROM decision
                 WHERE decision_id IN (SELECT value FROM json_each(?))"""
        return {row[0] for row in self._database.rows(sql, (json.dumps(list(decision_ids)),))}

    def known_labels(self) -> dict[int, set[str]]:
        """For each content what a person called it: tags, keywords, and labels of their own."""
        sql = """
            SELECT p.content_id, t.name FROM photo_tag JOIN tag t USING (tag_id)
                JOIN photo p USING (photo_id)
            UNION SELECT content_id, name FROM label WHERE provenance IN ('accepted', 'own')
            UNION SELECT content_id, k.value FROM content c, json_each(c.keywords) k
                WHERE c.keywords <> '[]'
        """
        labels: dict[int, set[str]] = {}
        for content_id, name in self._database.rows(sql):
            labels.setdefault(content_id, set()).add(name)
        return labels

    def decide(self, kind: str, subject: Mapping[str, Any]) -> int:
        """Store a decision that does not hold yet; return its id."""
        values = {"kind": kind, "subject": json.dumps(subject), "undone": 1}
        return self._database.insert("decision", values)

    # --- the map -------------------------------------------------------------------------------

    def places_on_map(self, method: str) -> dict[int, tuple[float, float]]:
        """Where each content lies on the map that a method drew."""
        sql = "SELECT content_id, x, y FROM projection WHERE method = ?"
        return {row[0]: (row[1], row[2]) for row in self._database.rows(sql, (method,))}

    def put_on_map(self, method: str, places: Mapping[int, Sequence[float]], *, anew: bool) -> None:
        """Store places, beside those stored before or (``anew``) instead of them."""
        if anew:
            self._database.execute("DELETE FROM projection WHERE method = ?", (method,))
        sql = "INSERT OR REPLACE INTO projection (method, content_id, x, y) VALUES (?, ?, ?, ?)"
        rows = ((method, content_id, *place) for content_id, place in places.items())
        self._database.execute_many(sql, rows)

    def towns(self) -> dict[int, str]:
        """The town and country of each photo shown that has a place."""
        sql = """SELECT p.photo_id, pl.town || ', ' || pl.country FROM photo p
                 JOIN content USING (content_id) JOIN place pl USING (place_id)
                 WHERE p.state = 'present' AND NOT p.hidden"""
        return {row[0]: row[1] for row in self._database.rows(sql)}

    def sure_labels(self, content_id: int) -> list[str]:
        """What a detector or a person says a content shows; suggestions do not count."""
        sql = """SELECT DISTINCT name FROM label WHERE content_id = ?
                 AND provenance <> 'suggested' ORDER BY name"""
        return [row[0] for row in self._database.rows(sql, (content_id,))]

    # --- highlights ----------------------------------------------------------------------------

    def photos_by_year(self, days: Sequence[str] | None = None) -> dict[str, list[int]]:
        """The photos shown by the year they were taken in, of these days ("06-30") or all.

        Photos that have no time but their file's are left out.
        """
        sql = """
            SELECT substr(taken_at, 1, 4), photo_id FROM photo
            WHERE state = 'present' AND NOT hidden AND taken_source <> 'mtime'
                AND (?1 IS NULL OR substr(taken_at, 6, 5) IN (SELECT value FROM json_each(?1)))
            ORDER BY taken_at, photo_id
        """
        years: dict[str, list[int]] = {}
        for year, photo_id in self._database.rows(sql, (json.dumps(days) if days else None,)):
            years.setdefault(year, []).append(photo_id)
        return years

    def for_highlights(self, photo_ids: Iterable[int]) -> list[TellingRow]:
        """What highlights weigh of those of some photos that are shown, by capture time.

        Of a duplicate set only the keeper is there, if it is among them.
        """
        sql = """
            SELECT p.photo_id, ifnull(c.sharpness, 0),
                max(p.favourite, ifnull(p.rating, ifnull(c.rating, 0)) / 5.0),
                coalesce('set ' || d.set_id, 'stack ' || t.stack_id, 'photo ' || p.photo_id),
                d.tier IS NOT NULL AS copy
            FROM photo p JOIN content c USING (content_id)
                LEFT JOIN duplicate_photo d ON d.photo_id = p.photo_id
                LEFT JOIN stack_photo t ON t.photo_id = p.photo_id
            WHERE p.photo_id IN (SELECT value FROM json_each(?)) AND p.state = 'present'
                AND NOT p.hidden ORDER BY p.taken_at, copy, p.photo_id
        """
        rows = self._database.rows(sql, (json.dumps(list(photo_ids)),))
        keepers = {row[3] for row in rows if not row["copy"]}
        kept = [row for row in rows if not row["copy"] or row[3] not in keepers]
        return [TellingRow(row[0], row[1], row[2], row[3]) for row in kept]

    # --- what is grouped -----------------------------------------------------------------------

    def shown(self) -> ShownPhotos:
        """Every photo that is present and not hidden, as columns, by capture time.

        The stand-in of a copy is the content of its set's keeper.
        """
        sql = """
            SELECT p.photo_id, p.content_id, ifnull(k.content_id, p.content_id),
                CASE WHEN p.taken_source = 'mtime' THEN NULL ELSE substr(p.taken_at, 1, 19) END,
                c.taken_offset, c.latitude, c.longitude, c.place_id
            FROM photo p JOIN content c USING (content_id)
                LEFT JOIN duplicate_photo d ON d.photo_id = p.photo_id
                LEFT JOIN duplicate_set s USING (set_id)
                LEFT JOIN photo k ON k.photo_id = s.keeper_id AND k.state = 'present'
                    AND NOT k.hidden
            WHERE p.state = 'present' AND NOT p.hidden ORDER BY p.taken_at, p.photo_id
        """
        rows = self._database.execute(sql)
        rows.row_factory = None
        columns = list(zip(*rows.fetchall(), strict=True)) or [()] * 8
        photos, contents, stand_ins = (np.array(c, np.int64) for c in columns[:3])
        taken = np.array(["NaT" if t is None else t for t in columns[3]], "datetime64[s]")
        offsets, latitudes, longitudes = (
            np.array([np.nan if v is None else v for v in c], float) for c in columns[4:7]
        )
        places = np.array([-1 if v is None else v for v in columns[7]], np.int64)
        seconds = np.where(np.isnat(taken), np.nan, taken.astype(np.int64).astype(float))
        return ShownPhotos(
            photos, contents, stand_ins, seconds, offsets, latitudes, longitudes, places
        )


def _run(row: sqlite3.Row) -> GroupingRunRow:
    names = ("run_id", "kind", "model_id", "eps", "min_samples", "noise", "change")
    values = {name: row[name] for name in names}
    return GroupingRunRow(**values, parameters=json.loads(row["parameters"]), run_at=row["run_at"])
