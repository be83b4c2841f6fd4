"""The pure rules: which crops are kept, which regions are proposed, where a picture stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photolib.catalogue import overlap
from photolib.library.crops import MOST_CROPS, cut, worth_keeping
from photolib.models import Box, Detection, Detector
from photolib.models.placing import RASTER_SIDE, grey_raster, places
from photolib.models.proposals import ProposalDetector, propose
from tests.library_regions.scenes import textured

SIZE = (1280, 960)


def sharp(box: tuple[float, float, float, float]) -> float:
    return 1000.0


def found(label: str, confidence: float, *box: float) -> Detection:
    return Detection(label, confidence, Box(*box))


# --- choosing crops -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detection", "kept"),
    [
        (found("dog", 0.9, 0.1, 0.1, 0.3, 0.3), True),
        (found("dog", 0.3, 0.1, 0.1, 0.3, 0.3), False),
        (found("", 0.0, 0.1, 0.1, 0.3, 0.3), True),
        (found("dog", 0.9, 0.1, 0.1, 0.02, 0.02), False),
        (found("dog", 0.9, 0.1, 0.1, 0.9, 0.01), False),
        (found("dog", 0.9, 0.0, 0.0, 1.0, 1.0), False),
    ],
)
def test_size_and_confidence_decide(detection: Detection, kept: bool) -> None:
    assert (worth_keeping([detection], SIZE, sharp) == [0]) is kept


def test_the_better_of_two_views_of_one_thing_is_kept() -> None:
    worse, better = found("dog", 0.5, 0.1, 0.1, 0.3, 0.3), found("dog", 0.8, 0.11, 0.1, 0.3, 0.3)
    rider = found("person", 0.6, 0.12, 0.1, 0.35, 0.4)
    assert worth_keeping([worse, better, rider], SIZE, sharp) == [1, 2]


def test_blurred_crops_are_left_out() -> None:
    here, there = found("dog", 0.9, 0.0, 0.0, 0.3, 0.3), found("dog", 0.8, 0.6, 0.6, 0.3, 0.3)
    assert worth_keeping([here, there], SIZE, lambda box: 100.0 * box[0]) == [1]


DETECTIONS = st.lists(
    st.builds(
        lambda label, c, x, y, w, h: found(label, c, x, y, w, h),
        st.sampled_from(["", "dog", "cat"]),
        st.floats(0, 1),
        st.floats(0, 0.5),
        st.floats(0, 0.5),
        st.floats(0.01, 0.5),
        st.floats(0.01, 0.5),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(DETECTIONS)
def test_few_crops_are_kept_and_no_view_twice(detections: list[Detection]) -> None:
    kept = worth_keeping(detections, SIZE, sharp)
    assert len(kept) <= MOST_CROPS
    assert len(set(kept)) == len(kept)
    for place, i in enumerate(kept):
        for j in kept[:place]:
            assert overlap(detections[i].box, detections[j].box) <= 0.9
    assert worth_keeping([detections[i] for i in kept], SIZE, sharp) == list(range(len(kept)))


def test_a_cut_is_never_empty() -> None:
    image = Image.new("RGB", (10, 10))
    assert cut(image, (0.999, 0.999, 0.0, 0.0)).size == (1, 1)
    assert cut(image, (0.0, 0.0, 1.0, 1.0)).size == (10, 10)
    assert cut(image, (0.2, 0.3, 0.5, 0.4)).size == (5, 4)


# --- proposals ----------------------------------------------------------------------------------


def test_a_thing_on_even_ground_is_proposed_first() -> None:
    image = Image.new("RGB", (640, 480), (90, 140, 90))
    image.paste((200, 40, 40), (200, 120, 400, 300))
    first = propose(image)[0]
    assert overlap(first.box, (200 / 640, 0.25, 200 / 640, 180 / 480)) > 0.8
    assert first.label == ""
    assert 0.3 < first.confidence <= 1


@pytest.mark.parametrize("size", [(640, 480), (30, 900), (1, 1), (3, 2), (200, 200)])
def test_boxes_are_inside_and_the_same_each_time(size: tuple[int, int]) -> None:
    image = textured(5, size)
    proposed = propose(image)
    assert 4 <= len(proposed) <= 8
    assert proposed == propose(image)
    for detection in proposed:
        x, y, width, height = detection.box
        assert min(x, y) >= 0
        assert min(width, height) > 0
        assert max(x + width, y + height) <= 1.0001


def test_an_even_picture_has_panes_only() -> None:
    detector = ProposalDetector()
    assert isinstance(detector, Detector)
    (proposed,) = detector.detect([Image.new("L", (50, 40), 128)])
    assert [detection.confidence for detection in proposed] == [0.0] * 4
    assert detector.detect([]) == []


# --- places -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 50), st.floats(0.3, 0.9), st.floats(0, 1), st.floats(0, 1))
def test_a_cut_is_found_where_it_was_made(
    seed: int, share: float, across: float, down: float
) -> None:
    image = textured(seed, (400, 300))
    box = (across * (1 - share), down * (1 - share), share, share)
    others = [grey_raster(textured(seed + 1000)), grey_raster(image)]
    elsewhere, here = places(cut(image, box), others)
    assert elsewhere is not None
    assert here is not None
    assert here.correlation > max(0.75, elsewhere.correlation)
    assert overlap(here.box, box) > 0.75


def test_even_pictures_are_nowhere() -> None:
    raster = grey_raster(textured(1))
    assert max(raster.shape) == RASTER_SIDE
    assert places(Image.new("RGB", (80, 60), "teal"), [raster]) == [None]
    assert places(textured(1), []) == []
    (found,) = places(textured(1), [np.full((48, 64), 90, np.float32)])
    assert found is not None
    assert found.correlation < 0.5
