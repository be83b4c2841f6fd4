"""JSON of results and errors, and text that is safe to show."""

from __future__ import annotations

import base64
import json
import math
import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import FolderError, QueryError
from photolib.library import results
from photolib.wire import dump, error_json, printable, to_json

ANY_TEXT = st.text(st.characters(categories=None), max_size=40)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=200)
def test_printable_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    kinds = {unicodedata.category(character) for character in shown}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plage \U0001f3d6\ufe0f été", "plage \U0001f3d6\ufe0f été"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\t", r"two\nlines\t"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        (os.fsdecode(b"caf\xe9.jpg"), r"caf\xe9.jpg"),
        ("\ud83d", r"\ud83d"),
        ("\U000e0041", r"\U000e0041"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_printable_shows_controls_and_keeps_the_rest(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_bidirectional_control_is_shown() -> None:
    controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    characters = [chr(code) for code in range(0x10000)]
    found = [c for c in characters if unicodedata.bidirectional(c) in controls]
    assert len(found) == len(controls)
    assert all(printable(c) != c for c in found)


def test_the_index_report_carries_scanned_and_nested_objects() -> None:
    made = to_json(results.IndexReport(added=2, parts=1, pending=results.Pending(embed=3)))
    assert made["schema"] == 1
    assert made["scanned"] == 3
    assert made["pending"] == {"embed": 3, "crops": 0, "texts": 0}


def test_trailing_underscores_are_dropped() -> None:
    album = results.Album(
        1, "event", "Trip", 2, None, 0, None, "2022-01-01T10:00:00", None, "date", False, False
    )
    assert to_json(album)["from"] == "2022-01-01T10:00:00"
    assert to_json(results.Evidence(7, "bytes", "same-bytes", None, 1.0))["with"] == 7


def test_optional_keys_are_left_out_and_others_are_null() -> None:
    hit = results.Hit(1, "/p/a.jpg", 5, 0.5, "", (results.Why("meaning", "", 0.5, 0.2),))
    made = to_json(hit)
    assert "crop_id" not in made
    assert made["why"] == [{"source": "meaning", "detail": "", "score": 0.5, "raw": 0.2}]
    boxed = to_json(results.Why("crop", "dog", 0.5, 0.2, box=(0.0, 0.1, 0.5, 0.5)))
    assert boxed["box"] == [0.0, 0.1, 0.5, 0.5]
    page = results.ProblemList((), (), 0)
    assert to_json(page)["next_offset"] is None


def test_a_path_that_is_not_utf8_keeps_its_bytes() -> None:
    raw = b"/p/caf\xe9.jpg"
    made = to_json(results.Skipped(os.fsdecode(raw), "not a picture"))
    assert made["path"] == "/p/caf\ufffd.jpg"
    encoded = made["path_b64"]
    assert isinstance(encoded, str)
    assert base64.b64decode(encoded) == raw
    assert "path_b64" not in to_json(results.Skipped("/p/café.jpg", ""))


def test_lists_of_paths_keep_their_bytes() -> None:
    made = to_json(results.IndexReport(offline=["/a", os.fsdecode(b"/\xff")]))
    encoded = made["offline_b64"]
    assert isinstance(encoded, list)
    assert [base64.b64decode(str(item)) for item in encoded] == [b"/a", b"/\xff"]


def test_errors_name_code_message_hint_and_position() -> None:
    assert error_json(FolderError("/x: no such folder", "Check the path.")) == {
        "schema": 1,
        "error": {"code": "folder", "message": "/x: no such folder", "hint": "Check the path."},
    }
    described = error_json(QueryError("a quote is not closed", 4))["error"]
    assert isinstance(described, dict)
    assert described["position"] == 4


def test_numbers_that_json_lacks_become_null() -> None:
    assert to_json({"score": math.nan, "far": math.inf}) == {
        "schema": 1,
        "score": None,
        "far": None,
    }


def test_only_results_can_be_told() -> None:
    with pytest.raises(TypeError, match="object is not a result"):
        to_json(object())


@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.lists(ANY_TEXT, max_size=3), max_size=3))
@settings(deadline=None, max_examples=200)
def test_any_text_becomes_ascii_json_that_reads_back(value: dict[str, object]) -> None:
    made = to_json(value)
    text = dump(made)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == made
