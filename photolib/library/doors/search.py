"""Finding photos: by words, and by what they look like."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from photolib.library.core import Core
from photolib.library.search import Searcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photolib.library.results import Box, SearchResult, SimilarResult


class SearchDoor(Core):
    """Finding photos: by words, and by what they look like."""

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(
            self._catalogue,
            self._indexes,
            self._engines,
            self._decoder,
            self._thumbnails,
            self.settings.thumbnail_size,
        )

    def search(
        self,
        query: str,
        *,
        sort: str = "relevance",
        limit: int = 50,
        offset: int = 0,
        everything: bool = False,
    ) -> SearchResult:
        """Photos that fit a query; ``everything`` goes past the cut-off.

        Raises QueryError with the position of a mistake, UsageError for an empty query.
        """
        return self._searcher.search(
            query, sort=sort, limit=limit, offset=offset, everything=everything
        )

    def similar(
        self,
        path: str,
        *,
        by: str | None = None,
        weigh: Mapping[str, float] | None = None,
        region: Box | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> SimilarResult:
        """Photos like a picture file, which need not be in the library.

        ``by`` is meaning, look or both; ``weigh`` gives parts of the look a weight; ``region`` is
        x, y, width, height in fractions. Raises ImageError, NotFound, UsageError.
        """
        return self._searcher.similar(
            path, by=by, weights=weigh or {}, region=region, limit=limit, offset=offset
        )
