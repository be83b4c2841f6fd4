"""What a person may write, and what it means."""

from __future__ import annotations

from datetime import date

import pytest

from photolib.errors import QueryError
from photolib.query import (
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
    caret,
    complete,
    explain,
    is_condition,
    parse,
    to_text,
)

A, B, C, D = (Text(letter) for letter in "abcd")
DOG = Filter("label", Labelled("dog"))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("two dogs on a beach", Text("two dogs on a beach")),
        ("  two \t dogs  ", Text("two dogs")),
        (
            "two dogs on a beach -snow after:2022",
            And((Text("two dogs on a beach"), Not(Text("snow")), Filter("after", Day(2022)))),
        ),
        ("a AND b", And((A, B))),
        ("a b -c d", And((Text("a b"), Not(C), D))),
        ("a OR b c", Or((A, Text("b c")))),
        ("a AND b OR c AND d", Or((And((A, B)), And((C, D))))),
        ("a AND (b OR c)", And((A, Or((B, C))))),
        ("a (b)", And((A, B))),
        ("(a AND b) AND c", And((A, B, C))),
        ("(a b)", Text("a b")),
        ("and or not And", Text("and or not And")),
        ("NOT a b", And((Not(A), B))),
        ("--a", Not(Not(A))),
        ("-(a b)", Not(Text("a b"))),
        ("-label:dog", Not(DOG)),
        ('-"a b"', Not(Phrase("a b"))),
        ("a - b", Text("a - b")),
        ("black-and-white", Text("black-and-white")),
        ("a^2", Text("a", 2.0)),
        ("a b^.5 c", And((A, Text("b", 0.5), C))),
        ("(a b)^2", Text("a b", 2.0)),
        ("((a)^2)^3", Text("a", 6.0)),
        ("(a OR b)^2", Or((A, B), 2.0)),
        ("(-a)^2", Not(Text("a", 2.0))),
        ('"a b"^2', Phrase("a b", 2.0)),
        ("^_^ a^b", Text("^_^ a^b")),
        ('"say ""hi"""', Phrase('say "hi"')),
        (r'"C:\new\"', Phrase("C:\\new\\")),
        ('"AND label:dog"', Phrase("AND label:dog")),
        ("NOT(a)OR(b)", Or((Not(A), B))),
        ("IMG(1).jpg", Text("IMG(1).jpg")),
        ("file:IMG(1).jpg", Filter("file", Match("IMG(1).jpg"))),
        ("(label:dog)", DOG),
        ("LABEL:dog", DOG),
    ],
)
def test_words_and_operators(text: str, tree: Node) -> None:
    assert parse(text).root == tree


