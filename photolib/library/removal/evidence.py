"""Whether two photos still are copies of one picture, asked at the moment of removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from photolib.errors import ImageError
from photolib.grouping.verification import Origin
from photolib.images import covers
from photolib.library.duplicates import TIERS
from photolib.library.matching import compared, pixel_digest

if TYPE_CHECKING:
    from photolib.catalogue import CandidateRow
    from photolib.images import Decoder


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
    return still_near(decoder, victim, keeper)


def still_near(decoder: Decoder, victim: CandidateRow, keeper: CandidateRow) -> Match | None:
    """What two files are to each other by their pictures, or None when they are no copies.

    Both are decoded anew; nothing that is stored about their pictures is trusted.
    """
    own = [row.taken_at for row in (victim, keeper) if row.taken_source == "exif"]
    try:
        origin = Origin(two_shots=len({*own}) > 1)
        found = compared(decoder, keeper.path, victim.path, origin)
        if found is None:
            return None
        same_size = (victim.width, victim.height) == (keeper.width, keeper.height)
        if found.relation == "re-encoded" and same_size:
            first, second = (pixel_digest(decoder, row.path) for row in (victim, keeper))
            if first == second:
                return Match("pixels", "same-pixels", 1.0)
    except ImageError:
        return None
    return Match("near", found.relation, found.score)


def weaker(found: str, claimed: str | None) -> bool:
    """Whether the evidence of one tier is weaker than that of another."""
    return claimed in TIERS and TIERS.index(found) > TIERS.index(claimed)


def carries_more(victim: CandidateRow, keeper: CandidateRow) -> bool:
    """Whether a file holds something beside its picture (a clip, a gain map) that its keeper lacks.

    Copies of the same bytes hold the same.
    """
    return not covers(keeper.attachments, victim.attachments)
