"""Two photos compared: side by side, one after the other in the same place, or their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from photolib.errors import PhotolibError
from photolib.tui.messages import PairDecoded
from photolib.tui.widgets.picture import Picture
from photolib.tui.words import name_of, weight
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from PIL.Image import Image
    from textual.app import ComposeResult

    from photolib.library import Library
    from photolib.library.results import DuplicatePhoto
    from photolib.tui.pictures import Display

_GAIN = 4
"""How much stronger a difference is shown than it is, so that eyes see what programs see."""
_SIDE = 1200


class Compare(Worked, ModalScreen[None]):
    """The keeper and one copy of it, each as large as its place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "dismiss", "Close"),
        Binding("space,tab", "flicker", "Swap in place"),
        Binding("d", "difference", "Difference"),
        Binding("s", "beside", "Side by side"),
    ]

    def __init__(
        self, library: Library, keeper: DuplicatePhoto, other: DuplicatePhoto, display: Display
    ) -> None:
        super().__init__()
        self._library = library
        self._photos = keeper, other
        self._display = display
        self._pictures: tuple[Image, Image] | None = None
        self._aligned: Image | None = None
        """The copy, laid over the keeper."""
        self._mode = "beside"
        self._front = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="compare"):
            yield Static(id="compare-title", markup=False)
            with Horizontal(id="compare-pictures"):
                yield Picture(self._display, id="compare-one")
                yield Picture(self._display, id="compare-other")
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._show()
        self._load()

    @work(thread=True, exit_on_error=False, group="compare")
    def _load(self) -> None:
        pictures: list[Image | None] = []
        for photo in self._photos:
            try:
                pictures.append(self._library.picture(photo.photo_id, _SIDE))
            except PhotolibError:
                pictures.append(None)
        keeper, other = self._photos
        lies = self._library.alignment(keeper.photo_id, other.photo_id)
        self.post_message(PairDecoded(pictures[0], pictures[1], lies))

    @on(PairDecoded)
    def _decoded(self, event: PairDecoded) -> None:
        if event.one is not None and event.other is not None:
            self._pictures = event.one, event.other
            self._aligned = aligned(event.other, event.one.size, event.lies)
        self._show()

    def _show(self) -> None:
        one, other = self.query_one("#compare-one", Picture), self.query_one("#compare-other")
        assert isinstance(other, Picture)
        other.display = self._mode == "beside"
        names = [name_of(photo.path) for photo in self._photos]
        sizes = [f"{p.width} x {p.height}, {weight(p.bytes)}" for p in self._photos]
        title = {
            "beside": f"★ {names[0]} ({sizes[0]})   |   {names[1]} ({sizes[1]})",
            "flicker": f"{'★ keeper: ' if not self._front else 'copy: '}{names[self._front]} "
            f"({sizes[self._front]})",
            "difference": f"what differs, {_GAIN} times as strong; black is the same",
        }[self._mode]
        self.query_one("#compare-title", Static).update(title)
        if self._pictures is None:
            one.say("decoding…")
            return
        if self._mode == "beside":
            one.show(self._pictures[0])
            other.show(self._pictures[1])
        elif self._mode == "flicker":
            # One lies over the other, so that only what differs moves.
            one.show(self._aligned if self._front and self._aligned else self._pictures[0])
        elif self._aligned is not None:
            one.show(difference(self._pictures[0], self._aligned))

    def action_flicker(self) -> None:
        """Show the one where the other was."""
        self._front = 1 - self._front if self._mode == "flicker" else 0
        self._mode = "flicker"
        self._show()

    def action_difference(self) -> None:
        self._mode = "difference"
        self._show()

    def action_beside(self) -> None:
        self._mode = "beside"
        self._show()


def aligned(other: Image, size: tuple[int, int], lies: tuple[float, ...] | None) -> Image:
    """The copy laid over the keeper of this size; what it lacks is black.

    ``lies`` maps fractions of the keeper's frame to those of the copy's, as six numbers row by row;
    without it the copy is taken to show the whole.
    """
    from PIL.Image import Resampling, Transform

    other = other.convert("RGB")
    if lies is None or len(lies) != 6:
        return other.resize(size)
    a, b, c, d, e, f = lies
    (wide, high), (width, height) = other.size, size
    pixels = (
        *(a * wide / width, b * wide / height, c * wide),
        *(d * high / width, e * high / height, f * high),
    )
    return other.transform(size, Transform.AFFINE, pixels, resample=Resampling.BILINEAR)


def difference(one: Image, other: Image) -> Image:
    """How two pictures of one size differ, pixel by pixel, made stronger."""
    from PIL import ImageChops

    apart = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return apart.point(lambda value: min(255, value * _GAIN))
