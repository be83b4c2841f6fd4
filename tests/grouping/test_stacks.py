"""Bursts and brackets: same camera, moments apart, alike."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.grouping.stacks import Shot, stacks


def always(one: int, other: int) -> float:
    return 1.0


def shot(photo_id: int, time: float, camera: str = "X", **facts: float) -> Shot:
    return Shot(photo_id, camera, time, facts.get("exposure"), facts.get("sharpness", 1.0))


def test_shots_moments_apart_are_a_burst_with_its_sharpest_suggested() -> None:
    run = [shot(1, 0, sharpness=3), shot(2, 1, sharpness=9), shot(3, 4), shot(4, 30)]
    (only,) = stacks(run, always)
    assert (only.kind, only.photo_ids, only.best) == ("burst", (1, 2, 3), 2)


def test_another_camera_or_another_subject_is_another_stack() -> None:
    assert stacks([shot(1, 0), shot(2, 1, "Y")], always) == []
    assert stacks([shot(1, 0), shot(2, 1)], lambda one, other: 0.1) == []


def test_shots_exposed_otherwise_each_time_are_a_bracket() -> None:
    times = (1 / 250, 1 / 60, 1 / 1000)
    run = [shot(i, i, exposure=exposure) for i, exposure in enumerate(times)]
    assert [each.kind for each in stacks(run, always)] == ["bracket"]
    same = [shot(i, i, exposure=1 / 60) for i in range(3)]
    assert [each.kind for each in stacks(same, always)] == ["burst"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("XY")), max_size=15))
def test_each_photo_is_in_one_stack_at_most_in_any_order(
    taken: list[tuple[int, str]],
) -> None:
    shots = [shot(i, time, camera) for i, (time, camera) in enumerate(taken)]
    found = stacks(shots, always)
    members = [photo for stack in found for photo in stack.photo_ids]
    assert len(members) == len(set(members))
    assert stacks(shots[::-1], always) == found
