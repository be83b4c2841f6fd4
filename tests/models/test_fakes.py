"""The fakes are real enough to test search with: colours are their meaning."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from photolib.errors import ModelError
from photolib.models import Detector, Encoder, FakeDetector, FakeEncoder
from photolib.models.encoder import query_prompt
from photolib.models.fakes import COLOURS


def plain(colour: str, size: tuple[int, int] = (80, 60)) -> Image.Image:
    return Image.new("RGB", size, COLOURS[colour])


def encode(encoder: FakeEncoder, *images: Image.Image) -> np.ndarray:
    return encoder.encode_images(np.stack([encoder.preprocess(image) for image in images]))


def test_the_fakes_keep_the_protocols() -> None:
    assert isinstance(FakeEncoder(), Encoder)
    assert isinstance(FakeDetector(), Detector)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_word_finds_its_picture_before_all_others(colour: str) -> None:
    encoder = FakeEncoder()
    rows = encode(encoder, *(plain(name) for name in COLOURS))
    scores = rows @ encoder.encode_text(f"something {colour}")
    assert list(COLOURS)[int(scores.argmax())] == colour


def test_vectors_are_unit_float32_and_repeatable() -> None:
    encoder = FakeEncoder()
    rows = encode(encoder, plain("red"), plain("blue"))
    texts = encoder.encode_texts(["red", "blue sea", ""])
    assert rows.dtype == texts.dtype == np.float32
    assert rows.shape == (2, encoder.dimensions)
    assert np.allclose(np.linalg.norm(np.vstack([rows, texts]), axis=1), 1, atol=1e-6)
    assert np.array_equal(rows, encode(FakeEncoder(), plain("red"), plain("blue")))


def test_an_unknown_word_is_far_from_every_picture() -> None:
    encoder = FakeEncoder()
    rows = encode(encoder, *(plain(name) for name in COLOURS))
    assert (rows @ encoder.encode_texts(["zeppelin"])[0] < 0.1).all()


def test_two_pictures_of_one_colour_differ_by_their_layout() -> None:
    encoder = FakeEncoder()
    left, right = plain("red"), plain("red")
    left.paste(COLOURS["white"], (0, 0, 20, 60))
    right.paste(COLOURS["white"], (60, 0, 80, 60))
    rows = encode(encoder, left, right)
    assert 0.8 < rows[0] @ rows[1] < 0.999


def test_no_pictures_give_no_rows() -> None:
    encoder = FakeEncoder()
    assert encoder.encode_images(np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, 64)
    with pytest.raises(ModelError, match="do not fit"):
        encoder.encode_images(np.zeros((1, 16, 16, 3), np.uint8))


def test_the_fake_detector_finds_a_small_region_where_it_is() -> None:
    image = plain("green", (640, 320))
    image.paste(COLOURS["red"], (320, 80, 480, 240))
    (found,) = FakeDetector().detect([image])
    assert [d.label for d in found] == ["red"]
    assert found[0].confidence == 1
    assert np.allclose(found[0].box, (0.5, 0.25, 0.25, 0.5), atol=1 / 64)


def test_a_query_is_put_into_the_prompt_once() -> None:
    assert query_prompt("two  dogs ") == "a photo of two dogs"
    assert query_prompt("A photo of a cat") == "A photo of a cat"
