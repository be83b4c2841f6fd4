"""What people decided about albums, replayed over what a grouping found.

A grouping knows nothing of decisions: its clusters keep the ids of their albums, and the decisions
are applied to those in the order in which they were made. So a merge goes on holding while both
clusters change, and taking a decision back shows what the grouping found all along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    Nearer = Callable[[Sequence[int], Sequence[int], Sequence[int]], Collection[int]]

KINDS = ("merge", "split", "move", "exclude")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    ``merge``: all of album ``other`` belongs in ``album``. ``split``: ``photos`` were parted from
    ``album`` into ``other``; ``rest`` stayed. ``move``: ``photos`` belong in ``album``.
    ``exclude``: ``photos`` do not belong in ``album``.
    """

    decision_id: int
    kind: str
    album: int
    other: int | None = None
    photos: tuple[int, ...] = ()
    rest: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A decision that has nothing to hold on to any more, and why."""

    decision: Decision
    reason: str


@dataclass(slots=True)
class Settled:
    """The albums after all decisions: who is in each, what holds each, and what became of each."""

    members: dict[int, set[int]]
    parents: dict[int, int]
    held: list[Decision] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


def settle(
    members: Mapping[int, AbstractSet[int]],
    parents: Mapping[int, int],
    decisions: Sequence[Decision],
    photos: Collection[int],
    nearer: Nearer | None = None,
) -> Settled:
    """Apply decisions to albums as grouping found them.

    ``members`` are the photos of each album that holds no albums, disjoint; ``parents`` what holds
    an album; ``photos`` all that can be in one. Later decisions win over earlier ones. After a
    split, photos that came since stay, unless ``nearer`` (asked with those, the ones parted and the
    ones that stayed) names them as nearer to the parted ones.
    """
    state = _Replay(members, parents, photos, nearer)
    for decision in decisions:
        reason = getattr(state, decision.kind)(decision)
        if reason:
            state.settled.dropped.append(Dropped(decision, reason))
        else:
            state.settled.held.append(decision)
    settled = state.settled
    settled.members = {album: inside for album, inside in settled.members.items() if inside}
    settled.parents = {a: p for a, p in settled.parents.items() if a in settled.members}
    return settled


class _Replay:
    """One method for each kind of decision; each returns why it does not apply, or nothing."""

    def __init__(
        self,
        members: Mapping[int, AbstractSet[int]],
        parents: Mapping[int, int],
        photos: Collection[int],
        nearer: Nearer | None,
    ) -> None:
        self.settled = Settled(
            {album: set(inside) for album, inside in members.items()}, dict(parents)
        )
        self._home = {photo: album for album, inside in members.items() for photo in inside}
        self._photos = photos
        self._nearer = nearer

    def merge(self, decision: Decision) -> str:
        into, other = decision.album, decision.other
        assert other is not None
        parents = self.settled.parents
        below = [album for album, parent in parents.items() if parent == other]
        if below:
            for album in below:
                parents[album] = into
            return ""
        if into in parents.values() and other in self.settled.members:
            parents[other] = into
            return ""
        inside = self.settled.members.get(other)
        if not inside:
            return f"nothing is left of album {other}"
        self._put(list(inside), into)
        if into not in parents and other in parents:
            parents[into] = parents[other]
        return ""

    def split(self, decision: Decision) -> str:
        apart, other = self._left(decision.photos), decision.other
        assert other is not None
        if not apart:
            return "none of its photos is in the library any more"
        settled_before = {*decision.photos, *decision.rest}
        new = sorted(self.settled.members.get(decision.album, set()) - settled_before)
        if new and self._nearer is not None:
            apart = [*apart, *self._nearer(new, apart, self._left(decision.rest))]
        self._put(apart, other)
        if decision.album in self.settled.parents:
            self.settled.parents[other] = self.settled.parents[decision.album]
        return ""

    def move(self, decision: Decision) -> str:
        left = self._left(decision.photos)
        if not left:
            return "none of its photos is in the library any more"
        self._put(left, decision.album)
        return ""

    def exclude(self, decision: Decision) -> str:
        left = self._left(decision.photos)
        if not left:
            return "none of its photos is in the library any more"
        for photo in left:
            home = self._home.get(photo)
            if home is None:
                continue
            if decision.album in (home, self.settled.parents.get(home)):
                self.settled.members[home].discard(photo)
                del self._home[photo]
        return ""

    def _left(self, photos: Sequence[int]) -> list[int]:
        return [photo for photo in photos if photo in self._photos]

    def _put(self, photos: Sequence[int], album: int) -> None:
        for photo in photos:
            home = self._home.get(photo)
            if home is not None:
                self.settled.members[home].discard(photo)
            self._home[photo] = album
        self.settled.members.setdefault(album, set()).update(photos)
