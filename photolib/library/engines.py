"""Which encoder a library uses: the one asked for, the one that serves, and loading it once."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from photolib.errors import ModelError, ModelUnavailable
from photolib.models import LOOK_DIMENSIONS, LOOK_ID, describe, load_encoder, resolve

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue, ModelRow
    from photolib.config import Settings
    from photolib.models import Encoder

FETCH_HINT = (
    "Searching by meaning needs an encoder: photolib models fetch, or photolib models use PATH."
)

_WANTED = "encoder"
_SERVING = "encoder_serving"


class Engines:
    """The encoder in use, and the look. Loading is put off until vectors are made.

    ``wanted`` is the encoder that a person chose. A new one embeds in the background of the next
    index jobs while the old one ``serving`` still answers; ``promote`` ends that.
    """

    def __init__(self, catalogue: Catalogue, settings: Settings, encoder: Encoder | None) -> None:
        self._catalogue = catalogue
        self._weights = settings.weights
        self._given = encoder
        self._loaded: dict[str, Encoder] = {} if encoder is None else {encoder.model_id: encoder}
        self._paths: dict[str, str] = {}
        self._lock = threading.Lock()
        self.note = ""
        """Why there is no encoder; empty when there is one."""

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
        """Choose the encoder; raises ModelUnavailable or ModelError when it cannot be used."""
        is_path = os.path.exists(os.path.expanduser(name_or_path))
        source = os.path.abspath(os.path.expanduser(name_or_path)) if is_path else name_or_path
        row = self._row_of(source)
        self._catalogue.set_setting(_WANTED, source)
        return row

    def encoder(self, row: ModelRow) -> Encoder:
        """The encoder behind a row, loaded once. Raises ModelError, ModelUnavailable."""
        with self._lock:
            if row.model_id not in self._loaded:
                source = self._paths.get(row.model_id) or row.source or row.name
                self._loaded[row.model_id] = load_encoder(resolve(source, self._weights))
            return self._loaded[row.model_id]

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

    def _register(
        self, model_id: str, kind: str, name: str, dimensions: int, source: str | None
    ) -> ModelRow:
        known = self._catalogue.vectors.model(model_id)
        if known is None:
            self._catalogue.vectors.register(model_id, kind, name, dimensions, source)
            known = self._catalogue.vectors.model(model_id)
        assert known is not None
        return known
