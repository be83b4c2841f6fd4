"""Grouping the photos of a library: by event, place, theme and subject, after each index job.

Each kind is found by itself, over one content per duplicate set. What is found keeps the ids of the
albums that it continues (``grouping.matching``), decisions are replayed on top
(``grouping.decisions``), and only albums that then differ from those stored are written and named.
"""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.catalogue import GroupingState, NewAlbum
from photolib.errors import NotFound, UsageError
from photolib.grouping.decisions import KINDS, Decision, Settled, settle
from photolib.grouping.events import events, name_event, universal
from photolib.grouping.matching import match
from photolib.grouping.themes import Parameters, Themes, coarsen
from photolib.jobs import Job, Progress
from photolib.library import subjects, themes
from photolib.library.album_names import Namer
from photolib.library.results import (
    AlbumChange,
    DecisionsReplayed,
    DroppedDecision,
    RegroupReport,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import (
        Catalogue,
        DecisionRow,
        GroupingRunRow,
        Lease,
        ModelRow,
        ShownPhotos,
    )
    from photolib.config import Settings
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes

    Ids = NDArray[np.int64]

_FEWEST = 3
"""Photos that make a place worth an album."""
_NOTHING = np.empty(0, np.int64)
METHOD = "themes_method"
"""The setting that says how themes are found."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to group: in full, or on from the last run; as a preview; with which parameters.

    ``run_id`` takes over the parameters of a run of the past.
    """

    full: bool = False
    preview: bool = False
    method: str | None = None
    eps: float | None = None
    min_samples: int | None = None
    run_id: int | None = None

    @property
    def chosen(self) -> bool:
        """Whether the parameters were chosen, and are not to be fitted."""
        return self.run_id is not None or self.eps is not None or self.min_samples is not None


@dataclass(slots=True)
class _Found:
    """What grouping found of one kind, before decisions.

    ``members`` are things (photos; for subjects crops) by album; an album with a negative id is
    new. ``stale`` marks kinds whose names depend on more than who is in an album.
    """

    kind: str
    members: dict[int, set[int]]
    parents: dict[int, int]
    noise: int
    state: GroupingState | None = None
    begin: dict[str, Any] | None = None
    """What a new run is to store; None: the last one goes on."""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    created: int = 0
    kept: int = 0
    retired: int = 0
    moved: int = 0
    held: int = 0
    dropped: list[DroppedDecision] = field(default_factory=list)
    changes: list[AlbumChange] = field(default_factory=list)


class Shown:
    """The photos to be grouped; one content of each duplicate set stands for all of it."""

    def __init__(self, rows: ShownPhotos) -> None:
        self.rows = rows
        self.contents = np.unique(rows.stand_ins)
        own = np.flatnonzero(rows.contents == rows.stand_ins)
        first = np.unique(rows.stand_ins[own], return_index=True)[1]
        self.chosen = np.sort(own[first])
        """The places of the photos that stand for their sets, by capture time."""
        self._order = np.argsort(rows.photos)

    def places_of(self, photos: Iterable[int]) -> NDArray[np.intp]:
        """Where these photos are among the rows, by capture time; others are left out."""
        wanted = np.fromiter(photos, np.int64)
        ordered = self.rows.photos[self._order]
        places = np.minimum(np.searchsorted(ordered, wanted), max(len(ordered) - 1, 0))
        if not len(ordered):
            return np.empty(0, np.intp)
        return np.sort(self._order[places[ordered[places] == wanted]])

    def by_label(self, units: Ids, labels: Ids, count: int) -> list[set[int]]:
        """For each label, all photos whose stand-in (one of ``units``, ascending) has it."""
        if not len(units):
            return [set() for _ in range(count)]
        places = np.minimum(np.searchsorted(units, self.rows.stand_ins), len(units) - 1)
        label = np.where(units[places] == self.rows.stand_ins, labels[places], -1)
        return grouped(label, self.rows.photos, count)


def grouped(labels: Ids, things: Ids, count: int) -> list[set[int]]:
    """The things under each label from 0 to ``count``; those under -1 are left out."""
    order = np.argsort(labels, kind="stable")
    cuts = np.searchsorted(labels[order], np.arange(count + 1))
    return [set(things[order[start:stop]].tolist()) for start, stop in itertools.pairwise(cuts)]


class Regroup:
    """One grouping of a library."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: Indexes,
        engines: Engines,
        settings: Settings,
        model: ModelRow,
        kind: str,
    ) -> None:
        self._catalogue = catalogue
        self._indexes = indexes
        self._engines = engines
        self._settings = settings
        self._model, self._kind = model, kind
        self._tally = _Tally()
        self._run_id = 0

    def run(self, lease: Lease, wishes: Wishes) -> Job[RegroupReport]:
        """Group all kinds, unless nothing has changed and nothing was wished."""
        started = time.monotonic()
        last = self._catalogue.groupings.last_run("theme")
        self._run_id = last.run_id if last else 0
        if self._is_current(last, wishes):
            return self._report(wishes, started)
        yield Progress("albums", 0, 4)
        change = self._catalogue.vectors.last_change()
        self._shown = Shown(self._catalogue.groupings.shown())
        self._namer = Namer(
            self._catalogue, self._indexes, self._engines, self._settings, self._model, self._kind
        )
        full = self._is_full(last, wishes)
        self._namer.prepare(self._shown.rows.photos, fresh=full)
        finders: list[Callable[[], _Found]] = [
            self._events,
            self._places,
            lambda: self._subjects(full),
            lambda: self._themes(last, wishes, full),
        ]
        for done, find in enumerate(finders, 1):
            self._settle(find(), change, lease, wishes.preview)
            yield Progress("albums", done, 4)
        return self._report(wishes, started)

    def _is_current(self, last: GroupingRunRow | None, wishes: Wishes) -> bool:
        if wishes.full or wishes.chosen or wishes.method or last is None:
            return False
        seen = self._catalogue.setting("albums_decided") == self._decided()
        same = last.model_id == self._model.model_id
        return same and seen and not self._catalogue.vectors.photos_changed_since(last.change)

    def _decided(self) -> str:
        """A text that differs when decisions do."""
        rows = self._catalogue.groupings.decisions(KINDS)
        return ",".join(str(row.decision_id) for row in rows)

    def _is_full(self, last: GroupingRunRow | None, wishes: Wishes) -> bool:
        if last is None or wishes.full or wishes.chosen or wishes.method:
            return True
        stale = last.model_id != self._model.model_id or themes.frozen(last) is None
        return stale or themes.outgrown(last, len(self._shown.contents))

    def _report(self, wishes: Wishes, started: float) -> RegroupReport:
        tally = self._tally
        return RegroupReport(
            run_id=self._run_id,
            created=tally.created,
            kept=tally.kept,
            retired=tally.retired,
            moved=tally.moved,
            decisions=DecisionsReplayed(tally.held, tuple(tally.dropped)),
            preview=wishes.preview,
            changes=tuple(tally.changes),
            seconds=round(time.monotonic() - started, 3),
        )

    # --- events and places ---------------------------------------------------------------------

    def _events(self) -> _Found:
        rows, chosen = self._shown.rows, self._shown.chosen
        moments = universal(rows.taken[chosen], rows.offsets[chosen])
        labels = events(moments, rows.latitudes[chosen], rows.longitudes[chosen])
        order = np.argsort(rows.stand_ins[chosen])
        units, labels = rows.stand_ins[chosen][order], labels[order]
        return self._continued("event", units, labels, _NOTHING)

    def _places(self) -> _Found:
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
        self._place_depth = {album: len(key) for key, album in ids.items()}
        found = _Found("place", members, parents, int((rows.places < 0).sum()))
        found.more = {"keys": {_text(key): album for key, album in ids.items()}}
        return found

    # --- themes and subjects -------------------------------------------------------------------

    def _themes(self, last: GroupingRunRow | None, wishes: Wishes, full: bool) -> _Found:
        some = themes.material(
            self._catalogue, self._indexes, self._model, self._kind, self._shown.contents
        )
        self._material = some
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
        found.begin = begin
        return found

    def _fitted(self, some: themes.Material, wishes: Wishes) -> tuple[Parameters, Themes]:
        if wishes.method is not None and wishes.method not in themes.METHODS:
            known = " or ".join(themes.METHODS)
            raise UsageError(f"{wishes.method} is no way to group", f"Use {known}.")
        method = wishes.method or self._catalogue.setting(METHOD) or "dbscan"
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

    @property
    def _near_place(self) -> Path:
        return self._settings.grouping / f"{self._model.model_no}-near.npz"

    def _subjects(self, full: bool) -> _Found:
        found = subjects.find(self._catalogue, self._indexes, self._engines, self._shown.contents)
        self._subject_crops = found.photo_of(self._shown.rows)
        old = self._old_state("subject")
        things = [set(found.crops[found.labels == n].tolist()) for n in range(found.count)]
        ids = self._ids(old, things)
        members = {ids[n]: things[n] for n in range(len(things))}
        made = _Found("subject", members, {}, int((found.labels < 0).sum()))
        made.state = _state(found.crops, found.labels, ids)
        return made

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
    ) -> _Found:
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
        found = _Found(kind, dict(zip(ids, photos, strict=True)), parents, int((leaf < 0).sum()))
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

    # --- decisions and storing -----------------------------------------------------------------

    def replay(self, kind: str) -> None:
        """Apply the decisions to what the last run found of a kind, inside a transaction."""
        self._shown = Shown(self._catalogue.groupings.shown())
        self._namer = Namer(
            self._catalogue, self._indexes, self._engines, self._settings, self._model, self._kind
        )
        self._namer.prepare(self._shown.rows.photos, fresh=False)
        self._material = themes.material(
            self._catalogue, self._indexes, self._model, self._kind, self._shown.contents
        )
        last = self._catalogue.groupings.last_run(kind)
        if last is None:
            return
        self._settle(self._known(kind, last), last.change, None, False)

    def _known(self, kind: str, last: GroupingRunRow) -> _Found:
        """What the last run found, over the photos that are shown now."""
        if kind == "place":
            return self._places()
        state = self._catalogue.groupings.state(last.run_id)
        if state is None:
            raise NotFound(f"what was grouped by {kind} is not stored", "Run: photolib regroup")
        if kind == "subject":
            found = subjects.Subjects(
                state.units, self._catalogue.regions.contents_of(state.units.tolist()), state.leaf
            )
            self._subject_crops = found.photo_of(self._shown.rows)
            inside = grouped(state.leaf, state.units, len(state.albums))
        else:
            inside = self._shown.by_label(state.units, state.leaf, len(state.albums))
        parents = {
            album: state.coarse[up]
            for album, up in zip(state.albums, state.above, strict=True)
            if up >= 0
        }
        return _Found(
            kind, dict(zip(state.albums, inside, strict=True)), parents, last.noise, state
        )

    def _settle(self, found: _Found, change: int, lease: Lease | None, preview: bool) -> None:
        """Replay the decisions over what was found and store what differs from the albums.

        A decision made while this was thought out makes it think again: none is overlooked.
        """
        while True:
            decided = self._decided()
            rows = [row for row in self._decisions() if row.subject["of"] == found.kind]
            plan = self._planned(found, rows)
            written = [] if preview else self._written(found.kind, plan)
            if preview:
                break
            with self._catalogue.transaction():
                if lease is not None:
                    lease.check()
                if self._decided() != decided:
                    continue
                run_id = self._begin(found)
                real = self._make(found.kind, plan)
                self._write(found.kind, plan, written, real, run_id)
                self._remember(found, real, run_id, change, decided)
            if found.kind == "theme":
                self._run_id = run_id
            break
        self._count(found.kind, plan)

    def _planned(self, found: _Found, rows: Sequence[DecisionRow]) -> _Plan:
        albums = self._catalogue.albums
        of_kind = albums.member_crops if found.kind == "subject" else albums.members
        stored, names = of_kind(found.kind), albums.names(found.kind)
        wanted = albums.wanted(found.kind)
        settled = self._replayed(found, rows, stored)
        _collapse(settled, wanted)
        return _Plan(settled, stored, names, wanted, self._catalogue.groupings.made_by_splits())

    def _decisions(self) -> list[DecisionRow]:
        return self._catalogue.groupings.decisions(KINDS)

    def _replayed(
        self, found: _Found, rows: Sequence[DecisionRow], stored: Mapping[int, set[int]]
    ) -> Settled:
        decisions = [decision_of(row) for row in rows]
        members = {album: set(inside) for album, inside in found.members.items()}
        self._claim(found, members, decisions, stored)
        named = {thing for decision in decisions for thing in (*decision.photos, *decision.rest)}
        living = self._living(found.kind, named)
        settled = settle(members, found.parents, decisions, living, self._nearer(found.kind))
        # What is missing or hidden comes back to where it was put; until then it is in no album.
        away = named - self._present(found.kind)
        for inside in settled.members.values():
            inside -= away
        settled.members = {album: inside for album, inside in settled.members.items() if inside}
        settled.parents = {a: up for a, up in settled.parents.items() if self._holds(settled, a)}
        return settled

    def _holds(self, settled: Settled, album: int) -> bool:
        """Whether an album has something in it, be it in albums."""
        below = (a for a, up in settled.parents.items() if up == album)
        return album in settled.members or any(self._holds(settled, a) for a in below)

    def _living(self, kind: str, things: set[int]) -> set[int]:
        """Those of some photos, or crops for subjects, that the library still knows."""
        if kind == "subject":
            return set(self._catalogue.regions.boxes(things))
        return self._catalogue.photos.living(things)

    def _present(self, kind: str) -> set[int]:
        """Everything that can be in an album of a kind: photos, or the crops of subjects."""
        if kind == "subject":
            return set(self._subject_crops)
        return set(self._shown.rows.photos.tolist())

    def _claim(
        self,
        found: _Found,
        members: dict[int, set[int]],
        decisions: Sequence[Decision],
        stored: Mapping[int, set[int]],
    ) -> None:
        """Albums that a person named, pinned or hid keep their photos when no cluster goes on."""
        given_away = {d.other for d in decisions if d.kind == "merge"}
        made = self._catalogue.groupings.made_by_splits()
        wanted = self._catalogue.albums.wanted(found.kind)
        for album in wanted:
            if album in members or album in given_away or album in made or album not in stored:
                continue
            things = stored[album] & self._present(found.kind)
            for inside in members.values():
                inside -= things
            members[album] = things

    def _nearer(
        self, kind: str
    ) -> Callable[[Sequence[int], Sequence[int], Sequence[int]], set[int]] | None:
        if kind == "event":
            return self._nearer_in_time
        return self._nearer_in_meaning if kind == "theme" else None

    def _nearer_in_time(
        self, new: Sequence[int], apart: Sequence[int], rest: Sequence[int]
    ) -> set[int]:
        """Which of some photos were taken nearer to the first of others than to the second."""
        times = dict(zip(self._shown.rows.photos.tolist(), self._shown.rows.taken, strict=True))
        to_apart, to_rest = (
            np.array([times[photo] for photo in side if photo in times]) for side in (apart, rest)
        )
        return {
            photo for photo in new if _gap(times[photo], to_apart) < _gap(times[photo], to_rest)
        }

    def _nearer_in_meaning(
        self, new: Sequence[int], apart: Sequence[int], rest: Sequence[int]
    ) -> set[int]:
        """Which of some photos are nearer to the middle of the first than of the second."""
        middle = self._middle(apart) - self._middle(rest)
        photos = np.array(new, np.int64)
        some = self._contents(photos)
        rows, known = self._vector_rows(some)
        near = self._material.vectors[rows[known]] @ middle > 0
        return set(photos[known][near].tolist())

    def _middle(self, photos: Sequence[int]) -> NDArray[np.float32]:
        rows, known = self._vector_rows(self._contents(np.array(photos, np.int64)))
        if not known.any():
            return np.zeros(1, np.float32)
        middle: NDArray[np.float32] = self._material.vectors[rows[known]].mean(axis=0)
        return middle

    def _contents(self, photos: Ids) -> Ids:
        """The stand-in of each photo; -1 for one that is not shown."""
        order = self._shown._order
        ordered = self._shown.rows.photos[order]
        places = np.minimum(np.searchsorted(ordered, photos), max(len(ordered) - 1, 0))
        if not len(ordered):
            return np.full(len(photos), -1)
        return np.where(ordered[places] == photos, self._shown.rows.stand_ins[order[places]], -1)

    def _vector_rows(self, contents: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        have = self._material.contents
        if not len(have):
            return np.zeros(len(contents), np.intp), np.zeros(len(contents), bool)
        rows = np.minimum(np.searchsorted(have, contents), len(have) - 1)
        return rows, have[rows] == contents

    def _begin(self, found: _Found) -> int:
        if found.begin is not None:
            return self._catalogue.groupings.begin(found.kind, **found.begin)
        last = self._catalogue.groupings.last_run(found.kind)
        return last.run_id if last else self._catalogue.groupings.begin(found.kind)

    def _make(self, kind: str, plan: _Plan) -> dict[int, int]:
        """Rows for the albums that are new; their ids by the negative ones."""
        ids = {}
        for album in sorted({a for a in plan.everybody if a < 0}, reverse=True):
            ids[album] = self._catalogue.albums.create(kind, "")
        return ids

    def _written(self, kind: str, plan: _Plan) -> list[NewAlbum]:
        """The rows of the albums that change; what holds others comes after them."""
        rows = []
        used = {plan.name(a).casefold() for a in plan.everybody - plan.changed}
        for album in sorted(plan.changed, key=lambda a: (-plan.level(a), -a)):
            photos, crops = self._in_order(kind, plan.settled.members.get(album, set()))
            inside = self._in_order(kind, plan.below(album))[0]
            names, cover_id = self._described(kind, album, inside, plan)
            name = _name(plan.name(album), names, used)
            used.add(name.casefold())
            rows.append(
                NewAlbum(
                    name,
                    tuple(photos),
                    cover_id,
                    album,
                    tuple(one for one in names if one != name),
                    plan.level(album),
                    plan.settled.parents.get(album),
                    tuple(crops),
                )
            )
        return rows

    def _write(
        self,
        kind: str,
        plan: _Plan,
        rows: Sequence[NewAlbum],
        real: Mapping[int, int],
        run_id: int,
    ) -> None:
        albums = [
            replace(
                row,
                album_id=real.get(row.album_id or 0, row.album_id),
                parent=None if row.parent is None else real.get(row.parent, row.parent),
            )
            for row in rows
        ]
        same = [a for a in plan.everybody if a not in plan.changed]
        self._catalogue.albums.replace(kind, albums, run_id=run_id, same=same)
        self._catalogue.albums.retire(plan.gone)

    def _in_order(self, kind: str, things: set[int]) -> tuple[list[int], list[int]]:
        """The photos of an album by capture time; for subjects with the crop in each."""
        if kind != "subject":
            return self._shown.rows.photos[self._shown.places_of(things)].tolist(), []
        photo_of = {self._subject_crops[crop]: crop for crop in sorted(things, reverse=True)}
        photos = self._shown.rows.photos[self._shown.places_of(photo_of)].tolist()
        return photos, [photo_of[photo] for photo in photos]

    def _described(
        self, kind: str, album: int, photos: Sequence[int], plan: _Plan
    ) -> tuple[list[str], int | None]:
        """Names for an album, the best first, and the photo that stands for it."""
        if not photos:
            return [plan.name(album) or "Empty"], None
        places = self._shown.places_of(photos)
        rows = self._shown.rows
        if kind == "event":
            towns = self._namer.towns(rows.places[places])
            return [name_event(rows.taken[places], towns)], self._namer.sharpest(photos)
        if kind == "place":
            named = self._place_names(album, plan, rows.places[places])
            return named, self._namer.sharpest(photos)
        names = self._namer.suggest(photos)
        if kind == "subject":
            crops = sorted(plan.settled.members.get(album, ()))
            return self._namer.subject(crops) or names, photos[0]
        return names, self._medoid(photos)

    def _place_names(self, album: int, plan: _Plan, places: Ids) -> list[str]:
        """A town, a region or a country, whichever the level says; the most frequent."""
        names = self._catalogue.photos.places()
        known, counts = np.unique(places[places >= 0], return_counts=True)
        if not len(known):
            return [plan.name(album) or "Somewhere"]
        best = names[int(known[np.argmax(counts)])]
        _, country, region, town = best
        return {
            1: [country],
            2: [region, f"{region}, {country}"],
            3: [f"{town}, {country}", town, f"{town}, {region}"],
        }[self._place_depth.get(album, 3)]

    def _medoid(self, photos: Sequence[int]) -> int:
        contents = self._contents(np.array(photos, np.int64))
        rows, known = self._vector_rows(contents)
        if not known.any():
            return photos[0]
        some = self._material.vectors[rows[known]]
        best = int(np.argmax(some @ some.mean(axis=0)))
        return int(np.array(photos)[known][best])

    def _remember(
        self, found: _Found, real: Mapping[int, int], run_id: int, change: int, decided: str
    ) -> None:
        groupings = self._catalogue.groupings
        if found.state is not None:
            state = found.state
            albums = tuple(real.get(a, a) for a in state.albums)
            coarse = tuple(real.get(a, a) for a in state.coarse)
            kept = GroupingState(
                state.units, state.leaf, state.wide, state.core, albums, state.above, coarse
            )
            groupings.keep_state(run_id, found.kind, kept)
        if "keys" in found.more:
            keys = {key: real.get(a, a) for key, a in found.more["keys"].items()}
            found.more = {**found.more, "keys": keys}
        groupings.advance(run_id, change=change, noise=found.noise, **found.more)
        self._catalogue.set_setting("albums_decided", decided)

    def _count(self, kind: str, plan: _Plan) -> None:
        tally, names = self._tally, plan.names
        alive = {album for album in plan.everybody if album in names}
        lost = set(names) - alive
        cared = lost & set(plan.wanted) - plan.gone
        tally.created += len(plan.everybody) - len(alive)
        tally.kept += len(alive)
        tally.retired += len(lost - cared)
        tally.moved += plan.moved()
        tally.held += len(plan.settled.held) + len(set(plan.wanted) & alive)
        tally.dropped += [
            DroppedDecision(None, plan.wanted[a], a, plan.name(a), "it has no photos any more")
            for a in sorted(cared)
        ]
        tally.dropped += [
            DroppedDecision(
                drop.decision.decision_id,
                drop.decision.kind,
                drop.decision.album,
                plan.name(drop.decision.album),
                drop.reason,
            )
            for drop in plan.settled.dropped
        ]
        tally.changes += plan.differences(kind)


@dataclass(slots=True)
class _Plan:
    """The albums as they are to be, beside those that are stored."""

    settled: Settled
    stored: Mapping[int, set[int]]
    names: Mapping[int, tuple[str, str, int | None, int]]
    wanted: Mapping[int, str]
    split_off: set[int]
    everybody: set[int] = field(init=False)
    changed: set[int] = field(init=False)

    def __post_init__(self) -> None:
        members, parents = self.settled.members, self.settled.parents
        self.everybody = {*members, *parents.values()}
        self.changed = {album for album in self.everybody if self._differs(album)}
        self.changed |= {up for a in self.changed if (up := parents.get(a)) is not None}
        self.changed |= {up for a in self.changed if (up := parents.get(a)) is not None}
        lost = {a for a in self.stored if a not in self.everybody}
        ups = {self.names[a][2] for a in lost} & self.everybody
        self.changed |= {up for up in ups if up is not None}

    def _differs(self, album: int) -> bool:
        known = self.names.get(album)
        if known is None:
            return True
        same = self.settled.members.get(album, set()) == self.stored.get(album, set())
        place = (self.settled.parents.get(album), self.level(album))
        return not same or place != (known[2], known[3])

    @property
    def gone(self) -> set[int]:
        """Albums that decisions have emptied: they retire, whatever a person did with them."""
        merged = {d.other for d in self.settled.held if d.kind == "merge" and d.other is not None}
        return (merged | self.split_off) - self.everybody

    def level(self, album: int) -> int:
        level, parents = 0, self.settled.parents
        while album in parents and level < 8:
            album, level = parents[album], level + 1
        return level

    def name(self, album: int) -> str:
        return self.names[album][0] if album in self.names else ""

    def below(self, album: int) -> set[int]:
        """Everything in an album and in those in it."""
        inside = set(self.settled.members.get(album, ()))
        for child, parent in self.settled.parents.items():
            if parent == album:
                inside |= self.below(child)
        return inside

    def moved(self) -> int:
        """How many are in another album than before, or in none any more."""
        home = {thing: a for a, inside in self.settled.members.items() for thing in inside}
        return sum(home.get(t) != a for a, inside in self.stored.items() for t in inside)

    def differences(self, kind: str) -> list[AlbumChange]:
        """What would change, album by album: the largest changes first."""
        changes = []
        for album in self.everybody | set(self.stored):
            now, then = self.settled.members.get(album, set()), self.stored.get(album, set())
            if now != then:
                came, went = len(now - then), len(then - now)
                known = album if album > 0 else None
                changes.append(
                    AlbumChange(known, kind, self.name(album), len(then), len(now), came, went)
                )
        return sorted(changes, key=lambda c: (-(c.came + c.went), c.album_id or 0))


def decision_of(row: DecisionRow) -> Decision:
    """A stored decision as grouping takes it."""
    subject = row.subject
    return Decision(
        row.decision_id,
        row.kind,
        subject["album"],
        subject.get("other"),
        tuple(subject.get("things", ())),
        tuple(subject.get("rest", ())),
    )


def _name(kept: str, names: Sequence[str], used: set[str]) -> str:
    """The name that an album has, while it suits it; else the best that no other album has."""
    if kept.casefold() not in used and re.sub(r" \(\d+\)$", "", kept) in names:
        return kept
    free = [name for name in names if name.casefold() not in used]
    number, numbered = 2, names[0]
    while not free:
        numbered, number = f"{names[0]} ({number})", number + 1
        free = [numbered] if numbered.casefold() not in used else []
    return free[0]


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


def _collapse(settled: Settled, wanted: Mapping[int, str]) -> None:
    """An album that holds a single one says nothing more than that one, unless a person cares."""
    parents = settled.parents
    holds: dict[int, list[int]] = {}
    for album, parent in parents.items():
        holds.setdefault(parent, []).append(album)
    for parent, inside in holds.items():
        if len(inside) == 1 and parent not in wanted and parent not in settled.members:
            up = parents.pop(parent, None)
            del parents[inside[0]]
            if up is not None:
                parents[inside[0]] = up


def _gap(moment: float, others: NDArray[np.float64]) -> float:
    gaps = np.abs(others - moment)
    gaps = gaps[np.isfinite(gaps)]
    return float(gaps.min()) if len(gaps) else np.inf


def _is_only(key: tuple[str, ...], keys: set[tuple[str, ...]]) -> bool:
    """Whether a region is the only one of its country."""
    return sum(len(other) == 2 and other[0] == key[0] for other in keys) == 1


def _text(key: tuple[str, ...]) -> str:
    return "|".join(key)
