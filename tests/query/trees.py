"""Trees and texts for property tests of the search language."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from photolib.query import (
    AMOUNTS,
    COLOURS,
    KEYS,
    LIKE_FEATURES,
    Ago,
    And,
    Choice,
    Colour,
    Dates,
    Day,
    Feature,
    Filter,
    Labelled,
    Like,
    Match,
    Months,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Region,
    Size,
    Text,
    Times,
    Value,
)
from photolib.query.keys import FIRST_YEAR, LAST_YEAR

FRAGMENTS = st.sampled_from(
    [
        *"()-^\"':@{},.#~*/\\ ",
        *"\t\n\xa0é犬\x00\x1b",
        *("AND", "OR", "NOT", "and", "two dogs", "^2", "^0.5", '""', "..", "3..", "10:30"),
        *("http://x", "lable:dog", "@0,0,1,1", "@0.1,0.2,", "{colour:very}", ":2..", "2022-03"),
        *("word", "like:a.jpg", 'text:"a b"', "//", "--"),
        *(f"{key}:" for key in KEYS),
        *(example for spec in KEYS.values() for example in spec.examples),
    ]
)
ANY_TEXT = st.one_of(
    st.lists(FRAGMENTS, max_size=12).map("".join),
    st.lists(FRAGMENTS, max_size=8).map(" ".join),
    st.text(max_size=60),
)
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: bool(name.strip()))
WEIGHTS = st.one_of(st.just(1.0), st.integers(1, 10_000).map(lambda n: n / 100))


def _words() -> st.SearchStrategy[str]:
    """Plain words: none reads as an operator, a filter, a weight or a negation."""
    plain = st.text("abzé犬.,!?'^_~*/\\{}", min_size=1, max_size=6)
    unweighed = plain.filter(lambda word: not re.search(r"\^\.[^^]*$", word))
    odd = st.sampled_from(["-", "--", "10:30", "http://x", "note:", ":", "IMG(1).jpg", "^", "^_^"])
    return st.lists(unweighed | odd, min_size=1, max_size=4).map(" ".join)


def _ranges(low: int, high: int) -> st.SearchStrategy[Range]:
    end = st.integers(low, high)
    return st.one_of(
        st.tuples(end, end).map(lambda ends: Range(min(ends), max(ends))),
        end.map(lambda n: Range(n, None)),
        end.map(lambda n: Range(None, n)),
    )


def _days() -> st.SearchStrategy[Day]:
    years, months = st.integers(FIRST_YEAR, LAST_YEAR), st.integers(1, 12)
    return st.one_of(
        st.builds(Day, years),
        st.builds(Day, years, months),
        st.builds(Day, years, months, st.integers(1, 28)),
    )


def _dates() -> st.SearchStrategy[Dates]:
    day, ago = _days(), _agos()
    return st.one_of(
        st.one_of(day, ago).map(lambda moment: Dates(moment, moment)),
        st.one_of(day, ago).map(lambda moment: Dates(moment, None)),
        st.tuples(day, ago).map(lambda ends: Dates(*ends)),
    )


def _agos() -> st.SearchStrategy[Ago]:
    return st.builds(Ago, st.integers(0, 9999), st.sampled_from("dwmy"))


def _sizes() -> st.SearchStrategy[Size]:
    ends = st.tuples(st.integers(0, 10**10), st.integers(0, 10**10), st.sampled_from("abc"))
    return st.builds(
        lambda each, pixels: Size(
            None if each[2] == "a" else min(each[:2]),
            None if each[2] == "b" else max(each[:2]),
            pixels,
        ),
        ends,
        st.booleans(),
    )


def _times() -> st.SearchStrategy[Times]:
    minutes = st.tuples(st.integers(0, 1439), st.integers(0, 1440))
    return minutes.filter(lambda ends: ends[0] != ends[1]).map(lambda ends: Times(*ends))


def _nears() -> st.SearchStrategy[Near]:
    latitude = st.integers(-90_000_000, 90_000_000).map(lambda n: n / 1_000_000)
    longitude = st.integers(-180_000_000, 180_000_000).map(lambda n: n / 1_000_000)
    return st.builds(Near, latitude, longitude, st.integers(1, 20_000_000).map(lambda n: n / 1000))


def _colours() -> st.SearchStrategy[Colour]:
    channel = st.integers(0, 255)
    amount = st.sampled_from(AMOUNTS)
    named = st.builds(
        lambda name, much: Colour(COLOURS[name], much, name),
        st.sampled_from(sorted(COLOURS)),
        amount,
    )
    return st.one_of(named, st.builds(Colour, st.tuples(channel, channel, channel), amount))


def _values(key: str) -> st.SearchStrategy[Value]:
    match KEYS[key].kind:
        case "choice":
            return st.sampled_from(KEYS[key].values).map(Choice)
        case "label":
            return st.builds(Labelled, NAMES, st.one_of(st.none(), _ranges(0, 999_999)))
        case "number":
            low, high = {"rating": (0, 5), "year": (FIRST_YEAR, LAST_YEAR)}.get(key, (0, 10**8))
            return _ranges(low, high)
        case "date":
            return _dates() if key == "on" else st.one_of(_days(), _agos())
        case "month":
            return st.builds(Months, st.integers(1, 12), st.integers(1, 12))
        case "time":
            return _times()
        case "point":
            return _nears()
        case "colour":
            return _colours()
        case "size":
            return _sizes()
        case _:
            return NAMES.map(Match)


def _regions() -> st.SearchStrategy[Region]:
    def region(start: tuple[int, int], size: tuple[int, int]) -> Region:
        fits = [max(1, min(length, 1000 - at)) for at, length in zip(start, size, strict=True)]
        return Region(start[0] / 1000, start[1] / 1000, fits[0] / 1000, fits[1] / 1000)

    pair = st.tuples(st.integers(0, 999), st.integers(1, 1000))
    return st.builds(region, pair.map(lambda p: (p[0], 999 - p[0])), pair)


def _likes() -> st.SearchStrategy[Like]:
    levels = st.sampled_from([0.0, 0.5, 1.0, 2.0, 0.25, 3.5])
    features = st.dictionaries(st.sampled_from(LIKE_FEATURES), levels).map(
        lambda chosen: tuple(Feature(n, chosen[n]) for n in LIKE_FEATURES if n in chosen)
    )
    features = features.filter(lambda chosen: len(chosen) < len(LIKE_FEATURES) or _counts(chosen))
    examples = st.builds(Like, NAMES, st.one_of(st.none(), _regions()), features, WEIGHTS)
    sketches = st.builds(Like, NAMES, weight=WEIGHTS, sketch=st.just(True))
    return st.one_of(examples, sketches)


def _counts(features: tuple[Feature, ...]) -> bool:
    return any(feature.weight for feature in features)


def _leaves() -> st.SearchStrategy[Node]:
    keys = st.sampled_from([key for key in KEYS if key != "like"])
    return st.one_of(
        st.builds(Text, _words(), WEIGHTS),
        st.builds(Phrase, NAMES, WEIGHTS),
        _likes(),
        keys.flatmap(lambda key: st.builds(Filter, st.just(key), _values(key))),
    )


def _joined(kind: type[And] | type[Or], parts: list[Node], weight: float) -> Node:
    """As the parser makes them: flat, and weighed only where there is something to weigh."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, And | Or) and isinstance(part, kind) and part.weight == 1:
            flat.extend(part.parts)
        else:
            flat.append(part)
    ranked = any(not isinstance(part, Filter) and _ranks(part) for part in flat)
    return kind(tuple(flat), weight if ranked else 1.0)


def _ranks(node: Node) -> bool:
    if isinstance(node, Not):
        return _ranks(node.part)
    return (
        any(map(_ranks, node.parts)) if isinstance(node, And | Or) else not isinstance(node, Filter)
    )


TREES: st.SearchStrategy[Node] = st.recursive(
    _leaves(),
    lambda inner: st.one_of(
        inner.map(Not),
        st.builds(
            _joined,
            st.sampled_from([And, Or]),
            st.lists(inner, min_size=2, max_size=4),
            WEIGHTS,
        ),
    ),
    max_leaves=8,
)
