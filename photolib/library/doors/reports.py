"""The state of a library: problems, status, what stands in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import reports
from photolib.library.core import Core

if TYPE_CHECKING:
    from photolib.library.results import Check, ProblemList, Status


class ReportDoor(Core):
    """The state of a library: problems, status, what stands in its way."""

    def problems(self, *, limit: int = -1, offset: int = 0) -> ProblemList:
        """Files that failed or were skipped, and why."""
        return reports.problems(self._catalogue, limit, offset)

    def status(self) -> Status:
        """The state of the library at a glance; loads no model."""
        return reports.status(
            self._catalogue, self.settings, self._engines, self._indexes, self._thumbnails
        )

    def doctor(self) -> list[Check]:
        """What this installation can do and what stands in its way."""
        return reports.doctor(self._catalogue, self.settings, self._engines)

    def data_version(self) -> int:
        """A number that changes when another process or thread commits to the catalogue."""
        return self._catalogue.data_version()
