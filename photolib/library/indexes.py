"""The vector indexes of a library: loaded when needed, caught up with the catalogue, saved."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from photolib.errors import PhotolibError
from photolib.index import Stamp, VectorIndex

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Changes, ModelRow
    from photolib.library.selection import Selection

_log = logging.getLogger(__name__)

SAMPLE = 1_000
"""Vectors that tell what is ordinary in a library."""


@dataclass(slots=True)
class _Loaded:
    index: VectorIndex
    change: int
    saved: int | None
    owners: Owners | None = None


@dataclass(eq=False)
class Owners:
    """Which content each vector of an index belongs to; ids (n,) ascend."""

    ids: NDArray[np.int64]
    contents: NDArray[np.int64]

    sample: NDArray[np.float32] | None = None
    """Some of the vectors, once they were asked for."""

    @cached_property
    def _by_content(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = np.argsort(self.contents, kind="stable")
        return rows, self.contents[rows]

    def contents_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The content of each of these vectors, which must be here."""
        return self.contents[np.searchsorted(self.ids, ids)]

    def ids_of(self, contents: NDArray[np.int64]) -> NDArray[np.int64]:
        """The vectors of these distinct contents."""
        rows, owners = self._by_content
        starts = np.searchsorted(owners, contents)
        sizes = np.searchsorted(owners, contents, "right") - starts
        steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found: NDArray[np.int64] = self.ids[rows[np.repeat(starts, sizes) + steps]]
        return found

    def altered(
        self, gone: list[int], ids: NDArray[np.int64], contents: NDArray[np.int64]
    ) -> Owners:
        """Without those gone, and with these."""
        kept = ~np.isin(self.ids, gone)
        all_ids = np.concatenate([self.ids[kept], ids])
        order = np.argsort(all_ids, kind="stable")
        return Owners(all_ids[order], np.concatenate([self.contents[kept], contents])[order])


class Near(NamedTuple):
    """Vectors near another: their ids, contents and inner products with it, all (n,)."""

    ids: NDArray[np.int64]
    contents: NDArray[np.int64]
    products: NDArray[np.float32]


_NOTHING = Near(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


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
        within: Selection,
        depth: int,
    ) -> Near:
        """The ``depth`` vectors (fewer if there are no more) with the largest inner products.

        Only contents ``within`` a selection are looked at. ``vector`` (d,) need not be a unit.
        """
        with self._lock:
            index, owners = self.get(model, kind), self._owners(model, kind)
            choice = within.choices.get(owners)
            if choice is None:
                choice = index.choose(owners.ids[within.holds(owners.contents)])
                within.choices[owners] = choice
            if not len(choice):
                return _NOTHING
            cosines, ids = index.search(vector[None], depth, allow=choice)
        found = ids[0] >= 0
        ids, cosines = ids[0][found], cosines[0][found]
        return Near(ids, owners.contents_of(ids), cosines)

    def compare(
        self, model: ModelRow, kind: str, vector: NDArray[np.float32], contents: NDArray[np.int64]
    ) -> Near:
        """The exact inner products of a vector (d,) with all vectors of distinct contents (n,)."""
        with self._lock:
            index, owners = self.get(model, kind), self._owners(model, kind)
            ids = owners.ids_of(contents)
            vectors = index.reconstruct(ids)
        return Near(ids, owners.contents_of(ids), vectors @ vector)

    def sample(self, model: ModelRow, kind: str) -> NDArray[np.float32]:
        """Up to a thousand of the vectors (n, d), the same ones as long as nothing changes."""
        with self._lock:
            index, owners = self.get(model, kind), self._owners(model, kind)
            if owners.sample is None:
                step = max(1, len(owners.ids) // SAMPLE)
                owners.sample = index.reconstruct(owners.ids[::step][:SAMPLE])
            return owners.sample

    def _owners(self, model: ModelRow, kind: str) -> Owners:
        """The owners of the index that ``get`` has just brought up to date."""
        loaded = self._loaded[model.model_no, kind]
        if loaded.owners is None:
            ids = loaded.index.ids()
            known, contents = self._catalogue.vectors.owners(model.model_no, kind)
            places = np.searchsorted(known, ids)
            inside = places < len(known)
            owned = np.zeros(len(ids), np.int64)
            owned[inside] = contents[places[inside]]
            # An embedding deleted since is of no content, hence never found.
            owned[inside] *= known[places[inside]] == ids[inside]
            loaded.owners = Owners(ids, owned)
        return loaded.owners

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
        if loaded.owners is not None:
            loaded.owners = loaded.owners.altered(changes.removed, new.ids, new.contents)
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


def whole_kind(model: ModelRow) -> str:
    """The kind of vector that a model gives whole pictures."""
    return "look" if model.kind == "look" else "photo"


def crop_kind(model: ModelRow) -> str:
    """The kind of vector that a model gives crops."""
    return "crop-look" if model.kind == "look" else "crop"


def _width(model: ModelRow) -> int:
    assert model.dimensions is not None, "only models with vectors have indexes"
    return model.dimensions
