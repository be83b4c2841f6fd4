"""The grid of tiles: a million photos, of which only the visible ones are ever drawn.

It renders itself line by line. Tiles arrive by pages and thumbnails one by one, in threads; what is
on screen goes first, and a request that scrolled out of sight is forgotten.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import on, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import get_current_worker

from photolib.errors import PhotolibError
from photolib.tui.messages import (
    CursorMoved,
    DeckOpened,
    GridShown,
    PageArrived,
    TileChosen,
    TilePainted,
)
from photolib.tui.pictures import Display, Painting, Recent, decoded
from photolib.tui.sources import Deck, Tile, TileSource
from photolib.tui.words import elided
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style
    from textual.events import Click, Resize

DENSITIES = (12, 20, 36)
"""Cells across a picture, at least; what is left over in a row is shared out."""
_SHAPE = 3 / 8
"""Rows per column of a picture: 4 to 3 in cells twice as high as wide."""
_CARD = 4
"""Rows of a text card, where there are no pictures."""
_PAINTERS = 2
"""Threads that make thumbnails: more would only wait for each other."""
_KEPT = 600
"""Thumbnails kept as cells: some screens full."""

_Slot = tuple[object, ...]


class PhotoGrid(Worked, ScrollView, can_focus=True):
    """Tiles in rows, a cursor, and pictures that come as they are ready."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--caption",
        "grid--cursor",
        "grid--cursor-blurred",
        "grid--empty",
        "grid--message",
        "grid--note",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open"),
        Binding("left,h", "move(-1)", "Left", show=False),
        Binding("right,l", "move(1)", "Right", show=False),
        Binding("up,k", "move_rows(-1)", "Up", show=False),
        Binding("down,j", "move_rows(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "move_pages(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "move_pages(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("plus,equals_sign", "larger(1)", "Larger", show=False),
        Binding("minus", "larger(-1)", "Smaller", show=False),
    ]

    cursor: reactive[int] = reactive(0)
    density: reactive[int] = reactive(1)

    def __init__(self, display: Display, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.deck: Deck | None = None
        self._display = display
        self._thumbnail: Callable[[int], bytes | None] = lambda _: None
        self._request = 0
        self._asked: set[int] = set()
        self._paintings: Recent[Painting | None] = Recent(_KEPT)
        self._wanted: list[tuple[Tile, _Slot]] = []
        self._painting: set[_Slot] = set()
        self._painters = 0
        self._lock = threading.Lock()
        self._columns, self._across, self._down = 1, DENSITIES[1], 1
        self._message = ""
        self._ground: Style | None = None

    # --- what it shows -------------------------------------------------------------------------

    def open(
        self,
        source: TileSource,
        thumbnail: Callable[[int], bytes | None],
        *,
        index: int = 0,
        waiting: str = "",
    ) -> None:
        """Show a source from its beginning, or from ``index``, once it has been counted."""
        self.deck, self._message = None, waiting
        self._thumbnail = thumbnail
        self._resize_scroll()
        self._start(source, index, None)

    def reload(self) -> None:
        """Count and fetch the source again; the cursor and the screen stay on the same tile."""
        if self.deck is not None:
            self._start(self.deck.source, self.cursor, self.deck)

    def message(self, text: str) -> None:
        """What to say where there are no tiles."""
        self._message = text
        self.refresh()

    @property
    def tile(self) -> Tile | None:
        """The tile under the cursor, when it has arrived."""
        return self.deck[self.cursor] if self.deck else None

    @property
    def on_screen(self) -> tuple[int, int]:
        """The first and last position on screen."""
        height = self._slot_height
        first = self.scroll_offset.y // height
        last = (self.scroll_offset.y + max(1, self.size.height) - 1) // height
        return first * self._columns, last * self._columns + self._columns - 1

    def _start(self, source: TileSource, index: int, before: Deck | None) -> None:
        self._request += 1
        first, last = self.on_screen
        self._open(self._request, source, index, before, max(1, last - first))

    @work(thread=True, exit_on_error=False, group="open")
    def _open(
        self, number: int, source: TileSource, index: int, before: Deck | None, around: int
    ) -> None:
        deck = Deck(source, source.count())
        anchor = before[index] if before else None
        if before and anchor and index > 0:
            added = deck.total - before.total
            found = deck.find(anchor.identity, index, added)
            index = index if found is None else found
        index = max(0, min(index, deck.total - 1))
        for page in deck.missing(index - around, index + around):
            if get_current_worker().is_cancelled or number != self._request:
                return
            deck.fetch(page)
        self.post_message(DeckOpened(number, deck, index))

    @on(DeckOpened)
    def _show(self, event: DeckOpened) -> None:
        event.stop()
        if event.number != self._request:
            return
        fresh = self.deck is None
        offset = self._row_top(self.cursor) - self.scroll_offset.y
        self.deck = event.deck
        self._asked.clear()
        self._resize_scroll()
        self.set_reactive(PhotoGrid.cursor, event.index)
        if fresh:
            self._reveal()
        else:
            self.scroll_to(y=self._row_top(event.index) - offset, animate=False)
        self.post_message(GridShown(event.deck.total, event.deck.source.notice))
        self._announce()
        self.refresh()
        self._want()

    # --- geometry ------------------------------------------------------------------------------

    @property
    def _slot_height(self) -> int:
        return self._down + 2

    def _row_top(self, index: int) -> int:
        return index // self._columns * self._slot_height

    def _measure(self) -> None:
        width = max(DENSITIES[0] + 2, self.size.width - 1)
        self._columns = max(1, width // (DENSITIES[self.density] + 2))
        self._across = width // self._columns - 2
        rows = _CARD if self._display.kind == "none" else round(self._across * _SHAPE)
        self._down = max(2, min(rows, self.size.height - 2))

    def _resize_scroll(self) -> None:
        rows = -(-self.deck.total // self._columns) if self.deck else 0
        self.virtual_size = Size(self.size.width, rows * self._slot_height)

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def watch_density(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self._measure()
        self._resize_scroll()
        self._reveal()
        self.refresh()
        self._want()

    def _reveal(self) -> None:
        """Scroll as little as shows the cursor's row whole."""
        top, height = self._row_top(self.cursor), max(1, self.size.height)
        offset = self.scroll_offset.y
        if top < offset:
            offset = top
        elif top + self._slot_height > offset + height:
            offset = top + self._slot_height - height
        self.scroll_to(y=min(offset, top), animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want()

    # --- moving --------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, (self.deck.total if self.deck else 1) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self._refresh_slot(old)
        self._refresh_slot(new)
        self._reveal()
        self._announce()

    def _refresh_slot(self, index: int) -> None:
        top = self._row_top(index) - self.scroll_offset.y
        left = index % self._columns * (self._across + 2)
        self.refresh(Region(left, top, self._across + 2, self._slot_height))

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_move_rows(self, by: int) -> None:
        target = self.cursor + by * self._columns
        last = (self.deck.total if self.deck else 1) - 1
        if target > last and self.cursor // self._columns < last // self._columns:
            target = last
        if 0 <= target <= last:
            self.cursor = target

    def action_move_pages(self, by: int) -> None:
        rows = max(1, self.size.height // self._slot_height)
        self.cursor += by * rows * self._columns

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = (self.deck.total if self.deck else 1) - 1

    def action_larger(self, by: int) -> None:
        self.density = max(0, min(self.density + by, len(DENSITIES) - 1))

    def action_choose(self) -> None:
        if self.tile is not None:
            self.post_message(TileChosen(self.cursor, self.tile))

    def on_click(self, event: Click) -> None:
        row = (event.y + self.scroll_offset.y) // self._slot_height
        column = event.x // (self._across + 2)
        index = row * self._columns + column
        if self.deck is None or column >= self._columns or index >= self.deck.total:
            return
        self.cursor = index
        if event.chain == 2:
            self.action_choose()

    def _announce(self) -> None:
        self.post_message(CursorMoved(self.cursor, self.tile))

    # --- what it needs -------------------------------------------------------------------------

    def _want(self) -> None:
        """Ask for the pages and thumbnails of the screen, then for those a screen away."""
        deck = self.deck
        if deck is None or not self.size:
            return
        first, last = self.on_screen
        screen = last - first + 1
        for page in deck.missing(first, last) + deck.missing(first - screen, last + screen):
            if page not in self._asked:
                self._asked.add(page)
                self._fetch(deck, page)
        self._want_thumbnails(deck, first, last, screen)

    @work(thread=True, exit_on_error=False, group="pages")
    def _fetch(self, deck: Deck, page: int) -> None:
        if deck is self.deck and not get_current_worker().is_cancelled:
            deck.fetch(page)
            self.post_message(PageArrived(deck, page))

    @on(PageArrived)
    def _refresh_page(self, event: PageArrived) -> None:
        event.stop()
        self._asked.discard(event.page)
        if event.deck is self.deck:
            self.refresh()
            self._announce()
            self._want()

    def _want_thumbnails(self, deck: Deck, first: int, last: int, screen: int) -> None:
        if self._display.kind == "none":
            return
        ahead = [*range(last + 1, last + 1 + screen), *range(first - 1, first - 1 - screen, -1)]
        wanted = []
        for index in [*range(first, last + 1), *ahead]:
            tile = deck[index]
            if tile is not None and tile.photo_id is not None:
                slot = self._slot(tile)
                if slot not in self._paintings:
                    wanted.append((tile, slot))
        with self._lock:
            self._wanted = wanted[::-1]
            fresh = min(len(wanted), _PAINTERS) - self._painters
            self._painters += max(0, fresh)
        for _ in range(fresh):
            self._paint_wanted()

    def _slot(self, tile: Tile) -> _Slot:
        return tile.photo_id, tile.picture, self._across, self._down

    @work(thread=True, exit_on_error=False, group="thumbnails")
    def _paint_wanted(self) -> None:
        worker = get_current_worker()
        try:
            while not worker.is_cancelled and (next_one := self._take()):
                tile, slot = next_one
                self.post_message(TilePainted(slot, self._paint(tile, slot)))
        finally:
            with self._lock:
                self._painters -= 1

    def _take(self) -> tuple[Tile, _Slot] | None:
        with self._lock:
            while self._wanted:
                tile, slot = self._wanted.pop()
                if slot not in self._painting and slot not in self._paintings:
                    self._painting.add(slot)
                    return tile, slot
            return None

    def _paint(self, tile: Tile, slot: _Slot) -> Painting | None:
        _, _, across, down = slot
        assert tile.photo_id is not None
        assert isinstance(across, int)
        assert isinstance(down, int)
        try:
            jpeg = self._thumbnail(tile.photo_id)
            if jpeg is None:
                return None
            picture = self._display.covering(decoded(jpeg), across, down)
            return self._display.paint(picture, across, down)
        except (PhotolibError, OSError):
            # The photo view and the problems say why; a tile has room for a mark only.
            return None

    @on(TilePainted)
    def _keep_painting(self, event: TilePainted) -> None:
        event.stop()
        gone = self._paintings.put(event.key, event.painting)
        with self._lock:
            self._painting.discard(event.key)
        for old in gone:
            self._tell_terminal(old.forget if old else "")
        self._tell_terminal(event.painting.transmit if event.painting else "")
        first, last = self.on_screen
        for index in range(first, last + 1):
            tile = self.deck[index] if self.deck else None
            if tile is not None and self._slot(tile) == event.key:
                self._refresh_slot(index)

    def _tell_terminal(self, sequence: str) -> None:
        if sequence and self.app._driver is not None:
            self.app._driver.write(sequence)

    # --- drawing -------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ground = None

    @property
    def ground(self) -> Style:
        """The style of empty cells; finding it out takes too long to do for every line."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.deck is None or self.deck.total == 0:
            return self._message_line(y, width)
        row, inner = divmod(y + self.scroll_offset.y, self._slot_height)
        first = row * self._columns
        last = min(first + self._columns, self.deck.total)
        slots = [self._slot_line(self.deck[i], i == self.cursor, inner) for i in range(first, last)]
        return Strip.join(slots).adjust_cell_length(width, self.ground)

    def _message_line(self, y: int, width: int) -> Strip:
        lines = self._message.split("\n")
        at = y - max(0, (self.size.height - len(lines)) // 2)
        text = elided(lines[at], width - 2) if 0 <= at < len(lines) else ""
        left = max(0, (width - cell_len(text)) // 2)
        style = self.get_component_rich_style("grid--message")
        blank = Segment(" " * left, self.ground)
        return Strip([blank, Segment(text, style)]).adjust_cell_length(width, self.ground)

    def _slot_line(self, tile: Tile | None, chosen: bool, inner: int) -> Strip:
        across = self._across
        if chosen:
            name = "grid--cursor" if self.has_focus else "grid--cursor-blurred"
            frame, marks = self.get_component_rich_style(name), "┏┓┃┗┛━"
        else:
            frame, marks = self.ground, "      "
        if inner == 0:
            return Strip([Segment(marks[0] + marks[5] * across + marks[1], frame)], across + 2)
        if inner == self._down + 1:
            return self._caption_line(tile, chosen, frame, marks)
        middle = self._picture_line(tile, inner - 1)
        side = Segment(marks[2], frame)
        return Strip([side, *middle, side], across + 2)

    def _caption_line(self, tile: Tile | None, chosen: bool, frame: Style, marks: str) -> Strip:
        text = elided(tile.caption if tile else "", self._across - 2)
        rest = self._across - 2 - cell_len(text)
        style = frame if chosen else self.get_component_rich_style("grid--caption")
        segments = [
            Segment(marks[3], frame),
            Segment(f" {text} " if text else marks[5] * 2, style),
            Segment(marks[5] * rest + marks[4], frame),
        ]
        return Strip(segments, self._across + 2)

    def _picture_line(self, tile: Tile | None, line: int) -> list[Segment]:
        if tile is not None and self._display.kind == "none":
            return self._card_line(tile, line)
        painting = self._paintings.get(self._slot(tile)) if tile else None
        middle = line == self._down // 2
        if painting is not None and not (middle and tile and tile.note):
            return list(painting.strips[line])
        done = tile is not None and self._slot(tile) in self._paintings
        absent = "no picture" if done and painting is None else ""
        return self._plain((tile.note or absent) if tile and middle else "")

    def _plain(self, text: str) -> list[Segment]:
        name = "grid--note" if text else "grid--empty"
        cells = set_cell_size(elided(text, self._across).center(self._across), self._across)
        return [Segment(cells, self.get_component_rich_style(name))]

    def _card_line(self, tile: Tile, line: int) -> list[Segment]:
        facts = [tile.note.upper(), *tile.detail.split(" · ")]
        lines = [fact for fact in facts if fact]
        at = line - max(0, (self._down - len(lines)) // 2)
        return self._plain(lines[at] if 0 <= at < len(lines) else "")
