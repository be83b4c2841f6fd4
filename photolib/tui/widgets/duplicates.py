"""Duplicate sets under review: the members side by side, and a queue of those to be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll, Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from photolib.errors import PhotolibError
from photolib.tui.messages import (
    DuplicatesLoaded,
    MemberLoaded,
    PlanLoaded,
    RemovalWanted,
)
from photolib.tui.pictures import decoded
from photolib.tui.screens.compare import Compare
from photolib.tui.screens.modals import Confirm
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
    """Sets on the left, members on the right. What is marked goes only after a person confirms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "Next set", show=False, id="sets.next"),
        Binding("k", "move(-1)", "Previous set", show=False, id="sets.previous"),
        Binding("left,h", "member(-1)", "Member before", show=False, id="sets.left"),
        Binding("right,l", "member(1)", "Next member", show=False, id="sets.right"),
        Binding("space", "mark", "Remove or keep", id="sets.mark"),
        Binding("p", "pick", "Keep the best", id="sets.pick"),
        Binding("P", "pick_tier", "Keep the best of this kind", show=False, id="sets.pick_tier"),
        Binding("n", "skip", "Skip", show=False, id="sets.skip"),
        Binding("N", "not_copies", "Not duplicates", show=False, id="sets.not"),
        Binding("c", "compare", "Compare", id="sets.compare"),
        Binding("X", "remove", "Remove the marked", id="sets.remove"),
    ]

    def __init__(self, display: Display, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.queue: dict[int, tuple[str, int]] = {}
        """The photos marked to be removed: path and bytes by id, in the order of marking."""
        self._display = display
        self._library: Library | None = None
        self._sets: list[DuplicateSet] = []
        self._total = 0
        self._request = 0
        self._shown: tuple[int, ...] = ()
        self._member = 0

    def compose(self) -> ComposeResult:
        yield OptionList(id="sets")
        with Vertical(id="set"):
            yield Static(id="set-title", markup=False)
            yield HorizontalScroll(id="members", can_focus=False)
            yield Static(id="queue", markup=False)

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
        sets.add_options([Option(self._set_line(each)) for each in found.sets])
        if self._sets:
            sets.highlighted = min(chosen, len(self._sets) - 1)
        else:
            await self._clear()
        self._show_queue()

    async def _clear(self) -> None:
        self._shown = ()
        await self.query_one("#members").remove_children()
        text = "No duplicates. Sets of copies appear here once photos have been indexed."
        self.query_one("#set-title", Static).update(text)

    # --- the set on show -----------------------------------------------------------------------

    @property
    def chosen(self) -> DuplicateSet | None:
        """The set on show."""
        at = self.query_one("#sets", OptionList).highlighted
        return self._sets[at] if at is not None and at < len(self._sets) else None

    @property
    def _members(self) -> list[Member]:
        return list(self.query(Member))

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
        await members.mount(*(Member(photo, photos[0], self._display) for photo in photos))
        self._member = min(1, len(photos) - 1)
        self._draw_members()
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
        for member in self._members:
            if event.key == self._shown and member.photo.photo_id == event.photo_id:
                picture = member.query_one(Picture)
                if event.picture is None:
                    picture.say("no picture")
                else:
                    picture.show(event.picture)

    def action_member(self, by: int) -> None:
        """Go to another member of the set."""
        if self._members:
            self._member = max(0, min(self._member + by, len(self._members) - 1))
            self._draw_members()
            self._members[self._member].scroll_visible(animate=False)

    def _draw_members(self) -> None:
        for at, member in enumerate(self._members):
            member.draw(here=at == self._member, going=member.photo.photo_id in self.queue)

    # --- marking -------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the member to be removed, or take the mark away."""
        members = self._members
        if not members:
            return
        photo = members[self._member].photo
        if photo.photo_id in self.queue:
            del self.queue[photo.photo_id]
        elif photo.keeper:
            said = "The keeper stays: the others are copies of it."
            self.notify(said, timeout=4, markup=False)
        else:
            self.queue[photo.photo_id] = photo.path, photo.bytes
        self._show_queue()

    def action_pick(self) -> None:
        """Mark every copy of this set but the keeper, and go on."""
        chosen = self.chosen
        if chosen is not None:
            for photo in chosen.photos:
                if not photo.keeper and not photo.reference:
                    self.queue[photo.photo_id] = photo.path, photo.bytes
            self._show_queue()
            self.action_move(1)

    def action_skip(self) -> None:
        """Mark nothing in this set, and go on."""
        chosen = self.chosen
        if chosen is not None:
            for photo in chosen.photos:
                self.queue.pop(photo.photo_id, None)
            self._show_queue()
            self.action_move(1)

    def action_pick_tier(self) -> None:
        """Mark the copies of every set of this kind, after a person has seen how many."""
        chosen = self.chosen
        if chosen is not None and self._library is not None:
            self._load_plan(self._library, chosen.tier)

    @work(thread=True, exit_on_error=False, group="plan")
    def _load_plan(self, library: Library, tier: str) -> None:
        self.post_message(PlanLoaded(library.plan(tier), tier))

    @on(PlanLoaded)
    def _confirm_plan(self, event: PlanLoaded) -> None:
        event.stop()
        items, left = event.plan.items, len(event.plan.left_out)
        size = weight(sum(item.remove.bytes for item in items))
        name = TIERS.get(event.tier, printable(event.tier))
        text = "1 copy" if len(items) == 1 else f"{len(items):,} copies"
        question = f"Mark {text} ({size}) of all sets of {name}? Their keepers stay."
        if left:
            question += f"\n{left:,} are left out: toss-ups and the like, for a person to decide."

        def mark(yes: bool | None) -> None:
            if yes:
                for item in items:
                    self.queue[item.remove.photo_id] = item.remove.path, item.remove.bytes
                self._show_queue()

        self.app.push_screen(Confirm("Keep the best of each set", question, "Mark them"), mark)

    def _show_queue(self) -> None:
        self._draw_members()
        sets = self.query_one("#sets", OptionList)
        for at, each in enumerate(self._sets[: sets.option_count]):
            if any(photo.photo_id in self.queue for photo in each.photos) or each is self.chosen:
                sets.replace_option_prompt_at_index(at, self._set_line(each))
        text = Text(no_wrap=True, overflow="ellipsis")
        if self.queue:
            size = weight(sum(size for _, size in self.queue.values()))
            names = ", ".join(name_of(path) for path, _ in list(self.queue.values())[-20:][::-1])
            text.append(f"✗ {len(self.queue):,} marked, {size}", "bold")
            text.append(f" · X removes them · {names}")
        self.query_one("#queue", Static).update(text)
        self.query_one("#queue").display = bool(self.queue)

    def action_remove(self) -> None:
        """Remove what is marked, once a person has confirmed what goes where."""
        if not self.queue:
            self.notify("Nothing is marked. Space marks a copy, p all of a set.", markup=False)
            return
        size = weight(sum(size for _, size in self.queue.values()))
        paths = [path for path, _ in self.queue.values()]
        listed = "\n".join(f"  {printable(path)}" for path in paths[:8])
        more = f"\n  and {len(paths) - 8:,} more" if len(paths) > 8 else ""
        question = (
            f"{counted(len(paths), 'file')} ({size}) go into the quarantine of their folder, a "
            f"hidden directory on the same disk. u brings them back until it is purged.\n\n"
            f"{listed}{more}"
        )

        def remove(yes: bool | None) -> None:
            if yes:
                self.queue.clear()
                self._show_queue()
                self.post_message(RemovalWanted(paths))

        self.app.push_screen(Confirm("Remove the marked copies", question, "Remove"), remove)

    def action_not_copies(self) -> None:
        """Say that the photos of this set are no copies of each other; after asking."""
        chosen, library = self.chosen, self._library
        if chosen is None or library is None:
            return
        ids = [photo.photo_id for photo in chosen.photos]
        names = ", ".join(name_of(photo.path) for photo in chosen.photos[:6])
        question = f"{names} are never offered as copies of each other again."

        def say(yes: bool | None) -> None:
            if yes:
                for photo_id in ids:
                    self.queue.pop(photo_id, None)
                self._say_not_copies(library, ids)

        self.app.push_screen(Confirm("Not duplicates", question, "They are not"), say)

    @work(thread=True, exit_on_error=False, group="duplicates")
    def _say_not_copies(self, library: Library, photo_ids: list[int]) -> None:
        library.not_duplicates(photo_ids)
        self.app.call_from_thread(self.open, library)

    def action_compare(self) -> None:
        members = self._members
        if self._library is not None and len(members) > 1:
            other = members[self._member or 1].photo
            self.app.push_screen(Compare(self._library, members[0].photo, other, self._display))

    def _set_line(self, found: DuplicateSet) -> Text:
        keeper = next((photo for photo in found.photos if photo.keeper), found.photos[0])
        marked = sum(photo.photo_id in self.queue for photo in found.photos)
        text = Text(f"✗{marked} " if marked else "", "bold", no_wrap=True)
        text.append(elided(name_of(keeper.path), 21 if marked else 24), "not bold")
        freed = sum(photo.bytes for photo in found.photos) - keeper.bytes
        return text.append(
            f"\n{len(found.photos)} x {found.tier} · {weight(freed)}", "dim not bold"
        )


class Member(Vertical):
    """One photo of a set: its picture, whether it is the keeper, why, and its facts."""

    def __init__(self, photo: DuplicatePhoto, keeper: DuplicatePhoto, display: Display) -> None:
        super().__init__(classes="-keeper" if photo.keeper else "")
        self.set_class(display.kind == "none", "-unpictured")
        self.photo = photo
        self._keeper = keeper
        self._display = display

    def compose(self) -> ComposeResult:
        yield Picture(self._display, low=True)
        yield Static(member_text(self.photo, self._keeper), classes="member-facts", markup=False)

    def draw(self, *, here: bool, going: bool) -> None:
        """Show whether a person is at it, and whether it is marked to be removed."""
        self.set_class(here, "-here")
        if self.is_mounted:
            text = member_text(self.photo, self._keeper, here=here, going=going)
            self.query_one(".member-facts", Static).update(text)


def member_text(
    photo: DuplicatePhoto, keeper: DuplicatePhoto, *, here: bool = False, going: bool = False
) -> Text:
    """What the screen says of a member; ≠ is where it differs from the keeper."""
    role = "★ KEEPER" if photo.keeper else "✗ GOES" if going else "  copy"
    text = Text(f"{role}{'  ◂' if here else ''}", "bold")
    text.append(f"\n{name_of(photo.path)}\n")

    def fact(value: str, theirs: str) -> None:
        differs = value != theirs
        text.append(f"≠{value}" if differs else value, "bold" if differs else "not bold")

    fact(f"{photo.width} x {photo.height}", f"{keeper.width} x {keeper.height}")
    text.append(" · ", "not bold")
    fact(weight(photo.bytes), weight(keeper.bytes))
    text.append(" · ", "not bold")
    fact(printable(photo.format), printable(keeper.format))
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
