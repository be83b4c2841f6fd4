"""The ultralytics detector, on a tiny random network and on the shared weights."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from photolib.errors import ModelError
from photolib.models import Detector, resolve
from photolib.models.detector import SamDetector, load_detector
from photolib.models.offline import import_remedy, ultralytics
from photolib.models.segmenter import Segmenter, builder_name, sam_tensors

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


def test_a_higher_mask_threshold_draws_tighter_outlines(shared: Path, tmp_path: Path) -> None:
    weights = resolve(str(shared / "weights" / "yolo11n-seg.pt"), tmp_path)
    image = Image.open(sorted((shared / "photos" / "photos").glob("*.jpg"))[0])
    areas = []
    for threshold in (0.1, 0.5, 0.9):
        detector = load_detector(weights, tmp_path, mask_threshold=threshold)
        assert ("m" in detector.detector_id.split(".")[-2]) is (threshold != 0.5)
        first = detector.detect([image])[0][0]
        assert first.outline is not None
        areas.append(enclosed(first.outline))
    assert areas[0] > areas[1] > areas[2] > 0


def enclosed(outline: tuple[tuple[float, float], ...]) -> float:
    """The area of a polygon (the shoelace formula)."""
    x, y = np.array(outline).T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def test_fastsam_finds_segments_that_have_no_label(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "FastSAM-test.pt"  # its networks are those of YOLO-seg
    shutil.copy(shared / "weights" / "yolo11n-seg.pt", file)
    detector = load_detector(resolve(str(file), tmp_path), tmp_path)
    assert detector.labels == ()
    (found,) = detector.detect(
        [Image.open(sorted((shared / "photos" / "photos").glob("*.jpg"))[0])]
    )
    assert found
    assert {detection.label for detection in found} == {""}
    assert all(detection.outline is not None for detection in found)


def test_a_segment_anything_checkpoint_is_known_by_what_it_holds(tmp_path: Path) -> None:
    """With random weights: what it finds means nothing, but boxes and outlines fit each other."""
    import torch

    ultralytics(tmp_path)
    from ultralytics.models.sam import build

    torch.manual_seed(0)
    file = tmp_path / "whatever.pt"
    torch.save(build.build_mobile_sam().state_dict(), file)
    weights = resolve(str(file), tmp_path)
    detector = load_detector(weights, tmp_path)
    assert isinstance(detector, SamDetector)
    tensors = sam_tensors(file)
    assert tensors is not None
    lenient = Segmenter(tensors, points=2, quality=0.0, stability=-1.0)
    found = SamDetector("sam", "sam.1", lenient).detect([Image.new("L", (90, 60), 140)])[0]
    assert found
    for detection in found:
        assert detection.label == ""
        assert detection.outline is None or np.array(detection.outline).max() <= 1


def test_segment_anything_networks_are_told_apart() -> None:
    import torch

    position, patch = "image_encoder.pos_embed", "image_encoder.trunk.patch_embed.proj.weight"
    assert builder_name({position: torch.zeros(1, 1, 1, 1024)}) == "build_sam_vit_l"
    blocks = {f"image_encoder.trunk.blocks.{n}.norm1.weight": 0 for n in range(16)}
    assert builder_name({patch: torch.zeros(96, 3, 7, 7), **blocks}) == "build_sam2_s"
    with pytest.raises(ValueError, match="unknown size"):
        builder_name({position: torch.zeros(1, 1, 1, 99)})


class Hostile:
    """A pickle that would run a command."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["PHOTOLIB_TEST_MARK"],)


def test_a_checkpoint_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    mark = tmp_path / "ran"
    monkeypatch.setenv("PHOTOLIB_TEST_MARK", str(mark))
    for name, stored in {"sam_b.pt": {"image_encoder.x": Hostile()}, "yolo.pt": Hostile()}.items():
        file = tmp_path / name
        torch.save(stored, file)
        with pytest.raises(ModelError) as failure:
            load_detector(resolve(str(file), tmp_path), tmp_path)
        assert "\n" not in failure.value.message
    assert not mark.exists()


def test_a_model_built_from_scratch_loads_and_keeps_to_the_library(tmp_path: Path) -> None:
    yolo = ultralytics(tmp_path)
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
    gui = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert "libgl1" in import_remedy(gui).hint
    assert "pip install" in import_remedy(ModuleNotFoundError(name="ultralytics")).hint
