"""The pictures that a search is given as examples of what to find."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image as PillowImage

from photolib.errors import ImageError, NotFound
from photolib.images import Source as File
from photolib.library.crops import cut
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
    from photolib.library.results import Box

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
        return Picture(absolute, source, content_id, photo_id, region, self._decoder)

    def vector_of(self, picture: Picture, model: ModelRow, kind: str) -> NDArray[np.float32]:
        """The unit vector of a picture or its region: stored where it is known, else made now."""
        if picture.content_id is not None and picture.region is None:
            stored = self._catalogue.vectors.of_content(model.model_no, kind, picture.content_id)
            if stored is not None:
                return stored
        if kind == "look":
            return look(picture.image)
        encoder = self._engines.encoder(model)
        pixels = encoder.preprocess(picture.image)
        vector: NDArray[np.float32] = encoder.encode_images(pixels[None])[0]
        return vector

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
    path: str
    source: File
    content_id: int | None
    photo_id: int | None
    region: Box | None
    decoder: Decoder

    @cached_property
    def image(self) -> Image:
        """The picture, or its region, decoded once. Raises ImageError."""
        if self.region is None:
            return self.decoder.decode(self.source, side=_PICTURE_SIDE).image
        return cut(self.decoder.decode(self.source, side=_REGION_SIDE).image, self.region)
