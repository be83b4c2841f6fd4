"""Marks: what a person says of photos, in the catalogue alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import marks
from photolib.library.core import Core

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from photolib.library.results import ActionDone


class MarkDoor(Core):
    """Marks: what a person says of photos. ``undo_action`` takes each call back.

    All raise NotFound for a photo that is not known, and UsageError for none.
    """

    def rate(self, photo_ids: Sequence[int], stars: int) -> ActionDone:
        """Give photos 0 to 5 stars; UsageError for other numbers."""
        return marks.rate(self._catalogue, photo_ids, stars)

    def set_favourite(self, photo_ids: Sequence[int], on: bool | None = None) -> ActionDone:
        """Make favourites of photos, or no longer; without ``on``, turn them all."""
        return marks.favourite(self._catalogue, photo_ids, on)

    def set_hidden(self, photo_ids: Sequence[int], on: bool | None = None) -> ActionDone:
        """Leave photos out of every list, or put them back; without ``on``, turn them all."""
        return marks.hide(self._catalogue, photo_ids, on)

    def turn(self, photo_ids: Sequence[int], degrees: int) -> ActionDone:
        """Turn photos clockwise by quarters wherever they are shown; UsageError."""
        return marks.turn(self._catalogue, photo_ids, degrees)

    def shift_dates(self, photo_ids: Sequence[int], by: timedelta) -> ActionDone:
        """Move the capture times of photos; UsageError where one has none."""
        return marks.shift(self._catalogue, photo_ids, by)

    def set_date(self, photo_ids: Sequence[int], at: datetime) -> ActionDone:
        """Say when photos were taken, in local time."""
        return marks.date(self._catalogue, photo_ids, at)

    def tag(
        self, photo_ids: Sequence[int], add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> ActionDone:
        """Add and remove keywords; UsageError."""
        return marks.tag(self._catalogue, photo_ids, add, remove)

    def tags(self) -> list[tuple[str, int]]:
        """Keywords and how many photos shown carry each, the most frequent first."""
        return self._catalogue.tags.counts()
