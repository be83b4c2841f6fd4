"""What a search knows of all photos is what the catalogue says, however it came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.catalogue import AllOf, AnyOf, Catalogue, NoneOf
from photolib.catalogue import Test as Check
from photolib.library.roster import Rosters
from photolib.library.selection import Selections
from tests.catalogue.conftest import Shelf
from tests.library.shelf import settings_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.catalogue import Condition


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue(settings_at(tmp_path_factory.mktemp("roster")))
    shelf = Shelf(made)
    for number in range(30):
        taken = (f"20{10 + number % 7}-0{1 + number % 9}-11T10:00:00", "exif")
        shelf.photo(f"{number}.jpg".encode(), taken=taken, camera="Canon" if number % 3 else None)
    for number in range(0, 30, 4):
        content_id = shelf.content_of(number + 1)
        shelf.photo(f"copy {number}.jpg".encode(), content_id=content_id)
    for photo_id in (2, 5, 31):
        shelf.mark(photo_id, "missing")
    shelf.mark(7, "removed")
    made._database.execute("UPDATE photo SET hidden = 1 WHERE photo_id IN (3, 9)")
    made._database.execute("UPDATE photo SET rating = photo_id % 6")
    yield made
    made.close()


TESTS = (
    Check("state", ("present",)), Check("state", ("missing",)), Check("hidden"),
    Check("taken from", ("2012-03-01",)), Check("taken before", ("2014-05-11",)),
    Check("taken before", ("2014-05-12",)), Check("camera", ("%can%",)), Check("rating from", (3,)),
    Check("photo", ("[1, 2, 3, 99]",)), Check("content", ("[1, 4, 5, 99]",)), Check("favourite"),
)  # fmt: skip
CONDITIONS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(TESTS),
    lambda inner: st.one_of(
        inner.map(NoneOf),
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)


@given(condition=CONDITIONS)
@settings(max_examples=150, deadline=None)
def test_flags_choose_what_sql_does(catalogue: Catalogue, condition: Condition) -> None:
    selections = Selections(catalogue, Rosters(catalogue))
    chosen = selections.current().meeting(condition)
    expected = {photo_id for photo_id, _ in catalogue.photos.matching(condition)}
    assert set(chosen.roster.photos[chosen.rows].tolist()) == expected
    contents = {content_id for _, content_id in catalogue.photos.matching(condition)}
    assert set(np.flatnonzero(chosen.contents).tolist()) == contents


def test_the_newest_photo_stands_for_its_content(catalogue: Catalogue) -> None:
    chosen = Selections(catalogue, Rosters(catalogue)).current().meeting(TESTS[0])
    roster = chosen.roster
    contents = np.flatnonzero(chosen.contents)
    faces = roster.faces(contents, chosen.rows)
    expected: dict[int, int] = {}
    for photo_id, content_id in catalogue.photos.matching(TESTS[0]):  # the newest first
        expected.setdefault(content_id, photo_id)
    assert dict(zip(contents.tolist(), roster.photos[faces].tolist(), strict=True)) == expected
    assert roster.faces(np.array([10**6]), chosen.rows).tolist() == [-1]
    assert roster.photos[roster.newest(chosen.rows)].tolist() == list(expected.values())


def test_a_roster_that_caught_up_is_one_read_anew(tmp_path_factory: pytest.TempPathFactory) -> None:
    catalogue = Catalogue(settings_at(tmp_path_factory.mktemp("changing")))
    shelf, rosters = Shelf(catalogue), Rosters(catalogue)
    assert len(rosters.current().photos) == 0
    first = shelf.photo()
    before = rosters.current()
    assert rosters.current() is before
    shelf.photo(content_id=shelf.content_of(first), path=b"copy.jpg")
    shelf.mark(first, "missing")
    catalogue._database.execute("UPDATE photo SET hidden = 1 WHERE photo_id = 2")
    third = shelf.photo(b"third.jpg", taken=("2020-02-02T02:02:02", "exif"))
    caught_up, fresh = rosters.current(), Rosters(catalogue).current()
    for name in ("photos", "contents", "taken", "present", "hidden"):
        assert getattr(caught_up, name).tolist() == getattr(fresh, name).tolist()
    shelf.mark(third, "removed")
    assert rosters.current().photos.tolist() == Rosters(catalogue).current().photos.tolist()
    catalogue.vectors.prune_log(0)
    shelf.photo(b"fourth.jpg")
    catalogue.vectors.prune_log(0)
    assert rosters.current().photos.tolist() == Rosters(catalogue).current().photos.tolist()
    catalogue.close()


def test_an_answer_lasts_until_somebody_commits(catalogue: Catalogue) -> None:
    selections = Selections(catalogue, Rosters(catalogue))
    rated = Check("rating from", (5,))
    first = selections.current().meeting(rated)
    assert selections.current().meeting(rated) is first
    other = Catalogue(settings_at(catalogue._database.path.parent))
    with other.transaction():
        other._database.execute("UPDATE photo SET rating = 5 WHERE photo_id = 1")
    second = selections.current().meeting(rated)
    assert int(second.rows.sum()) == int(first.rows.sum()) + 1
    with catalogue.transaction():
        catalogue._database.execute("UPDATE photo SET rating = 1 WHERE photo_id = 1")
    assert int(selections.current().meeting(rated).rows.sum()) == int(first.rows.sum())
    other.close()
