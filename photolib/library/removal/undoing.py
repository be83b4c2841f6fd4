"""Bringing removed photos back: bytes, name, times, permissions, albums, and the old photo_id."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from photolib.errors import ImageError, NotFound
from photolib.images.identity import display
from photolib.jobs import Job, Problem, Progress
from photolib.library.removal import moving, recovery
from photolib.library.removal.standing_in import METHODS, Taken, is_same
from photolib.library.results import NotRestored, UndoReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.catalogue import Catalogue, Lease, RemovalRow, RemovedFile
    from photolib.library.removal.disk import Disk


_LATER = "photolib tries again whenever it is opened"


class _Barred(Exception):
    """Why a photo cannot come back now."""


class Undoer:
    """One run of an undo under a held lease."""

    def __init__(self, catalogue: Catalogue, disk: Disk, lease: Lease) -> None:
        self._catalogue = catalogue
        self._disk = disk
        self._lease = lease

    def run(self, batch_id: int | None) -> Job[UndoReport]:
        """Bring back what can be brought back of a batch, the newest one with anything to undo.

        Raises NotFound for a batch that never was, and when there is nothing to undo.
        """
        rows = self._batch(batch_id)
        restored: list[str] = []
        failed: list[NotRestored] = []
        for number, row in enumerate(reversed(rows), 1):
            problem = None
            try:
                failed += self._restore(row)
                restored.append(row.path)
            except _Barred as reason:
                failed.append(NotRestored(row.path, str(reason)))
                problem = Problem(display(row.path), "not-restored", str(reason))
            yield Progress("undo", number, len(rows), problem=problem)
        return UndoReport(rows[0].batch_id, tuple(restored), tuple(failed))

    def _batch(self, batch_id: int | None) -> list[RemovalRow]:
        number = self._catalogue.removals.last_batch() if batch_id is None else batch_id
        rows = self._catalogue.removals.of_batch(number) if number is not None else []
        if not rows:
            name = "nothing to undo" if batch_id is None else f"there is no batch {batch_id}"
            raise NotFound(name, "See photolib removals.")
        open_rows = [row for row in rows if row.state not in ("restored", "refused")]
        if not open_rows:
            raise NotFound(f"batch {number} has been undone already", "See photolib removals.")
        return open_rows

    def _restore(self, row: RemovalRow) -> Iterator[NotRestored]:
        """Bring one photo back; returns the parts that could not come with it."""
        self._check(row)
        lost = [file for file in row.files[1:] if not self._disk.exists(file.quarantine)]
        try:
            for file in row.files:
                self._make_way(file.path)
            self._journal(row)
            moving.back(self._disk, row)
        except Taken as taken:
            moving.forward(self._disk, row)
            self._journal(row, "done")
            raise _Barred(_taken(taken.path)) from taken
        except OSError as exc:
            raise _Barred(self._gave_up(row, exc)) from exc
        try:
            recovery.brought_back(self._catalogue, self._disk, self._lease, row)
        except OSError as exc:
            refusal = moving.refusal_of(exc, row.path)
            raise _Barred(f"{refusal.reason}; {_LATER}") from exc
        reason = "it vanished from the quarantine"
        return iter([NotRestored(file.path, reason) for file in lost])

    def _journal(self, row: RemovalRow, state: str = "restoring") -> None:
        with self._catalogue.transaction(durable=True):
            self._lease.check()
            self._catalogue.removals.set_state(row.removal_id, state)

    def _gave_up(self, row: RemovalRow, exc: OSError) -> str:
        """Leave the files where they wait, if the disk lets us; why the undo failed."""
        refusal = moving.refusal_of(exc, row.path)
        try:
            moving.forward(self._disk, row)
            if not self._disk.exists(row.files[0].quarantine):
                return f"{refusal.reason}; {_LATER}"
        except OSError:
            return f"{refusal.reason}; {_LATER}"
        self._journal(row, "done")
        return f"{refusal.reason}. {refusal.hint}"

    # --- what must be right before anything moves ----------------------------------------------

    def _check(self, row: RemovalRow) -> None:
        if row.state == "purged":
            raise _Barred("it was purged: its bytes are gone")
        if row.state != "done":
            raise _Barred("its removal was cut short and cannot be settled now; try again")
        later = self._catalogue.removals.done_since(row)
        if later is not None:
            raise _Barred(f"it was removed again since: first photolib undo {later}")
        try:
            recovery.check_online(self._catalogue, self._disk, row)
            self._check_bytes(row.files[0])
            for file in row.files:
                if self._disk.exists(file.path) and self._disk.exists(file.quarantine):
                    self._check_free(row, file)
        except OSError as exc:
            raise _Barred(moving.refusal_of(exc, row.path).reason) from exc

    def _check_bytes(self, file: RemovedFile) -> None:
        if not self._disk.exists(file.quarantine):
            if self._disk.exists(file.path) and is_same(self._disk, file.path, file):
                return  # somebody has put it back by hand
            raise _Barred(f"its file vanished from the quarantine ({display(file.quarantine)})")
        try:
            same = self._disk.digest(file.quarantine) == file.content_hash
        except ImageError as exc:
            raise _Barred(f"its file in the quarantine cannot be read ({exc.reason})") from exc
        if not same:
            where = display(file.quarantine)
            raise _Barred(f"its bytes were changed in the quarantine: look at {where}")

    def _check_free(self, row: RemovalRow, file: RemovedFile) -> None:
        """The name must be free, or have the stand-in that shares the keeper's bytes."""
        same = is_same(self._disk, file.path, file)
        if row.detail.method in METHODS:
            if not same:
                raise _Barred(f"{display(file.path)} was edited since; move it away first")
        elif same:
            where = display(file.path)
            raise _Barred(f"a file with the very same bytes is at {where} already")
        else:
            raise _Barred(_taken(file.path))

    def _make_way(self, path: str) -> None:
        """Create the directories that are gone since."""
        above = os.path.dirname(path)
        gone = []
        while not self._disk.exists(above):
            gone.append(above)
            above = os.path.dirname(above)
        for directory in reversed(gone):
            self._disk.make_directory(directory)


def _taken(path: str) -> str:
    return f"another file is at {display(path)} now; move it away, then try again"
