"""Being a service: the right to be the one, and everything loaded before the first question."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from photolib.errors import ModelError
from photolib.library import reports
from photolib.library.core import Core

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)


class ServiceDoor(Core):
    """Being a service: the right to be the one, and everything loaded before the first question."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Be the one service of this library for the length of the block, or raise LeaseHeld."""
        with self._catalogue.leases.hold("serve"):
            yield

    def warm(self) -> None:
        """Load the indexes and the encoder, so that no search has to wait for them."""
        for model, kind in reports.indexed(self._catalogue, self._engines):
            self._indexes.get(model, kind)
        serving = self._engines.serving()
        if serving is not None:
            try:
                self._engines.encoder(serving).encode_text("a photo")
            except ModelError as exc:  # whoever searches is told
                _log.warning("the encoder cannot be loaded: %s", exc)
