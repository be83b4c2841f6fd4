"""Problems and folders, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from photolib.tui.messages import FoldersLoaded, ProblemsLoaded, SceneChosen
from photolib.tui.sources import Scene
from photolib.tui.widgets.panes import Pane
from photolib.tui.words import counted, elided, moment, name_of
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from photolib.library import Library
    from photolib.library.results import FileProblem, FolderStatus, Skipped

PAGE = 500
_CURSOR_KEYS: list[BindingType] = [
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
    Binding("g", "scroll_top", "First", show=False),
    Binding("G", "scroll_bottom", "Last", show=False),
]


class ProblemTable(DataTable[Text]):
    """The rows of problems."""

    BINDINGS: ClassVar[list[BindingType]] = _CURSOR_KEYS


class Problems(Pane):
    """Files that could not be read or were skipped: the reason, and what to do."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._library: Library | None = None
        self._rows: list[FileProblem | Skipped] = []
        self._next: int | None = 0
        self._request = 0

    def compose(self) -> ComposeResult:
        yield ProblemTable(id="problem-table", cursor_type="row", zebra_stripes=False)
        yield Static(id="problem-detail", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("File", "Reason", "What to do")

    def open(self, library: Library) -> None:
        """Show the problems of a library."""
        self._library = library
        self._request += 1
        self._load(library, self._request, 0)

    def enter(self) -> None:
        self.query_one(DataTable).focus()

    @work(thread=True, exit_on_error=False, group="problems")
    def _load(self, library: Library, number: int, offset: int) -> None:
        found = library.problems(limit=PAGE, offset=offset)
        self.post_message(ProblemsLoaded(number, found, offset))

    @on(ProblemsLoaded)
    def _fill(self, event: ProblemsLoaded) -> None:
        if event.number != self._request:
            event.stop()
            return
        table, found = self.query_one(DataTable), event.found
        self.tell(f"{found.total:,} listed")
        row = table.cursor_row
        if event.offset == 0:
            self._rows = []
            table.clear()
        rows: list[FileProblem | Skipped] = [*found.problems, *found.skipped]
        self._rows += rows
        self._next = found.next_offset
        for each in rows:
            table.add_row(*_problem_cells(each))
        if event.offset == 0:
            table.move_cursor(row=min(row, max(0, len(self._rows) - 1)))
        if not self._rows:
            text = "No problems: every file that was seen is a photo, a part of one, or skipped."
            self.query_one("#problem-detail", Static).update(text)

    @on(DataTable.RowHighlighted)
    def _detail(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if event.cursor_row >= len(self._rows):
            return
        self.query_one("#problem-detail", Static).update(
            _problem_text(self._rows[event.cursor_row])
        )
        if event.cursor_row >= len(self._rows) - 50 and self._next and self._library:
            offset, self._next = self._next, None
            self._load(self._library, self._request, offset)


def _problem_cells(row: FileProblem | Skipped) -> tuple[Text, Text, Text]:
    remedy = getattr(row, "remedy", "skipped: nothing to do")
    texts = (name_of(row.path), printable(row.reason), printable(remedy))
    widths = (26, 32, 30)
    name, reason, what = (
        Text(elided(text, width), no_wrap=True) for text, width in zip(texts, widths, strict=True)
    )
    return name, reason, what


def _problem_text(row: FileProblem | Skipped) -> Text:
    text = Text(printable(row.path), "bold").append(f"\n{printable(row.reason)}", "not bold")
    remedy, attempts = getattr(row, "remedy", ""), getattr(row, "attempts", 0)
    if remedy:
        text.append(f"\n{printable(remedy)}", "not bold")
    if attempts:
        last = moment(getattr(row, "last_at", ""))
        text.append(f"\ntried {counted(attempts, 'time')}, last {last}", "not bold dim")
    return text


class FolderTable(DataTable[Text]):
    """The rows of folders."""

    BINDINGS: ClassVar[list[BindingType]] = _CURSOR_KEYS


class Folders(Pane):
    """The watched folders and whether they are online. Enter shows a folder's photos."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._folders: list[FolderStatus] = []

    def compose(self) -> ComposeResult:
        yield FolderTable(id="folder-table", cursor_type="row")
        yield Static("a adds a folder · Enter shows its photos", id="folder-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("Folder", "State", "Photos", "Last scan", "")

    def open(self, library: Library) -> None:
        """Show the folders of a library."""
        self._load(library)

    def enter(self) -> None:
        self.query_one(DataTable).focus()

    @work(thread=True, exit_on_error=False, group="folders")
    def _load(self, library: Library) -> None:
        self.post_message(FoldersLoaded(library.folders()))

    @on(FoldersLoaded)
    def _fill(self, event: FoldersLoaded) -> None:
        table = self.query_one(DataTable)
        row = table.cursor_row
        self._folders = event.folders
        self.tell(f"{len(event.folders):,} watched")
        table.clear()
        for folder in event.folders:
            table.add_row(*_folder_cells(folder))
        table.move_cursor(row=min(row, max(0, len(self._folders) - 1)))

    @on(DataTable.RowSelected)
    def _choose(self, event: DataTable.RowSelected) -> None:
        event.stop()
        folder = self._folders[event.cursor_row]
        name = name_of(folder.path)
        self.post_message(SceneChosen(Scene("folder", name, number=folder.folder_id)))


def _folder_cells(folder: FolderStatus) -> tuple[Text, ...]:
    online = folder.state == "online"
    kinds = [name for name in ("reference", "poll") if getattr(folder, name)]
    texts = (
        printable(folder.path),
        "● online" if online else f"○ {printable(folder.state)}",
        f"{folder.photos:,}",
        moment(folder.last_scan) if folder.last_scan else "never",
        ", ".join(kinds),
    )
    return tuple(Text(text, no_wrap=True) for text in texts)
