"""Everything that is looked at again before a file is moved, and every reason to refuse."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import ImageError
from photolib.images.identity import display
from photolib.library import folders
from photolib.library.removal import evidence
from photolib.library.results import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from photolib.catalogue import CandidateRow, Catalogue, FolderRow, PartRow, PhotoRow
    from photolib.library.removal.disk import Disk, Facts
    from photolib.library.removal.evidence import Match
    from photolib.library.results import PlanItem

    Matcher = Callable[[CandidateRow, CandidateRow], Match | None]

INDEX_AGAIN = "Run photolib index, then plan again."
ONLY_COPY = "To remove it all the same: --no-keeper."
_TRY_AGAIN = "Check the drive and its permissions, then try again."


class Refusal(Exception):
    """A removal that must not happen."""

    def __init__(self, code: str, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint = code, reason, hint

    def of(self, path: str) -> Refused:
        """The refusal as a result, for one path."""
        return Refused(path, self.code, self.reason, self.hint)


class AlreadyRemoved(Exception):
    """An earlier run of the same plan has removed this photo."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that holds the bytes it should, and what the file system said of it."""

    path: str
    role: str
    facts: Facts
    content_hash: bytes
    said: str = "{}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A removal that may go ahead: the victim, its files, and what stays."""

    photo: PhotoRow
    folder: FolderRow
    files: tuple[CheckedFile, ...]
    keeper: PhotoRow | None
    match: Match | None


