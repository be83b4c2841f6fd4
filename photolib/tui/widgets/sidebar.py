"""Where one can go: photos, albums, duplicates, folders, problems and subjects, with counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from photolib.tui.messages import SceneChosen
from photolib.tui.sources import ALL_ALBUMS, ALL_PHOTOS, KIND_NAMES, Scene, labelled
from photolib.tui.words import elided, name_of
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.library.results import Album, Status

WIDTH = 22
"""Cells of text in a line."""
_FEW = 8
"""Labels that are listed until a person asks for all of them."""
_SUBJECTS = "subjects"
"""The id of the line that opens and closes the list of labels."""


@dataclass(frozen=True, slots=True)
class _Entry:
    scene: Scene | None
    label: str
    count: str
    key: str = ""
    indent: int = 0


class Sidebar(OptionList):
    """The list of scenes. Choosing one posts ``SceneChosen``."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._scenes: dict[str, Scene | None] = {}
        self._places: list[_Entry] = []
        self._labels: Sequence[tuple[str, int]] = ()
        self._all_subjects = False

    def show(
        self,
        status: Status,
        albums: Sequence[Album],
        unsorted: int,
        labels: Sequence[tuple[str, int]],
    ) -> None:
        """Fill in the counts; the highlight stays where it is."""
        self._places = list(_entries(status, albums, unsorted))
        self._labels = labels
        self._fill()

    def _fill(self) -> None:
        entries = [*self._places, *_subjects(self._labels, self._all_subjects)]
        options = [Option(_line(entry), id=_id(entry.scene)) for entry in entries]
        if [option.id for option in options] == list(self._scenes):
            for option in options:
                assert option.id is not None
                self.replace_option_prompt(option.id, option.prompt)
            return
        chosen = self.highlighted_option.id if self.highlighted_option else None
        self._scenes = {_id(entry.scene): entry.scene for entry in entries}
        self.clear_options().add_options(options)
        self.highlighted = list(self._scenes).index(chosen) if chosen in self._scenes else 0

    def follow(self, scene: Scene) -> None:
        """Highlight the entry that shows ``scene``, or the one it belongs to."""
        wanted = _id(ALL_ALBUMS) if scene.kind == "album" else _id(scene)
        names = list(self._scenes)
        self.highlighted = names.index(wanted) if wanted in names else None

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        assert event.option_id is not None
        scene = self._scenes[event.option_id]
        if scene is not None:
            self.post_message(SceneChosen(scene))
        else:
            self._all_subjects = not self._all_subjects
            self._fill()


def _id(scene: Scene | None) -> str:
    if scene is None:
        return _SUBJECTS
    return f"{scene.kind}:{scene.text if scene.number is None else scene.number}"


def _entries(status: Status, albums: Sequence[Album], unsorted: int) -> Iterator[_Entry]:
    yield _Entry(ALL_PHOTOS, "All photos", f"{status.by_state.get('present', 0):,}", "gp")
    yield _Entry(Scene("favourites", "Favourites"), "Favourites", "", "gf")
    yield _Entry(ALL_ALBUMS, "Albums", f"{len(albums):,}", "ga")
    sizes = Counter(album.kind for album in albums)
    for kind, name in KIND_NAMES.items():
        if sizes[kind]:
            scene = Scene("albums", name, text=kind)
            yield _Entry(scene, name, f"{sizes[kind]:,}", indent=1)
    yield _Entry(Scene("unsorted", "Unsorted"), "Unsorted", f"{unsorted:,}", "gu")
    sets = Scene("duplicates", "Duplicates")
    yield _Entry(sets, "Duplicates", f"{status.duplicate_sets:,}", "gd")
    waiting = Scene("removals", "Quarantine")
    yield _Entry(waiting, "Quarantine", f"{status.quarantine.files:,}", "gq")
    yield _Entry(Scene("folders", "Folders"), "Folders", f"{len(status.folders):,}", "gl")
    for folder in status.folders:
        scene = Scene("folder", name_of(folder.path), number=folder.folder_id)
        offline = folder.state != "online"
        count = "offline" if offline else f"{folder.photos:,}"
        yield _Entry(scene, f"{'○' if offline else '●'} {name_of(folder.path)}", count, indent=1)
    problems = f"{status.problems:,}"
    yield _Entry(Scene("problems", "Problems"), "Problems", problems, "gx")


def _subjects(labels: Sequence[tuple[str, int]], everything: bool) -> Iterator[_Entry]:
    """The labels of what is in the pictures; a line above them shows few or all."""
    if not labels:
        return
    more = len(labels) > _FEW
    mark = ("▾" if everything else "▸") if more else ""
    yield _Entry(None, "Labels", f"{len(labels):,}", mark)
    for label, photos in labels if everything else labels[:_FEW]:
        yield _Entry(labelled(label), printable(label), f"{photos:,}", indent=1)


def _line(entry: _Entry) -> Text:
    key = f"{entry.key:2} " + "  " * entry.indent
    label = elided(entry.label, WIDTH - len(key) - len(entry.count) - 1)
    gap = WIDTH - len(key) - cell_len(label) - len(entry.count)
    return Text.assemble((key, "dim"), label, " " * gap, (entry.count, "dim"), no_wrap=True)
