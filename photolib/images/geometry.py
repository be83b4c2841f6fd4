"""How one picture lies in another: local features, the map between two pictures, and what agrees.

Keypoints and descriptors are SIFT (D. Lowe, "Distinctive image features from scale-invariant
keypoints", 2004), compared through their square roots (R. Arandjelovic and A. Zisserman, "Three
things everyone should know to improve object retrieval", 2012). The map is affine and found by
RANSAC: edits are, while views of one scene from two places or of a turned camera are not quite.
Numbers only; what they mean is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Map = NDArray[np.float64]

VIEW_SIDE: Final = 384
"""Pixels of the longest side from which features are taken: that of the ordinary thumbnails."""
SIGNS: Final = 100
"""Features of a picture by which its copies are sought."""
SIGNS_VERSION: Final = "sift64.1"
"""Raise the number when ``signs`` gives other codes."""

_MOST_FEATURES: Final = 500
_LEAST_CONTRAST: Final = 0.02
"""Half of Lowe's threshold: blurred and faded copies keep enough features."""
_CELLS: Final = 4
"""The grid over which signs are spread, so that a caption's letters do not take all of them."""
_RATIO: Final = 0.8
"""Lowe's ratio of the nearest to the second nearest descriptor."""
_REACH: Final = 3.0
"""Pixels by which a match may miss the map."""
_FEWEST: Final = 6
_ENOUGH: Final = 20
"""Features that support a map so well that its mirror image need not be tried."""
_CERTAIN: Final = 0.93
"""Agreement times likeness of whole frames from which no other map is sought."""
_LEAST_SCALE: Final = 0.06
_MOST_STRETCH: Final = 1.6
_FRAME: Final = 48
"""Side of the squares on which whole frames are compared in eight orientations."""
_FRAME_LIKENESS: Final = 0.7
_GRID: Final = 20
"""Blocks along the longer side of the overlap."""
_TINY: Final = 110
_MAGNIFIED: Final = 144
_FEW_BLOCKS: Final = 9
"""An overlap of fewer pixels along its longer side is magnified to the second, and cut into the
third number of blocks along it."""
_LEAST_OVERLAP: Final = 256
"""Pixels."""
_TONE_SMOOTHING: Final = 3.0
_TEXTURE: Final = 3.0
"""Standard deviation in grey levels, slopes apart, above which a block has something to compare:
the slopes of one evening sky are those of any other."""
_SMOOTHING: Final = 1.4
"""Standard deviation, in pixels, of what is smoothed away first: a codec's own squares."""
_SAME_BLOCK: Final = 0.7
"""Correlation from which a block shows the same thing."""
_SAMPLED: Final = 6_000
"""Pixels from which mean differences and colours are taken."""
_FLAT_STEP: Final = 10
"""Grey levels within which a region counts as one colour."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A small picture and its features, strongest first.

    ``pixels`` uint8 (h, w, 3) RGB; ``points`` float32 (n, 2) x and y in pixels; ``descriptors``
    uint8 (n, 128).
    """

    pixels: Bytes
    points: Floats
    descriptors: Bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Where and how well picture A lies in picture B.

    ``map`` float64 (2, 3) takes pixels of A's view to those of B's; ``scale`` is the root of its
    determinant's size, ``stretch`` the ratio of its axes (1 is none), ``angle`` in degrees, after
    mirroring when ``mirrored``. ``zoom`` is the scale from frame to frame (1: A's frame becomes as
    large as B's); ``drift`` is how far A's corners then miss those of B beyond a pixel, as a share
    of the longer side. ``inliers`` of ``matches`` features fit it (0 when only the whole
    frames were compared). ``cover_a`` and ``cover_b`` are the shares of each frame that the other
    shows. Of ``blocks`` with structure in the overlap a share ``agreement`` shows the same;
    ``hole`` is the largest connected group of those that do not, as a share of the overlap.
    ``likeness`` is the median correlation of all, ``crisp`` the ratio of B's sharpest edges to A's
    in the blocks that differ.
    ``residual`` and ``change`` say how much most of the overlap differs in tone (0 to 1), after and
    before tones were fitted; ``chroma_a`` and ``chroma_b`` mean colourfulness (0 to 1).
    ``plain_a`` and ``plain_b``: share of one colour in what the other does not show, and ``seam_a``
    and ``seam_b``: how clearly a picture changes where the other ends (about 1: not at all).
    """

    map: Map
    mirrored: bool
    scale: float
    stretch: float
    angle: float
    zoom: float
    drift: float
    inliers: int
    matches: int
    cover_a: float
    cover_b: float
    blocks: int
    agreement: float
    hole: float
    likeness: float
    crisp: float
    residual: float
    change: float
    chroma_a: float
    chroma_b: float
    plain_a: float
    plain_b: float
    seam_a: float
    seam_b: float


def view(image: Image) -> View:
    """The features of an upright picture in mode RGB, reduced to ``VIEW_SIDE``."""
    import cv2

    small = image.copy()
    small.thumbnail((VIEW_SIDE, VIEW_SIDE), reducing_gap=2.0)
    pixels = np.asarray(small.convert("RGB"))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    sift = cv2.SIFT.create(_MOST_FEATURES, contrastThreshold=_LEAST_CONTRAST)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None:
        return View(pixels, np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8))
    order = np.argsort([-point.response for point in keypoints], kind="stable")
    points = np.array([keypoints[i].pt for i in order], np.float32).reshape(-1, 2)
    return View(pixels, points, descriptors[order].astype(np.uint8))


# --- signs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """What a picture's copies find it by: ``codes`` uint64 (n,) of its best features, ``mirrored``
    (n,) those they would have in the mirrored picture, ``points`` float32 (n, 2) where they are."""

    codes: NDArray[np.uint64]
    mirrored: NDArray[np.uint64]
    points: Floats


def signs(seen: View) -> Signs:
    """The signs of a picture, at most ``SIGNS``.

    Codes of one feature in two copies differ in few of their bits: they are the signs of random
    projections of the descriptor (M. Charikar, "Similarity estimation techniques from rounding
    algorithms", 2002).
    """
    chosen = _spread(seen)
    best = seen.descriptors[chosen]
    return Signs(_codes(best), _codes(best[:, _MIRROR]), seen.points[chosen])


def _codes(descriptors: Bytes) -> NDArray[np.uint64]:
    bits = _roots(descriptors) @ _projections() > 0
    return np.packbits(bits, axis=1).view(np.uint64).ravel()


def _spread(seen: View) -> NDArray[np.intp]:
    """The places of the best features, taken in turn from the cells of a grid."""
    if not len(seen.points):
        return np.empty(0, np.intp)
    cell = (seen.points / np.array(seen.size) * _CELLS).astype(int).clip(0, _CELLS - 1)
    number = cell[:, 1] * _CELLS + cell[:, 0]
    order = np.argsort(number, kind="stable")
    first = np.searchsorted(number[order], number[order])
    turn = np.empty(len(order), np.intp)
    turn[order] = np.arange(len(order)) - first
    return np.argsort(turn, kind="stable")[:SIGNS]


def _mirror() -> NDArray[np.intp]:
    """Where each of the 4 x 4 x 8 numbers of a descriptor goes when the picture is mirrored."""
    places = np.arange(128).reshape(4, 4, 8)
    return places[::-1][:, :, (-np.arange(8)) % 8].ravel()


_MIRROR: Final = _mirror()


@cache
def _projections() -> Floats:
    """Fixed orthogonal directions float32 (128, 64), none of which sees a constant."""
    noise = np.random.default_rng(64).standard_normal((128, 64))
    directions, _ = np.linalg.qr(noise - noise.mean(axis=0))
    return np.asarray(directions, np.float32)


def _roots(descriptors: Bytes) -> Floats:
    rows = descriptors.astype(np.float32)
    return np.asarray(np.sqrt(rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)), np.float32)


# --- the map ------------------------------------------------------------------------------------


def compare(a: View, b: View) -> Overlap | None:
    """The best map from A to B and what agrees under it; None when there is no map at all."""
    frame = _frame_map(a, b)
    whole = _measured(a, b, frame, 0, 0) if frame is not None else None
    if whole is not None and _worth(whole) >= _CERTAIN:
        return whole
    part = _by_features(a, b)
    return max((o for o in (whole, part) if o is not None), key=_worth, default=None)


def _worth(overlap: Overlap) -> float:
    return overlap.agreement * overlap.likeness


def _by_features(a: View, b: View) -> Overlap | None:
    """What agrees under the map that most features support, mirrored or not."""
    proposals = []
    for mirrored in (False, True):
        one, two = _matched(a, b, mirrored)
        fitted = _fitted(one, two) if len(one) >= _FEWEST else None
        if fitted is not None and fitted[1] >= _FEWEST:
            proposals.append((*fitted, len(one)))
        if fitted is not None and fitted[1] >= _ENOUGH:
            break
    best = max(proposals, key=lambda p: p[1], default=None)
    return _measured(a, b, *best) if best is not None else None


def _matched(a: View, b: View, mirrored: bool) -> tuple[Floats, Floats]:
    """Points of A and B whose features are each other's nearest, clearly so on one side."""
    if min(len(a.points), len(b.points)) < 2:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    left = a.descriptors[:, _MIRROR] if mirrored else a.descriptors
    likeness = _roots(left) @ _roots(b.descriptors).T
    distance = np.sqrt(np.maximum(2 - 2 * likeness, 0))
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(distance))
    best = distance[rows, nearest]
    second = np.partition(distance, 1, axis=1)[:, 1]
    mutual = distance.argmin(axis=0)[nearest] == rows
    kept = mutual & (best < _RATIO * second)
    return a.points[kept], b.points[nearest[kept]]


def _fitted(one: Floats, two: Floats) -> tuple[Map, int] | None:
    """The affine map that most pairs of points support, and how many do."""
    import cv2

    cv2.setRNGSeed(1)
    found, inside = cv2.estimateAffine2D(
        one, two, method=cv2.RANSAC, ransacReprojThreshold=_REACH, maxIters=1000, confidence=0.995
    )
    if found is None or not _is_plausible(found):
        found, inside = cv2.estimateAffinePartial2D(
            one, two, method=cv2.RANSAC, ransacReprojThreshold=_REACH, maxIters=1000
        )
    if found is None or not _is_plausible(found):
        return None
    return np.asarray(found, np.float64), _distinct(two[inside.ravel().astype(bool)])


def _distinct(points: Floats) -> int:
    """How many points there are at different places: one corner gives several features."""
    return len(np.unique((points / 4).round(), axis=0))


def _is_plausible(found: Map) -> bool:
    large, small = np.linalg.svd(found[:, :2], compute_uv=False)
    return bool(small > _LEAST_SCALE and large < 1 / _LEAST_SCALE and large < _MOST_STRETCH * small)


def _frame_map(a: View, b: View) -> Map | None:
    """The whole of A onto the whole of B, in whichever of eight ways they are most alike."""
    import cv2

    square = [
        _standard(cv2.resize(_grey(v), (_FRAME, _FRAME), interpolation=cv2.INTER_AREA))
        for v in (a, b)
    ]
    scored = [(float((_laid(square[0], way) * square[1]).mean()), way) for way in range(8)]
    likeness, way = max(scored)
    if likeness < _FRAME_LIKENESS:
        return None
    corners = np.array([[-1, -1], [1, -1], [-1, 1]], float)
    goal = _corner_moves(way, corners)
    half_a, half_b = (np.array(seen.size) / 2 for seen in (a, b))
    # Pixel centres lie at whole numbers: the frame reaches from -0.5 to size - 0.5.
    start = (corners * half_a + half_a - 0.5).astype(np.float32)
    end = (goal * half_b + half_b - 0.5).astype(np.float32)
    found = np.asarray(cv2.getAffineTransform(start, end), np.float64)
    return found


def _laid(square: Floats, way: int) -> Floats:
    """A square turned by ``way % 4`` quarters, mirrored first from way 4 on."""
    return np.rot90(square[:, ::-1] if way >= 4 else square, way % 4)


def _corner_moves(way: int, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where ``_laid`` takes points of the square from -1 to 1 (y down)."""
    moved = corners * ([-1, 1] if way >= 4 else [1, 1])
    for _ in range(way % 4):  # np.rot90 turns against the clock: right goes to the top
        moved = np.stack([moved[:, 1], -moved[:, 0]], axis=1)
    return moved


def _standard(grey: NDArray[Any]) -> Floats:
    values = grey.astype(np.float32)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-3), np.float32)


def _grey(seen: View) -> Bytes:
    import cv2

    return np.asarray(cv2.cvtColor(seen.pixels, cv2.COLOR_RGB2GRAY))


# --- what agrees --------------------------------------------------------------------------------


def _measured(a: View, b: View, found: Map, inliers: int, matches: int) -> Overlap | None:
    """Lay the finer picture over the coarser one and compare them block by block."""
    import cv2

    inverse = cv2.invertAffineTransform(found)
    scale = float(np.sqrt(abs(np.linalg.det(found[:, :2]))))
    laid = _laid_over(a, b, found, scale)
    blocks = _blocks(laid) if laid is not None else None
    if laid is None or blocks is None:
        return None
    large, small = np.linalg.svd(found[:, :2], compute_uv=False)
    mirrored = bool(np.linalg.det(found[:, :2]) < 0)
    # What lies over one of them has no part in how the rest was toned.
    one, two = _tones(laid, laid.inside & ~blocks.differ)
    change, residual = _differences(one, two)
    shown_b = _covered(found, a.size, b.size)
    shown_a = _covered(inverse, b.size, a.size)
    return Overlap(
        map=found,
        mirrored=mirrored,
        scale=scale,
        stretch=float(large / small),
        angle=_angle(found, mirrored),
        zoom=scale * max(a.size) / max(b.size),
        drift=_drift(found, a.size, b.size, scale),
        inliers=inliers,
        matches=matches,
        cover_a=float(shown_a.mean()),
        cover_b=float(shown_b.mean()),
        blocks=blocks.count,
        agreement=blocks.agreement,
        hole=blocks.hole,
        likeness=blocks.likeness,
        crisp=_edge(laid.b, blocks.differ) / _edge(laid.a, blocks.differ),
        change=change,
        residual=residual,
        chroma_a=_chroma(one),
        chroma_b=_chroma(two),
        plain_a=_plain(a.pixels, shown_a),
        plain_b=_plain(b.pixels, shown_b),
        seam_a=_seam(_grey(a), shown_a),
        seam_b=_seam(_grey(b), shown_b),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """Two pictures uint8 (h, w, 3) over each other, ``inside`` bool (h, w) where both are."""

    a: Bytes
    b: Bytes
    inside: NDArray[np.bool_]
    grid: int
    """Blocks along the longer side that the overlap has enough pixels for."""


def _laid_over(a: View, b: View, found: Map, scale: float) -> _Laid | None:
    """The two pictures in the frame of the coarser one; None where they hardly overlap.

    Tiny ones are magnified, so that a block has pixels enough, and cut into fewer blocks.
    """
    import cv2

    if scale <= 1:
        laid_a, inside = _warped(a.pixels, found, b.size, scale)
        laid_b = b.pixels
    else:
        laid_b, inside = _warped(b.pixels, cv2.invertAffineTransform(found), a.size, 1 / scale)
        laid_a = a.pixels
    if np.count_nonzero(inside) < _LEAST_OVERLAP:
        return None
    rows, columns = np.nonzero(inside)
    extent = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    if extent >= _TINY:
        return _Laid(laid_a, laid_b, inside, _GRID)
    size = tuple(edge * -(-_MAGNIFIED // extent) for edge in inside.shape[::-1])
    laid_a, laid_b = (cv2.resize(p, size, interpolation=cv2.INTER_CUBIC) for p in (laid_a, laid_b))
    large = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return _Laid(laid_a, laid_b, large > 0, _FEW_BLOCKS)


def _tones(laid: _Laid, where: NDArray[np.bool_]) -> tuple[Bytes, Bytes]:
    """Pixels (n, 3) of both at the same places, detail smoothed away: resizing alters that."""
    import cv2

    sample = _sampled(where if where.any() else laid.inside)
    one, two = (cv2.GaussianBlur(p, (0, 0), _TONE_SMOOTHING) for p in (laid.a, laid.b))
    return one.reshape(-1, 3)[sample], two.reshape(-1, 3)[sample]


def _sampled(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of some thousands of the marked pixels, spread evenly."""
    places = np.flatnonzero(marked)
    return np.asarray(places[:: len(places) // _SAMPLED + 1], np.intp)


def _warped(
    pixels: Bytes, found: Map, size: tuple[int, int], scale: float
) -> tuple[Bytes, NDArray[np.bool_]]:
    """A picture under a map that makes it smaller, and where it lies (its rim left out)."""
    import cv2

    if scale < 0.8:
        pixels = cv2.GaussianBlur(pixels, (0, 0), 0.5 / scale)
    laid = cv2.warpAffine(pixels, found, size, flags=cv2.INTER_LINEAR)
    mask = np.full(pixels.shape[:2], 255, np.uint8)
    inside = cv2.warpAffine(mask, found, size, flags=cv2.INTER_NEAREST)
    return laid, cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=255) > 0


def _covered(found: Map, size: tuple[int, int], onto: tuple[int, int]) -> NDArray[np.bool_]:
    """Where a frame of ``size`` lies in one of ``onto``: bool (height, width)."""
    import cv2

    mask = np.full((size[1], size[0]), 255, np.uint8)
    return np.asarray(cv2.warpAffine(mask, found, onto, flags=cv2.INTER_LINEAR) > 127)


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """See ``Overlap``; ``differ`` bool (h, w) are the pixels of the blocks that differ."""

    count: int
    agreement: float
    hole: float
    likeness: float
    differ: NDArray[np.bool_]


def _blocks(laid: _Laid) -> _Blocks | None:
    """Correlation of the two pictures in each block of the overlap that has structure."""
    import cv2

    one, two = (
        cv2.GaussianBlur(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), _SMOOTHING)
        for p in (laid.a, laid.b)
    )
    rows, columns = np.nonzero(laid.inside)
    extent = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    step = max(6, round(extent / laid.grid))
    height, width = (edge // step * step for edge in laid.inside.shape)
    tiles = [_tiles(p, height, width, step) for p in (one, two, laid.inside.astype(np.float32))]
    whole = tiles[2].mean(axis=-1) > 0.9
    flat_a, flat_b = (_levelled(tile, step) for tile in tiles[:2])
    spread_a, spread_b = flat_a.std(axis=-1), flat_b.std(axis=-1)
    # Where one is plain and the other is not, they differ; faint noise of a codec is no structure.
    busy = whole & (np.maximum(spread_a, spread_b) > _TEXTURE)
    count = int(np.count_nonzero(busy))
    if not count:
        return None
    cosine = (flat_a * flat_b).mean(axis=-1) / np.maximum(spread_a * spread_b, 1.0)
    differs = busy & (cosine < _SAME_BLOCK)
    marked = np.zeros_like(laid.inside)
    marked[:height, :width] = np.kron(differs, np.ones((step, step), bool))
    return _Blocks(
        count=count,
        agreement=1 - np.count_nonzero(differs) / count,
        hole=_largest(differs) / max(int(np.count_nonzero(whole)), 1),
        likeness=float(np.median(cosine[busy])),
        differ=marked,
    )


def _edge(pixels: Bytes, where: NDArray[np.bool_]) -> float:
    """The slope that one pixel in fifty exceeds there; 1 at least."""
    import cv2

    if not where.any():
        return 1.0
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[: where.shape[0], : where.shape[1]]
    return max(1.0, float(np.percentile(_slopes(np.ascontiguousarray(grey))[where], 98)))


def _tiles(picture: Floats, height: int, width: int, step: int) -> Floats:
    cut = picture[:height, :width].reshape(height // step, step, width // step, step)
    return cut.swapaxes(1, 2).reshape(height // step, width // step, step * step)


def _levelled(tiles: Floats, step: int) -> Floats:
    """Blocks (..., step * step) less their mean and slopes."""
    ramp = np.arange(step, dtype=np.float32) - (step - 1) / 2
    ramp /= np.linalg.norm(ramp) * np.sqrt(step)
    slopes = np.stack([np.tile(ramp, step), np.repeat(ramp, step)])
    level = tiles - tiles.mean(axis=-1, keepdims=True)
    return np.asarray(level - (level @ slopes.T) @ slopes, np.float32)


def _largest(marked: NDArray[np.bool_]) -> int:
    """The size of the largest connected group of marked blocks."""
    import cv2

    count, _, stats, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0


def _differences(a: Bytes, b: Bytes) -> tuple[float, float]:
    """How much pixels (n, 3) differ (0 to 1): as they are, and after a linear fit of all channels.

    Seven pixels in ten differ less, in the channel that differs most: what lies over a corner has
    no say.
    """
    one, two = a.astype(np.float64) / 255, b.astype(np.float64) / 255
    left = np.column_stack([one, np.ones(len(one))])
    right = np.column_stack([two, np.ones(len(two))])
    residuals = []
    for given, wanted in ((left, two), (right, one)):
        fit = np.linalg.pinv(given.T @ given) @ (given.T @ wanted)
        residuals.append(_typical(given @ fit - wanted))
    return _typical(one - two), min(residuals)


def _typical(difference: NDArray[np.float64]) -> float:
    red, green, blue = np.abs(difference).T
    return float(np.percentile(np.maximum(np.maximum(red, green), blue), 70))


def _chroma(pixels: Bytes) -> float:
    red, green, blue = pixels.astype(np.int16).T
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    return float((high - low).mean()) / 255


def _plain(pixels: Bytes, shown: NDArray[np.bool_]) -> float:
    """The share of the most frequent colour in what is not shown; 1 when all is shown."""
    import cv2

    margin = cv2.dilate(shown.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if np.count_nonzero(margin) < 64:
        return 1.0
    rest = pixels.reshape(-1, 3)[_sampled(margin)]
    middle = np.median(rest, axis=0)
    return float(np.mean((np.abs(rest - middle) <= _FLAT_STEP) @ np.ones(3) == 3))


def _seam(grey: Bytes, shown: NDArray[np.bool_]) -> float:
    """How clearly a picture changes where what is shown ends: about 1 if it does not.

    What is cut out of a picture goes on beyond the cut; what is put into a page does not. Either
    slopes are steeper at the rim than a little further inside, or it is one colour just outside,
    and not that colour just inside.
    """
    import cv2

    mask, square = shown.astype(np.uint8), np.ones((3, 3), np.uint8)

    def shrunk(steps: int) -> Bytes:
        return np.asarray(cv2.erode(mask, square, iterations=steps, borderValue=1))

    def grown(steps: int) -> Bytes:
        return np.asarray(cv2.dilate(mask, square, iterations=steps))

    rim, deep = grown(1) - shrunk(1), shrunk(3) - shrunk(7)
    outside, inside = grown(5) - grown(2), shrunk(2) - shrunk(5)
    if min(np.count_nonzero(band) for band in (rim, deep, outside, inside)) < _GRID:
        return 1.0
    slopes = _slopes(grey)
    steeper = float(slopes[rim > 0].mean() / max(float(slopes[deep > 0].mean()), 4.0))
    beyond, within = grey[outside > 0].astype(int), grey[inside > 0].astype(int)
    colour = int(np.median(beyond))
    apart = np.mean(np.abs(beyond - colour) <= 4) - np.mean(np.abs(within - colour) <= _FLAT_STEP)
    return max(steeper, 1 + 2 * float(apart))


def _slopes(grey: Bytes) -> Floats:
    import cv2

    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _drift(found: Map, size: tuple[int, int], onto: tuple[int, int], scale: float) -> float:
    """How far corners miss corners beyond a pixel of the coarser picture, of B's longer side."""
    width, height = size
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], float) - 0.5
    goal = (corners + 0.5) * (np.array(onto) / np.array(size)) - 0.5
    missed = np.linalg.norm(corners @ found[:, :2].T + found[:, 2] - goal, axis=1).max()
    return max(0.0, float(missed) - max(1.0, scale)) / max(onto)


def _angle(found: Map, mirrored: bool) -> float:
    """Degrees by which A is turned, clockwise, after mirroring it left to right."""
    linear = found[:, :2] * np.array([-1.0, 1.0]) if mirrored else found[:, :2]
    turn = np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])
    return float(np.degrees(turn))
