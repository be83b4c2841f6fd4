"""From tokens to the syntax tree: one pass, no backtracking, bounded depth.

query = and ("OR" and)* ;  and = unary ("AND"? unary)* ;  unary = ("-" | "NOT") unary | weighted
weighted = (word+ | phrase | filter | "(" query ")") weight?
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from photolib.errors import QueryError
from photolib.query.keys import Raw, read_value, shown, suggestion
from photolib.query.lexer import MAX_WEIGHT, MIN_WEIGHT, Kind, Token, tokenize
from photolib.query.syntax import (
    LIKE_FEATURES,
    LIKE_LEVELS,
    LIKE_PRESETS,
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
    Span,
    Text,
    is_condition,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LENGTH = 4_000
"""Characters. Far above what a person types; keeps every answer within milliseconds."""
MAX_DEPTH = 40
"""Groups and negations within each other; keeps recursion far from Python's limit."""
_ROUNDING = 1e-9
_PLACE = re.compile(r"(.*?)(?:@([-+.0-9]+(?:,[-+.0-9]*)+))?(?:\{([^{}]*)\})?", re.DOTALL)
_FRACTION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,12})?|\.[0-9]{1,12}")


def parse(text: str) -> Query:
    """The syntax tree of a search.

    Raises QueryError, and nothing else, with the offset of the first character at fault.
    """
    if len(text) > MAX_LENGTH:
        hint = f"A search can have {MAX_LENGTH} characters; this one has {len(text)}."
        raise QueryError("The search is too long", MAX_LENGTH, hint)
    tokens = tokenize(text)
    return Query(_Parser(tokens, len(text)).query() if tokens else None, text)


class _Parser:
    def __init__(self, tokens: Sequence[Token], length: int) -> None:
        self._tokens = tokens
        self._length = length
        self._next = 0
        self._depth = 0

    def query(self) -> Node:
        root = self._any()
        if left := self._peek():
            hint = 'Open the group with ( first; to search for the sign itself write ")".'
            raise QueryError("This parenthesis closes nothing", left.start, hint)
        return root

    def _peek(self, ahead: int = 0) -> Token | None:
        at = self._next + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _take(self, *kinds: Kind) -> Token | None:
        token = self._peek()
        if token is None or token.kind not in kinds:
            return None
        self._next += 1
        return token

    def _any(self) -> Node:
        parts = [self._all()]
        while self._take(Kind.OR):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _joined(Or, parts)

    def _all(self) -> Node:
        parts = [self._unary()]
        while not self._at_end_of_all():
            self._take(Kind.AND)
            parts.append(self._unary())
        return parts[0] if len(parts) == 1 else _joined(And, parts)

    def _at_end_of_all(self) -> bool:
        token = self._peek()
        return token is None or token.kind in (Kind.OR, Kind.CLOSE)

    def _unary(self, negated: bool = False) -> Node:
        minus = self._take(Kind.MINUS, Kind.NOT)
        if not minus:
            return self._weighted(single=negated)
        self._enter(minus)
        part = self._unary(negated=True)
        self._depth -= 1
        return Not(part, (minus.start, part.span[1]))

    def _weighted(self, single: bool) -> Node:
        node = self._operand(single)
        weight = self._take(Kind.WEIGHT)
        return _weighed(node, weight) if weight else node

    def _operand(self, single: bool) -> Node:
        token = self._take(Kind.WORD, Kind.PHRASE, Kind.FILTER, Kind.OPEN)
        if token is None:
            raise self._missing()
        if token.kind is Kind.WORD:
            return self._words(token, single)
        if token.kind is Kind.PHRASE:
            return Phrase(token.text, span=(token.start, token.end))
        return self._filter(token) if token.raw else self._group(token)

    def _words(self, first: Token, single: bool) -> Text:
        """The run of words from here on; a word that has a weight of its own stands alone."""
        words = [first]
        if not single and not self._is_weight(0):
            while not self._is_weight(1) and (word := self._take(Kind.WORD)):
                words.append(word)
        return Text(" ".join(word.text for word in words), span=(first.start, words[-1].end))

    def _is_weight(self, ahead: int) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind is Kind.WEIGHT

    def _filter(self, token: Token) -> Node:
        assert token.raw is not None
        span = (token.start, token.end)
        if token.text == "like":
            return _like(token.raw, span)
        return Filter(token.text, read_value(token.raw), token.raw.text, span)

    def _group(self, opened: Token) -> Node:
        self._enter(opened)
        after = self._peek()
        if after and after.kind is Kind.CLOSE:
            raise QueryError("Nothing between the parentheses", opened.start, "Put words there.")
        node = self._any() if after else None
        closed = self._take(Kind.CLOSE)
        if node is None or not closed:
            hint = 'Close the group with ); to search for the sign itself write "(".'
            raise QueryError("This parenthesis is never closed", opened.start, hint)
        self._depth -= 1
        return replace(node, span=(opened.start, closed.end))

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            hint = f"Groups and negations can be {MAX_DEPTH} deep."
            raise QueryError("Too many groups within each other", token.start, hint)

    def _missing(self) -> QueryError:
        """The error where something to search for should stand."""
        token, before = self._peek(), self._peek(-1) if self._next else None
        at = token.start if token else self._length
        operator = next((t for t in (before, token) if t and t.kind in _OPERATORS), None)
        if operator is None:
            hint = 'To search for the sign itself write ")".'
            return QueryError("Something to search for is missing here", at, hint)
        name = operator.kind.value
        side = "after" if operator is before else "before"
        hint = f'To search for the sign or word itself write "{name}".'
        return QueryError(f"{name} needs something {side} it", operator.start, hint)


