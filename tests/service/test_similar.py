"""What ``/similar`` can be asked beside the nearest pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.conftest import Served


def test_a_sketch_and_what_is_in_common_can_be_asked_for(served: Served, folder: Path) -> None:
    sketched = served.get(f"/similar?path={folder}/blue.jpg&sketch=true").json
    assert sketched["hits"][0]["why"][0]["detail"] == "sketch"
    shared = served.get(f"/similar?path={folder}/blue.jpg&same=palette").json
    assert shared["hits"][0]["why"][0]["detail"].startswith("blue.jpg: colour ")
    refused = served.get(f"/similar?path={folder}/blue.jpg&same=smell")
    assert (refused.status, refused.json["error"]["code"]) == (400, "usage")
