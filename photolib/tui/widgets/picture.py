"""One picture, as large as its place allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import on, work
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from photolib.tui.frames import Frame, framed, moved, resized, scaled, steps
from photolib.tui.keymap import identified
from photolib.tui.messages import PicturePainted, RegionDrawn, RegionLeft
from photolib.tui.words import elided
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from rich.style import Style
    from textual.events import Resize

    from photolib.library.results import Box
    from photolib.tui.frames import Look
    from photolib.tui.pictures import Display, Painting


class Picture(Worked, Widget):
    """Shows decoded pixels whole, in the middle; or a line of text while there are none."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "picture--plain",
        "picture--chosen",
        "picture--drawn",
    }

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
        self._frames: tuple[Frame, ...] = ()
        self._empty: tuple[int, int] | None = None
        self._lines: tuple[Strip, ...] = ()
        self._columns = 0

    def show(self, picture: Image) -> None:
        """Show pixels; what was there before stays until they are painted."""
        self._picture, self._text, self._empty = picture, "", None
        self._repaint()

    def say(self, text: str, empty: tuple[int, int] | None = None) -> None:
        """Show a line of text instead of a picture; frames lie on an ``empty`` one of this size."""
        self._request += 1
        self._picture, self._text, self._empty = None, text, empty
        self._forget()
        self._lay()

    def mark(self, frames: Sequence[Frame]) -> None:
        """Draw these frames over the picture, and no others."""
        before, self._frames = self._frames, tuple(frames)
        if self._display.kind == "sixel" and bool(before) != bool(self._frames):
            self._repaint()
        self._lay()

    def on_resize(self, event: Resize) -> None:
        self._repaint()

    def on_unmount(self) -> None:
        self._forget()

    def _repaint(self) -> None:
        self._request += 1
        if self._picture is None or not self.size:
            self._lay()
        elif self._display.kind == "none":
            self._text, self._empty = "Pictures are off (--images none).", self._picture.size
            self._lay()
        elif self._display.kind == "sixel" and not self._frames:
            self._mount_sixel(self._picture)
        else:
            self._paint(self._request, self._picture, self.size.width, self.size.height)

    def _mount_sixel(self, picture: Image) -> None:
        """Sixel pixels are no cells, so textual-image's own widget has to place them."""
        from textual_image.widget import SixelImage

        width, height = self._display.fitted(picture.size, self.size.width, self.size.height)
        self._forget()
        self.remove_children()
        shown = SixelImage(picture)
        shown.styles.width, shown.styles.height = width, height
        left, top = (self.size.width - width) // 2, (self.size.height - height) // 2
        shown.styles.offset = (left, top)
        self.mount(shown)

    @work(thread=True, exit_on_error=False, group="paint")
    def _paint(self, number: int, picture: Image, width: int, height: int) -> None:
        if number == self._request:
            columns, rows = self._display.fitted(picture.size, width, height)
            # Frames are cells, which cannot lie over sixel's pixels.
            painting = self._celled.paint(picture, columns, rows)
            self.post_message(PicturePainted(number, painting))

    @on(PicturePainted)
    def _swap(self, event: PicturePainted) -> None:
        event.stop()
        if event.number == self._request:
            old, self._painting = self._painting, event.painting
            self._tell_terminal(event.painting.transmit + (old.forget if old else ""))
            self.remove_children()
            self._lay()

    @property
    def _celled(self) -> Display:
        """The display if its pictures are cells, else blocks of the same shape."""
        sixel = self._display.kind == "sixel"
        return replace(self._display, kind="blocks") if sixel else self._display

    def _lay(self) -> None:
        """Put the frames over the picture, or over the empty place of one."""
        if self._painting is not None:
            self._lines, self._columns = self._painting.strips, self._painting.width
        elif self._frames and self._empty is not None and self.size:
            self._columns, rows = self._display.fitted(self._empty, *self.size)
            self._lines = (Strip.blank(self._columns, self.rich_style),) * rows
        else:
            self._lines, self._columns = (), 0
        if self._lines and self._frames:
            self._lines = framed(self._lines, self._columns, self._frames, self._frame_styles())
        self.refresh()

    def _frame_styles(self) -> dict[Look, Style]:
        looks: tuple[Look, ...] = ("plain", "chosen", "drawn")
        return {look: self.get_component_rich_style(f"picture--{look}") for look in looks}

    def _forget(self) -> None:
        if self._painting is not None:
            self._tell_terminal(self._painting.forget)
            self._painting = None

    def _tell_terminal(self, sequence: str) -> None:
        if sequence and self.app._driver is not None:
            self.app._driver.write(sequence)

    def render_line(self, y: int) -> Strip:
        lines, width, style = self._lines, self.size.width, self.rich_style
        if not lines:
            text = elided(self._text, width) if y == self.size.height // 2 else ""
            margin = " " * ((width - cell_len(text)) // 2)
            return Strip([Segment(margin + text, style)]).adjust_cell_length(width, style)
        line = y - (self.size.height - len(lines)) * self._low // 2
        if not 0 <= line < len(lines):
            return Strip.blank(width, style)
        left = Segment(" " * max(0, (width - self._columns) // 2), style)
        strip = Strip([left, *lines[line]])
        return strip.adjust_cell_length(width, style)


class RegionPicture(Picture):
    """A picture on which a person can draw a region with the keyboard.

    While that goes on it has the focus; it ends with ``RegionDrawn`` or ``RegionLeft``.
    """

    BINDINGS: ClassVar[list[BindingType]] = identified(
        "region",
        [
            Binding("enter", "finish", "Search this part"),
            Binding("left,h", "move(-1,0)", "Left", show=False),
            Binding("right,l", "move(1,0)", "Right", show=False),
            Binding("up,k", "move(0,-1)", "Up", show=False),
            Binding("down,j", "move(0,1)", "Down", show=False),
            Binding("shift+right,L", "resize(1,0)", "Wider", show=False),
            Binding("shift+left,H", "resize(-1,0)", "Narrower", show=False),
            Binding("shift+down,J", "resize(0,1)", "Taller", show=False),
            Binding("shift+up,K", "resize(0,-1)", "Shorter", show=False),
            Binding("plus,equals_sign", "scale(1)", "Larger"),
            Binding("minus", "scale(-1)", "Smaller"),
            Binding("escape,q", "leave", "Leave"),
        ],
    )

    drawn: Box | None = None
    """The region that is being drawn, in fractions of the picture."""

    def draw(self, box: Box) -> None:
        """Let a person change ``box`` with the keys until it is right."""
        self.can_focus = True
        self.focus()
        self._change(box)

    def _change(self, box: Box) -> None:
        self.drawn = box
        label = f"{box[2] * 100:.0f} x {box[3] * 100:.0f} %"
        self.mark([Frame(box, label, "drawn")])

    @property
    def _steps(self) -> tuple[float, float]:
        return steps(self._columns, len(self._lines))

    def action_move(self, across: int, down: int) -> None:
        if self.drawn is not None:
            step = self._steps
            self._change(moved(self.drawn, across * step[0], down * step[1]))

    def action_resize(self, wider: int, higher: int) -> None:
        if self.drawn is not None:
            step = self._steps
            self._change(resized(self.drawn, wider * step[0], higher * step[1], step))

    def action_scale(self, by: int) -> None:
        if self.drawn is not None:
            self._change(scaled(self.drawn, by, self._steps))

    def action_finish(self) -> None:
        if self.drawn is not None:
            self.post_message(RegionDrawn(self.drawn))

    def action_leave(self) -> None:
        self.drawn = None
        self.can_focus = False
        self.screen.set_focus(None)
        self.post_message(RegionLeft())
