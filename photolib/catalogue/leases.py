"""The right to run a long job: one process at a time, freed when it dies.

``flock`` decides who holds a lease, since the kernel frees it with the process. The row names the
owner for others to read, and its fencing number lets every batch check that nobody has taken over.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import CatalogueError, LeaseHeld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.catalogue.database import Database

try:
    import fcntl
except ImportError:  # Windows, which photolib supports as best it can
    fcntl = None  # type: ignore[assignment]


_GRACE = 0.25
"""Seconds to go on trying in any case: ``held`` keeps a lock for an instant to look at it."""


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who runs a job now."""

    name: str
    owner: str
    pid: int
    acquired_at: str


class Lease:
    """A held lease. ``check`` belongs inside every transaction of the job."""

    def __init__(self, database: Database, name: str, fence: int) -> None:
        self._database = database
        self.name = name
        self.fence = fence

    def check(self) -> None:
        """Raise LeaseHeld when another process has taken the lease since."""
        fence = self._database.value("SELECT fence FROM lease WHERE name = ?", (self.name,))
        if fence != self.fence:
            raise LeaseHeld(f"another photolib has taken over the {self.name} job")


class Leases:
    """Takes and lists leases; ``directory`` holds the files that are locked."""

    def __init__(self, database: Database, directory: Path) -> None:
        self._database = database
        self._directory = directory

    @contextmanager
    def hold(self, name: str, *, wait: float = 0.0) -> Iterator[Lease]:
        """Hold the lease ``name`` for the length of the block.

        Waits up to ``wait`` seconds for another holder, then raises LeaseHeld.
        """
        with self.lock(name, wait=wait):
            fence = self._record(name)
            try:
                yield Lease(self._database, name, fence)
            finally:
                self._release(name, fence)

    @contextmanager
    def lock(self, name: str, *, wait: float = 0.0) -> Iterator[None]:
        """Keep everybody else from holding a lease, without a catalogue to record it in."""
        handle = self._lock(name, time.monotonic() + max(wait, _GRACE))
        try:
            yield
        finally:
            os.close(handle)

    def held(self) -> list[LeaseRow]:
        """The leases whose owners are alive."""
        sql = "SELECT name, owner, pid, acquired_at FROM lease WHERE owner IS NOT NULL"
        leases = [LeaseRow(*row) for row in self._database.rows(sql)]
        return [lease for lease in leases if self._is_locked(lease)]

    def _lock(self, name: str, deadline: float) -> int:
        path = self._directory / f"{name}.lock"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            hint = "Make the library directory writable, or choose another with --library."
            raise CatalogueError(f"{path}: {exc.strerror}", hint) from exc
        while not _try_lock(handle):
            if time.monotonic() >= deadline:
                os.close(handle)
                raise LeaseHeld(f"another photolib is running the {name} job{self._who(name)}")
            time.sleep(0.05)
        return handle

    def _record(self, name: str) -> int:
        sql = """
            INSERT INTO lease (name, fence, owner, pid, acquired_at)
            VALUES (?, 1, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
            ON CONFLICT (name) DO UPDATE SET fence = fence + 1, owner = excluded.owner,
                pid = excluded.pid, acquired_at = excluded.acquired_at
            RETURNING fence
        """
        with self._database.transaction():
            return int(self._database.value(sql, (name, socket.gethostname(), os.getpid())))

    def _release(self, name: str, fence: int) -> None:
        # The lock is what counts; a row left behind by a full disk misleads nobody.
        with suppress(CatalogueError), self._database.transaction():
            sql = "UPDATE lease SET owner = NULL, pid = NULL WHERE name = ? AND fence = ?"
            self._database.execute(sql, (name, fence))

    def _is_locked(self, row: LeaseRow) -> bool:
        try:
            handle = os.open(self._directory / f"{row.name}.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _try_lock(handle, shared=True)
        finally:
            os.close(handle)

    def _who(self, name: str) -> str:
        row = None
        with suppress(CatalogueError):  # a damaged catalogue cannot tell
            row = self._database.row("SELECT owner, pid FROM lease WHERE name = ?", (name,))
        return f" (process {row['pid']} on {row['owner']})" if row and row["pid"] else ""


def _try_lock(handle: int, *, shared: bool = False) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
