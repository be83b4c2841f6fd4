"""The look of a picture: what can be said of it without weights.

Four parts, each a unit vector in a fixed slice of one unit vector, so that the similarity of two
looks is one dot product and each part's own similarity can still be read off (or weighed):

``colour``   a fuzzy palette histogram: every pixel votes for its nearest prototypes on a lattice of
             lightness, hue and chroma in CIELAB (fuzzy colour histograms: Han and Ma, "Fuzzy color
             histogram and its use in color image retrieval", 2002), over the whole and the middle.
``layout``   where the colours are: the lowest DCT coefficients of an 8 x 8 thumbnail in CIELAB
             (MPEG-7 Color Layout: Manjunath et al., "Color and texture descriptors", 2001).
``texture``  uniform local binary patterns (Ojala, Pietikainen and Maenpaa, 2002).
``shape``    where edges run which way: histograms of oriented gradients on a 7 x 7 grid, with votes
             shared among neighbouring cells and directions (Dalal and Triggs, 2005).

Histograms are compared through their square roots (the Hellinger kernel: Arandjelovic and
Zisserman, "Three things everyone should know", 2012) and centred on their own mean, which turns the
cosine of non-negative vectors into a correlation: pictures with nothing in common come out near 0.
Nothing is learned from data. numpy and Pillow only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage

from photolib.models.cielab import codes, lab, lab_of_codes
from photolib.models.encoder import unit_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL.Image import Image

    Floats = NDArray[np.float32]

LOOK_ID = "look.1"
"""The ``model_id`` of looks: raise the number when ``look`` starts to give other vectors."""

RASTER_SIDE = 64
"""Side of the square raster that everything is read from; a look has no aspect ratio."""
_LIGHTNESSES = (10.0, 35.0, 60.0, 85.0)
_HUES = 6
_CHROMAS = (20.0, 55.0)
_PALETTE_SIGMA = 15.0
"""Width of a pixel's vote, in CIELAB units: about half the spacing of the palette."""
_VOTES = 4
_LAYOUT_ORDERS = (6, 4, 4)
"""DCT coefficients with row + column below this, for lightness, a and b: 21 + 10 + 10."""
_ORIENTATIONS = 6
_CELLS = 7

