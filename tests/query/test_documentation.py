"""docs/query.md says what the language does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from photolib.errors import QueryError
from photolib.query import DAY_PARTS, KEYS, MAX_DEPTH, MAX_LENGTH, caret, parse

PAGE = (Path(__file__).parents[2] / "docs" / "query.md").read_text("utf-8")
EXAMPLES = [
    line
    for block in re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_its_row(key: str) -> None:
    spec = KEYS[key]
    examples = ", ".join(f"`{example}`" for example in spec.examples)
    assert f"| `{key}:` | {spec.help} | {examples} |" in PAGE.splitlines()
    if spec.values:
        assert f"| `{key}:` | {', '.join(spec.values)} |" in PAGE.splitlines()
    assert all(f"`{alias}:` is another name for `{key}:`" in PAGE for alias in spec.aliases)


@pytest.mark.parametrize(
    "text", [*EXAMPLES, *(example for spec in KEYS.values() for example in spec.examples)]
)
def test_every_example_parses(text: str) -> None:
    assert not parse(text).is_empty


def test_fixed_values_are_read() -> None:
    for spec in KEYS.values():
        for value in spec.values:
            assert parse(f"{spec.name}:{value}").filters[0].key == spec.name


def test_the_page_names_no_key_that_there_is_not() -> None:
    assert set(re.findall(r"`([a-z]+~?):`", PAGE)) - {"note", "colour", "date"} <= set(KEYS)


def test_the_limits_are_the_documented_ones() -> None:
    assert f"can be {MAX_DEPTH} deep, a search {MAX_LENGTH:,} characters long" in PAGE
    assert DAY_PARTS["night"] == (22 * 60, 6 * 60)


def test_the_documented_error_is_the_real_one() -> None:
    with pytest.raises(QueryError) as caught:
        parse("two dogs lable:terrier")
    error = caught.value
    shown = f"{caret('two dogs lable:terrier', error)}\n{error.message} {error.hint}"
    assert shown in PAGE
