"""Events: pauses and moves that end them, and what they are called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import IndexMismatch
from photolib.grouping.events import events, name_event

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600.0
LISBON, PARIS = (38.72, -9.14), (48.86, 2.35)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def labels(
    times: Sequence[float], places: Sequence[tuple[float, float] | None] | None = None
) -> list[int]:
    known = [place or (np.nan, np.nan) for place in places or [None] * len(times)]
    lat, lon = ([place[axis] for place in known] for axis in (0, 1))
    found: list[int] = events(times, lat, lon).tolist()
    return found


def test_a_day_without_photos_ends_an_event() -> None:
    morning = [at("2023-01-14T10:00") + 300 * n for n in range(12)]
    later = [moment + 30 * HOUR for moment in morning]
    assert labels(morning + later) == [0] * 12 + [1] * 12


def test_a_slow_rhythm_allows_longer_pauses() -> None:
    every_minute = [60.0 * n for n in range(20)]
    assert labels([*every_minute, *(t + 8 * HOUR for t in every_minute)]) == [0] * 20 + [1] * 20
    every_hour = [HOUR * n for n in range(20)]
    assert labels([*every_hour, *(t + 27 * HOUR for t in every_hour)]) == [0] * 40


def test_a_flight_ends_an_event() -> None:
    times = [600.0 * n for n in range(6)] + [600.0 * 6 + 3 * HOUR + 600.0 * n for n in range(6)]
    assert labels(times) == [0] * 12
    assert labels(times, [LISBON] * 6 + [PARIS] * 6) == [0] * 6 + [1] * 6


def test_a_photo_without_a_place_does_not_bridge_a_flight() -> None:
    times = [600.0 * n for n in range(11)]
    places = [*[LISBON] * 5, None, *[PARIS] * 5]
    assert labels(times, places) == [0] * 6 + [1] * 5


def test_a_lone_photo_and_one_without_a_time_are_in_no_event() -> None:
    together = [60.0 * n for n in range(5)]
    assert labels([*together, 500 * HOUR, np.nan]) == [0] * 5 + [-1, -1]
    assert labels([]) == []
    assert labels([1.0]) == [-1]


def test_photos_of_one_second_are_an_event() -> None:
    assert labels([7.0] * 5) == [0] * 5


def test_lengths_must_agree() -> None:
    with pytest.raises(IndexMismatch):
        events([1.0], [1.0, 2.0], [1.0])


@settings(deadline=None, max_examples=50)
@given(
    moments=st.lists(st.floats(0, 1e6) | st.just(float("nan")), max_size=40),
    shift=st.floats(-1e6, 1e6),
    seed=st.integers(0, 1000),
)
def test_events_are_stretches_of_time_in_any_order(
    moments: list[float], shift: float, seed: int
) -> None:
    found = np.array(labels(moments), int)
    times = np.array(moments, float)
    for label in range(found.max(initial=-1) + 1):
        inside = times[found == label]
        between = (times >= inside.min()) & (times <= inside.max())
        assert (found[between] == label).all()
    order = np.random.default_rng(seed).permutation(len(moments))
    again = np.array(labels(times[order].tolist()), int)
    assert sorted(map(tuple, np.c_[found[order] < 0, again < 0])) == sorted(
        map(tuple, np.c_[found < 0, found < 0])
    )


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2023-01-14T10:00", "2023-01-15T18:00", "Sat 14 - Sun 15 Jan 2023"),
        ("2023-01-14T10:00", "2023-01-14T23:59", "Sat 14 Jan 2023"),
        ("2023-01-31T10:00", "2023-02-01T09:00", "Tue 31 Jan - Wed 1 Feb 2023"),
        ("2022-12-31T10:00", "2023-01-01T09:00", "Sat 31 Dec 2022 - Sun 1 Jan 2023"),
        ("1969-12-31T10:00", "1969-12-31T11:00", "Wed 31 Dec 1969"),
    ],
)
def test_a_name_is_the_days(first: str, last: str, name: str) -> None:
    assert name_event([at(last), at(first), float("nan")]) == name


def test_a_name_has_the_main_places() -> None:
    moment = [at("2023-01-14T10:00")]
    assert name_event(moment, ["Lisbon", None, "Lisbon", "Sintra"]) == "Sat 14 Jan 2023, Lisbon"
    crowd = ["Lisbon", "Lisbon", "Sintra", "Cascais", "Porto"]
    assert name_event(moment, crowd) == "Sat 14 Jan 2023, Lisbon and Cascais"
    assert name_event([], ["Lisbon"]) == ""
