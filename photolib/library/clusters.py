"""What grouping finds of each kind: clusters, with the ids of the albums that they continue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue import GroupingState
from photolib.errors import NotFound, UsageError
from photolib.grouping.events import events, universal
from photolib.grouping.matching import match
from photolib.grouping.themes import Parameters, Themes, coarsen
from photolib.library import subjects, themes
from photolib.library.shown import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, GroupingRunRow, ModelRow
    from photolib.config import Settings
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes
    from photolib.library.regroup import Wishes
    from photolib.library.shown import Shown
    from photolib.library.themes import Material

    Ids = NDArray[np.int64]


_FEWEST = 3
"""Photos that make a place worth an album."""
_NOTHING = np.empty(0, np.int64)


@dataclass(slots=True)
class Found:
    """What grouping found of one kind, before decisions.

    ``members`` are things (photos; for subjects crops) by album; an album with a negative id is
    new.
    """

    kind: str
    members: dict[int, set[int]]
    parents: dict[int, int]
    noise: int
    state: GroupingState | None = None
    begin: dict[str, Any] | None = None
    """What a new run is to store; None: the last one goes on."""
    more: dict[str, Any] = field(default_factory=dict)
    crop_photos: Mapping[int, int] = field(default_factory=dict)
    """For subjects: the photo that shows each crop."""
    depths: Mapping[int, int] = field(default_factory=dict)
    """For places: 1 for a country, 2 for a region, 3 for a town."""
    material: Material | None = None
    """For themes: the vectors that they are made from."""


class Clusters:
    """Finds the clusters of one grouping, kind by kind."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        engines: Engines,
        settings: Settings,
        model: ModelRow,
        kind: str,
        shown: Shown,
    ) -> None:
        self._catalogue = catalogue
        self._indexes = indexes
        self._engines = engines
        self._settings = settings
        self._model, self._kind = model, kind
        self._shown = shown

    # --- events and places ---------------------------------------------------------------------

    def events(self) -> Found:
        rows, chosen = self._shown.rows, self._shown.chosen
        moments = universal(rows.taken[chosen], rows.offsets[chosen])
        labels = events(moments, rows.latitudes[chosen], rows.longitudes[chosen])
        order = np.argsort(rows.stand_ins[chosen])
        units, labels = rows.stand_ins[chosen][order], labels[order]
        return self._continued("event", units, labels, _NOTHING)

    def places(self) -> Found:
        """Countries hold regions, and regions towns; what is too small stays one level up."""
        run = self._catalogue.groupings.last_run("place")
        known: dict[str, int] = run.parameters.get("keys", {}) if run else {}
        names = self._catalogue.photos.places()
        rows = self._shown.rows
        size: dict[tuple[str, ...], int] = {}
        homes: dict[int, tuple[str, ...]] = {}
        for place, count in zip(*np.unique(rows.places, return_counts=True), strict=True):
            if place >= 0:
                code, _, region, town = names[int(place)]
                homes[int(place)] = (code, region, town)
                for depth in (1, 2, 3):
                    key = homes[int(place)][:depth]
                    size[key] = size.get(key, 0) + int(count)
        keys = {key for key, count in size.items() if count >= _FEWEST}
        keys -= {key for key in keys if len(key) == 2 and _is_only(key, keys)}
        ids = {key: known.get(_text(key)) or -1 - i for i, key in enumerate(sorted(keys))}
        members: dict[int, set[int]] = {album: set() for album in ids.values()}
        for place, home in homes.items():
            inside = next((ids[home[:d]] for d in (3, 2, 1) if home[:d] in ids), None)
            if inside is not None:
                members[inside].update(rows.photos[rows.places == place].tolist())
        parents = {
            album: ids[up]
            for key, album in ids.items()
            if (up := next((key[:d] for d in (2, 1) if d < len(key) and key[:d] in ids), None))
        }
        found = Found("place", members, parents, int((rows.places < 0).sum()))
        found.depths = {album: len(key) for key, album in ids.items()}
        found.more = {"keys": {_text(key): album for key, album in ids.items()}}
        return found

    # --- themes and subjects -------------------------------------------------------------------

    def themes(self, last: GroupingRunRow | None, wishes: Wishes, full: bool) -> Found:
        some = self._material()
        state = self._catalogue.groupings.state(last.run_id) if last else None
        parameters = themes.frozen(last) if last else None
        begin = None
        if full or state is None or parameters is None:
            parameters, result = self._fitted(some, wishes)
            begin = {
                "model_no": self._model.model_no,
                "eps": parameters.eps,
                "min_samples": parameters.min_samples,
                "parameters": {**themes.stored(parameters), "fitted": len(some.contents)},
            }
        else:
            result = themes.again(self._catalogue, some, parameters, state, self._near_place)
        above = _NOTHING
        if parameters.coarse > 0 and len(result.leaf):
            above = coarsen(result.leaf, some.vectors, parameters)
        found = self._continued("theme", result.ids, result.leaf, above, result)
        found.begin, found.material = begin, some
        return found

    def _fitted(self, some: Material, wishes: Wishes) -> tuple[Parameters, Themes]:
        if wishes.method is not None and wishes.method not in themes.METHODS:
            known = " or ".join(themes.METHODS)
            raise UsageError(f"{wishes.method} is no way to group", f"Use {known}.")
        method = wishes.method or self._catalogue.setting(themes.METHOD) or "dbscan"
        eps, min_samples = wishes.eps, wishes.min_samples
        if wishes.run_id is not None:
            runs = {run.run_id: run for run in self._catalogue.groupings.runs("theme")}
            if wishes.run_id not in runs:
                raise NotFound(f"there is no run {wishes.run_id}", "See: photolib regroup --runs")
            run = runs[wishes.run_id]
            old = themes.frozen(run)
            if old is not None:
                method, eps, min_samples = old.method, old.eps, old.min_samples
        place = None if wishes.preview else self._near_place
        return themes.fit(self._catalogue, some, method, eps, min_samples, place)

    def _material(self) -> Material:
        return themes.material(
            self._catalogue, self._indexes, self._model, self._kind, self._shown.contents
        )

    @property
    def _near_place(self) -> Path:
        return self._settings.grouping / f"{self._model.model_no}-near.npz"

    def subjects(self, full: bool) -> Found:
        found = subjects.find(self._catalogue, self._indexes, self._engines, self._shown.contents)
        old = self._old_state("subject")
        things = [set(found.crops[found.labels == n].tolist()) for n in range(found.count)]
        ids = self._ids(old, things)
        members = {ids[n]: things[n] for n in range(len(things))}
        made = Found("subject", members, {}, int((found.labels < 0).sum()))
        made.state = _state(found.crops, found.labels, ids)
        made.crop_photos = found.photo_of(self._shown.rows)
        return made

    def known(self, kind: str, last: GroupingRunRow) -> Found:
        """What the last run found, over the photos that are shown now."""
        if kind == "place":
            return self.places()
        state = self._catalogue.groupings.state(last.run_id)
        if state is None:
            raise NotFound(f"what was grouped by {kind} is not stored", "Run: photolib regroup")
        crop_photos: Mapping[int, int] = {}
        if kind == "subject":
            found = subjects.Subjects(
                state.units, self._catalogue.regions.contents_of(state.units.tolist()), state.leaf
            )
            crop_photos = found.photo_of(self._shown.rows)
            inside = grouped(state.leaf, state.units, len(state.albums))
        else:
            inside = self._shown.by_label(state.units, state.leaf, len(state.albums))
        parents = {
            album: state.coarse[up]
            for album, up in zip(state.albums, state.above, strict=True)
            if up >= 0
        }
        members = dict(zip(state.albums, inside, strict=True))
        material = self._material() if kind == "theme" else None
        return Found(
            kind,
            members,
            parents,
            last.noise,
            state,
            crop_photos=crop_photos,
            material=material,
        )

    # --- identity ------------------------------------------------------------------------------

    def _old_state(self, kind: str) -> GroupingState | None:
        run = self._catalogue.groupings.last_run(kind)
        return self._catalogue.groupings.state(run.run_id) if run else None

    def _ids(self, old: GroupingState | None, new: Sequence[set[int]]) -> list[int]:
        """The albums that clusters continue, as sets of units; new ones get negative ids."""
        before: dict[int, set[int]] = {}
        if old is not None:
            sets = grouped(old.leaf, old.units, len(old.albums))
            before = dict(zip(old.albums, sets, strict=True))
        return [
            -1 - place if album is None else album for place, album in enumerate(match(before, new))
        ]

    def _continued(
        self, kind: str, units: Ids, leaf: Ids, above: Ids, dense: Themes | None = None
    ) -> Found:
        """Clusters with the ids of their albums, and those of the groups that hold several."""
        old = self._old_state(kind)
        count = int(leaf.max(initial=-1)) + 1
        clusters = grouped(leaf, units, count)
        ids = self._ids(old, clusters)
        groups = _several(above)
        ups = self._group_ids(old, groups, clusters, count)
        parents = {
            ids[cluster]: ups[place] for place, inside in enumerate(groups) for cluster in inside
        }
        photos = self._shown.by_label(units, leaf, count)
        found = Found(kind, dict(zip(ids, photos, strict=True)), parents, int((leaf < 0).sum()))
        found.state = _state(units, leaf, ids, dense, groups, ups)
        return found

    def _group_ids(
        self,
        old: GroupingState | None,
        groups: Sequence[Sequence[int]],
        clusters: Sequence[set[int]],
        taken: int,
    ) -> list[int]:
        before: dict[int, set[int]] = {}
        if old is not None:
            sets = grouped(old.leaf, old.units, len(old.albums))
            for inside, up in zip(sets, old.above, strict=True):
                if up >= 0:
                    before.setdefault(old.coarse[up], set()).update(inside)
        new = [set().union(*(clusters[c] for c in inside)) for inside in groups]
        return [
            -1 - taken - place if album is None else album
            for place, album in enumerate(match(before, new))
        ]


def _several(above: Ids) -> list[list[int]]:
    """The groups that hold more than one cluster, as lists of clusters."""
    groups: dict[int, list[int]] = {}
    for cluster, group in enumerate(above.tolist()):
        groups.setdefault(group, []).append(cluster)
    return [inside for inside in groups.values() if len(inside) > 1]


def _state(
    units: Ids,
    leaf: Ids,
    ids: Sequence[int],
    dense: Themes | None = None,
    groups: Sequence[Sequence[int]] = (),
    ups: Sequence[int] = (),
) -> GroupingState:
    above = [-1] * len(ids)
    for place, inside in enumerate(groups):
        for cluster in inside:
            above[cluster] = place
    wide = dense.wide if dense is not None else _NOTHING
    core = dense.core if dense is not None else np.empty(0, bool)
    return GroupingState(units, leaf, wide, core, tuple(ids), tuple(above), tuple(ups))


def _is_only(key: tuple[str, ...], keys: set[tuple[str, ...]]) -> bool:
    """Whether a region is the only one of its country."""
    return sum(len(other) == 2 and other[0] == key[0] for other in keys) == 1


def _text(key: tuple[str, ...]) -> str:
    return "|".join(key)
