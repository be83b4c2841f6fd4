"""From bytes to pixels and facts: walking, decoding, thumbnails, metadata, hashes, pairing.

``photolib.images.measure`` (perceptual hashes, sharpness) is imported by itself: it needs numpy.
"""

from photolib.images.anatomy import covers
from photolib.images.decode import Decoded, Decoder, Format, Limits, decode, formats
from photolib.images.facts import Facts, mtime_facts, name_facts, sidecar_facts
from photolib.images.identity import Source, content_hash
from photolib.images.parts import Part, pair
from photolib.images.places import Place, place_of
from photolib.images.samples import make_samples
from photolib.images.thumbnails import ThumbnailCache
from photolib.images.walk import Found, classify, found_at, walk

__all__ = [
    "Decoded",
    "Decoder",
    "Facts",
    "Format",
    "Found",
    "Limits",
    "Part",
    "Place",
    "Source",
    "ThumbnailCache",
    "classify",
    "content_hash",
    "covers",
    "decode",
    "formats",
    "found_at",
    "make_samples",
    "mtime_facts",
    "name_facts",
    "pair",
    "place_of",
    "sidecar_facts",
    "walk",
]
