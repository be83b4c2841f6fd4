"""The line one searches by: results while one types, what could come next, and what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from photolib.query import complete
from photolib.tui.work import Worked
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.timer import Timer

    from photolib.library import Library

DEBOUNCE = 0.25
"""Seconds without a key after which what is typed is searched for."""
_SHOWN = 8
"""Completions on screen; the list scrolls beyond them."""


@dataclass
class QueryTyped(Message):
    """What stands in the line has rested for a moment: search, but stay in the line."""

    text: str


@dataclass
class QueryEntered(Message):
    """A person is done typing."""

    text: str


@dataclass
class Offered(Message):
    """What can replace a part of the line: pairs of the whole text and what is shown of it."""

    text: str
    options: list[tuple[str, str]]


class SearchLine(Worked, Input):
    """A line for queries. Down opens completions, Up the searches of before, Enter searches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "offer", "Completions", show=False),
        Binding("up", "recall(-1)", "Earlier search", show=False),
        Binding("tab", "take", "Complete", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            placeholder="/ to search: two dogs on a beach -snow after:2022", id=id, compact=True
        )
        self.library: Library | None = None
        self.earlier: list[str] = []
        """Searches of before, the latest last."""
        self._at = 0
        self._timer: Timer | None = None
        self._quiet = ""

    def fill(self, text: str) -> None:
        """Show a query without searching for it."""
        self._quiet = text
        self.value = text
        self.cursor_position = len(text)

    def remember(self, text: str) -> None:
        """Keep a search among those of before."""
        self.earlier = [each for each in self.earlier if each != text] + [text]
        self._at = len(self.earlier)

    @on(Input.Changed)
    def _wait(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        if event.value == self._quiet:
            return
        self._quiet = ""
        if self.has_focus:
            self._timer = self.set_timer(DEBOUNCE, self._rested)
            self._find_options(self.value, self.cursor_position)

    def _rested(self) -> None:
        if self.value.strip() and self.has_focus:
            self.post_message(QueryTyped(self.value.strip()))

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        text = self.value.strip()
        if text:
            self.remember(text)
        self.post_message(QueryEntered(text))

    def action_offer(self) -> None:
        offered = self.screen.query_one(Completions)
        if offered.display:
            offered.move(1)
        else:
            self._find_options(self.value, self.cursor_position, everything=True)

    def action_recall(self, by: int) -> None:
        offered = self.screen.query_one(Completions)
        if offered.display:
            offered.move(by)
        elif self.earlier:
            self._at = max(0, min(self._at + by, len(self.earlier) - 1))
            self.fill(self.earlier[self._at])

    def action_take(self) -> None:
        self.screen.query_one(Completions).take_first()

    @work(thread=True, exit_on_error=False, exclusive=True, group="completing")
    def _find_options(self, text: str, cursor: int, *, everything: bool = False) -> None:
        found = complete(text, cursor)
        values = list(found.options)
        if found.completing == "value" and found.key and self.library is not None:
            values += completed_values(self.library, found.key, found.prefix)
        if found.completing == "key" and not found.prefix and not everything:
            values = []
        start, end = found.span
        options = [
            (text[:start] + value + text[end:], printable(value)) for value in dict.fromkeys(values)
        ]
        self.post_message(Offered(text, options[:200]))


def completed_values(library: Library, key: str, prefix: str) -> list[str]:
    """Names in the library that a key can have as its value, those of most photos first."""
    from photolib.query import Labelled

    plain = prefix.casefold()
    names: list[str] = []
    if key == "label":
        names = [Labelled(name).text for name, _ in library.labels()]
    elif key == "album":
        names = [_quoted(album.name) for album in library.albums(limit=300).albums]
    elif key == "folder":
        names = [_quoted(folder.path) for folder in library.folders()]
    elif key == "tag":
        names = [_quoted(name) for name, _ in library.tags()]
    return [name for name in names if name.strip('"').casefold().startswith(plain)]


def _quoted(name: str) -> str:
    return f'"{name}"' if any(map(str.isspace, name)) or not name.isalnum() else name


class Completions(OptionList):
    """What can come next, over the main pane; hidden while there is nothing to offer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, compact=True)
        self.can_focus = False
        self.display = False
        self._texts: list[str] = []

    def offer(self, event: Offered) -> None:
        """Show options, the first of them highlighted."""
        self._texts = [text for text, _ in event.options]
        self.clear_options()
        self.add_options([Option(Text(shown, no_wrap=True)) for _, shown in event.options])
        self.display = bool(event.options)
        self.styles.height = min(_SHOWN, len(event.options))
        if event.options:
            self.highlighted = 0

    def rest(self) -> None:
        """Offer nothing."""
        self._texts = []
        self.display = False

    def take_first(self) -> None:
        """Put the highlighted option into the line."""
        if self._texts and self.display:
            self._take(self.highlighted or 0)

    def move(self, by: int) -> None:
        """Highlight another option."""
        if self._texts:
            self.highlighted = ((self.highlighted or 0) + by) % len(self._texts)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(event.option_index)

    def _take(self, index: int) -> None:
        line = self.screen.query_one(SearchLine)
        text = self._texts[index]
        self.rest()
        line.value = text
        line.cursor_position = len(text)
        line.focus()
