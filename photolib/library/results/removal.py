"""Removal: plans, what was removed and refused, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True)
class PlannedPhoto:
    """A photo as a plan names it; ``content_hash`` in hexadecimal."""

    photo_id: int
    path: str
    content_hash: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One removal: what goes, what stays in its place (None: nothing), and why."""

    remove: PlannedPhoto
    keep: PlannedPhoto | None
    tier: str | None
    relation: str | None
    score: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A removal that did not happen: a code, the reason, and what to do about it."""

    path: str
    code: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What could be removed; ``left_out`` are copies that a person has to decide about."""

    library_id: str
    created_at: str
    items: tuple[PlanItem, ...]
    left_out: tuple[Refused, ...] = ()
    plan_version: int = PLAN_VERSION


@dataclass(frozen=True, slots=True)
class Removed:
    """A photo that was removed; ``bytes`` counts its parts too, ``kept`` is the keeper's path."""

    path: str
    photo_id: int
    kept: str | None
    quarantine: str | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What the keeper at ``into`` was given of the photo at ``path``; albums by name."""

    path: str
    into: str
    tags: tuple[str, ...]
    albums: tuple[str, ...]
    rating: int | None
    favourite: bool


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """What a removal did; ``batch_id`` is what ``undo`` takes, None when nothing was moved.

    ``already`` are photos of a plan that an earlier run has removed.
    """

    batch_id: int | None
    dry_run: bool
    removed: tuple[Removed, ...]
    refused: tuple[Refused, ...]
    already: tuple[str, ...]
    freed_bytes: int
    merged: tuple[Merged, ...]


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A file that could not be brought back, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo brought back."""

    batch_id: int
    restored: tuple[str, ...]
    not_restored: tuple[NotRestored, ...]


@dataclass(frozen=True, slots=True)
class RemovalEntry:
    """One photo in the journal; ``state`` is removed, restored, purged, refused or unfinished."""

    path: str
    photo_id: int
    kept: str | None
    state: str
    quarantine: str | None
    bytes: int
    note: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One act of removal; ``bytes`` are those still in the quarantine."""

    batch_id: int
    at: str
    state: str
    count: int
    bytes: int
    items: tuple[RemovalEntry, ...]


@dataclass(frozen=True, slots=True)
class BatchList:
    """A page of the journal, newest first."""

    batches: tuple[Batch, ...]
    total: int
    next_offset: int | None = None


@dataclass(frozen=True, slots=True)
class NotPurged:
    """A photo that stays in the quarantine, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was deleted for good, and how many photos still wait.

    ``not_purged`` stay in any case: what they were copies of is not there any more.
    """

    purged: int
    freed_bytes: int
    kept: int
    dry_run: bool
    paths: tuple[str, ...]
    not_purged: tuple[NotPurged, ...]
