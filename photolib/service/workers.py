"""The threads in which the library works, so that the event loop never waits for it."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from photolib.service.refusals import busy

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Workers:
    """A few threads, and a short queue before them. Use it from the event loop."""

    def __init__(self, waiting: int) -> None:
        self._threads = min(8, (os.cpu_count() or 1) + 2)
        self._pool = ThreadPoolExecutor(self._threads, "photolib-serve")
        self._room = self._threads + waiting

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises; raises Refused at once when too much waits already.

        When nobody waits for the result any more, work that has not begun is not done.
        """
        if self._room <= 0:
            raise busy()
        self._room -= 1
        future = self._pool.submit(work)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: call_in(loop, self._leave))
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        self._room += 1

    def close(self) -> None:
        """Wait for work under way; what has not begun is dropped."""
        self._pool.shutdown(cancel_futures=True)


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call something in the loop, unless it has ended meanwhile."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        return
