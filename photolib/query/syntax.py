"""The syntax tree of a search.

Trees compare equal when they mean the same: where a node stood in the text does not count. Spans
are offsets in characters, the end excluded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from photolib.query.values import Ago, Dates, Day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from photolib.query.values import Value

Span: TypeAlias = tuple[int, int]
LIKE_FEATURES = ("meaning", "colour", "layout", "texture", "shape")
LIKE_LEVELS = {"not": 0.0, "somewhat": 0.5, "normal": 1.0, "very": 2.0}
"""What the words in ``like:PATH{colour:very}`` weigh."""

LIKE_PRESETS: dict[str, dict[str, float]] = {
    "palette": {"meaning": 0.0, "colour": 1.0, "layout": 0.0, "texture": 0.0, "shape": 0.0},
    "composition": {"meaning": 0.0, "colour": 0.0, "layout": 1.0, "texture": 0.0, "shape": 1.0},
}
"""Words that set every weight: the same colours wherever they are, or the same things in the same
places in whatever colours."""
LIKE_SKETCH = "sketch"
"""The word for a picture that is a sketch of what is looked for, not an example of it."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stood together: one description for the encoder, single spaces between."""

    words: str
    weight: float = 1.0
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A quoted phrase: matches names and words in pictures as written, and goes to the encoder."""

    words: str
    weight: float = 1.0
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, in fractions of its oriented width and height; x, y is top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Feature:
    """How much one aspect of a picture counts: 0 is not at all, 1 is as usual."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Like:
    """Photos like this picture or a region of it; features not named weigh 1."""

    path: str
    region: Region | None = None
    features: tuple[Feature, ...] = ()
    """In the order of LIKE_FEATURES, each at most once."""
    weight: float = 1.0
    sketch: bool = False
    """Whether the picture is a sketch; then it has no region and no features."""
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that a photo meets or not; ``key`` is a canonical key of KEYS."""

    key: str
    value: Value
    raw: str = field(default="", compare=False)
    """What stood after the colon, as typed."""
    span: Span = field(default=(0, 0), compare=False)

    def days(self, today: date) -> tuple[date | None, date | None] | None:
        """The first local capture date that meets ``after``, ``before`` or ``on``, and the first
        that no longer does; None is open. None altogether for other keys.
        """
        match self.value:
            case Dates():
                return self.value.span(today)
            case Day() | Ago():
                start = self.value.span(today)[0]
                return (start, None) if self.key == "after" else (None, start)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Not:
    """Less of this; before a condition: none of this."""

    part: Node
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of these; two parts at least, none of them an And of weight 1."""

    parts: tuple[Node, ...]
    weight: float = 1.0
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these; two parts at least, none of them an Or of weight 1."""

    parts: tuple[Node, ...]
    weight: float = 1.0
    span: Span = field(default=(0, 0), compare=False)


Node: TypeAlias = Text | Phrase | Like | Filter | Not | And | Or


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if isinstance(current, And | Or):
            waiting.extend(reversed(current.parts))
        elif isinstance(current, Not):
            waiting.append(current.part)


def is_condition(node: Node) -> bool:
    """Whether the node is made of filters only: it is met or not, and has nothing to rank by."""
    return not any(isinstance(each, Text | Phrase | Like) for each in walk(node))


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search; ``root`` is None when the text was blank."""

    root: Node | None
    text: str = field(default="", compare=False)

    @property
    def is_empty(self) -> bool:
        return self.root is None

    @property
    def parts(self) -> tuple[Node, ...]:
        """What the search asks for at its top, all of which counts."""
        if self.root is None:
            return ()
        return self.root.parts if isinstance(self.root, And) else (self.root,)

    @property
    def conditions(self) -> tuple[Node, ...]:
        """The parts every hit must meet, trees of filters alone: these become SQL."""
        return tuple(part for part in self.parts if is_condition(part))

    @property
    def concepts(self) -> tuple[Node, ...]:
        """The parts that hits are ranked by."""
        return tuple(part for part in self.parts if not is_condition(part))

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Every filter, wherever it stands."""
        return tuple(node for node in self._nodes() if isinstance(node, Filter))

    @property
    def likes(self) -> tuple[Like, ...]:
        """Every picture to compare with, wherever it stands."""
        return tuple(node for node in self._nodes() if isinstance(node, Like))

    def mentions(self, key: str) -> bool:
        """Whether a filter of this key stands anywhere."""
        return any(each.key == key for each in self.filters)

    def _nodes(self) -> Iterator[Node]:
        return iter(()) if self.root is None else walk(self.root)
