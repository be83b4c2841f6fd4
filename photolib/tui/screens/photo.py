"""One photo, as large as the screen, with its facts beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Static

from photolib.errors import PhotolibError
from photolib.tui.frames import Frame
from photolib.tui.keymap import identified
from photolib.tui.messages import (
    PhotoChanged,
    PhotoLoaded,
    PictureDecoded,
    PictureFailed,
    RegionDrawn,
    RegionLeft,
)
from photolib.tui.pictures import decoded, turned
from photolib.tui.screens.acting import ActingScreen
from photolib.tui.screens.keyed import KeyStrip
from photolib.tui.sources import PAGE, Scene
from photolib.tui.widgets.lines import Heading
from photolib.tui.widgets.picture import RegionPicture
from photolib.tui.words import name_of
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.timer import Timer

    from photolib.catalogue import CropRow
    from photolib.library import Library
    from photolib.library.results import ActionDone, Box, PhotoDetail
    from photolib.tui.pictures import Display
    from photolib.tui.sources import Deck, Tile


_ZOOMS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_SLIDE = 4.0
"""Seconds that a slideshow stays on a photo."""

_UNDRAWN: Box = (0.25, 0.25, 0.5, 0.5)
"""The region that drawing begins with where no box is chosen."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a photo that something was found in; ``found`` when this search did."""

    box: Box
    name: str
    confidence: float | None = None
    outline: tuple[tuple[float, float], ...] | None = None
    found: bool = False


