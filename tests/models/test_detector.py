"""The ultralytics detector, on a tiny random network and on the shared weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.errors import ModelError
from photolib.models import Detector, resolve
from photolib.models.detector import load_detector

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
]


def test_the_shared_detector_finds_things_in_their_boxes(shared: Path, tmp_path: Path) -> None:
    import torch

    threads = torch.get_num_threads()
    detector = load_detector(resolve(str(shared / "weights" / "yolo11n.pt"), tmp_path), tmp_path)
    assert isinstance(detector, Detector)
    assert "dog" in detector.labels
    files = sorted((shared / "photos" / "photos").glob("*.jpg"))[:4]
    images = [Image.open(file) for file in files]
    found = detector.detect(images)
    assert len(found) == 4
    assert sum(map(len, found)) > 4
    for detection in (d for per_image in found for d in per_image):
        assert detection.label in detector.labels
        assert 0.25 <= detection.confidence <= 1
        x, y, width, height = detection.box
        assert x >= 0 <= y
        assert width > 0 < height
        assert x + width <= 1.0001
        assert y + height <= 1.0001
        assert detection.outline is None
    assert torch.get_num_threads() == threads
    alone = detector.detect(images[:1])[0]
    assert [d.label for d in alone] == [d.label for d in found[0]]
    assert detector.detect([]) == []


def test_a_segmentation_model_draws_outlines(shared: Path, tmp_path: Path) -> None:
    weights = resolve(str(shared / "weights" / "yolo11n-seg.pt"), tmp_path)
    detector = load_detector(weights, tmp_path)
    file = sorted((shared / "photos" / "photos").glob("*.jpg"))[0]
    (found,) = detector.detect([Image.open(file)])
    assert found
    assert found[0].outline is not None
    corners = np.array(found[0].outline)
    assert corners.min() >= 0
    assert corners.max() <= 1
    left, top, width, height = found[0].box
    assert np.allclose(corners.min(0), (left, top), atol=0.05)
    assert np.allclose(corners.max(0), (left + width, top + height), atol=0.05)


def test_a_model_built_from_scratch_loads_and_keeps_to_the_library(tmp_path: Path) -> None:
    from photolib.models.detector import _ultralytics

    yolo = _ultralytics(tmp_path)
    file = tmp_path / "tiny.pt"
    network = yolo.YOLO("yolo11n.yaml", verbose=False)
    network.model.names = {0: "thing"} | {i: f"other {i}" for i in range(1, 80)}
    network.save(file)
    detector = load_detector(resolve(str(file), tmp_path), tmp_path, confidence=0.9)
    assert detector.labels[0] == "thing"
    assert detector.detector_id.startswith("tiny.")
    assert detector.detector_id.endswith(".c90.d1")
    assert detector.detect([Image.new("L", (50, 200))]) == [()]
    other = load_detector(resolve(str(file), tmp_path), tmp_path, confidence=0.5)
    assert other.detector_id != detector.detector_id


def test_what_is_no_checkpoint_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "no.pt"
    file.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelError) as failure:
        load_detector(resolve(str(file), tmp_path), tmp_path)
    assert "\n" not in failure.value.message
    assert "no" in failure.value.message


def test_a_library_that_opencv_lacks_comes_with_a_remedy() -> None:
    from photolib.models.detector import _import_remedy

    gui = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert "libgl1" in _import_remedy(gui).hint
    assert "pip install" in _import_remedy(ModuleNotFoundError(name="ultralytics")).hint
