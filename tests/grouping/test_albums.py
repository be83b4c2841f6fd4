"""Which album a cluster continues, and what it is called."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.grouping.matching import match
from photolib.grouping.naming import Evidence, distinctive, suggest

SETS = st.lists(st.frozensets(st.integers(0, 12), min_size=1, max_size=8), max_size=4)


def disjoint(sets: list[frozenset[int]]) -> list[frozenset[int]]:
    seen: set[int] = set()
    parts = []
    for members in sets:
        parts.append(members - seen)
        seen |= members
    return [part for part in parts if part]


def test_an_album_that_grew_or_shrank_keeps_its_id() -> None:
    old = {7: {1, 2, 3, 4}, 9: {5, 6, 7, 8}}
    assert match(old, [{5, 6, 7}, {1, 2, 3, 4, *range(20, 60)}]) == [9, 7]


def test_the_largest_part_of_a_split_keeps_the_id() -> None:
    assert match({7: {1, 2, 3, 4, 5}}, [{4, 5}, {1, 2, 3}]) == [None, 7]


def test_of_two_that_merged_the_larger_keeps_its_id() -> None:
    assert match({1: {1, 2}, 2: {3, 4, 5}}, [{1, 2, 3, 4, 5}]) == [2]


def test_a_handful_of_shared_photos_is_not_a_continuation() -> None:
    assert match({1: set(range(10))}, [{0, 1, *range(20, 40)}]) == [None]
    assert match({}, [{1}]) == [None]
    assert match({1: {1}}, []) == []


@settings(deadline=None, max_examples=80)
@given(old=SETS.map(disjoint), new=SETS.map(disjoint))
def test_the_assignment_is_one_to_one_and_optimal(
    old: list[frozenset[int]], new: list[frozenset[int]]
) -> None:
    albums = {10 * place: set(members) for place, members in enumerate(old)}
    chosen = match(albums, new)
    kept = [album for album in chosen if album is not None]
    assert len(chosen) == len(new)
    assert len(kept) == len(set(kept))

    def continues(a: frozenset[int], b: frozenset[int]) -> int:
        shared = len(a & b)
        most = 1_000 if 2 * shared > len(a) and 2 * shared > len(b) else 0
        return shared + most if 2 * shared > len(a) or 2 * shared > len(b) else 0

    total = sum(
        continues(frozenset(albums[album]), members)
        for album, members in zip(chosen, new, strict=True)
        if album is not None
    )
    slots: list[frozenset[int]] = [*old, *[frozenset()] * len(new)]
    assert total == max(
        sum(continues(a, b) for a, b in zip(order, new, strict=True))
        for order in permutations(slots, len(new))
    )


@settings(deadline=None, max_examples=40)
@given(sets=SETS.map(disjoint))
def test_nothing_changes_when_nothing_changed(sets: list[frozenset[int]]) -> None:
    albums = {place: set(members) for place, members in enumerate(sets)}
    assert match(albums, sets) == list(range(len(sets)))


# -- names --------------------------------------------------------------------------------------


LIBRARY = Evidence(
    1_000,
    {"person": 700, "dog": 40, "beach": 60, "okapi": 20},
    {"Lisbon": 100, "Porto": 300},
    {"blue": 400, "red": 30},
)


def test_a_frequent_word_does_not_name_what_it_is_frequent_everywhere_in() -> None:
    found = distinctive({"person": 18, "dog": 15}, 20, LIBRARY.words, LIBRARY.size)
    assert [word for word, _ in found] == ["dog"]
    assert found[0][1] > 1.96


def test_a_rare_word_of_few_photos_does_not_name_the_rest() -> None:
    found = distinctive({"okapi": 4, "dog": 18}, 20, LIBRARY.words, LIBRARY.size)
    assert [word for word, _ in found] == ["dog"]


def test_suggestions_go_from_what_sets_apart_to_what_is_frequent() -> None:
    cluster = Evidence(
        20, {"person": 19, "dog": 16, "beach": 12}, {"Lisbon": 17}, {"red": 9}, "Jan 2023"
    )
    assert suggest(cluster, LIBRARY, limit=9) == [
        "Dog",
        "Beach",
        "Dog and beach",
        "Dog, Lisbon",
        "Red dog",
        "Lisbon",
        "Lisbon, Jan 2023",
        "Dog, Jan 2023",
        "Person",
    ]
    assert len(suggest(cluster, LIBRARY)) == 5


def test_there_is_always_a_name() -> None:
    assert suggest(Evidence(12), LIBRARY) == ["12 photos"]
    assert suggest(Evidence(12, period="Jan 2023"), LIBRARY) == ["Jan 2023"]
    assert suggest(Evidence(12, colours={"blue": 9}), LIBRARY) == ["Mostly blue"]
    assert suggest(Evidence(0), LIBRARY) == ["Empty"]
    assert suggest(LIBRARY, LIBRARY)[0] == "Person"


@settings(deadline=None, max_examples=60)
@given(
    inside=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), max_size=6),
    size=st.integers(1, 40),
    extra=st.integers(0, 500),
)
def test_any_counts_give_names(inside: dict[str, int], size: int, extra: int) -> None:
    counts = {word: min(count, size) for word, count in inside.items()}
    names = suggest(Evidence(size, counts), Evidence(size + extra, counts))
    assert names
    assert len(names) == len(set(names))
