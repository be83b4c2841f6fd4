"""The terminal application: the first frame, themes, help, and errors; screens do the rest."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from photolib import __version__
from photolib.config import config_path, data_path
from photolib.errors import ConfigError, PhotolibError
from photolib.tui import themes as theming
from photolib.tui.keymap import identified, load_keymap
from photolib.tui.messages import LibraryOpened, WorkFailed
from photolib.tui.pictures import MODES, Display, choose_display
from photolib.tui.screens.acting import STARS, ActingScreen
from photolib.tui.screens.browse import GO, BrowseScreen
from photolib.tui.screens.keyed import KeyedScreen
from photolib.tui.screens.modals import Failure, Help
from photolib.tui.screens.photo import PhotoScreen
from photolib.tui.screens.triage import TriageScreen
from photolib.tui.widgets.duplicates import Duplicates
from photolib.tui.widgets.grid import PhotoGrid
from photolib.tui.widgets.picture import RegionPicture
from photolib.tui.widgets.removals import Removals
from photolib.tui.work import Worked
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from textual.driver import Driver
    from textual.screen import Screen

    from photolib.config import Settings
    from photolib.library import Library


_SWITCH = 0.001
"""Seconds that a thread of this program may go on while another wants to run."""
_FOLLOW_THEMES = 2.0
"""Seconds between two looks at whether a person's theme files have changed."""


