"""Every named test says what its name says, and unknown facts count as not holding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib.catalogue import (
    AllOf,
    AnyOf,
    Condition,
    DuplicateSetRow,
    MatchedPhoto,
    NewAlbum,
    NoneOf,
    Stat,
    contains,
    wildcards,
)
from photolib.catalogue import Test as Check
from photolib.catalogue.filters import TESTS, distance_km

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf

PARIS, ROME, NOWHERE = 1, 2, 3
"""The photos of ``small``: two full of facts, and one of which nothing is known."""

EVERYTHING = {PARIS, ROME, NOWHERE}


@pytest.fixture
def small(catalogue: Catalogue, shelf: Shelf) -> Catalogue:
    home, away = shelf.folder(b"/home/ann"), shelf.folder(b"/away")
    assert PARIS == shelf.photo(
        b"trips/100%_fun.CR2", folder_id=home, taken=("2019-07-14T21:30:00", "exif"), size=5_000,
        width=400, height=100, camera="Canon EOS 5D", lens="EF 50mm", iso=200, rating=3,
        latitude=48.8566, longitude=2.3522, place=("FR", "France", "Ile-de-France", "Paris"),
        keywords=("Holiday", "50% off"), people=("Ann",), format="TIFF",
    )  # fmt: skip
    assert ROME == shelf.photo(
        b"Screenshot 1.png", folder_id=away, taken=("2021-02-03T08:15:00", "name"), size=50,
        width=30, height=60, camera="Pixel 5", iso=1600, latitude=41.9028, longitude=12.4964,
        place=("IT", "Italy", "Lazio", "Rome"), format="PNG",
    )  # fmt: skip
    assert NOWHERE == shelf.photo(
        b"x.jpg", folder_id=home, taken=("2021-02-03T23:59:00", "mtime"), size=1, width=9, height=9
    )
    execute = catalogue._database.execute
    with catalogue.transaction():
        execute("UPDATE photo SET rating = 5, favourite = 1 WHERE photo_id = 2")
        execute("UPDATE photo SET hidden = 1 WHERE photo_id = 3")
        execute(
            "INSERT INTO label (content_id, name, provenance) VALUES (1, 'dog', 'detected'),"
            " (1, 'dog', 'accepted'), (2, 'dog', 'suggested'), (2, 'cat', 'own')"
        )
        execute("INSERT INTO model (model_no, model_id, kind, name) VALUES (7, 'o', 'ocr', 'O')")
        execute("INSERT INTO text VALUES (NULL, 2, 7, 'Via Appia', 0, 0, 1, 1, 1)")
        execute("INSERT INTO tag VALUES (1, 'Forum')")
        execute("INSERT INTO photo_tag VALUES (2, 1)")
        execute("INSERT INTO stack (stack_id, kind) VALUES (1, 'burst')")
        execute("INSERT INTO stack_photo VALUES (1, 1)")
        catalogue.photos.add_part(home, b"trips/100.xmp", "", Stat(1, 1, 1), "sidecar", PARIS)
        catalogue.words.refresh([PARIS, ROME, NOWHERE])
    catalogue.folders.set_state(away, "offline")
    run_id = catalogue.groupings.begin("theme")
    catalogue.albums.replace("theme", [NewAlbum("Bastille Day", (PARIS,), PARIS)], run_id=run_id)
    members = MatchedPhoto(PARIS, "larger"), MatchedPhoto(ROME, "smaller", "near")
    catalogue.duplicates.replace([DuplicateSetRow("near", PARIS, False, 50, members)])
    return catalogue


def met(catalogue: Catalogue, condition: Condition) -> set[int]:
    return {photo_id for photo_id, _ in catalogue.photos.matching(condition)}


EXPECTED: list[tuple[str, tuple[Any, ...], set[int]]] = [
    ("taken from", ("2021-02-03",), {ROME, NOWHERE}),
    ("taken from", ("2021-02-03T23:59:00",), {NOWHERE}),
    ("taken before", ("2021-02-03",), {PARIS}),
    ("year from", (2020,), {ROME, NOWHERE}),
    ("year to", (2019,), {PARIS}),
    ("month", (json.dumps([7, 8]),), {PARIS}),
    ("minute from", (21 * 60 + 30,), {PARIS, NOWHERE}),
    ("minute before", (8 * 60 + 16,), {ROME}),
    ("dated", (), {PARIS, ROME}),
    ("camera", (contains("canon"),), {PARIS}),
    ("lens", (contains("50MM"),), {PARIS}),
    ("iso from", (200,), {PARIS, ROME}),
    ("iso to", (200,), {PARIS}),
    ("place", (contains("pari"),) * 3, {PARIS}),
    ("place", (contains("lazio"),) * 3, {ROME}),
    ("place", (contains("italy"),) * 3, {ROME}),
    ("near", (48.9, 2.3, 20), {PARIS}),
    ("near", (45.0, 7.0, 20_040), {PARIS, ROME}),
    ("folder", (contains("ann/trips"),), {PARIS}),
    ("folder", (contains("fun"),), set()),
    ("file", (contains("screen"),), {ROME}),
    ("file", (contains("trips"),), set()),
    ("file", (contains("100%_"),), {PARIS}),
    ("file", (wildcards("?.jpg"),), {NOWHERE}),
    ("format", ("PNG",), {ROME}),
    ("extension", ("%.cr2",), {PARIS}),
    ("album", (contains("bastille"),), {PARIS}),
    ("tag", (contains("forum"),) * 2, {ROME}),
    ("tag", (contains("holiday"),) * 2, {PARIS}),
    ("tag", (contains("50% o"),) * 2, {PARIS}),
    ("label", (wildcards("dog"), 1, 9), {PARIS}),
    ("label", (wildcards("dog"), 3, 9), set()),
    ("label", (wildcards("?at"), 1, 1), {ROME}),
    ("any label", (wildcards("dog"), 1, 9), {PARIS, ROME}),
    ("text", ('ocr : "appia"',), {ROME}),
    ("text", ('ocr : "paris"',), set()),
    ("rating from", (4,), {ROME}),
    ("rating to", (3,), {PARIS, NOWHERE}),
    ("landscape", (), {PARIS}),
    ("portrait", (), {ROME}),
    ("square", (), {NOWHERE}),
    ("panorama", (), {PARIS}),
    ("bytes from", (50,), {PARIS, ROME}),
    ("bytes to", (50,), {ROME, NOWHERE}),
    ("pixels from", (1_800,), {PARIS, ROME}),
    ("pixels to", (1_800,), {ROME, NOWHERE}),
    ("gps", (), {PARIS, ROME}),
    ("people", (), {PARIS}),
    ("written", (), {ROME}),
    ("labelled", (), {PARIS, ROME}),
    ("tagged", (), {PARIS, ROME}),
    ("in an album", (), {PARIS}),
    ("unsorted", (), {ROME, NOWHERE}),
    ("rated", (), {PARIS, ROME}),
    ("duplicate", (), {PARIS, ROME}),
    ("keeper", (), {PARIS}),
    ("parts", (), {PARIS}),
    ("stacked", (), {PARIS}),
    ("screenshot", (), {ROME}),
    ("favourite", (), {ROME}),
    ("hidden", (), {NOWHERE}),
    ("offline", (), {ROME}),
    ("photo", (json.dumps([PARIS, 99]),), {PARIS}),
    ("content", (json.dumps([1, 3, 99]),), {PARIS, NOWHERE}),
    ("state", ("present",), EVERYTHING),
    ("state", ("missing",), set()),
    ("never", (), set()),
]


def test_each_named_test_and_its_opposite(small: Catalogue) -> None:
    wrong = {}
    for name, parameters, expected in EXPECTED:
        check = Check(name, parameters)
        found = met(small, check), met(small, NoneOf(check))
        if found != (expected, EVERYTHING - expected):
            wrong[name, parameters] = found
    assert not wrong


def test_no_named_test_is_left_out() -> None:
    assert {name for name, _, _ in EXPECTED} == TESTS.keys()


def test_matches_come_newest_first_with_their_contents(small: Catalogue) -> None:
    assert small.photos.matching(AllOf(())) == [(NOWHERE, 3), (ROME, 2), (PARIS, 1)]


def test_removed_photos_match_nothing(small: Catalogue) -> None:
    with small.transaction():
        small.photos.mark([PARIS], "removed")
        small.photos.mark([ROME], "missing")
    assert met(small, AllOf(())) == {ROME, NOWHERE}
    assert met(small, Check("state", ("missing",))) == {ROME}


def test_nothing_to_choose_from_holds_never_and_nothing_demanded_always(small: Catalogue) -> None:
    assert met(small, AllOf(())) == EVERYTHING
    assert met(small, AnyOf(())) == set()
    assert met(small, NoneOf(AnyOf(()))) == EVERYTHING


def test_a_latitude_without_longitude_is_near_nothing(catalogue: Catalogue, shelf: Shelf) -> None:
    shelf.photo(latitude=48.0)
    assert met(catalogue, Check("near", (48.0, 2.0, 30_000))) == set()


SIMPLE = st.sampled_from([(name, parameters, met) for name, parameters, met in EXPECTED])
TREES: st.SearchStrategy[tuple[Condition, set[int]]] = st.recursive(
    SIMPLE.map(lambda row: (Check(row[0], row[1]), row[2])),
    lambda inner: st.one_of(
        inner.map(lambda pair: (NoneOf(pair[0]), EVERYTHING - pair[1])),
        st.lists(inner, min_size=1, max_size=4).map(
            lambda pairs: (
                AllOf(tuple(part for part, _ in pairs)),
                set.intersection(*(found for _, found in pairs)),
            )
        ),
        st.lists(inner, min_size=1, max_size=4).map(
            lambda pairs: (
                AnyOf(tuple(part for part, _ in pairs)),
                set.union(*(found for _, found in pairs)),
            )
        ),
    ),
    max_leaves=12,
)


@given(tree=TREES)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_conditions_combine_like_sets(small: Catalogue, tree: tuple[Condition, set[int]]) -> None:
    condition, expected = tree
    assert met(small, condition) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_conditions_nest_as_deep_as_a_search_may(small: Catalogue, turned: bool) -> None:
    condition: Condition = Check("gps")
    for level in range(40):
        rest = Check("gps")
        parts = (rest, condition) if turned else (condition, rest)
        condition = NoneOf(AllOf(parts) if level % 2 else AnyOf(parts))
    assert met(small, condition) <= EVERYTHING
    for level in range(40):
        condition = (
            AnyOf((AllOf((condition, Check("gps"))), Check("hidden")))
            if level < 9
            else (NoneOf(condition))
        )
    assert met(small, condition) <= EVERYTHING


def test_conditions_may_have_as_many_parts_as_a_search_has_room_for(small: Catalogue) -> None:
    many = (*(Check("never") for _ in range(660)), Check("gps"))
    assert met(small, AnyOf(many)) == {PARIS, ROME}


@given(text=st.text(max_size=12), around=st.text(max_size=4))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_pattern_finds_exactly_the_text_it_was_made_of(
    catalogue: Catalogue, text: str, around: str
) -> None:
    text, around = (part.replace("\0", "0") for part in (text, around))
    plain = text.replace("*", "").replace("?", "")
    like = "SELECT ? LIKE ? ESCAPE '\\'"
    value = catalogue._database.value
    assert value(like, (around + plain + around, contains(plain)))
    assert value(like, (plain, wildcards(plain)))
    assert not value(like, (plain + "x", wildcards(plain)))
    if plain and "x" not in plain.lower():
        assert not value(like, ("x" * len(plain), wildcards(plain)))


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((48.8566, 2.3522), (41.9028, 12.4964), 1105.8),
        ((51.5074, -0.1278), (40.7128, -74.0060), 5570.2),
        ((0.0, 179.5), (0.0, -179.5), 111.195),
        ((90.0, 0.0), (-90.0, 77.0), 20_015.1),
        ((12.0, 34.0), (12.0, 34.0), 0.0),
    ],
)
def test_distances_are_those_of_the_atlas(
    here: tuple[float, float], there: tuple[float, float], km: float
) -> None:
    assert distance_km(*here, *there) == pytest.approx(km, rel=1e-3)
    assert distance_km(*there, *here) == pytest.approx(km, rel=1e-3)
