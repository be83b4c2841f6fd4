"""From bytes to pixels and facts: walking, decoding, thumbnails, metadata, hashes, pairing."""

from photolib.images.anatomy import covers
from photolib.images.decode import Decoded, Decoder, Format, Limits, decode, formats
from photolib.images.facts import Facts, mtime_facts, name_facts, sidecar_facts
from photolib.images.identity import Source, content_hash
from photolib.images.thumbnails import ThumbnailCache
from photolib.images.walk import Found, classify, found_at, walk

__all__ = [
    "Decoded",
    "Decoder",
    "Facts",
    "Format",
    "Found",
    "Limits",
    "Source",
    "ThumbnailCache",
    "classify",
    "content_hash",
    "covers",
    "decode",
    "formats",
    "found_at",
    "mtime_facts",
    "name_facts",
    "sidecar_facts",
    "walk",
]
