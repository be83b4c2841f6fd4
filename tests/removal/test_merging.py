"""A keeper gets what its copies had, and gives it back, in whatever order they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from photolib.catalogue import Given
from tests.removal.house import House, item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.catalogue import PhotoRow

TAGS = st.sets(st.sampled_from(("beach", "dog", "snow")), max_size=2).map(sorted).map(tuple)
GIVEN = st.builds(
    Given,
    tags=TAGS,
    albums=st.sets(st.sampled_from((1, 2)), max_size=2).map(sorted).map(tuple),
    rating=st.none() | st.integers(0, 5),
    favourite=st.booleans(),
)


RATED = {rating: Given((), (), rating, False) for rating in (0, 1, None)}


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def four_copies(house: House, givens: list[Given]) -> list[PhotoRow]:
    """Photos of the same bytes with what a person did with each, and two albums of that person."""
    for number in range(len(givens)):
        house.put(house.base / f"a/{number}.jpg", b"1a")
    house.scan()
    rows = [house.at(house.base / f"a/{number}.jpg") for number in range(len(givens))]
    merges = house.catalogue.merges
    with house.catalogue.transaction():
        execute = house.catalogue._database.execute
        for album_id, name in ((1, "Trip"), (2, "Best")):
            sql = "INSERT INTO album (album_id, kind, name) VALUES (?, 'user', ?)"
            execute(sql, (album_id, name))
        for row, had in zip(rows, givens, strict=True):
            merges.add(row.photo_id, had.tags, had.albums)
            merges.rate(row.photo_id, had.rating, had.favourite)
    return rows


def together(*givens: Given) -> Given:
    """All that some photos have."""
    return Given(
        tuple(sorted({tag for had in givens for tag in had.tags})),
        tuple(sorted({album for had in givens for album in had.albums})),
        max((had.rating for had in givens if had.rating is not None), default=None),
        any(had.favourite for had in givens),
    )


@settings(deadline=None, max_examples=60)
@given(
    givens=st.lists(GIVEN, min_size=4, max_size=4),
    order=st.permutations([1, 2, 3]),
    keep=st.integers(0, 3),
)
@example([RATED[n] for n in (0, None, 1, 1)], [1, 2, 3], 2)
def test_the_keeper_has_what_it_and_the_removed_ones_have(
    givens: list[Given], order: list[int], keep: int
) -> None:
    house = House()
    try:
        keeper, *victims = four_copies(house, givens)
        of = house.catalogue.merges.of
        batches = {n: house.remove([item(victims[n - 1], keeper)]).batch_id for n in (1, 2, 3)}
        assert of(keeper.photo_id) == together(*givens)
        gone = {1, 2, 3}
        for number in order[:keep]:
            assert house.undo(batches[number]).not_restored == ()
            gone.discard(number)
            left = [givens[0], *(givens[other] for other in sorted(gone))]
            assert of(keeper.photo_id) == together(*left)
            assert of(victims[number - 1].photo_id) == givens[number]
    finally:
        house.close()


def test_what_a_person_changed_since_stays(house: House) -> None:
    keeper, victim = four_copies(house, [Given(), Given(("beach",), (1,), 3, True)])
    [merged] = house.remove([item(victim, keeper)]).merged
    assert (merged.tags, merged.albums) == (("beach",), ("Trip",))
    assert (merged.rating, merged.favourite) == (3, True)
    with house.catalogue.transaction():
        house.catalogue.merges.rate(keeper.photo_id, 5, True)
        house.catalogue.merges.add(keeper.photo_id, ["dog"], [2])
    house.undo()
    assert house.catalogue.merges.of(keeper.photo_id) == Given(("dog",), (2,), 5, False)


def test_nothing_is_told_where_there_is_nothing_to_give(house: House) -> None:
    keeper, victim = four_copies(house, [Given(("beach",), (), 4), Given(("beach",), (), 2)])
    assert house.remove([item(victim, keeper)]).merged == ()
    assert house.catalogue.merges.of(keeper.photo_id) == Given(("beach",), (), 4)
