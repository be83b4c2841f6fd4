"""The pictures that a search is given as examples of what to find."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image as PillowImage

from photolib.errors import ImageError, NotFound, UsageError
from photolib.images import Source as File
from photolib.library.crops import cut
from photolib.library.indexes import crop_kind
from photolib.models import look
from photolib.models.placing import grey_raster

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue, ModelRow, PhotoRow
    from photolib.images import Decoder, ThumbnailCache
    from photolib.library.engines import Engines
    from photolib.library.results import Box, Example

_PICTURE_SIDE = 384
_REGION_SIDE = 1024
"""Pixels of the longest side that a picture, or one of which a region is asked for, is read at."""


class Examples:
    """Opens pictures, also such as are not in the library, and knows their vectors."""

    def __init__(
        self,
        catalogue: Catalogue,
        engines: Engines,
        decoder: Decoder,
        thumbnails: ThumbnailCache,
        thumbnail_side: int,
    ) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._thumbnail_side = thumbnail_side

    def open(self, example: Example) -> Picture:
        """The picture that an example names. Raises NotFound, ImageError, UsageError."""
        if example.crop_id is not None:
            return self._crop(example.crop_id)
        if example.photo_id is not None:
            return self._photo(example.photo_id, example.region)
        if example.path is None:
            raise UsageError("an example names no picture", "Give a path, a photo or a crop.")
        return self.picture(example.path, example.region)

    def picture(self, path: str, region: Box | None) -> Picture:
        """A picture file or a region of it. Raises NotFound, ImageError."""
        absolute = os.path.abspath(os.path.expanduser(path))
        if not os.path.isfile(absolute):
            raise NotFound(f"{path}: there is no such file", "Name a picture file.")
        source = File.open(absolute, self._decoder.limits.max_bytes)
        content_id = self._catalogue.photos.content_id(source.content_hash)
        photos = self._catalogue.photos.of_contents([content_id] if content_id else [])
        rows = photos.get(content_id or 0, [])
        photo_id = next((row.photo_id for row in rows if row.path == absolute), None)
        photo_id = photo_id or next((row.photo_id for row in rows), None)
        return Picture(absolute, source, content_id, photo_id, region, None, self._decoder)

    def _photo(self, photo_id: int, region: Box | None, crop_id: int | None = None) -> Picture:
        row = self._catalogue.photos.get(photo_id)
        if row is None:
            raise NotFound(f"there is no photo {photo_id}")
        return Picture(row.path, row.path, row.content_id, photo_id, region, crop_id, self._decoder)

    def _crop(self, crop_id: int) -> Picture:
        crop = self._catalogue.regions.crop(crop_id)
        photos = self._catalogue.photos.of_contents([crop.content_id] if crop else [])
        if crop is None or not photos:
            raise NotFound(f"there is no crop {crop_id}")
        rows = photos[crop.content_id]
        shown = next((row for row in rows if row.state == "present"), rows[0])
        return self._photo(shown.photo_id, crop.box, crop_id)

    def vector_of(self, picture: Picture, model: ModelRow, kind: str) -> NDArray[np.float32]:
        """The unit vector of a picture or its region: stored where it is known, else made now."""
        stored = self._stored(picture, model, kind)
        if stored is not None:
            return stored
        if kind == "look":
            return look(picture.image)
        encoder = self._engines.encoder(model)
        pixels = encoder.preprocess(picture.image)
        vector: NDArray[np.float32] = encoder.encode_images(pixels[None])[0]
        return vector

    def _stored(self, picture: Picture, model: ModelRow, kind: str) -> NDArray[np.float32] | None:
        vectors = self._catalogue.vectors
        if picture.crop_id is not None:
            return vectors.of_crop(model.model_no, crop_kind(model), picture.crop_id)
        if picture.content_id is None or picture.region is not None:
            return None
        return vectors.of_content(model.model_no, kind, picture.content_id)

    def rasters(self, content_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Small grey pictures of contents; those that cannot be read are left out."""
        rows = self._catalogue.photos.of_contents(content_ids)
        found: dict[int, NDArray[np.float32]] = {}
        for content_id, photos in rows.items():
            image = self._thumbnail(next((p for p in photos if p.state == "present"), photos[0]))
            if image is not None:
                found[content_id] = grey_raster(image)
        return found

    def _thumbnail(self, photo: PhotoRow) -> Image | None:
        cached = self._thumbnails.get(photo.content_hash, self._thumbnail_side)
        try:
            if cached is not None:
                return PillowImage.open(io.BytesIO(cached))
            return self._decoder.decode(photo.path, side=self._thumbnail_side).image
        except (ImageError, OSError):
            return None


@dataclass(frozen=True)
class Picture:
    """A picture, or a region of it, that stands for what is wanted."""

    path: str
    source: File | str
    content_id: int | None
    photo_id: int | None
    region: Box | None
    crop_id: int | None
    decoder: Decoder

    @cached_property
    def image(self) -> Image:
        """The picture, or its region, decoded once. Raises ImageError."""
        if self.region is None:
            return self.decoder.decode(self.source, side=_PICTURE_SIDE).image
        return cut(self.decoder.decode(self.source, side=_REGION_SIDE).image, self.region)
