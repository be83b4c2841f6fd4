"""Duplicate sets: the list of them, and the members of one side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll, Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from photolib.errors import PhotolibError
from photolib.tui.messages import DuplicatesLoaded, MemberLoaded
from photolib.tui.pictures import decoded
from photolib.tui.widgets.panes import Pane
from photolib.tui.widgets.picture import Picture
from photolib.tui.words import counted, elided, name_of, weight
from photolib.wire import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from photolib.library import Library
    from photolib.library.results import DuplicatePhoto, DuplicateSet
    from photolib.tui.pictures import Display

PAGE = 200
MEMBERS = 12
"""Members of one set that are shown; a larger set says how many more there are."""
TIERS = {
    "bytes": "identical files",
    "payload": "same picture data",
    "pixels": "same pixels",
    "near": "same picture, altered",
}


class Duplicates(Pane):
    """Reading only: which sets there are, which member is the keeper, and why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "Next set", show=False),
        Binding("k", "move(-1)", "Previous set", show=False),
    ]

    def __init__(self, display: Display, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._display = display
        self._library: Library | None = None
        self._sets: list[DuplicateSet] = []
        self._total = 0
        self._request = 0
        self._shown: tuple[int, ...] = ()

    def compose(self) -> ComposeResult:
        yield OptionList(id="sets")
        with Vertical(id="set"):
            yield Static(id="set-title", markup=False)
            yield HorizontalScroll(id="members", can_focus=False)

    def open(self, library: Library) -> None:
        """Show the sets of a library; the highlighted one stays."""
        self._library = library
        self._request += 1
        self._load(library, self._request, 0, max(PAGE, len(self._sets)))

    def enter(self) -> None:
        self.query_one(OptionList).focus()

    @work(thread=True, exit_on_error=False, group="duplicates")
    def _load(self, library: Library, number: int, offset: int, limit: int) -> None:
        found = library.duplicates(limit=limit, offset=offset)
        self.post_message(DuplicatesLoaded(number, found, offset))

    @on(DuplicatesLoaded)
    async def _fill(self, event: DuplicatesLoaded) -> None:
        if event.number != self._request:
            event.stop()
            return
        found, sets = event.found, self.query_one("#sets", OptionList)
        chosen = sets.highlighted or 0
        self._total = found.total
        freed = f"copies take {weight(found.reclaimable_bytes)}" if found.total else ""
        self.tell(counted(found.total, "set"), freed)
        if event.offset == 0:
            self._sets = list(found.sets)
            sets.clear_options()
        else:
            self._sets.extend(found.sets)
        sets.add_options([Option(_set_line(each)) for each in found.sets])
        if self._sets:
            sets.highlighted = min(chosen, len(self._sets) - 1)
        else:
            await self._clear()

    async def _clear(self) -> None:
        self._shown = ()
        await self.query_one("#members").remove_children()
        text = "No duplicates. Sets of copies appear here once photos have been indexed."
        self.query_one("#set-title", Static).update(text)

    def action_move(self, by: int) -> None:
        sets = self.query_one("#sets", OptionList)
        if self._sets:
            sets.highlighted = max(0, min((sets.highlighted or 0) + by, len(self._sets) - 1))

    @on(OptionList.OptionHighlighted)
    async def _show(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        index = event.option_index
        if index >= len(self._sets):
            return
        await self._show_set(self._sets[index])
        if index >= len(self._sets) - 20 and len(self._sets) < self._total and self._library:
            self._load(self._library, self._request, len(self._sets), PAGE)

    async def _show_set(self, chosen: DuplicateSet) -> None:
        title = Text.assemble(
            (f"{len(chosen.photos)} copies", "bold"),
            f" · {TIERS.get(chosen.tier, printable(chosen.tier))}",
            " · close call: look twice" if chosen.tie else "",
            no_wrap=True,
        )
        if len(chosen.photos) > MEMBERS:
            title.append(f" · the first {MEMBERS} are shown", "dim")
        title.overflow = "ellipsis"
        self.query_one("#set-title", Static).update(title)
        photos = sorted(chosen.photos, key=lambda photo: not photo.keeper)[:MEMBERS]
        key = (chosen.set_id, *(photo.photo_id for photo in photos))
        if key == self._shown:
            return
        self._shown = key
        members = self.query_one("#members", HorizontalScroll)
        await members.remove_children()
        await members.mount(*(Member(photo, self._display) for photo in photos))
        self._load_pictures(tuple(photo.photo_id for photo in photos), key)

    @work(thread=True, exit_on_error=False, group="members")
    def _load_pictures(self, photo_ids: tuple[int, ...], key: tuple[int, ...]) -> None:
        for photo_id in photo_ids:
            if key != self._shown or self._library is None:
                return
            try:
                jpeg = self._library.thumbnail(photo_id)
                picture = decoded(jpeg) if jpeg else None
            except (PhotolibError, OSError):
                picture = None
            self.post_message(MemberLoaded(key, photo_id, picture))

    @on(MemberLoaded)
    def _show_picture(self, event: MemberLoaded) -> None:
        event.stop()
        for member in self.query(Member):
            if event.key == self._shown and member.photo.photo_id == event.photo_id:
                picture = member.query_one(Picture)
                if event.picture is None:
                    picture.say("no picture")
                else:
                    picture.show(event.picture)


class Member(Vertical):
    """One photo of a set: its picture, whether it is the keeper, why, and its facts."""

    def __init__(self, photo: DuplicatePhoto, display: Display) -> None:
        super().__init__(classes="-keeper" if photo.keeper else "")
        self.set_class(display.kind == "none", "-unpictured")
        self.photo = photo
        self._display = display

    def compose(self) -> ComposeResult:
        yield Picture(self._display, low=True)
        yield Static(member_text(self.photo), classes="member-facts", markup=False)


def member_text(photo: DuplicatePhoto) -> Text:
    """What the screen says of a member."""
    text = Text("★ KEEPER" if photo.keeper else "  copy", "bold")
    text.append(f"\n{name_of(photo.path)}\n")
    text.append(f"{photo.width} x {photo.height} · {weight(photo.bytes)} · ", "not bold")
    text.append(printable(photo.format), "not bold")
    if photo.reason:
        text.append(f"\n{printable(photo.reason)}", "not bold italic")
    for evidence in photo.evidence:
        score = "" if evidence.score is None else f" {evidence.score:.2f}"
        relation = (evidence.relation or evidence.tier).replace("-", " ")
        text.append(f"\n{printable(relation)}{score}", "not bold dim")
    if photo.reference:
        text.append("\nin a reference folder", "not bold dim")
    if photo.parts:
        text.append(f"\nwith {counted(photo.parts, 'part')}", "not bold dim")
    text.append(f"\n{printable(photo.path)}", "not bold dim")
    return text


def _set_line(found: DuplicateSet) -> Text:
    keeper = next((photo for photo in found.photos if photo.keeper), found.photos[0])
    text = Text(elided(name_of(keeper.path), 24), no_wrap=True)
    freed = sum(photo.bytes for photo in found.photos) - keeper.bytes
    return text.append(f"\n{len(found.photos)} x {found.tier} · {weight(freed)}", "dim")
