"""Bringing journal and disk in agreement after a crash, whatever step it came between.

An interrupted removal did not happen: its files go back. An interrupted undo goes on. Only where
another file has taken the name do both end with the file in the quarantine, where undo finds it.
An interrupted purge goes on, since a person asked for it and some bytes may be gone.
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from photolib.catalogue import Stat
from photolib.errors import PhotolibError
from photolib.images.identity import display
from photolib.library import folders
from photolib.library.removal import merging, moving
from photolib.library.removal.standing_in import METHODS, Taken

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue, Lease, RemovalRow
    from photolib.library.removal.disk import Disk

_log = logging.getLogger(__name__)

LEASE = "removal"


def recover_quietly(catalogue: Catalogue, disk: Disk) -> None:
    """Settle what a crash has left, unless another process is at it; for opening a library."""
    try:
        if not catalogue.removals.is_unfinished():
            return
        if any(lease.name == LEASE for lease in catalogue.leases.held()):
            return
        with catalogue.leases.hold(LEASE) as lease:
            recover(catalogue, disk, lease)
    except PhotolibError as exc:
        _log.warning("unfinished removals wait: %s", exc)


def recover(catalogue: Catalogue, disk: Disk, lease: Lease) -> None:
    """Settle what a crash has left; what cannot be settled now waits for the next time."""
    for row in catalogue.removals.unfinished():
        try:
            settle(catalogue, disk, lease, row)
        except OSError as exc:
            _log.warning("removal %d of %s waits: %s", row.removal_id, display(row.path), exc)


def settle(catalogue: Catalogue, disk: Disk, lease: Lease, row: RemovalRow, why: str = "") -> str:
    """Settle one unfinished removal and return its state: refused, restored, done or purged.

    Raises OSError when the disk does not let it; the row stays unfinished then.
    """
    check_online(catalogue, disk, row)
    if row.state == "purging":
        return delete(catalogue, disk, lease, row)
    try:
        moving.back(disk, row)
    except Taken as taken:
        moving.forward(disk, row)
        return _stays_removed(catalogue, lease, row, taken)
    if row.state == "restoring":
        return brought_back(catalogue, disk, lease, row)
    with catalogue.transaction(durable=True):
        lease.check()
        note = why or "interrupted, so it did not happen"
        catalogue.removals.set_detail(row.removal_id, replace(row.detail, note=note))
        catalogue.removals.set_state(row.removal_id, "refused")
    return "refused"


def check_online(catalogue: Catalogue, disk: Disk, row: RemovalRow) -> None:
    """Raise OSError when the drive that a removal was made on is not there.

    What is not seen on it then is not gone. A drive that is mounted somewhere below the folder is
    missed by its quarantine.
    """
    folder = catalogue.folders.get(row.detail.folder_id)
    root = folder.root if folder else row.detail.root
    online = folders.is_online(catalogue, folder) if folder else os.path.isdir(root)
    places = {os.path.dirname(file.quarantine) for file in row.files}
    expected = row.state in ("done", "purging") or not disk.exists(row.path)
    if not online or (expected and not any(map(disk.exists, places))):
        raise OSError(errno.ENODEV, f"{display(root)} is offline, or its quarantine is gone")


def brought_back(catalogue: Catalogue, disk: Disk, lease: Lease, row: RemovalRow) -> str:
    """Record that the files of a removal are where they were; return the state."""
    photo, *parts = row.files
    for file in row.files:
        with suppress(OSError):  # the bytes are back; their date is not worth a failure
            disk.restore_facts(file.path, file.mode, file.mtime_ns)
    with catalogue.transaction(durable=True):
        lease.check()
        if disk.exists(photo.path):
            if catalogue.removals.bring_back(row, _stat(disk, photo.path)):
                for part in parts:
                    if disk.exists(part.path):
                        catalogue.removals.bring_back_part(row, part)
            else:
                look_again(catalogue, disk, row)
        merging.take_back(catalogue, row)
        catalogue.removals.set_state(row.removal_id, "restored")
    return "restored"


def look_again(catalogue: Catalogue, disk: Disk, row: RemovalRow) -> None:
    """Note what the file at a photo's name is now, of the same bytes (inside a transaction)."""
    if disk.exists(row.path):
        catalogue.removals.look_again(row, _stat(disk, row.path))


def _stat(disk: Disk, path: str) -> Stat:
    facts = disk.facts(path)
    return Stat(facts.size, facts.mtime_ns, facts.inode)


def delete(catalogue: Catalogue, disk: Disk, lease: Lease, row: RemovalRow) -> str:
    """Delete the files of a removal for good and record it; return the state."""
    for file in row.files:
        if disk.exists(file.quarantine):
            disk.delete(file.quarantine)
    moving.sync(disk, row.files)
    with catalogue.transaction(durable=True):
        lease.check()
        catalogue.removals.set_state(row.removal_id, "purged")
    return "purged"


def _stays_removed(catalogue: Catalogue, lease: Lease, row: RemovalRow, taken: Taken) -> str:
    """The files cannot go back now: they wait in the quarantine, as after a removal."""
    note = f"interrupted; {display(taken.path)} is another file by now"
    with catalogue.transaction(durable=True):
        lease.check()
        detail = replace(row.detail, note=note)
        photo = catalogue.photos.get(row.photo_id)
        unchanged = photo is not None and photo.content_id == row.detail.content_id
        leaves = row.detail.method not in METHODS
        if row.state == "intended" and photo is not None and unchanged and leaves:
            catalogue.removals.take_away(photo)
            given, own, _ = merging.hand_over(catalogue, row.photo_id, row.keeper_id)
            detail = replace(detail, given=given, own=own)
        catalogue.removals.set_detail(row.removal_id, detail)
        catalogue.removals.set_state(row.removal_id, "done")
    return "done"
