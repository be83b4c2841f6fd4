"""From a file to everything a new content needs; this half of ingest runs in the decode threads."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image as PillowImage

from photolib.catalogue import NewContent
from photolib.errors import ImageError, ImageUnreadable, ImageUnsupported
from photolib.images import Source
from photolib.images.anatomy import format_of
from photolib.images.identity import display, retryable
from photolib.images.measure import measure
from photolib.library.crops import cut
from photolib.library.sidecars import columns
from photolib.models import look, palette

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue, Undescribed
    from photolib.images import Decoded, Decoder, ThumbnailCache
    from photolib.library.scan import Candidate
    from photolib.models.encoder import PictureEncoder

_log = logging.getLogger(__name__)

_HEAD = 64
"""Bytes in which every known format shows itself."""
_MEASURED_SIDE = 128
"""Pixels of the longest side from which the look, the hashes and the sharpness are taken."""


class Description(NamedTuple):
    """What is said of a picture without any model: its look and its encoded palette."""

    look: NDArray[np.float32]
    palette: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """A content that the catalogue has not seen: facts, description, and the encoder's input."""

    content: NewContent
    description: Description
    pixels: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What opening one file gave: a hash, and a fresh content or the reason there is none."""

    candidate: Candidate
    content_hash: bytes = b""
    fresh: Fresh | None = None
    error: ImageError | None = None


@dataclass(frozen=True, slots=True)
class Rereading:
    """What a content that the catalogue knows lacked: its description, or the encoder's input."""

    content_id: int
    description: Description | None = None
    crops: tuple[tuple[int, NDArray[np.float32]], ...] = ()
    """Looks of crops, by their ids, that an earlier look had seen."""
    pixels: NDArray[np.uint8] | None = None
    error: ImageError | None = None
    opened: bool = True
    """Whether its file was opened: a thumbnail is enough for a description."""


class Reader:
    """Reads files once each; any number of threads may share it.

    Equal files that are read at the same time are decoded by the first of them only.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        decoder: Decoder,
        thumbnails: ThumbnailCache,
        thumbnail_side: int,
        encoder: PictureEncoder | None,
    ) -> None:
        self._catalogue = catalogue
        self._decoder = decoder
        self._thumbnails = thumbnails
        self._thumbnail_side = thumbnail_side
        self._encoder = encoder
        self._side = max(thumbnail_side, encoder.side if encoder else 0)
        self._claimed: set[bytes] = set()
        self._lock = threading.Lock()

    def read(self, candidate: Candidate) -> Reading:
        """Open a file and, if its bytes are new, decode it; a failure is part of the answer."""
        try:
            if candidate.kind == "other":
                _check_head(candidate.absolute)
            source = Source.open(candidate.absolute, self._decoder.limits.max_bytes)
        except ImageError as exc:
            return Reading(candidate, error=exc)
        known = self._catalogue.photos.content_id(source.content_hash) is not None
        if known or not self._claim(source.content_hash):
            return Reading(candidate, source.content_hash)
        try:
            return Reading(candidate, source.content_hash, self._fresh(source))
        except ImageError as exc:
            return Reading(candidate, source.content_hash, error=exc)
        except Exception as exc:  # noqa: BLE001 - one file must never stop a job
            _log.exception("reading %s", source.display)
            error = ImageUnreadable(source.display, f"reading it failed unexpectedly ({exc})")
            return Reading(candidate, source.content_hash, error=error)

    def reread(self, known: tuple[int, str]) -> Rereading:
        """Decode a known content again, for an encoder that has not seen it."""
        content_id, path = known
        assert self._encoder is not None, "without an encoder nothing is reread"
        try:
            image = self._reopen(content_id, path, self._side)
        except ImageError as exc:
            return Rereading(content_id, error=exc)
        return Rereading(content_id, pixels=self._encoder.preprocess(image))

    def describe(self, known: Undescribed, look_no: int) -> Rereading:
        """Describe a known content and its crops anew, from the thumbnail where there is one."""
        cached = self._thumbnail(known.content_hash)
        try:
            image = cached or self._reopen(known.content_id, known.path, self._thumbnail_side)
        except ImageError as exc:
            return Rereading(known.content_id, error=exc)
        crops = self._catalogue.regions.crops_without_look(known.content_id, look_no)
        looks = tuple((crop.crop_id, look(_small(cut(image, crop.box)))) for crop in crops)
        description = _described(_small(image))
        return Rereading(known.content_id, description, looks, opened=cached is None)

    def _reopen(self, content_id: int, path: str, side: int) -> Image:
        source = open_known(self._catalogue, self._decoder, content_id, path)
        return self._decoder.decode(source, side=side).image

    def _thumbnail(self, content_hash: bytes) -> Image | None:
        """The cached thumbnail, None when there is none that can be read."""
        cached = self._thumbnails.get(content_hash, self._thumbnail_side)
        if cached is None:
            return None
        try:
            image = PillowImage.open(io.BytesIO(cached))
            return image.convert("RGB")
        except (OSError, ValueError):
            return None

    def _claim(self, content_hash: bytes) -> bool:
        with self._lock:
            if content_hash in self._claimed:
                return False
            self._claimed.add(content_hash)
            return True

    def _fresh(self, source: Source) -> Fresh:
        decoded = self._decoder.decode(source, side=self._side)
        self._thumbnails.put(source.content_hash, decoded.image, self._thumbnail_side)
        small = _small(decoded.image)
        pixels = self._encoder.preprocess(decoded.image) if self._encoder else None
        return Fresh(_content(source, decoded, small), _described(small), pixels)


def open_known(catalogue: Catalogue, decoder: Decoder, content_id: int, path: str) -> Source:
    """The bytes of a content that the catalogue knows, from one of its files.

    Raises ImageError, a retryable one when the file holds something else by now.
    """
    source = Source.open(path, decoder.limits.max_bytes)
    if catalogue.photos.content_id(source.content_hash) != content_id:
        raise retryable(ImageUnreadable(source.display, "it has changed since it was read"))
    return source


def _check_head(path: bytes) -> None:
    """Raise ImageUnsupported for a file that neither its name nor its content calls a picture."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError as exc:
        reason = exc.strerror or "it cannot be opened"
        raise retryable(ImageUnreadable(display(path), reason)) from exc
    if format_of(head) is None:
        reason = "neither its name nor its content is that of a picture"
        raise ImageUnsupported(display(path), reason)


def _described(small: Image) -> Description:
    return Description(look(small), palette(small).tobytes())


def _small(image: Image) -> Image:
    small = image.copy()
    small.thumbnail((_MEASURED_SIDE, _MEASURED_SIDE), reducing_gap=2.0)
    return small


def _content(source: Source, decoded: Decoded, small: Image) -> NewContent:
    measures = measure(small)
    return NewContent(
        content_hash=source.content_hash,
        size=source.size,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        payload_key=source.payload_key,
        orientation=decoded.orientation,
        icc=decoded.icc,
        frames=decoded.frames,
        attachments=decoded.attachments,
        sharpness=measures.sharpness,
        dhash=measures.dhash.astype("<u8").tobytes(),
        phash=measures.phash.astype("<u8").tobytes(),
        **columns(decoded.facts),
    )
