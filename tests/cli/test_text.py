"""Tables, sizes and counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.cli.text import many, more, size, span, table, width


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=6))
@settings(deadline=None, max_examples=100)
def test_columns_start_at_the_same_place(rows: list[tuple[str, str]]) -> None:
    lines = list(table([(*row, "|") for row in rows]))
    assert len({width(line) for line in lines}) == 1


def test_columns_align_to_either_side() -> None:
    assert list(table([("a", 1, "x"), ("bb", 100, "yy")], right=" r")) == [
        "a     1  x",
        "bb  100  yy",
    ]


def test_wide_letters_count_double() -> None:
    assert [width(text) for text in ("photo", "写真", "e\u0301")] == [5, 4, 1]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (3_400_000, "3.4 MB"),
        (250_000_000, "250 MB"),
        (999_960_000, "1.0 GB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


def test_counts_and_spans() -> None:
    assert many(1, "photo") == "1 photo"
    assert many(1200, "copy") == "1,200 copies"
    assert span("2024-01-01T10:00:00", "2024-01-01T12:00:00") == "2024-01-01"
    assert span("2024-01-01T10:00:00", "2024-01-03T12:00:00") == "2024-01-01 to 2024-01-03"
    assert span(None, None) == ""
    assert more(50, 120, 50) == "50 of 120; the next with --offset 50"
    assert more(20, 120, None) == ""
