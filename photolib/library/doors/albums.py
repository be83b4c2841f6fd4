"""Albums: what was grouped, and what a person says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import actions, albums, highlights, projection, runs, themes
from photolib.library.albums import Deciding
from photolib.library.core import Core
from photolib.library.regroup import Regroup, Wishes
from photolib.library.vectors import vectors_of_photos

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from photolib.catalogue import ModelRow
    from photolib.jobs import Job
    from photolib.library.results import (
        ActionDone,
        ActionList,
        Album,
        AlbumDetail,
        AlbumList,
        HighlightList,
        Highlights,
        PhotoMap,
        RegroupReport,
        RunList,
        Sweep,
    )


class AlbumDoor(Core):
    """Albums: what was grouped, and what a person says of it.

    Every change holds through all later groupings, and ``undo_action`` takes it back.
    """

    def albums(self, kind: str | None = None, *, limit: int = -1, offset: int = 0) -> AlbumList:
        """Albums, the largest first, each followed by those in it, and the run they come from."""
        return albums.page(self._catalogue, kind, limit, offset)

    def hidden_albums(self) -> list[Album]:
        """The albums that ``hide_album`` took off the lists."""
        return albums.hidden(self._catalogue)

    def album(self, album_id: int, *, limit: int = 100, offset: int = 0) -> AlbumDetail:
        """One album with a page of its photos; NotFound."""
        return albums.detail(self._catalogue, album_id, limit, offset)

    def rename_album(self, album_id: int, name: str) -> AlbumDetail:
        """Name an album; no later grouping changes the name. NotFound, UsageError."""
        albums.rename(self._catalogue, album_id, name)
        return self.album(album_id)

    def pin_album(self, album_id: int, pinned: bool = True) -> AlbumDetail:
        """Put an album first in every list, or take that back; NotFound."""
        albums.mark(self._catalogue, album_id, pinned=pinned)
        return self.album(album_id)

    def hide_album(self, album_id: int, hidden: bool = True) -> AlbumDetail:
        """Take an album off the lists, or put it back; its photos stay. NotFound."""
        albums.mark(self._catalogue, album_id, hidden=hidden)
        return self.album(album_id)

    def cover_album(self, album_id: int, photo_id: int) -> AlbumDetail:
        """Let one of its photos stand for an album. NotFound, UsageError."""
        albums.set_cover(self._catalogue, album_id, photo_id)
        return self.album(album_id)

    def merge_albums(self, album_id: int, others: Sequence[int]) -> AlbumDetail:
        """Put all of some albums into another of their kind. NotFound, UsageError."""
        self._deciding().merge(album_id, others)
        return self.album(album_id)

    def split_album(self, album_id: int, photo_ids: Sequence[int] = ()) -> AlbumDetail:
        """Part photos (else the smaller half) from an album; the new one. NotFound, UsageError."""
        return self.album(self._deciding().split(album_id, photo_ids))

    def album_half(self, album_id: int) -> list[int]:
        """The photos that ``split_album`` would part from an album; NotFound."""
        return self._deciding().half(album_id)

    def odd_ones(self, album_id: int) -> list[int]:
        """The photos of an album that fit the others least, the oddest first; NotFound."""
        return self._deciding().odd_ones(album_id)

    def album_highlights(self, album_id: int, count: int = 6) -> Highlights:
        """The few photos that tell most of an album; NotFound."""
        return highlights.of_album(self._catalogue, self._vectors_of, album_id, count)

    def years(self, count: int = 6) -> HighlightList:
        """The few photos that tell most of each year, the last year first."""
        return highlights.of_years(self._catalogue, self._vectors_of, count)

    def on_this_day(self, count: int = 6, day: date | None = None) -> HighlightList:
        """The few photos that tell most of this day (today) in each year before."""
        return highlights.on_this_day(self._catalogue, self._vectors_of, count, day)

    def move_to_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumDetail:
        """Put photos into an album, out of any other of its kind. NotFound, UsageError."""
        self._deciding().move(album_id, photo_ids)
        return self.album(album_id)

    def exclude_from_album(self, album_id: int, photo_ids: Sequence[int]) -> AlbumDetail:
        """Say that photos do not belong in an album. NotFound, UsageError."""
        self._deciding().exclude(album_id, photo_ids)
        return self.album(album_id)

    def create_album(self, name: str, photo_ids: Sequence[int] = ()) -> AlbumDetail:
        """A new album of a person's own. NotFound, UsageError."""
        return self.album(self._deciding().create(name, photo_ids))

    # --- taking back ---------------------------------------------------------------------------

    def undo_action(self, action_id: int | None = None) -> ActionDone:
        """Take back an act (the last one, unless its id is given).

        Raises NotFound, and UsageError when something else has changed the same since.
        """
        return self._deciding().undo(action_id)

    def redo_action(self) -> ActionDone:
        """Do again what was undone last; NotFound, UsageError."""
        return self._deciding().redo()

    def actions(self, limit: int = 20) -> ActionList:
        """The newest acts, those taken back included."""
        return actions.newest(self._catalogue, limit)

    # --- grouping ------------------------------------------------------------------------------

    def regroup(self, wishes: Wishes | None = None, *, wait: float = 600.0) -> Job[RegroupReport]:
        """Group the photos anew: in full, as a preview, or with chosen parameters.

        A method that is asked for stays in use. Waits while another process indexes, then raises
        LeaseHeld; UsageError for a method and NotFound for a run that do not exist.
        """
        wishes = wishes or Wishes()
        with self._catalogue.leases.hold("ingest", wait=wait) as lease:
            report = yield from self._regrouping().run(lease, wishes)
            if wishes.method and not wishes.preview:
                self._catalogue.set_setting(themes.METHOD, wishes.method)
        return report

    def map(self, method: str = "umap") -> PhotoMap:
        """Every photo's place on the stored map, or (``places``) where it was taken.

        Empty until ``draw_map`` has run.
        """
        return projection.read(self._catalogue, method)

    def draw_map(
        self, method: str = "umap", *, anew: bool = False, wait: float = 600.0
    ) -> Job[int]:
        """Bring a map up to date (umap or tsne); returns how many photos it shows.

        Waits while another process draws, then raises LeaseHeld; UsageError for another method.
        """
        model, kind = self._grouped_by()
        with self._catalogue.leases.hold("map", wait=wait) as lease:
            return (
                yield from projection.update(
                    self._catalogue, self._indexes, model, kind, lease, method, anew=anew
                )
            )

    def sweep(self) -> Sweep:
        """Clusters, noise, silhouette and purity against eps and min_samples."""
        return runs.sweep(self._catalogue, self._indexes, *self._grouped_by())

    def grouping_runs(self) -> RunList:
        """The stored grouping runs, compared with the current one."""
        return runs.compare(self._catalogue)

    def _grouped_by(self) -> tuple[ModelRow, str]:
        """What albums are made from: the encoder's vectors, else the look."""
        encoder = self._engines.serving()
        return (encoder, "photo") if encoder else (self._engines.look(), "look")

    def _regrouping(self) -> Regroup:
        model, kind = self._grouped_by()
        return Regroup(self._catalogue, self._indexes, self._engines, self.settings, model, kind)

    def _deciding(self) -> Deciding:
        return Deciding(self._catalogue, self._regrouping().replay, self._vectors_of)

    def _vectors_of(self, photo_ids: Sequence[int]) -> NDArray[np.float32]:
        model, kind = self._grouped_by()
        return vectors_of_photos(self._catalogue, self._indexes, model, kind, photo_ids)
