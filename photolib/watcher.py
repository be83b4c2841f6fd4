"""Keeps a library current while folders change: events, settled paths, the library's own index job.

A path is read when its size and modification time were equal over the settle time, so a file that
is still being copied waits. Events are hints only: what is true is decided by the scan, and a full
scan now and then repairs whatever the events missed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from watchdog.events import (
    EVENT_TYPE_CLOSED_NO_WRITE,
    EVENT_TYPE_OPENED,
    FileSystemEvent,
    FileSystemEventHandler,
)

from photolib.catalogue import filesystem_of, is_network
from photolib.errors import LeaseHeld, PhotolibError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from photolib.jobs import Job
    from photolib.library import Library
    from photolib.library.results import FolderStatus, IndexReport

_log = logging.getLogger(__name__)

SETTLE = 2.0
"""Seconds that size and modification time must stay the same before a file is read."""
RECONCILE = 1800.0
"""Seconds between full scans that repair what events missed."""

_FOLLOW = 3.0
_AFTER_FAILURE = 60.0
"""Seconds after a failure, such as a full disk, until everything is looked at again."""
_POLL_EVERY = 5.0
_SLICE = 5.0
"""Seconds of the second stage at a time: new photos, and the jobs of others, go first."""
_EVERYTHING = 5_000
"""From so many changed paths on, a scan of all folders is cheaper than one of each path."""

_Stat = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened while watching, in one line; ``report`` when photos were indexed."""

    text: str
    report: IndexReport | None = None


