"""A descriptor of copies: chosen with consent, run over every photo, its neighbours stored."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from photolib.errors import ModelError, UsageError
from photolib.jobs import finish
from photolib.library import Library
from tests.library_regions.scenes import textured

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from photolib.config import Settings
    from tests.library.shelf import Sight

pytestmark = pytest.mark.torch


def scripted(network: torch.nn.Module, path: Path) -> Path:
    """Save a network as TorchScript, which torch would rather not do any more."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(network, torch.zeros(1, 3, 320, 320)).save(path)  # type: ignore[no-untyped-call]
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that tells pictures by their colours in a grid of four by four."""
    import torch

    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten())
    path = tmp_path_factory.mktemp("weights") / "grid.torchscript.pt"
    return scripted(network, path)


def test_the_nearest_by_the_descriptor_are_stored(
    folder: Path, settings: Settings, weights: Path, sight: Sight
) -> None:
    for seed in range(6):
        textured(seed).save(folder / f"{seed}.jpg", quality=90)
    textured(3).resize((200, 150)).save(folder / "smaller.jpg", quality=60)
    with Library(settings) as library:
        library.add_folder(str(folder))
        finish(library.index(stage=1))
        used = library.use_model(str(weights), role="copy", trust=True)
        assert (used.kind, used.in_use, used.dimensions, used.pending) == ("copy", True, 48, 7)
        finish(library.index(stage=1))
        assert library.status().models.copy == used.model_id
        row = library._engines.copying()
        assert row is not None
        graph = library._catalogue.vectors.neighbours(row.model_no)
        shown = library._catalogue.photos.of_contents(graph.contents.tolist())
        paths = {content_id: rows[0].path for content_id, rows in shown.items()}
        near = zip(graph.contents.tolist(), graph.others, strict=True)
        nearest = {paths[content_id]: paths[int(others[0])] for content_id, others in near}
        assert nearest[str(folder / "smaller.jpg")] == str(folder / "3.jpg")
        assert nearest[str(folder / "3.jpg")] == str(folder / "smaller.jpg")
        textured(9).save(folder / "9.jpg", quality=90)
        report = finish(library.index(stage=1))
        assert report.added == 1
    made = "SELECT count(*) FROM embedding JOIN model m USING (model_no) WHERE m.kind = 'copy'"
    assert sight.value(made) == 8


def test_torchscript_needs_consent_and_loses_it_when_it_changes(
    folder: Path, settings: Settings, weights: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.torchscript.pt"
    file.write_bytes(weights.read_bytes())
    with Library(settings) as library:
        with pytest.raises(ModelError) as refused:
            library.use_model(str(file), role="copy")
        assert "--trust" in refused.value.hint
        with pytest.raises(ModelError, match="TorchScript"):
            library.use_model(str(file))
        with pytest.raises(UsageError):
            library.use_model(str(file), role="cook", trust=True)
        assert library.status().models.copy is None
        library.use_model(str(file), role="copy", trust=True)
        file.write_bytes(weights.read_bytes() + b" ")
        assert library.status().models.copy is None
        assert "changed" in library._engines.copy_note
        library.add_folder(str(folder))
        textured(1).save(folder / "1.jpg")
        assert finish(library.index(stage=1)).added == 1


def test_a_network_that_gives_no_row_is_no_descriptor(settings: Settings, tmp_path: Path) -> None:
    import torch

    file = tmp_path / "whole.torchscript.pt"
    scripted(torch.nn.Identity(), file)
    damaged = tmp_path / "damaged.torchscript.pt"
    damaged.write_bytes(b"nothing of the kind")
    with Library(settings) as library:
        for path in (file, damaged):
            with pytest.raises(ModelError) as failure:
                library.use_model(str(path), role="copy", trust=True)
            assert "\n" not in failure.value.message
        assert library.status().models.copy is None
