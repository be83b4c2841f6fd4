"""Labels: what was found in photos, suggested for them, and said by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import labelling, labels
from photolib.library.core import Core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.jobs import Job
    from photolib.library.results import LabelFacet, PhotoLabels, Vocabulary


class LabelDoor(Core):
    """Labels: what was found in photos, suggested for them, and said by people."""

    def labels(self) -> list[tuple[str, int]]:
        """Labels and how many photos shown carry each, the most frequent first."""
        return self._catalogue.regions.labels()

    def label_facets(self) -> list[LabelFacet]:
        """Labels with the photos that carry them and those they are only suggested for."""
        return labels.facets(self._catalogue)

    def accept_label(self, name: str, path: str) -> PhotoLabels:
        """A person says that a photo shows something. NotFound, UsageError."""
        return labels.decide(self._catalogue, name, path, shows=True)

    def reject_label(self, name: str, path: str) -> PhotoLabels:
        """A person says that it does not; no model brings the label back. NotFound, UsageError."""
        return labels.decide(self._catalogue, name, path, shows=False)

    def vocabulary(self) -> Vocabulary:
        """The words that photos are scored against."""
        return labels.vocabulary(self._catalogue, self._engines)

    def add_words(self, words: Sequence[str]) -> Vocabulary:
        """Score photos against more words, from the next scoring on. UsageError."""
        return labels.want(self._catalogue, self._engines, words, True)

    def remove_words(self, words: Sequence[str]) -> Vocabulary:
        """No longer suggest these words. UsageError for one that is not in the vocabulary."""
        return labels.want(self._catalogue, self._engines, words, False)

    def suggest_labels(self) -> Job[int]:
        """Score the stored vectors against the vocabulary; opens no photo. Raises LeaseHeld.

        Returns how many suggestions came or went. Every index job ends with this.
        """
        with self._catalogue.leases.hold("ingest") as lease:
            return (yield from labelling.update(self._catalogue, self._engines, lease))
