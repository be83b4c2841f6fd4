"""From text to tokens, in one pass over the characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from photolib.errors import QueryError
from photolib.query.keys import Raw, find_key, shown, unknown_key

_DASHES = re.compile("-+")
_KEY = re.compile(r"([A-Za-z]{2,}~?):")
_WEIGHT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?|\.[0-9]{1,6}")
_WEIGHT_LIKE = re.compile(r"[-+.0-9]")
MIN_WEIGHT, MAX_WEIGHT = 0.01, 100.0


class Kind(Enum):
    WORD = "word"
    PHRASE = "phrase"
    FILTER = "filter"
    OPEN = "("
    CLOSE = ")"
    MINUS = "-"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    WEIGHT = "weight"


OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from ``start`` to ``end``; what else it carries depends on its kind."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    """Words of a WORD or PHRASE; the canonical key of a FILTER."""
    raw: Raw | None = None
    """The value of a FILTER."""
    weight: float = 1.0


def tokenize(text: str) -> list[Token]:
    """The tokens of a search, in order. Raises QueryError."""
    return _Lexer(text).tokens()


def split_weight(word: str, start: int) -> tuple[str, Token | None]:
    """A word and the weight at its end; ``start`` is where the word stands.

    What follows the last ``^`` is a weight if it begins like a number, else part of the word.
    """
    body, caret, tail = word.rpartition("^")
    if not caret or not _WEIGHT_LIKE.match(tail):
        return word, None
    at = start + len(body)
    weight = _weight(tail, at)
    if not body:
        raise QueryError("A weight must touch what it weighs", at, "Write sunset^2, without space.")
    _, caret, before = body.rpartition("^")
    if caret and _WEIGHT_LIKE.match(before):
        raise QueryError("Two weights on one word", at, "Keep one of them.")
    return body, Token(Kind.WEIGHT, at, start + len(word), weight=weight)


def _weight(number: str, at: int) -> float:
    weight = float(number) if _WEIGHT.fullmatch(number) else 0.0
    if MIN_WEIGHT <= weight <= MAX_WEIGHT:
        return weight
    hint = "A weight is a number from 0.01 to 100, as in sunset^2."
    if number.startswith("-"):
        hint += " To ask for less of something write -word."
    raise QueryError(f"{shown(number) or 'Nothing'} is not a weight", at + 1, hint)


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[Token] = []

    def tokens(self) -> list[Token]:
        while self._at < len(self._text):
            self._step()
        return self._tokens

    def _step(self) -> None:
        character = self._text[self._at]
        if character.isspace():
            self._at += 1
        elif character == "(":
            self._add(Kind.OPEN, self._at + 1)
        elif character == ")":
            self._add(Kind.CLOSE, self._at + 1)
            self._weight_after()
        elif character == '"':
            self._phrase()
        elif not self._minuses():
            self._word()

    def _add(self, kind: Kind, end: int, text: str = "", raw: Raw | None = None) -> None:
        self._tokens.append(Token(kind, self._at, end, text, raw))
        self._at = end

    def _minuses(self) -> bool:
        """Dashes that touch what follows negate it; on their own they are a word."""
        dashes = _DASHES.match(self._text, self._at)
        if not dashes:
            return False
        after = self._text[dashes.end() : dashes.end() + 1]
        if not after or after.isspace() or after == ")":
            return False
        for _ in dashes.group():
            self._add(Kind.MINUS, self._at + 1)
        return True

    def _phrase(self) -> None:
        words, end = self._quoted(self._at)
        if not words.strip():
            raise QueryError("Nothing between the quotation marks", self._at, "Put a phrase there.")
        self._add(Kind.PHRASE, end, words)
        self._weight_after()
        self._nothing_touches()

    def _word(self) -> None:
        start, end = self._at, self._word_end(self._at)
        word = self._text[start:end]
        key = _KEY.match(word)
        if word in OPERATORS:
            self._add(OPERATORS[word], end)
        elif key and self._is_filter(key, end):
            self._filter(key, end)
        else:
            body, weight = split_weight(word, start)
            if body in OPERATORS:
                raise QueryError(f"{body} takes no weight", start, f'For the word write "{body}".')
            self._add(Kind.WORD, start + len(body), body)
            self._add_weight(weight)

    def _is_filter(self, key: re.Match[str], end: int) -> bool:
        """Whether what looks like a key is one, not a word such as ``note:`` or ``http://x``."""
        if find_key(key[1]):
            return True
        value = self._text[self._at + key.end() : end]
        touches_quote = not value and self._text[end : end + 1] == '"'
        return bool(value or touches_quote) and not value.startswith("//")

    def _filter(self, match: re.Match[str], end: int) -> None:
        name, at = match[1], self._at + match.end()
        key = find_key(name)
        if key is None:
            raise unknown_key(name, self._text[self._at : end], self._at)
        weight = None
        if self._text[at : at + 1] == '"':
            value, closed = self._quoted(at)
            end = self._word_end(closed)
            tail, weight = self._split_tail(closed, end)
            raw = Raw(key, value, at + 1, quoted=True, tail=tail, tail_at=closed)
        else:
            value, weight = split_weight(self._text[at:end], at) if at < end else ("", None)
            raw = Raw(key, value, at)
        self._add(Kind.FILTER, weight.start if weight else end, key, raw)
        self._add_weight(weight)
        self._nothing_touches()

    def _split_tail(self, start: int, end: int) -> tuple[str, Token | None]:
        """What follows a quoted value: a region, features, a count; then a weight."""
        tail = self._text[start:end]
        if tail.startswith("^"):
            return "", Token(Kind.WEIGHT, start, end, weight=_weight(tail[1:], start))
        return split_weight(tail, start)

    def _add_weight(self, weight: Token | None) -> None:
        if weight:
            self._tokens.append(weight)
            self._at = weight.end

    def _weight_after(self) -> None:
        """A weight that touches a closing parenthesis or quotation mark."""
        if self._text[self._at : self._at + 1] == "^":
            end = self._word_end(self._at)
            weight = _weight(self._text[self._at + 1 : end], self._at)
            self._add_weight(Token(Kind.WEIGHT, self._at, end, weight=weight))

    def _nothing_touches(self) -> None:
        after = self._text[self._at : self._at + 1]
        if after and not after.isspace() and after != ")":
            hint = 'Put a space there; inside quotation marks write "" for one of them.'
            raise QueryError(f"{shown(after)} touches what stands before it", self._at, hint)

    def _quoted(self, start: int) -> tuple[str, int]:
        """The text in the quotation marks that open at ``start``, and the offset after them."""
        at = start + 1
        while (at := self._text.find('"', at)) >= 0:
            if self._text[at + 1 : at + 2] != '"':
                return self._text[start + 1 : at].replace('""', '"'), at + 1
            at += 2
        hint = 'Close the phrase with another "; to search for the sign itself write """".'
        raise QueryError("This quotation mark is never closed", start, hint)

    def _word_end(self, start: int) -> int:
        """Where the word ends; parentheses opened inside a word belong to it."""
        opened: list[int] = []
        at = start
        while at < len(self._text) and not (character := self._text[at]).isspace():
            if character == '"':
                self._check_quote(start, at)
                break
            if character == ")" and not opened:
                break
            if character == ")":
                opened.pop()
            elif character == "(":
                if at - start <= 3 and self._text[start:at] in OPERATORS:
                    break
                opened.append(at)
            at += 1
        if opened:
            hint = "Put a space before a group, or the words in quotation marks."
            raise QueryError("This parenthesis is not closed within its word", opened[0], hint)
        return at

    def _check_quote(self, start: int, at: int) -> None:
        """A quotation mark within a word is a slip, unless it opens a value."""
        if at > start and not _KEY.fullmatch(self._text, start, at):
            hint = 'Put a space before it; inside quotation marks write "" for one of them.'
            raise QueryError("A quotation mark in the middle of a word", at, hint)
