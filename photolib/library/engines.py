"""Which models a library uses: the ones asked for, the one that serves, and loading them once."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from photolib.errors import ModelError, ModelUnavailable
from photolib.jobs import Job, Problem, Progress
from photolib.models import LOOK_DIMENSIONS, LOOK_ID, describe, load_encoder, resolve
from photolib.models.copies import copy_id, load_copy_descriptor
from photolib.models.detector import detector_id, load_detector
from photolib.models.ocr import load_text_reader, reader_id
from photolib.models.proposals import PROPOSALS_ID, ProposalDetector
from photolib.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow
    from photolib.config import Settings
    from photolib.models import Detector, Encoder, ResolvedWeights
    from photolib.models.copies import CopyDescriptor
    from photolib.models.ocr import TextReader

FETCH_HINT = (
    "Searching by meaning needs an encoder: photolib models fetch, or photolib models use PATH."
)

_REMEMBERED = 256
"""Texts whose vectors are kept: half a megabyte."""
_WANTED = "encoder"
_SERVING = "encoder_serving"
_DETECTOR = "detector"
_COPY = "copy"
_TRUSTED = "copy_trusted"
"""The digest of the one TorchScript file that a person has consented to run."""

_T = TypeVar("_T")


class Engines:
    """The encoder, the detector and the text reader in use, and the look; loaded when needed.

    ``wanted`` is the encoder that a person chose. A new one embeds in the background of the next
    index jobs while the old one ``serving`` still answers; ``promote`` ends that.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        encoder: Encoder | None,
        detector: Detector | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._private = settings.library
        self._weights = settings.weights
        self._mask_threshold = settings.mask_threshold
        self._given_detector = detector
        self._detectors: dict[str, Detector] = {PROPOSALS_ID: ProposalDetector()}
        if detector is not None:
            self._detectors[detector.detector_id] = detector
        self._reader: TextReader | None = None
        self._given = encoder
        self._loaded: dict[str, Encoder] = {} if encoder is None else {encoder.model_id: encoder}
        self._paths: dict[str, str] = {}
        self._lock = threading.Lock()
        self._vectors: dict[tuple[str, str, bool], NDArray[np.float32]] = {}
        self.note = ""
        """Why there is no encoder; empty when there is one."""
        self._copies: dict[str, CopyDescriptor] = {}
        self.copy_note = ""
        """Why the chosen copy descriptor cannot be used; empty when it can, and without one."""
        self.detector_note = ""
        """Why the chosen detector cannot be used; empty when it can, and when none is chosen."""

    def look(self) -> ModelRow:
        """The weight-free descriptor's row."""
        return self._register(LOOK_ID, "look", "look", LOOK_DIMENSIONS, None)

    def wanted(self) -> ModelRow | None:
        """The encoder that new photos are embedded with; None (and a ``note``) without one."""
        if self._given is not None:
            given = self._given
            return self._register(given.model_id, "encoder", given.name, given.dimensions, None)
        return self._described(self._catalogue.setting(_WANTED))

    def serving(self) -> ModelRow | None:
        """The encoder that answers searches: the wanted one, or the last that was complete."""
        wanted = self.wanted()
        last = self._catalogue.setting(_SERVING)
        if wanted is None or last in (None, self._catalogue.setting(_WANTED)):
            return wanted
        note, self.note = self.note, ""
        old = self._described(last)
        self.note = note
        return old or wanted

    def promote(self) -> None:
        """The wanted encoder has embedded everything: it serves from now on."""
        wanted = self._catalogue.setting(_WANTED)
        if wanted is not None and wanted != self._catalogue.setting(_SERVING):
            self._catalogue.set_setting(_SERVING, wanted)

    def use(self, name_or_path: str) -> ModelRow:
        """Choose the encoder or the detector, whichever it is.

        Raises ModelUnavailable or ModelError when it cannot be used.
        """
        source = _absolute(name_or_path)
        kind = resolve(source, self._weights).kind
        if kind == "copy":
            raise ModelError(f"{source} is TorchScript", "Say what for: --as copy --trust")
        if kind == "detector":
            row, setting = self._detector_row(source), _DETECTOR
        else:
            row, setting = self._row_of(source), _WANTED
        self._catalogue.set_setting(setting, source)
        return row

    def named(self, name_or_path: str) -> ModelRow:
        """An encoder by its name, its id or its path, in use or not. ModelUnavailable, ModelError.

        What has left vectors here is known by its name even where its weights are gone.
        """
        for row in self._catalogue.vectors.models():
            if row.kind == "encoder" and name_or_path in (row.name, row.model_id):
                return row
        is_path = os.path.exists(os.path.expanduser(name_or_path))
        return self._row_of(
            os.path.abspath(os.path.expanduser(name_or_path)) if is_path else name_or_path
        )

    def detecting(self) -> ModelRow:
        """The detector that looks at photos: the chosen one, else the one without weights.

        When the chosen one cannot be used, ``detector_note`` says why.
        """
        self.detector_note = ""
        if self._given_detector is not None:
            given = self._given_detector
            return self._register(given.detector_id, "detector", given.name, None, None)
        chosen = self._catalogue.setting(_DETECTOR)
        try:
            if chosen is not None:
                return self._detector_row(chosen)
        except ModelError as exc:
            self.detector_note = f"{exc.message}. {exc.hint}".strip()
        return self._register(PROPOSALS_ID, "detector", ProposalDetector.name, None, None)

    def detector(self, row: ModelRow) -> Detector:
        """The detector behind a row, loaded once. Raises ModelError, ModelUnavailable."""
        with self._lock:
            if row.model_id not in self._detectors:
                weights = resolve(self._paths.get(row.model_id) or row.source or "", self._weights)
                self._detectors[row.model_id] = load_detector(
                    weights, self._private, mask_threshold=self._mask_threshold
                )
            return self._detectors[row.model_id]

    def detector_id(self, weights: ResolvedWeights) -> str:
        """The id of a detector with these weights under this library's settings."""
        return detector_id(weights, mask_threshold=self._mask_threshold)

    def reading(self) -> ModelRow:
        """The text reader's row; the reader comes with photolib."""
        return self._register(reader_id(), "ocr", "rapidocr", None, None)

    def reader(self) -> TextReader:
        """The text reader, loaded once. Raises ModelUnavailable."""
        with self._lock:
            self._reader = self._reader or load_text_reader()
            return self._reader

    def encoder(self, row: ModelRow) -> Encoder:
        """The encoder behind a row, loaded once. Raises ModelError, ModelUnavailable."""
        with self._lock:
            if row.model_id not in self._loaded:
                source = self._paths.get(row.model_id) or row.source or row.name
                self._loaded[row.model_id] = load_encoder(resolve(source, self._weights))
            return self._loaded[row.model_id]

    # --- the copy descriptor -------------------------------------------------------------------

    def use_copy(self, name_or_path: str, *, trust: bool) -> ModelRow:
        """Choose the copy descriptor; ``trust`` is a person's consent to run the file's code.

        Raises ModelError without it, or when the file holds no descriptor, ModelUnavailable.
        """
        weights = self._copy_weights(_absolute(name_or_path))
        if not trust:
            raise ModelError(
                f"{weights.file} is TorchScript, which is a program and not only numbers",
                "If you trust where it comes from, say so: --trust",
            )
        found = load_copy_descriptor(weights)
        self._copies[found.model_id] = found
        path = str(weights.path)
        row = self._register(found.model_id, "copy", found.name, found.dimensions, path)
        self._catalogue.set_setting(_TRUSTED, digest(weights.file, weights.cache))
        self._catalogue.set_setting(_COPY, path)
        return row

    def copying(self) -> ModelRow | None:
        """The copy descriptor's row; None (and a ``copy_note``) when there is none to use."""
        self.copy_note = ""
        chosen = self._catalogue.setting(_COPY)
        if chosen is None:
            return None
        try:
            weights = self._copy_weights(chosen)
            if digest(weights.file, weights.cache) != self._catalogue.setting(_TRUSTED):
                raise ModelError(f"{chosen} has changed since it was trusted", "Use it anew.")
            return self._catalogue.vectors.model(copy_id(weights))
        except ModelError as exc:
            self.copy_note = f"{exc.message}. {exc.hint}".strip()
            return None

    def copy_descriptor(self, row: ModelRow) -> CopyDescriptor:
        """The descriptor behind the row that ``copying`` gave, loaded once. Raises ModelError."""
        with self._lock:
            if row.model_id not in self._copies:
                weights = self._copy_weights(self._catalogue.setting(_COPY) or "")
                self._copies[row.model_id] = load_copy_descriptor(weights)
            return self._copies[row.model_id]

    def _copy_weights(self, source: str) -> ResolvedWeights:
        return replace(resolve(source, self._weights), kind="copy")

    def text_vector(self, row: ModelRow, text: str, *, bare: bool = False) -> NDArray[np.float32]:
        """The unit vector (d,) of what a person typed; ``bare`` without the query's prompt.

        The latest are remembered: pages, orders and screens ask for the same words again. Raises
        ModelError, ModelUnavailable.
        """
        asked = (row.model_id, text, bare)
        with self._lock:
            known = self._vectors.pop(asked, None)
        if known is None:
            encoder = self.encoder(row)
            known = encoder.encode_texts([text])[0] if bare else encoder.encode_text(text)
        with self._lock:
            self._vectors[asked] = known
            while len(self._vectors) > _REMEMBERED:
                del self._vectors[next(iter(self._vectors))]
        return known

    def _described(self, source: str | None) -> ModelRow | None:
        if source is None:
            self.note = FETCH_HINT
            return None
        try:
            row = self._row_of(source)
        except (ModelUnavailable, ModelError) as exc:
            self.note = f"{exc.message}. {exc.hint}".strip()
            return None
        self.note = ""
        return row

    def _row_of(self, source: str) -> ModelRow:
        weights = resolve(source, self._weights)
        if weights.kind != "encoder":
            raise ModelError(f"{source} is a {weights.kind}, not an encoder")
        found = describe(weights)
        self._paths[found.model_id] = source
        return self._register(found.model_id, "encoder", found.name, found.dimensions, source)

    def _detector_row(self, source: str) -> ModelRow:
        weights = resolve(source, self._weights)
        if weights.kind != "detector":
            raise ModelError(f"{source} is an {weights.kind}, not a detector")
        model_id = self.detector_id(weights)
        self._paths[model_id] = source
        return self._register(model_id, "detector", weights.name, None, source)

    def _register(
        self, model_id: str, kind: str, name: str, dimensions: int | None, source: str | None
    ) -> ModelRow:
        known = self._catalogue.vectors.model(model_id)
        if known is None:
            self._catalogue.vectors.register(model_id, kind, name, dimensions, source)
            known = self._catalogue.vectors.model(model_id)
        assert known is not None
        return known


def loaded(name: str, load: Callable[[], _T]) -> Job[_T | None]:
    """A model inside a job; None, and a problem that tells why, when it cannot be loaded."""
    try:
        return load()
    except ModelError as exc:
        problem = Problem(name, exc.code, exc.message, exc.hint)
        yield Progress("models", 0, problem=problem)
        return None


def _absolute(name_or_path: str) -> str:
    """A path made absolute; a name as it is."""
    path = os.path.expanduser(name_or_path)
    return os.path.abspath(path) if os.path.exists(path) else name_or_path
