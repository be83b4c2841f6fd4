"""Duplicate sets, and the verified pairs that they rest on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from photolib.catalogue.rows import DuplicateSetRow, MatchedPhoto

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from photolib.catalogue.database import Database


class DuplicateSets:
    """The tables ``duplicate_set`` and ``duplicate_photo``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, sets: Iterable[DuplicateSetRow]) -> None:
        """Store these sets in place of all others, all or nothing.

        A set with the same photos, keeper and tier as before keeps its id.
        """
        with self._database.transaction():
            old = {_identity(row): row.set_id for row in self.page()}
            self._database.execute("DELETE FROM duplicate_photo")
            self._database.execute("DELETE FROM duplicate_set")
            for new in sets:
                self._store(new, old.get(_identity(new)))

    def _store(self, new: DuplicateSetRow, set_id: int | None) -> None:
        values = {"tier": new.tier, "keeper_id": new.keeper_id, "tie": int(new.tie)}
        values["reclaimable"] = new.reclaimable
        if set_id is not None:
            values["set_id"] = set_id
        set_id = self._database.insert("duplicate_set", values)
        sql = """
            INSERT INTO duplicate_photo (photo_id, set_id, tier, relation, direction, score, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?)
        """
        self._database.execute_many(
            sql,
            [
                (p.photo_id, set_id, p.tier, p.relation, p.direction, p.score, p.reason)
                for p in new.photos
            ],
        )

    def count(self, tier: str | None = None) -> int:
        """How many sets there are, of one tier or of all."""
        sql = "SELECT count(*) FROM duplicate_set WHERE ifnull(?1 = tier, 1)"
        return int(self._database.value(sql, (tier,)))

    def reclaimable(self, tier: str | None = None) -> int:
        """Bytes that would be free if only the keepers stayed."""
        sql = "SELECT total(reclaimable) FROM duplicate_set WHERE ifnull(?1 = tier, 1)"
        return int(self._database.value(sql, (tier,)))

    def page(
        self, tier: str | None = None, *, limit: int = -1, offset: int = 0
    ) -> list[DuplicateSetRow]:
        """Sets with their photos, those that free most first; the keeper leads each."""
        sql = """
            SELECT set_id, tier, keeper_id, tie, reclaimable FROM duplicate_set
            WHERE ifnull(?1 = tier, 1) ORDER BY reclaimable DESC, set_id LIMIT ?2 OFFSET ?3
        """
        sets = self._database.rows(sql, (tier, limit, offset))
        members = self._members([row["set_id"] for row in sets])
        return [
            DuplicateSetRow(
                row["tier"],
                row["keeper_id"],
                bool(row["tie"]),
                row["reclaimable"],
                tuple(members.get(row["set_id"], ())),
                row["set_id"],
            )
            for row in sets
        ]

    def _members(self, set_ids: Sequence[int]) -> dict[int, list[MatchedPhoto]]:
        sql = """
            SELECT set_id, photo_id, reason, tier, relation, direction, score FROM duplicate_photo
            WHERE set_id IN (SELECT value FROM json_each(?)) ORDER BY tier IS NOT NULL, photo_id
        """
        members: dict[int, list[MatchedPhoto]] = {}
        for set_id, *rest in self._database.rows(sql, (json.dumps(set_ids),)):
            members.setdefault(set_id, []).append(MatchedPhoto(*rest))
        return members


def _identity(row: DuplicateSetRow) -> tuple[str, int, frozenset[int]]:
    return row.tier, row.keeper_id, frozenset(photo.photo_id for photo in row.photos)
