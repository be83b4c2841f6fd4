"""Removing photos, and bringing them back."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from photolib.library.core import Core
from photolib.library.removal import planning, purging, recovery
from photolib.library.removal.evidence import still_match
from photolib.library.removal.purging import Purger
from photolib.library.removal.removing import Remover
from photolib.library.removal.undoing import Undoer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Lease
    from photolib.jobs import Job
    from photolib.library.results import (
        BatchList,
        Plan,
        PlanItem,
        PurgeReport,
        RemovalReport,
        UndoReport,
    )


class RemovalDoor(Core):
    """Removing photos, and bringing them back."""

    def plan(
        self, tier: str | None = None, *, folder: str | None = None, ties: bool = False
    ) -> Plan:
        """What could be removed, by the evidence ``tier`` and at or below ``folder``; removes none.

        Never a keeper, a photo of a reference folder, or a toss-up (unless ``ties``).
        """
        return planning.plan(self._catalogue, tier=tier, folder=folder, ties=ties)

    def read_plan(self, text: str) -> Plan:
        """A plan that was written as JSON; UsageError when it is damaged or of another library."""
        return planning.parse(text, self._catalogue.identity[0])

    def remove(
        self,
        items: Sequence[PlanItem],
        *,
        without_keeper: bool = False,
        dry_run: bool = False,
        method: str = "quarantine",
        wait: float = 30.0,
    ) -> Job[RemovalReport]:
        """Remove the items of a plan, after checking each again; all of it can be undone.

        ``method``: quarantine; trash, the system's; hardlink or reflink, which leave the name with
        the keeper's bytes, for files of the same bytes. Photos without one to keep are refused
        unless ``without_keeper``. Waits up to ``wait`` seconds while another process removes, then
        raises LeaseHeld.
        """
        with self._removing(wait) as lease:
            remover = self._remover(lease, method)
            yield from remover.run(items, without_keeper=without_keeper, dry_run=dry_run)
            return remover.report(dry_run=dry_run)

    def remove_paths(
        self,
        paths: Sequence[str],
        *,
        without_keeper: bool = False,
        dry_run: bool = False,
        method: str = "quarantine",
    ) -> Job[RemovalReport]:
        """Remove photos by their paths; each is kept by the keeper of its duplicate set."""
        with self._removing() as lease:
            remover = self._remover(lease, method)
            items, refused = planning.items_at(
                self._catalogue, paths, without_keeper=without_keeper
            )
            remover.refuse(refused)
            yield from remover.run(items, without_keeper=without_keeper, dry_run=dry_run)
            return remover.report(dry_run=dry_run)

    def undo(self, batch_id: int | None = None) -> Job[UndoReport]:
        """Bring back a batch, by default the newest that has anything to undo; NotFound."""
        with self._removing() as lease:
            return (yield from Undoer(self._catalogue, self._disk, lease).run(batch_id))

    def removals(self, *, limit: int = -1, offset: int = 0) -> BatchList:
        """The journal of removals, newest batch first."""
        return purging.batches(self._catalogue, limit, offset)

    def purge(
        self, older_than: float = 30.0, *, batch_id: int | None = None, dry_run: bool = False
    ) -> Job[PurgeReport]:
        """Delete for good what was removed at least ``older_than`` days ago; NotFound."""
        with self._removing() as lease:
            purger = Purger(self._catalogue, self._disk, lease)
            return (yield from purger.run(older_than, batch_id, dry_run=dry_run))

    def _remover(self, lease: Lease, method: str) -> Remover:
        matcher = partial(still_match, self._decoder)
        return Remover(self._catalogue, self._disk, matcher, lease, method=method)

    @contextmanager
    def _removing(self, wait: float = 30.0) -> Iterator[Lease]:
        """The lease on removals, with nothing unfinished left of an earlier one."""
        with self._catalogue.leases.hold(recovery.LEASE, wait=wait) as lease:
            recovery.recover(self._catalogue, self._disk, lease)
            yield lease
