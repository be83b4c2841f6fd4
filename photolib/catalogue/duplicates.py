"""Duplicate sets as they are reviewed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

from photolib.catalogue.rows import DuplicateSetRow, MatchedPhoto

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from photolib.catalogue.database import Database


class DuplicateSets:
    """The tables ``duplicate_set`` and ``duplicate_photo``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, sets: Iterable[DuplicateSetRow], old: Iterable[int] | None = None) -> None:
        """Store these sets in place of the sets ``old`` (None: of all), all or nothing.

        A new set keeps the id of the old one that it shares most photos with, so that whoever is
        reviewing finds it where it was.
        """
        with self._database.transaction():
            known = self.memberships()
            gone = {row[0] for row in known} if old is None else set(old)
            members: dict[int, int] = {photo: s for s, photo, _ in known if s in gone}
            chosen = json.dumps(sorted(gone))
            for table in ("duplicate_photo", "duplicate_set"):
                sql = f"DELETE FROM {table} WHERE set_id IN (SELECT value FROM json_each(?))"
                self._database.execute(sql, (chosen,))
            new = list(sets)
            ids = inherited([[photo.photo_id for photo in row.photos] for row in new], members)
            for made, set_id in zip(new, ids, strict=True):
                self._store(made, set_id)

    def memberships(self) -> list[tuple[int, int, int]]:
        """Set, photo and content of every photo in a set, by ascending set."""
        sql = """SELECT set_id, photo_id, content_id FROM duplicate_photo
                 JOIN photo USING (photo_id) ORDER BY set_id, photo_id"""
        return [(row[0], row[1], row[2]) for row in self._database.rows(sql)]

    def _store(self, new: DuplicateSetRow, set_id: int | None) -> None:
        sql = """INSERT INTO duplicate_set (set_id, tier, keeper_id, tie, reclaimable)
                 VALUES (?, ?, ?, ?, ?)"""
        values = (set_id, new.tier, new.keeper_id, int(new.tie), new.reclaimable)
        set_id = self._database.execute(sql, values).lastrowid
        sql = f"""INSERT INTO duplicate_photo (set_id, {", ".join(_MEMBER)})
                  VALUES (?{", ?" * len(_MEMBER)})"""
        rows = [(set_id, *(getattr(photo, name) for name in _MEMBER)) for photo in new.photos]
        self._database.execute_many(sql, rows)

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
        sql = f"""
            SELECT set_id, {", ".join(_MEMBER)} FROM duplicate_photo
            WHERE set_id IN (SELECT value FROM json_each(?)) ORDER BY tier IS NOT NULL, photo_id
        """
        members: dict[int, list[MatchedPhoto]] = {}
        for set_id, *rest in self._database.rows(sql, (json.dumps(set_ids),)):
            members.setdefault(set_id, []).append(MatchedPhoto(*rest))
        return members


_MEMBER = tuple(field.name for field in fields(MatchedPhoto))


def inherited(new: Sequence[Collection[int]], old: Mapping[int, int]) -> list[int | None]:
    """For each new group of photos the old id it goes on under: of the group it shares most photos
    with, then the lowest; ``old`` gives the former group of each photo."""
    shared = [
        (-count, set_id, place)
        for place, photos in enumerate(new)
        for set_id, count in Counter(old[photo] for photo in photos if photo in old).items()
    ]
    given: dict[int, int] = {}
    taken: set[int] = set()
    for _, set_id, place in sorted(shared):
        if place not in given and set_id not in taken:
            given[place] = set_id
            taken.add(set_id)
    return [given.get(place) for place in range(len(new))]