class PhotoScreen(ActingScreen["Scene | int"]):
    """Walks through the photos of a deck.

    It is dismissed with the position that was looked at last, or with the scene to show next.
    """

    BINDINGS: ClassVar[list[BindingType]] = identified(
        "photo",
        [
            Binding("enter", "like_part", "Like this box"),
            Binding("escape,enter,q", "back", "Back"),
            Binding("right,l,n,space,pagedown", "step(1)", "Next"),
            Binding("left,h,p,backspace,pageup", "step(-1)", "Previous", show=False),
            Binding("home,g", "first", "First", show=False),
            Binding("end,G", "last", "Last", show=False),
            Binding("up,k", "scroll_facts(-3)", "Facts up", show=False),
            Binding("down,j", "scroll_facts(3)", "Facts down", show=False),
            Binding("m", "like_this", "More like this"),
            Binding("b", "boxes", "Boxes"),
            Binding("tab", "choose_part(1)", "Next box", show=False),
            Binding("shift+tab", "choose_part(-1)", "Previous box", show=False),
            Binding("r", "draw_region", "Region"),
            Binding("i", "facts", "Facts"),
            Binding("z,plus,equals_sign", "zoom(1)", "Zoom in", show=False),
            Binding("Z,minus", "zoom(-1)", "Zoom out", show=False),
            Binding("H,shift+left", "pan(-1,0)", "Pan left", show=False),
            Binding("L,shift+right", "pan(1,0)", "Pan right", show=False),
            Binding("K,shift+up", "pan(0,-1)", "Pan up", show=False),
            Binding("J,shift+down", "pan(0,1)", "Pan down", show=False),
            Binding("S", "slideshow", "Slideshow", show=False),
            *(Binding(str(n), f"rate({n})", f"{n} stars", show=False) for n in range(6)),
            *ActingScreen.ACTS,
        ],
    )
    COUNTS = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    def __init__(
        self,
        library: Library,
        deck: Deck,
        index: int,
        display: Display,
        *,
        hurry: bool = False,
    ) -> None:
        """``hurry``: the library has photos to read yet, and those looked at should be first."""
        super().__init__()
        self._hurry = hurry
        self._library = library
        self._deck = deck
        self._index = index
        self._display = display
        self._tile: Tile | None = None
        self._detail: PhotoDetail | None = None
        self._request = 0
        self._parts: tuple[Part, ...] = ()
        self._part: int | None = None
        """The box that is chosen."""
        self._boxed = False
        """Whether a person wants to see boxes, on every photo."""
        self._boxed_here = False
        """Whether this photo shows them: as wanted, or because they say why it was found."""
        self._picture: Image | None = None
        self._zoom = 0
        self._centre = (0.5, 0.5)
        self._slides: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Heading(id="photo-heading")
        with Horizontal(id="photo-body"):
            yield RegionPicture(self._display, id="photo-picture")
            with VerticalScroll(id="photo-facts", can_focus=False):
                yield Static(id="photo-text", markup=False)
        yield KeyStrip()
        yield Footer(compact=True, show_command_palette=False)

    def on_resize(self, event: Resize) -> None:
        # Also the first sight of the screen: how many pixels it can use is known only now.
        self._visit(self._index)

    # --- acting on it --------------------------------------------------------------------------

    @property
    def library(self) -> Library:
        return self._library

    def targets(self) -> Sequence[int]:
        return [self._tile.photo_id] if self._tile and self._tile.photo_id is not None else []

    def target_path(self) -> str | None:
        return self._tile.path if self._tile else None

    def acted(self, result: ActionDone) -> None:
        self._reload(self._request, self.targets())

    @work(thread=True, exit_on_error=False, group="photo")
    def _reload(self, number: int, photo_ids: Sequence[int]) -> None:
        for photo_id in photo_ids:
            self.post_message(PhotoChanged(number, self._library.photo(photo_id)))

    @on(PhotoChanged)
    def _show_change(self, event: PhotoChanged) -> None:
        if event.number == self._request:
            self._detail = event.detail
            self._show_parts()
            self._draw()

    # --- zooming and walking by itself ---------------------------------------------------------

    def _draw(self) -> None:
        """Show the pixels: turned, and as large as a person wants them."""
        if self._picture is None:
            return
        picture = turned(self._picture, self._detail.turned if self._detail else 0)
        if self._zoom:
            wide, high = (round(side / _ZOOMS[self._zoom]) for side in picture.size)
            left = round((picture.width - wide) * self._centre[0])
            top = round((picture.height - high) * self._centre[1])
            picture = picture.crop((left, top, left + max(1, wide), top + max(1, high)))
        self._canvas.show(picture)

    def action_zoom(self, by: int) -> None:
        """Closer, or further away; the boxes show again at the end."""
        self._zoom = max(0, min(self._zoom + by, len(_ZOOMS) - 1))
        if not self._zoom:
            self._centre = (0.5, 0.5)
        self._show_parts()
        self._draw()
        if self._zoom and self._tile and self._tile.photo_id is not None:
            self._load_closer(self._request, self._tile.photo_id)

    @work(thread=True, exit_on_error=False, exclusive=True, group="closer")
    def _load_closer(self, number: int, photo_id: int) -> None:
        try:
            side = round(self._side() * _ZOOMS[self._zoom])
            self.post_message(PictureDecoded(number, self._library.picture(photo_id, side)))
        except PhotolibError as exc:
            self.post_message(PictureFailed(number, printable(exc.message)))

    def action_pan(self, across: int, down: int) -> None:
        if self._zoom:
            x, y = self._centre
            self._centre = (_clamped(x + across * 0.2), _clamped(y + down * 0.2))
            self._draw()

    def action_slideshow(self) -> None:
        """Go on to the next photo every few seconds, until the key is pressed again."""
        if self._slides is None:
            self._slides = self.set_interval(_SLIDE, self._next_slide)
            self.notify("Slideshow: S stops it.", timeout=3, markup=False)
        else:
            self._slides.stop()
            self._slides = None
            self.notify("The slideshow has stopped.", timeout=3, markup=False)

    def _next_slide(self) -> None:
        last = self._index + 1 >= self._deck.total
        self._visit(0 if last else self._index + 1)

    def _visit(self, index: int) -> None:
        self._zoom, self._centre, self._picture = 0, (0.5, 0.5), None
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
        detail, crops = self._library.photo(tile.photo_id), self._library.crops(tile.photo_id)
        self.post_message(PhotoLoaded(number, index, tile, detail, crops))
        if self._display.kind == "none":
            self.post_message(PictureFailed(number, "Pictures are off (--images none)."))
        else:
            self._load_picture(number, tile.photo_id)
        if self._hurry and number == self._request:
            self._library.prefer([tile.photo_id])

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
        self._tile, self._detail = event.tile, event.detail
        self.query_one(Heading).show(name_of(event.detail.path), "")
        self._parts, self._part = parts_of(event.crops, event.tile), None
        self._boxed_here = self._boxed or any(part.found for part in self._parts)
        self._show_parts()
        self.query_one("#photo-facts").scroll_home(animate=False)

    @on(PictureDecoded)
    def _show_picture(self, event: PictureDecoded) -> None:
        if event.number == self._request:
            self._picture = event.picture
            self._draw()

    @on(PictureFailed)
    def _say_why(self, event: PictureFailed) -> None:
        if event.number == self._request:
            size = (self._detail.width, self._detail.height) if self._detail else None
            self._canvas.say(event.reason, empty=size)

    # --- parts of the picture ------------------------------------------------------------------

    @property
    def _canvas(self) -> RegionPicture:
        return self.query_one(RegionPicture)

    def _show_parts(self) -> None:
        """Boxes over the picture, and the list of them among the facts."""
        if self._detail is not None and self._tile is not None:
            text = facts_text(self._detail, self._tile, self._parts, self._part)
            self.query_one("#photo-text", Static).update(text)
        if self._canvas.drawn is None:
            zoom = f"zoom {_ZOOMS[self._zoom]:g} · HJKL pan · " if self._zoom else ""
            self.query_one(Heading).place(f"{zoom}{self._index + 1:,} of {self._deck.total:,}")
            frames = [
                Frame(
                    part.box,
                    titled(number, part),
                    "chosen" if number == self._part else "plain",
                    part.outline,
                )
                for number, part in enumerate(self._parts)
            ]
            self._canvas.mark(frames if self._boxed_here and not self._zoomed else [])
        self.refresh_bindings()

    @property
    def _zoomed(self) -> bool:
        """Whether the picture is not shown whole and upright, so that boxes would lie wrong."""
        return bool(self._zoom or (self._detail and self._detail.turned))

    def action_boxes(self) -> None:
        """Show the boxes, or hide them and choose none, on this and the next photos."""
        self._boxed = self._boxed_here = not self._boxed_here
        self._part = None
        self._show_parts()

    def action_choose_part(self, by: int) -> None:
        """Go on to another box; the first is what the search found, if it found a part."""
        self._boxed_here = True
        if self._part is None:
            order = [number for number, part in enumerate(self._parts) if part.found]
            self._part = order[0] if order else (0 if by > 0 else len(self._parts) - 1)
        else:
            self._part = (self._part + by) % len(self._parts)
        self._show_parts()

    def action_like_part(self) -> None:
        if self._part is not None and self._tile is not None:
            part = self._parts[self._part]
            self.dismiss(like_part(self._tile, part.box, part.name))

    def action_draw_region(self) -> None:
        """Begin with the chosen box, if there is one."""
        box = self._parts[self._part].box if self._part is not None else _UNDRAWN
        self._canvas.draw(box)
        self.query_one(Heading).place("arrows move · shift+arrows resize")
        self.refresh_bindings()

    @on(RegionDrawn)
    def _search_region(self, event: RegionDrawn) -> None:
        if self._tile is not None:
            self.dismiss(like_part(self._tile, event.box))

    @on(RegionLeft)
    def _end_drawing(self, event: RegionLeft) -> None:
        self._show_parts()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.is_mounted and self._canvas.drawn is not None:
            return False
        match action:
            case "like_part":
                return self._part is not None
            case "boxes" | "choose_part":
                return bool(self._parts) and not self._zoomed
            case "draw_region":
                return self._tile is not None and not self._zoomed
        return True

    # --- keys ----------------------------------------------------------------------------------

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


