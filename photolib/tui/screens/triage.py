"""What a person does to albums: name, merge, split, pin, hide, fill and clear them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from photolib.tui.messages import AlbumChanged, AlbumLoaded, PhotosNamed
from photolib.tui.screens.acting import ActingScreen
from photolib.tui.screens.modals import Ask, Confirm
from photolib.tui.words import counted
from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photolib.library import Library
    from photolib.library.results import AlbumDetail
    from photolib.tui.sources import Identity


class TriageScreen(ActingScreen[None]):
    """A screen with albums to act on, one of them or the photos in one."""

    TRIAGE: ClassVar[list[BindingType]] = [
        Binding("R", "rename", "Rename album", id="album.rename"),
        Binding("M", "merge", "Merge albums", show=False, id="album.merge"),
        Binding("S", "split", "Split album", show=False, id="album.split"),
        Binding("P", "pin", "Pin album", show=False, id="album.pin"),
        Binding("C", "cover", "Make it the cover", show=False, id="album.cover"),
        Binding("n", "odd_ones", "Select what fits least", show=False, id="album.odd"),
        Binding("E", "exclude", "Take out of the album", show=False, id="album.exclude"),
        Binding("A", "put", "Put into an album", show=False, id="album.put"),
    ]

    def album_here(self) -> int | None:
        """The album that is open, or under the cursor."""
        raise NotImplementedError

    def albums_chosen(self) -> Sequence[int]:
        """The albums that are selected."""
        raise NotImplementedError

    def select(self, identities: Sequence[Identity]) -> None:
        """Select tiles of the grid, and no others."""
        raise NotImplementedError

    def album_changed(self, album: AlbumDetail | None, said: str) -> None:
        """An album is another: show it anew."""
        raise NotImplementedError

    def _change(self, said: str, act: Callable[[Library], AlbumDetail]) -> None:
        if self.library is not None:
            self._act_on_album(self.library, said, act)

    @work(thread=True, exit_on_error=False, group="acts")
    def _act_on_album(
        self, library: Library, said: str, act: Callable[[Library], AlbumDetail]
    ) -> None:
        self.post_message(AlbumChanged(act(library), said))

    @on(AlbumChanged)
    def _changed(self, event: AlbumChanged) -> None:
        event.stop()
        name = printable(event.album.name)
        self.notify(f"{event.said.format(name=name)} · u takes it back", timeout=4, markup=False)
        self.album_changed(event.album, event.said)

    # --- names ---------------------------------------------------------------------------------

    def action_rename(self) -> None:
        album_id = self.album_here()
        if album_id is not None and self.library is not None:
            self._load_album(self.library, album_id)

    @work(thread=True, exit_on_error=False, group="rename")
    def _load_album(self, library: Library, album_id: int) -> None:
        self.post_message(AlbumLoaded(library.album(album_id, limit=0)))

    @on(AlbumLoaded)
    def _ask_name(self, event: AlbumLoaded) -> None:
        event.stop()
        album = event.album

        def rename(answer: str | None) -> None:
            if answer is not None:
                said = "The album is called {name} now"
                self._change(said, lambda library: library.rename_album(album.album_id, answer))

        offers = [printable(name) for name in album.suggestions if name != album.name]
        question = Ask("Rename the album", value=printable(album.name), offers=offers[:6])
        self.app.push_screen(question, rename)

    # --- which albums there are ----------------------------------------------------------------

    def action_merge(self) -> None:
        """Put the selected albums into the one under the cursor."""
        into = self.album_here()
        others = [each for each in self.albums_chosen() if each != into]
        if into is None or not others:
            said = "Select albums with Space, then press M on the one they go into."
            self.notify(said, timeout=5, markup=False)
            return
        said = "Merged " + counted(len(others), "album") + " into {name}"
        self._change(said, lambda library: library.merge_albums(into, others))

    def action_split(self) -> None:
        """Part the selected photos from the album; without a selection, show the smaller half."""
        album_id = self.album_here()
        if album_id is None or self.library is None:
            return
        chosen = self._chosen_photos()
        if not chosen:
            self._find(self.library, album_id, "half")
            return
        question = f"{counted(len(chosen), 'photo')} become an album of their own."

        def split(yes: bool | None) -> None:
            if yes:
                said = "Parted {name}"
                self._change(said, lambda library: library.split_album(album_id, chosen))

        self.app.push_screen(Confirm("Split the album", question, "Split"), split)

    def action_odd_ones(self) -> None:
        """Select the photos that fit the others of the album least."""
        album_id = self.album_here()
        if album_id is not None and self.library is not None:
            self._find(self.library, album_id, "odd")

    @work(thread=True, exit_on_error=False, group="acts")
    def _find(self, library: Library, album_id: int, what: str) -> None:
        if what == "half":
            self.post_message(PhotosNamed(what, library.album_half(album_id)))
        else:
            self.post_message(PhotosNamed(what, library.odd_ones(album_id)[:12]))

    @on(PhotosNamed)
    def _select_named(self, event: PhotosNamed) -> None:
        event.stop()
        self.select([("photo", photo_id) for photo_id in event.photo_ids])
        what = {
            "half": "The smaller half is selected. S parts it, Escape leaves it.",
            "odd": "What fits least is selected. E takes it out, Escape leaves it.",
        }[event.what]
        self.notify(what if event.photo_ids else "There is nothing to part.", markup=False)

    def action_pin(self) -> None:
        album_id = self.album_here()
        if album_id is not None:

            def turn(library: Library) -> AlbumDetail:
                return library.pin_album(album_id, not library.album(album_id, limit=0).pinned)

            self._change("Pinned, or no longer: {name}", turn)

    def hide_albums(self) -> None:
        """Take the album off the lists."""
        album_id = self.album_here()
        if album_id is not None:
            self._change("Hidden: {name}", lambda library: library.hide_album(album_id))

    def action_cover(self) -> None:
        album_id, targets = self.album_here(), self.targets()
        if album_id is not None and targets:
            said = "It is the cover of {name} now"
            self._change(said, lambda library: library.cover_album(album_id, targets[0]))

    # --- what is in them -----------------------------------------------------------------------

    def _chosen_photos(self) -> list[int]:
        targets = list(self.targets())
        return targets if len(targets) > 1 else []

    def action_exclude(self) -> None:
        """Say that the photos do not belong in the album."""
        album_id, targets = self.album_here(), list(self.targets())
        if album_id is not None and targets:
            said = f"Took {counted(len(targets), 'photo')} out of " + "{name}"
            self._change(said, lambda library: library.exclude_from_album(album_id, targets))

    def action_put(self) -> None:
        """Put the photos into an album of a person's own, which is made if it is new."""
        targets = list(self.targets())
        if not targets:
            return

        def put(name: str | None) -> None:
            if name:
                said = f"Put {counted(len(targets), 'photo')} into " + "{name}"
                self._change(said, lambda library: put_into(library, name, targets))

        question = f"Put {counted(len(targets), 'photo')} into which album of yours?"
        self.app.push_screen(Ask(question, example="For the wall"), put)


def put_into(library: Library, name: str, photo_ids: Sequence[int]) -> AlbumDetail:
    """Put photos into the album of a person's own with this name; make it where there is none."""
    for album in library.albums("user").albums:
        if album.name.casefold() == name.casefold():
            return library.move_to_album(album.album_id, photo_ids)
    return library.create_album(name, photo_ids)
