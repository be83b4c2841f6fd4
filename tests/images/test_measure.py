"""Perceptual hashes survive what copies undergo and tell different pictures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter

from photolib.images import Decoder, make_samples
from photolib.images.measure import measure
from photolib.images.raster import turn

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, decoder: Decoder) -> list[Image.Image]:
    paths = make_samples(tmp_path_factory.mktemp("samples"))[:15]
    return [decoder.decode(path, side=128).image for path in paths]


def _apart(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> int:
    return int(one[0] ^ other[0]).bit_count()


def test_shapes_and_types(pictures: list[Image.Image]) -> None:
    measures = measure(pictures[0])
    for hashes in (measures.dhash, measures.phash):
        assert hashes.shape == (8,)
        assert hashes.dtype == np.uint64
    assert measure(pictures[0]).phash.tolist() == measures.phash.tolist()


@pytest.mark.parametrize("number", range(1, 9))
def test_the_eight_hashes_are_those_of_the_turned_pictures(
    pictures: list[Image.Image], number: int
) -> None:
    for picture in pictures[:5]:
        base, turned = measure(picture), measure(turn(picture, number))
        assert int(base.phash[number - 1] ^ turned.phash[0]).bit_count() <= 4
        assert int(base.dhash[number - 1] ^ turned.dhash[0]).bit_count() <= 4


def test_copies_are_near_and_others_far(pictures: list[Image.Image]) -> None:
    for picture in pictures[:5]:
        small = picture.resize((64, 48))
        assert _apart(measure(picture).phash, measure(small).phash) <= 8
        assert _apart(measure(picture).dhash, measure(small).dhash) <= 8
    temple, flower, bus = (measure(pictures[at]) for at in (0, 3, 6))
    for one, other in ((temple, flower), (flower, bus), (bus, temple)):
        assert _apart(one.phash, other.phash) > 16
        assert _apart(one.dhash, other.dhash) > 12


def test_blur_is_less_sharp(pictures: list[Image.Image]) -> None:
    for picture in pictures:
        blurred = picture.filter(ImageFilter.GaussianBlur(2))
        assert measure(blurred).sharpness < measure(picture).sharpness / 2


def test_odd_sizes_are_measured() -> None:
    for size in ((1, 1), (1, 500), (700, 2)):
        assert measure(Image.new("RGB", size)).sharpness == 0