_PALETTE_SIZE = len(_LIGHTNESSES) * (1 + _HUES * len(_CHROMAS))
_PATTERNS = 59
_FLAT = np.float32(2.0)
"""Grey levels by which a neighbour must be brighter: less is the noise of a re-encoding."""
_SIZES = {
    "colour": 2 * _PALETTE_SIZE,
    "layout": sum(n * (n + 1) // 2 for n in _LAYOUT_ORDERS),
    "texture": _PATTERNS,
    "shape": _CELLS * _CELLS * _ORIENTATIONS,
}
_SHARES = {"colour": 0.2, "layout": 0.15, "texture": 0.1, "shape": 0.55}
"""How much each part counts in the dot product of two looks; they sum to 1. Chosen on 200 photos of
8 kinds of object for the share of like among the 5 nearest, then moved towards equality until a
picture cropped to three quarters of its sides still found itself first."""


def _slices() -> dict[str, slice]:
    ends = np.cumsum(list(_SIZES.values())).tolist()
    return {
        name: slice(end - size, end) for (name, size), end in zip(_SIZES.items(), ends, strict=True)
    }


LOOK_PARTS: dict[str, slice] = _slices()
"""Where each part lies in a look."""
LOOK_DIMENSIONS = sum(_SIZES.values())
"""Length of a look."""


def look(image: Image) -> Floats:
    """The look of an oriented picture: a unit vector (LOOK_DIMENSIONS,).

    The picture may have any size and mode; 128 pixels are plenty. Safe to call from many threads.
    """
    raster = _raster(image)
    vector = np.empty(LOOK_DIMENSIONS, np.float32)
    for name, part in LOOK_PARTS.items():
        vector[part] = np.sqrt(_SHARES[name]) * look_part(name, raster)
    return _unit(vector)


def look_part(name: str, raster: Floats) -> Floats:
    """One part of the look of a raster (RASTER_SIDE, RASTER_SIDE, 3) of sRGB in 0..255, as unit."""
    if name in ("colour", "layout"):
        return _unit(_colour(raster) if name == "colour" else _layout(raster))
    grey = raster @ np.array((0.299, 0.587, 0.114), np.float32)
    return _unit(_texture(grey) if name == "texture" else _shape(grey))


def query_of(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """A unit vector that counts the cosine of each unit part ``weights[part]`` times.

    Unlike in the dot product of two looks every part begins equal; parts not named do not count.
    """
    vector = np.zeros(LOOK_DIMENSIONS, np.float32)
    for name, part in parts.items():
        vector[LOOK_PARTS[name]] = np.float32(weights[name] / np.sqrt(_SHARES[name])) * part
    return _unit(vector)


def look_part_similarities(a: Floats, b: Floats) -> dict[str, float]:
    """The cosine of each part of two looks, from -1 to 1."""
    return {
        name: float(_unit(a[part]) @ _unit(b[part])) if a[part].any() and b[part].any() else 0.0
        for name, part in LOOK_PARTS.items()
    }


def look_colours(vectors: Floats) -> list[str]:
    """The colour that prevails in each of some looks (n, LOOK_DIMENSIONS), as a word."""
    part = vectors[:, LOOK_PARTS["colour"]][:, :_PALETTE_SIZE]
    names = np.array(_colour_names())
    words = np.array(sorted(set(names.tolist())))
    weight = np.maximum(part - part.min(axis=1, keepdims=True), 0.0) ** 2
    votes = np.stack([weight[:, names == word].sum(axis=1) for word in words], axis=1)
    found: list[str] = words[votes.argmax(axis=1)].tolist()
    return found


def _colour_names() -> list[str]:
    """What people call the prototypes of the palette, lightness by lightness."""
    greys = ("black", "dark grey", "grey", "white")
    # By hue, from red through yellow, green and blue to purple: 0, 60 ... 300 degrees in a, b.
    muted = (
        ("dark red", "brown", "dark green", "dark green", "navy", "purple"),
        ("brown", "brown", "green", "teal", "blue", "purple"),
        ("pink", "beige", "green", "teal", "blue", "purple"),
        ("pink", "beige", "light green", "light blue", "light blue", "pink"),
    )
    strong = (
        ("dark red", "brown", "dark green", "dark green", "navy", "purple"),
        ("red", "orange", "green", "teal", "blue", "purple"),
        ("red", "orange", "green", "teal", "blue", "purple"),
        ("pink", "yellow", "green", "teal", "light blue", "pink"),
    )
    return [
        name
        for grey, ring, outer in zip(greys, muted, strong, strict=True)
        for name in (grey, *ring, *outer)
    ]


def weigh(vector: Floats, weights: Mapping[str, float]) -> Floats:
    """A query vector whose dot product with stored looks counts each part ``weights[part]`` times.

    Parts that are not named count once; 0 leaves a part out. The result is a unit vector, so stored
    looks stay as they are. Raises ValueError for a part that does not exist or a negative weight.
    """
    unknown = set(weights) - set(LOOK_PARTS)
    if unknown or min(weights.values(), default=0) < 0:
        raise ValueError(f"weights are for {', '.join(LOOK_PARTS)}, zero or more")
    weighed = vector.copy()
    for name, weight in weights.items():
        weighed[LOOK_PARTS[name]] *= np.float32(weight)
    return _unit(weighed)


def _unit(vector: Floats) -> Floats:
    row: Floats = unit_rows(vector[None])[0]
    return row


def _raster(image: Image) -> Floats:
    size = (RASTER_SIDE, RASTER_SIDE)
    colour = image if image.mode == "RGB" else image.convert("RGB")
    small = colour.resize(size, PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small, np.float32)


def _hellinger(histogram: NDArray[np.number]) -> Floats:
    """The centred square roots of one histogram: unit, and near orthogonal for unrelated ones."""
    roots = np.sqrt(histogram.astype(np.float32))
    return _unit(roots - roots.mean())


# ---- colour


def _colour(raster: Floats) -> Floats:
    bins, votes = _palette_votes()
    code = codes(raster).ravel()
    middle = np.zeros((RASTER_SIDE, RASTER_SIDE), bool)
    middle[RASTER_SIDE // 4 : -RASTER_SIDE // 4, RASTER_SIDE // 4 : -RASTER_SIDE // 4] = True
    inside = code[middle.ravel()]
    histograms = [
        _hellinger(np.bincount(bins[c].ravel(), votes[c].ravel(), _PALETTE_SIZE))
        for c in (code, inside)
    ]
    return np.concatenate(histograms)


@lru_cache(maxsize=1)
def _palette_votes() -> tuple[NDArray[np.intp], Floats]:
    """For every 15-bit colour: its nearest prototypes (32768, votes) and how it shares its vote."""
    distance = np.linalg.norm(lab_of_codes()[:, None] - _prototypes()[None], axis=-1)
    nearest = np.argpartition(distance, _VOTES, axis=1)[:, :_VOTES]
    closeness = -(np.take_along_axis(distance, nearest, 1) ** 2) / (2 * _PALETTE_SIGMA**2)
    weight = np.exp(closeness - closeness.max(1, keepdims=True))
    return nearest, (weight / weight.sum(1, keepdims=True)).astype(np.float32)


def _prototypes() -> Floats:
    """The palette in CIELAB (n, 3): a grey and two rings of hues at each lightness."""
    angles = np.arange(_HUES) * 2 * np.pi / _HUES
    ring = [(c * np.cos(t), c * np.sin(t)) for c in _CHROMAS for t in angles]
    flat = np.array([(0.0, 0.0), *ring])
    rows = [np.column_stack([np.full(len(flat), level), flat]) for level in _LIGHTNESSES]
    return np.concatenate(rows).astype(np.float32)


# ---- layout


def _layout(raster: Floats) -> Floats:
    step = RASTER_SIDE // 8
    cells = raster.reshape(8, step, 8, step, 3).mean((1, 3)) / np.float32(255)
    waves = _dct(8)
    spectrum = np.einsum("ij,jkc,lk->ilc", waves, lab(cells), waves)
    order = np.add.outer(np.arange(8), np.arange(8))
    spectrum[0, 0, 0] -= 50 * 8  # the lightness of middle grey, so that dark and light differ
    kept = [spectrum[..., c][order < n] for c, n in enumerate(_LAYOUT_ORDERS)]
    flat = np.concatenate(kept)
    return _unit(np.sign(flat) * np.sqrt(np.abs(flat)))


@lru_cache(maxsize=1)
def _dct(n: int) -> Floats:
    """The orthonormal DCT-II matrix (n, n)."""
    k, i = np.mgrid[:n, :n]
    matrix = np.cos(np.pi * k * (2 * i + 1) / (2 * n)) * np.sqrt(2 / n)
    matrix[0] /= np.sqrt(2)
    result: Floats = matrix.astype(np.float32)
    return result


# ---- texture


def _texture(grey: Floats) -> Floats:
    centre = grey[1:-1, 1:-1] + _FLAT
    height, width = centre.shape
    code = np.zeros(centre.shape, np.uint8)
    ring = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    for bit, (y, x) in enumerate(ring):
        code |= (grey[y : y + height, x : x + width] > centre).view(np.uint8) << bit
    return _hellinger(np.bincount(_uniform()[code].ravel(), minlength=_PATTERNS))


@lru_cache(maxsize=1)
def _uniform() -> NDArray[np.uint8]:
    """The bin of each pattern: one for each with at most two transitions, one for the rest."""
    codes = range(256)
    uniform = [(c ^ ((c >> 1) | (c & 1) << 7)).bit_count() <= 2 for c in codes]
    bins = np.cumsum(uniform) - 1
    return np.where(uniform, bins, _PATTERNS - 1).astype(np.uint8)


# ---- shape


def _shape(grey: Floats) -> Floats:
    padded = np.pad(grey, 1, mode="edge")
    dy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    dx = padded[1:-1, 2:] - padded[1:-1, :-2]
    turn = np.arctan2(dy, dx) * np.float32(_ORIENTATIONS / np.pi) % np.float32(_ORIENTATIONS)
    apart = np.abs(turn - np.arange(_ORIENTATIONS, dtype=np.float32)[:, None, None])
    nearness = 1 - np.minimum(apart, _ORIENTATIONS - apart)
    votes = np.maximum(nearness, 0, out=nearness) * np.hypot(dx, dy)
    cells = _cell_shares()
    return _hellinger((cells.T @ votes @ cells).ravel())


@lru_cache(maxsize=1)
def _cell_shares() -> Floats:
    """How each of the raster's lines (side, cells) shares its votes among the nearest cells."""
    place = (np.arange(RASTER_SIDE) + 0.5) * _CELLS / RASTER_SIDE - 0.5
    shares = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(_CELLS)))
    result: Floats = (shares / shares.sum(1, keepdims=True)).astype(np.float32)
    return result