class Checks:
    """Looks at one item after another, at the catalogue and at the disk, and writes nothing."""

    def __init__(self, catalogue: Catalogue, disk: Disk, matcher: Matcher) -> None:
        self._catalogue = catalogue
        self._disk = disk
        self._matcher = matcher

    def check(self, item: PlanItem, victims: set[int], *, without_keeper: bool) -> Checked:
        """Decide about one item of a plan whose other victims are ``victims``.

        Raises Refusal, or AlreadyRemoved.
        """
        photo = self._victim(item)
        folder = self._folder(photo)
        files = tuple(self._files(photo))
        if item.keep is None:
            if not without_keeper:
                raise Refusal("no-keeper", "no copy of it would stay", ONLY_COPY)
            return Checked(photo, folder, files, None, None)
        keeper = self._keeper(item, victims)
        self._check_apart(files[0], self.file_of(keeper, "the photo to keep"))
        match = self._match(item, photo, keeper)
        self._check_covered(files[1:], keeper)
        return Checked(photo, folder, files, keeper, match)

    # --- the photo that goes -------------------------------------------------------------------

    def _victim(self, item: PlanItem) -> PhotoRow:
        photo = self._catalogue.photos.get(item.remove.photo_id)
        if photo is None:
            raise Refusal("unknown", "it is no photo of this library", INDEX_AGAIN)
        if photo.state == "removed":
            raise AlreadyRemoved
        if photo.state == "missing":
            raise Refusal("gone", "it is not there any more", INDEX_AGAIN)
        if photo.path != item.remove.path:
            raise Refusal("moved", f"it is at {display(photo.path)} now", "Plan again.")
        if photo.content_hash.hex() != item.remove.content_hash:
            raise Refusal("changed", "it has changed since it was planned", "Plan again.")
        return photo

    def _folder(self, photo: PhotoRow) -> FolderRow:
        """The folder of a photo, which must be there and let its files go."""
        folder = self._catalogue.folders.get(photo.folder_id)
        if folder is None or not folders.is_online(self._catalogue, folder):
            raise Refusal("offline", "its folder is offline", "Mount the drive, then try again.")
        above = os.path.dirname(photo.path)
        expected = os.path.join(os.path.realpath(folder.root), os.path.relpath(above, folder.root))
        if os.path.realpath(above) != os.path.normpath(expected):
            raise Refusal("linked", "it lies behind a link", "Remove it where it really is.")
        if self._in_reference(photo.path):
            raise Refusal("reference", "it is in a reference folder, which never loses a file")
        return folder

    def _in_reference(self, path: str) -> bool:
        """Whether a directory above a file is a reference folder, by whatever name or mount."""
        roots = []
        for folder in self._catalogue.folders.all():
            if folder.reference:
                try:
                    roots.append(os.stat(folder.root))
                except OSError:
                    continue
        if not roots:
            return False
        above = os.path.realpath(os.path.dirname(path))
        while True:
            here = os.stat(above)
            if any(os.path.samestat(here, root) for root in roots):
                return True
            if above == os.path.dirname(above):
                return False
            above = os.path.dirname(above)

    def _files(self, photo: PhotoRow) -> Iterator[CheckedFile]:
        """The photo's own file, then its parts; a part that is gone needs no moving."""
        yield self.file_of(photo, "it")
        for part in self._catalogue.photos.part_rows(photo.photo_id):
            if self._there(part.path):
                yield self._part(part)

    def _there(self, path: str) -> bool:
        try:
            return self._disk.exists(path)
        except OSError as exc:
            raise _unreadable(path, exc) from exc

    def _part(self, part: PartRow) -> CheckedFile:
        facts, content_hash = self._read(part.path, f"its part {display(part.path)}")
        if (facts.size, facts.mtime_ns) != (part.size, part.mtime_ns):
            raise Refusal("changed", f"its part {display(part.path)} has changed", INDEX_AGAIN)
        return CheckedFile(part.path, part.role, facts, content_hash, part.facts)

    # --- what stays ----------------------------------------------------------------------------

    def _keeper(self, item: PlanItem, victims: set[int]) -> PhotoRow:
        assert item.keep is not None
        keeper = self._catalogue.photos.get(item.keep.photo_id)
        if keeper is None or keeper.state != "present":
            raise Refusal("keeper-gone", "the photo to keep is not there any more", INDEX_AGAIN)
        if keeper.photo_id == item.remove.photo_id:
            raise Refusal("same-file", "it would be kept by itself", "Name another one to keep.")
        if keeper.photo_id in victims:
            hint = "Keep one of the two."
            raise Refusal("keeper-removed", "the photo to keep is to be removed as well", hint)
        if keeper.content_hash.hex() != item.keep.content_hash:
            raise Refusal("keeper-changed", "the photo to keep has changed", "Plan again.")
        folder = self._catalogue.folders.get(keeper.folder_id)
        if folder is None or not folders.is_online(self._catalogue, folder):
            hint = "Mount the drive that holds it, then try again."
            raise Refusal("keeper-offline", "the photo to keep is offline", hint)
        return keeper

    def file_of(self, photo: PhotoRow, called: str) -> CheckedFile:
        """A photo's file, which must hold the bytes that the catalogue knows; raises Refusal."""
        prefix = "" if called == "it" else "keeper-"
        try:
            facts, content_hash = self._read(photo.path, called)
        except Refusal as refusal:
            raise Refusal(prefix + refusal.code, refusal.reason, refusal.hint) from refusal
        known = (photo.size, photo.mtime_ns, photo.content_hash)
        if (facts.size, facts.mtime_ns, content_hash) != known:
            raise Refusal(f"{prefix}changed", f"{called} has changed on the disk", INDEX_AGAIN)
        return CheckedFile(photo.path, "photo", facts, content_hash)

    def _read(self, path: str, called: str) -> tuple[Facts, bytes]:
        """Facts and hash of one ordinary file that nobody writes to meanwhile."""
        try:
            before = self._disk.facts(path)
            if not before.regular:
                raise Refusal("not-a-file", f"{called} is a link, not a file of its own")
            content_hash = self._disk.digest(path)
            after = self._disk.facts(path)
        except OSError as exc:
            raise _unreadable(called, exc) from exc
        except ImageError as exc:
            raise Refusal(
                "unreadable", f"{called} cannot be read ({exc.reason})", exc.hint
            ) from exc
        if not before.untouched(after):
            raise Refusal("changed", f"{called} is being written to", "Try again in a moment.")
        return after, content_hash

    def _check_apart(self, victim: CheckedFile, keeper: CheckedFile) -> None:
        """Two names of one file are no copies: removing one frees nothing, or takes both."""
        same = victim.facts.same_file(keeper.facts)
        if same or os.path.realpath(victim.path) == os.path.realpath(keeper.path):
            reason = "it and the photo to keep are one file under two names"
            raise Refusal("same-file", reason, "Nothing would be freed; leave it.")

    def _match(self, item: PlanItem, photo: PhotoRow, keeper: PhotoRow) -> Match:
        both = (photo.photo_id, keeper.photo_id)
        rows = {row.photo_id: row for row in self._catalogue.photos.candidates(both)}
        if len(rows) < 2:
            raise Refusal("changed", "it or the photo to keep has just changed", INDEX_AGAIN)
        victim, kept = rows[photo.photo_id], rows[keeper.photo_id]
        match = self._matcher(victim, kept)
        if match is None:
            reason = f"it is no copy of {display(keeper.path)}"
            raise Refusal("no-match", reason, "Compare the two; plan again.")
        if evidence.weaker(match.tier, item.tier):
            reason = f"the evidence is weaker than planned ({match.tier}, not {item.tier})"
            raise Refusal("weaker", reason, "Compare the two; plan again.")
        if evidence.carries_more(victim, kept):
            reason = "it carries a clip or other pictures that the photo to keep lacks"
            raise Refusal("parts", reason, ONLY_COPY)
        return match

    def _check_covered(self, parts: tuple[CheckedFile, ...], keeper: PhotoRow) -> None:
        """Every part must have its equal beside the keeper: it goes with its photo.

        A sidecar must be equal to the byte too: what it says of an edit is nowhere else.
        """
        theirs = [
            self._part(part)
            for part in self._catalogue.photos.part_rows(keeper.photo_id)
            if self._there(part.path)
        ]
        for part in parts:
            if not any((t.role, t.content_hash) == (part.role, part.content_hash) for t in theirs):
                reason = f"its part {display(part.path)} has no equal beside the photo to keep"
                raise Refusal("parts", reason, ONLY_COPY)


def _unreadable(called: str, exc: OSError) -> Refusal:
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return Refusal("gone", f"{called} is not there any more", INDEX_AGAIN)
    if exc.errno in (errno.EACCES, errno.EPERM):
        return Refusal("permission", f"there is no permission for {called}", _TRY_AGAIN)
    return Refusal("unreadable", f"{called}: {exc.strerror or exc}", _TRY_AGAIN)
