"""Suggested labels, and what people say of labels, through the door."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from PIL import Image

from photolib.errors import NotFound, UsageError
from photolib.jobs import finish
from photolib.library.evidence import FLOOR, Thresholds, cautious_share, thresholds
from photolib.library.labelling import LEAST_PHOTOS, words_of
from photolib.models.fakes import COLOURS
from photolib.models.vocabulary import DEFAULT_WORDS
from tests.library_regions.scenes import RED, Moody, scene, seeing

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from photolib.library import Library
    from tests.library.shelf import Sight

SHADES = ("red", "blue", "green", "yellow", "purple", "cyan")


def coloured(folder: Path, number: int, colour: str) -> Path:
    """A picture of mostly one colour, like no other one."""
    noise = np.random.default_rng(number).integers(-9, 10, (48, 64, 1))
    pixels = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    path = folder / f"{number:02}.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def album(folder: Path) -> dict[str, list[str]]:
    """Thirty pictures: the paths by colour."""
    paths: dict[str, list[str]] = {colour: [] for colour in SHADES}
    for number in range(30):
        colour = SHADES[number % len(SHADES)]
        paths[colour].append(str(coloured(folder, number, colour)))
    return paths


def indexed(library: Library, folder: Path) -> Library:
    library.add_folder(str(folder))
    finish(library.index(ocr="never"))
    return library


def suggested(library: Library, word: str) -> list[str]:
    return sorted(hit.path for hit in library.search(f"label~:{word}").hits)


# --- through the door ---------------------------------------------------------------------------


def test_words_that_are_added_are_suggested_without_opening_a_photo(
    folder: Path, settings: Settings, album: dict[str, list[str]]
) -> None:
    with seeing(settings) as library:
        indexed(library, folder)
        assert suggested(library, "red") == []
        for path in folder.iterdir():
            path.write_bytes(b"not a picture any more")
        library.add_words(["red", "Blue"])
        assert finish(library.suggest_labels()) == 10
        assert suggested(library, "red") == album["red"]
        assert suggested(library, "blue") == album["blue"]
        assert library.search("label:red").hits == ()
        assert library.labels() == []
        facets = {facet.name: (facet.photos, facet.suggested) for facet in library.label_facets()}
        assert facets == {"red": (0, 5), "Blue": (0, 5)}
        assert finish(library.suggest_labels()) == 0
        library.remove_words(["blue"])
        assert suggested(library, "blue") == []
        assert finish(library.suggest_labels()) == 0
        assert suggested(library, "red") == album["red"]


def test_new_photos_are_scored_like_the_others(
    folder: Path, settings: Settings, album: dict[str, list[str]]
) -> None:
    with seeing(settings) as library:
        library.add_words(["red"])
        indexed(library, folder)
        new = str(coloured(folder, 80, "red"))
        coloured(folder, 81, "green")
        finish(library.index(ocr="never"))
        assert suggested(library, "red") == [*album["red"], new]


def test_a_library_of_few_photos_gets_no_suggestions(folder: Path, settings: Settings) -> None:
    for number in range(LEAST_PHOTOS - 1):
        coloured(folder, number, SHADES[number % 6])
    with seeing(settings) as library:
        library.add_words(["red"])
        indexed(library, folder)
        assert suggested(library, "red") == []
        assert str(LEAST_PHOTOS) in library.vocabulary().note


def test_what_a_person_says_stays(
    folder: Path, settings: Settings, album: dict[str, list[str]]
) -> None:
    first, second, *others = album["red"]
    with seeing(settings) as library:
        library.add_words(["red"])
        indexed(library, folder)
        accepted = library.accept_label("red", first)
        assert [(label.name, label.provenance) for label in accepted.labels] == [
            ("red", "accepted")
        ]
        assert library.reject_label("Red", second).labels == ()
        own = library.accept_label("holiday", others[0])
        assert ("holiday", "own") in [(label.name, label.provenance) for label in own.labels]
        assert [hit.path for hit in library.search("label:red").hits] == [first]
        assert [hit.path for hit in library.search("holiday").hits][:1] == [others[0]]
        library.add_words(["blue"])
        finish(library.suggest_labels())
        assert suggested(library, "red") == sorted([first, *others])


def test_a_rejected_detection_does_not_come_back(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    path = scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        indexed(library, folder)
        library.reject_label("red", str(path))
        assert library.labels() == []
    with seeing(settings, Moody("fake-regions.2")) as library:
        finish(library.index(ocr="never"))
        assert library.labels() == []
        assert library.search("label:red").hits == ()
        assert sight.rows("SELECT label FROM crop") == [("",)]
        library.accept_label("red", str(path))
        assert library.labels() == [("red", 1)]


def test_an_accepted_detection_outlives_the_detector(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    path = scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        indexed(library, folder)
        library.accept_label("red", str(path))
    blind = Moody("fake-regions.2")
    blind.largest_share = 0.0
    with seeing(settings, blind) as library:
        finish(library.index(ocr="never"))
        assert library.labels() == [("red", 1)]
    assert sight.rows("SELECT label, retired FROM crop") == [("red", 1)]


def test_a_label_is_said_of_a_photo_of_the_library(folder: Path, settings: Settings) -> None:
    with seeing(settings) as library:
        library.add_folder(str(folder))
        with pytest.raises(NotFound):
            library.accept_label("red", str(folder / "none.jpg"))
        for word in ("", " \t", "?!", "x" * 61, "re\x1bd"):
            with pytest.raises(UsageError):
                library.add_words([word])
        with pytest.raises(UsageError, match="vocabulary"):
            library.remove_words(["never heard of"])
        library.remove_words(["DOG"])
        assert "dog" not in library.vocabulary().words
        library.add_words(["dog"])
        assert words_of(library._catalogue) == sorted(DEFAULT_WORDS)


def test_scoring_that_is_cut_short_is_done_again(
    folder: Path, settings: Settings, album: dict[str, list[str]]
) -> None:
    with seeing(settings) as library:
        indexed(library, folder)
        library.add_words(list(SHADES))
        with closing(library.suggest_labels()) as job:
            next(job)
        finish(library.suggest_labels())
        assert {colour: suggested(library, colour) for colour in SHADES} == album


# --- how far scores are trusted -----------------------------------------------------------------


def test_thresholds_follow_what_is_known() -> None:
    right = {"dog": {n: 0.9 - n / 100 for n in range(40)}}
    assert thresholds(right, {"dog": (range(20), range(20, 40))}, 1000).admits("dog", 0.7)
    assert not thresholds(right, {"dog": ((), range(40))}, 1000).admits("dog", 0.99)
    assert thresholds(right, {}, 1000) == Thresholds()
    assert not Thresholds().admits("dog", 0.49)
    wrong_cats = {**right, "cat": {n: 0.95 for n in range(100, 110)}}
    known = {"dog": (range(40), ()), "cat": ((), range(100, 110))}
    found = thresholds(wrong_cats, known, 1000)
    assert found.admits("dog", 0.8)
    assert not found.admits("cat", 0.95)
    assert not found.admits("cow", 0.45) or found.pooled is not None


def test_a_word_that_fits_everything_says_nothing() -> None:
    scores = {"thing": dict.fromkeys(range(50), 0.9), "dog": {3: 0.9}}
    found = thresholds(scores, {}, 100)
    assert not found.admits("thing", 0.99)
    assert found.admits("dog", 0.9)


SCORES = st.dictionaries(st.integers(0, 60), st.floats(FLOOR, 1), min_size=1, max_size=40)


@tries(max_examples=60, deadline=None)
@given(SCORES, st.sets(st.integers(0, 60)))
def test_what_is_admitted_is_borne_out_by_the_evidence(
    scores: dict[int, float], shown: set[int]
) -> None:
    absent = set(range(61)) - shown
    found = thresholds({"dog": scores}, {"dog": (shown, absent)}, 1000)
    admitted = [content for content, score in scores.items() if found.admits("dog", score)]
    if len(scores) >= 10 and sum(score >= 0.5 for score in scores.values()) >= 10 and admitted:
        assert cautious_share(len(shown & set(admitted)), len(admitted)) >= 0.6
