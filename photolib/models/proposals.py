"""Regions of a picture without any weights: what differs from its surroundings, as boxes.

The picture is shrunk and cut into segments of even colour (Felzenszwalb and Huttenlocher,
"Efficient graph-based image segmentation", 2004). Then the two most alike neighbours are merged,
again and again, and every segment that arises on the way is a candidate (selective search: Uijlings
et al., "Selective search for object recognition", 2013). Of this hierarchy a few boxes are chosen
that stand out from what surrounds them and do not repeat each other. Four overlapping panes of
fixed size join them, so that a part of the picture which is no thing of its own is found as well.
numpy and Pillow only; nothing is learned from data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image as PillowImage

from photolib.models.detector import Box, Detection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    Floats = NDArray[np.float32]

PROPOSALS_ID = "proposals.1"
"""The ``detector_id`` of proposals: raise the number when ``propose`` gives other boxes."""

_SIDE = 56
"""Longest side, in pixels, of the raster that is segmented."""
_SCALE = 60.0
"""Felzenszwalb's k for a colour distance in 8-bit units: larger makes larger segments."""
_LEAST_PIXELS = 12
"""Segments smaller than this are merged into their nearest neighbour first."""
_BINS = 5
"""Levels per channel and segment of the colour histograms that decide what is merged."""
_LEAST_AREA, _MOST_AREA = 0.04, 0.7
"""Share of the picture that the box of a region covers."""
_LEAST_FILLED = 0.3
"""Share of its box that a region fills: less is a frame or a diagonal, not a thing."""
_MOST_OVERLAP = 0.6
"""Intersection over union from which two boxes say the same."""
_MOST = 4
_PANE = 0.6
"""Sides of a pane as a share of the picture's. Measured on 408 photos: with four panes beside four
regions, cuts of 30 to 60 % of a photo's sides find it first by look alone in 69 % of cases, with
eight regions and no panes in 51 %."""


class ProposalDetector:
    """The detector that needs no weights: boxes without labels, fit for search by region."""

    name = "proposals"
    detector_id = PROPOSALS_ID
    side = 2 * _SIDE
    labels: tuple[str, ...] = ()

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        return [propose(image) for image in images]


def propose(image: Image, most: int = _MOST) -> tuple[Detection, ...]:
    """Up to ``most`` regions of an oriented picture, the one that stands out most first; the panes.

    ``confidence`` is how much a region differs from what surrounds it, 0 to 1, and 0 for panes.
    An even picture has panes only. Safe to call from many threads.
    """
    raster = _raster(image)
    segments = _segments(raster)
    candidates = sorted(_hierarchy(raster, segments), key=lambda c: -c.contrast)
    chosen: list[_Candidate] = []
    for candidate in candidates:
        if len(chosen) == most:
            break
        if all(_overlap(candidate.box, other.box) <= _MOST_OVERLAP for other in chosen):
            chosen.append(candidate)
    height, width = segments.shape
    regions = [
        Detection("", round(c.contrast, 4), _fractions(c.box, width, height)) for c in chosen
    ]
    far = 1 - _PANE
    panes = [Detection("", 0.0, Box(x, y, _PANE, _PANE)) for y in (0.0, far) for x in (0.0, far)]
    return (*regions, *panes)


class _Candidate(NamedTuple):
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels of the raster."""
    contrast: float


class _Region:
    """A segment while segments are merged: its size, box, colours and neighbours."""

    __slots__ = ("box", "histogram", "neighbours", "size")

    def __init__(self, size: int, box: tuple[int, int, int, int], histogram: Floats) -> None:
        self.size = size
        self.box = box
        self.histogram = histogram
        self.neighbours: set[int] = set()


def _raster(image: Image) -> Floats:
    scale = _SIDE / max(image.size)
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    small = image.convert("RGB").resize(size, PillowImage.Resampling.BOX, reducing_gap=3.0)
    return np.asarray(small, np.float32)


# ---- segments


def _segments(raster: Floats) -> NDArray[np.intp]:
    """The segment of each pixel (h, w), numbered from 0."""
    height, width = raster.shape[:2]
    here, there, weight = _edges(raster)
    parent = list(range(height * width))
    size = [1] * len(parent)
    limit = [_SCALE] * len(parent)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    edges = list(zip(here.tolist(), there.tolist(), weight.tolist(), strict=True))
    for a, b, w in edges:
        a, b = root(a), root(b)
        if a != b and w <= limit[a] and w <= limit[b]:
            parent[b] = a
            size[a] += size[b]
            limit[a] = w + _SCALE / size[a]
    for a, b, _ in edges:
        a, b = root(a), root(b)
        if a != b and min(size[a], size[b]) < _LEAST_PIXELS:
            parent[b] = a
            size[a] += size[b]
    roots = [root(node) for node in range(len(parent))]
    return np.unique(roots, return_inverse=True)[1].reshape(height, width)


def _edges(raster: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Neighbouring pixels and the distance of their colours, the nearest first."""
    height, width = raster.shape[:2]
    number = np.arange(height * width).reshape(height, width)
    here = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    there = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    flat = raster.reshape(-1, 3)
    weight = np.linalg.norm(flat[here] - flat[there], axis=1)
    order = np.argsort(weight, kind="stable")
    return here[order], there[order], weight[order]


