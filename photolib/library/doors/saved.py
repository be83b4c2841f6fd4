"""Saved searches, what was asked lately, and what can be typed next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from photolib.library import saved
from photolib.library.doors.search import SearchDoor
from photolib.query import bare_or_quoted, complete

if TYPE_CHECKING:
    from photolib.library.results import SavedSearch
    from photolib.query import Completion


class SavedDoor(SearchDoor):
    """Saved searches, what was asked lately, and what can be typed next."""

    def saved_searches(self) -> list[SavedSearch]:
        """Every saved search by name, its photos looked for now."""
        return saved.all_saved(self._catalogue, self._searcher)

    def saved_search(self, name: str) -> SavedSearch:
        """The saved search of a name, in any case; NotFound."""
        return saved.one_saved(self._catalogue, self._searcher, name)

    def save_search(self, name: str, query: str) -> SavedSearch:
        """Keep a query under a name, as an album of what it finds, or change the one of that name.

        UsageError without a name or a query; QueryError for a query that cannot be read, or that
        asks for an album which would contain itself.
        """
        return saved.save(self._catalogue, self._searcher, name, query)

    def forget_search(self, name: str) -> SavedSearch:
        """Delete a saved search; the photos stay. NotFound."""
        return saved.forget(self._catalogue, self._searcher, name)

    def see_search(self, album_id: int) -> None:
        """A person has looked at a saved search: nothing in it is new any more."""
        self._catalogue.searches.see(album_id)

    def remember_search(self, query: str) -> None:
        """Put a query into the history, which keeps the latest ones only."""
        if query.strip():
            self._catalogue.searches.remember(query.strip(), saved.KEPT)

    def recent_searches(self, start: str = "", limit: int = 20) -> list[str]:
        """What was searched for, the latest first; only what begins with ``start``."""
        return self._catalogue.searches.asked(start, limit)

    def clear_searches(self) -> int:
        """Forget what was searched for; returns how many queries that were."""
        return self._catalogue.searches.clear_asked()

    def complete_query(self, text: str, cursor: int, limit: int = 20) -> Completion:
        """What can stand at a cursor: keys, their values, and the names that this library knows.

        Values are quoted where they must be; to take one is to put it in the place of ``span``.
        """
        found = complete(text, cursor)
        if found.completing != "value" or found.key is None:
            return found
        names = self._catalogue.searches.values(found.key, found.prefix, limit)
        options = (*found.options, *(bare_or_quoted(name) for name in names))
        return replace(found, options=tuple(dict.fromkeys(options))[:limit])
