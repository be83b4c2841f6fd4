"""Saved searches: albums that hold whatever a query finds, and can be asked for in other queries.

Their photos are stored like those of any album, so that lists, screens and exports need to know
nothing of them; they are looked for anew when saved, after every index job and when asked for. In a
query ``album:NAME`` never takes what is stored: the saved search is answered on the spot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.errors import NotFound, PhotolibError, UsageError
from photolib.jobs import Job, Progress
from photolib.library.nested import contains_itself, meant, names_in
from photolib.library.results import SavedSearch
from photolib.query import parse

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue, Lease
    from photolib.library.search import Searcher

KEPT = 200
"""Queries that the history keeps."""
_LONGEST_NAME = 200


def all_saved(catalogue: Catalogue, searcher: Searcher) -> list[SavedSearch]:
    """Every saved search by name, its photos looked for now."""
    _refill(catalogue, searcher)
    return [
        SavedSearch(row.album_id, row.name, row.query, row.size, row.new)
        for row in catalogue.searches.saved()
    ]


def one_saved(catalogue: Catalogue, searcher: Searcher, name: str) -> SavedSearch:
    """The saved search of a name, in any case; NotFound."""
    wanted = name.casefold()
    found = (each for each in all_saved(catalogue, searcher) if each.name.casefold() == wanted)
    saved = next(found, None)
    if saved is None:
        raise NotFound(f"there is no saved search {name}", "List them: photolib saved")
    return saved


def save(catalogue: Catalogue, searcher: Searcher, name: str, query: str) -> SavedSearch:
    """Save a query under a name, or let the one of that name ask it from now on.

    Raises UsageError for a name that is empty or too long and for an empty query, QueryError for
    one that cannot be read or would contain itself.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise UsageError("a saved search needs a name", f"Up to {_LONGEST_NAME} characters.")
    if parse(query).is_empty:
        raise UsageError("what to search for is missing", "Give a query after the name.")
    queries = catalogue.searches.queries()
    _refuse_cycle(name, query, [(other, text) for _, other, text in queries])
    same = (album_id for album_id, other, _ in queries if other.casefold() == name.casefold())
    album_id = next(same, None)
    searcher.matching(query)  # whatever cannot be answered is told before it is stored
    with catalogue.transaction():
        if album_id is None:
            album_id = catalogue.searches.save(name, query)
        else:
            catalogue.searches.change(album_id, query)
        catalogue.searches.see(album_id)
    return one_saved(catalogue, searcher, name)


def forget(catalogue: Catalogue, searcher: Searcher, name: str) -> SavedSearch:
    """Delete the saved search of a name; the photos stay. Raises NotFound."""
    saved = one_saved(catalogue, searcher, name)
    catalogue.searches.forget(saved.album_id)
    return saved


def update(catalogue: Catalogue, searcher: Searcher, lease: Lease) -> Job[None]:
    """Look for the photos of every saved search, at the end of an index job."""
    if catalogue.searches.queries():
        yield Progress("saved", 0, None)
        lease.check()
        _refill(catalogue, searcher)


def _refill(catalogue: Catalogue, searcher: Searcher) -> None:
    for album_id, _, query in catalogue.searches.queries():
        try:
            found = searcher.matching(query)
        except PhotolibError:
            continue  # its photo or model is away: it keeps what it held
        catalogue.searches.refill(album_id, found.tolist())


def _refuse_cycle(name: str, query: str, saved: list[tuple[str, str]]) -> None:
    """Raise QueryError if a search would be found by following the albums that it asks for."""
    others = {other: text for other, text in saved if other.casefold() != name.casefold()}
    waiting, seen = names_in(query), set[str]()
    while waiting:
        pattern = waiting.pop()
        if meant(pattern, name):
            raise contains_itself(name)
        for other, text in others.items():
            if meant(pattern, other) and other not in seen:
                seen.add(other)
                waiting += names_in(text)
