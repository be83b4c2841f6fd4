"""The logic of a search: parts, groups and filters, among words and beside them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.models.fakes import COLOURS
from tests.library.shelf import index, opened, plain, settings_at, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library import Library
    from photolib.library.results import Hit

SHOWN = ("red", "green", "blue", "yellow", "black", "white")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Six pictures of one colour each, landscape or square by turns, among thirty motley ones."""
    folder = tmp_path_factory.mktemp("photos")
    for number, colour in enumerate(SHOWN):
        place = folder / ("even" if number % 2 == 0 else "odd") / f"p{number}.jpg"
        plain(place, COLOURS[colour])
    for number in range(30):
        write(folder / "motley" / f"{number}.jpg", number)
    (folder / "odd" / "copy.jpg").write_bytes((folder / "even" / "p0.jpg").read_bytes())
    with opened(settings_at(tmp_path_factory.mktemp("logic"))) as library:
        library.add_folder(str(folder))
        index(library)
        yield library


def scores(library: Library, query: str) -> dict[str, float]:
    """Each photo's score, by the name of its file; copies count as they do in the result."""
    result = library.search(query, everything=True, limit=100)
    assert result.total == len(result.hits)
    return {os.path.basename(hit.path): hit.score for hit in result.hits}


def best(library: Library, query: str) -> set[str]:
    """The pictures of one colour that are clear hits."""
    found = scores(library, query).items()
    return {name for name, score in found if score >= 0.5 and not name[0].isdigit()}


def test_a_filter_is_a_part_like_any_other(library: Library) -> None:
    red = "copy.jpg" if "copy.jpg" in best(library, "red") else "p0.jpg"
    assert best(library, "red OR folder:odd") == {red, "p1.jpg", "p3.jpg", "p5.jpg"}
    assert best(library, "(red folder:even) OR (green folder:odd)") == {red, "p1.jpg"}
    assert best(library, "(red folder:motley) OR (green folder:odd)") == {"p1.jpg"}
    assert best(library, "(red OR green OR blue) AND (folder:even OR green)") >= {
        "p2.jpg",
        "p1.jpg",
    }
    assert "p3.jpg" not in best(library, "(red OR yellow) -(yellow folder:odd)")


def test_what_meets_a_filter_in_a_group_says_so(library: Library) -> None:
    result = library.search("red OR folder:odd", limit=100)
    whys = {os.path.basename(hit.path): hit.why for hit in result.hits}
    assert next((why.source, why.detail) for why in whys["p1.jpg"]) == ("filter", "folder:odd")
    alone = library.search("folder:odd", limit=100).hits
    assert {why.detail for hit in alone for why in hit.why} == {"folder:odd"}
    beside = library.search("green folder:odd").hits[0]
    assert [why.source for why in beside.why] == ["meaning", "filter"]


def test_a_photo_that_meets_a_filter_stands_for_its_copies(library: Library) -> None:
    [hit] = library.search("red folder:odd").hits[:1]
    assert os.path.basename(hit.path) == "copy.jpg"
    assert hit.copies == ()
    [hit] = library.search("red").hits[:1]
    assert len(hit.copies) == 1


CONCEPTS = ("red", "green", "blue", "folder:odd", "folder:even", "type:jpeg", "-red", "-folder:odd")


@given(a=st.sampled_from(CONCEPTS), b=st.sampled_from(CONCEPTS), c=st.sampled_from(CONCEPTS))
@settings(max_examples=40, deadline=None)
def test_the_logic_is_that_of_probabilities(library: Library, a: str, b: str, c: str) -> None:
    """AND multiplies and OR takes the best, whatever stands in the parts and in which order."""
    one, two = (scores(library, f"({part})") for part in (a, b))
    names = set(scores(library, "type:jpeg"))
    both = scores(library, f"(({a}) AND ({b}))")
    either = scores(library, f"({a}) OR ({b})")
    # One photo stands for copies of one content: another one where the filters choose another.
    for name in names - {"p0.jpg", "copy.jpg"}:
        p, q = one.get(name, 0.0), two.get(name, 0.0)
        assert both.get(name, 0.0) == pytest.approx(p * q, abs=2e-4)
        assert either.get(name, 0.0) == pytest.approx(max(p, q), abs=2e-4)
    swapped = scores(library, f"(({b}) AND ({a}))")
    assert swapped == both
    spread = scores(library, f"({c}) AND (({a}) OR ({b}))")
    parts = scores(library, f"(({c}) AND ({a})) OR (({c}) AND ({b}))")
    for copy in ("p0.jpg", "copy.jpg"):
        spread.pop(copy, None), parts.pop(copy, None)
    assert spread == pytest.approx(parts, abs=2e-4)


def test_pages_join_into_the_whole(library: Library) -> None:
    def ids(hits: tuple[Hit, ...]) -> list[int]:
        return [hit.photo_id for hit in hits]

    for query in ("red OR folder:odd", "-red", "type:jpeg", "motley"):
        for sort in ("relevance", "date"):
            whole = library.search(query, sort=sort, limit=100, everything=True)
            pages: list[int] = []
            offset: int | None = 0
            while offset is not None:
                page = library.search(query, sort=sort, limit=7, offset=offset, everything=True)
                pages += ids(page.hits)
                offset = page.next_offset
            assert pages == ids(whole.hits)
            assert len(set(pages)) == len(pages)


def test_dates_keep_the_cut_off(library: Library) -> None:
    by_score, by_date = (library.search("red", sort=sort) for sort in ("relevance", "date"))
    assert {hit.photo_id for hit in by_score.hits} == {hit.photo_id for hit in by_date.hits}
    assert by_date.cutoff == by_score.cutoff
    taken = [hit.taken_at for hit in by_date.hits]
    assert taken == sorted(taken, reverse=True)
