"""What a person says about labels and the vocabulary."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from photolib.errors import NotFound, UsageError
from photolib.library import folders, labelling
from photolib.library.results import LabelFacet, PhotoLabel, PhotoLabels, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue, PhotoRow
    from photolib.library.engines import Engines

_LONGEST = 60
"""Characters of a word: encoders cut longer texts short."""


def facets(catalogue: Catalogue) -> list[LabelFacet]:
    """Labels with the photos that carry them and those they are suggested for."""
    return [LabelFacet(*row) for row in catalogue.labels.counts()]


def of_photo(catalogue: Catalogue, photo: PhotoRow) -> PhotoLabels:
    """Everything that is said of one photo."""
    found = catalogue.labels.matching("%", [photo.content_id], suggested=True)
    rows = found.get(photo.content_id, [])
    said = (PhotoLabel(row.name, row.provenance, row.score, row.box) for row in rows)
    return PhotoLabels(photo.path, photo.photo_id, tuple(said))


def decide(catalogue: Catalogue, name: str, path: str, *, shows: bool) -> PhotoLabels:
    """Say that a photo shows something, or that it does not; its copies show the same.

    Raises NotFound for a path that is no photo of the library, UsageError for an empty label.
    """
    name, photo = _word(name), _photo_at(catalogue, path)
    with catalogue.transaction():
        if shows:
            catalogue.labels.accept(photo.content_id, name)
        else:
            catalogue.labels.reject(photo.content_id, name)
        copies = catalogue.photos.of_contents([photo.content_id])[photo.content_id]
        catalogue.words.refresh(copy.photo_id for copy in copies)
    return of_photo(catalogue, photo)


def want(catalogue: Catalogue, engines: Engines, words: Sequence[str], wanted: bool) -> Vocabulary:
    """Add words to the vocabulary or take them from it. UsageError for what is no word.

    The suggestions by a word that is taken away go at once; those by a new one come with the next
    scoring, which opens no photo.
    """
    chosen = [_word(word) for word in words]
    if not wanted:
        known = {word.lower() for word in labelling.words_of(catalogue)}
        strangers = [word for word in chosen if word.lower() not in known]
        if strangers:
            raise UsageError(
                f"{strangers[0]} is not in the vocabulary", "photolib labels --vocabulary"
            )
    with catalogue.transaction():
        catalogue.labels.want(chosen, wanted=wanted)
    return vocabulary(catalogue, engines)


def vocabulary(catalogue: Catalogue, engines: Engines) -> Vocabulary:
    """The words that photos are scored against, and from which score they are suggested."""
    added, removed = catalogue.labels.vocabulary()
    model = engines.serving()
    stored = labelling.calibration(catalogue, model)
    return Vocabulary(
        words=tuple(labelling.words_of(catalogue)),
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        model_id=model.model_id if model else None,
        threshold=stored.thresholds.pooled if stored else None,
        note=engines.note if model is None else _note(stored),
    )


def _note(stored: labelling.Calibration | None) -> str:
    if stored is None:
        least = labelling.LEAST_PHOTOS
        return f"Nothing is scored yet: it takes {least} photos, and photolib index."
    if stored.thresholds.pooled is None:
        return "This encoder mistakes too much here to suggest labels; a stronger one may not."
    return ""


def _word(text: str) -> str:
    """A label as it is stored: one line, composed, without blanks around."""
    word = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(map(str.isalnum, word)) or not word.isprintable() or len(word) > _LONGEST:
        raise UsageError(
            f"{word or 'an empty text'} is no label",
            f"Use a word or a few, up to {_LONGEST} letters.",
        )
    return word


def _photo_at(catalogue: Catalogue, path: str) -> PhotoRow:
    found = folders.containing(catalogue.folders.all(), path)
    row = catalogue.photos.at(found[0].folder_id, found[1]) if found else None
    if row is None:
        raise NotFound(f"{path} is no photo of this library", "Add its folder, or index it first.")
    return row
