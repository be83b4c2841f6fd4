"""Forward-only migrations: SQL files, each applied in one transaction with its own record."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from photolib.catalogue.database import write_copy
from photolib.errors import CatalogueError, CatalogueTooNew, MigrationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RECORD = """
CREATE TABLE IF NOT EXISTS migration (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file; ``name`` is its stem, and names sort in the order they apply."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(directory: Path) -> list[Migration]:
    """The migrations that this photolib knows, oldest first."""
    files = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(file.stem, file.read_text("utf-8")) for file in files]


def applied(connection: sqlite3.Connection) -> dict[str, str]:
    """Names and digests of the migrations this catalogue has had; empty for a new file."""
    known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'"
    if connection.execute(known).fetchone() is None:
        return {}
    return dict(connection.execute("SELECT name, sha256 FROM migration ORDER BY name").fetchall())


def migrate(connection: sqlite3.Connection, directory: Path, backups: Path) -> list[str]:
    """Bring the catalogue up to date and return the names of the migrations applied.

    A catalogue with rows is backed up first. Raises CatalogueTooNew for a catalogue that a later
    photolib wrote, MigrationFailed when a statement fails (nothing of that migration remains).
    """
    migrations = read_migrations(directory)
    done = applied(connection)
    _refuse_newer(done, migrations)
    pending = [migration for migration in migrations if migration.name not in done]
    if not pending:
        return []
    backup = _backup(connection, backups) if done else None
    for migration in pending:
        _apply(connection, migration, backup)
    return [migration.name for migration in pending]


def _refuse_newer(done: dict[str, str], migrations: list[Migration]) -> None:
    unknown = sorted(done.keys() - {migration.name for migration in migrations})
    if unknown:
        raise CatalogueTooNew(
            f"this catalogue was written by a later photolib ({unknown[-1]})",
            "Install that version again, or restore a backup made by this one.",
        )
    for migration in migrations:
        if done.get(migration.name, migration.sha256) != migration.sha256:
            raise CatalogueError(
                f"migration {migration.name} is not the one this catalogue was made with",
                "Install a released photolib; a released migration never changes.",
            )


def _apply(connection: sqlite3.Connection, migration: Migration, backup: Path | None) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        # Another process may have been quicker while this one waited for the lock.
        if migration.name not in applied(connection):
            for statement in statements(migration.sql):
                connection.execute(statement)
            record = "INSERT INTO migration (name, sha256) VALUES (?, ?)"
            connection.execute(record, (migration.name, migration.sha256))
        connection.execute("COMMIT")
    except BaseException as exc:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(exc, sqlite3.Error):
            hint = f"A backup is at {backup}." if backup else "Nothing was changed."
            raise MigrationFailed(f"migration {migration.name}: {exc}", hint) from exc
        raise


def statements(script: str) -> Iterator[str]:
    """Cut a script at the semicolons that end statements, not those in triggers or strings.

    ``executescript`` would commit the open transaction first, so it cannot be used.
    """
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            if pending.strip(" \n\t;"):
                yield pending.strip()
            pending = ""
    # A comment, which SQLite passes over, or a statement cut short, which it must refuse.
    if pending:
        yield pending.strip()


def _backup(connection: sqlite3.Connection, backups: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = backups / f"catalogue-{stamp}.sqlite3"
    try:
        backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_copy(connection, target)
    except (OSError, CatalogueError) as exc:
        hint = "Free some space; the catalogue was not touched."
        raise MigrationFailed(f"no backup could be written to {target}: {exc}", hint) from exc
    return target
