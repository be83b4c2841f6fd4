"""From a file to everything a new content needs; this half of ingest runs in the decode threads."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.catalogue import NewContent
from photolib.errors import ImageError, ImageUnreadable, ImageUnsupported
from photolib.images import Source
from photolib.images.anatomy import format_of
from photolib.images.identity import display, retryable
from photolib.images.measure import measure
from photolib.library.sidecars import columns
from photolib.models import look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue
    from photolib.images import Decoded, Decoder, ThumbnailCache
    from photolib.library.scan import Candidate
    from photolib.models import Encoder

_log = logging.getLogger(__name__)

_HEAD = 64
"""Bytes in which every known format shows itself."""
_MEASURED_SIDE = 128
"""Pixels of the longest side from which the look, the hashes and the sharpness are taken."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A content that the catalogue has not seen: its facts, its look, and the encoder's input."""

    content: NewContent
    look: NDArray[np.float32]
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
    """The encoder's input and the look of a content that the catalogue knows."""

    content_id: int
    look: NDArray[np.float32] | None = None
    pixels: NDArray[np.uint8] | None = None
    error: ImageError | None = None


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
        encoder: Encoder | None,
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
        """Decode a known content again, for a model that has not seen it."""
        content_id, path = known
        try:
            source = open_known(self._catalogue, self._decoder, content_id, path)
            decoded = self._decoder.decode(source, side=self._side)
        except ImageError as exc:
            return Rereading(content_id, error=exc)
        pixels = self._encoder.preprocess(decoded.image) if self._encoder else None
        return Rereading(content_id, look(_small(decoded)), pixels)

    def _claim(self, content_hash: bytes) -> bool:
        with self._lock:
            if content_hash in self._claimed:
                return False
            self._claimed.add(content_hash)
            return True

    def _fresh(self, source: Source) -> Fresh:
        decoded = self._decoder.decode(source, side=self._side)
        self._thumbnails.put(source.content_hash, decoded.image, self._thumbnail_side)
        small = _small(decoded)
        pixels = self._encoder.preprocess(decoded.image) if self._encoder else None
        return Fresh(_content(source, decoded, small), look(small), pixels)


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


def _small(decoded: Decoded) -> Image:
    small = decoded.image.copy()
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
