"""Which photos a query may return: those that meet its filters, or all that are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.catalogue import AllOf, NoneOf, Test

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.catalogue import Catalogue, Condition, PhotoRow

SHOWN = AllOf((Test("state", ("present",)), NoneOf(Test("hidden"))))
"""Photos that are present and not hidden."""


class Allowed:
    """The photos that meet a condition; without one, those shown, which are not listed up front."""

    def __init__(self, catalogue: Catalogue, condition: Condition | None = None) -> None:
        self._catalogue = catalogue
        self._contents: dict[int, int] | None = None
        if condition is not None:
            self._contents = dict(catalogue.photos.matching(condition))

    @property
    def contents(self) -> set[int] | None:
        """The contents that may be returned; None: every one with a photo that is shown."""
        return None if self._contents is None else set(self._contents.values())

    def every_content(self) -> set[int]:
        """The same, listed in any case."""
        if self._contents is None:
            self._contents = dict(self._catalogue.photos.matching(SHOWN))
        return set(self._contents.values())

    def content_of(self, photo_ids: Iterable[int]) -> dict[int, int]:
        """The content of each of these photos that may be returned; the photos must be shown."""
        if self._contents is None:
            return self._catalogue.photos.contents(photo_ids)
        return {p: self._contents[p] for p in photo_ids if p in self._contents}

    def photos(self, content_ids: Iterable[int]) -> dict[int, list[PhotoRow]]:
        """The photos of contents that may be returned, for each content the newest first."""
        found = self._catalogue.photos.of_contents(content_ids)
        allowed = {c: [row for row in rows if self._allows(row)] for c, rows in found.items()}
        for rows in allowed.values():
            rows.sort(key=lambda row: (row.taken_at, row.photo_id), reverse=True)
        return {content_id: rows for content_id, rows in allowed.items() if rows}

    def _allows(self, row: PhotoRow) -> bool:
        if self._contents is not None:
            return row.photo_id in self._contents
        return row.state == "present" and not row.hidden