_OPERATORS = (Kind.AND, Kind.OR, Kind.NOT, Kind.MINUS)


def _joined(kind: type[And] | type[Or], parts: Sequence[Node]) -> Node:
    """One node of all parts, where parts of the same kind and weight 1 dissolve into it."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, And | Or) and isinstance(part, kind) and part.weight == 1:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return kind(tuple(flat), span=(parts[0].span[0], parts[-1].span[1]))


def _weighed(node: Node, weight: Token) -> Node:
    """The node with its weight multiplied; a negation passes it on to what it negates."""
    span: Span = (node.span[0], weight.end)
    if isinstance(node, Filter) or is_condition(node):
        hint = "A filter says yes or no. If the sign belongs to the value, quote the value."
        raise QueryError("A filter takes no weight", weight.start, hint)
    if isinstance(node, Not):
        return Not(_weighed(node.part, weight), span)
    product = node.weight * weight.weight
    if not MIN_WEIGHT <= product <= MAX_WEIGHT:
        hint = "Weights on a group multiply those within; together they go from 0.01 to 100."
        raise QueryError("The weights multiply to too much or too little", weight.start, hint)
    return replace(node, weight=product, span=span)


def _like(raw: Raw, span: Span) -> Like:
    """``PATH@x,y,w,h{feature:level,...}``; only a quoted path may end like the rest."""
    match = _PLACE.fullmatch(raw.tail if raw.quoted else raw.text)
    if raw.quoted and match and match[1]:
        raise raw.unexpected_tail()
    path = raw.text if raw.quoted else match[1] if match else ""
    if not path.strip():
        raise raw.error("needs the path of a picture", 'Write like:beach.jpg or like:"my dog.jpg".')
    if not raw.quoted and path.rfind("{") > path.rfind("}"):
        hint = (
            'Write like:PATH{colour:very,shape:not} without blanks, or quote the path: like:"...".'
        )
        raise raw.error("the { is never closed", hint)
    assert match is not None
    region = _region(raw, match[2]) if match[2] is not None else None
    if match[3] is not None and match[3].strip().lower() == LIKE_SKETCH:
        if region is not None:
            raise raw.error("a sketch has no region", "Leave out the @ and what follows it.")
        return Like(path, sketch=True, span=span)
    features = _features(raw, match[3]) if match[3] is not None else ()
    return Like(path, region, features, span=span)


def _region(raw: Raw, text: str) -> Region:
    numbers = [float(part) for part in text.split(",") if _FRACTION.fullmatch(part)]
    if len(numbers) == 4 == text.count(",") + 1:
        x, y, width, height = numbers
        inside = x + width <= 1 + _ROUNDING and y + height <= 1 + _ROUNDING
        if width > 0 and height > 0 and inside:
            return Region(x, y, width, height)
    hint = (
        "Write @x,y,width,height as fractions of the picture, 0 to 1: like:a.jpg@0.1,0.2,0.5,0.5."
    )
    raise raw.error(f"{shown('@' + text)} is not a region within the picture", hint)


def _features(raw: Raw, text: str) -> tuple[Feature, ...]:
    items = [item.strip().lower() for item in text.split(",")]
    presets = [item for item in items if item in LIKE_PRESETS]
    if len(presets) > 1:
        raise raw.error("takes one of its words at a time", f"Keep one of {', '.join(presets)}.")
    weights: dict[str, float] = {}
    for item in (item for item in items if item not in presets):
        name, _, level = (part.strip() for part in item.partition(":"))
        name = "colour" if name == "color" else name
        if name not in LIKE_FEATURES or name in weights:
            words = (*LIKE_FEATURES, *LIKE_PRESETS, LIKE_SKETCH)
            hint = suggestion(name, words) or f"It can be {', '.join(words)}."
            again = "named twice" if name in weights else "not a feature of a picture"
            raise raw.error(f"{shown(name) or 'nothing'} is {again}", hint)
        weights[name] = _level(raw, level)
    weights = {**(LIKE_PRESETS[presets[0]] if presets else {}), **weights}
    if not any(weights.get(name, 1.0) for name in LIKE_FEATURES):
        raise raw.error("no feature is left to compare", "Leave one out, or give it a level.")
    return tuple(Feature(name, weights[name]) for name in LIKE_FEATURES if name in weights)


def _level(raw: Raw, level: str) -> float:
    if level in LIKE_LEVELS:
        return LIKE_LEVELS[level]
    weight = float(level) if _FRACTION.fullmatch(level) else -1.0
    if 0 <= weight <= MAX_WEIGHT:
        return weight
    hint = suggestion(level, LIKE_LEVELS) or (
        f"Write {', '.join(LIKE_LEVELS)}, or a number from 0 to 100."
    )
    raise raw.error(f"{shown(level) or 'nothing'} is not a level", hint)
