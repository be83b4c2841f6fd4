"""Reading photos: counts and windows of a view, facts, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.catalogue import PhotoFilter
from photolib.errors import NotFound, PhotolibError
from photolib.library import folders, photos
from photolib.library.core import Core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from photolib.catalogue import CropRow, PhotoRow
    from photolib.library.results import PhotoDetail, PhotoList


@dataclass(frozen=True, slots=True)
class View:
    """Which photos a grid shows: all, or those of one album, folder or state."""

    album_id: int | None = None
    folder_id: int | None = None
    unsorted: bool = False
    missing: bool = False
    favourite: bool = False
    hidden: bool = False
    order: str = "newest"
    """newest, oldest, name, size, rating or added; see ``PhotoFilter``."""

    @property
    def filter(self) -> PhotoFilter:
        """The view as the catalogue takes it."""
        return PhotoFilter(
            folder_id=self.folder_id,
            album_id=self.album_id,
            unsorted=self.unsorted,
            state="missing" if self.missing else "present",
            favourite=self.favourite,
            hidden=self.hidden,
            order=self.order,
        )


class PhotoDoor(Core):
    """Reading photos: counts and windows of a view, facts, pictures."""

    def photo_count(self, view: View) -> int:
        """How many photos a view has."""
        return self._catalogue.photos.count(view.filter)

    def photo_window(self, view: View, offset: int, limit: int) -> list[PhotoRow]:
        """A window of a view's photos, newest first unless the view says otherwise."""
        return self._catalogue.photos.window(view.filter, offset, limit)

    def photo_page(self, view: View, *, limit: int, offset: int = 0) -> PhotoList:
        """A page of a view's photos, in the order of ``photo_window``."""
        return photos.page(self._catalogue, view.filter, limit, offset)

    def photo_ids(self, view: View, offset: int, limit: int) -> list[int]:
        """The ids of a window of a view's photos."""
        return self._catalogue.photos.ids(view.filter, offset, limit)

    def photo_months(self, view: View) -> list[tuple[str, int]]:
        """The months (``2021-06``) that a view's photos were taken in, and how many in each."""
        return self._catalogue.photos.months(view.filter)

    def photos(self, photo_ids: Sequence[int]) -> list[PhotoRow]:
        """Photos by their ids, in that order; unknown ids are left out."""
        return self._catalogue.photos.many(photo_ids)

    def photo(self, photo_id: int) -> PhotoDetail:
        """One photo with its facts; NotFound."""
        return photos.detail(self._catalogue, photo_id)

    def crops(self, photo_id: int) -> list[CropRow]:
        """What was found in a photo, the surest first; nothing for one that is not known."""
        return photos.crops(self._catalogue, photo_id)

    def photo_id_at(self, path: str) -> int | None:
        """The id of the photo at a path."""
        found = folders.containing(self._catalogue.folders.all(), path)
        row = self._catalogue.photos.at(found[0].folder_id, found[1]) if found else None
        return row.photo_id if row else None

    def prefer(self, photo_ids: Sequence[int]) -> None:
        """Let photos that somebody looks at jump the queues of running and coming jobs."""
        with self._catalogue.transaction():
            self._catalogue.photos.prefer(photo_ids)

    def thumbnail(self, photo_id: int) -> bytes | None:
        """A small JPEG of a photo, made anew if the cache lost it; None when the file is gone."""
        row = self._photo_row(photo_id)
        side = self.settings.thumbnail_size
        cached = self._thumbnails.get(row.content_hash, side)
        if cached is not None:
            return cached
        try:
            picture = self._decoder.decode(row.path, side=side).image
        except PhotolibError:
            return None
        self._thumbnails.put(row.content_hash, picture, side)
        return self._thumbnails.get(row.content_hash, side)

    def picture(self, photo_id: int, side: int) -> Image:
        """A photo upright, in RGB, its longest side about ``side`` pixels. Raises ImageError.

        Turned as the camera noted; ``PhotoRow.turned`` is what a person wants beyond that.
        """
        return self._decoder.decode(self._photo_row(photo_id).path, side=side).image

    def _photo_row(self, photo_id: int) -> PhotoRow:
        row = self._catalogue.photos.get(photo_id)
        if row is None:
            raise NotFound(f"there is no photo {photo_id}")
        return row
