"""One SQLite file, a connection per thread, and the only way to write to it."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue.filters import add_functions
from photolib.errors import CatalogueError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import sqlite_utils
    from numpy.typing import NDArray

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer. Batches commit well within it."""

_NETWORK_FILESYSTEMS = frozenset(
    {"9p", "afpfs", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "ncpfs", "nfs", "nfs4"}
    | {"smb2", "smb3", "smbfs", "webdav", "fuse.rclone", "fuse.davfs"}
)

_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the mount table writes spaces, tabs, line feeds and backslashes."""


class Database:
    """SQL on one file: reads on this thread's connection, writes inside ``transaction``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened on first use."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
        return connection

    def _open(self) -> sqlite3.Connection:
        with translated(self.path):
            connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            add_functions(connection)
        with self._lock:
            self._opened = [owned for owned in self._opened if not _closed_if_ended(*owned)]
            self._opened.append((threading.current_thread(), connection))
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for _, connection in self._opened:
                connection.close()
            self._opened.clear()
        self._local = threading.local()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing: ``BEGIN IMMEDIATE``, commit at the end, roll back on any exception.

        A transaction opened inside another joins it. A ``durable`` one is on the disk when the
        block ends, also after a power cut; it cannot join one that is not.
        """
        if durable:
            with self._synchronous(), self.transaction():
                yield
            return
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        try:
            self.execute("BEGIN IMMEDIATE")
            yield
            self.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                self.execute("ROLLBACK")
            raise

    @contextmanager
    def _synchronous(self) -> Iterator[None]:
        """Commits that wait for the disk; SQLite takes the change only between transactions."""
        assert not self.connection.in_transaction, "a durable transaction inside another"
        self.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            self.execute("PRAGMA synchronous = NORMAL")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement on this thread's connection."""
        with translated(self.path):
            return self.connection.execute(sql, parameters)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        with translated(self.path):
            self.connection.executemany(sql, rows)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows at once, so that no read transaction outlives the call."""
        with translated(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row, or None."""
        with translated(self.path):
            found: sqlite3.Row | None = self.connection.execute(sql, parameters).fetchone()
        return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, parameters)
        return found[0] if found else None

    def integers(
        self, columns: Sequence[str], sql: str, parameters: Sequence[Any] = ()
    ) -> NDArray[np.int64]:
        """Whole numbers that a query selects under these names, as int64 (columns, rows).

        None may be NULL; the order of the rows is any. SQLite joins each column into one text: four
        times as fast as a row at a time.
        """
        joined = ", ".join(f"group_concat({name})" for name in columns)
        texts = self.row(f"SELECT {joined} FROM ({sql})", parameters)
        assert texts is not None
        return np.stack([np.fromstring(text or "", np.int64, sep=",") for text in texts])

    def stamp(self) -> tuple[int, int]:
        """A value that changes when anybody commits, as seen from this thread alone."""
        return self.data_version(), self.connection.total_changes

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Insert one row and return its id; for the small tables, where clarity beats speed."""
        with translated(self.path):
            row_id: Any = self._utils.table(table).insert(values).last_pk
            return int(row_id)

    def update(self, table: str, row_id: int, values: dict[str, Any]) -> None:
        """Update one row by its id; raises NotFound where there is none."""
        from sqlite_utils.db import NotFoundError

        with translated(self.path):
            try:
                self._utils.table(table).update(row_id, values)
            except NotFoundError as exc:
                raise NotFound(f"there is no {table} {row_id}") from exc

    @property
    def _utils(self) -> sqlite_utils.Database:
        import sqlite_utils

        utils: sqlite_utils.Database | None = getattr(self._local, "utils", None)
        if utils is None:
            utils = self._local.utils = sqlite_utils.Database(self.connection)
        return utils

    def data_version(self) -> int:
        """A number that changes when another connection commits."""
        version: int = self.value("PRAGMA data_version")
        return version


def write_copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a database, as it is at one moment, into one private file; writers need not stop.

    The file takes its name when it is whole and on the disk. Raises CatalogueError.
    """
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with translated(target), closing(private(scratch)) as copy:
            connection.backup(copy)
            # One file that can be carried anywhere, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        with open(scratch, "rb") as file:
            os.fsync(file.fileno())
        os.replace(scratch, target)
    except OSError as exc:
        hint = "Choose a directory that exists and has room."
        raise CatalogueError(f"{target}: {exc.strerror or exc}", hint) from exc
    finally:
        scratch.unlink(missing_ok=True)


def private(path: Path) -> sqlite3.Connection:
    """A connection to a fresh file that nobody else may read."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return sqlite3.connect(path, isolation_level=None)


def _closed_if_ended(owner: threading.Thread, connection: sqlite3.Connection) -> bool:
    if owner.is_alive():
        return False
    connection.close()
    return True


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Go over to WAL, for which SQLite does not wait while another connection is writing."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line that names the file, the reason and the remedy."""
    try:
        yield
    except sqlite3.Error as exc:
        raise CatalogueError(f"{path}: {exc}", _remedy(str(exc).lower())) from exc
    except (UnicodeEncodeError, OverflowError) as exc:
        hint = "Use text that is valid Unicode, and numbers below 2^63."
        raise CatalogueError(f"{path}: a value cannot be stored ({exc})", hint) from exc


def _remedy(reason: str) -> str:
    remedies = {
        "disk is full": "Free some space; everything committed so far is kept.",
        "disk i/o": "Check the disk; everything committed so far is kept.",
        "not a database": "This is no photolib catalogue: move it away or restore a backup.",
        "malformed": "The catalogue is damaged: restore a backup (photolib restore FILE).",
        "readonly": "Make the library directory writable, or choose another with --library.",
        "unable to open": "Check that the library directory exists and is yours to read and write.",
        "locked": "Another photolib is writing; try again in a moment.",
    }
    return next((hint for words, hint in remedies.items() if words in reason), "")


def prepare_directory(directory: Path) -> None:
    """Create the library directory, private to its owner; refuse one on a network mount.

    Raises CatalogueError. SQLite's write-ahead log needs shared memory, which network file systems
    do not give, so a catalogue there would be corrupted sooner or later.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        hint = "Choose another library directory with --library."
        raise CatalogueError(f"{directory}: {reason}", hint) from exc
    kind = filesystem_of(directory)
    if is_network(kind):
        raise CatalogueError(
            f"{directory}: the catalogue cannot live on a network mount ({kind})",
            "Keep the library on a local disk (--library DIR); the photos may stay where they are.",
        )


def is_network(kind: str) -> bool:
    """Whether a type of file system (as ``filesystem_of`` names it) is a network mount."""
    return kind in _NETWORK_FILESYSTEMS


def filesystem_of(path: Path | str) -> str:
    """The type of file system that holds ``path`` (``ext4``, ``nfs``), or "" where unknown."""
    if not sys.platform.startswith("linux"):
        return ""
    real, best, kind = os.path.realpath(path), "", ""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                _, mount, name, *_ = line.split(" ")
                mount = _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), mount)
                inside = real == mount or real.startswith(mount.rstrip("/") + "/")
                if inside and len(mount) >= len(best):
                    best, kind = mount, name
    except OSError:
        return ""
    return kind
