"""Copies of a catalogue, made while it is in use, and the way back to one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from photolib.catalogue.database import (
    Database,
    prepare_directory,
    private,
    translated,
    write_copy,
)
from photolib.catalogue.leases import Leases
from photolib.catalogue.migrations import applied, migrate
from photolib.config import data_path
from photolib.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.config import Settings

_JOBS = ("ingest", "watch", "removal")
"""Leases of the jobs that must not run while the catalogue is another one."""
_SAME_LIBRARY = """
SELECT count(DISTINCT value) = 1 FROM (SELECT value FROM setting WHERE name = 'catalogue_id'
    UNION ALL SELECT value FROM live.setting WHERE name = 'catalogue_id')
"""
_CARRY = (
    # The journal tells what is on the disk now, whatever the catalogue said at another time.
    "INSERT OR REPLACE INTO removal SELECT * FROM live.removal",
    "INSERT OR REPLACE INTO removal_file SELECT * FROM live.removal_file",
    """UPDATE photo SET state = 'removed'
       WHERE photo_id IN (SELECT photo_id FROM removal WHERE state = 'done')""",
    # No id that a plan, an index or the journal may hold is given out again.
    """UPDATE sqlite_sequence SET seq = max(seq, ifnull(
       (SELECT seq FROM live.sqlite_sequence l WHERE l.name = sqlite_sequence.name), 0))""",
    """UPDATE setting SET value = max(CAST(value AS INTEGER), (SELECT CAST(value AS INTEGER)
       FROM live.setting WHERE name = 'epoch')) WHERE name = 'epoch'""",
)
_NO_CATALOGUE = "Name a file that photolib backup has written."


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a catalogue: how many photos it knows, and when it was last written."""

    path: Path
    bytes: int
    photos: int
    at: str


def save(database: Database, target: Path, *, replace: bool = False) -> Backup:
    """Copy the catalogue, as it is at one moment, into a single private file.

    Writers need not stop. The file appears whole or not at all. Raises CatalogueError when it
    exists already (unless ``replace``) or cannot be written.
    """
    if target.exists() and not replace:
        message = f"{target} exists already"
        raise CatalogueError(message, "Choose another name, or overwrite it with --force.")
    write_copy(database.connection, target)
    return inspect(target)


def inspect(path: Path) -> Backup:
    """Look at a backup without changing it; raises CatalogueError when it is none, or damaged."""
    if not path.is_file():
        raise CatalogueError(f"{path}: there is no such file", _NO_CATALOGUE)
    with _read_only(path) as connection:
        if not applied(connection):
            raise CatalogueError(f"{path} is no photolib catalogue", _NO_CATALOGUE)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise CatalogueError(f"{path} is damaged: {found}", "Use another backup.")
        photos = connection.execute("SELECT count(*) FROM photo").fetchone()[0]
    facts = path.stat()
    at = datetime.fromtimestamp(facts.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Backup(path, facts.st_size, photos, at)


def restore(settings: Settings, source: Path) -> Path | None:
    """Make a backup the catalogue of the library; returns where the one before is kept.

    Other processes that have the library open see the new rows at once. Indexes begin a new epoch,
    so none of them answers for rows that are gone. What the journal of removals knows stays known.
    Raises CatalogueError for a file that is no sound catalogue, CatalogueTooNew, LeaseHeld while a
    job runs.
    """
    inspect(source)
    prepare_directory(settings.library)
    live = settings.catalogue_path
    with _no_jobs(settings), _prepared(settings, source) as prepared:
        before = _set_aside(settings)
        with translated(live), closing(sqlite3.connect(live)) as target:
            target.execute("PRAGMA journal_mode = WAL")
            prepared.backup(target)  # one transaction: other readers see the old rows or the new
    return before


@contextmanager
def _prepared(settings: Settings, source: Path) -> Iterator[sqlite3.Connection]:
    """A migrated copy of a backup, in an epoch of its own, with the journal of today."""
    scratch = settings.library / f".restore-{os.getpid()}.sqlite3"
    try:
        with _read_only(source) as found, closing(private(scratch)) as copy, translated(source):
            found.backup(copy)
            migrate(copy, data_path("migrations"), settings.backups)
            _carry_over(settings.catalogue_path, copy)
            yield copy
    finally:
        for path in (scratch, Path(f"{scratch}-journal")):
            path.unlink(missing_ok=True)


def _carry_over(live: Path, copy: sqlite3.Connection) -> None:
    """What the present catalogue knows better, when it is of the same library; a later epoch."""
    if live.is_file():
        with suppress(sqlite3.Error):  # a damaged catalogue has nothing to give
            copy.execute("ATTACH ? AS live", (str(live),))
            if copy.execute(_SAME_LIBRARY).fetchone()[0]:
                for statement in _CARRY:
                    copy.execute(statement)
            copy.execute("DETACH live")
    copy.execute("UPDATE setting SET value = value + 1 WHERE name = 'epoch'")


def _set_aside(settings: Settings) -> Path | None:
    """Keep the present catalogue as a backup; a damaged one is moved out of the way."""
    live = settings.catalogue_path
    if not live.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    settings.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = settings.backups / f"before-restore-{stamp}.sqlite3"
    database = Database(live)
    try:
        save(database, kept)
    except CatalogueError:
        database.close()
        kept = kept.with_name(f"damaged-{stamp}.sqlite3")
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{live}{ending}", f"{kept}{ending}")
    finally:
        database.close()
    return kept


@contextmanager
def _no_jobs(settings: Settings) -> Iterator[None]:
    leases = Leases(Database(settings.catalogue_path), settings.leases)
    with ExitStack() as held:
        for name in _JOBS:
            held.enter_context(leases.lock(name))
        yield


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with translated(path), closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection
