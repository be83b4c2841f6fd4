"""What every text-image model looks like from outside.

An encoder turns pictures and words into unit vectors of one space, so that a dot product is a
cosine. Preprocessing is apart from encoding because it runs in the threads that decode, while the
model runs in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

PREPROCESSING_VERSION = 1
"""Part of every ``model_id``: raise it when ``preprocess`` starts to give other pixels."""

QUERY_PROMPT = "a photo of {}"
"""The one template on the query path (Radford et al. 2021, section 3.1.4, use "a photo of a ...").

Ensembles of templates gain a little more, but cost one text pass each; they are for labels."""


class PictureEncoder(Protocol):
    """A model that turns pictures into unit vectors."""

    @property
    def model_id(self) -> str:
        """Architecture, weights digest and preprocessing: ``[a-z0-9._-]``, fit for a file name.

        Vectors of different ``model_id`` are never compared. Precision and device are not part of
        it: bfloat16 moves a vector by less than 0.001 in cosine.
        """

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    @property
    def side(self) -> int:
        """Side, in pixels, of the square picture it looks at: decode at least this much."""

    def preprocess(self, image: Image) -> NDArray[np.uint8]:
        """One picture as the uint8 array (side, side, 3) that ``encode_images`` takes.

        Safe to call from many threads. Normalisation happens on the model's side, in one pass over
        the batch, so that queues hold a quarter of the bytes that float32 would need.
        """

    def encode_images(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit rows (n, dimensions) for preprocessed pictures (n, side, side, 3).

        Raises ModelError when the batch does not fit the model or its rows are not finite.
        """


@runtime_checkable
class Encoder(PictureEncoder, Protocol):
    """A text-image model; ``FakeEncoder`` and ``OpenClipEncoder`` are the two that ship."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows (n, dimensions) for texts exactly as they are given."""

    def encode_text(self, text: str) -> NDArray[np.float32]:
        """The unit vector (dimensions,) of what a person typed, in the query's one prompt."""


def query_prompt(text: str) -> str:
    """``text`` in ``QUERY_PROMPT``, unless it already says that it is a picture."""
    words = " ".join(text.split())
    return words if _says_picture(words) else QUERY_PROMPT.format(words)


def _says_picture(words: str) -> bool:
    return words.lower().startswith(("a photo", "a picture", "an image", "photo of", "picture of"))


def unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """``rows`` (n, d) as float32 of length 1; a row of zeros stays zero."""
    exact = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = exact / np.maximum(lengths, np.float32(1e-12))
    return scaled


def printable_id(text: str) -> str:
    """``text`` reduced to ``[a-z0-9._-]``."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text.lower())
