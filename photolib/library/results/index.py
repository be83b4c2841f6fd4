"""What index and verify jobs report, and the folders they work in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pending:
    """Contents that a stage has not reached yet."""

    embed: int = 0
    crops: int = 0
    texts: int = 0


@dataclass(slots=True)
class IndexReport:
    """What one index job did. ``scanned`` is the sum of the nine outcomes below it."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    copied: int = 0
    restored: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    parts: int = 0
    missing: int = 0
    opened: int = 0
    decoded: int = 0
    reused: int = 0
    embedded: int = 0
    crops: int = 0
    texts: int = 0
    pending: Pending = field(default_factory=Pending)
    offline: list[str] = field(default_factory=list)
    cancelled: bool = False
    seconds: float = 0.0

    @property
    def scanned(self) -> int:
        outcomes = self.added, self.changed, self.moved, self.copied, self.restored
        return sum(outcomes) + self.unchanged + self.failed + self.skipped + self.parts


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A watched folder. ``state`` is online or offline."""

    folder_id: int
    path: str
    state: str
    photos: int
    last_scan: str | None
    reference: bool = False
    poll: bool = False
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlteredPhoto:
    """A photo whose bytes differ though its size and time do not."""

    path: str
    photo_id: int


@dataclass(slots=True)
class VerifyReport:
    """What reading every photo again found."""

    checked: int = 0
    ok: int = 0
    altered: list[AlteredPhoto] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    seconds: float = 0.0
