"""The lines around the main pane: what is on show, what the cursor is on, and how a job goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from photolib.tui.words import counted, duration
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from photolib.jobs import Progress
    from photolib.tui.sources import Tile
    from photolib.tui.work import Pace

STAGES = {
    "waiting": "Waiting for another photolib",
    "scan": "Looking for photos",
    "read": "Reading photos",
    "describe": "Measuring colours and shapes",
    "embed": "Understanding photos",
    "index": "Updating the index",
    "regions": "Looking for things and text",
    "texts": "Understanding text",
    "labels": "Suggesting labels",
    "signs": "Looking for signs of copies",
    "copies": "Comparing likely copies",
    "calibrate": "Learning what scores mean",
    "models": "Loading models",
    "map": "Drawing the map",
    "saved": "Refreshing saved searches",
    "remove": "Removing photos",
    "undo": "Bringing photos back",
    "purge": "Deleting for good",
    "export": "Exporting",
    "verify": "Checking files",
    "duplicates": "Finding duplicates",
    "albums": "Grouping albums",
}
"""What the stages of jobs are called on screen."""
_BAR = 20


class Heading(Horizontal):
    """What is on show, how much of it, and where in it the cursor is."""

    def compose(self) -> ComposeResult:
        yield Static(id="heading-title", markup=False)
        yield Static(id="heading-place", markup=False)

    def show(self, title: str, total: str, notice: str = "") -> None:
        """The left side: title, size and a notice."""
        text = Text.assemble((printable(title), "bold"), (f"  {total}", "dim"), no_wrap=True)
        if notice:
            text.append(f"  {printable(notice)}")
        text.overflow = "ellipsis"
        self.query_one("#heading-title", Static).update(text, layout=False)

    def place(self, text: str) -> None:
        """The right side."""
        self.query_one("#heading-place", Static).update(text, layout=False)


class StatusLine(Vertical):
    """The tile under the cursor, the model in use, and for hits a second line that says why."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="status-first"):
            yield Static(id="status-detail", markup=False)
            yield Static(id="status-model", markup=False)
            yield Static(id="status-model-short", markup=False)
        yield Static(id="status-why", markup=False)

    def show(self, tile: Tile | None) -> None:
        """Describe a tile."""
        detail = Text(tile.detail if tile else "", no_wrap=True, overflow="ellipsis")
        self.query_one("#status-detail", Static).update(detail, layout=False)
        why = Text(f"why: {tile.why}" if tile and tile.why else "", no_wrap=True)
        why.overflow = "ellipsis"
        self.query_one("#status-why", Static).update(why, layout=False)

    def model(self, text: str, short: str) -> None:
        """Say which model is in use, and how in a few cells."""
        self.query_one("#status-model", Static).update(text)
        self.query_one("#status-model-short", Static).update(short)

    def expect_why(self, expected: bool) -> None:
        """Make room for the evidence of hits."""
        self.query_one("#status-why").display = expected


def job_text(progress: Progress, pace: Pace, problems: int) -> Text:
    """A stage, its bar, its speed and the time left, as one line."""
    text = Text(STAGES.get(progress.stage, printable(progress.stage)), "bold", no_wrap=True)
    if progress.total:
        filled = min(_BAR, _BAR * progress.done // progress.total)
        text.append("  " + "━" * filled, "bold").append("─" * (_BAR - filled), "dim")
        text.append(f"  {progress.done:,} of {progress.total:,}", "not bold")
    elif progress.done:
        text.append(f"  {progress.done:,}", "not bold")
    if pace.rate >= 0.1:
        rate = f"{pace.rate:,.0f}" if pace.rate >= 10 else f"{pace.rate:.1f}"
        text.append(f" · {rate} per second", "not bold")
    left = pace.left(progress)
    if left is not None:
        text.append(f" · {duration(left)} left", "not bold")
    if problems:
        text.append(f" · {counted(problems, 'problem')}", "not bold")
    if progress.note:
        text.append(f" · {printable(progress.note)}", "not bold dim")
    text.overflow = "ellipsis"
    return text
