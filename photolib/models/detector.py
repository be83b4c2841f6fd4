"""Find what is in a picture: boxes, labels and, for segmentation models, outlines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image


class Box(NamedTuple):
    """A rectangle in fractions of the picture: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing found: its label, confidence (0 to 1), box, and outline where there is a mask.

    The outline is one polygon of (x, y) fractions, the largest piece of the mask.
    """

    label: str
    confidence: float
    box: Box
    outline: tuple[tuple[float, float], ...] | None = None


@runtime_checkable
class Detector(Protocol):
    """A model that finds things; ``FakeDetector`` and ``YoloDetector`` are the two that ship."""

    @property
    def detector_id(self) -> str:
        """Kind, weights digest and settings that change what is found: ``[a-z0-9._-]``."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def side(self) -> int:
        """Longest side, in pixels, that it looks at: more is wasted."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that it can give."""

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        """What is in each oriented RGB picture, most confident first. Raises ModelError."""
