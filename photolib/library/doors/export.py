"""Export: photos as a folder of links or copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import export
from photolib.library.core import Core
from photolib.library.export import Piece, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.jobs import Job
    from photolib.library.results import ExportReport


class ExportDoor(Core):
    """Export: photos as a folder of links or copies."""

    def export_album(self, album_id: int, destination: str, wanted: Wanted) -> Job[ExportReport]:
        """Put the photos of an album into a folder, those of albums in it into folders below.

        A second run adds what is new. Raises NotFound, UsageError, FolderError.
        """
        pieces = export.pieces_of_album(self._catalogue, album_id)
        return export.export(self._catalogue, self._decoder, pieces, destination, wanted)

    def export_photos(
        self, photo_ids: Sequence[int], destination: str, wanted: Wanted
    ) -> Job[ExportReport]:
        """Put photos into a folder, as ``export_album`` does. Raises UsageError, FolderError."""
        pieces = [Piece("", tuple(photo_ids))]
        return export.export(self._catalogue, self._decoder, pieces, destination, wanted)