class Watcher:
    """Watches the folders of a library until told to stop."""

    def __init__(
        self,
        library: Library,
        *,
        settle: float = SETTLE,
        poll: bool = False,
        reconcile: float = RECONCILE,
        notify: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        self._library = library
        self._poll = poll
        self._reconcile = reconcile
        self._notify = notify
        self._changes = _Changes(settle)
        self._pause = min(max(settle / 4, 0.02), 0.5)
        self._observers: dict[str, Any] = {}
        self._offline: set[str] = set()
        self._details_due = True
        self._reconcile_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Watch until ``stop`` is set; everything done by then is committed.

        Raises LeaseHeld when another watcher runs on this library.
        """
        with self._library.watching():
            try:
                self._loop(stop)
            finally:
                for path in list(self._observers):
                    self._stop_observing(path)

    def _loop(self, stop: threading.Event) -> None:
        followed = float("-inf")
        while not stop.is_set():
            now = time.monotonic()
            if now - followed >= _FOLLOW:
                new = self._follow_folders()
                followed = now
                if now >= self._reconcile_at:
                    self._reconcile_all(stop)
                elif new:
                    self._index(new, stop)
            settled = self._changes.settled()
            if settled:
                self._index(settled, stop)
            elif self._details_due:
                self._look_into(stop)
            stop.wait(self._pause)

    def _reconcile_all(self, stop: threading.Event) -> None:
        before, self._reconcile_at = self._reconcile_at, time.monotonic() + self._reconcile
        if not self._index((), stop):
            self._reconcile_at = before

    def _index(self, paths: Sequence[str], stop: threading.Event) -> bool:
        """Index these paths, or everything for (); False when another job was in the way.

        Paths that could not be indexed now are kept for later; after a failure everything is
        looked at again before long.
        """
        chosen = paths if len(paths) < _EVERYTHING else ()
        try:
            report = self._finished(self._library.index(chosen, stage=1, wait=0.0), stop.is_set)
            self._details_due = True
        except (LeaseHeld, UsageError):
            # The latter is a path of a folder that was forgotten a moment ago.
            self._changes.note(path for path in paths if self._is_observed(path))
            return False
        except PhotolibError as exc:
            _log.warning("indexing: %s", exc)
            self._reconcile_at = min(self._reconcile_at, time.monotonic() + _AFTER_FAILURE)
            self._notify(Notice(f"{exc.message}. {exc.hint}".strip()))
        else:
            if report is not None and _is_news(report):
                self._notify(Notice(_summary(report), report))
        return True

    def _is_observed(self, path: str) -> bool:
        return any(os.path.join(path, "").startswith(os.path.join(r, "")) for r in self._observers)

    def _look_into(self, stop: threading.Event) -> None:
        """Some of the second stage: until it is done, its time is up, or there is news."""
        end = time.monotonic() + _SLICE

        def is_over() -> bool:
            return stop.is_set() or time.monotonic() > end or self._changes.waiting

        try:
            job = self._library.index((), stage=2, wait=0.0)
            self._details_due = self._finished(job, is_over) is None
        except LeaseHeld:
            self._details_due = True
        except PhotolibError as exc:
            _log.warning("looking into photos: %s", exc)
            self._details_due = False

    @staticmethod
    def _finished(job: Job[IndexReport], is_over: Callable[[], bool]) -> IndexReport | None:
        """Run a job to its end and return its report, or close it and return None."""
        with closing(job):
            while not is_over():
                try:
                    next(job)
                except StopIteration as end:
                    report: IndexReport = end.value
                    return report
        return None

    # --- folders that come and go --------------------------------------------------------------

    def _follow_folders(self) -> list[str]:
        """Observe the folders that are online now; return those that were not observed before."""
        folders = {folder.path: folder for folder in self._library.folders()}
        online = {path for path, folder in folders.items() if folder.state == "online"}
        for path in self._observers.keys() - online:
            self._stop_observing(path)
        for path in sorted(folders.keys() - online - self._offline):
            self._notify(Notice(f"{path} is offline; nothing of it is forgotten"))
        self._offline = folders.keys() - online
        new = sorted(online - self._observers.keys())
        for path in new:
            self._observe(folders[path])
        return new

    def _observe(self, folder: FolderStatus) -> None:
        reason = self._why_poll(folder)
        if reason is None:
            try:
                self._start(folder.path, polling=False)
            except OSError as exc:
                reason = f"the system's limit on watched directories is reached ({exc.strerror})"
        if reason is None:
            self._notify(Notice(f"Watching {folder.path}"))
            return
        self._start(folder.path, polling=True)
        self._notify(Notice(f"Watching {folder.path} by looking every {_POLL_EVERY:g} s: {reason}"))

    def _why_poll(self, folder: FolderStatus) -> str | None:
        if self._poll or folder.poll:
            return "polling was asked for"
        kind = filesystem_of(folder.path)
        return f"{kind} does not report changes made elsewhere" if is_network(kind) else None

    def _start(self, path: str, *, polling: bool) -> None:
        from watchdog.observers import Observer
        from watchdog.observers.polling import PollingObserver

        observer = PollingObserver(timeout=_POLL_EVERY) if polling else Observer()
        handler = _Handler(self._changes, os.path.realpath(self._library.settings.library))
        observer.schedule(handler, path, recursive=True)
        observer.start()
        self._observers[path] = observer

    def _stop_observing(self, path: str) -> None:
        observer = self._observers.pop(path)
        observer.stop()
        observer.join(timeout=5.0)


class _Changes:
    """Paths that events named, with what the file system said of them when last looked at."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._pending: dict[str, tuple[_Stat, float]] = {}
        self._lock = threading.Lock()

    def note(self, paths: Iterable[str]) -> None:
        """Look at these paths until they settle; a directory stands for the files below it."""
        files = [inner for path in paths for inner in _files_below(path)]
        now = time.monotonic()
        with self._lock:
            for path in files:
                self._pending[path] = (_stat(path), now)

    @property
    def waiting(self) -> bool:
        """Whether any path has not settled yet."""
        return bool(self._pending)

    def settled(self) -> list[str]:
        """Take out the paths that have not changed over the settle time."""
        now, done = time.monotonic(), []
        with self._lock:
            for path, (before, since) in list(self._pending.items()):
                seen = _stat(path)
                if seen != before:
                    self._pending[path] = (seen, now)
                elif now - since >= self._settle:
                    done.append(path)
                    del self._pending[path]
        return done


class _Handler(FileSystemEventHandler):
    """Notes the paths of events that can change a photo.

    The library may lie inside the folder: what a job writes there must not start the next job.
    """

    def __init__(self, changes: _Changes, library: str) -> None:
        self._changes = changes
        self._library = os.path.join(library, "")

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in (EVENT_TYPE_OPENED, EVENT_TYPE_CLOSED_NO_WRITE):
            return
        if event.is_directory and event.event_type == "modified":
            return  # its files have events of their own
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        self._changes.note(path for path in paths if not self._is_own(path))

    def _is_own(self, path: str) -> bool:
        return os.path.join(os.path.realpath(path), "").startswith(self._library)


def _files_below(path: str) -> list[str]:
    """The path itself, or, for a directory, it and the files below it."""
    if not os.path.isdir(path) or os.path.islink(path):
        return [path]
    return [path] + [os.path.join(top, name) for top, _, names in os.walk(path) for name in names]


def _stat(path: str) -> _Stat:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_news(report: IndexReport) -> bool:
    return bool(report.scanned - report.unchanged - report.skipped or report.missing)


def _summary(report: IndexReport) -> str:
    names = ("added", "changed", "moved", "copied", "restored", "missing", "failed")
    counts = [(name, getattr(report, name)) for name in names]
    told = ", ".join(f"{count} {name}" for name, count in counts if count)
    return f"Indexed: {told} ({report.seconds:.1f} s)"
