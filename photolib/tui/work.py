"""How the app works in the background: errors of workers, and how fast a job goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerState

from photolib.tui.messages import WorkFailed

if TYPE_CHECKING:
    from textual.message import Message

    from photolib.jobs import Progress


class Worked:
    """A widget or screen with workers: their errors bubble up as ``WorkFailed``."""

    if TYPE_CHECKING:

        def post_message(self, message: Message) -> bool: ...

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker = event.worker
        if event.state is WorkerState.ERROR and worker.error is not None:
            self.post_message(WorkFailed(worker.error, worker.group))


@dataclass(slots=True)
class Pace:
    """The speed of each stage of a job, from its progress and a clock that the caller reads."""

    stage: str = ""
    rate: float = 0.0
    """Things per second in this stage, a moving mean."""
    _marks: list[tuple[float, int]] = field(default_factory=list)

    def note(self, progress: Progress, now: float) -> None:
        """Take in one report; ``now`` is in seconds of a monotonic clock."""
        if progress.stage != self.stage:
            self.stage, self.rate, self._marks = progress.stage, 0.0, []
        self._marks = [mark for mark in self._marks if now - mark[0] < 8.0][-200:]
        self._marks.append((now, progress.done))
        then, done = self._marks[0]
        if now - then > 0.5:
            self.rate = max(0.0, (progress.done - done) / (now - then))

    def left(self, progress: Progress) -> float | None:
        """Seconds until the stage is done; None while unknown."""
        if progress.total is None or self.rate <= 0 or progress.stage != self.stage:
            return None
        return (progress.total - progress.done) / self.rate
