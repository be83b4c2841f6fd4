"""Jobs on a command line: a bar on stderr, and Ctrl-C that keeps what is done."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, TypeVar

import click

from photolib.cli.text import many, size, width
from photolib.jobs import finish
from photolib.wire import printable

if TYPE_CHECKING:
    from photolib.cli.front import Front
    from photolib.jobs import Job, Progress

T = TypeVar("T")

_REPAINT_SECONDS = 0.1
_BAR = 24
_STAGES = {
    "waiting": "Waiting",
    "scan": "Looking",
    "read": "Reading",
    "describe": "Describing",
    "embed": "Embedding",
    "regions": "Looking into",
    "index": "Indexing",
    "signs": "Signing",
    "copies": "Comparing",
    "duplicates": "Sorting copies",
    "albums": "Grouping",
    "fetch": "Fetching",
    "labels": "Labelling",
    "verify": "Verifying",
    "remove": "Removing",
    "undo": "Restoring",
    "purge": "Deleting",
}
_DONE = {
    "scan": "looked at",
    "read": "read",
    "describe": "described",
    "embed": "embedded",
    "regions": "looked into",
    "index": "indexed",
    "signs": "signed",
    "copies": "compared",
    "duplicates": "sets of copies",
    "albums": "grouped",
    "fetch": "fetched",
    "labels": "labelled",
    "verify": "verified",
    "remove": "removed",
    "undo": "brought back",
    "purge": "deleted",
}


def run_job(front: Front, job: Job[T], *, verbose: bool = False) -> T:
    """Run ``job`` to its end and return its report; Ctrl-C closes it and says what was kept."""
    meter = Meter(front, verbose=verbose)
    try:
        return finish(job, meter.follow)
    except KeyboardInterrupt:
        meter.clear()
        front.warn(meter.kept())
        raise
    finally:
        meter.clear()


class Meter:
    """One line on a terminal that shows the stage a job is in; on anything else, hardly a word."""

    def __init__(self, front: Front, *, verbose: bool = False) -> None:
        self._front = front
        self._verbose = verbose
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._stages: dict[str, Progress] = {}
        self._problems = 0
        self._painted = 0.0
        self._since: dict[str, float] = {}
        self._shown = False

    def follow(self, progress: Progress) -> None:
        """Take note of ``progress`` and repaint, but not more often than an eye can follow."""
        fresh = progress.stage not in self._stages
        self._stages[progress.stage] = progress
        if progress.problem is not None:
            self._problems += 1
            self._report(progress)
        if progress.stage == "waiting" and fresh and not self._live:
            self._front.warn(progress.note)
        now = time.monotonic()
        self._since.setdefault(progress.stage, now)
        if self._live and (fresh or now - self._painted >= _REPAINT_SECONDS):
            self._painted = now
            self._paint(progress)

    def kept(self) -> str:
        """What a job that was stopped has stored: every batch it told of."""
        done = [
            f"{_DONE.get(p.stage, p.stage)} {_count(p)}" for p in self._stages.values() if p.done
        ]
        return f"Stopped. Kept: {', '.join(done) or 'nothing yet'}. Run it again to go on."

    def clear(self) -> None:
        """Take the line off the terminal."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False

    def _report(self, progress: Progress) -> None:
        problem = progress.problem
        if self._verbose and problem is not None:
            self.clear()
            self._front.warn(f"{problem.path}: {problem.reason}")

    def _paint(self, progress: Progress) -> None:
        columns = shutil.get_terminal_size().columns - 1
        line = _fit(printable(self._line(progress)), columns)
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)
        self._shown = True

    def _line(self, progress: Progress) -> str:
        name = _STAGES.get(progress.stage, progress.stage)
        if progress.stage == "waiting":
            return f"{name:<10} {progress.note}"
        parts = [_count(progress), self._rate(progress)]
        parts += [many(self._problems, "problem")] if self._problems else []
        return f"{name:<10} {_bar(progress)} {'  '.join(filter(None, parts))}"

    def _rate(self, progress: Progress) -> str:
        seconds = time.monotonic() - self._since[progress.stage]
        if progress.stage not in ("read", "embed") or seconds < 1:
            return ""
        return f"{progress.done / seconds:.0f}/s"


def _count(progress: Progress) -> str:
    counted = size if progress.stage == "fetch" else "{:,}".format
    parts = [counted(progress.done), *([counted(progress.total)] if progress.total else [])]
    return "/".join(parts)


def _bar(progress: Progress) -> str:
    if not progress.total:
        return " " * (_BAR + 2)
    full = min(_BAR, _BAR * progress.done // progress.total)
    return f"[{'#' * full}{'.' * (_BAR - full)}]"


def _fit(text: str, columns: int) -> str:
    while width(text) > columns:
        text = text[:-1]
    return text
