"""Keys of several strokes: a number before a key, and a key that opens a row of others.

Numbers and second strokes are taken before the bindings are looked at; whatever has the focus and
uses a key itself, such as a line being typed, comes before both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rich.style import Style
from rich.text import Text
from textual.screen import Screen
from textual.widgets import Static

from photolib.tui.work import Worked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.events import Key

T = TypeVar("T")


class Choice(NamedTuple):
    """A second stroke: its key, what it does in a few words, and the action."""

    key: str
    label: str
    action: str


class Menu(NamedTuple):
    """What a first stroke opens."""

    title: str
    choices: Sequence[Choice]


class KeyStrip(Static):
    """The keys that may follow, or the number typed so far; hidden while there is neither."""

    def __init__(self) -> None:
        super().__init__(id="keys", markup=False)
        self.display = False

    def offer(self, menu: Menu) -> None:
        """Show the choices of a menu; a click takes one."""
        text = Text.assemble((f"{menu.title}: ", "bold"), no_wrap=False)
        for choice in menu.choices:
            click = Style(meta={"@click": f"screen.stroke({choice.key!r})"})
            text.append(f" {choice.key} ", "reverse bold").append(f" {choice.label}   ", click)
        self.update(text)
        self.display = True

    def number(self, typed: str) -> None:
        """Show the number typed before a key; hide when there is none."""
        self.update(f"{typed} … a key that moves goes that often; G goes to number {typed}")
        self.display = bool(typed)

    def rest(self) -> None:
        """Nothing is expected any more."""
        self.display = False


class KeyedScreen(Worked, Screen[T]):
    """A screen whose keys may come in twos, and after a number. It has a ``KeyStrip``."""

    COUNTS = True
    """Whether digits make a number here."""

    _typed = ""
    _menu: Menu | None = None

    def menu(self, name: str) -> Menu:
        """The choices that a first stroke opens; screens say which."""
        raise NotImplementedError(name)

    def menus(self) -> list[tuple[str, Menu]]:
        """Every menu that can be opened now, with the key that does."""
        opening = [
            (key, active.binding.action)
            for key, active in self.active_bindings.items()
            if active.enabled and active.binding.action.startswith("menu(")
        ]
        return [(key, self.menu(action[6:-2])) for key, action in opening]

    def take_count(self) -> int | None:
        """The number typed before a key, which is used up by this; None without one."""
        typed, self._typed = self._typed, ""
        if typed:
            self._strip.rest()
        return int(typed) if typed else None

    @property
    def _strip(self) -> KeyStrip:
        return self.query_one(KeyStrip)

    def action_menu(self, name: str) -> None:
        """Open the row of second strokes."""
        self._menu = self.menu(name)
        if self._menu.choices:
            self._strip.offer(self._menu)
        else:
            self._menu = None

    async def action_stroke(self, key: str) -> None:
        """The second stroke, also when it is a click."""
        menu, self._menu = self._menu, None
        self._strip.rest()
        for choice in menu.choices if menu else ():
            if choice.key == key:
                await self.run_action(choice.action)

    async def on_key(self, event: Key) -> None:
        """Second strokes and numbers; all other keys go on to the bindings."""
        if self._menu is not None:
            event.stop()
            event.prevent_default()
            await self.action_stroke(event.character or event.key)
        elif self.COUNTS and event.key.isdigit() and (self._typed or event.key != "0"):
            event.stop()
            event.prevent_default()
            self._typed = (self._typed + event.key)[:7]
            self._strip.number(self._typed)
        elif self._typed and event.key == "escape":
            event.stop()
            event.prevent_default()
            self.take_count()
