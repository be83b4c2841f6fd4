"""Killing an index job at any instant costs one batch of work and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.library import kill_loop

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 6
"""For more, and for real photos: python -m tests.library.kill_loop."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_random_instants_then_complete(tmp_path: Path) -> None:
    figures = kill_loop.run(tmp_path, ROUNDS, within=0.5)
    assert figures.photos == 60 + 5 * ROUNDS
