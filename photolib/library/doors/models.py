"""Models: which are here, and which is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.errors import UsageError
from photolib.library import reports
from photolib.library.core import Core

if TYPE_CHECKING:
    from photolib.library.results import Model


class ModelDoor(Core):
    """Models: which are here, and which is in use."""

    def models(self) -> list[Model]:
        """Models that are here, and those that could be fetched."""
        return reports.models(self._catalogue, self.settings, self._engines)

    def use_model(
        self, name_or_path: str, *, role: str | None = None, trust: bool = False
    ) -> Model:
        """Choose the encoder or the detector; the next index job uses it.

        With the ``role`` copy, choose the descriptor of copies, a TorchScript file whose code runs
        only with a person's consent: ``trust``. Raises ModelUnavailable, ModelError, UsageError.
        """
        if role not in (None, "copy"):
            raise UsageError(f"{role} is no role of a model", "Use copy, or leave it out.")
        if role == "copy":
            row = self._engines.use_copy(name_or_path, trust=trust)
        else:
            row = self._engines.use(name_or_path)
        return next(model for model in self.models() if model.model_id == row.model_id)
