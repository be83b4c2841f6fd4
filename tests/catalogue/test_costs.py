"""What SQLite intends to do: the questions asked on every screen and batch are answered by search.

The plans are those of a catalogue without statistics, as every catalogue is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import NewAlbum, PhotoFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf


class Plans:
    """Every query plan of what is run, one list of steps to each statement."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._connection = catalogue._database.connection
        self._seen: list[str] = []

    def of(self, question: Callable[[], object]) -> list[list[str]]:
        self._seen.clear()
        self._connection.set_trace_callback(self._seen.append)
        try:
            question()
        finally:
            self._connection.set_trace_callback(None)
        return [self._steps(sql) for sql in self._seen]

    def _steps(self, sql: str) -> list[str]:
        return [row["detail"] for row in self._connection.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.fixture
def plans(catalogue: Catalogue, shelf: Shelf) -> Plans:
    photos = shelf.photos(3)
    for photo_id in photos:
        shelf.embed(shelf.encoder(), shelf.content_of(photo_id))
    run_id = catalogue.groupings.begin("theme")
    catalogue.albums.replace("theme", [NewAlbum("A", tuple(photos), photos[0])], run_id=run_id)
    return Plans(catalogue)


def _scans(steps: Sequence[str]) -> Iterator[str]:
    """Steps that read a whole table; what was selected already, lists given by the
    caller and album names are short.
    """
    for step in steps:
        if step.startswith("SCAN") and not re.match(
            r"SCAN (json_each|\(subquery|inside\b|album\b|a\b)", step
        ):
            yield step


@pytest.mark.parametrize(
    "chosen",
    [PhotoFilter(), PhotoFilter(folder_id=1), PhotoFilter(unsorted=True), PhotoFilter(hidden=True)],
)
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_window_is_read_off_the_index_without_sorting(
    catalogue: Catalogue, plans: Plans, chosen: PhotoFilter, order: str
) -> None:
    chosen = replace(chosen, order=order)
    ids, rows = plans.of(lambda: catalogue.photos.window(chosen, 0, 10))
    [count] = plans.of(lambda: catalogue.photos.count(chosen))
    for steps in (ids, count):
        assert re.match(r"SEARCH p USING COVERING INDEX photo_(folder_)?order", steps[0])
        assert not [step for step in steps if "TEMP B-TREE" in step]
    assert rows[0].startswith("SEARCH p USING INTEGER PRIMARY KEY")


def test_a_window_of_an_album_costs_what_the_album_holds(
    catalogue: Catalogue, plans: Plans
) -> None:
    chosen = PhotoFilter(album_id=1)
    ids, _ = plans.of(lambda: catalogue.photos.window(chosen, 0, 10))
    [count] = plans.of(lambda: catalogue.photos.count(chosen))
    for steps in (ids, count):
        assert not [step for step in steps if "photo_order" in step]
        assert any(re.search(r"SEARCH \w+ USING PRIMARY KEY \(album_id=\?\)", s) for s in steps)


QUESTIONS: dict[str, Callable[[Catalogue], object]] = {
    "known": lambda c: c.photos.known(1),
    "get": lambda c: c.photos.get(1),
    "at": lambda c: c.photos.at(1, b"1.jpg"),
    "of contents": lambda c: c.photos.of_contents([1, 2]),
    "content": lambda c: c.photos.content_id(b"1"),
    "some candidates": lambda c: c.photos.candidates([1, 2]),
    "parts": lambda c: c.photos.parts_of(1),
    "some vectors": lambda c: c.vectors.some(1, "photo", [1, 2], 4),
    "vector": lambda c: c.vectors.of_content(1, "photo", 1),
    "embeddings of contents": lambda c: c.vectors.ids_of_contents(1, "photo", [1, 2]),
    "some of the roster": lambda c: c.photos.roster([1, 2]),
    "contents of embeddings": lambda c: c.vectors.contents_of([1, 2]),
    "changes": lambda c: c.vectors.changes_since(c.vectors.last_change() - 1),
    "album": lambda c: c.albums.get(1),
    "albums of a photo": lambda c: c.albums.of_photo(1),
    "mark": lambda c: c.photos.mark([1], "missing"),
    "removals under way": lambda c: c.removals.under_way(),
    "last batch of removals": lambda c: c.removals.last_batch(),
    "duplicates around a photo": lambda c: c.removals.set_around(1),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_about_a_few_rows_reads_a_whole_table(
    catalogue: Catalogue, plans: Plans, name: str
) -> None:
    for steps in plans.of(lambda: QUESTIONS[name](catalogue)):
        assert not [step for step in _scans(steps) if "sqlite_sequence" not in step]


def test_some_candidates_and_vectors_are_found_by_their_ids(
    catalogue: Catalogue, plans: Plans
) -> None:
    [candidates] = plans.of(lambda: catalogue.photos.candidates([1]))
    assert candidates[0] == "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)"
    [vectors] = plans.of(lambda: catalogue.vectors.some(1, "photo", [1], 4))
    assert vectors[0] == "SEARCH embedding USING INTEGER PRIMARY KEY (rowid=?)"


def test_vectors_are_loaded_in_one_pass(catalogue: Catalogue, plans: Plans) -> None:
    """A portion goes on where the last one ended; sorting each would be quadratic."""
    for steps in plans.of(lambda: catalogue.vectors.load(1, "photo", 4)):
        assert steps == ["SEARCH embedding USING INTEGER PRIMARY KEY (rowid>?)"]


NEVER_DELETED = {"model", "place", "grouping_run", "tag", "stack"}


def test_deleting_a_row_finds_the_rows_that_hang_on_it_by_an_index(catalogue: Catalogue) -> None:
    """Without one, forgetting a folder reads whole tables once for each of its photos."""
    rows = catalogue._database.rows
    unindexed = set()
    for (table,) in rows("SELECT name FROM sqlite_master WHERE sql LIKE '%REFERENCES%'"):
        for key in rows(f"PRAGMA foreign_key_list ({table})"):
            column, parent = key["from"], key["table"]
            plan = rows(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} = 1")
            if parent not in NEVER_DELETED and not plan[0]["detail"].startswith("SEARCH"):
                unindexed.add(f"{table}.{column}")
    assert unindexed == set()
