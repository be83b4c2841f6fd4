"""Deleting what waits in the quarantine for good, and telling what is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from photolib.errors import ImageError, NotFound
from photolib.images.identity import display
from photolib.jobs import Job, Progress
from photolib.library.removal import moving, recovery
from photolib.library.results import (
    Batch,
    BatchList,
    NotPurged,
    PurgeReport,
    Quarantine,
    RemovalEntry,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue, Lease, RemovalRow
    from photolib.library.removal.disk import Disk

_STATES = {"done": "removed", "restored": "restored", "purged": "purged", "refused": "refused"}


class Purger:
    """One run of a purge under a held lease."""

    def __init__(self, catalogue: Catalogue, disk: Disk, lease: Lease) -> None:
        self._catalogue = catalogue
        self._disk = disk
        self._lease = lease

    def run(
        self, older_than: float, batch_id: int | None = None, *, dry_run: bool = False
    ) -> Job[PurgeReport]:
        """Delete what was removed at least ``older_than`` days ago, of one batch or of all.

        A file whose keeper is gone by now, or is another picture, stays: it may be the only copy.
        Raises NotFound for a batch that never was.
        """
        removals = self._catalogue.removals
        if batch_id is not None and not removals.of_batch(batch_id):
            raise NotFound(f"there is no batch {batch_id}", "See photolib removals.")
        rows = removals.done_before(_days_ago(older_than), batch_id)
        purged, freed, kept = [], 0, []
        for number, row in enumerate(rows, 1):
            try:
                recovery.check_online(self._catalogue, self._disk, row)
                size = self._bytes(row)
                reason = self._needed(row) or ("" if dry_run else self._purge(row))
            except OSError as exc:
                reason = moving.refusal_of(exc, row.path).reason
            if reason:
                kept.append(NotPurged(row.path, reason))
            else:
                freed += size
                purged.append(row.path)
            yield Progress("purge", number, len(rows))
        waiting = len(removals.done_before(_days_ago(0)))
        return PurgeReport(
            purged=len(purged),
            freed_bytes=freed,
            kept=waiting - len(purged) if dry_run else waiting,
            dry_run=dry_run,
            paths=tuple(purged),
            not_purged=tuple(kept),
        )

    def _purge(self, row: RemovalRow) -> str:
        """Delete the files of a removal; why that failed, "" otherwise."""
        with self._catalogue.transaction(durable=True):
            self._lease.check()
            self._catalogue.removals.set_state(row.removal_id, "purging")
        try:
            recovery.delete(self._catalogue, self._disk, self._lease, row)
        except OSError as exc:
            reason = moving.refusal_of(exc, row.path).reason
            return f"{reason}; photolib tries again whenever it is opened"
        return ""

    def _bytes(self, row: RemovalRow) -> int:
        return sum(file.size for file in row.files if self._disk.exists(file.quarantine))

    def _needed(self, row: RemovalRow) -> str:
        """Why the files of a removal must stay; "" when the copy it was removed for is whole."""
        if row.keeper_id is None:
            return ""
        keeper = self._catalogue.photos.get(row.keeper_id)
        if keeper is None or keeper.state != "present":
            return "the photo that was kept for it is not there any more"
        # After a backup was taken back the same id may be of another photo.
        if row.detail.kept != keeper.path and row.detail.kept_hash != keeper.content_hash.hex():
            return "the photo that was kept for it cannot be told any more"
        try:
            if self._disk.digest(keeper.path) == keeper.content_hash:
                return ""
            return f"{display(keeper.path)}, which was kept for it, has changed"
        except ImageError as exc:
            return f"{display(keeper.path)}, which was kept for it, cannot be read ({exc.reason})"


def _days_ago(days: float) -> str:
    if not days:
        return "9"  # after every moment
    moment = datetime.now(UTC) - timedelta(days=days)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- what is there --------------------------------------------------------------------------------


def quarantine(catalogue: Catalogue) -> Quarantine:
    """How much waits for undo or purge."""
    return Quarantine(*catalogue.removals.waiting())


def batches(catalogue: Catalogue, limit: int = -1, offset: int = 0) -> BatchList:
    """A page of the journal, newest first."""
    total = catalogue.removals.batch_count()
    found = tuple(_batch(rows) for rows in catalogue.removals.batches(limit, offset))
    shown = offset + len(found)
    return BatchList(found, total, shown if shown < total else None)


def _batch(rows: Sequence[RemovalRow]) -> Batch:
    entries = tuple(_entry(row) for row in rows)
    states = {entry.state for entry in entries} - {"refused"} or {"refused"}
    return Batch(
        batch_id=rows[0].batch_id,
        at=rows[0].at,
        state=states.pop()
        if len(states) == 1
        else "partly restored"
        if "restored" in states
        else "partly purged",
        count=len(entries),
        bytes=sum(entry.bytes for entry in entries if entry.state == "removed"),
        items=entries,
    )


def _entry(row: RemovalRow) -> RemovalEntry:
    state = _STATES.get(row.state, "unfinished")
    return RemovalEntry(
        path=row.path,
        photo_id=row.photo_id,
        kept=row.detail.kept,
        state=state,
        quarantine=row.files[0].quarantine if state in ("removed", "unfinished") else None,
        bytes=row.bytes,
        note=row.detail.note,
    )
