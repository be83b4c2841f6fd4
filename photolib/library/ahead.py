"""The queues of the jobs: what waits, in portions, and a bounded look-ahead over each.

Threads work on what comes next while this one uses what is ready.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Item = TypeVar("_Item")


def look_ahead(
    pool: ThreadPoolExecutor, work: Callable[[_In], _Out], items: Iterable[_In], depth: int
) -> Generator[_Out, None, None]:
    """Outcomes in the order of the items, at most ``depth`` of them under way or waiting."""
    pending: deque[Future[_Out]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) >= depth:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


@dataclass(frozen=True, slots=True)
class Portion(Generic[_Item]):
    """Some of the work that waits; ``before`` items came earlier, of ``total`` known by now."""

    items: list[_Item]
    before: int
    total: int


def portions(
    waiting: Callable[[], list[_Item]], key: Callable[[_Item], int], size: int = 256
) -> Iterator[Portion[_Item]]:
    """Work in portions, asked for anew before each, so that what is urgent meanwhile comes next.

    Each item comes once, also when it still waits after its turn.
    """
    seen: set[int] = set()
    while items := [item for item in waiting() if key(item) not in seen]:
        before = len(seen)
        seen.update(key(item) for item in items[:size])
        yield Portion(items[:size], before, before + len(items))
