"""The catalogue: one SQLite file, the only truth about a library.

``Catalogue`` opens it, migrates it, and gives a noun for each group of tables. Rows leave as frozen
dataclasses; SQL stays in this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.catalogue.actions import ActionRow, Actions, Change
from photolib.catalogue.albums import Albums
from photolib.catalogue.backups import Backup, inspect, restore, save
from photolib.catalogue.copies import ContentFacts, Copies, PairRow, Unsigned
from photolib.catalogue.database import (
    Database,
    filesystem_of,
    is_network,
    prepare_directory,
    translated,
)
from photolib.catalogue.duplicates import DuplicateSets
from photolib.catalogue.filters import AllOf, AnyOf, Condition, NoneOf, Test, contains, wildcards
from photolib.catalogue.folders import Folders
from photolib.catalogue.groupings import Groupings
from photolib.catalogue.labels import Labels
from photolib.catalogue.leases import Lease, LeaseRow, Leases
from photolib.catalogue.merges import Merges
from photolib.catalogue.migrations import applied, migrate
from photolib.catalogue.palettes import PaletteRow, Palettes
from photolib.catalogue.photos import Photos
from photolib.catalogue.problems import Problems
from photolib.catalogue.regions import Regions, overlap
from photolib.catalogue.removals import Removals
from photolib.catalogue.rows import (
    AlbumRow,
    CandidateRow,
    CropColumns,
    CropRow,
    DecisionRow,
    DuplicateSetRow,
    FolderRow,
    Given,
    GroupingRunRow,
    GroupingState,
    Known,
    LabelCount,
    LabelRow,
    MatchedPhoto,
    MemberRow,
    ModelRow,
    Neighbours,
    NewAlbum,
    NewContent,
    NewCrop,
    NewText,
    PartRow,
    PhotoFilter,
    PhotoRow,
    ProblemRow,
    RemovalDetail,
    RemovalRow,
    RemovedFile,
    ShownPhotos,
    StageCount,
    Stat,
    Suggestion,
    TextRow,
    Undescribed,
    Unread,
    Vectors,
)
from photolib.catalogue.searches import Searches
from photolib.catalogue.stacks import StackRow, StackStore
from photolib.catalogue.tags import Tags
from photolib.catalogue.vectors import Changes, VectorStore
from photolib.catalogue.words import Words
from photolib.config import data_path

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from photolib.config import Settings

__all__ = [
    "ActionRow",
    "AlbumRow",
    "AllOf",
    "AnyOf",
    "Backup",
    "CandidateRow",
    "Catalogue",
    "Change",
    "Changes",
    "Condition",
    "ContentFacts",
    "CropColumns",
    "CropRow",
    "DecisionRow",
    "DuplicateSetRow",
    "FolderRow",
    "Given",
    "GroupingRunRow",
    "GroupingState",
    "Known",
    "LabelCount",
    "LabelRow",
    "Lease",
    "LeaseRow",
    "MatchedPhoto",
    "MemberRow",
    "ModelRow",
    "Neighbours",
    "NewAlbum",
    "NewContent",
    "NewCrop",
    "NewText",
    "NoneOf",
    "PairRow",
    "PaletteRow",
    "PartRow",
    "PhotoFilter",
    "PhotoRow",
    "ProblemRow",
    "RemovalDetail",
    "RemovalRow",
    "RemovedFile",
    "ShownPhotos",
    "StackRow",
    "StageCount",
    "Stat",
    "Suggestion",
    "Test",
    "TextRow",
    "Undescribed",
    "Unread",
    "Unsigned",
    "Vectors",
    "contains",
    "filesystem_of",
    "inspect",
    "is_network",
    "overlap",
    "restore",
    "wildcards",
]


class Catalogue:
    """An open catalogue. Any thread may use it; each gets a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        """Open the catalogue of a library, creating or migrating it first.

        Raises CatalogueError (no directory, not a database, read-only, full), CatalogueTooNew,
        MigrationFailed.
        """
        prepare_directory(settings.library)
        database = Database(settings.catalogue_path)
        self._database = database
        try:
            with translated(settings.catalogue_path):
                migrate(database.connection, data_path("migrations"), settings.backups)
        except BaseException:
            database.close()
            raise
        self.folders = Folders(database)
        self.photos = Photos(database)
        self.vectors = VectorStore(database)
        self.palettes = Palettes(database)
        self.regions = Regions(database)
        self.labels = Labels(database)
        self.words = Words(database)
        self.searches = Searches(database)
        self.albums = Albums(database)
        self.groupings = Groupings(database)
        self.actions = Actions(database)
        self.duplicates = DuplicateSets(database)
        self.tags = Tags(database)
        self.copies = Copies(database)
        self.stacks = StackStore(database)
        self.problems = Problems(database)
        self.removals = Removals(database)
        self.merges = Merges(database)
        self.leases = Leases(database, settings.leases)

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[None]:
        """All or nothing; see ``Database.transaction``."""
        return self._database.transaction(durable=durable)

    def save(self, target: Path, *, replace: bool = False) -> Backup:
        """Copy the catalogue into one file; see ``backups.save``."""
        return save(self._database, target, replace=replace)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @property
    def identity(self) -> tuple[str, int]:
        """The catalogue's random id and its epoch; a restored backup starts a new epoch."""
        return self.setting("catalogue_id") or "", int(self.setting("epoch") or 0)

    @property
    def schema_version(self) -> str:
        """The name of the newest migration applied."""
        return max(applied(self._database.connection))

    def setting(self, name: str) -> str | None:
        """A stored setting, such as the encoder in use."""
        found: str | None = self._database.value(
            "SELECT value FROM setting WHERE name = ?", (name,)
        )
        return found

    def set_setting(self, name: str, value: str) -> None:
        """Store a setting."""
        sql = """INSERT INTO setting (name, value) VALUES (?, ?)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
        with self.transaction():
            self._database.execute(sql, (name, value))

    def stamp(self) -> tuple[int, int]:
        """A value that changes when anybody commits, as seen from the calling thread alone."""
        return self._database.stamp()

    def data_version(self) -> int:
        """A number that changes when another process or thread commits."""
        return self._database.data_version()
