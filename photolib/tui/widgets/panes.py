"""What a pane of the main screen that is no grid has to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container

from photolib.tui.messages import PaneShown
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from photolib.library import Library


class Pane(Worked, Container):
    """Shows a scene of its own; its id is the scene's kind."""

    def open(self, library: Library) -> None:
        """Load what there is to show, again if need be; the place stays."""
        raise NotImplementedError

    def enter(self) -> None:
        """Take the focus."""
        raise NotImplementedError

    def tell(self, total: str, notice: str = "") -> None:
        """Say in the heading how much there is."""
        assert self.id is not None
        self.post_message(PaneShown(self.id, total, notice))
