"""The search language: text to syntax tree and back. Pure; see docs/query.md for its users.

``parse`` reads a text, ``to_text`` writes a tree, ``explain`` and ``caret`` tell a person what was
read or where it went wrong, ``complete`` says what can be typed next. ``KEYS`` lists the filters.
"""

from photolib.query.colours import COLOURS, CSS_COLOURS, SHADES, Rgb, terms_within
from photolib.query.completion import Completion, complete
from photolib.query.keys import COLOURLESS, KEYS, KeySpec
from photolib.query.parser import MAX_DEPTH, MAX_LENGTH, parse
from photolib.query.printer import caret, explain, to_text
from photolib.query.syntax import (
    LIKE_FEATURES,
    LIKE_LEVELS,
    And,
    Feature,
    Filter,
    Like,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Region,
    Text,
    is_condition,
    walk,
)
from photolib.query.values import (
    AMOUNTS,
    DAY_PARTS,
    Ago,
    Choice,
    Colour,
    Dates,
    Day,
    Labelled,
    Match,
    Months,
    Near,
    Range,
    Size,
    Times,
    Value,
)

__all__ = [
    "AMOUNTS",
    "COLOURLESS",
    "COLOURS",
    "CSS_COLOURS",
    "DAY_PARTS",
    "KEYS",
    "LIKE_FEATURES",
    "LIKE_LEVELS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "SHADES",
    "Ago",
    "And",
    "Choice",
    "Colour",
    "Completion",
    "Dates",
    "Day",
    "Feature",
    "Filter",
    "KeySpec",
    "Labelled",
    "Like",
    "Match",
    "Months",
    "Near",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "Range",
    "Region",
    "Rgb",
    "Size",
    "Text",
    "Times",
    "Value",
    "caret",
    "complete",
    "explain",
    "is_condition",
    "parse",
    "terms_within",
    "to_text",
    "walk",
]
