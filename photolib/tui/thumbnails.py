"""Thumbnails as cells: the most wanted first, made in a few threads, the latest kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from textual.worker import get_current_worker

from photolib.errors import PhotolibError
from photolib.tui.messages import TilePainted
from photolib.tui.pictures import Recent, decoded, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from textual.widget import Widget

    from photolib.tui.pictures import Display, Painting

_PAINTERS = 2
"""Threads that make thumbnails: more would only wait for each other."""
_KEPT = 600
"""Thumbnails kept: some screens full."""


class Slot(NamedTuple):
    """A thumbnail: of which photo, in which state of it, over how many cells."""

    photo_id: int
    picture: Hashable
    across: int
    down: int
    turned: int = 0
    """Degrees clockwise that a person turned it by."""


class Thumbnails:
    """The thumbnails of a widget, which gets a ``TilePainted`` for each to ``keep``."""

    def __init__(self, owner: Widget, display: Display) -> None:
        self.read: Callable[[int], bytes | None] = lambda _: None
        """Gives the JPEG of a photo; called in threads."""
        self._owner = owner
        self._display = display
        self._ready: Recent[Painting | None] = Recent(_KEPT)
        self._wanted: list[Slot] = []
        self._making: set[Slot] = set()
        self._painters = 0
        self._lock = threading.Lock()

    def __contains__(self, slot: Slot) -> bool:
        """Whether a thumbnail was tried, with or without success."""
        return slot in self._ready

    def get(self, slot: Slot) -> Painting | None:
        """A thumbnail that is ready."""
        return self._ready.get(slot)

    def want(self, slots: Sequence[Slot]) -> None:
        """Ask for thumbnails, the most urgent first; what was asked for before is forgotten."""
        if self._display.kind == "none":
            return
        wanted = [slot for slot in slots if slot not in self._ready]
        with self._lock:
            self._wanted = wanted[::-1]
            fresh = max(0, min(len(wanted), _PAINTERS) - self._painters)
            self._painters += fresh
        for _ in range(fresh):
            self._owner.run_worker(self._work, thread=True, exit_on_error=False, group="thumbnails")

    def keep(self, event: TilePainted) -> None:
        """Take in a thumbnail; the terminal forgets those that had to go for it."""
        slot, painting = event.slot, event.painting
        gone = self._ready.put(slot, painting)
        with self._lock:
            self._making.discard(slot)
        self._tell("".join(old.forget for old in gone if old))
        self._tell(painting.transmit if painting else "")

    def _work(self) -> None:
        worker = get_current_worker()
        try:
            while not worker.is_cancelled and (slot := self._take()):
                self._owner.post_message(TilePainted(slot, self._made(slot)))
        finally:
            with self._lock:
                self._painters -= 1

    def _take(self) -> Slot | None:
        with self._lock:
            while self._wanted:
                slot = self._wanted.pop()
                if slot not in self._making and slot not in self._ready:
                    self._making.add(slot)
                    return slot
            return None

    def _made(self, slot: Slot) -> Painting | None:
        try:
            jpeg = self.read(slot.photo_id)
            if jpeg is None:
                return None
            picture = turned(decoded(jpeg), slot.turned)
            picture = self._display.covering(picture, slot.across, slot.down)
            return self._display.paint(picture, slot.across, slot.down)
        except (PhotolibError, OSError):
            # The photo view and the problems say why; a thumbnail has room for a mark only.
            return None

    def _tell(self, sequence: str) -> None:
        if sequence and self._owner.app._driver is not None:
            self._owner.app._driver.write(sequence)
