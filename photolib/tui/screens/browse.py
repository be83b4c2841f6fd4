"""The main screen: where to go on the left, what is there on the right, search above both."""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Center, Horizontal, Middle, Vertical
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Input, Label, OptionList, Static
from textual.worker import get_current_worker

from photolib.errors import FolderError, NotFound, QueryError, UsageError
from photolib.tui.messages import (
    AlbumRenamed,
    CursorMoved,
    DataChanged,
    DuplicatesLoaded,
    FolderAdded,
    FolderRefused,
    FoldersLoaded,
    GridShown,
    JobFinished,
    JobProgressed,
    LibraryOpened,
    OverviewLoaded,
    ProblemsLoaded,
    SceneChosen,
    TileChosen,
    WorkFailed,
)
from photolib.tui.screens.modals import Ask
from photolib.tui.screens.photo import PhotoScreen, like
from photolib.tui.sources import ALL_ALBUMS, ALL_PHOTOS, Scene, source_for
from photolib.tui.widgets.duplicates import Duplicates
from photolib.tui.widgets.grid import PhotoGrid
from photolib.tui.widgets.lines import Heading, JobBar, StatusLine
from photolib.tui.widgets.sidebar import Sidebar
from photolib.tui.widgets.tables import Folders, Problems
from photolib.tui.words import counted, elided, month, name_of, weight
from photolib.tui.work import Pace, Worked
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from photolib.library import Library
    from photolib.library.results import IndexReport, Status
    from photolib.tui.pictures import Display

FOLLOW = 1.5
"""Seconds between two looks at whether the catalogue has changed."""
_SEARCH_AGAIN = 10.0
"""Seconds a result stays as it is while the catalogue changes: a search costs more than a count."""
_HISTORY = 50
_SCENES = (
    ALL_PHOTOS,
    ALL_ALBUMS,
    Scene("unsorted", "Unsorted"),
    Scene("duplicates", "Duplicates"),
    Scene("folders", "Folders"),
    Scene("problems", "Problems"),
)
_EMPTY = {
    "photos": "No photos yet.\nPress I to index the folders, or a to add a folder.",
    "unsorted": "Nothing is unsorted.",
    "folder": "No photos in this folder yet.\nPress I to index it.",
    "album": "This album is empty.",
    "albums": "No albums yet.\nThey are made when photos are indexed: press I.",
    "search": "Nothing found.",
    "similar": "Nothing like it.",
}
LOOK_ONLY = "look only: meaning-search needs `photolib models fetch`"


class Welcome(Middle):
    """What to do in a library without folders."""

    def compose(self) -> ComposeResult:
        with Center(), Vertical(id="welcome-panel"):
            yield Label("Welcome to photolib", classes="dialog-title", markup=False)
            yield Static(
                "Add a folder of photos to begin. photolib reads it and never writes to your "
                "originals; everything it learns stays on this machine.\n\nType a path and press "
                "Enter. Indexing starts at once, and photos appear as they are read.",
                markup=False,
            )
            yield Input(placeholder="~/Pictures", id="welcome-path", compact=True)
            yield Static(id="welcome-refusal", markup=False)


