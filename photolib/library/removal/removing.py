"""The removal job: one item after another is checked, journalled, moved, and confirmed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from photolib.catalogue import RemovalDetail, RemovedFile
from photolib.errors import LeaseHeld, PhotolibError
from photolib.images.identity import display
from photolib.jobs import Job, Problem, Progress
from photolib.library.removal import merging, moving, recovery, standing_in, trash
from photolib.library.removal.checks import AlreadyRemoved, Checked, Checks, Refusal
from photolib.library.removal.quarantine import ELSEWHERE, places, prepare, unique_name
from photolib.library.removal.standing_in import METHODS, Taken, is_same
from photolib.library.results import Merged, Refused, RemovalReport, Removed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue, Lease, RemovalRow
    from photolib.library.removal.checks import CheckedFile, Matcher
    from photolib.library.removal.disk import Disk
    from photolib.library.results import PlanItem


class Remover:
    """One run of the removal job under a held lease: one batch."""

    def __init__(
        self,
        catalogue: Catalogue,
        disk: Disk,
        matcher: Matcher,
        lease: Lease,
        *,
        method: str = "quarantine",
    ) -> None:
        self._method = method
        self._catalogue = catalogue
        self._disk = disk
        self._lease = lease
        self._checks = Checks(catalogue, disk, matcher)
        self._batch_id: int | None = None
        self._removed: list[Removed] = []
        self._refused: list[Refused] = []
        self._already: list[str] = []
        self._merged: list[Merged] = []

    def run(
        self, items: Sequence[PlanItem], *, without_keeper: bool = False, dry_run: bool = False
    ) -> Job[None]:
        """Remove the items, or only check them; each is committed before it is reported."""
        victims = {item.remove.photo_id for item in items}
        for number, item in enumerate(items, 1):
            problem = None
            try:
                checked = self._check(item, victims, without_keeper)
                self._removed.append(_told(checked, None) if dry_run else self._remove(checked))
            except AlreadyRemoved:
                self._already.append(item.remove.path)
            except Refusal as refusal:
                refused = refusal.of(item.remove.path)
                self._refused.append(refused)
                problem = Problem(display(refused.path), refused.code, refused.reason, refused.hint)
            yield Progress("remove", number, len(items), problem=problem)

    def _check(self, item: PlanItem, victims: set[int], without_keeper: bool) -> Checked:
        checked = self._checks.check(item, victims, without_keeper=without_keeper)
        if self._method not in METHODS:
            return checked
        keeper = checked.keeper
        folder = self._catalogue.folders.get(keeper.folder_id) if keeper else None
        reference = folder is not None and folder.reference
        standing_in.check(checked, self._method, keeper_in_reference=reference)
        # The photo stays, so its parts stay with it.
        return replace(checked, files=checked.files[:1])

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Add what was refused before it became an item."""
        self._refused.extend(refused)

    def report(self, *, dry_run: bool) -> RemovalReport:
        """What has been done so far."""
        return RemovalReport(
            batch_id=self._batch_id if self._removed else None,
            dry_run=dry_run,
            removed=tuple(self._removed),
            refused=tuple(self._refused),
            already=tuple(self._already),
            freed_bytes=sum(removed.bytes for removed in self._removed),
            merged=tuple(self._merged),
        )

    # --- one item ------------------------------------------------------------------------------

    def _remove(self, checked: Checked) -> Removed:
        """Move one photo out and record it, or leave everything as it was and raise Refusal."""
        row = self._moved_out(checked)
        try:
            self._confirm(checked, row)
            self._commit(checked, row)
        except LeaseHeld:
            raise  # whoever has the lease now settles it
        except OSError as exc:
            raise self._undone(row, moving.refusal_of(exc, row.path)) from exc
        except Refusal as exc:
            raise self._undone(row, exc) from exc
        except PhotolibError as exc:
            raise self._undone(row, Refusal("failed", exc.message, exc.hint)) from exc
        return _told(checked, row)

    def _moved_out(self, checked: Checked) -> RemovalRow:
        """Try one quarantine after another, from the folder's root down to the file's directory.

        The journal names the place before anything goes there.
        """
        row, barred = None, None
        path = checked.photo.path
        try:
            for place in self._places(checked):
                try:
                    prepare(self._disk, place)
                    row = self._journalled(checked, place, row)
                    moving.out(self._disk, row)
                    return row
                except OSError as exc:
                    if exc.errno not in ELSEWHERE:
                        raise
                    barred = exc
                    if row is not None:
                        moving.back(self._disk, row)
                    with suppress(OSError):
                        self._disk.drop_directory(place)
        except (OSError, Taken) as exc:
            barred = exc if isinstance(exc, OSError) else None
        refusal = moving.refusal_of(barred or OSError(), path)
        raise self._undone(row, refusal) if row else refusal

    def _places(self, checked: Checked) -> Iterator[str]:
        """Where the files may wait, the best place first."""
        path = checked.photo.path
        if self._method == "trash":
            return trash.places(self._disk, path)
        return places(self._disk, checked.folder.root, path)

    def _journalled(self, checked: Checked, place: str, row: RemovalRow | None) -> RemovalRow:
        """Write down what is about to happen: for the first place anew, then with another place."""
        removals = self._catalogue.removals
        with self._catalogue.transaction(durable=True):
            self._lease.check()
            if row is not None:
                removal_id = row.removal_id
                removals.redirect(removal_id, {f.path: _place(place, f.path) for f in row.files})
            else:
                if self._batch_id is None:
                    self._batch_id = removals.new_batch()
                keeper_id = checked.keeper.photo_id if checked.keeper else None
                files = [_journal_file(file, place) for file in checked.files]
                detail = _detail(checked, self._method)
                removal_id = removals.intend(
                    self._batch_id, checked.photo.photo_id, keeper_id, detail, files
                )
        found = removals.get(removal_id)
        assert found is not None
        return found

    def _confirm(self, checked: Checked, row: RemovalRow) -> None:
        """What was moved is what was looked at, and the photo to keep is still there and whole."""
        for file, moved in zip(checked.files, row.files, strict=True):
            facts = self._disk.facts(moved.quarantine)
            if facts.untouched(file.facts):
                continue
            # File systems without lasting inode numbers: the bytes themselves must tell.
            same = (facts.size, facts.mtime_ns) == (file.facts.size, file.facts.mtime_ns)
            if not same or self._disk.digest(moved.quarantine) != file.content_hash:
                raise Refusal("changed", "it was changed in the very moment of its removal")
        if checked.keeper is not None:
            self._checks.file_of(checked.keeper, "the photo to keep")
        photo = row.files[0]
        if self._method in METHODS and not is_same(self._disk, photo.path, photo):
            raise Refusal("failed", "its stand-in does not hold its bytes")

    def _commit(self, checked: Checked, row: RemovalRow) -> None:
        """The journal, the photo's row and the keeper's gain, all or nothing."""
        with self._catalogue.transaction(durable=True):
            self._lease.check()
            self._catalogue.removals.set_state(row.removal_id, "done")
            if self._method in METHODS:
                recovery.look_again(self._catalogue, self._disk, row)
                return
            if not self._catalogue.removals.take_away(checked.photo):
                raise Refusal("changed", "the catalogue has changed meanwhile", "Plan again.")
            handed = merging.hand_over(self._catalogue, row.photo_id, row.keeper_id)
            detail = replace(row.detail, given=handed.given, own=handed.own)
            self._catalogue.removals.set_detail(row.removal_id, detail)
            names = self._catalogue.merges.album_names(handed.new.albums)
        new = handed.new
        if checked.keeper and (new.tags or names or new.favourite or new.rating is not None):
            into = checked.keeper.path
            self._merged.append(Merged(row.path, into, new.tags, names, new.rating, new.favourite))

    def _undone(self, row: RemovalRow, refusal: Refusal) -> Refusal:
        """Put the files back; the refusal, which says so where they could not go back now."""
        where = ""
        try:
            state = recovery.settle(self._catalogue, self._disk, self._lease, row, refusal.reason)
            if state == "done":
                where = "and its name is taken by now, so it waits in the quarantine"
        except (OSError, PhotolibError):
            where = "and it could not be put back; photolib tries again whenever it is opened"
        if not where:
            return refusal
        hint = f"photolib undo {row.batch_id} brings it back."
        return Refusal(refusal.code, f"{refusal.reason}, {where}", hint)


def _detail(checked: Checked, method: str) -> RemovalDetail:
    return RemovalDetail(
        folder_id=checked.folder.folder_id,
        root=checked.folder.root,
        content_id=checked.photo.content_id,
        method=method,
        tier=checked.match.tier if checked.match else None,
        kept=checked.keeper.path if checked.keeper else None,
        kept_hash=checked.keeper.content_hash.hex() if checked.keeper else None,
    )


def _journal_file(file: CheckedFile, place: str) -> RemovedFile:
    facts = file.facts
    return RemovedFile(
        path=file.path,
        quarantine=_place(place, file.path),
        role=file.role,
        size=facts.size,
        mtime_ns=facts.mtime_ns,
        inode=facts.inode,
        mode=facts.mode,
        content_hash=file.content_hash,
        facts=file.said,
    )


def _place(place: str, path: str) -> str:
    return os.path.join(place, unique_name(path))


def _told(checked: Checked, row: RemovalRow | None) -> Removed:
    return Removed(
        path=checked.photo.path,
        photo_id=checked.photo.photo_id,
        kept=checked.keeper.path if checked.keeper else None,
        quarantine=row.files[0].quarantine if row else None,
        bytes=sum(file.facts.size for file in checked.files),
    )
