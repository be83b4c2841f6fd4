"""Duplicate sets, with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.errors import NotFound
from photolib.library import containment, duplicates, stacks
from photolib.library.core import Core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.library.results import Containment, DuplicateList, StackList


class DuplicateDoor(Core):
    """Duplicate sets, with their evidence."""

    def duplicates(
        self, tier: str | None = None, *, limit: int = -1, offset: int = 0
    ) -> DuplicateList:
        """Duplicate sets, those that would free most first."""
        return duplicates.page(self._catalogue, tier, limit, offset)

    def not_duplicates(self, photo_ids: Sequence[int], *, undo: bool = False) -> int:
        """Say for good that photos are no duplicates of one another, or take it back.

        Returns how many pairs that changed. Raises NotFound, and UsageError for copies of the same
        bytes.
        """
        rows = self._catalogue.photos.many(photo_ids)
        if len(rows) < len(set(photo_ids)):
            unknown = set(photo_ids) - {row.photo_id for row in rows}
            raise NotFound(f"there is no photo {min(unknown)}")
        return duplicates.set_apart(self._catalogue, self.settings, rows, undo=undo)

    def alignment(self, photo_id: int, other_id: int) -> tuple[float, ...] | None:
        """Where one photo lies in another: six numbers, row by row, of the affine map from
        fractions of its frame to fractions of the other's; None when nothing is known."""
        return duplicates.alignment(self._catalogue, photo_id, other_id)

    def stacks(self, *, limit: int = -1, offset: int = 0) -> StackList:
        """Bursts and brackets, the newest first, each with its sharpest shot suggested."""
        return stacks.page(self._catalogue, limit, offset)

    def compare_folders(self, a: str, b: str) -> Containment:
        """How many photos of directory ``a`` have a copy in ``b``, and which have none.

        Raises NotFound without photos in ``a``, UsageError when one directory holds the other.
        """
        return containment.compare(self._catalogue, a, b)
