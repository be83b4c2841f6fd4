"""Duplicates: the star rule, the best pick, and what counts as a copy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.config import BEST_PICK_RULES
from photolib.errors import UsageError
from photolib.grouping.duplicates import (
    Candidate,
    DuplicateSet,
    best_first,
    best_pick,
    propose,
    rules,
)

PAIRS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14), st.floats(0.5, 1.0)).filter(
        lambda pair: pair[0] != pair[1]
    ),
    max_size=30,
)


def plain(path: str = "a.jpg", **facts: object) -> Candidate:
    values: dict = {"width": 400, "height": 300, "format": "jpeg"} | facts
    return Candidate(path, **values)


def proposed(pairs: list[tuple[int, int, float]], rank: dict[int, int]) -> list[DuplicateSet]:
    one, two, scores = ([pair[place] for pair in pairs] for place in (0, 1, 2))
    return propose(one, two, scores, rank)


@settings(deadline=None, max_examples=80)
@given(pairs=PAIRS, order=st.permutations(range(15)))
def test_every_member_is_matched_with_its_keeper_and_sets_are_disjoint(
    pairs: list[tuple[int, int, float]], order: list[int]
) -> None:
    rank = {photo: place for place, photo in enumerate(order)}
    edges = {frozenset(pair[:2]) for pair in pairs}
    sets = proposed(pairs, rank)
    members = [member for found in sets for member in found.members]
    assert len(members) == len(set(members))
    for found in sets:
        assert found.copies
        assert all(frozenset((found.keeper, copy)) in edges for copy in found.copies)
        assert all(rank[found.keeper] < rank[copy] for copy in found.copies)
    left = {photo for pair in edges for photo in pair} - set(members)
    assert not any(edge <= left for edge in edges)
    backwards = [(b, a, score) for a, b, score in reversed(pairs)]
    assert proposed(backwards, rank) == sets


def test_a_chain_is_cut_at_its_keeper() -> None:
    sets = propose([1, 2, 3], [2, 3, 4], [0.9, 0.8, 0.95], {1: 0, 2: 1, 3: 2, 4: 3})
    assert [found.members for found in sets] == [(1, 2), (3, 4)]
    assert sets[1].scores == pytest.approx((0.95,))


def test_the_better_score_of_a_pair_seen_twice_counts() -> None:
    (found,) = propose([1, 2], [2, 1], [0.6, 1.0], {1: 0, 2: 1})
    assert found.scores == (1.0,)


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        (plain(reference=True), plain(width=9_000), "in a reference folder"),
        (plain(), plain(derived=1, width=800), "the original of the others"),
        (plain(width=800), plain(format="png"), "most pixels (800 x 300)"),
        (plain(format="png"), plain(metadata=30), "better format (png)"),
        (plain(metadata=3), plain(sharpness=900.0), "most metadata"),
        (plain(sharpness=200.0), plain(sharpness=100.0, rating=5), "sharpest"),
        (plain(rating=4), plain(rating=None, albums=2), "highest rating (4)"),
        (plain(albums=1), plain(folder=-1), "in most of your albums"),
        (plain(folder=0), plain(folder=1, since=1.0), "in a folder you prefer"),
    ],
)
def test_rules_decide_in_their_order(better: Candidate, worse: Candidate, reason: str) -> None:
    for candidates in ([better, worse], [worse, better]):
        pick = best_pick(candidates)
        assert candidates[pick.keeper] is better
        assert pick.reasons[pick.keeper] == reason
        assert pick.reasons[1 - pick.keeper] not in ("", reason)
        assert not pick.tie


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (plain("z.jpg", since=1.0), plain("a.jpg", since=2.0)),
        (plain("a.jpg"), plain("b.jpg")),
        (plain("a.jpg"), plain("copies/a.jpg")),
        (plain("a.jpg", sharpness=100.0), plain("b.jpg", sharpness=101.0)),
    ],
)
def test_what_only_age_or_path_decides_is_a_tie(better: Candidate, worse: Candidate) -> None:
    pick = best_pick([worse, better])
    assert pick.keeper == 1
    assert pick.tie
    assert "otherwise equal" in pick.reasons[1]


def test_a_person_orders_the_rules_and_leaves_some_out() -> None:
    order = rules(["age", "pixels"])
    large, old = plain("b.jpg", width=800, since=2.0), plain("a.jpg", since=1.0, format="gif")
    assert best_pick([large, old], order).keeper == 1
    assert best_pick([large, old], rules(["pixels"])).keeper == 0
    reference = plain("c.jpg", width=10, reference=True)
    assert best_pick([large, old, reference], order).keeper == 2


def test_every_rule_that_can_be_set_is_known() -> None:
    assert len(rules(BEST_PICK_RULES)) == len(BEST_PICK_RULES) + 2


def test_photos_set_apart_are_in_no_set_together() -> None:
    found = propose([1, 1], [2, 3], [0.9, 0.8], {1: 0, 2: 1, 3: 2}, apart={(2, 3)})
    assert [each.members for each in found] == [(1, 2)]
    assert not propose([1], [2], [0.9], {1: 0, 2: 1}, apart={(1, 2)})


def test_each_loser_hears_its_own_reason() -> None:
    pick = best_pick([plain(width=100), plain(), plain(format="gif")])
    assert pick.reasons == (
        "fewer pixels (100 x 300, not 400 x 300)",
        "better format (jpeg)",
        "lesser format (gif, not jpeg)",
    )


def test_one_candidate_is_kept_and_none_is_an_error() -> None:
    assert best_pick([plain()]).reasons == ("the only one",)
    with pytest.raises(UsageError):
        best_pick([])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.builds(
            Candidate,
            path=st.sampled_from(["a", "b", "c/d", "e/f", "gh"]),
            width=st.integers(1, 3),
            height=st.integers(1, 3),
            format=st.sampled_from(["jpeg", "png", "odd"]),
            sharpness=st.floats(0, 10),
            rating=st.none() | st.integers(0, 5),
            since=st.none() | st.floats(0, 9),
        ),
        min_size=1,
        unique_by=lambda candidate: candidate.path,
    )
)
def test_the_pick_does_not_depend_on_the_order(candidates: list[Candidate]) -> None:
    best = candidates[best_pick(candidates).keeper]
    turned = candidates[::-1]
    assert turned[best_pick(turned).keeper] == best
    assert candidates[best_first(candidates)[0]] == best
