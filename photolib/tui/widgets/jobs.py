"""The one job of this photolib: started, paused, stopped, and told about on one line."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.widgets import Static
from textual.worker import get_current_worker

from photolib.tui.messages import JobFinished, JobProgressed, WorkFailed
from photolib.tui.widgets.lines import job_text
from photolib.tui.work import Pace, Worked
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from photolib.jobs import Job, Progress
    from photolib.library.results import Status

_PAUSED = "Paused · ctrl+z goes on, ctrl+x stops"


class JobBar(Worked, Static):
    """How far a job has come; hidden while there is none. ``JobFinished`` tells its end."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self.display = False
        self.running = False
        self._going = threading.Event()
        self._going.set()
        self._pace = Pace()
        self._problems = 0
        self._last: Progress | None = None

    @property
    def paused(self) -> bool:
        """Whether a job waits to be continued."""
        return self.running and not self._going.is_set()

    def start(self, name: str, make: Callable[[], Job[Any]]) -> bool:
        """Run a job in a thread; False when one runs already. ``name`` comes back at its end."""
        if self.running:
            return False
        self.running, self._problems, self._pace, self._last = True, 0, Pace(), None
        self._going.set()
        self._run(name, make)
        return True

    def pause(self) -> None:
        """Let the job wait after the step it is in, or go on."""
        if self.paused:
            self._going.set()
            self._draw()
        elif self.running:
            self._going.clear()
            self._draw()

    def stop(self) -> None:
        """Stop the job; what it has done is kept."""
        if self.running:
            self.workers.cancel_group(self, "jobs")
            self._going.set()
            self.update("Stopping: what has been done so far is kept…")

    @work(thread=True, exit_on_error=False, group="jobs")
    def _run(self, name: str, make: Callable[[], Job[Any]]) -> None:
        worker = get_current_worker()
        report, problems = None, 0
        with closing(make()) as job:
            while not worker.is_cancelled:
                try:
                    progress = next(job)
                except StopIteration as stop:
                    report = stop.value
                    break
                problems += progress.problem is not None
                self.post_message(JobProgressed(progress))
                self._going.wait()
        self.post_message(JobFinished(name, report, problems))

    @on(JobProgressed)
    def _progress(self, event: JobProgressed) -> None:
        event.stop()
        self._problems += event.progress.problem is not None
        if self.running:
            self._pace.note(event.progress, time.monotonic())
            self._last = event.progress
            self._draw()

    def _draw(self) -> None:
        self.display = True
        if self.paused:
            stage = job_text(self._last, Pace(), self._problems).plain if self._last else "The job"
            self.update(f"{_PAUSED}   {stage}")
        elif self._last is not None:
            self.update(job_text(self._last, self._pace, self._problems))

    @on(JobFinished)
    def _finish(self, event: JobFinished) -> None:
        self.end()

    @on(WorkFailed)
    def _fail(self, event: WorkFailed) -> None:
        self.end()

    def end(self) -> None:
        """The job is over."""
        self.running = self.display = False
        self._going.set()

    def others(self, status: Status, own_pid: int) -> None:
        """Say what other processes do to the library, while this one does nothing."""
        others = [lease for lease in status.leases if lease.pid != own_pid]
        if self.running:
            return
        self.display = bool(others)
        if others:
            names = ", ".join(printable(lease.name) for lease in others)
            self.update(f"Another photolib is at work here: {names} (process {others[0].pid})")
