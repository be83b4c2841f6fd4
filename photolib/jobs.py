"""Long work, told as it happens.

A job is a generator of ``Progress`` that returns its report. It commits before it yields, so
whatever has been reported survives a crash. To cancel a job, stop iterating and close it, in the
thread that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that a job could not handle: a display path, a code, a reason, and a remedy."""

    path: str
    code: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage of a job has come; ``total`` is None while it is not known."""

    stage: str
    done: int
    total: int | None = None
    note: str = ""
    problem: Problem | None = None


T = TypeVar("T")
Job: TypeAlias = Generator[Progress, None, T]


def finish(job: Job[T], on_progress: Callable[[Progress], None] = lambda _: None) -> T:
    """Run a job to its end in this thread and return its report."""
    with closing(job):
        while True:
            try:
                on_progress(next(job))
            except StopIteration as stop:
                report: T = stop.value
                return report