# ---- merging


def _hierarchy(raster: Floats, segments: NDArray[np.intp]) -> Iterator[_Candidate]:
    """Every region of the merging whose box is of a fit size, with its contrast."""
    total = segments.size
    regions = _regions(raster, segments)
    alike = {
        (a, b): _likeness(regions[a], regions[b], total)
        for a in regions
        for b in regions[a].neighbours
        if a < b
    }
    yield from _fitting(regions.values(), regions, total)
    fresh = len(regions)
    while alike:
        a, b = max(alike, key=lambda pair: alike[pair])
        merged = _merged(regions, a, b, fresh)
        for pair in [pair for pair in alike if a in pair or b in pair]:
            del alike[pair]
        for other in merged.neighbours:
            alike[other, fresh] = _likeness(regions[other], merged, total)
        yield from _fitting([merged], regions, total)
        fresh += 1


def _regions(raster: Floats, segments: NDArray[np.intp]) -> dict[int, _Region]:
    levels = np.minimum(raster / (256 / _BINS), _BINS - 1).astype(np.intp)
    count = int(segments.max()) + 1
    counts: Floats = np.zeros((count, 3 * _BINS), np.float32)
    for channel in range(3):
        np.add.at(counts, (segments, channel * _BINS + levels[..., channel]), 1)
    regions = {}
    for number in range(count):
        y, x = np.nonzero(segments == number)
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        size = len(x)
        regions[number] = _Region(size, box, (counts[number] / (3 * size)).astype(np.float32))
    for one, other in ((segments[:, :-1], segments[:, 1:]), (segments[:-1], segments[1:])):
        apart = one != other
        for a, b in zip(one[apart].tolist(), other[apart].tolist(), strict=True):
            regions[a].neighbours.add(b)
            regions[b].neighbours.add(a)
    return regions


def _merged(regions: dict[int, _Region], a: int, b: int, number: int) -> _Region:
    """Replace two regions by one under a new number."""
    one, other = regions.pop(a), regions.pop(b)
    size = one.size + other.size
    histogram = (one.histogram * one.size + other.histogram * other.size) / size
    merged = _Region(size, _around(one.box, other.box), histogram.astype(np.float32))
    merged.neighbours = (one.neighbours | other.neighbours) - {a, b}
    for neighbour in merged.neighbours:
        regions[neighbour].neighbours -= {a, b}
        regions[neighbour].neighbours.add(number)
    regions[number] = merged
    return merged


def _likeness(one: _Region, other: _Region, total: int) -> float:
    """Alike in colour, both small, and filling their common box: merged early (Uijlings, 3.2)."""
    colour = float(np.minimum(one.histogram, other.histogram).sum())
    small = 1 - (one.size + other.size) / total
    gap = 1 - (_area(_around(one.box, other.box)) - one.size - other.size) / total
    return colour + small + gap


def _fitting(
    chosen: Iterable[_Region], regions: dict[int, _Region], total: int
) -> Iterator[_Candidate]:
    for region in chosen:
        area = _area(region.box)
        if not _LEAST_AREA <= area / total <= _MOST_AREA or region.size < _LEAST_FILLED * area:
            continue
        around = [regions[n] for n in region.neighbours]
        weight = sum(other.size for other in around)
        if weight:
            ring = sum(other.histogram * np.float32(other.size / weight) for other in around)
            contrast = 1 - float(np.minimum(region.histogram, ring).sum())
            yield _Candidate(region.box, contrast * (area / total) ** 0.25)


# ---- boxes


def _area(box: tuple[int, int, int, int]) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def _around(
    a: tuple[int, int, int, int], b: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    common = _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    return common / (_area(a) + _area(b) - common)


def _fractions(box: tuple[int, int, int, int], width: int, height: int) -> Box:
    left, top, right, bottom = box
    return Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
