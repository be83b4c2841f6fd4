"""The use cases by noun: each door is a part of ``Library``, which joins them into one."""

from photolib.library.doors.albums import AlbumDoor
from photolib.library.doors.backups import BackupDoor
from photolib.library.doors.duplicates import DuplicateDoor
from photolib.library.doors.export import ExportDoor
from photolib.library.doors.labels import LabelDoor
from photolib.library.doors.marks import MarkDoor
from photolib.library.doors.models import ModelDoor
from photolib.library.doors.photos import PhotoDoor, View
from photolib.library.doors.removal import RemovalDoor
from photolib.library.doors.reports import ReportDoor
from photolib.library.doors.saved import SavedDoor
from photolib.library.doors.search import SearchDoor
from photolib.library.doors.service import ServiceDoor

__all__ = [
    "AlbumDoor",
    "BackupDoor",
    "DuplicateDoor",
    "ExportDoor",
    "LabelDoor",
    "MarkDoor",
    "ModelDoor",
    "PhotoDoor",
    "RemovalDoor",
    "ReportDoor",
    "SavedDoor",
    "SearchDoor",
    "ServiceDoor",
    "View",
]
