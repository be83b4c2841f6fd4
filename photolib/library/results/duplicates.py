"""Duplicate sets with their evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two photos are copies; ``with_`` is the other's photo_id."""

    with_: int
    tier: str
    relation: str | None
    direction: str | None
    score: float | None
    inliers: int | None = None
    residual: float | None = None


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
