"""What people did and may take back: values of a few columns, before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from photolib.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from photolib.catalogue.database import Database

_COLUMNS = {
    "album": {"name", "named_by", "pinned", "hidden", "cover_id", "retired"},
    "decision": {"undone"},
    "photo": {
        "rating",
        "favourite",
        "hidden",
        "orientation_override",
        "taken_at_override",
        "taken_at",
    },
}
"""What an action may set. A whitelist, since the names go into SQL."""
_SETS = {
    "album_photo": ("album_id", "photo_id"),
    "photo_tag": ("photo_id", "tag_id"),
}
"""Tables of pairs: an action sets all that one row goes with, under the column of the other."""


@dataclass(frozen=True, slots=True)
class Change:
    """Columns of one row that an action sets, with the values they had and those they get."""

    table: str
    row_id: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def turned(self) -> Change:
        """The change that takes this one back."""
        return Change(self.table, self.row_id, self.after, self.before)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One act, or one taken back."""

    action_id: int
    name: str
    changes: tuple[Change, ...]
    undone: bool
    at: str


class Actions:
    """The table ``action``, and the columns that actions set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def values(self, table: str, row_id: int, columns: Sequence[str]) -> dict[str, Any] | None:
        """What a row holds now; None where there is none.

        Of a table of pairs (``album_photo``, ``photo_tag``): what the row's album or photo goes
        with, as an ascending list.
        """
        _check(table, columns)
        if table in _SETS:
            one, other = _SETS[table]
            sql = f"SELECT {other} FROM {table} WHERE {one} = ? ORDER BY {other}"
            return {other: [row[0] for row in self._database.rows(sql, (row_id,))]}
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {table}_id = ?"
        row = self._database.row(sql, (row_id,))
        return dict(row) if row else None

    def apply(self, change: Change) -> None:
        """Set the columns of a row, inside the caller's transaction."""
        _check(change.table, change.after)
        if change.table in _SETS:
            self._pair(change)
            return
        sets = ", ".join(f"{name} = ?" for name in change.after)
        sql = f"UPDATE {change.table} SET {sets} WHERE {change.table}_id = ?"
        self._database.execute(sql, (*change.after.values(), change.row_id))

    def _pair(self, change: Change) -> None:
        one, other = _SETS[change.table]
        wanted = json.dumps(change.after[other])
        listed = "(SELECT value FROM json_each(?))"
        sql = f"DELETE FROM {change.table} WHERE {one} = ? AND {other} NOT IN {listed}"
        self._database.execute(sql, (change.row_id, wanted))
        # Rows that have gone since (a photo that was forgotten) cannot come back.
        known = other.removesuffix("_id")
        sql = f"""INSERT OR IGNORE INTO {change.table} ({one}, {other})
                  SELECT ?, {other} FROM {known} WHERE {other} IN {listed}"""
        self._database.execute(sql, (change.row_id, wanted))

    def record(self, name: str, changes: Sequence[Change]) -> int:
        """Store an act; what had been taken back before cannot be done again after it."""
        self._database.execute("DELETE FROM action WHERE undone")
        before = [(c.table, c.row_id, dict(c.before)) for c in changes]
        after = [(c.table, c.row_id, dict(c.after)) for c in changes]
        values = {"name": name, "before": json.dumps(before), "after": json.dumps(after)}
        return self._database.insert("action", values)

    def mark(self, action_id: int, *, undone: bool) -> None:
        """Record that an act was taken back, or done again."""
        self._database.execute(
            "UPDATE action SET undone = ? WHERE action_id = ?", (int(undone), action_id)
        )

    def get(self, action_id: int) -> ActionRow | None:
        """One act by its id."""
        return next(iter(self._rows("WHERE action_id = ?", action_id)), None)

    def last(self) -> ActionRow | None:
        """The newest act that stands."""
        return next(iter(self._rows("WHERE NOT undone ORDER BY action_id DESC LIMIT 1")), None)

    def next(self) -> ActionRow | None:
        """The act that was taken back last: of those undone, the first."""
        return next(iter(self._rows("WHERE undone ORDER BY action_id LIMIT 1")), None)

    def page(self, limit: int) -> list[ActionRow]:
        """The newest acts, those taken back included."""
        return self._rows("ORDER BY action_id DESC LIMIT ?", limit)

    def _rows(self, rest: str, *values: int) -> list[ActionRow]:
        sql = f"SELECT action_id, name, before, after, undone, at FROM action {rest}"
        return [
            ActionRow(
                row["action_id"],
                row["name"],
                tuple(
                    Change(table, row_id, before, after)
                    for (table, row_id, before), (_, _, after) in zip(
                        json.loads(row["before"]), json.loads(row["after"]), strict=True
                    )
                ),
                bool(row["undone"]),
                row["at"],
            )
            for row in self._database.rows(sql, values)
        ]


def _check(table: str, columns: Mapping[str, Any] | Sequence[str]) -> None:
    known = {_SETS[table][1]} if table in _SETS else _COLUMNS.get(table, set())
    unknown = set(columns) - known
    if unknown or not known:
        raise UsageError(f"no action sets {table} {', '.join(sorted(unknown))}")