@pytest.mark.parametrize(
    "text", ["10:30", "http://example.org", "C:\\pictures", "note: dog", ":smile:", "a:b", "3..4"]
)
def test_what_only_looks_like_a_filter_is_text(text: str) -> None:
    assert parse(text).root == Text(text)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("like:beach.jpg", Like("beach.jpg")),
        ("like:beach.jpg^2", Like("beach.jpg", weight=2.0)),
        ("-like:beach.jpg", Not(Like("beach.jpg"))),
        ('like:"my ""dog"".jpg"', Like('my "dog".jpg')),
        ("like:a@0.1,0.2,.5,0.5", Like("a", Region(0.1, 0.2, 0.5, 0.5))),
        ('like:"a b"@0,0,1,1^2', Like("a b", Region(0, 0, 1, 1), weight=2.0)),
        ("like:icon@2x.png", Like("icon@2x.png")),
        ("like:{id}.jpg", Like("{id}.jpg")),
        ('like:"a@0,0,1,1"', Like("a@0,0,1,1")),
        ("like:C:\\a.jpg", Like("C:\\a.jpg")),
        ("like://server/a.jpg", Like("//server/a.jpg")),
        (
            "like:a@0,0,1,1{texture:somewhat,color:very,shape:not,layout:1.5}",
            Like(
                "a",
                Region(0, 0, 1, 1),
                (
                    Feature("colour", 2.0),
                    Feature("layout", 1.5),
                    Feature("texture", 0.5),
                    Feature("shape", 0.0),
                ),
            ),
        ),
        ("like:a.png{sketch}^2", Like("a.png", weight=2.0, sketch=True)),
        (
            "like:a{palette,texture:somewhat}",
            parse("like:a{meaning:not,colour:normal,layout:not,texture:somewhat,shape:not}").root,
        ),
        (
            "like:a{Composition}",
            parse("like:a{meaning:not,colour:not,layout:1,texture:not,shape:1}").root,
        ),
    ],
)
def test_pictures(text: str, tree: Node) -> None:
    assert parse(text).root == tree


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("after:2022", "after", Day(2022)),
        ("before:2022-03", "before", Day(2022, 3)),
        ("after:7d", "after", Ago(7, "d")),
        ("on:2023-04-05", "on", Dates(Day(2023, 4, 5), Day(2023, 4, 5))),
        ("date:yesterday", "on", Dates(Ago(1, "d"), Ago(1, "d"))),
        ("on:2022-07..2022-08", "on", Dates(Day(2022, 7), Day(2022, 8))),
        ("year:2019..2021", "year", Range(2019, 2021)),
        ("month:12", "month", Months(12, 12)),
        ("month:June", "month", Months(6, 6)),
        ("month:nov..feb", "month", Months(11, 2)),
        ("time:night", "time", Times(22 * 60, 6 * 60)),
        ("time:20:30..23", "time", Times(20 * 60 + 30, 23 * 60)),
        ('camera:"Canon EOS"', "camera", Match("Canon EOS")),
        ("iso:..800", "iso", Range(None, 800)),
        ("near:-33.87,151.21", "near", Near(-33.87, 151.21, 1)),
        ("near:48.86,2.35,5km", "near", Near(48.86, 2.35, 5)),
        ("type:JPG", "type", Choice("jpeg")),
        ("label:dog:2..", "label", Labelled("dog", Range(2, None))),
        ('label:"hot dog":2', "label", Labelled("hot dog", Range(2, 2))),
        ('label:"a:1"', "label", Labelled("a:1")),
        ("label~:dog", "label~", Labelled("dog")),
        ("rating:3..", "rating", Range(3, None)),
        ("rating:4", "rating", Range(4, 4)),
        ("colour:white", "color", Colour((255, 255, 255), "", "white")),
        ('color:"Mostly White"', "color", Colour((255, 255, 255), "mostly", "white")),
        ("color:#f80", "color", Colour((255, 136, 0))),
        ('color:"some crimson"', "color", Colour((220, 20, 60), "some")),
        ('color:"Light Gray"', "color", Colour((211, 211, 211))),
        ('color:"black and white"', "color", Choice("black-and-white")),
        ('color:"B&W"', "color", Choice("black-and-white")),
        ("color:gray", "color", Colour((128, 128, 128), "", "grey")),
        ("size:1..5mb", "size", Size(10**6, 5 * 10**6)),
        ("size:12.5mp..", "size", Size(12_500_000, None, True)),
        ("is:favorite", "is", Choice("favourite")),
        ("has:GPS", "has", Choice("gps")),
        ("state:missing", "state", Choice("missing")),
    ],
)
def test_filters(text: str, key: str, value: Value) -> None:
    assert parse(text).root == Filter(key, value)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("after:2022", date(2022, 1, 1), None),
        ("before:2022-03", None, date(2022, 3, 1)),
        ("on:2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("on:2022-07..2022-08", date(2022, 7, 1), date(2022, 9, 1)),
        ("on:2022..", date(2022, 1, 1), None),
        ("on:2023-12-31", date(2023, 12, 31), date(2024, 1, 1)),
        ("on:yesterday", date(2024, 3, 30), date(2024, 3, 31)),
        ("after:1m", date(2024, 2, 29), None),
        ("after:2w", date(2024, 3, 17), None),
        ("before:1y", None, date(2023, 3, 31)),
        ("after:9999y", date(1, 3, 31), None),
    ],
)
def test_dates_become_days_from_a_first_to_one_no_longer_meant(
    text: str, start: date | None, end: date | None
) -> None:
    assert parse(text).filters[0].days(date(2024, 3, 31)) == (start, end)


def test_only_dates_have_days() -> None:
    assert parse("label:dog").filters[0].days(date(2024, 3, 31)) is None


