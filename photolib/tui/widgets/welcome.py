"""What to do in a library without folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Center, Middle, Vertical
from textual.widgets import Input, Label, Static

from photolib.tui.widgets.paths import FolderSuggester

if TYPE_CHECKING:
    from textual.app import ComposeResult

_WELCOME = """\
Add a folder of photos to begin. photolib reads it and never writes to your originals; everything \
it learns stays on this machine.

Type a path and press Enter (Right completes it). Indexing starts at once, and photos appear as \
they are read.

Three keys are enough for a start:  / searches,  g goes to another place,  ? shows all keys."""


class Welcome(Middle):
    """The first thing a person sees."""

    def compose(self) -> ComposeResult:
        with Center(), Vertical(id="welcome-panel"):
            yield Label("Welcome to photolib", classes="dialog-title", markup=False)
            yield Static(_WELCOME, markup=False)
            yield Input(
                placeholder="~/Pictures",
                id="welcome-path",
                compact=True,
                suggester=FolderSuggester(),
            )
            yield Static(id="welcome-refusal", markup=False)

    def begin(self) -> None:
        """Let a person type."""
        self.query_one(Input).focus()

    def refuse(self, reason: str) -> None:
        """Say why a folder was not taken."""
        self.query_one("#welcome-refusal", Static).update(reason)
