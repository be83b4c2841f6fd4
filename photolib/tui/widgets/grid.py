"""The grid of tiles: a million photos, of which only the visible ones are ever drawn.

It renders itself line by line. Tiles arrive by pages and thumbnails one by one, in threads; what is
on screen goes first, and a request that scrolled out of sight is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import on, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import get_current_worker

from photolib.tui.layout import Layout
from photolib.tui.messages import (
    CursorMoved,
    DeckOpened,
    GridShown,
    PageArrived,
    SelectionChanged,
    TileChosen,
    TilePainted,
    TilesSelected,
)
from photolib.tui.sources import Deck, Identity, Tile, TileSource
from photolib.tui.thumbnails import Slot, Thumbnails
from photolib.tui.widgets.tiles import Cell, Rows, Styles
from photolib.tui.words import elided
from photolib.tui.work import Worked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.style import Style
    from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize

    from photolib.tui.pictures import Display

DENSITIES = (12, 20, 36)
"""Cells across a picture, at least; what is left over in a row is shared out."""
_SHAPE = 3 / 8
"""Rows per column of a picture: 4 to 3 in cells twice as high as wide."""
_CARD = 4
"""Rows of a text card, where there are no pictures."""


class PhotoGrid(Worked, ScrollView, can_focus=True):
    """Tiles in rows, a cursor, a selection, and pictures that come as they are ready."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--caption",
        "grid--chosen",
        "grid--cursor",
        "grid--cursor-blurred",
        "grid--empty",
        "grid--message",
        "grid--note",
        "grid--title",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", id="grid.open"),
        Binding("left,h", "move(-1)", "Left", show=False, id="grid.left"),
        Binding("right,l", "move(1)", "Right", show=False, id="grid.right"),
        Binding("up,k", "move_rows(-1)", "Up", show=False, id="grid.up"),
        Binding("down,j", "move_rows(1)", "Down", show=False, id="grid.down"),
        Binding("pageup,ctrl+b", "move_pages(-1)", "Page up", show=False, id="grid.page_up"),
        Binding("pagedown,ctrl+f", "move_pages(1)", "Page down", show=False, id="grid.page_down"),
        Binding("home", "first", "First", show=False, id="grid.first"),
        Binding("end,G", "last", "Last, or the one counted", show=False, id="grid.last"),
        Binding("left_curly_bracket", "section(-1)", "Section before", show=False, id="grid.back"),
        Binding("right_curly_bracket", "section(1)", "Next section", show=False, id="grid.on"),
        Binding("space", "select", "Select", show=False, id="grid.select"),
        Binding("v", "range", "Select a range", show=False, id="grid.range"),
        Binding("ctrl+a", "select_all", "Select all", show=False, id="grid.all"),
        Binding("z", "larger(1)", "Larger", show=False, id="grid.larger"),
        Binding("Z", "larger(-1)", "Smaller", show=False, id="grid.smaller"),
    ]

    cursor: reactive[int] = reactive(0)
    density: reactive[int] = reactive(1)

    def __init__(self, display: Display, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.deck: Deck | None = None
        self.selection: dict[Identity, None] = {}
        """What a person selected, in that order."""
        self._display = display
        self._thumbnails = Thumbnails(self, display)
        self._request = 0
        self._asked: set[int] = set()
        self._columns, self._across, self._down = 1, DENSITIES[1], 1
        self._layout_now = Layout((), 1, 1)
        self._range_from: int | None = None
        self._message = ""
        self._ground: Style | None = None
        self._rows: Rows | None = None

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
        self._thumbnails.read = thumbnail
        self.clear_selection()
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
        top = self.scroll_offset.y
        return self._layout_now.between(top, top + max(1, self.size.height) - 1)

    def _start(self, source: TileSource, index: int, before: Deck | None) -> None:
        self._request += 1
        first, last = self.on_screen
        self._open(self._request, source, index, before, max(12, last - first))

    @work(thread=True, exit_on_error=False, group="open")
    def _open(
        self, number: int, source: TileSource, index: int, before: Deck | None, around: int
    ) -> None:
        deck = Deck(source, source.sections())
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
        return self._layout_now.top(index)

    def _measure(self) -> None:
        width = max(DENSITIES[0] + 2, self.size.width - 1)
        self._columns = max(1, width // (DENSITIES[self.density] + 2))
        self._across = width // self._columns - 2
        rows = _CARD if self._display.kind == "none" else round(self._across * _SHAPE)
        self._down = max(2, min(rows, self.size.height - 2))
        self._rows = None

    def _resize_scroll(self) -> None:
        sections = self.deck.sections if self.deck else ()
        self._layout_now = Layout(sections, self._columns, self._slot_height)
        self.virtual_size = Size(self.size.width, self._layout_now.lines)

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
        """Scroll as little as shows the cursor's row whole, and the title that is right above."""
        top, height = self._row_top(self.cursor), max(1, self.size.height)
        offset = self.scroll_offset.y
        line = self._layout_now.at(top - 1)
        titled = line is not None and line.inner < 0 and self._slot_height < height
        if top - titled < offset:
            offset = top - titled
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
        if self._range_from is not None:
            self.refresh()
        self._reveal()
        self._announce()

    def _refresh_slot(self, index: int) -> None:
        top = self._row_top(index) - self.scroll_offset.y
        left = self._layout_now.column(index) * (self._across + 2) if self.deck else 0
        self.refresh(Region(left, top, self._across + 2, self._slot_height))

    def jump(self, index: int) -> None:
        """Put the cursor on a tile, its row at the top."""
        self.cursor = index
        self.scroll_to(y=max(0, self._row_top(self.cursor) - 1), animate=False)

    def action_move(self, by: int) -> None:
        self.cursor += by * self._times()

    def action_move_rows(self, by: int) -> None:
        if self.deck and self.deck.total:
            self.cursor = self._layout_now.rows_away(self.cursor, by * self._times())

    def action_move_pages(self, by: int) -> None:
        rows = max(1, self.size.height // self._slot_height)
        if self.deck and self.deck.total:
            away = by * rows * self._times()
            self.cursor = self._layout_now.rows_away(self.cursor, away)

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        """The last tile; after a number, the tile of that number."""
        number = self._count()
        self.cursor = ((self.deck.total if self.deck else 1) if number is None else number) - 1

    def action_section(self, by: int) -> None:
        """Go to the beginning of another section, such as a month."""
        layout = self._layout_now
        if not layout.sections:
            return
        here = layout.section_of(self.cursor)
        inside = by < 0 and self.cursor > layout.start(here)
        there = max(0, min(here + by * self._times() + inside, len(layout.sections) - 1))
        self.jump(layout.start(there))

    def action_larger(self, by: int) -> None:
        self.density = max(0, min(self.density + by, len(DENSITIES) - 1))

    def action_choose(self) -> None:
        if self.tile is not None:
            self.post_message(TileChosen(self.cursor, self.tile))

    def _count(self) -> int | None:
        """The number typed before a key, if there is one."""
        take: Callable[[], int | None] | None = getattr(self.screen, "take_count", None)
        return take() if take else None

    def _times(self) -> int:
        return min(self._count() or 1, 10_000)

    def on_click(self, event: Click) -> None:
        column = event.x // (self._across + 2)
        index = self._layout_now.tile_at(column, event.y + self.scroll_offset.y)
        if self.deck is None or index is None:
            return
        before, self.cursor = self.cursor, index
        if event.shift:
            self._select_between(before, index)
        elif event.ctrl:
            self.action_select(0)
        elif event.chain == 2:
            self.action_choose()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        if event.ctrl:
            event.stop()
            self.action_larger(-1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        if event.ctrl:
            event.stop()
            self.action_larger(1)

    def _announce(self) -> None:
        self.post_message(CursorMoved(self.cursor, self.tile))

    # --- selecting -----------------------------------------------------------------------------

    def clear_selection(self) -> bool:
        """Select nothing; whether there was a selection, or one had begun."""
        had = bool(self.selection) or self._range_from is not None
        self.selection.clear()
        self._range_from = None
        if had:
            self._selected()
        return had

    def action_select(self, on: int = 1) -> None:
        """Select the tile, or take it out, and go on to the next."""
        if self._range_from is not None:
            self._end_range()
        elif self.tile is not None:
            identity = self.tile.identity
            if identity in self.selection:
                del self.selection[identity]
            else:
                self.selection[identity] = None
            self._selected()
            self.cursor += on

    def action_range(self) -> None:
        """Begin a range at the cursor; the second time, end it there."""
        if self._range_from is not None:
            self._end_range()
        elif self.tile is not None:
            self._range_from = self.cursor
            self._selected()

    def action_select_all(self) -> None:
        if self.deck is not None:
            self._select_between(0, self.deck.total - 1)

    def _end_range(self) -> None:
        start, self._range_from = self._range_from, None
        if start is not None:
            self._select_between(start, self.cursor)

    def _select_between(self, one: int, other: int) -> None:
        if self.deck is not None:
            self._gather(self.deck, min(one, other), max(one, other))

    @work(thread=True, exit_on_error=False, group="selecting")
    def _gather(self, deck: Deck, first: int, last: int) -> None:
        found = deck.source.identities(first, last - first + 1)
        self.post_message(TilesSelected(deck, found))

    @on(TilesSelected)
    def _add_selected(self, event: TilesSelected) -> None:
        event.stop()
        if event.deck is self.deck:
            self.add_selected(event.identities)

    def add_selected(self, identities: Iterable[Identity]) -> None:
        """Select tiles beside those selected already, also such as are not on screen."""
        self.selection |= dict.fromkeys(identities)
        self._selected()

    def _selected(self) -> None:
        self.refresh()
        self.post_message(SelectionChanged(len(self.selection), self._range_from is not None))

    def _is_chosen(self, index: int, tile: Tile | None) -> bool:
        if self._range_from is not None:
            first, last = sorted((self._range_from, self.cursor))
            if first <= index <= last:
                return True
        return tile is not None and tile.identity in self.selection

    # --- what it needs -------------------------------------------------------------------------

    def _want(self) -> None:
        """Ask for the pages and thumbnails of the screen, then for those a screen away."""
        deck = self.deck
        if deck is None or not self.size or not deck.total:
            return
        first, last = self.on_screen
        screen = last - first + 1
        for page in deck.missing(first, last) + deck.missing(first - screen, last + screen):
            if page not in self._asked:
                self._asked.add(page)
                self._fetch(deck, page)
        ahead = [*range(last + 1, last + 1 + screen), *range(first - 1, first - 1 - screen, -1)]
        tiles = (deck[index] for index in [*range(first, last + 1), *ahead])
        self._thumbnails.want([slot for tile in tiles if tile and (slot := self._slot(tile))])

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

    def _slot(self, tile: Tile) -> Slot | None:
        if tile.photo_id is None:
            return None
        return Slot(tile.photo_id, tile.picture, self._across, self._down, tile.turned)

    @on(TilePainted)
    def _keep_painting(self, event: TilePainted) -> None:
        event.stop()
        self._thumbnails.keep(event)
        first, last = self.on_screen
        for index in range(first, last + 1):
            tile = self.deck[index] if self.deck else None
            if tile is not None and self._slot(tile) == event.slot:
                self._refresh_slot(index)

    # --- drawing -------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ground = self._rows = None

    def watch_has_focus(self, value: bool) -> None:
        super().watch_has_focus(value)
        self._rows = None

    @property
    def ground(self) -> Style:
        """The style of empty cells; finding it out takes too long to do for every line."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def render_lines(self, crop: Region) -> list[Strip]:
        # The lines have no border or padding to get from Textual's own cache, and would lose there
        # the sharing that makes scrolling quick.
        lines = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            lines = [line.apply_filter(line_filter, self.background_colors[1]) for line in lines]
        if crop.column_span != (0, self.size.width):
            lines = [line.crop(*crop.column_span) for line in lines]
        return lines

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.deck is None or self.deck.total == 0:
            return self._message_line(y, width)
        line = self._layout_now.at(y + self.scroll_offset.y)
        if line is None:
            return Strip.blank(width, self.ground)
        if line.inner < 0:
            return self._drawing.title(self._layout_now.sections[line.section].title, line.size)
        cells = [self._cell(index) for index in range(line.first, line.first + line.size)]
        return self._drawing.line(cells, line.inner)

    def _cell(self, index: int) -> Cell:
        tile = self.deck[index] if self.deck else None
        slot = self._slot(tile) if tile else None
        return Cell(
            tile,
            self._thumbnails.get(slot) if slot else None,
            slot is not None and slot in self._thumbnails,
            index == self.cursor,
            self._is_chosen(index, tile),
        )

    @property
    def _drawing(self) -> Rows:
        if self._rows is None:
            cards = self._display.kind == "none"
            styles = self._styles()
            self._rows = Rows(styles, self._across, self._down, self.size.width, cards=cards)
        return self._rows

    def _styles(self) -> Styles:
        def style(name: str) -> Style:
            return self.get_component_rich_style(f"grid--{name}")

        cursor = style("cursor" if self.has_focus else "cursor-blurred")
        named = (style(name) for name in ("caption", "chosen", "empty", "note", "title"))
        caption, chosen, empty, note, title = named
        return Styles(self.ground, caption, cursor, chosen, empty, note, title)

    def _message_line(self, y: int, width: int) -> Strip:
        lines = self._message.split("\n")
        at = y - max(0, (self.size.height - len(lines)) // 2)
        text = elided(lines[at], width - 2) if 0 <= at < len(lines) else ""
        left = max(0, (width - cell_len(text)) // 2)
        style = self.get_component_rich_style("grid--message")
        blank = Segment(" " * left, self.ground)
        return Strip([blank, Segment(text, style)]).adjust_cell_length(width, self.ground)
