"""Albums: what was grouped, and what a person says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import albums
from photolib.library.core import Core

if TYPE_CHECKING:
    from photolib.library.results import AlbumDetail, AlbumList


class AlbumDoor(Core):
    """Albums: what was grouped, and what a person says of it."""

    def albums(self, kind: str | None = None, *, limit: int = -1, offset: int = 0) -> AlbumList:
        """Albums, the largest first, and the grouping run they come from."""
        return albums.page(self._catalogue, kind, limit, offset)

    def album(self, album_id: int, *, limit: int = 100, offset: int = 0) -> AlbumDetail:
        """One album with a page of its photos; NotFound."""
        return albums.detail(self._catalogue, album_id, limit, offset)

    def rename_album(self, album_id: int, name: str) -> AlbumDetail:
        """Name an album; no later grouping changes the name. NotFound, UsageError."""
        return albums.rename(self._catalogue, album_id, name)
