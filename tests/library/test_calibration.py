"""Scores mean the same for every query: what evidence is worth, cut-offs, and two ways as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import UsageError
from photolib.library.calibration import (
    CLEAR,
    LIKELY,
    RULES,
    Measured,
    cutoff,
    measure,
    text_scale,
)
from photolib.library.fusion import Mixture
from photolib.models.fakes import COLOURS
from tests.library.shelf import index, opened, plain, settings_at, write

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

D = 64


def units(count: int, seed: int, around: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Random unit rows, near a direction if one is given."""
    rows = np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    if around is not None:
        rows = rows + around
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def scores(
    text: NDArray[np.float32], photos: NDArray[np.float32], measured: Measured
) -> NDArray[np.float64]:
    scale = text_scale(text, photos, measured)
    return scale.scores(photos @ scale.vector)


@pytest.fixture(scope="module")
def captions() -> NDArray[np.float32]:
    """Texts far from all photos in one common direction, as those of such encoders are."""
    return units(300, 1, around=units(1, 2)[0])


def test_a_photo_that_a_text_is_made_for_is_clear_in_any_library(
    captions: NDArray[np.float32],
) -> None:
    text = captions[0]
    for count in (3, 40, 900):
        photos = units(count, count, around=-captions.mean(axis=0))
        photos[0] = units(1, 5, around=2 * text)[0]
        found = scores(text, photos, measure(captions, photos))
        assert found[0] > CLEAR
        assert found.argmax() == 0
        assert np.median(found[1:]) < LIKELY


def test_a_library_of_one_theme_crowns_nobody(captions: NDArray[np.float32]) -> None:
    """All photos are the same distance from the text: the nearest of them is no hit for that."""
    photos = units(60, 7, around=6 * units(1, 8)[0])
    measured = measure(captions, photos)
    best = [scores(text, photos, measured).max() for text in captions[:40]]
    assert np.mean(np.array(best) >= CLEAR) < 0.05


def test_a_library_tells_what_evidence_is_worth(captions: NDArray[np.float32]) -> None:
    """Where texts have true matches a curve is fitted that says so; where none has, it stays."""
    photos = units(600, 9, around=-captions.mean(axis=0))
    nothing = measure(captions, photos)
    photos[::2] = np.concatenate([units(1, n, around=0.45 * captions[n]) for n in range(300)])
    matched = measure(captions, photos)
    text, noise = captions[0], units(1, 0, around=-captions.mean(axis=0))
    photo = np.concatenate([noise, photos[:1]])
    found = [
        scale.scores(photo @ scale.vector)
        for scale in (text_scale(text, photos, each) for each in (nothing, matched))
    ]
    assert found[1][1] > 1.2 * found[0][1]
    assert found[1][0] < LIKELY
    assert measure(captions, photos[:100]).middle == Measured(0, (), 0.0).middle
    row = matched.as_row()
    assert Measured.of_row(row) == matched


@given(st.lists(st.floats(0, 1), max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_cut_off_pays_best(found: list[float]) -> None:
    """Among all sets of the best it is that of the largest expected F1, above the least score."""
    ordered = np.sort(np.array(found))[::-1]
    at = cutoff(ordered)
    assert LIKELY <= at <= CLEAR
    shown = int((ordered >= at).sum())
    expected = ordered.sum()
    if not expected:
        return
    f1 = 2 * np.cumsum(ordered) / (np.arange(1, len(ordered) + 1) + expected)
    wanted = int((ordered >= max(LIKELY, f1.max() / 2)).sum())
    assert shown == wanted
    if LIKELY < at < CLEAR:
        assert f1[shown - 1] >= f1.max() - 1e-9


def test_a_query_that_nothing_fits_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    plain(folder / "IMG_1.jpg", COLOURS["red"])
    for number in range(20):
        write(folder / f"{number}.jpg", number)
    with opened(settings_at(tmp_path / "library")) as library:
        library.add_folder(str(folder))
        index(library)
        nothing = library.search("xylophone")
        assert (nothing.total, nothing.clear, nothing.likely) == (0, 0, 0)
        assert "Nothing fits well" in nothing.notice
        assert library.search("xylophone", everything=True).total == 21
        found = library.search("red")
        assert found.clear >= 1
        assert found.cutoff.score >= LIKELY
        assert found.total == found.clear + found.likely == found.cutoff.count
        model = library._engines.serving()
        assert model is not None
        row = library._catalogue.vectors.calibration(model.model_no, "text", RULES)
        assert row is not None
        assert Measured.of_row(row).photos == 21


def test_two_ways_as_one() -> None:
    meaning, look = np.array([0.9, 0.0, 0.4, 0.4]), np.array([0.0, 0.8, 0.4, 0.0])
    even = Mixture().scores(meaning, look)
    assert even.tolist() == pytest.approx([0.9, 0.8, 0.64, 0.4])
    assert Mixture(1.0).scores(meaning, look)[1] == 0.0
    assert Mixture(0.0).scores(meaning, look)[0] == 0.0
    assert Mixture().tiers(meaning, look, LIKELY).tolist() == [0, 0, 0, 0]
    assert Mixture(both_first=True).tiers(meaning, look, LIKELY).tolist() == [0, 0, 2, 0]
    assert Mixture(first="look").tiers(meaning, look, LIKELY).tolist() == [0, 1, 1, 0]
    assert Mixture(first="meaning").tiers(meaning, look, LIKELY).tolist() == [1, 0, 1, 1]
    with pytest.raises(UsageError):
        Mixture(1.5)
    with pytest.raises(UsageError):
        Mixture(first="words")
