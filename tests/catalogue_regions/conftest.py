"""The same catalogues that the other catalogue tests use."""

from __future__ import annotations

from tests.catalogue.conftest import catalogue, library, shelf

__all__ = ["catalogue", "library", "shelf"]
