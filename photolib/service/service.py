"""One service over one library, from its first socket to its last."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from photolib.client import write_record
from photolib.errors import ConfigError
from photolib.service.app import Application
from photolib.service.jobs import Jobs
from photolib.service.listening import Listener, close, listen
from photolib.service.protocol import Limits, serve
from photolib.service.workers import Workers, call_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from photolib.client import Record
    from photolib.library import Library

_log = logging.getLogger(__name__)


class Service:
    """Keeps a library warm and answers for it until told to stop."""

    def __init__(
        self,
        library: Library,
        *,
        path: Path | None = None,
        port: int | None = None,
        limits: Limits | None = None,
        ready: Callable[[Record], None] = lambda _: None,
    ) -> None:
        """Serve on the library's own socket, on one at ``path``, or on a loopback ``port``.

        ``ready`` is called, in the thread that runs the service, once clients can connect.
        """
        self._library = library
        self._path = path
        self._port = port
        self._limits = limits or Limits()
        self._ready = ready

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set; all clients are let go then.

        Raises LeaseHeld when another service runs on this library, ConfigError when it cannot
        listen.
        """
        settings = self._library.settings
        with self._library.serving():
            listener = listen(settings, self._path, self._port)
            workers, jobs = Workers(self._limits.waiting), Jobs(self._library)
            try:
                asyncio.run(self._serve(listener, workers, jobs, stop))
            finally:
                close(listener, settings)
                jobs.stop()
                workers.close()
                jobs.join()

    async def _serve(
        self, listener: Listener, workers: Workers, jobs: Jobs, stop: threading.Event
    ) -> None:
        app = Application(self._library, workers, jobs, self._limits)
        guarded = app.guarded(listener.record.port, listener.token)
        stopping = _heard(stop)

        async def stopped() -> None:
            await stopping.wait()
            jobs.stop()

        self._announce(listener.record)
        warming = asyncio.ensure_future(workers.run(self._library.warm))
        warming.add_done_callback(_log_failure)
        await serve(listener.sock, guarded, self._limits, stopped)

    def _announce(self, record: Record) -> None:
        """Tell clients where to ask, and the one who waits for it that they can."""
        try:
            write_record(self._library.settings, record)
        except OSError as exc:
            hint = "Make the library directory writable, or choose another with --library."
            raise ConfigError(f"{exc.filename}: {exc.strerror}", hint) from exc
        self._ready(record)


def _heard(stop: threading.Event) -> asyncio.Event:
    """An event of the running loop that follows one of threads, without looking at it ever again.

    The thread that waits ends with the process where ``stop`` is never set.
    """
    heard, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait() -> None:
        stop.wait()
        call_in(loop, heard.set)

    threading.Thread(target=wait, name="photolib-serve-stop", daemon=True).start()
    return heard


def _log_failure(warming: asyncio.Future[None]) -> None:
    if not warming.cancelled() and warming.exception() is not None:
        _log.warning("the library is not warm: %s", warming.exception())
