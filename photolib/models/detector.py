"""Find what is in a picture: boxes, labels and, for segmentation models, outlines."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from photolib.errors import ModelError, ModelUnavailable
from photolib.models.encoder import printable_id
from photolib.models.loading import build_lock, quiet, translated
from photolib.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from photolib.models.weights import ResolvedWeights

CONFIDENCE = 0.25
"""Detections below this are not reported: ultralytics' own default."""
_SIDE = 640
_VERSION = "d1"
"""Part of every ``detector_id``: raise it when the same weights would find other things."""


class Box(NamedTuple):
    """A rectangle in fractions of the picture: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing found: its label, confidence (0 to 1), box, and outline where there is a mask.

    The outline is one polygon of (x, y) fractions, the largest piece of the mask.
    """

    label: str
    confidence: float
    box: Box
    outline: tuple[tuple[float, float], ...] | None = None


@runtime_checkable
class Detector(Protocol):
    """A model that finds things; ``FakeDetector`` and ``YoloDetector`` are the two that ship."""

    @property
    def detector_id(self) -> str:
        """Kind, weights digest and settings that change what is found: ``[a-z0-9._-]``."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def side(self) -> int:
        """Longest side, in pixels, that it looks at: more is wasted."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that it can give."""

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        """What is in each oriented RGB picture, most confident first. Raises ModelError."""


class YoloDetector:
    """An ultralytics checkpoint: YOLO, YOLO-seg, or FastSAM; made by ``load_detector``."""

    def __init__(self, weights: ResolvedWeights, model: Any, *, confidence: float) -> None:
        self.name = weights.name
        self.side = _SIDE
        self.labels = tuple(model.names.values())
        self.detector_id = detector_id(weights, confidence=confidence)
        self._model = model
        self._confidence = confidence
        # One predictor serves all calls of a model, and keeps its state between steps.
        self._one_at_a_time = threading.Lock()

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        if not images:
            return []
        with self._one_at_a_time, translated(self.name), _same_thread_count():
            results = self._model.predict(
                [image if image.mode == "RGB" else image.convert("RGB") for image in images],
                imgsz=self.side,
                conf=self._confidence,
                rect=False,  # else the padding, and so the result, depends on the other pictures
                verbose=False,
                save=False,
            )
            return [self._detections(result) for result in results]

    def _detections(self, result: Any) -> tuple[Detection, ...]:
        if result.boxes is None:
            return ()
        corners = result.boxes.xyxyn.cpu().numpy().clip(0, 1)
        outlines = result.masks.xyn if result.masks is not None else [None] * len(corners)
        rows = zip(corners, result.boxes.cls, result.boxes.conf, outlines, strict=True)
        found = [
            Detection(self.labels[int(label)], float(confidence), _box(*box), _outline(polygon))
            for box, label, confidence, polygon in rows
        ]
        return tuple(sorted(found, key=lambda d: -d.confidence))


def detector_id(weights: ResolvedWeights, *, confidence: float = CONFIDENCE) -> str:
    """The ``detector_id`` that these weights will have. Loads nothing; see ``digest``."""
    threshold = f"c{round(confidence * 100)}"
    parts = (weights.name, digest(weights.file, weights.cache)[:12], threshold, _VERSION)
    return printable_id(".".join(parts))


def load_detector(
    weights: ResolvedWeights, private: Path, *, confidence: float = CONFIDENCE
) -> YoloDetector:
    """The detector of these weights.

    ``private`` is a directory of the library where ultralytics keeps its settings, in place of the
    user's own. Detections below ``confidence`` are not reported.
    Only tensors and ultralytics' own classes are unpickled. Raises ModelUnavailable when
    ultralytics or OpenCV cannot be imported, ModelError when the file is no detector.
    """
    with build_lock, translated(weights.name), quiet(), _same_thread_count():
        yolo = _ultralytics(private)
        kind = yolo.FastSAM if "fastsam" in weights.file.name.lower() else yolo.YOLO
        model = kind(str(weights.file))
        if model.task not in ("detect", "segment"):
            raise ModelError(
                f"{weights.file}: a model for the task {model.task!r} finds no boxes",
                "Choose a detection or segmentation checkpoint, such as yolo11n.",
            )
        return YoloDetector(weights, model, confidence=confidence)


def _ultralytics(private: Path) -> Any:
    """The ultralytics package, told before its import to stay offline and safe.

    The import itself would look up public DNS names, write to the user's configuration and offer to
    install packages; a checkpoint would be unpickled whole.
    """
    settings = private / "ultralytics"
    os.environ |= {
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "ULTRALYTICS_SAFE_LOAD": "1",
        "YOLO_CONFIG_DIR": str(settings),
    }
    try:
        import ultralytics
        from ultralytics.utils import SETTINGS
    except ImportError as exc:
        raise _import_remedy(exc) from exc
    if SETTINGS.get("sync") or SETTINGS.get("runs_dir") != str(settings / "runs"):
        folders = {f"{name}_dir": str(settings / name) for name in ("weights", "datasets", "runs")}
        SETTINGS.update({"sync": False, **folders})
    return ultralytics


def _import_remedy(exc: ImportError) -> ModelUnavailable:
    """What to do about an import that failed; the GUI build of OpenCV wants desktop libraries."""
    reason = str(exc)
    if ".so" not in reason:
        return ModelUnavailable(f"the detector needs {exc.name or reason}", "pip install photolib")
    return ModelUnavailable(
        f"OpenCV cannot be loaded: {reason}",
        "Install the system packages libgl1 and libglib2.0-0, or: pip uninstall -y opencv-python "
        "&& pip install --force-reinstall opencv-python-headless",
    )


@contextmanager
def _same_thread_count() -> Iterator[None]:
    """Undo ultralytics' torch.set_num_threads, which would slow the encoder down afterwards."""
    import torch

    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(float(left), float(top), float(right - left), float(bottom - top))


def _outline(polygon: Any) -> tuple[tuple[float, float], ...] | None:
    """A polygon (n, 2) of fractions, rounded to a tenth of a thousandth; None without an area."""
    if polygon is None or len(polygon) < 3:
        return None
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in polygon)