class BrowseScreen(Worked, Screen[None]):
    """Owns what is on show, the way back, and the job that runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("m", "like_this", "More like this"),
        Binding("escape", "back", "Back", show=False),
        Binding("o", "flip", "Other order", show=False),
        Binding("e", "everything", "Unlikely hits too"),
        Binding("R", "rename", "Rename album"),
        Binding("a", "add_folder", "Add folder", show=False),
        Binding("r", "retry", "Retry"),
        Binding("I,ctrl+r", "index", "Index"),
        Binding("ctrl+x", "stop", "Stop indexing"),
        Binding("b", "sidebar", "Sidebar", show=False),
        Binding("1", "go(0)", "All photos", show=False),
        Binding("2", "go(1)", "Albums", show=False),
        Binding("3", "go(2)", "Unsorted", show=False),
        Binding("4", "go(3)", "Duplicates", show=False),
        Binding("5", "go(4)", "Folders", show=False),
        Binding("6", "go(5)", "Problems", show=False),
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
        self._status: Status | None = None
        self._overview_request = 0
        self._version: int | None = None
        self._follower = ThreadPoolExecutor(1, "photolib-follow")
        self._searched_at = 0.0
        self._total = 0
        self._has_tile = False
        self._pace = Pace()
        self._job_running = False
        self._job_problems = 0

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Label("photolib", id="brand", markup=False)
            yield Input(
                placeholder="/ to search: two dogs on a beach -snow after:2022",
                id="search",
                compact=True,
            )
        with Horizontal(id="body"):
            yield Sidebar(id="sidebar")
            with Vertical(id="main"):
                yield Heading(id="heading")
                with ContentSwitcher(initial="grid", id="content"):
                    yield PhotoGrid(self._display, id="grid")
                    yield Duplicates(self._display, id="duplicates")
                    yield Problems(id="problems")
                    yield Folders(id="folders")
                    yield Welcome(id="welcome")
        yield JobBar(id="job")
        yield StatusLine(id="status")
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
    def _grid(self) -> PhotoGrid:
        return self.query_one("#grid", PhotoGrid)

    # --- opening and following -----------------------------------------------------------------

    @on(LibraryOpened)
    def begin(self, event: LibraryOpened) -> None:
        """Show the library, and follow what this and other processes do to it."""
        event.stop()
        self._library = event.library
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
            self._open_list(self._library)

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
        self._show_other_job(event.status)
        self._welcome(not event.status.folders)
        if first and self._index_at_once and event.status.folders:
            self.action_index()

    def _show_other_job(self, status: Status) -> None:
        others = [lease for lease in status.leases if lease.pid != os.getpid()]
        if others and not self._job_running:
            names = ", ".join(printable(lease.name) for lease in others)
            bar = self.query_one(JobBar)
            bar.display = True
            bar.update(f"Another photolib is at work here: {names} (process {others[0].pid})")
        elif not self._job_running:
            self.query_one(JobBar).hide()

    def _welcome(self, needed: bool) -> None:
        switcher = self.query_one("#content", ContentSwitcher)
        if needed and switcher.current != "welcome":
            switcher.current = "welcome"
            self.query_one(Heading).show("No folders yet", "")
            self.query_one("#welcome-path").focus()
        elif not needed and switcher.current == "welcome":
            self._show(self._scene)

    # --- scenes --------------------------------------------------------------------------------

    def _show(self, scene: Scene, index: int = 0) -> None:
        library = self._library
        if library is None:
            return
        self._scene = scene
        self._total = 0
        self.query_one(Sidebar).follow(scene)
        self.query_one("#search", Input).value = scene.text if scene.kind == "search" else ""
        self.query_one(StatusLine).expect_why(scene.searched)
        self.query_one(StatusLine).show(None)
        self._set_heading()
        switcher = self.query_one("#content", ContentSwitcher)
        if scene.gridded:
            switcher.current = "grid"
            waiting = "Searching…" if scene.searched else ""
            self._searched_at = time.monotonic()
            source = source_for(library, scene)
            self._grid.open(source, library.thumbnail, index=index, waiting=waiting)
            self._grid.focus()
        else:
            switcher.current = scene.kind
            self._open_list(library)
            self._focus_list()
        self.refresh_bindings()

    def _open_list(self, library: Library) -> None:
        match self._scene.kind:
            case "duplicates":
                self.query_one(Duplicates).open(library)
            case "problems":
                self.query_one(Problems).open(library)
            case "folders":
                self.query_one(Folders).open(library)

    def _focus_list(self) -> None:
        focusable: dict[str, Widget] = {
            "duplicates": self.query_one("#sets", OptionList),
            "problems": self.query_one("#problem-table"),
            "folders": self.query_one("#folder-table"),
        }
        focusable[self._scene.kind].focus()

    def _go_to(self, scene: Scene) -> None:
        if scene == self._scene:
            self._refocus()
            return
        self._history.append((self._scene, self._grid.cursor if self._scene.gridded else 0))
        del self._history[:-_HISTORY]
        self._show(scene)

    def _refocus(self) -> None:
        if self._scene.gridded:
            self._grid.focus()
        else:
            self._focus_list()

    def _showing(self, pane: str) -> bool:
        """Whether a pane is seen: an answer may come when a person has gone elsewhere."""
        return self.query_one("#content", ContentSwitcher).current == pane

    def _set_heading(self, notice: str = "", total: str = "") -> None:
        title = self._scene.title
        if self._scene.flipped:
            title += " · by date" if self._scene.searched else " · oldest first"
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

    @on(DuplicatesLoaded)
    def _show_duplicates_total(self, event: DuplicatesLoaded) -> None:
        if not self._showing("duplicates"):
            return
        freed = weight(event.found.reclaimable_bytes)
        total = counted(event.found.total, "set")
        self._set_heading(f"copies take {freed}" if event.found.total else "", total)

    @on(ProblemsLoaded)
    def _show_problems_total(self, event: ProblemsLoaded) -> None:
        if self._showing("problems"):
            self._set_heading("", f"{event.found.total:,} listed")

    @on(FoldersLoaded)
    def _show_folders_total(self, event: FoldersLoaded) -> None:
        if self._showing("folders"):
            self._set_heading("", f"{len(event.folders):,} watched")

    @on(CursorMoved)
    def _describe(self, event: CursorMoved) -> None:
        if not self._showing("grid"):
            return
        self.query_one(StatusLine).show(event.tile)
        place = f"{event.index + 1:,} of {self._total:,}" if self._total else ""
        when = month(event.tile.taken_at) if event.tile else ""
        self.query_one(Heading).place(" · ".join(part for part in (when, place) if part))
        if (event.tile is None) == self._has_tile:
            # Drawing the footer again is too slow for every step of the cursor.
            self._has_tile = event.tile is not None
            self.refresh_bindings()

    @on(TileChosen)
    def _open_tile(self, event: TileChosen) -> None:
        tile = event.tile
        if tile.album_id is not None:
            name = tile.detail.split(" · ")[0]
            self._go_to(Scene("album", name, number=tile.album_id))
        elif self._library is not None and self._grid.deck is not None:
            stages = self._status.stages.values() if self._status else ()
            hurry = self._job_running or any(stage.pending for stage in stages)
            screen = PhotoScreen(
                self._library, self._grid.deck, event.index, self._display, hurry=hurry
            )
            self.app.push_screen(screen, self._return_from_photo)

    def _return_from_photo(self, result: Scene | int | None) -> None:
        if isinstance(result, Scene):
            self._go_to(result)
        elif result is not None:
            self._grid.cursor = result

    def action_back(self) -> None:
        if self.focused is self.query_one("#search"):
            shown = self._scene.text if self._scene.kind == "search" else ""
            self.query_one("#search", Input).value = shown
            self._refocus()
        elif self._history:
            self._show(*self._history.pop())
        elif self._job_running:
            self.notify("ctrl+x stops indexing.", timeout=3, markup=False)

    def action_go(self, position: int) -> None:
        self._go_to(_SCENES[position])

    def action_sidebar(self) -> None:
        """Narrow screens hide the sidebar until asked, wide ones show it until told not to."""
        self.toggle_class("-other-sidebar")
        sidebar = self.query_one(Sidebar)
        if sidebar.display and self.has_class("-narrow"):
            sidebar.focus()
        else:
            self._refocus()

    def action_flip(self) -> None:
        self._show(replace(self._scene, flipped=not self._scene.flipped))

    def action_everything(self) -> None:
        self._show(replace(self._scene, everything=not self._scene.everything))

    # --- searching -----------------------------------------------------------------------------

    def action_search(self) -> None:
        self.query_one("#search", Input).focus()

    @on(Input.Submitted, "#search")
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        query = event.value.strip()
        if query:
            self._go_to(Scene("search", f"Search: {query}", text=query))
        else:
            self._refocus()

    @on(WorkFailed)
    def _point_at_error(self, event: WorkFailed) -> None:
        if event.group == "jobs":
            self._end_job()
        if event.group != "open" or not self._scene.searched:
            return
        if isinstance(event.error, QueryError):
            event.stop()
            place = f" (character {event.error.position + 1})"
            self._grid.message(printable(event.error.message) + place + f"\n{event.error.hint}")
            search = self.query_one("#search", Input)
            search.focus()
            search.cursor_position = event.error.position
        elif isinstance(event.error, UsageError):
            event.stop()
            self._grid.message(printable(event.error.message) + f"\n{event.error.hint}")

    def action_like_this(self) -> None:
        if self._grid.tile is not None:
            self._go_to(like(self._grid.tile))

    # --- albums and folders --------------------------------------------------------------------

    def action_rename(self) -> None:
        tile = self._grid.tile
        album_id, name = self._scene.number, self._scene.title
        if self._scene.kind == "albums" and tile is not None:
            album_id, name = tile.album_id, tile.detail.split(" · ")[0]
        if album_id is None:
            return

        def rename(answer: str | None) -> None:
            if answer is not None and self._library is not None:
                self._rename(self._library, album_id, answer)

        self.app.push_screen(Ask("Rename the album", value=name), rename)

    @work(thread=True, exit_on_error=False, group="rename")
    def _rename(self, library: Library, album_id: int, name: str) -> None:
        self.post_message(AlbumRenamed(library.rename_album(album_id, name)))

    @on(AlbumRenamed)
    def _show_new_name(self, event: AlbumRenamed) -> None:
        name = printable(event.album.name)
        if self._scene.kind == "album" and self._scene.number == event.album.album_id:
            self._scene = replace(self._scene, title=name)
            self._set_heading("", counted(self._total, "photo"))
        else:
            self._grid.reload()
        self._load_overview()

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
            self.query_one("#welcome-refusal", Static).update(text)
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
        if self._library is not None and not self._job_running:
            self._job_running, self._job_problems, self._pace = True, 0, Pace()
            self.refresh_bindings()
            self._run_index(self._library)

    def action_retry(self) -> None:
        if self._library is not None:
            self._retry(self._library)

    @work(thread=True, exit_on_error=False, group="retry")
    def _retry(self, library: Library) -> None:
        library.retry_problems()
        self.app.call_from_thread(self.action_index)

    def action_stop(self) -> None:
        self.workers.cancel_group(self, "jobs")
        self.query_one(JobBar).update("Stopping: what has been read so far is kept…")

    @work(thread=True, exit_on_error=False, group="jobs")
    def _run_index(self, library: Library) -> None:
        worker = get_current_worker()
        job = library.index()
        report: IndexReport | None = None
        problems = 0
        with closing(job):
            while not worker.is_cancelled:
                try:
                    progress = next(job)
                except StopIteration as stop:
                    report = stop.value
                    break
                problems += progress.problem is not None
                self.post_message(JobProgressed(progress))
        self.post_message(JobFinished(report, problems))

    @on(JobProgressed)
    def _show_progress(self, event: JobProgressed) -> None:
        self._job_problems += event.progress.problem is not None
        if self._job_running:
            self._pace.note(event.progress, time.monotonic())
            self.query_one(JobBar).show(event.progress, self._pace, self._job_problems)

    @on(JobFinished)
    def _report(self, event: JobFinished) -> None:
        self._end_job()
        self.notify(job_summary(event.report), timeout=6, markup=False)
        self._load_overview()
        self._searched_at = 0.0
        self._refresh_scene()

    def _end_job(self) -> None:
        self._job_running = False
        self.query_one(JobBar).hide()
        self.refresh_bindings()

    # --- which keys make sense -----------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        scene = self._scene
        if self._library is None:
            return action in ("sidebar",)
        match action:
            case "like_this":
                return scene.gridded and scene.kind != "albums" and self._has_tile
            case "flip":
                return scene.flippable
            case "everything":
                return scene.kind == "search"
            case "rename":
                return scene.kind == "album" or (scene.kind == "albums" and self._has_tile)
            case "retry":
                return scene.kind == "problems" and not self._job_running
            case "index":
                return not self._job_running
            case "stop":
                return self._job_running
        return True


def job_summary(report: IndexReport | None) -> str:
    """How an index job ended, as one sentence."""
    if report is None:
        return "Indexing stopped. What had been read is kept; I goes on from there."
    outcomes = {
        "new": report.added + report.copied,
        "changed": report.changed,
        "moved": report.moved,
        "missing": report.missing,
        "failed": report.failed,
    }
    told = [f"{number:,} {name}" for name, number in outcomes.items() if number]
    summary = ", ".join(told) or "nothing has changed"
    offline = ", ".join(name_of(path) for path in report.offline)
    return f"Indexed: {summary}." + (f" Offline: {offline}." if offline else "")
