"""Whether two photos still are copies of one picture, asked at the moment of removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import ImageError
from photolib.images import covers
from photolib.library.duplicates import FLAT, TIERS

if TYPE_CHECKING:
    from PIL.Image import Image

    from photolib.catalogue import CandidateRow
    from photolib.images import Decoder

_SIDE = 128
"""Pixels of the longest side from which looks and hashes are taken."""


@dataclass(frozen=True, slots=True)
class Match:
    """Why one photo may go while the other stays."""

    tier: str
    relation: str | None
    score: float


def still_match(decoder: Decoder, victim: CandidateRow, keeper: CandidateRow) -> Match | None:
    """The strongest evidence that holds now that ``victim`` is a copy of ``keeper``, or None.

    Both files have just been found to hold the bytes that the catalogue knows them by.
    """
    if victim.content_id == keeper.content_id:
        return Match("bytes", "same-bytes", 1.0)
    picture = (victim.payload_key, victim.orientation, victim.icc)
    if victim.payload_key and picture == (keeper.payload_key, keeper.orientation, keeper.icc):
        return Match("payload", "same-payload", 1.0)
    score = still_near(decoder, victim.path, keeper.path)
    return None if score is None else Match("near", None, score)


def still_near(decoder: Decoder, one: str, other: str) -> float | None:
    """How alike two picture files are, 0 to 1, when they are copies of one picture; else None.

    Both are decoded anew; nothing that is stored about them is trusted.
    """
    from photolib.grouping.duplicates import verify_near
    from photolib.images.measure import measure
    from photolib.models import look

    try:
        a, b = _small(decoder, one), _small(decoder, other)
    except ImageError:
        return None
    measured = measure(a), measure(b)
    if min(each.sharpness for each in measured) < FLAT:
        return None
    distances = [
        int(getattr(measured[0], name)[0] ^ getattr(measured[1], name)[0]).bit_count()
        for name in ("phash", "dhash")
    ]
    cosine = float(look(a) @ look(b))
    return verify_near(cosine, distances[0], distances[1], a.width / a.height, b.width / b.height)


def weaker(found: str, claimed: str | None) -> bool:
    """Whether the evidence of one tier is weaker than that of another."""
    return claimed in TIERS and TIERS.index(found) > TIERS.index(claimed)


def carries_more(victim: CandidateRow, keeper: CandidateRow) -> bool:
    """Whether a file holds something beside its picture (a clip, a gain map) that its keeper lacks.

    Copies of the same bytes hold the same.
    """
    return not covers(keeper.attachments, victim.attachments)


def _small(decoder: Decoder, path: str) -> Image:
    image = decoder.decode(path, side=_SIDE).image
    image.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
    return image
