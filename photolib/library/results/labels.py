"""Labels: what photos show, and the words that they are scored against."""

from __future__ import annotations

from dataclasses import dataclass

from photolib.library.results.box import Box


@dataclass(frozen=True, slots=True)
class LabelFacet:
    """A label, the photos shown that carry it, and those that it is only suggested for."""

    name: str
    photos: int
    suggested: int


@dataclass(frozen=True, slots=True)
class PhotoLabel:
    """A label of one photo; ``provenance`` is detected, accepted, suggested or own."""

    name: str
    provenance: str
    score: float | None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PhotoLabels:
    """The labels of one photo, the surest first."""

    path: str
    photo_id: int
    labels: tuple[PhotoLabel, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that photos are scored against, and how they come out.

    ``threshold`` is the score from which a word is suggested; None when nothing is, and ``note``
    says why.
    """

    words: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    model_id: str | None
    threshold: float | None
    note: str