def test_months_and_times_go_over_the_turn() -> None:
    assert Months(11, 2).numbers == (11, 12, 1, 2)
    assert Months(6, 6).numbers == (6,)
    night = Times(22 * 60, 6 * 60)
    assert 23 * 60 in night
    assert 0 in night
    assert 6 * 60 not in night
    assert 12 * 60 in Times(6 * 60, 18 * 60)
    assert 18 * 60 not in Times(6 * 60, 18 * 60)


def test_a_range_includes_its_ends() -> None:
    assert [n for n in range(6) if n in Range(2, 4)] == [2, 3, 4]
    assert 0 in Range(None, 3)
    assert 4 not in Range(None, 3)


@pytest.mark.parametrize(
    ("text", "position", "message", "hint"),
    [
        ("two lable:dog", 4, "no key lable", "Did you mean label:?"),
        ("rating~:3", 0, "no key rating~", "rating:"),
        ("xyzzy:dog", 0, "no key xyzzy", '"xyzzy:dog"'),
        ('lable:"a b"', 0, "no key lable", "label:"),
        ("is:favorit", 3, "favorit", "favourite"),
        ("has:xyz", 4, "xyz", "gps"),
        ("color:bleu", 6, "bleu", "blue"),
        ("month:jnue", 6, "jnue", "june"),
        ("month:ju", 6, "ju", "june"),
        ("month:11..", 6, "both ends", "11..2"),
        ("time:nigth", 5, "nigth", "night"),
        ("rating:7", 7, "7", "0 to 5"),
        ("rating:4..2", 7, "4 is more than 2", "2..4"),
        ("rating:..", 7, "missing", "3.."),
        ("label:dog:", 10, "missing", "3.."),
        ("after:2022-13", 6, "2022-13", "2022-03"),
        ("on:2023-02-30", 3, "2023-02-30", "2022"),
        ("after:2021..2022", 6, "one date", "on:"),
        ("on:2022..2021", 3, "before it begins", "2021..2022"),
        ("near:91,0", 5, "91,0", "LATITUDE"),
        ("size:5mb", 5, "5mb", "size:5mb.."),
        ("size:1mb..2mp", 5, "1mb..2mp", "size:12mp.."),
        ("label: dog", 6, "needs a value", "space"),
        ('text:" "', 6, "needs a value", "text:"),
        ("label:dog:many", 10, "many", "label:dog:2.."),
        ('label:"dog"x', 11, "touches", "space"),
        ("label:dog^2", 9, "no weight", "quote"),
        ("(label:dog)^2", 11, "no weight", "filter"),
        ("a^-1", 2, "-1", "-word"),
        ("a^0", 2, "0", "0.01 to 100"),
        ("a ^2", 2, "touch", "sunset^2"),
        ("a^2^3", 3, "Two weights", "one"),
        ("(a^100)^100", 7, "multiply", "100"),
        ("a AND", 2, "AND needs something after", '"AND"'),
        ("OR a", 0, "OR needs something before", '"OR"'),
        ("a OR AND b", 2, "OR needs something after", '"OR"'),
        ("NOT", 0, "NOT needs", '"NOT"'),
        ("(a", 0, "never closed", ")"),
        ("a (", 2, "never closed", ")"),
        ("a) b", 1, "closes nothing", "("),
        ("()", 0, "Nothing between", "words"),
        ('"a', 0, "never closed", '"'),
        ('a ""', 2, "Nothing between", "phrase"),
        ('24" screen', 2, "middle of a word", '""'),
        ('"a"b', 3, "touches", "space"),
        ("f(x y)", 1, "within its word", "space"),
        ("like:", 5, "needs the path", "beach.jpg"),
        ("like:@0,0,1,1", 5, "needs the path", "beach.jpg"),
        ("like:a@0.1,0.2", 5, "@0.1,0.2", "width"),
        ("like:a@0.5,0,0.6,1", 5, "region within", "fractions"),
        ("like:a{colour:very", 5, "never closed", "blanks"),
        ("like:a{colr:very}", 5, "colr", "colour"),
        ("like:a{palete}", 5, "palete", "palette"),
        ("like:a{composition,palette}", 5, "one of its words", "composition, palette"),
        ("like:a@0,0,1,1{sketch}", 5, "no region", "@"),
        ("like:a{palette,colour:not}", 5, "no feature is left", "level"),
        ("like:a{shape:not,shape:very}", 5, "twice", "shape"),
        ("like:a{shape:vry}", 5, "vry", "very"),
        ('like:"a"b', 8, "touches", "space"),
    ],
)
def test_errors_say_where_and_what_would_help(
    text: str, position: int, message: str, hint: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_caret_stands_under_the_fault() -> None:
    with pytest.raises(QueryError) as caught:
        parse("two lable:dog")
    assert caret("two lable:dog", caught.value) == "two lable:dog\n    ^"


def test_the_caret_minds_wide_control_and_far_characters() -> None:
    error = QueryError("here", 3)
    assert caret("犬e\u0301x", error).split("\n")[1] == "   ^"
    assert "\x1b" not in caret("a\x1b[31mb", error)
    far = caret("a" * 500 + "b" + "c" * 500, QueryError("here", 500)).split("\n")
    assert far[0][len(far[1]) - 1] == "b"
    assert max(map(len, far)) <= 80


def test_a_blank_search_is_empty() -> None:
    assert parse("  ").is_empty
    assert not parse("").parts
    assert not parse("").filters
    assert not parse("").likes
    assert not parse("a").is_empty


def test_a_query_tells_conditions_from_what_it_ranks_by() -> None:
    query = parse("dogs (label:dog OR tag:pet) -is:hidden like:a.jpg -snow (b OR rating:3)")
    assert [to_text(part) for part in query.conditions] == [
        "label:dog OR tag:pet",
        "-is:hidden",
    ]
    assert [to_text(part) for part in query.concepts] == [
        "dogs",
        "like:a.jpg",
        "-snow",
        "b OR rating:3",
    ]
    assert [each.key for each in query.filters] == ["label", "tag", "is", "rating"]
    assert query.likes == (Like("a.jpg"),)
    assert query.mentions("rating")
    assert not query.mentions("state")
    assert is_condition(DOG)


def test_spans_point_into_the_text() -> None:
    text = 'two dogs -(a OR label:dog) "b c"^2'
    root = parse(text).root
    assert isinstance(root, And)
    pieces = [text[slice(*part.span)] for part in root.parts]
    assert pieces == ["two dogs", "-(a OR label:dog)", '"b c"^2']


def test_explain_draws_the_tree() -> None:
    assert explain(parse('two dogs -"a b"^2 rating:3.. (c OR like:x.jpg)')) == [
        "all of",
        '  description "two dogs"',
        "  without",
        '    phrase "a b", also in names and written text, weight 2',
        "  filter rating:3.. (stars, 0 to 5)",
        "  any of",
        '    description "c"',
        "    picture like:x.jpg",
    ]
    assert explain(parse("")) == ["everything: the search is empty"]


@pytest.mark.parametrize(
    ("marked", "completing", "key", "prefix", "replaced"),
    [
        ("two lab|", "key", None, "lab", "lab"),
        ("two la|bel:dog", "key", None, "la", "label:"),
        ("-(is|", "key", None, "is", "is"),
        ("a |", "key", None, "", ""),
        ("is:fav|", "value", "is", "fav", "fav"),
        ("-is:|hidden x", "value", "is", "", "hidden"),
        ("colour:re|", "value", "color", "re", "re"),
        ('album:"summer 20|22" x', "value", "album", "summer 20", '"summer 2022"'),
        ('"label:|', "nothing", None, '"label:', '"label:'),
        ("10:3|", "nothing", None, "10:3", "10:3"),
        ("like:my|", "value", "like", "my", "my"),
    ],
)
def test_completion_knows_what_stands_at_the_cursor(
    marked: str, completing: str, key: str | None, prefix: str, replaced: str
) -> None:
    text = marked.replace("|", "")
    found = complete(text, marked.index("|"))
    assert (found.completing, found.key, found.prefix) == (completing, key, prefix)
    assert text[slice(*found.span)] == replaced


def test_completion_offers_keys_and_fixed_values() -> None:
    assert complete("lab", 3).options == ("label:", "label~:")
    assert complete("colou", 5).options == ("color:",)
    assert complete("time:", 5).options == ("morning", "afternoon", "evening", "night")
    assert complete('is:"fa', 6).options == ("favourite",)
