"""Is one picture a copy of another, and which kind of copy? The rules over measured geometry.

Precision comes first: a copy shows the same thing block by block under one affine map, and one of
the two frames lies wholly in the other. Views of one scene from two places fail the first, shots
that overlap the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

RULES = 3
"""Raise it when ``judge`` or what it judges changes: stored verdicts are then made anew."""

_FEWEST_BLOCKS = 12
_FEWEST_INLIERS = 10
_LEAST_LIKENESS = 0.76
_LEAST_AGREEMENT = 0.55
"""JPEG at quality 5 keeps two thirds of the blocks; other views of a scene reach 0.42 and 0.63."""
_FEW_INLIERS = 20
_FEW_AGREEMENT = 0.9
_MOST_HOLE = 0.3
_WHOLE = 0.96
"""Share of a frame from which it counts as shown entirely: maps err by a pixel or two."""
_LEAST_WHOLE = 0.93
_LEAST_TILTED = 0.75
_LEAST_PART = 0.03
_TILT = 1.0
"""Degrees."""
_SAME_SCALE = 0.02
_STRETCHED = 1.03
_SAME_ZOOM, _SAME_COVER, _LEAST_DRIFT = 0.008, 0.01, 0.003
"""Shares of the frame: a trimmed rim changes the first by more than it drifts."""
_SEAM, _CLEAR_SEAM = 1.7, 2.3
_ONE_COLOUR, _PAGE = 0.975, 0.45
_BARE = 0.995
_COLOURLESS, _COLOURED = 0.012, 0.03
_TONED, _TONED_LIKENESS = 0.03, 0.95
_ONLY_TONES, _MOSTLY_TONES = 0.5, 0.7
"""Shares of a change that are left once tones are fitted; clipped lights count as holes too."""
_OVERLAID, _LETTERED, _HOLE = 0.02, 0.006, 0.006
"""Shares of the blocks that what lies over a picture takes at least: anything, letters; and of the
overlap, the largest piece of it."""
_CLEAR_LIKENESS = 0.985
_CRISPER = 0.15
_SHARP_AGREEMENT, _SHARP_RESIDUAL = 0.995, 0.01
"""What two shots never reach, and a copy saved anew does."""


class Measured(Protocol):
    """What judging needs of a measured overlap; see ``photolib.images.geometry.Overlap``."""

    @property
    def mirrored(self) -> bool: ...
    @property
    def scale(self) -> float: ...
    @property
    def stretch(self) -> float: ...
    @property
    def angle(self) -> float: ...
    @property
    def zoom(self) -> float: ...
    @property
    def drift(self) -> float: ...
    @property
    def inliers(self) -> int: ...
    @property
    def cover_a(self) -> float: ...
    @property
    def cover_b(self) -> float: ...
    @property
    def blocks(self) -> int: ...
    @property
    def agreement(self) -> float: ...
    @property
    def hole(self) -> float: ...
    @property
    def likeness(self) -> float: ...
    @property
    def crisp(self) -> float: ...
    @property
    def residual(self) -> float: ...
    @property
    def change(self) -> float: ...
    @property
    def chroma_a(self) -> float: ...
    @property
    def chroma_b(self) -> float: ...
    @property
    def plain_a(self) -> float: ...
    @property
    def plain_b(self) -> float: ...
    @property
    def seam_a(self) -> float: ...
    @property
    def seam_b(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """B is a copy of A (or A of B) in this way.

    ``made`` is the one that was made from the other, ``a`` or ``b``, None where nothing tells.
    ``amount`` is a share: of the whole's area for a crop, of the larger's sides for a resized copy;
    else None. ``score`` is 0 to 1.
    """

    relation: str
    made: str | None
    amount: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Origin:
    """What the files say of where two pictures come from.

    ``two_shots``: one camera took them at different times, which only pixels that agree throughout
    outweigh. ``one_moment``: one camera, the same second: either copies, or shots of a burst.
    """

    two_shots: bool = False
    one_moment: bool = False


def judge(seen: Measured, scale: float, origin: Origin = Origin()) -> Verdict | None:
    """What two pictures are to each other; None when they are not copies.

    ``scale`` is that of the map between the full pictures, from A to B.
    """
    if not _is_copy(seen) or _is_shifted(seen):
        return None
    if origin.two_shots and not _is_the_same_throughout(seen):
        return None
    if origin.one_moment and _has_moved(seen):
        return None
    relation, made, amount = _relation(seen, scale)
    return Verdict(relation, made, amount, round(seen.agreement * seen.likeness, 4))


def _is_shifted(seen: Measured) -> bool:
    """Whether the frames are of one size and lie a little beside each other: a hand has moved.

    What is cut off is enlarged or makes the frame smaller; no edit shifts a picture in its frame.
    """
    upright = not seen.mirrored and abs(seen.angle) <= _TILT and seen.inliers > 0
    both_lose = abs(seen.cover_a - seen.cover_b) < _SAME_COVER
    return upright and both_lose and abs(seen.zoom - 1) <= _SAME_ZOOM and seen.drift > _LEAST_DRIFT


def _has_moved(seen: Measured) -> bool:
    """Whether a part of an otherwise equal frame differs, and no letters or frames explain it."""
    whole = min(seen.cover_a, seen.cover_b) >= _WHOLE and not seen.mirrored
    clear = seen.likeness >= _CLEAR_LIKENESS and seen.hole >= _HOLE
    return whole and clear and abs(math.log(seen.crisp)) < _CRISPER


def _is_copy(seen: Measured) -> bool:
    if seen.blocks < _FEWEST_BLOCKS or seen.likeness < _LEAST_LIKENESS or seen.hole > _MOST_HOLE:
        return False
    if seen.agreement < _LEAST_AGREEMENT or min(seen.cover_a, seen.cover_b) < _LEAST_PART:
        return False
    if 0 < seen.inliers < _FEWEST_INLIERS:
        return False
    if 0 < seen.inliers < _FEW_INLIERS and seen.agreement < _FEW_AGREEMENT:
        return False
    return _is_contained(seen)


def _is_contained(seen: Measured) -> bool:
    """Whether one frame lies in the other, but for the corners that a turned one loses."""
    if max(seen.cover_a, seen.cover_b) >= _LEAST_WHOLE:
        return True
    return _off_square(seen) > _TILT and min(seen.cover_a, seen.cover_b) >= _LEAST_TILTED


def _is_the_same_throughout(seen: Measured) -> bool:
    whole = min(seen.cover_a, seen.cover_b) >= _WHOLE
    same = seen.agreement >= _SHARP_AGREEMENT and seen.residual <= _SHARP_RESIDUAL
    return whole and same and not seen.mirrored


def _relation(seen: Measured, scale: float) -> tuple[str, str | None, float | None]:
    smaller = _smaller(scale)
    part = _contained(seen)
    if seen.mirrored:
        return "mirrored", part or smaller, None
    if _off_square(seen) > _TILT or round(seen.angle / 90) % 4:
        return "rotated", part or _cornered(seen) or smaller, None
    if min(seen.cover_a, seen.cover_b) < _WHOLE:
        return _partial(seen)
    if _is_recoloured(seen, _ONLY_TONES):
        return "recoloured", _bleached(seen) or smaller, None
    if _is_overlaid(seen):
        return "overlaid", _marked(seen), None
    if _is_recoloured(seen, _MOSTLY_TONES):
        return "recoloured", _bleached(seen) or smaller, None
    if smaller or seen.stretch > _STRETCHED:
        return "resized", smaller, round(min(scale, 1 / scale), 4)
    return "re-encoded", None, None


def _smaller(scale: float) -> str | None:
    """The one with fewer pixels, which was made from the other."""
    if abs(math.log(scale)) <= _SAME_SCALE:
        return None
    return "b" if scale < 1 else "a"


def _contained(seen: Measured) -> str | None:
    """The one that shows clearly less than the other."""
    if max(seen.cover_a, seen.cover_b) < _WHOLE or abs(seen.cover_a - seen.cover_b) < 0.04:
        return None
    return "b" if seen.cover_b > seen.cover_a else "a"


def _cornered(seen: Measured) -> str | None:
    """The one with corners of one colour, where a turned picture had nothing to show."""
    if abs(seen.plain_a - seen.plain_b) < 0.2:
        return None
    return "b" if seen.plain_b > seen.plain_a else "a"


def _partial(seen: Measured) -> tuple[str, str | None, float | None]:
    """One frame lies in the other: cut out of it, or put into it."""
    inner_is_a = seen.cover_a > seen.cover_b
    inner, outer = ("a", "b") if inner_is_a else ("b", "a")
    share = min(seen.cover_a, seen.cover_b)
    plain = seen.plain_b if inner_is_a else seen.plain_a
    seam = seen.seam_b if inner_is_a else seen.seam_a
    if plain >= _BARE:
        return "bordered", outer, None
    if seam < _SEAM:
        return "cropped", inner, round(share, 4)
    # A crop along a strong edge looks like a part put into something. Which came first is said only
    # when it is clear: of two, the one taken for the original is kept.
    made = outer if seam >= _CLEAR_SEAM else None
    if plain >= _ONE_COLOUR:
        return "bordered", made, None
    return "screenshot" if plain >= _PAGE else "composite", made, None


def _is_overlaid(seen: Measured) -> bool:
    """Clear but for some blocks together: many of them, or few with sharper edges in one."""
    if seen.likeness < _CLEAR_LIKENESS or seen.hole < _HOLE:
        return False
    lost = 1 - seen.agreement
    return lost >= _OVERLAID or (lost >= _LETTERED and _marked(seen) is not None)


def _marked(seen: Measured) -> str | None:
    """The one with the sharper edges where they differ: letters and frames have the sharpest."""
    if abs(math.log(seen.crisp)) < _CRISPER:
        return None
    return "b" if seen.crisp > 1 else "a"


def _is_recoloured(seen: Measured, most: float) -> bool:
    """Changed in tone, which fitted tones explain; the coarsest codecs shift tones a little too."""
    least = _TONED if seen.likeness >= _TONED_LIKENESS else 2 * _TONED
    return seen.change >= least and seen.residual < most * seen.change


def _bleached(seen: Measured) -> str | None:
    if min(seen.chroma_a, seen.chroma_b) > _COLOURLESS:
        return None
    if max(seen.chroma_a, seen.chroma_b) < _COLOURED:
        return None
    return "b" if seen.chroma_b < seen.chroma_a else "a"


def _off_square(seen: Measured) -> float:
    """Degrees by which the turn misses a whole number of quarters."""
    return abs((seen.angle + 45) % 90 - 45)
