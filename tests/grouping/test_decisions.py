"""Decisions replayed over clusters that change under them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.grouping.decisions import Decision, settle

A, B, C, TOP = 1, 2, 3, 9
CLUSTERS = {A: {1, 2, 3, 4}, B: {5, 6, 7}}
EVERYBODY = set(range(1, 20))


def test_a_merge_holds_while_both_clusters_change() -> None:
    merge = Decision(1, "merge", A, B)
    assert settle(CLUSTERS, {}, [merge], EVERYBODY).members == {A: {1, 2, 3, 4, 5, 6, 7}}
    later = {A: {1, 2}, B: {3, 5, 6, 8}, C: {4}}
    settled = settle(later, {}, [merge], EVERYBODY)
    assert settled.members == {A: {1, 2, 3, 5, 6, 8}, C: {4}}
    assert settled.held == [merge]
    alone = settle({A: {1, 2}}, {}, [merge], EVERYBODY)
    assert [drop.reason for drop in alone.dropped] == ["nothing is left of album 2"]
    assert settle({B: {5}}, {}, [merge], EVERYBODY).members == {A: {5}}


def test_a_split_holds_and_newcomers_go_to_the_nearer_side() -> None:
    split = Decision(1, "split", A, C, photos=(1, 2), rest=(3, 4))
    even = settle({A: {1, 2, 3, 4, 10, 11}}, {}, [split], EVERYBODY)
    assert even.members == {A: {3, 4, 10, 11}, C: {1, 2}}

    def nearer(new: object, apart: object, rest: object) -> list[int]:
        assert (new, apart, rest) == ([10, 11], [1, 2], [3, 4])
        return [11]

    asked = settle({A: {1, 2, 3, 4, 10, 11}}, {A: TOP}, [split], EVERYBODY, nearer)
    assert asked.members == {A: {3, 4, 10}, C: {1, 2, 11}}
    assert asked.parents == {A: TOP, C: TOP}
    scattered = settle({A: {3}, B: {1, 4}}, {}, [split], EVERYBODY)
    assert scattered.members == {A: {3}, B: {4}, C: {1, 2}}
    assert settle({A: {3}}, {}, [split], {3}).dropped[0].decision is split


def test_later_decisions_win() -> None:
    move = Decision(2, "move", A, photos=(5,))
    away = Decision(3, "exclude", A, photos=(5, 1))
    assert settle(CLUSTERS, {}, [move], EVERYBODY).members == {A: {1, 2, 3, 4, 5}, B: {6, 7}}
    assert settle(CLUSTERS, {}, [move, away], EVERYBODY).members == {A: {2, 3, 4}, B: {6, 7}}
    assert settle(CLUSTERS, {}, [away, move], EVERYBODY).members == {A: {2, 3, 4, 5}, B: {6, 7}}


def test_a_photo_is_taken_out_of_whatever_the_album_holds() -> None:
    away = Decision(1, "exclude", TOP, photos=(1, 5))
    settled = settle(CLUSTERS, {A: TOP}, [away], EVERYBODY)
    assert settled.members == {A: {2, 3, 4}, B: {5, 6, 7}}


def test_albums_that_hold_albums_merge_by_what_is_in_them() -> None:
    settled = settle(CLUSTERS, {A: TOP, B: 8}, [Decision(1, "merge", TOP, 8)], EVERYBODY)
    assert settled.members == CLUSTERS
    assert settled.parents == {A: TOP, B: TOP}
    settled = settle(CLUSTERS, {A: TOP}, [Decision(1, "merge", TOP, B)], EVERYBODY)
    assert settled.parents == {A: TOP, B: TOP}


PHOTOS = st.lists(st.integers(1, 19), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def decided(draw: st.DrawFn) -> list[Decision]:
    kinds = draw(st.lists(st.sampled_from(("merge", "split", "move", "exclude")), max_size=6))
    made = []
    for number, kind in enumerate(kinds):
        album = draw(st.sampled_from((A, B, C)))
        other = draw(st.sampled_from([x for x in (A, B, C) if x != album]))
        photos = draw(PHOTOS)
        rest = tuple(p for p in draw(PHOTOS) if p not in photos)
        other = 100 + number if kind == "split" else other
        made.append(Decision(number, kind, album, other, photos, rest))
    return made


@settings(deadline=None, max_examples=150)
@given(
    homes=st.dictionaries(st.integers(1, 15), st.sampled_from((A, B, C)), max_size=15),
    decisions=decided(),
    gone=st.sets(st.integers(1, 19), max_size=6),
)
def test_every_decision_holds_or_is_reported(
    homes: dict[int, int], decisions: list[Decision], gone: set[int]
) -> None:
    members: dict[int, set[int]] = {}
    for photo, album in homes.items():
        if photo not in gone:
            members.setdefault(album, set()).add(photo)
    settled = settle(members, {}, decisions, EVERYBODY - gone)
    everything = [photo for inside in settled.members.values() for photo in inside]
    assert len(everything) == len(set(everything))
    assert len(settled.held) + len(settled.dropped) == len(decisions)
    if decisions and decisions[-1] in settled.held:
        last = decisions[-1]
        left = set(last.photos) - gone
        match last.kind:
            case "merge":
                assert last.other not in settled.members
            case "split":
                assert left <= settled.members[last.other or 0]
            case "move":
                assert left <= settled.members[last.album]
            case "exclude":
                assert not left & settled.members.get(last.album, set())
