"""Decisions replayed over what grouping found: the albums as they are to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from photolib.grouping.decisions import Decision, Settled, settle
from photolib.library.results import AlbumChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, DecisionRow
    from photolib.library import themes
    from photolib.library.clusters import Found
    from photolib.library.shown import Shown


@dataclass(slots=True)
class Plan:
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


class Replay:
    """Replays the decisions over what was found of one kind."""

    def __init__(self, catalogue: Catalogue, shown: Shown, found: Found) -> None:
        self._catalogue, self._shown, self._found = catalogue, shown, found

    def plan(self, rows: Sequence[DecisionRow]) -> Plan:
        """The albums as they are to be by these decisions."""
        albums, found = self._catalogue.albums, self._found
        of_kind = albums.member_crops if found.kind == "subject" else albums.members
        stored, names = of_kind(found.kind), albums.names(found.kind)
        wanted = albums.wanted(found.kind)
        settled = self._replayed(rows, stored)
        _collapse(settled, wanted)
        return Plan(settled, stored, names, wanted, self._catalogue.groupings.made_by_splits())

    def _replayed(self, rows: Sequence[DecisionRow], stored: Mapping[int, set[int]]) -> Settled:
        found = self._found
        decisions = [_decision_of(row) for row in rows]
        members = {album: set(inside) for album, inside in found.members.items()}
        self._claim(members, decisions, stored)
        named = {thing for decision in decisions for thing in (*decision.photos, *decision.rest)}
        living = self._living(named)
        settled = settle(members, found.parents, decisions, living, self._nearer())
        # What is missing or hidden comes back to where it was put; until then it is in no album.
        away = named - self._present()
        for inside in settled.members.values():
            inside -= away
        settled.members = {album: inside for album, inside in settled.members.items() if inside}
        settled.parents = {a: up for a, up in settled.parents.items() if self._holds(settled, a)}
        return settled

    def _holds(self, settled: Settled, album: int) -> bool:
        """Whether an album has something in it, be it in albums."""
        below = (a for a, up in settled.parents.items() if up == album)
        return album in settled.members or any(self._holds(settled, a) for a in below)

    def _living(self, things: set[int]) -> set[int]:
        """Those of some photos, or crops for subjects, that the library still knows."""
        if self._found.kind == "subject":
            return set(self._catalogue.regions.boxes(things))
        return self._catalogue.photos.living(things)

    def _present(self) -> set[int]:
        """Everything that can be in an album of a kind: photos, or the crops of subjects."""
        if self._found.kind == "subject":
            return set(self._found.crop_photos)
        return set(self._shown.rows.photos.tolist())

    def _claim(
        self,
        members: dict[int, set[int]],
        decisions: Sequence[Decision],
        stored: Mapping[int, set[int]],
    ) -> None:
        """Albums that a person named, pinned or hid keep their photos when no cluster goes on."""
        given_away = {d.other for d in decisions if d.kind == "merge"}
        made = self._catalogue.groupings.made_by_splits()
        wanted = self._catalogue.albums.wanted(self._found.kind)
        for album in wanted:
            if album in members or album in given_away or album in made or album not in stored:
                continue
            things = stored[album] & self._present()
            for inside in members.values():
                inside -= things
            members[album] = things

    def _nearer(
        self,
    ) -> Callable[[Sequence[int], Sequence[int], Sequence[int]], set[int]] | None:
        if self._found.kind == "event":
            return self._nearer_in_time
        some = self._found.material
        return None if some is None else partial(self._nearer_in_meaning, some)

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
        self,
        some: themes.Material,
        new: Sequence[int],
        apart: Sequence[int],
        rest: Sequence[int],
    ) -> set[int]:
        """Which of some photos are nearer to the middle of the first than of the second."""
        middle = self._middle(some, apart) - self._middle(some, rest)
        photos = np.array(new, np.int64)
        rows, known = some.rows_of(self._shown.stand_ins_of(photos))
        near = some.vectors[rows[known]] @ middle > 0
        return set(photos[known][near].tolist())

    def _middle(self, some: themes.Material, photos: Sequence[int]) -> NDArray[np.float32]:
        rows, known = some.rows_of(self._shown.stand_ins_of(np.array(photos, np.int64)))
        if not known.any():
            return np.zeros(1, np.float32)
        middle: NDArray[np.float32] = some.vectors[rows[known]].mean(axis=0)
        return middle


def _decision_of(row: DecisionRow) -> Decision:
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
