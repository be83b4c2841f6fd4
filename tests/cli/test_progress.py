"""Jobs on a command line."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest

from photolib.cli.front import Front
from photolib.cli.progress import run_job
from photolib.cli.text import width
from photolib.jobs import Job, Problem, Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def painted_by(job: Job[Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of 60 columns receives while the job runs."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    with contextlib.redirect_stderr(Terminal()) as stream:
        run_job(Front(), job)
    return stream.getvalue()


def job(closed: list[str], *, interrupted: bool = False) -> Job[str]:
    """Two stages and a problem; Ctrl-C may come in the second."""
    try:
        yield Progress("waiting", 0, None, "another photolib indexes")
        yield Progress("read", 3, 12, "\x1b[31m.jpg")
        yield Progress("embed", 2, 12, problem=Problem("/p/\x1b.jpg", "unreadable", "cut short"))
        if interrupted:
            raise KeyboardInterrupt
    finally:
        closed.append("closed")
    return "report"


def test_a_terminal_sees_a_bar_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = painted_by(job([]), monkeypatch)
    assert "Reading    [######..................] 3/12" in painted
    assert "1 problem" in painted
    assert painted.endswith("\r\x1b[K")
    assert "[31m" not in painted


def test_no_painted_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def long() -> Job[None]:
        yield Progress("waiting", 0, None, "写" * 200)

    first = painted_by(long(), monkeypatch).split("\x1b[K")[1].rstrip("\r")
    assert 50 < width(first) < 60


def test_elsewhere_only_waiting_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job(Front(), job([])) == "report"
    captured = capsys.readouterr()
    assert captured.err == "another photolib indexes\n"
    assert captured.out == ""


def test_problems_are_named_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    run_job(Front(), job([]), verbose=True)
    assert "/p/\\x1b.jpg: cut short" in capsys.readouterr().err


def test_ctrl_c_closes_the_job_and_tells_what_was_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run_job(Front(), job(closed, interrupted=True))
    assert closed == ["closed"]
    assert "Kept: read 3/12, embedded 2/12" in capsys.readouterr().err
