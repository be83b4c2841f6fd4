"""Copies of the catalogue, and the way back to one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from photolib.catalogue import inspect, restore
from photolib.library.core import Core
from photolib.library.results import BackupReport, RestoreReport

if TYPE_CHECKING:
    from photolib.catalogue import Backup
    from photolib.config import Settings


class BackupDoor(Core):
    """Copies of the catalogue, and the way back to one."""

    def backup(self, path: str, *, replace: bool = False) -> BackupReport:
        """Copy the catalogue into one file, while jobs may go on. Raises CatalogueError.

        Photos, thumbnails, indexes and quarantined files are not in it.
        """
        return _report(self._catalogue.save(_absolute(path), replace=replace))

    @staticmethod
    def inspect_backup(path: str) -> BackupReport:
        """What a backup holds; raises CatalogueError when it is none, or damaged."""
        return _report(inspect(_absolute(path)))

    @staticmethod
    def restore(settings: Settings, path: str) -> RestoreReport:
        """Make a backup the catalogue of a library, also of one that cannot be opened any more.

        The catalogue before is kept. Raises CatalogueError, LeaseHeld while a job runs.
        """
        before = restore(settings, _absolute(path))
        found = inspect(settings.catalogue_path)
        return RestoreReport(_absolute(path).as_posix(), found.photos, str(before or "") or None)


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))


def _report(found: Backup) -> BackupReport:
    return BackupReport(str(found.path), found.bytes, found.photos, found.at)
