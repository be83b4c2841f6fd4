"""Grouping the photos of a library: by event, place, theme and subject, after each index job.

Each kind is found by itself, over one content per duplicate set. What is found keeps the ids of the
albums that it continues (``clusters``), decisions are replayed on top (``replaying``), and only
albums that then differ from those stored are written and named (``album_rows``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from photolib.catalogue import GroupingState
from photolib.grouping.decisions import KINDS
from photolib.jobs import Job, Progress
from photolib.library import themes
from photolib.library.album_names import Namer
from photolib.library.album_rows import AlbumRows
from photolib.library.clusters import Clusters
from photolib.library.replaying import Replay
from photolib.library.results import (
    AlbumChange,
    DecisionsReplayed,
    DroppedDecision,
    RegroupReport,
)
from photolib.library.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from photolib.catalogue import (
        Catalogue,
        DecisionRow,
        GroupingRunRow,
        Lease,
        ModelRow,
        NewAlbum,
    )
    from photolib.config import Settings
    from photolib.library.clusters import Found
    from photolib.library.engines import Engines
    from photolib.library.indexes import Indexes
    from photolib.library.replaying import Plan


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
class _Tally:
    created: int = 0
    kept: int = 0
    retired: int = 0
    moved: int = 0
    held: int = 0
    dropped: list[DroppedDecision] = field(default_factory=list)
    changes: list[AlbumChange] = field(default_factory=list)


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
        clusters = self._prepared()
        full = self._is_full(last, wishes)
        self._namer.prepare(self._shown.rows.photos, fresh=full)
        finders: list[Callable[[], Found]] = [
            clusters.events,
            clusters.places,
            lambda: clusters.subjects(full),
            lambda: clusters.themes(last, wishes, full),
        ]
        for done, find in enumerate(finders, 1):
            self._settle(find(), change, lease, wishes.preview)
            yield Progress("albums", done, 4)
        return self._report(wishes, started)

    def _prepared(self) -> Clusters:
        """Look at the photos shown, for whatever is to be found and named among them."""
        some = self._catalogue, self._indexes, self._engines, self._settings, self._model
        self._shown = Shown(self._catalogue.groupings.shown())
        self._namer = Namer(*some, self._kind)
        return Clusters(*some, self._kind, self._shown)

    def _is_current(self, last: GroupingRunRow | None, wishes: Wishes) -> bool:
        if wishes.full or wishes.chosen or wishes.method or last is None:
            return False
        seen = self._catalogue.setting("albums_decided") == self._decided()
        same = last.model_id == self._model.model_id
        return same and seen and not self._catalogue.vectors.photos_changed_since(last.change)

    def _decided(self) -> str:
        """A text that differs when decisions do."""
        return ",".join(str(row.decision_id) for row in self._decisions())

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

    def replay(self, kind: str) -> None:
        """Apply the decisions to what the last run found of a kind, inside a transaction."""
        clusters = self._prepared()
        self._namer.prepare(self._shown.rows.photos, fresh=False)
        last = self._catalogue.groupings.last_run(kind)
        if last is None:
            return
        self._settle(clusters.known(kind, last), last.change, None, False)

    def _settle(self, found: Found, change: int, lease: Lease | None, preview: bool) -> None:
        """Replay the decisions over what was found and store what differs from the albums.

        A decision made while this was thought out makes it think again: none is overlooked.
        """
        while True:
            decided = self._decided()
            rows = [row for row in self._decisions() if row.subject["of"] == found.kind]
            plan = Replay(self._catalogue, self._shown, found).plan(rows)
            if preview:
                break
            changed = AlbumRows(self._catalogue, self._shown, self._namer, found, plan)
            written = changed.written()
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

    def _decisions(self) -> list[DecisionRow]:
        return self._catalogue.groupings.decisions(KINDS)

    def _begin(self, found: Found) -> int:
        if found.begin is not None:
            return self._catalogue.groupings.begin(found.kind, **found.begin)
        last = self._catalogue.groupings.last_run(found.kind)
        return last.run_id if last else self._catalogue.groupings.begin(found.kind)

    def _make(self, kind: str, plan: Plan) -> dict[int, int]:
        """Rows for the albums that are new; their ids by the negative ones."""
        ids = {}
        for album in sorted({a for a in plan.everybody if a < 0}, reverse=True):
            ids[album] = self._catalogue.albums.create(kind, "")
        return ids

    def _write(
        self,
        kind: str,
        plan: Plan,
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

    def _remember(
        self, found: Found, real: Mapping[int, int], run_id: int, change: int, decided: str
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

    def _count(self, kind: str, plan: Plan) -> None:
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
