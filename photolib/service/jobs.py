"""Jobs of a service: one at a time in a thread of its own, cancelled and followed by clients."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import LeaseHeld, NotFound, PhotolibError
from photolib.jobs import Progress
from photolib.library.results import IndexReport
from photolib.service.workers import call_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from photolib.library import Library

_log = logging.getLogger(__name__)

_KEPT_EVENTS = 1000
_KEPT_JOBS = 20
_LEASE_PAUSE = 0.5
"""Seconds between two looks whether another process still indexes."""


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job ended early, as errors are told."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job: ``state`` is running, done, failed or cancelled; ``report`` comes with done."""

    job_id: int
    kind: str
    state: str
    stage: str
    done: int
    total: int | None
    note: str
    problems: int
    report: IndexReport | None
    error: JobFailure | None


@dataclass(frozen=True, slots=True)
class JobList:
    """The job that runs and those that ended lately, the newest first."""

    jobs: tuple[JobStatus, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell followers; numbers grow, with gaps where nobody was quick enough."""

    number: int
    name: str
    told: Progress | JobStatus


class Job:
    """One index job. It works in a thread; followers live in the event loop."""

    def __init__(
        self, job_id: int, library: Library, paths: Sequence[str], stage: int | None
    ) -> None:
        self.job_id = job_id
        self._library = library
        self._paths = paths
        self._stage = stage
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._woken = False
        self._events: deque[Event] = deque(maxlen=_KEPT_EVENTS)
        self._number = 0
        self._latest = Progress("waiting", 0)
        self._problems = 0
        self._state = "running"
        self._report: IndexReport | None = None
        self._error: JobFailure | None = None
        self._closing = False
        self.thread = threading.Thread(target=self._work, name=f"photolib-job-{job_id}")

    @property
    def running(self) -> bool:
        return self._state == "running"

    def status(self) -> JobStatus:
        """How far it has come."""
        with self._lock:
            return self._status()

    def _status(self) -> JobStatus:
        latest = self._latest
        return JobStatus(
            self.job_id,
            "index",
            self._state,
            latest.stage,
            latest.done,
            latest.total,
            latest.note,
            self._problems,
            self._report,
            self._error,
        )

    def cancel(self) -> None:
        """Stop after the batch that is under way; what is done is kept."""
        self._cancelled.set()

    def release(self) -> None:
        """Let followers go; the service stops."""
        self._closing = True
        self._news.set()

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Events numbered above ``after`` as they come, to the end of the job.

        One who takes them slowly gets the latest progress of a stage, not all of it.
        """
        while not self._closing:
            news = self._news
            with self._lock:
                events = [event for event in self._events if event.number > after]
                over = not self.running
            for event in events:
                yield event
                after = event.number
            if over:
                return
            await news.wait()

    # --- in the job's thread -------------------------------------------------------------------

    def _work(self) -> None:
        try:
            report = self._run()
        except PhotolibError as exc:
            self._end("failed", error=JobFailure(exc.code, exc.message, exc.hint))
        except Exception:  # noqa: BLE001 a thread's last door: followers must hear of the end
            _log.exception("job %d", self.job_id)
            self._end("failed", error=JobFailure("error", "a fault in photolib", "See the log."))
        else:
            self._end("done" if report is not None else "cancelled", report)

    def _run(self) -> IndexReport | None:
        while True:
            try:
                return self._index()
            except LeaseHeld as exc:
                self._tell(Progress("waiting", 0, None, exc.message))
                if self._cancelled.wait(_LEASE_PAUSE):
                    return None

    def _index(self) -> IndexReport | None:
        with closing(self._library.index(self._paths, stage=self._stage, wait=0.0)) as job:
            while not self._cancelled.is_set():
                try:
                    self._tell(next(job))
                except StopIteration as end:
                    report: IndexReport = end.value
                    return report
        return None

    def _tell(self, progress: Progress) -> None:
        with self._lock:
            last = self._events[-1] if self._events else None
            stale = last is not None and last.name == "progress" and progress.problem is None
            if stale and last is not None and last.told.stage == progress.stage:
                self._events.pop()
            self._latest = progress
            self._problems += progress.problem is not None
            self._append("problem" if progress.problem else "progress", progress)

    def _end(
        self, state: str, report: IndexReport | None = None, error: JobFailure | None = None
    ) -> None:
        with self._lock:
            self._state, self._report, self._error = state, report, error
            self._append("end", self._status())

    def _append(self, name: str, told: Progress | JobStatus) -> None:
        """Note an event and wake the followers, once for all that comes before they wake."""
        self._number += 1
        self._events.append(Event(self._number, name, told))
        if not self._woken:
            self._woken = True
            call_in(self._loop, self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._woken = False
        self._news.set()
        self._news = asyncio.Event()


class Jobs:
    """The jobs of one service; use it from the event loop."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._jobs: deque[Job] = deque(maxlen=_KEPT_JOBS)
        self._next = 1

    def start(self, paths: Sequence[str], stage: int | None) -> Job:
        """Begin an index job; raises LeaseHeld while one runs."""
        running = next((job for job in self._jobs if job.running), None)
        if running is not None:
            hint = f"Follow it at /jobs/{running.job_id}/events, or cancel it."
            raise LeaseHeld(f"job {running.job_id} is running", hint)
        job = Job(self._next, self._library, paths, stage)
        self._next += 1
        self._jobs.append(job)
        job.thread.start()
        return job

    def get(self, job_id: int) -> Job:
        """A job by its id; raises NotFound."""
        for job in self._jobs:
            if job.job_id == job_id:
                return job
        raise NotFound(f"there is no job {job_id}")

    def all(self) -> JobList:
        """Every job that is remembered."""
        return JobList(tuple(job.status() for job in reversed(self._jobs)))

    def stop(self) -> None:
        """Cancel what runs, and let all followers go."""
        for job in self._jobs:
            job.cancel()
            job.release()

    def join(self) -> None:
        """Wait for the threads of jobs."""
        for job in self._jobs:
            job.thread.join()
