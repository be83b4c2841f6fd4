"""The vector indexes of a library: loaded when needed, caught up with the catalogue, saved."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import PhotolibError
from photolib.index import Stamp, VectorIndex

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Changes, ModelRow

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Loaded:
    index: VectorIndex
    change: int
    saved: int | None


class Indexes:
    """One index per model and kind of vector. Each is a cache: losing it costs only time."""

    def __init__(self, catalogue: Catalogue, directory: Path) -> None:
        self._catalogue = catalogue
        self._directory = directory
        self._loaded: dict[tuple[int, str], _Loaded] = {}
        self._lock = threading.RLock()

    def get(self, model: ModelRow, kind: str) -> VectorIndex:
        """The index of a model's vectors of one kind, by embedding id, as the catalogue is now.

        A snapshot that is missing, damaged or of another catalogue is rebuilt.
        """
        with self._lock:
            loaded = self._loaded.get((model.model_no, kind)) or self._open(model, kind)
            changes = self._catalogue.vectors.changes_since(loaded.change)
            if changes is None or loaded.index.outgrown:
                loaded = self._build(model, kind)
            elif changes.change != loaded.change:
                self._catch_up(loaded, changes, model, kind)
            self._loaded[model.model_no, kind] = loaded
            return loaded.index

    def nearest(
        self,
        model: ModelRow,
        kind: str,
        vector: NDArray[np.float32],
        contents: Collection[int] | None,
        depth: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The vectors of these contents nearest to a unit vector (d,), best first.

        ``contents`` None means every one with a photo that is present and not hidden.
        Returns at most ``depth`` cosines (k,) and embedding ids (k,).
        """
        index = self.get(model, kind)
        if not len(index):
            return np.empty(0, np.float32), np.empty(0, np.int64)
        restricted = self._restricted(index, model, kind, contents)
        cosines, ids = index.search(vector[None], depth, allow=restricted)
        found = ids[0] >= 0
        return cosines[0][found], ids[0][found]

    def _restricted(
        self, index: VectorIndex, model: ModelRow, kind: str, contents: Collection[int] | None
    ) -> NDArray[np.int64] | None:
        """The embedding ids that may be found; None where all may."""
        vectors = self._catalogue.vectors
        if contents is None:
            hidden = vectors.ids_not_shown(model.model_no, kind)
            return np.setdiff1d(index.ids(), hidden, assume_unique=True) if len(hidden) else None
        allowed = vectors.ids_of_contents(model.model_no, kind, contents)
        return None if len(allowed) == len(index) else allowed

    def save(self) -> None:
        """Write the snapshots that have news; a failure costs a rebuild later, so it is logged."""
        with self._lock:
            for (model_no, kind), loaded in self._loaded.items():
                if loaded.saved != loaded.change:
                    self._save(model_no, kind, loaded)

    def saved(self, model: ModelRow, kind: str) -> Stamp | None:
        """What the snapshot on disk holds; None when there is no usable one."""
        found = VectorIndex.load(self._path(model.model_no, kind), _width(model))
        return found[1] if found and self._is_ours(found[1], model, kind) else None

    def _open(self, model: ModelRow, kind: str) -> _Loaded:
        found = VectorIndex.load(self._path(model.model_no, kind), _width(model))
        if found is None:
            return self._build(model, kind)
        index, stamp = found
        if not self._is_ours(stamp, model, kind):
            _log.info("the %s snapshot of %s is of another catalogue", kind, model.model_id)
            return self._build(model, kind)
        return _Loaded(index, stamp.change, stamp.change)

    def _build(self, model: ModelRow, kind: str) -> _Loaded:
        # The number is read first: what is written meanwhile is applied again, which is harmless.
        change = self._catalogue.vectors.last_change()
        vectors = self._catalogue.vectors.load(model.model_no, kind, _width(model))
        if not len(vectors.ids):
            return _Loaded(VectorIndex.empty(_width(model)), change, None)
        return _Loaded(VectorIndex.build(vectors.ids, vectors.matrix), change, None)

    def _catch_up(self, loaded: _Loaded, changes: Changes, model: ModelRow, kind: str) -> None:
        loaded.index.remove(changes.removed)
        new = self._catalogue.vectors.some(
            model.model_no, kind, changes.added, loaded.index.dimensions
        )
        loaded.index.add(new.ids, new.matrix)
        loaded.change = changes.change

    def _save(self, model_no: int, kind: str, loaded: _Loaded) -> None:
        model = next(m for m in self._catalogue.vectors.models() if m.model_no == model_no)
        catalogue_id, epoch = self._catalogue.identity
        count = len(loaded.index)
        stamp = Stamp(catalogue_id, epoch, model.model_id, kind, loaded.change, count)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            loaded.index.save(self._path(model_no, kind), stamp)
            loaded.saved = loaded.change
        except (OSError, PhotolibError) as exc:
            _log.warning("the %s snapshot of %s was not saved: %s", kind, model.model_id, exc)

    def _is_ours(self, stamp: Stamp, model: ModelRow, kind: str) -> bool:
        return (stamp.catalogue_id, stamp.epoch, stamp.model_id, stamp.kind) == (
            *self._catalogue.identity,
            model.model_id,
            kind,
        )

    def _path(self, model_no: int, kind: str) -> Path:
        return self._directory / f"{model_no}-{kind}.index"


def _width(model: ModelRow) -> int:
    assert model.dimensions is not None, "only models with vectors have indexes"
    return model.dimensions
