"""Where one can go: photos, albums by kind, duplicates, folders, problems, each with its count."""

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
from photolib.tui.sources import ALL_ALBUMS, ALL_PHOTOS, KIND_NAMES, Scene
from photolib.tui.words import elided, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.library.results import Album, Status

WIDTH = 22
"""Cells of text in a line."""


@dataclass(frozen=True, slots=True)
class _Entry:
    scene: Scene
    label: str
    count: str
    key: str = ""
    indent: int = 0


class Sidebar(OptionList):
    """The list of scenes. Choosing one posts ``SceneChosen``."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._scenes: dict[str, Scene] = {}

    def show(self, status: Status, albums: Sequence[Album], unsorted: int) -> None:
        """Fill in the counts; the highlight stays where it is."""
        entries = list(_entries(status, albums, unsorted))
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
        self.post_message(SceneChosen(self._scenes[event.option_id]))


def _id(scene: Scene) -> str:
    return f"{scene.kind}:{scene.text if scene.number is None else scene.number}"


def _entries(status: Status, albums: Sequence[Album], unsorted: int) -> Iterator[_Entry]:
    yield _Entry(ALL_PHOTOS, "All photos", f"{status.by_state.get('present', 0):,}", "1")
    yield _Entry(ALL_ALBUMS, "Albums", f"{len(albums):,}", "2")
    sizes = Counter(album.kind for album in albums)
    for kind, name in KIND_NAMES.items():
        if sizes[kind]:
            scene = Scene("albums", name, text=kind)
            yield _Entry(scene, name, f"{sizes[kind]:,}", indent=1)
    yield _Entry(Scene("unsorted", "Unsorted"), "Unsorted", f"{unsorted:,}", "3")
    sets = Scene("duplicates", "Duplicates")
    yield _Entry(sets, "Duplicates", f"{status.duplicate_sets:,}", "4")
    yield _Entry(Scene("folders", "Folders"), "Folders", f"{len(status.folders):,}", "5")
    for folder in status.folders:
        scene = Scene("folder", name_of(folder.path), number=folder.folder_id)
        offline = folder.state != "online"
        count = "offline" if offline else f"{folder.photos:,}"
        yield _Entry(scene, f"{'○' if offline else '●'} {name_of(folder.path)}", count, indent=1)
    problems = f"{status.problems:,}"
    yield _Entry(Scene("problems", "Problems"), "Problems", problems, "6")


def _line(entry: _Entry) -> Text:
    key = f"{entry.key:1} " + "  " * entry.indent
    label = elided(entry.label, WIDTH - len(key) - len(entry.count) - 1)
    gap = WIDTH - len(key) - cell_len(label) - len(entry.count)
    return Text.assemble((key, "dim"), label, " " * gap, (entry.count, "dim"), no_wrap=True)
