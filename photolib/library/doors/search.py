"""Finding photos: by words, and by what they look like."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from photolib.errors import ModelError
from photolib.library.alike import weights_of
from photolib.library.core import Core
from photolib.library.results import Example, ModelComparison
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

    def compare_models(
        self, a: str, b: str, queries: Sequence[str], *, limit: int = 10
    ) -> ModelComparison:
        """What two encoders find for the same queries; both must have seen the photos.

        ``a`` and ``b`` are names, ids or paths. ModelUnavailable, ModelError, QueryError.
        """
        rows = [self._engines.named(name) for name in (a, b)]
        counts = [self._catalogue.vectors.count(row.model_no, "photo") for row in rows]
        for row, count in zip(rows, counts, strict=True):
            if not count:
                hint = f"Let it: photolib models use {row.source or row.name}, photolib index"
                raise ModelError(f"{row.name} has not seen the photos yet", hint)
        compared = self._searcher.compare(rows[0], rows[1], queries, limit)
        embedded = (counts[0], counts[1])
        return ModelComparison(rows[0].model_id, rows[1].model_id, embedded, tuple(compared))

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

        ``region`` is x, y, width, height in fractions. For the rest see ``similar_to``.
        """
        return self.similar_to(
            [Example(path=path, region=region)],
            by=by,
            weigh=weigh,
            same=same,
            sketch=sketch,
            limit=limit,
            offset=offset,
        )

    def similar_to(
        self,
        more: Sequence[Example],
        less: Sequence[Example] = (),
        *,
        by: str | None = None,
        weigh: Mapping[str, float] | None = None,
        same: str | None = None,
        sketch: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> SimilarResult:
        """Photos like any number of pictures, photos and crops, and unlike others.

        ``by`` is meaning, look or both; ``weigh`` gives parts of the look (colour, layout, texture,
        shape) a weight; ``same`` is palette or composition: weights to begin with; with ``sketch``
        the one picture is a drawing or painting of what is wanted, on white. Raises ImageError,
        NotFound, UsageError.
        """
        weights = weights_of(same, weigh or {})
        return self._searcher.similar(
            more, less, by=by, weights=weights, sketch=sketch, limit=limit, offset=offset
        )
