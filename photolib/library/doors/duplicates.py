"""Duplicate sets, with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import duplicates
from photolib.library.core import Core

if TYPE_CHECKING:
    from photolib.library.results import DuplicateList


class DuplicateDoor(Core):
    """Duplicate sets, with their evidence."""

    def duplicates(
        self, tier: str | None = None, *, limit: int = -1, offset: int = 0
    ) -> DuplicateList:
        """Duplicate sets, those that would free most first."""
        return duplicates.page(self._catalogue, tier, limit, offset)
