"""Names of colours: what people call them, and which shades each name covers.

The basic terms are those that languages settle on first (Berlin and Kay, "Basic Color Terms",
1969) and five that people type as readily. Each covers the shades of CSS that belong to it (CSS
Color Module Level 4, section 6.1) and duller ones, because few surfaces in photographs are as pure
as a style sheet. Pure data: what is near to a shade is for others to say.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Rgb: TypeAlias = tuple[int, int, int]
"""sRGB, 0 to 255."""

COLOURS: dict[str, Rgb] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 20, 30),
    "orange": (255, 140, 0),
    "yellow": (255, 221, 0),
    "green": (30, 140, 40),
    "teal": (0, 128, 128),
    "cyan": (0, 200, 220),
    "blue": (30, 80, 200),
    "navy": (0, 0, 110),
    "purple": (128, 0, 160),
    "pink": (255, 150, 180),
    "brown": (120, 70, 30),
    "beige": (225, 205, 170),
    "gold": (212, 175, 55),
}
"""The basic terms, each with a shade to show it by."""

_PART_OF = {"navy": "blue", "gold": "yellow"}
"""Terms within a wider one: who asks for blue means navy as well."""

_CSS = {
    "black": """
        black#000000
    """,
    "white": """
        white#ffffff snow#fffafa ivory#fffff0 mintcream#f5fffa azure#f0ffff
        ghostwhite#f8f8ff aliceblue#f0f8ff honeydew#f0fff0 floralwhite#fffaf0
        whitesmoke#f5f5f5 seashell#fff5ee lavender#e6e6fa lavenderblush#fff0f5
    """,
    "grey": """
        grey#808080 darkgrey#a9a9a9 silver#c0c0c0 lightgrey#d3d3d3 gainsboro#dcdcdc
        dimgrey#696969 slategrey#708090 lightslategrey#778899
    """,
    "red": """
        red#ff0000 darkred#8b0000 maroon#800000 firebrick#b22222 crimson#dc143c
        indianred#cd5c5c
    """,
    "orange": """
        orange#ffa500 darkorange#ff8c00 coral#ff7f50 tomato#ff6347 orangered#ff4500
        lightsalmon#ffa07a sandybrown#f4a460 darksalmon#e9967a
    """,
    "yellow": """
        yellow#ffff00 lightyellow#ffffe0 lemonchiffon#fffacd lightgoldenrodyellow#fafad2
        khaki#f0e68c palegoldenrod#eee8aa gold#ffd700
    """,
    "green": """
        green#008000 darkgreen#006400 forestgreen#228b22 lime#00ff00 limegreen#32cd32
        lawngreen#7cfc00 chartreuse#7fff00 greenyellow#adff2f springgreen#00ff7f
        mediumspringgreen#00fa9a lightgreen#90ee90 palegreen#98fb98 seagreen#2e8b57
        mediumseagreen#3cb371 darkseagreen#8fbc8f olive#808000 olivedrab#6b8e23
        darkolivegreen#556b2f yellowgreen#9acd32
    """,
    "teal": """
        teal#008080 darkcyan#008b8b cadetblue#5f9ea0 lightseagreen#20b2aa
        mediumaquamarine#66cdaa darkslategrey#2f4f4f
    """,
    "cyan": """
        cyan#00ffff aqua#00ffff turquoise#40e0d0 mediumturquoise#48d1cc darkturquoise#00ced1
        aquamarine#7fffd4 paleturquoise#afeeee lightcyan#e0ffff
    """,
    "blue": """
        blue#0000ff mediumblue#0000cd royalblue#4169e1 dodgerblue#1e90ff deepskyblue#00bfff
        cornflowerblue#6495ed steelblue#4682b4 skyblue#87ceeb lightskyblue#87cefa
        lightblue#add8e6 powderblue#b0e0e6 lightsteelblue#b0c4de
    """,
    "navy": """
        navy#000080 darkblue#00008b midnightblue#191970
    """,
    "purple": """
        purple#800080 indigo#4b0082 darkslateblue#483d8b rebeccapurple#663399
        blueviolet#8a2be2 darkviolet#9400d3 darkorchid#9932cc mediumorchid#ba55d3
        orchid#da70d6 violet#ee82ee plum#dda0dd thistle#d8bfd8
        fuchsia#ff00ff magenta#ff00ff darkmagenta#8b008b mediumpurple#9370db
        slateblue#6a5acd mediumslateblue#7b68ee
    """,
    "pink": """
        pink#ffc0cb lightpink#ffb6c1 hotpink#ff69b4 deeppink#ff1493 palevioletred#db7093
        mediumvioletred#c71585 mistyrose#ffe4e1 salmon#fa8072
        lightcoral#f08080
    """,
    "brown": """
        brown#a52a2a saddlebrown#8b4513 sienna#a0522d chocolate#d2691e peru#cd853f
        rosybrown#bc8f8f
    """,
    "beige": """
        beige#f5f5dc bisque#ffe4c4 blanchedalmond#ffebcd antiquewhite#faebd7 cornsilk#fff8dc
        linen#faf0e6 oldlace#fdf5e6 papayawhip#ffefd5 moccasin#ffe4b5 navajowhite#ffdead
        peachpuff#ffdab9 wheat#f5deb3 burlywood#deb887 tan#d2b48c
    """,
    "gold": """
        goldenrod#daa520 darkgoldenrod#b8860b darkkhaki#bdb76b
    """,
}
_DULL = {
    "black": "#101010 #1a1816 #16181c",
    "grey": "#303030 #404040 #505050 #707070 #909090 #b0b0b0 #8a8580 #6a6e72 #4a4744",
    "red": "#a03030 #6e2020 #b85048",
    "orange": "#c87840 #e09850",
    "yellow": "#d8c850 #e8dc90",
    "green": "#3a4a2a #566640 #74845a #2a3620 #8c9a6c #4a6050",
    "teal": "#3c6060 #5a8484 #244848",
    "cyan": "#90c8cc",
    "blue": "#5a6e90 #3c5070 #7c98bc #a4bcd4 #44648c",
    "navy": "#1c2640 #101838",
    "purple": "#5c4870 #7c6890 #402c50",
    "pink": "#d4a4ac #c08090",
    "brown": "#3c2a1c #5c4430 #4c3828 #7c6248 #6a4c34 #2c2018 #946c4c",
    "beige": "#b8a488 #ccbca4 #dcd0bc",
    "gold": "#a88c40",
}
_PAIR = re.compile("([a-z]+)(#[0-9a-f]{6})")


def hex_rgb(text: str) -> Rgb:
    """``#rrggbb`` as numbers."""
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _css() -> dict[str, Rgb]:
    names = {n: hex_rgb(code) for text in _CSS.values() for n, code in _PAIR.findall(text)}
    return {name: rgb for name, rgb in names.items() if name not in COLOURS}


CSS_COLOURS: dict[str, Rgb] = _css()
"""Every other name of CSS, spelt with an e in grey: each is one exact shade."""


def _shades() -> dict[str, tuple[Rgb, ...]]:
    covered = {
        term: [COLOURS[term], *(hex_rgb(code) for _, code in _PAIR.findall(_CSS[term]))]
        for term in COLOURS
    }
    for term, dull in _DULL.items():
        covered[term] += map(hex_rgb, dull.split())
    return {term: tuple(dict.fromkeys(shades)) for term, shades in covered.items()}


SHADES: dict[str, tuple[Rgb, ...]] = _shades()
"""The shades that each basic term covers; no shade belongs to two."""


def terms_within(term: str) -> tuple[str, ...]:
    """A basic term and those that are part of it: blue is navy as well."""
    return (term, *(part for part, whole in _PART_OF.items() if whole == term))
