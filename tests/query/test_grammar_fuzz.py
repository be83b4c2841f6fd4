"""No text crashes the parser, and what is printed reads back as the same tree.

The ordinary run is small; ``pytest tests/query --hypothesis-profile=query-deep`` tries 100,000
examples of each.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from photolib.errors import QueryError
from photolib.query import MAX_LENGTH, Node, Query, caret, complete, explain, parse, to_text, walk
from tests.query.trees import ANY_TEXT, TREES

DEEP = settings.get_current_profile_name() == "query-deep"


def _examples(ordinary: int) -> settings:
    """A modest number, unless the deep profile was asked for."""
    return settings() if DEEP else settings(max_examples=ordinary, deadline=None)


def _attempt(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@given(ANY_TEXT)
@_examples(1500)
def test_any_text_parses_or_is_refused_with_a_position_and_a_remedy(text: str) -> None:
    query = _attempt(text)
    if isinstance(query, QueryError):
        assert 0 <= query.position <= len(text)
        assert query.message
        assert query.hint
        lines = caret(text, query).split("\n")
        assert len(lines) == 2
        assert all(line.isprintable() for line in (*lines, query.message, query.hint))
    elif query.root is None:
        assert not text.strip()
    else:
        assert all(line.isprintable() for line in explain(query))
        printed = to_text(query.root)
        again = parse(printed).root
        assert again == query.root
        assert to_text(again) == printed


@given(TREES)
@_examples(700)
def test_every_tree_reads_back_from_its_text(tree: Node) -> None:
    printed = to_text(tree)
    assume(len(printed) <= MAX_LENGTH)
    assert parse(printed).root == tree


@given(TREES)
@_examples(200)
def test_spans_lie_in_the_text_and_within_their_parent(tree: Node) -> None:
    text = to_text(tree)
    assume(len(text) <= MAX_LENGTH)
    root = parse(text).root
    assert root is not None
    assert 0 <= root.span[0] < root.span[1] <= len(text)
    for node in walk(root):
        assert root.span[0] <= node.span[0] < node.span[1] <= root.span[1]


@given(ANY_TEXT)
@_examples(400)
def test_completion_never_raises_and_its_span_holds_the_cursor(text: str) -> None:
    for cursor in range(len(text) + 1):
        found = complete(text, cursor)
        assert 0 <= found.span[0] <= cursor <= found.span[1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_LENGTH,
        "-" * (MAX_LENGTH - 1) + "x",
        "NOT " * (MAX_LENGTH // 4),
        "x" + "^2" * (MAX_LENGTH // 2 - 1),
        '"' * MAX_LENGTH,
        "like:" + "@1," * 1300,
        "like:x" + "{" * 3900,
        "a(b)" * 1000,
        "x(" * 2000,
        "a" * 3998 + ":b",
        "label:" + "a" * 3900 + ":9" * 40,
        "x" * (MAX_LENGTH + 1),
        "((a)^100)^100",
        "rating:" + "9" * 3900,
        "after:" + "9" * 3900,
        "near:" + "9" * 3900 + ",1,1",
    ],
    ids=lambda text: f"{text[:8]} {len(text)}",
)
def test_hostile_texts_are_answered(text: str) -> None:
    answer = _attempt(text)
    if isinstance(answer, QueryError):
        assert len(answer.message) < 200
        assert len(answer.hint) < 300
        assert len(caret(text, answer)) < 400
