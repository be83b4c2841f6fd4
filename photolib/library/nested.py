"""Saved searches inside queries: ``album:NAME`` answered by what the search of that name finds."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from photolib.errors import QueryError
from photolib.query import Match, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.catalogue import Catalogue
    from photolib.library.search import Searcher


def names_in(query: str) -> list[str]:
    """The albums that a query asks for."""
    filters = parse(query).filters
    return [f.value.name for f in filters if f.key == "album" and isinstance(f.value, Match)]


def meant(pattern: str, name: str) -> bool:
    """Whether ``album:pattern`` takes the saved search of a name."""
    escaped = re.escape(pattern.casefold()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.search(escaped, name.casefold(), re.DOTALL) is not None


def contains_itself(name: str) -> QueryError:
    """What is raised for a search that would never end."""
    hint = "Name another album, or give the search another name."
    return QueryError(f"the saved search {name} would contain itself", 0, hint)


class Nested:
    """Answers saved searches inside queries, and stops where one would contain itself."""

    def __init__(self, catalogue: Catalogue, searcher: Searcher) -> None:
        self._catalogue = catalogue
        self._searcher = searcher
        self._open: list[str] = []

    def photos(self, pattern: str) -> list[int]:
        """The photos of all saved searches that ``album:pattern`` takes. Raises QueryError."""
        found: set[int] = set()
        for _, name, query in self._catalogue.searches.queries():
            if meant(pattern, name):
                with self._inside(name):
                    found.update(self._searcher.matching(query, self).tolist())
        return sorted(found)

    @contextmanager
    def _inside(self, name: str) -> Iterator[None]:
        if name in self._open:
            raise contains_itself(name)
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()
