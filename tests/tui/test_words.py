"""Facts as text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from photolib.jobs import Progress
from photolib.tui.widgets.lines import job_text
from photolib.tui.words import counted, duration, elided, elided_path, moment, span, weight
from photolib.tui.work import Pace


def test_numbers_read_well() -> None:
    assert counted(1, "photo") == "1 photo"
    assert counted(1204, "photo") == "1,204 photos"
    assert [weight(size) for size in (0, 999, 1000, 12_345_678)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12 MB",
    ]
    assert [duration(seconds) for seconds in (7, 750, 7509)] == ["0:07", "12:30", "2:05:09"]


def test_times_read_well_and_what_is_no_time_is_made_safe() -> None:
    assert moment("2021-06-05T09:15:00") == "5 Jun 2021, 09:15"
    assert moment("soon\x1b[2J") == "soon\\x1b[2J"
    assert span("2021-06-05T09:15:00", "2021-06-09") == "June 2021"
    assert span("2021-06-05", "2022-01-01") == "June 2021 to January 2022"
    assert span(None, None) == ""


@given(st.text(max_size=30), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_elided_text_fits(text: str, width: int) -> None:
    assert cell_len(elided(text, width)) <= max(width, 0) or cell_len(text) <= width
    assert cell_len(elided_path(text, max(1, width))) <= max(1, width)


def test_a_pace_is_that_of_its_stage() -> None:
    pace = Pace()
    for second in range(5):
        pace.note(Progress("read", second * 10, 100), float(second))
    assert pace.rate == 10
    assert pace.left(Progress("read", 40, 100)) == 6
    pace.note(Progress("embed", 1, 100), 5.0)
    assert pace.left(Progress("embed", 1, 100)) is None


def test_a_job_line_tells_stage_share_speed_and_time_left() -> None:
    pace = Pace(stage="read", rate=50)
    line = job_text(Progress("read", 500, 1000), pace, problems=2).plain
    assert line.startswith("Reading photos")
    assert "500 of 1,000 · 50 per second · 0:10 left · 2 problems" in line
    assert line.count("━") == line.count("─") == 10