class PhotolibApp(Worked, App[None]):
    """Shows a library. ``open_library`` is called in a thread, after the first frame."""

    TITLE = "photolib"
    CSS_PATH = "photolib.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = identified(
        "app",
        [
            Binding("question_mark", "help", "Help"),
            Binding("T", "next_theme", "Theme", show=False),
            Binding("ctrl+p,colon", "command_palette", "Commands", show=False),
            Binding("q", "quit", "Quit"),
            Binding("ctrl+q", "quit", "Quit", show=False, id="app.quit_too"),
            Binding("tab", "app.focus_next", "Next pane", show=False),
            Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
        ],
    )

    def __init__(
        self,
        open_library: Callable[[], Library],
        *,
        display: Display | None = None,
        theme: str | None = None,
        theme_directory: Path | None = None,
        own: Path | None = None,
        index: bool = False,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """``own`` is the folder of a person's ``keys.toml`` and ``themes``."""
        super().__init__(driver_class=driver_class)
        self.crash_file: Path | None = None
        """Where a report goes if the app ends by a fault of its own."""
        self.failure: PhotolibError | None = None
        """Why the library could not be opened; the app has ended then."""
        self._open_library = open_library
        self._picture_display = display or Display()
        self._browse = BrowseScreen(self._picture_display, index=index)
        self._theme_names: list[str] = []
        self._notes: list[str] = []
        self._shipped_themes = theme_directory
        self._own_themes = own / "themes" if own else None
        self._stamps: dict[str, int] = {}
        self._load_themes()
        self._wear_first(theme or theming.DEFAULT)
        keymap, problems = load_keymap(own / "keys.toml", _places()) if own else ({}, [])
        self.set_keymap(keymap)
        self._notes += problems

    # --- themes --------------------------------------------------------------------------------

    def _load_themes(self) -> None:
        own = [self._own_themes] if self._own_themes else []
        self._stamps = theming.stamps(own[0]) if own else {}
        try:
            shipped = self._shipped_themes or data_path("themes")
            loaded, failures = theming.load_themes(shipped, *own)
        except ConfigError as exc:
            loaded, failures = {}, [theming.ThemeFailure("themes", exc.message)]
        for theme in loaded.values():
            self.register_theme(theme)
        self._theme_names = list(loaded) or [theming.FALLBACK]
        self._notes += [f"{failure.file}: {failure.reason}" for failure in failures]

    def _wear_first(self, chosen: str) -> None:
        if chosen not in self.available_themes:
            self._notes.append(f"there is no theme {chosen}")
            chosen = theming.DEFAULT
        self.theme = chosen if chosen in self.available_themes else self._theme_names[0]

    def _follow_themes(self) -> None:
        """Wear a person's theme anew as soon as its file has changed."""
        if self._own_themes and theming.stamps(self._own_themes) != self._stamps:
            self._load_themes()
            self._tell_notes()
            self._watch_theme(self.theme)

    def _tell_notes(self) -> None:
        if self._notes:
            text = printable("; ".join(self._notes))
            self._notes = []
            self.notify(text, title="Themes and keys", severity="warning", timeout=8, markup=False)

    def action_next_theme(self) -> None:
        """Put on the next of photolib's themes."""
        names = self._theme_names
        at = names.index(self.theme) if self.theme in names else -1
        self.wear(names[(at + 1) % len(names)])

    def wear(self, name: str) -> None:
        """Put on a theme and say its name."""
        self.theme = name
        self.notify(name, title="Theme", timeout=2, markup=False)

    # --- opening -------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        return self._browse

    def on_mount(self) -> None:
        self._tell_notes()
        if self._own_themes:
            self.set_interval(_FOLLOW_THEMES, self._follow_themes)
        # The first frame goes out before anything of the library is imported.
        self.call_after_refresh(self._open)

    @work(thread=True, exit_on_error=False, group="library")
    def _open(self) -> None:
        self.post_message(LibraryOpened(self._open_library()))

    @on(LibraryOpened)
    def _hand_over(self, event: LibraryOpened) -> None:
        self._browse.post_message(LibraryOpened(event.library))

    @on(WorkFailed)
    def _tell_error(self, event: WorkFailed) -> None:
        """One line for what a user can understand, a dialog for what is a bug."""
        error = event.error
        if event.group == "library" and isinstance(error, PhotolibError):
            self.failure = error
            self.exit(return_code=1)
        elif isinstance(error, PhotolibError):
            text = " ".join(printable(part) for part in (error.message, error.hint) if part)
            self.notify(text, severity="error", timeout=8, markup=False)
        else:
            lines = "".join(traceback.format_exception(error)).splitlines()
            details = "\n".join(printable(line) for line in lines)
            self.push_screen(Failure("photolib did not expect this", details))

    def keys_of(self, binding: Binding) -> list[str]:
        """The keys that a binding has now, as they are shown."""
        changed = self._keymap.get(binding.id or "", binding.key)
        singles = Binding.make_bindings([replace(binding, key=changed)])
        return [self.get_key_display(single) for single in singles]

    def _handle_exception(self, error: Exception) -> None:
        """Leave a report for people to send before Textual restores the terminal and ends."""
        if self.crash_file is not None and self._exception is None:
            with suppress(OSError):
                self.crash_file.write_text(crash_report(error), "utf-8")
                said = f"photolib ended by a fault of its own. Please send {self.crash_file}."
                self._exit_renderables.append(said)
        super()._handle_exception(error)

    # --- help and commands ---------------------------------------------------------------------

    def action_help(self) -> None:
        if not isinstance(self.screen, Help):
            self.push_screen(Help(key_tables(self)))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action that the screen allows now, and every theme."""
        seen = set()
        for active in screen.active_bindings.values():
            node, binding = active.node, active.binding
            if binding.description and binding.action not in seen and active.enabled:
                seen.add(binding.action)
                keys = self.get_key_display(binding)
                run = partial(self.run_action, binding.action, default_namespace=node)
                yield SystemCommand(binding.description, f"Key: {keys}", run)
        if isinstance(screen, KeyedScreen):
            for key, menu in screen.menus():
                for choice in menu.choices:
                    act = partial(screen.run_action, choice.action)
                    said = f"Keys: {key} {choice.key}"
                    yield SystemCommand(f"{menu.title}: {choice.label}", said, act)
        for name in self._theme_names:
            yield SystemCommand(f"Theme: {name}", "Colours", partial(self.wear, name))


def key_tables(app: PhotolibApp) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every key of the app by where it works, read from the bindings and the menus."""
    apart = [*ActingScreen.ACTS, *TriageScreen.TRIAGE]
    places = (
        ("Everywhere", PhotolibApp.BINDINGS),
        ("Photos, wherever they are", ActingScreen.ACTS),
        ("Browsing", [each for each in BrowseScreen.BINDINGS if each not in apart]),
        ("Albums", TriageScreen.TRIAGE),
        ("Duplicates", Duplicates.BINDINGS),
        ("Quarantine", Removals.BINDINGS),
        ("In a grid", PhotoGrid.BINDINGS),
        ("Looking at a photo", [each for each in PhotoScreen.BINDINGS if each not in apart]),
        ("Drawing a region", RegionPicture.BINDINGS),
    )
    tables = [(title, _keys(app, bindings)) for title, bindings in places]
    menus = [("g", GO), ("s", STARS)]
    strokes = [(f"{first} {each.key}", each.label) for first, menu in menus for each in menu]
    numbers = ("12 j", "a number before a key: that often; 12 G: to number 12")
    return [*tables, ("In two strokes", [*strokes, numbers])]


def _places() -> list[list[Any]]:
    """The bindings that work at the same time, place by place."""
    everywhere: list[Any] = list(PhotolibApp.BINDINGS)
    browsing = [*everywhere, *BrowseScreen.BINDINGS]
    return [
        [*browsing, *PhotoGrid.BINDINGS],
        [*everywhere, *Duplicates.BINDINGS],
        [*everywhere, *Removals.BINDINGS],
        [*everywhere, *PhotoScreen.BINDINGS],
        [*everywhere, *RegionPicture.BINDINGS],
    ]


def _keys(app: PhotolibApp, bindings: Iterable[BindingType]) -> list[tuple[str, str]]:
    pairs = []
    for binding in bindings:
        assert isinstance(binding, Binding)
        keys = app.keys_of(binding)
        pairs.append((" ".join(dict.fromkeys(keys)), binding.description))
    return pairs


def crash_report(error: BaseException) -> str:
    """What a report of a fault needs: versions, the terminal, the traceback; no names of photos."""
    facts = {
        "photolib": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "textual": version("textual"),
        "TERM": os.environ.get("TERM", ""),
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    return "\n".join([*lines, "", *traceback.format_exception(error)])


def make_app(
    library: Library,
    *,
    images: str = "blocks",
    theme: str | None = None,
    index: bool = False,
    theme_directory: Path | None = None,
    own: Path | None = None,
) -> PhotolibApp:
    """An app over an open library, which stays open when the app ends."""
    return PhotolibApp(
        lambda: library,
        display=choose_display(images),
        theme=theme,
        theme_directory=theme_directory,
        own=own,
        index=index,
    )


def run(
    settings: Settings, *, images: str | None = None, theme: str | None = None, index: bool = False
) -> None:
    """Open the library of ``settings`` on this terminal until the user leaves.

    ``images`` and ``theme`` override the settings; ``index`` starts indexing at once. Raises
    ConfigError for an unknown ``images``, and what ``Library.open`` raises.
    """
    mode = images or settings.images
    if mode not in MODES:
        raise ConfigError(f"images = {mode!r} is not known", f"Known: {', '.join(MODES)}.")
    opened: list[Library] = []

    def open_library() -> Library:
        from photolib.library import Library

        opened.append(Library.open(settings))
        return opened[0]

    app = PhotolibApp(
        open_library,
        display=choose_display(mode),
        theme=theme or settings.theme,
        own=config_path().parent,
        index=index,
    )
    app.crash_file = settings.library / "crash.txt"
    # Painting threads would otherwise keep the one that answers keys waiting for 5 ms at a time.
    sys.setswitchinterval(_SWITCH)
    try:
        app.run()
    finally:
        for library in opened:
            library.close()
    if app.failure is not None:
        raise app.failure
