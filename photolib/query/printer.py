"""From the syntax tree back to text, and what a person is told about either."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from photolib.query.keys import KEYS
from photolib.query.syntax import (
    LIKE_LEVELS,
    LIKE_SKETCH,
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
)
from photolib.query.values import bare_or_quoted, number_text, quoted

if TYPE_CHECKING:
    from photolib.errors import QueryError

_LEVEL_NAMES = {weight: name for name, weight in LIKE_LEVELS.items()}


def to_text(node: Node) -> str:
    """The node in the query language: parsing the text gives an equal tree.

    Canonical, not as typed: it can be longer than the text the tree came from.
    """
    match node:
        case Text():
            return _text(node)
        case Phrase():
            return quoted(node.words) + _weight(node.weight)
        case Like():
            return _like(node) + _weight(node.weight)
        case Filter():
            return f"{node.key}:{node.value.text}"
        case Not():
            return "-" + _negatable(node.part)
        case And() | Or():
            inside = _all(node) if isinstance(node, And) else _any(node)
            return inside if node.weight == 1 else f"({inside}){_weight(node.weight)}"


def _weight(weight: float) -> str:
    return "" if weight == 1 else f"^{number_text(weight)}"


def _text(node: Text) -> str:
    if node.weight == 1 or _stands_alone(node.words):
        return node.words + _weight(node.weight)
    return f"({node.words}){_weight(node.weight)}"


def _stands_alone(words: str) -> bool:
    """Whether the words are one that a sign before or after it does not change."""
    return not words.startswith("-") and ":" not in words and " " not in words


def _negatable(node: Node) -> str:
    grouped = isinstance(node, And | Or) and node.weight == 1
    if grouped or (isinstance(node, Text) and node.weight == 1 and not _stands_alone(node.words)):
        return f"({to_text(node)})"
    return to_text(node)


def _all(node: And) -> str:
    """Two runs of words side by side would read as one: AND keeps them apart."""
    text = ""
    before: Node | None = None
    for part in node.parts:
        both_runs = all(isinstance(each, Text) and each.weight == 1 for each in (before, part))
        text += (" AND " if both_runs else " ") if before else ""
        is_group = isinstance(part, And | Or) and part.weight == 1
        text += f"({to_text(part)})" if is_group else to_text(part)
        before = part
    return text


def _any(node: Or) -> str:
    return " OR ".join(
        f"({to_text(part)})" if isinstance(part, Or) and part.weight == 1 else to_text(part)
        for part in node.parts
    )


def _like(node: Like) -> str:
    text = f"like:{bare_or_quoted(node.path) if '@' not in node.path else quoted(node.path)}"
    if node.region:
        text += f"@{_region(node.region)}"
    if node.sketch:
        text += f"{{{LIKE_SKETCH}}}"
    if node.features:
        text += "{" + ",".join(map(_feature, node.features)) + "}"
    return text


def _region(region: Region) -> str:
    return ",".join(map(number_text, (region.x, region.y, region.width, region.height)))


def _feature(feature: Feature) -> str:
    level = _LEVEL_NAMES.get(feature.weight) or number_text(feature.weight)
    return f"{feature.name}:{level}"


# ---- telling a person


def explain(query: Query) -> list[str]:
    """How a search is read, one line a part, indented by two spaces a level."""
    if query.root is None:
        return ["everything: the search is empty"]
    return _explained(query.root, 0)


def _explained(node: Node, level: int) -> list[str]:
    lines = ["  " * level + _printable(_description(node))]
    if isinstance(node, And | Or):
        for part in node.parts:
            lines += _explained(part, level + 1)
    elif isinstance(node, Not):
        lines += _explained(node.part, level + 1)
    return lines


def _description(node: Node) -> str:
    match node:
        case Text():
            return f"description {quoted(node.words)}{_counting(node.weight)}"
        case Phrase():
            words = quoted(node.words)
            return f"phrase {words}, also in names and written text{_counting(node.weight)}"
        case Like():
            return f"picture {_like(node)}{_counting(node.weight)}"
        case Filter():
            return f"filter {to_text(node)} ({KEYS[node.key].help})"
        case Not():
            return "without"
        case And():
            return f"all of{_counting(node.weight)}"
        case Or():
            return f"any of{_counting(node.weight)}"


def _counting(weight: float) -> str:
    return "" if weight == 1 else f", weight {number_text(weight)}"


def caret(text: str, error: QueryError, width: int = 78) -> str:
    """Two lines for a terminal: the text around the fault, and a caret under the fault.

    Control characters are replaced, wide ones count as two columns.
    """
    position = min(max(error.position, 0), len(text))
    begin = max(0, position - width * 2 // 3)
    before, after = _printable(text[begin:position]), _printable(text[position : begin + width])
    start = "…" if begin else ""
    end = "…" if begin + width < len(text) else ""
    return f"{start}{before}{after}{end}\n{' ' * _columns(start + before)}^"


def _printable(text: str) -> str:
    return "".join(
        " " if c.isspace() else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _columns(text: str) -> int:
    return sum(_column_width(character) for character in text)


def _column_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
