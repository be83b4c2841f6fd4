"""What a person does to photos, the same keys wherever photos are: rate, tag, hide, turn, undo."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType

from photolib.tui.messages import Acted, ActionsLoaded
from photolib.tui.screens.keyed import Choice, KeyedScreen, Menu
from photolib.tui.screens.modals import Ask, History
from photolib.tui.words import counted, name_of
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photolib.library import Library
    from photolib.library.results import ActionDone

T = TypeVar("T")

STARS = tuple(Choice(str(n), "★" * n or "no stars", f"rate({n})") for n in range(6))


class ActingScreen(KeyedScreen[T]):
    """A screen with photos to act on: those selected, else the one under the cursor."""

    ACTS: ClassVar[list[BindingType]] = [
        Binding("s", "menu('stars')", "Stars", id="act.stars"),
        Binding("f", "favourite", "Favourite", show=False, id="act.favourite"),
        Binding("t", "tag", "Keywords", show=False, id="act.tag"),
        Binding("x", "hide", "Hide, or show again", show=False, id="act.hide"),
        Binding("right_square_bracket", "turn(90)", "Turn right", show=False, id="act.right"),
        Binding("left_square_bracket", "turn(-90)", "Turn left", show=False, id="act.left"),
        Binding("D", "shift", "Shift the date", show=False, id="act.date"),
        Binding("y", "copy_path", "Copy the path", show=False, id="act.copy"),
        Binding("O", "open_outside", "Open in the system's viewer", show=False, id="act.open"),
        Binding("full_stop", "reveal", "Show in its folder", show=False, id="act.reveal"),
        Binding("u", "undo", "Undo", id="act.undo"),
        Binding("ctrl+r", "redo", "Redo", show=False, id="act.redo"),
        Binding("U", "history", "What was done", show=False, id="act.history"),
    ]

    @property
    def library(self) -> Library | None:
        """The library, once it is open."""
        raise NotImplementedError

    def targets(self) -> Sequence[int]:
        """The photos to act on."""
        raise NotImplementedError

    def target_path(self) -> str | None:
        """The file of the photo under the cursor."""
        raise NotImplementedError

    def acted(self, result: ActionDone) -> None:
        """Something was done or undone: show what it changed."""
        raise NotImplementedError

    def menu(self, name: str) -> Menu:
        return Menu("Stars", STARS)

    def _named(self) -> str:
        """What would be acted on, in words."""
        targets, path = self.targets(), self.target_path()
        if len(targets) == 1 and path:
            return name_of(path)
        return counted(len(targets), "photo")

    # --- acts ----------------------------------------------------------------------------------

    def action_rate(self, stars: int) -> None:
        self._do(lambda library, ids: library.rate(ids, stars))

    def action_favourite(self) -> None:
        """Make favourites of all, or none if all are."""
        self._do(lambda library, ids: library.set_favourite(ids))

    def action_hide(self) -> None:
        """Hide the photos from every list but that of the hidden; show them again there."""
        self._do(lambda library, ids: library.set_hidden(ids))

    def action_turn(self, degrees: int) -> None:
        self._do(lambda library, ids: library.turn(ids, degrees))

    def action_tag(self) -> None:
        if not self.targets():
            return
        question = f"Keywords for {self._named()}"

        def tag(answer: str | None) -> None:
            if answer:
                add, remove = keywords(answer)
                self._do(lambda library, ids: library.tag(ids, add, remove))

        self.app.push_screen(Ask(question, example="beach, summer, -old"), tag)

    def action_shift(self) -> None:
        if not self.targets():
            return
        question = f"Shift the date of {self._named()} by (the file stays as it is)"

        def shift(answer: str | None) -> None:
            by = time_span(answer or "")
            if by is not None:
                self._do(lambda library, ids: library.shift_dates(ids, by))
            elif answer:
                self.notify("Like this: +1h, -2d, +1d 3h 20m", severity="error", markup=False)

        self.app.push_screen(Ask(question, example="+1h, -2d, +1d 3h 20m"), shift)

    def action_undo(self) -> None:
        self._turn(lambda library: library.undo_action())

    def action_redo(self) -> None:
        self._turn(lambda library: library.redo_action())

    def _do(self, act: Callable[[Library, Sequence[int]], ActionDone]) -> None:
        targets = list(self.targets())
        if targets:
            self._turn(lambda library: act(library, targets))

    def _turn(self, act: Callable[[Library], ActionDone]) -> None:
        if self.library is not None:
            self._act(self.library, act)

    @work(thread=True, exit_on_error=False, group="acts")
    def _act(self, library: Library, act: Callable[[Library], ActionDone]) -> None:
        self.post_message(Acted(act(library)))

    @on(Acted)
    def _tell(self, event: Acted) -> None:
        event.stop()
        done = event.result
        undo = "ctrl+r does it again" if done.undone else "u takes it back"
        said = f"{'Undone: ' if done.undone else ''}{printable(done.name)} · {undo}"
        self.notify(said, timeout=4, markup=False)
        self.acted(done)

    # --- the history ---------------------------------------------------------------------------

    def action_history(self) -> None:
        if self.library is not None:
            self._load_actions(self.library)

    @work(thread=True, exit_on_error=False, group="acts")
    def _load_actions(self, library: Library) -> None:
        self.post_message(ActionsLoaded(library.actions(limit=200).actions))

    @on(ActionsLoaded)
    def _show_actions(self, event: ActionsLoaded) -> None:
        event.stop()

        def undo(action_id: int | None) -> None:
            if action_id is not None:
                self._turn(lambda library: library.undo_action(action_id))

        self.app.push_screen(History(event.actions), undo)

    # --- outside of photolib -------------------------------------------------------------------

    def action_copy_path(self) -> None:
        path = self.target_path()
        if path is not None:
            self.app.copy_to_clipboard(path)
            self.notify(f"Copied: {printable(path)}", timeout=3, markup=False)

    def action_open_outside(self) -> None:
        self._hand_over(self.target_path())

    def action_reveal(self) -> None:
        path = self.target_path()
        self._hand_over(os.path.dirname(path) if path else None)

    def _hand_over(self, path: str | None) -> None:
        if path is None:
            return
        opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
        try:
            subprocess.Popen(
                [opener, path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            said = f"{opener} is not here, so nothing opens {printable(path)}"
            self.notify(said, severity="error", timeout=6, markup=False)


def keywords(text: str) -> tuple[list[str], list[str]]:
    """The keywords to add and those to take away (``-word``), separated by commas."""
    words = [word.strip() for word in text.split(",")]
    add = [word.removeprefix("+").strip() for word in words if word and not word.startswith("-")]
    return add, [word[1:].strip() for word in words if word.startswith("-") and word[1:].strip()]


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def time_span(text: str) -> timedelta | None:
    """``+1d 3h``, ``-20m``: how far to shift; None for anything else."""
    text = text.strip().lower()
    sign = -1 if text.startswith("-") else 1
    whole = timedelta()
    for part in text.lstrip("+-").split():
        number, unit = part[:-1], _UNITS.get(part[-1:])
        if unit is None or not number.isdigit():
            return None
        whole += timedelta(**{unit: int(number)})
    return sign * whole if whole else None
