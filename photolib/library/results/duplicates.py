"""Duplicate sets with their evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two photos are copies; ``with_`` is the photo_id of the other, the keeper.

    ``direction`` is ``from-keeper`` when this photo was made from the keeper, ``to-keeper`` when it
    was the other way round, None where nothing tells. ``amount`` is the share of the area that a
    crop shows, or of the side that a resized copy has.
    """

    with_: int
    tier: str
    relation: str | None
    direction: str | None
    score: float | None
    inliers: int | None = None
    residual: float | None = None
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicatePhoto:
    """A member of a duplicate set; ``reason`` says why it is kept, or what it loses by."""

    path: str
    photo_id: int
    keeper: bool
    reason: str
    bytes: int
    width: int
    height: int
    format: str
    reference: bool
    parts: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class DuplicateSet:
    """Copies of one picture; ``tier`` is the weakest evidence of a member against the keeper."""

    set_id: int
    tier: str
    keeper_id: int
    tie: bool
    photos: tuple[DuplicatePhoto, ...]


@dataclass(frozen=True, slots=True)
class DuplicateList:
    """A page of duplicate sets, those that free most first."""

    reclaimable_bytes: int
    sets: tuple[DuplicateSet, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class StackPhoto:
    """A shot of a stack; ``suggested`` marks the sharpest."""

    path: str
    photo_id: int
    suggested: bool
    sharpness: float
    taken_at: str
    bytes: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Stack:
    """Shots that belong together: a ``burst`` or a ``bracket``. Never a reason to remove one."""

    stack_id: int
    kind: str
    photos: tuple[StackPhoto, ...]


@dataclass(frozen=True, slots=True)
class StackList:
    """A page of stacks, the newest first."""

    stacks: tuple[Stack, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Containment:
    """How much of folder A is in folder B: photos that have a copy there, their share of A, and the
    paths of those that have none."""

    in_b: int
    ratio: float
    only_in_a: tuple[str, ...]
