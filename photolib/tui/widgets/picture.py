"""One picture, as large as its place allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual import on, work
from textual.strip import Strip
from textual.widget import Widget

from photolib.tui.messages import PicturePainted
from photolib.tui.words import elided
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from PIL.Image import Image
    from textual.events import Resize

    from photolib.tui.pictures import Display, Painting


class Picture(Worked, Widget):
    """Shows decoded pixels whole, in the middle; or a line of text while there are none."""

    ALLOW_SELECT = False

    def __init__(
        self,
        display: Display,
        *,
        low: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """``low``: at the bottom of its place, next to the text below, instead of in the middle."""
        super().__init__(id=id)
        self._low = 2 if low else 1
        self._display = display
        self._picture: Image | None = None
        self._painting: Painting | None = None
        self._text = ""
        self._request = 0

    def show(self, picture: Image) -> None:
        """Show pixels; what was there before stays until they are painted."""
        self._picture, self._text = picture, ""
        self._repaint()

    def say(self, text: str) -> None:
        """Show a line of text instead of a picture."""
        self._request += 1
        self._picture, self._text = None, text
        self._forget()
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        self._repaint()

    def on_unmount(self) -> None:
        self._forget()

    def _repaint(self) -> None:
        self._request += 1
        if self._picture is None or not self.size:
            return
        if self._display.kind == "none":
            self._text = "Pictures are off (--images none)."
            self.refresh()
        elif self._display.kind == "sixel":
            self._mount_sixel(self._picture)
        else:
            self._paint(self._request, self._picture, self.size.width, self.size.height)

    def _mount_sixel(self, picture: Image) -> None:
        """Sixel pixels are no cells, so textual-image's own widget has to place them."""
        from textual_image.widget import SixelImage

        width, height = self._display.fitted(picture.size, self.size.width, self.size.height)
        for child in self.query(SixelImage):
            child.remove()
        shown = SixelImage(picture)
        shown.styles.width, shown.styles.height = width, height
        left, top = (self.size.width - width) // 2, (self.size.height - height) // 2
        shown.styles.offset = (left, top)
        self.mount(shown)

    @work(thread=True, exit_on_error=False, group="paint")
    def _paint(self, number: int, picture: Image, width: int, height: int) -> None:
        if number == self._request:
            columns, rows = self._display.fitted(picture.size, width, height)
            painting = self._display.paint(picture, columns, rows)
            self.post_message(PicturePainted(number, painting))

    @on(PicturePainted)
    def _swap(self, event: PicturePainted) -> None:
        event.stop()
        if event.number == self._request:
            old, self._painting = self._painting, event.painting
            self._tell_terminal(event.painting.transmit + (old.forget if old else ""))
            self.refresh()

    def _forget(self) -> None:
        if self._painting is not None:
            self._tell_terminal(self._painting.forget)
            self._painting = None

    def _tell_terminal(self, sequence: str) -> None:
        if sequence and self.app._driver is not None:
            self.app._driver.write(sequence)

    def render_line(self, y: int) -> Strip:
        painting, width, style = self._painting, self.size.width, self.rich_style
        if painting is None:
            text = elided(self._text, width) if y == self.size.height // 2 else ""
            margin = " " * ((width - cell_len(text)) // 2)
            return Strip([Segment(margin + text, style)]).adjust_cell_length(width, style)
        line = y - (self.size.height - len(painting.strips)) * self._low // 2
        if not 0 <= line < len(painting.strips):
            return Strip.blank(width, style)
        left = Segment(" " * max(0, (width - painting.width) // 2), style)
        strip = Strip([left, *painting.strips[line]])
        return strip.adjust_cell_length(width, style)
