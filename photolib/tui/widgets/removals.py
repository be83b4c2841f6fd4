"""The quarantine: what was removed, when, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from photolib.tui.messages import PurgeWanted, RemovalsLoaded, UndoWanted
from photolib.tui.screens.modals import Confirm
from photolib.tui.widgets.panes import Pane
from photolib.tui.words import counted, moment, weight
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from photolib.library import Library
    from photolib.library.results import Batch

PAGE = 200


class RemovalTable(DataTable[Text]):
    """The rows of batches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]


class Removals(Pane):
    """Batches of removed photos. Enter brings one back; D deletes what waits, after asking."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "restore", "Bring back", id="removals.restore"),
        Binding("D", "purge", "Delete for good", id="removals.purge"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._batches: tuple[Batch, ...] = ()
        self._request = 0

    def compose(self) -> ComposeResult:
        yield RemovalTable(id="removal-table", cursor_type="row")
        yield Static(id="removal-detail", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("Removed", "State", "Photos", "Waiting", "Batch")

    def open(self, library: Library) -> None:
        """Show the journal of a library."""
        self._request += 1
        self._load(library, self._request)

    def enter(self) -> None:
        self.query_one(DataTable).focus()

    @work(thread=True, exit_on_error=False, group="removals")
    def _load(self, library: Library, number: int) -> None:
        self.post_message(RemovalsLoaded(number, library.removals(limit=PAGE)))

    @on(RemovalsLoaded)
    def _fill(self, event: RemovalsLoaded) -> None:
        event.stop()
        if event.number != self._request:
            return
        table = self.query_one(DataTable)
        row = table.cursor_row
        self._batches = event.found.batches
        waiting = sum(batch.bytes for batch in self._batches)
        self.tell(counted(event.found.total, "removal"), f"{weight(waiting)} wait" * bool(waiting))
        table.clear()
        for batch in self._batches:
            table.add_row(*_cells(batch))
        table.move_cursor(row=min(row, max(0, len(self._batches) - 1)))
        if not self._batches:
            text = "Nothing was removed yet. What you remove waits here until you purge it."
            self.query_one("#removal-detail", Static).update(text)

    @property
    def _batch(self) -> Batch | None:
        row = self.query_one(DataTable).cursor_row
        return self._batches[row] if row < len(self._batches) else None

    @on(DataTable.RowHighlighted)
    def _detail(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        batch = self._batch
        if batch is None:
            return
        text = Text()
        for item in batch.items[:30]:
            text.append(f"{printable(item.path)}\n", "bold")
            kept = f"kept: {printable(item.kept)}" if item.kept else "the only copy"
            note = f" · {printable(item.note)}" if item.note else ""
            text.append(f"  {printable(item.state)} · {weight(item.bytes)} · {kept}{note}\n")
        self.query_one("#removal-detail", Static).update(text)

    @on(DataTable.RowSelected)
    def _chosen(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.action_restore()

    def action_restore(self) -> None:
        """Bring the photos of the batch back to where they were."""
        if self._batch is not None:
            self.post_message(UndoWanted(self._batch.batch_id))

    def action_purge(self) -> None:
        """Delete the files of the batch for good, after asking."""
        batch = self._batch
        if batch is None:
            return
        question = (
            f"The files of batch {batch.batch_id} ({counted(batch.count, 'photo')}, "
            f"{weight(batch.bytes)}) are deleted from the disk. Nothing brings them back."
        )

        def purge(yes: bool | None) -> None:
            if yes:
                self.post_message(PurgeWanted(batch.batch_id))

        self.app.push_screen(Confirm("Delete for good", question, "Delete"), purge)


def _cells(batch: Batch) -> tuple[Text, ...]:
    texts = (
        moment(batch.at),
        printable(batch.state),
        f"{batch.count:,}",
        weight(batch.bytes),
        str(batch.batch_id),
    )
    return tuple(Text(text, no_wrap=True) for text in texts)
