"""Finding photos: by words, and by what they look like."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from photolib.library.alike import weights_of
from photolib.library.core import Core
from photolib.library.results import Example
from photolib.library.search import Asked, Searcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
            self.settings,
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
        return self._searcher.search(Asked(query, sort, limit, offset, everything))

    def similar(
        self,
        path: str,
        *,
        by: str | None = None,
        weigh: Mapping[str, float] | None = None,
        same: str | None = None,
        region: Box | None = None,
        sketch: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> SimilarResult:
        """Photos like a picture file, which need not be in the library.

        ``region`` is x, y, width, height in fractions. With ``sketch`` the file is a drawing or
        painting of what is looked for, on white. For the rest see ``similar_to``.
        """
        weights = weights_of(same, weigh or {})
        example = Example(path=path, region=region)
        return self._searcher.similar(
            [example], (), by=by, weights=weights, sketch=sketch, limit=limit, offset=offset
        )

    def similar_to(
        self,
        more: Sequence[Example],
        less: Sequence[Example] = (),
        *,
        by: str | None = None,
        weigh: Mapping[str, float] | None = None,
        same: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> SimilarResult:
        """Photos like any number of pictures, photos and crops, and unlike others.

        ``by`` is meaning, look or both; ``weigh`` gives parts of the look (colour, layout, texture,
        shape) a weight; ``same`` is palette or composition: weights to begin with. Raises
        ImageError, NotFound, UsageError.
        """
        weights = weights_of(same, weigh or {})
        return self._searcher.similar(
            more, less, by=by, weights=weights, sketch=False, limit=limit, offset=offset
        )
