"""CIELAB, the colour space of the weight-free descriptors, and how far two colours are apart."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CODES = 1 << 15
"""Colours of five bits a channel: what tables over all colours have an entry for."""


def lab(rgb: NDArray[np.floating]) -> Floats:
    """sRGB in 0..1 (..., 3) as CIELAB under D65 (IEC 61966-2-1 and CIE 15)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def codes(rgb: NDArray[np.number]) -> NDArray[np.uint16]:
    """The 15-bit code of each colour (..., 3) of sRGB in 0..255."""
    five = rgb.astype(np.uint16) >> np.uint16(3)
    red, green, blue = five[..., 0] << 10, five[..., 1] << 5, five[..., 2]
    return np.asarray(red | green | blue, np.uint16)


@lru_cache(maxsize=1)
def lab_of_codes() -> Floats:
    """CIELAB of the middle of every 15-bit colour (CODES, 3)."""
    levels = (np.arange(32, dtype=np.float32) * 8 + 4) / 255
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    return lab(cube.reshape(-1, 3))


def delta_e(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """CIEDE2000 between CIELAB colours (..., 3) and (..., 3), broadcast: 2 is just noticeable.

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes,
    supplementary test data, and mathematical observations", 2005.
    """
    (l_a, a_a, b_a), (l_b, a_b, b_b) = (np.moveaxis(x.astype(np.float64), -1, 0) for x in (a, b))
    redder = 1 + 0.5 * (1 - _seventh((np.hypot(a_a, b_a) + np.hypot(a_b, b_b)) / 2))
    a_a, a_b = redder * a_a, redder * a_b
    chroma_a, chroma_b = np.hypot(a_a, b_a), np.hypot(a_b, b_b)
    hue_a, hue_b = np.arctan2(b_a, a_a), np.arctan2(b_b, a_b)
    turn = (hue_b - hue_a + np.pi) % (2 * np.pi) - np.pi
    # Grey has no hue of its own: the other's is taken, so that the middle is that one too.
    grey = chroma_a * chroma_b == 0
    turn = np.where(grey, 0.0, turn)
    hue = np.where(grey, np.where(chroma_a == 0, hue_b, hue_a), hue_a + turn / 2)
    chroma, lightness = (chroma_a + chroma_b) / 2, (l_a + l_b) / 2
    d_hue = 2 * np.sqrt(chroma_a * chroma_b) * np.sin(turn / 2)
    t = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    degrees = np.degrees(hue) % 360
    rotation = (
        -2 * _seventh(chroma) * np.sin(np.radians(60 * np.exp(-(((degrees - 275) / 25) ** 2))))
    )
    middle = (lightness - 50) ** 2
    d_l = (l_b - l_a) / (1 + 0.015 * middle / np.sqrt(20 + middle))
    d_c = (chroma_b - chroma_a) / (1 + 0.045 * chroma)
    d_h = d_hue / (1 + 0.015 * chroma * t)
    distance = np.sqrt(np.maximum(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h, 0))
    return np.asarray(distance)


def _seventh(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """The formula's root of C^7 / (C^7 + 25^7)."""
    power = chroma**7
    root: NDArray[np.float64] = np.sqrt(power / (power + 25.0**7))
    return root
