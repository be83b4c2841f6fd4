"""What every use case stands on: one catalogue, the models, the indexes, and the picture reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from photolib.catalogue import Catalogue
from photolib.config import load_settings
from photolib.images import Decoder, ThumbnailCache
from photolib.library.engines import Engines
from photolib.library.indexes import Indexes
from photolib.library.removal.disk import Disk
from photolib.library.removal.recovery import recover_quietly

if TYPE_CHECKING:
    from types import TracebackType

    from photolib.config import Settings
    from photolib.models import Detector, Encoder


class Core:
    """The parts of an open library, shared by all its doors; ``Library`` joins these into one."""

    def __init__(
        self,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        detector: Detector | None = None,
        disk: Disk | None = None,
    ) -> None:
        """Open or create the library at ``settings.library``; models given here override its own.

        What a crash during a removal has left half done is settled first; ``disk`` moves the files.

        Raises CatalogueError when the directory or the catalogue cannot be used.
        """
        self.settings = settings
        self._catalogue = Catalogue(settings)
        self._engines = Engines(self._catalogue, settings, encoder, detector)
        self._indexes = Indexes(self._catalogue, settings.indexes)
        self._thumbnails = ThumbnailCache(settings.thumbnails)
        self._decoder = Decoder(workers=1)
        self._disk = disk or Disk()
        recover_quietly(self._catalogue, self._disk)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Open or create the library at ``settings.library``; see the constructor.

        Without settings, those of the command line: the config file's and the environment's.
        """
        return cls(settings or load_settings())

    def close(self) -> None:
        """Stop the decoder's processes and close the catalogue."""
        self._decoder.close()
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
