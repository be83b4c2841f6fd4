"""Labels: what was found in photos."""

from __future__ import annotations

from photolib.library.core import Core


class LabelDoor(Core):
    """Labels: what was found in photos."""

    def labels(self) -> list[tuple[str, int]]:
        """Labels and how many photos shown carry each, the most frequent first."""
        return self._catalogue.regions.labels()
