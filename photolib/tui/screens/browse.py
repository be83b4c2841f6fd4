"""The main screen: where to go on the left, what is there on the right, search above both."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher, Footer, Input, Label, Static

from photolib.errors import FolderError, NotFound, QueryError, UsageError
from photolib.tui.messages import (
    CursorMoved,
    DataChanged,
    FolderAdded,
    FolderRefused,
    GridShown,
    JobFinished,
    LibraryOpened,
    OverviewLoaded,
    PaneShown,
    PurgeWanted,
    RemovalWanted,
    SceneChosen,
    SelectionChanged,
    TileChosen,
    UndoWanted,
    WorkFailed,
)
from photolib.tui.screens.acting import ActingScreen
from photolib.tui.screens.keyed import Choice, KeyStrip, Menu
from photolib.tui.screens.modals import Ask
from photolib.tui.screens.photo import PhotoScreen, like
from photolib.tui.screens.triage import TriageScreen
from photolib.tui.sources import ALL_ALBUMS, ALL_PHOTOS, Scene, source_for
from photolib.tui.widgets.duplicates import Duplicates
from photolib.tui.widgets.grid import PhotoGrid
from photolib.tui.widgets.jobs import JobBar
from photolib.tui.widgets.lines import Heading, StatusLine
from photolib.tui.widgets.panes import Pane
from photolib.tui.widgets.removals import Removals
from photolib.tui.widgets.search import (
    Completions,
    Offered,
    QueryEntered,
    QueryTyped,
    SearchLine,
)
from photolib.tui.widgets.sidebar import Sidebar
from photolib.tui.widgets.tables import Folders, Problems
from photolib.tui.widgets.welcome import Welcome
from photolib.tui.words import JOB_SUMMARIES, counted, elided, month
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from photolib.jobs import Job
    from photolib.library import Library
    from photolib.library.results import ActionDone, AlbumDetail, Status
    from photolib.tui.pictures import Display
    from photolib.tui.sources import Identity


FOLLOW = 1.5
"""Seconds between two looks at whether the catalogue has changed."""
_SEARCH_AGAIN = 10.0
"""Seconds a result stays as it is while the catalogue changes: a search costs more than a count."""
_HISTORY = 50
PLACES = {
    "p": ALL_PHOTOS,
    "f": Scene("favourites", "Favourites"),
    "a": ALL_ALBUMS,
    "u": Scene("unsorted", "Unsorted"),
    "d": Scene("duplicates", "Duplicates"),
    "q": Scene("removals", "Quarantine"),
    "l": Scene("folders", "Folders"),
    "x": Scene("problems", "Problems"),
    "h": Scene("hidden", "Hidden photos"),
}
"""Where ``g`` and a second key lead."""
GO = (
    Choice("g", "the first", "go('g')"),
    *(Choice(key, scene.title, f"go({key!r})") for key, scene in PLACES.items()),
)
_EMPTY = {
    "photos": "No photos yet.\nPress I to index the folders, or a to add a folder.",
    "unsorted": "Nothing is unsorted.",
    "favourites": "No favourites yet.\nPress f on a photo to make it one.",
    "hidden": "Nothing is hidden.\nx hides a photo everywhere but here.",
    "folder": "No photos in this folder yet.\nPress I to index it.",
    "album": "This album is empty.",
    "albums": "No albums yet.\nThey are made when photos are indexed: press I.",
    "search": "Nothing found.",
    "similar": "Nothing like it.",
}
LOOK_ONLY = "look only: meaning-search needs `photolib models fetch`"


class BrowseScreen(TriageScreen):
    """Owns what is on show, and the way back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="browse.search"),
        Binding("g", "menu('go')", "Go to", id="browse.go"),
        Binding("m", "like_this", "More like this", id="browse.like"),
        Binding("escape", "back", "Back", show=False, id="browse.back"),
        Binding("o", "menu('order')", "Order", show=False, id="browse.order"),
        Binding("e", "everything", "Unlikely hits too", id="browse.everything"),
        Binding("a", "add_folder", "Add folder", show=False, id="browse.add"),
        Binding("r", "retry", "Retry", id="browse.retry"),
        Binding("I", "index", "Index", id="browse.index"),
        Binding("ctrl+z", "pause", "Pause or go on", id="browse.pause"),
        Binding("ctrl+x", "stop", "Stop the job", id="browse.stop"),
        Binding("b", "sidebar", "Sidebar", show=False, id="browse.sidebar"),
        *TriageScreen.TRIAGE,
        *ActingScreen.ACTS,
    ]
    # Textual declares both as attributes of the instance, so ClassVar would not type-check.
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012

    def __init__(self, display: Display, *, index: bool = False) -> None:
        super().__init__()
        self._display = display
        self._library: Library | None = None
        self._index_at_once = index
        self._scene = ALL_PHOTOS
        self._history: list[tuple[Scene, int]] = []
        self._typing_from: tuple[Scene, int] | None = None
        """What was on show before a person began to type a search."""
        self._status: Status | None = None
        self._overview_request = 0
        self._version: int | None = None
        self._follower = ThreadPoolExecutor(1, "photolib-follow")
        self._searched_at = 0.0
        self._total = 0
        self._has_tile = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Label("photolib", id="brand", markup=False)
            yield SearchLine(id="search")
        with Horizontal(id="body"):
            yield Sidebar(id="sidebar")
            with Vertical(id="main"):
                yield Heading(id="heading")
                with ContentSwitcher(initial="grid", id="content"):
                    yield PhotoGrid(self._display, id="grid")
                    yield Duplicates(self._display, id="duplicates")
                    yield Removals(id="removals")
                    yield Problems(id="problems")
                    yield Folders(id="folders")
                    yield Welcome(id="welcome")
        yield Completions(id="completions")
        yield JobBar(id="job")
        yield StatusLine(id="status")
        yield KeyStrip()
        yield Footer(compact=True, show_command_palette=False)
        yield Static(
            "photolib needs at least 60 columns\nand 20 rows: please enlarge the window.",
            id="too-small",
            markup=False,
        )

    def on_mount(self) -> None:
        self.query_one(Heading).show("Opening the library…", "")
        self.query_one(StatusLine).expect_why(False)
        self._grid.focus()

    def on_unmount(self) -> None:
        self._follower.shutdown(wait=False, cancel_futures=True)

    @property
    def library(self) -> Library | None:
        return self._library

    @property
    def _grid(self) -> PhotoGrid:
        return self.query_one("#grid", PhotoGrid)

    @property
    def _jobs(self) -> JobBar:
        return self.query_one(JobBar)

    @property
    def _line(self) -> SearchLine:
        return self.query_one(SearchLine)

    # --- opening and following -----------------------------------------------------------------

    @on(LibraryOpened)
    def begin(self, event: LibraryOpened) -> None:
        """Show the library, and follow what this and other processes do to it."""
        event.stop()
        self._library = self._line.library = event.library
        self._follow()
        self.set_interval(FOLLOW, self._follow)

    @work(exclusive=True, exit_on_error=False, group="follow")
    async def _follow(self) -> None:
        # SQLite counts the commits of others per connection, so one thread asks every time.
        if self._library is not None:
            loop = asyncio.get_running_loop()
            version = await loop.run_in_executor(self._follower, self._library.data_version)
            if version != self._version:
                self.post_message(DataChanged(version))

    @on(DataChanged)
    def _refresh_everything(self, event: DataChanged) -> None:
        # The version is known before anything is read, so that no change after it can be missed.
        first, self._version = self._version is None, event.version
        if first:
            self._show(ALL_PHOTOS)
        else:
            self._refresh_scene()
        self._load_overview()

    def _refresh_scene(self) -> None:
        if self._scene.searched:
            if time.monotonic() - self._searched_at < _SEARCH_AGAIN:
                return
            self._searched_at = time.monotonic()
        if self._scene.gridded:
            self._grid.reload()
        elif self._library is not None:
            self._pane.open(self._library)

    def _load_overview(self) -> None:
        if self._library is not None:
            self._overview_request += 1
            self._overview(self._library, self._overview_request)

    @work(thread=True, exit_on_error=False, group="overview")
    def _overview(self, library: Library, number: int) -> None:
        if number == self._overview_request:
            albums = library.albums()
            self.post_message(
                OverviewLoaded(
                    number, library.status(), albums.albums, albums.unsorted, library.labels()
                )
            )

    @on(OverviewLoaded)
    def _show_overview(self, event: OverviewLoaded) -> None:
        if event.number != self._overview_request:
            return
        first, self._status = self._status is None, event.status
        sidebar = self.query_one(Sidebar)
        sidebar.show(event.status, event.albums, event.unsorted, event.labels)
        if first:
            sidebar.follow(self._scene)
        encoder = printable(event.status.models.encoder or "")
        short = elided(encoder, 20) or "look only"
        self.query_one(StatusLine).model(encoder or LOOK_ONLY, short)
        self._jobs.others(event.status, os.getpid())
        self._welcome(not event.status.folders)
        if first and self._index_at_once and event.status.folders:
            self.action_index()

    def _welcome(self, needed: bool) -> None:
        switcher = self.query_one("#content", ContentSwitcher)
        if needed and switcher.current != "welcome":
            switcher.current = "welcome"
            self.query_one(Heading).show("No folders yet", "")
            self.query_one(Welcome).begin()
        elif not needed and switcher.current == "welcome":
            self._show(self._scene)

    # --- scenes --------------------------------------------------------------------------------

    def _show(self, scene: Scene, index: int = 0, *, focus: bool = True) -> None:
        library = self._library
        if library is None:
            return
        self._scene = scene
        self._total = 0
        self.query_one(Sidebar).follow(scene)
        if focus:
            self._line.fill(scene.text if scene.kind == "search" else "")
        self.query_one(StatusLine).expect_why(scene.searched)
        self.query_one(StatusLine).show(None)
        self._set_heading()
        self.query_one("#content", ContentSwitcher).current = self._pane_name
        if scene.gridded:
            waiting = "Searching…" if scene.searched else ""
            self._searched_at = time.monotonic()
            self._grid.open(
                source_for(library, scene), library.thumbnail, index=index, waiting=waiting
            )
        else:
            self._pane.open(library)
        if focus:
            self._refocus()
        self.refresh_bindings()

    @property
    def _pane_name(self) -> str:
        return "grid" if self._scene.gridded else self._scene.kind

    @property
    def _pane(self) -> Pane:
        """What shows a scene that is no grid."""
        return self.query_one(f"#{self._scene.kind}", Pane)

    def _go_to(self, scene: Scene) -> None:
        if scene == self._scene:
            self._refocus()
            return
        self._remember_place(self._scene, self._grid.cursor if self._scene.gridded else 0)
        self._show(scene)

    def _remember_place(self, scene: Scene, cursor: int) -> None:
        self._history.append((scene, cursor))
        del self._history[:-_HISTORY]

    def _refocus(self) -> None:
        self.query_one(Completions).rest()
        if self._scene.gridded:
            self._grid.focus()
        else:
            self._pane.enter()

    def _showing(self, pane: str) -> bool:
        """Whether a pane is seen: an answer may come when a person has gone elsewhere."""
        return self.query_one("#content", ContentSwitcher).current == pane

    def _set_heading(self, notice: str = "", total: str = "") -> None:
        title = self._scene.title
        if self._scene.order:
            title += f" · {self._scene.orders[self._scene.order]}"
        if self._scene.everything:
            title += " · unlikely ones too"
        self.query_one(Heading).show(title, total, notice)
        self.query_one(Heading).place("")

    @on(SceneChosen)
    def _change_scene(self, event: SceneChosen) -> None:
        if self.has_class("-narrow"):
            self.remove_class("-other-sidebar")
        self._go_to(event.scene)

    @on(GridShown)
    def _show_total(self, event: GridShown) -> None:
        self._total = event.total
        if not self._showing("grid"):
            return
        noun = {"albums": "album", "search": "hit", "similar": "hit"}.get(self._scene.kind, "photo")
        self._set_heading(event.notice, counted(event.total, noun))
        if not event.total:
            message = _EMPTY.get(self._scene.kind, "")
            if self._scene.kind == "search" and not self._scene.everything:
                message += "\nPress e to see the unlikely ones too."
            self._grid.message(message)

    @on(PaneShown)
    def _show_pane_total(self, event: PaneShown) -> None:
        if self._showing(event.pane):
            self._set_heading(event.notice, event.total)

    @on(CursorMoved)
    def _describe(self, event: CursorMoved) -> None:
        if not self._showing("grid"):
            return
        self.query_one(StatusLine).show(event.tile)
        place = f"{event.index + 1:,} of {self._total:,}" if self._total else ""
        when = month(event.tile.taken_at) if event.tile else ""
        selected = len(self._grid.selection)
        parts = (f"{selected:,} selected" if selected else "", when, place)
        self.query_one(Heading).place(" · ".join(part for part in parts if part))
        if (event.tile is None) == self._has_tile:
            # Drawing the footer again is too slow for every step of the cursor.
            self._has_tile = event.tile is not None
            self.refresh_bindings()

    @on(SelectionChanged)
    def _show_selection(self, event: SelectionChanged) -> None:
        self._describe(CursorMoved(self._grid.cursor, self._grid.tile))

    @on(TileChosen)
    def _open_tile(self, event: TileChosen) -> None:
        tile = event.tile
        if tile.album_id is not None:
            name = tile.detail.split(" · ")[0]
            self._go_to(Scene("album", name, number=tile.album_id))
        elif self._library is not None and self._grid.deck is not None:
            stages = self._status.stages.values() if self._status else ()
            hurry = self._jobs.running or any(stage.pending for stage in stages)
            screen = PhotoScreen(
                self._library, self._grid.deck, event.index, self._display, hurry=hurry
            )
            self.app.push_screen(screen, self._return_from_photo)

    def _return_from_photo(self, result: Scene | int | None) -> None:
        if isinstance(result, Scene):
            self._go_to(result)
        elif result is not None:
            self._grid.cursor = result
        self._grid.reload()

    def action_back(self) -> None:
        if self.focused is self._line:
            self._leave_line()
        elif self._grid.display and self._grid.clear_selection():
            return
        elif self._history:
            self._show(*self._history.pop())
        elif self._jobs.running:
            self.notify("ctrl+x stops the job.", timeout=3, markup=False)

    def action_go(self, key: str) -> None:
        if key == "g":
            self._grid.action_first()
        else:
            self._go_to(PLACES[key])

    def action_sidebar(self) -> None:
        """Narrow screens hide the sidebar until asked, wide ones show it until told not to."""
        self.toggle_class("-other-sidebar")
        sidebar = self.query_one(Sidebar)
        if sidebar.display and self.has_class("-narrow"):
            sidebar.focus()
        else:
            self._refocus()

    def action_everything(self) -> None:
        self._show(replace(self._scene, everything=not self._scene.everything))

    def action_order(self, name: str) -> None:
        self._show(replace(self._scene, order=name))

    def menu(self, name: str) -> Menu:
        if name == "go":
            return Menu("Go to", GO)
        if name == "order":
            orders = self._scene.orders.items()
            keys = {"name": "f"}  # n is for newest
            return Menu(
                "Order",
                [Choice(keys.get(key, key[0]), say, f"order({key!r})") for key, say in orders],
            )
        return super().menu(name)

    # --- searching -----------------------------------------------------------------------------

    def action_search(self) -> None:
        if self._typing_from is None:
            self._typing_from = self._scene, self._grid.cursor if self._scene.gridded else 0
        self._line.focus()

    @on(QueryTyped)
    def _search_while_typing(self, event: QueryTyped) -> None:
        if self._typing_from is not None:
            self._show(Scene("search", f"Search: {event.text}", text=event.text), focus=False)

    @on(QueryEntered)
    def _search(self, event: QueryEntered) -> None:
        began, self._typing_from = self._typing_from, None
        if not event.text:
            self._typing_from = began
            self._leave_line()
            return
        if began is not None and began[0].text != event.text:
            self._remember_place(*began)
        scene = Scene("search", f"Search: {event.text}", text=event.text)
        if scene != self._scene:
            self._show(scene)
        else:
            self._refocus()

    def _leave_line(self) -> None:
        """Give up typing: what was on show before comes back."""
        began, self._typing_from = self._typing_from, None
        if began is not None and began[0] != self._scene:
            self._show(*began)
        else:
            self._line.fill(self._scene.text if self._scene.kind == "search" else "")
            self._refocus()

    @on(Offered)
    def _offer(self, event: Offered) -> None:
        if self.focused is self._line:
            self.query_one(Completions).offer(event)

    @on(WorkFailed)
    def _point_at_error(self, event: WorkFailed) -> None:
        if event.group != "open" or not self._scene.searched:
            return
        typing = self.focused is self._line
        if isinstance(event.error, QueryError):
            event.stop()
            place = f" (character {event.error.position + 1})"
            self._grid.message(printable(event.error.message) + place + f"\n{event.error.hint}")
            if not typing:
                self.action_search()
                self._line.cursor_position = event.error.position
        elif isinstance(event.error, UsageError):
            event.stop()
            self._grid.message(printable(event.error.message) + f"\n{event.error.hint}")

    def action_like_this(self) -> None:
        if self._grid.tile is not None:
            self._go_to(like(self._grid.tile))

    # --- acting on photos ----------------------------------------------------------------------

    def targets(self) -> Sequence[int]:
        if not self._scene.gridded:
            return []
        chosen = [number for kind, number in self._grid.selection if kind == "photo" and number]
        tile = self._grid.tile
        here = tile is not None and tile.album_id is None and tile.photo_id is not None
        return chosen or ([tile.photo_id] if tile and here and tile.photo_id else [])

    def target_path(self) -> str | None:
        tile = self._grid.tile if self._scene.gridded else None
        return tile.path if tile and tile.path else None

    def acted(self, result: ActionDone) -> None:
        self._refresh_scene()
        self._load_overview()

    # --- removing ------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take back the last act; among removed photos, the last removal."""
        if self._scene.kind in ("duplicates", "removals"):
            self._run("undo", lambda library: library.undo())
        else:
            super().action_undo()

    @on(RemovalWanted)
    def _remove(self, event: RemovalWanted) -> None:
        self._run("remove", lambda library: library.remove_paths(event.paths))

    @on(UndoWanted)
    def _restore(self, event: UndoWanted) -> None:
        self._run("undo", lambda library: library.undo(event.batch_id))

    @on(PurgeWanted)
    def _purge(self, event: PurgeWanted) -> None:
        self._run("purge", lambda library: library.purge(0, batch_id=event.batch_id))

    def _run(self, name: str, make: Callable[[Library], Job[Any]]) -> None:
        """Start a job, or say that another has to end first."""
        library = self._library
        if library is None:
            return
        if self._jobs.start(name, lambda: make(library)):
            self.refresh_bindings()
        else:
            said = "Another job runs: wait for its end, or stop it with ctrl+x."
            self.notify(said, severity="warning", timeout=5, markup=False)

    # --- albums and folders --------------------------------------------------------------------

    def album_here(self) -> int | None:
        if self._scene.kind == "album":
            return self._scene.number
        tile = self._grid.tile if self._scene.kind == "albums" else None
        return tile.album_id if tile else None

    def albums_chosen(self) -> Sequence[int]:
        return [number for kind, number in self._grid.selection if kind == "album" and number]

    def select(self, identities: Sequence[Identity]) -> None:
        self._grid.clear_selection()
        self._grid.add_selected(identities)

    def album_changed(self, album: AlbumDetail | None, said: str) -> None:
        self._grid.clear_selection()
        if album is not None and self._scene.number == album.album_id:
            self._scene = replace(self._scene, title=printable(album.name))
        self._refresh_scene()
        self._load_overview()

    def action_hide(self) -> None:
        """Hide the album, or the photos."""
        if self._scene.kind == "albums":
            self.hide_albums()
        else:
            super().action_hide()

    def action_add_folder(self) -> None:
        question = Ask("Which folder shall photolib watch?", example="~/Pictures")
        self.app.push_screen(question, self._add_if_given)

    def _add_if_given(self, path: str | None) -> None:
        if path and self._library is not None:
            self._add_folder(self._library, path)

    @on(Input.Submitted, "#welcome-path")
    def _add_first_folder(self, event: Input.Submitted) -> None:
        event.stop()
        self._add_if_given(event.value.strip())

    @work(thread=True, exit_on_error=False, group="add")
    def _add_folder(self, library: Library, path: str) -> None:
        whole = os.path.abspath(os.path.expanduser(path))
        try:
            self.post_message(FolderAdded(library.add_folder(whole)))
        except (FolderError, NotFound, UsageError) as exc:
            self.post_message(FolderRefused(exc.message, exc.hint))

    @on(FolderRefused)
    def _say_refused(self, event: FolderRefused) -> None:
        text = " ".join(printable(part) for part in (event.reason, event.hint) if part)
        if self._showing("welcome"):
            self.query_one(Welcome).refuse(text)
        else:
            self.notify(text, title="Not added", severity="error", timeout=8, markup=False)

    @on(FolderAdded)
    def _begin_with_folder(self, event: FolderAdded) -> None:
        self.notify(f"Watching {printable(event.folder.path)}.", timeout=4, markup=False)
        self._load_overview()
        self._refresh_scene()
        self.action_index()

    # --- jobs ----------------------------------------------------------------------------------

    def action_index(self) -> None:
        self._run("index", lambda library: library.index())

    def action_retry(self) -> None:
        if self._library is not None:
            self._retry(self._library)

    @work(thread=True, exit_on_error=False, group="retry")
    def _retry(self, library: Library) -> None:
        library.retry_problems()
        self.app.call_from_thread(self.action_index)

    def action_pause(self) -> None:
        self._jobs.pause()
        self.refresh_bindings()

    def action_stop(self) -> None:
        self._jobs.stop()

    @on(JobFinished)
    def _report(self, event: JobFinished) -> None:
        self.notify(JOB_SUMMARIES[event.name](event.report), timeout=8, markup=False)
        self.refresh_bindings()
        self._load_overview()
        self._searched_at = 0.0
        self._refresh_scene()

    # --- which keys make sense -----------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        scene = self._scene
        if self._library is None:
            return action in ("sidebar",)
        match action:
            case "like_this":
                return scene.gridded and scene.kind != "albums" and self._has_tile
            case "menu":
                return self._has_menu(str(parameters[0]))
            case "everything":
                return scene.kind == "search"
            case "rename" | "pin" | "split" | "odd_ones":
                return scene.kind == "album" or (scene.kind == "albums" and self._has_tile)
            case "merge":
                return scene.kind == "albums" and self._has_tile
            case "exclude" | "cover":
                return scene.kind == "album" and self._has_tile
            case "retry":
                return scene.kind == "problems" and not self._jobs.running
            case "index":
                return not self._jobs.running
            case "stop" | "pause":
                return self._jobs.running
        return True

    def _has_menu(self, name: str) -> bool:
        if name == "order":
            return bool(self._scene.orders)
        return name == "go" or bool(self.targets())