def like_part(tile: Tile, box: Box, name: str = "") -> Scene:
    """The scene of photos like a part of the one of a tile."""
    what = f"the {name} in" if name else "a part of"
    title = f"Like {what} {name_of(tile.path)}"
    return Scene("similar", title, number=tile.photo_id, text=tile.path, region=box)


def parts_of(crops: Sequence[CropRow], tile: Tile) -> tuple[Part, ...]:
    """The crops of a photo, and what else of it a search found; the most confident first."""
    found = dict(tile.found)
    parts = [
        Part(crop.box, printable(crop.label), crop.confidence, crop.outline, crop.box in found)
        for crop in crops
    ]
    for crop in crops:
        found.pop(crop.box, None)
    parts += [Part(box, printable(name), found=True) for box, name in found.items()]
    return tuple(parts)


def titled(number: int, part: Part) -> str:
    """What is written at a box: its number, a mark where the search found it, its name."""
    return " ".join(filter(None, (str(number + 1), "◆" if part.found else "", part.name)))


def facts_text(
    detail: PhotoDetail, tile: Tile, parts: Sequence[Part] = (), chosen: int | None = None
) -> Text:
    """Everything known of a photo, one fact a line."""
    text = Text()
    if detail.state != "present":
        text.append(f"{printable(detail.state).upper()}\n\n", "bold")
    for caption, value in detail.facts:
        text.append(f"{printable(caption)}\n", "dim").append(f"{printable(value)}\n")
    if detail.rating or detail.favourite:
        stars = "★" * detail.rating + (" ♥ favourite" if detail.favourite else "")
        text.append("Rating\n", "dim").append(f"{stars.strip()}\n")
    if detail.hidden:
        text.append("Hidden\n", "dim").append("from every list but the hidden photos (g h)\n")
    for title, lines in (
        ("In the picture", [_part_line(i, part, i == chosen) for i, part in enumerate(parts)]),
        ("Your keywords", [", ".join(detail.tags)] if detail.tags else []),
        ("Text in it", list(detail.text[:12])),
        ("Albums", [name for _, name in detail.albums]),
        ("Parts", [f"{name_of(path)} ({role})" for path, role in detail.parts]),
        ("Found because", tile.why.split("; ") if tile.why else []),
    ):
        if lines:
            text.append(f"{title}\n", "dim")
            text.append("".join(f"{printable(line)}\n" for line in lines))
    return text


def _clamped(value: float) -> float:
    return max(0.0, min(value, 1.0))


def _part_line(number: int, part: Part, chosen: bool) -> str:
    sure = f" {part.confidence:.2f}" if part.confidence is not None and part.name else ""
    return f"{titled(number, part)}{sure}{' ◂' if chosen else ''}"
