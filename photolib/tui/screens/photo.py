"""One photo, as large as the screen, with its facts beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from photolib.errors import PhotolibError
from photolib.tui.messages import PhotoLoaded, PictureDecoded, PictureFailed
from photolib.tui.pictures import decoded
from photolib.tui.sources import PAGE, Scene
from photolib.tui.widgets.lines import Heading
from photolib.tui.widgets.picture import Picture
from photolib.tui.words import name_of
from photolib.tui.work import Worked
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from photolib.library import Library
    from photolib.library.results import PhotoDetail
    from photolib.tui.pictures import Display
    from photolib.tui.sources import Deck, Tile


class PhotoScreen(Worked, Screen["Scene | int"]):
    """Walks through the photos of a deck.

    It is dismissed with the position that was looked at last, or with the scene to show next.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "back", "Back"),
        Binding("right,l,n,space,pagedown", "step(1)", "Next"),
        Binding("left,h,p,backspace,pageup", "step(-1)", "Previous"),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("up,k", "scroll_facts(-3)", "Facts up", show=False),
        Binding("down,j", "scroll_facts(3)", "Facts down", show=False),
        Binding("m", "like_this", "More like this"),
        Binding("i", "facts", "Facts"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    def __init__(self, library: Library, deck: Deck, index: int, display: Display) -> None:
        super().__init__()
        self._library = library
        self._deck = deck
        self._index = index
        self._display = display
        self._tile: Tile | None = None
        self._request = 0

    def compose(self) -> ComposeResult:
        yield Heading(id="photo-heading")
        with Horizontal(id="photo-body"):
            yield Picture(self._display, id="photo-picture")
            with VerticalScroll(id="photo-facts", can_focus=False):
                yield Static(id="photo-text", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_resize(self, event: Resize) -> None:
        # Also the first sight of the screen: how many pixels it can use is known only now.
        self._visit(self._index)

    def _visit(self, index: int) -> None:
        self._index = max(0, min(index, self._deck.total - 1))
        self._request += 1
        self._load(self._request, self._index)

    @work(thread=True, exit_on_error=False, group="photo")
    def _load(self, number: int, index: int) -> None:
        """Facts and the thumbnail first, then the pixels; older requests give way at each step."""
        if number != self._request:
            return
        if self._deck[index] is None:
            self._deck.fetch(index // PAGE)
        tile = self._deck[index]
        if tile is None or tile.photo_id is None:
            return
        detail = self._library.photo(tile.photo_id)
        self.post_message(PhotoLoaded(number, index, tile, detail))
        if self._display.kind == "none":
            self.post_message(PictureFailed(number, "Pictures are off (--images none)."))
            return
        self._load_picture(number, tile.photo_id)

    def _load_picture(self, number: int, photo_id: int) -> None:
        try:
            jpeg = self._library.thumbnail(photo_id)
            if jpeg and number == self._request:
                self.post_message(PictureDecoded(number, decoded(jpeg)))
            if number == self._request:
                picture = self._library.picture(photo_id, self._side())
                self.post_message(PictureDecoded(number, picture))
        except PhotolibError as exc:
            self.post_message(PictureFailed(number, printable(exc.message)))

    def _side(self) -> int:
        size = self.app.size
        subpixels = 2 if self._display.kind == "blocks" else 0
        wide = size.width * (subpixels or self._display.cell[0])
        high = size.height * (subpixels or self._display.cell[1])
        return max(wide, high)

    @on(PhotoLoaded)
    def _show_facts(self, event: PhotoLoaded) -> None:
        if event.number != self._request:
            return
        self._tile = event.tile
        heading = self.query_one(Heading)
        heading.show(name_of(event.detail.path), "")
        heading.place(f"{event.index + 1:,} of {self._deck.total:,}")
        self.query_one("#photo-text", Static).update(facts_text(event.detail, event.tile))
        self.query_one("#photo-facts").scroll_home(animate=False)

    @on(PictureDecoded)
    def _show_picture(self, event: PictureDecoded) -> None:
        if event.number == self._request:
            self.query_one(Picture).show(event.picture)

    @on(PictureFailed)
    def _say_why(self, event: PictureFailed) -> None:
        if event.number == self._request:
            self.query_one(Picture).say(event.reason)

    def action_step(self, by: int) -> None:
        if 0 <= self._index + by < self._deck.total:
            self._visit(self._index + by)

    def action_first(self) -> None:
        self._visit(0)

    def action_last(self) -> None:
        self._visit(self._deck.total - 1)

    def action_back(self) -> None:
        self.dismiss(self._index)

    def action_like_this(self) -> None:
        if self._tile is not None:
            self.dismiss(like(self._tile))

    def action_facts(self) -> None:
        """Narrow screens hide the facts until asked, wide ones show them until told not to."""
        self.toggle_class("-other-facts")

    def action_scroll_facts(self, by: int) -> None:
        self.query_one("#photo-facts").scroll_relative(y=by, animate=False)


def like(tile: Tile) -> Scene:
    """The scene of photos like the one of a tile."""
    return Scene("similar", f"Like {name_of(tile.path)}", number=tile.photo_id, text=tile.path)


def facts_text(detail: PhotoDetail, tile: Tile) -> Text:
    """Everything known of a photo, one fact a line."""
    text = Text()
    if detail.state != "present":
        text.append(f"{printable(detail.state).upper()}\n\n", "bold")
    for caption, value in detail.facts:
        text.append(f"{printable(caption)}\n", "dim").append(f"{printable(value)}\n")
    if detail.rating or detail.favourite:
        stars = "★" * detail.rating + (" ♥ favourite" if detail.favourite else "")
        text.append("Rating\n", "dim").append(f"{stars.strip()}\n")
    for title, lines in (
        ("Albums", [name for _, name in detail.albums]),
        ("Parts", [f"{name_of(path)} ({role})" for path, role in detail.parts]),
        ("Found because", tile.why.split("; ") if tile.why else []),
    ):
        if lines:
            text.append(f"{title}\n", "dim")
            text.append("".join(f"{printable(line)}\n" for line in lines))
    return text
