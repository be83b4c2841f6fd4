"""What can be typed next, for a query box that offers keys and values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from photolib.query.keys import KEYS, find_key

if TYPE_CHECKING:
    from photolib.query.syntax import Span

Completing: TypeAlias = Literal["key", "value", "nothing"]
_KEY_LIKE = re.compile(r"[A-Za-z]*~?")
_KEY_END = re.compile(r"[A-Za-z]*~?:?")
_WORD_END = re.compile(r'[^\s()"]*')
_QUOTED_END = re.compile(r'[^"]*"?')


@dataclass(frozen=True, slots=True)
class Completion:
    """What stands at the cursor, and what can replace ``span`` of the text.

    ``options`` holds only what the language itself knows: keys with their colon, fixed values. The
    names of labels, albums, folders or places are for the caller to add, by ``key``.
    """

    completing: Completing
    prefix: str
    span: Span
    key: str | None = None
    options: tuple[str, ...] = ()


def complete(text: str, cursor: int) -> Completion:
    """The completion at an offset in a text that need not parse. Never raises."""
    cursor = min(max(cursor, 0), len(text))
    start, quote = _word_start(text, cursor)
    word = text[start:cursor]
    name, colon, value = word.partition(":")
    key = find_key(name) if colon else None
    if key:
        return _value(text, cursor, key, cursor - len(value), quote)
    if quote is None and _KEY_LIKE.fullmatch(word):
        return _key(text, cursor, start)
    return Completion("nothing", word, (start, cursor))


def _word_start(text: str, cursor: int) -> tuple[int, int | None]:
    """Where the word at the cursor starts, and the quotation mark that is open there, if any."""
    start, quote = 0, None
    for at in range(cursor):
        character = text[at]
        if character == '"':
            quote = at if quote is None else None
        elif quote is None and (
            character.isspace() or character in "()" or (character == "-" and at == start)
        ):
            start = at + 1
    return start, quote


def _key(text: str, cursor: int, start: int) -> Completion:
    prefix = text[start:cursor].lower()
    rest = _KEY_END.match(text, cursor)
    end = rest.end() if rest else cursor
    options = tuple(
        f"{spec.name}:"
        for spec in KEYS.values()
        if any(name.startswith(prefix) for name in (spec.name, *spec.aliases))
    )
    return Completion("key", prefix, (start, end), options=options)


def _value(text: str, cursor: int, key: str, start: int, quote: int | None) -> Completion:
    prefix = text[start:cursor]
    rest = (_QUOTED_END if quote is not None else _WORD_END).match(text, cursor)
    end = rest.end() if rest else cursor
    plain = prefix.removeprefix('"').lower()
    options = tuple(value for value in KEYS[key].values if value.startswith(plain))
    return Completion("value", prefix.removeprefix('"'), (start, end), key, options)
