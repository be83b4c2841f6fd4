"""Models: which are here, and which is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.library import reports
from photolib.library.core import Core

if TYPE_CHECKING:
    from photolib.library.results import Model


class ModelDoor(Core):
    """Models: which are here, and which is in use."""

    def models(self) -> list[Model]:
        """Models that are here, and those that could be fetched."""
        return reports.models(self._catalogue, self.settings, self._engines)

    def use_model(self, name_or_path: str) -> Model:
        """Choose the encoder; the next index job embeds with it. ModelUnavailable, ModelError."""
        row = self._engines.use(name_or_path)
        return next(model for model in self.models() if model.model_id == row.model_id)
