"""Dialogs: one line to type, the keys, and an unexpected error."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult

    from photolib.library.results import ActionDone


class Ask(ModalScreen[str | None]):
    """Asks for one line; returns it stripped, or None when a person thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("tab", "offer", "Another name", priority=True),
    ]

    def __init__(
        self, question: str, *, value: str = "", example: str = "", offers: Sequence[str] = ()
    ) -> None:
        """``offers`` are answers that Tab or a click puts into the line."""
        super().__init__()
        self._question, self._value, self._example = question, value, example
        self._offers = offers
        self._offered = -1

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-title", markup=False)
            yield Input(self._value, placeholder=self._example, id="answer", compact=True)
            for offer in self._offers:
                yield Static(f"  {offer}", classes="offer", markup=False)
            tab = "Tab offers another · " if self._offers else ""
            hint = f"{tab}Enter confirms · Escape cancels"
            yield Label(hint, classes="dialog-hint", markup=False)

    def action_offer(self) -> None:
        """Put the next offer into the line."""
        if self._offers:
            self._offered = (self._offered + 1) % len(self._offers)
            self.query_one(Input).value = self._offers[self._offered]
            self.query_one(Input).cursor_position = len(self._offers[self._offered])

    @on(Input.Submitted)
    def _confirm(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_cancel(self) -> None:
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """Says what would happen; only Enter lets it happen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No"),
        Binding("enter,y", "answer(True)", "Yes"),
    ]

    def __init__(self, title: str, question: str, yes: str) -> None:
        super().__init__()
        self._title, self._question, self._yes = title, question, yes

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Static(self._question, markup=False)
            hint = f"Enter: {self._yes} · Escape: leave everything as it is"
            yield Label(hint, classes="dialog-hint", markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


KeyTable = tuple[str, "Sequence[tuple[str, str]]"]
"""A title, and pairs of keys and what they do."""


class Help(ModalScreen[None]):
    """Every key, made from the bindings themselves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, tables: Iterable[KeyTable]) -> None:
        super().__init__()
        self._tables = tuple(tables)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", id="help"):
            for title, keys in self._tables:
                yield Label(title, classes="dialog-title", markup=False)
                yield Static(_table(keys))
            yield Label("Escape closes", classes="dialog-hint", markup=False)

    def action_scroll(self, by: int) -> None:
        self.query_one("#help").scroll_relative(y=by, animate=False)


def _table(keys: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=18)
    for key, does in keys:
        table.add_row(Text(key, "bold"), Text(does))
    return table


class History(ModalScreen["int | None"]):
    """What was done lately; Enter takes the chosen act back, and returns its id."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,U,q", "dismiss", "Close"),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self, actions: Sequence[ActionDone]) -> None:
        super().__init__()
        self._actions = actions

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("What was done", classes="dialog-title", markup=False)
            options = [_act_line(each) for each in self._actions]
            yield OptionList(*options or [Option("Nothing yet.", disabled=True)], id="acts")
            yield Label(
                "Enter takes an act back · Escape closes", classes="dialog-hint", markup=False
            )

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = self._actions[event.option_index]
        self.dismiss(None if chosen.undone else chosen.action_id)


def _act_line(act: ActionDone) -> Option:
    text = Text(f"{'undone ' if act.undone else '       '}{printable(act.name)}", no_wrap=True)
    text.stylize("dim" if act.undone else "")
    return Option(text, disabled=act.undone)


class Failure(ModalScreen[None]):
    """An error that photolib did not expect, with what a report needs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]

    def __init__(self, title: str, details: str) -> None:
        super().__init__()
        self._title, self._details = title, details

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", id="failure"):
            yield Label(self._title, classes="dialog-title", markup=False)
            yield Static(Text(self._details))
            yield Label("Escape closes", classes="dialog-hint", markup=False)
