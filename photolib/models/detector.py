"""Find what is in a picture: boxes, labels and, for segmentation models, outlines."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from photolib.errors import ModelError
from photolib.models.encoder import printable_id
from photolib.models.loading import build_lock, quiet, translated
from photolib.models.offline import same_thread_count, ultralytics
from photolib.models.segmenter import SIDE as SEGMENT_SIDE
from photolib.models.segmenter import Segmenter, sam_tensors
from photolib.models.weights import digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image

    from photolib.models.weights import ResolvedWeights

CONFIDENCE = 0.25
"""Detections below this are not reported: ultralytics' own default."""
MASK_THRESHOLD = 0.5
"""Probability from which a pixel belongs to an outline: where these models are trained to cut."""
_SIDE = 640
_OVERLAP, _SEGMENT_OVERLAP = 0.7, 0.9
"""Intersection over union from which a box repeats a better one: ultralytics' defaults for YOLO,
and for FastSAM, whose segments nest."""
_MOST_SEGMENTS = 24
"""Segments without a label that are kept of one picture."""
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
    """A model that finds things; ``YoloDetector``, ``SamDetector``, proposals and a fake ship."""

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
        """Every label that it can give; none for a model that only tells things apart."""

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        """What is in each oriented RGB picture, most confident first. Raises ModelError."""


class YoloDetector:
    """An ultralytics YOLO, YOLO-seg or FastSAM checkpoint; made by ``load_detector``."""

    def __init__(
        self, weights: ResolvedWeights, model: Any, *, confidence: float, mask_threshold: float
    ) -> None:
        self.name = weights.name
        # A class-agnostic model calls everything "object", which says nothing.
        self._finds_segments = _is_fastsam(weights) or set(model.names.values()) == {"object"}
        self.side = SEGMENT_SIDE if self._finds_segments else _SIDE
        self.labels = () if self._finds_segments else tuple(model.names.values())
        self.detector_id = detector_id(
            weights, confidence=confidence, mask_threshold=mask_threshold
        )
        self._model = model
        self._confidence = confidence
        self._predictor = _with_masks(model, mask_threshold) if model.task == "segment" else None
        # One predictor serves all calls of a model, and keeps its state between steps.
        self._one_at_a_time = threading.Lock()

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        if not images:
            return []
        with self._one_at_a_time, translated(self.name), same_thread_count():
            results = self._model.predict(
                [_rgb(image) for image in images],
                predictor=self._predictor,
                imgsz=self.side,
                conf=self._confidence,
                iou=_SEGMENT_OVERLAP if self._finds_segments else _OVERLAP,
                rect=False,  # else the padding, and so the result, depends on the other pictures
                verbose=False,
                save=False,
            )
            found = [_detections(result, self.labels) for result in results]
        return [_foremost(one) for one in found] if self._finds_segments else found


class SamDetector:
    """A Segment Anything checkpoint, whose segments have no labels; made by ``load_detector``."""

    side = SEGMENT_SIDE
    labels: tuple[str, ...] = ()

    def __init__(self, name: str, detector_id: str, segmenter: Segmenter) -> None:
        self.name = name
        self.detector_id = detector_id
        self._segmenter = segmenter
        self._one_at_a_time = threading.Lock()

    def detect(self, images: Sequence[Image]) -> list[tuple[Detection, ...]]:
        with self._one_at_a_time, translated(self.name), same_thread_count():
            results = [self._segmenter(_rgb(image)) for image in images]
            return [_foremost(_detections(result, ())) for result in results]


def detector_id(
    weights: ResolvedWeights,
    *,
    confidence: float = CONFIDENCE,
    mask_threshold: float = MASK_THRESHOLD,
) -> str:
    """The ``detector_id`` that these weights will have. Loads nothing; see ``digest``."""
    settings = [f"c{round(confidence * 100)}"]
    if mask_threshold != MASK_THRESHOLD:
        settings.append(f"m{round(mask_threshold * 1000)}")
    parts = (weights.name, digest(weights.file, weights.cache)[:12], *settings, _VERSION)
    return printable_id(".".join(parts))


def load_detector(
    weights: ResolvedWeights,
    private: Path,
    *,
    confidence: float = CONFIDENCE,
    mask_threshold: float = MASK_THRESHOLD,
) -> YoloDetector | SamDetector:
    """The detector of these weights: YOLO, YOLO-seg, FastSAM, or a Segment Anything model.

    ``private`` is a directory of the library where ultralytics keeps its settings, in place of the
    user's own. Detections below ``confidence`` are not reported (SAM has thresholds of its own); a
    pixel whose probability reaches ``mask_threshold`` belongs to an outline.
    Only tensors and ultralytics' own classes are unpickled. Raises ModelUnavailable when
    ultralytics or OpenCV cannot be imported, ModelError when the file is no detector.
    """
    with build_lock, translated(weights.name), quiet(), same_thread_count():
        package = ultralytics(private)
        tensors = sam_tensors(weights.file)
        if tensors is not None:
            made = detector_id(weights, confidence=confidence, mask_threshold=mask_threshold)
            segmenter = Segmenter(tensors, mask_threshold=mask_threshold)
            return SamDetector(weights.name, made, segmenter)
        model = (package.FastSAM if _is_fastsam(weights) else package.YOLO)(str(weights.file))
        if model.task not in ("detect", "segment"):
            raise ModelError(
                f"{weights.file}: a model for the task {model.task!r} finds no boxes",
                "Choose a detection or segmentation checkpoint, such as yolo11n.",
            )
        return YoloDetector(weights, model, confidence=confidence, mask_threshold=mask_threshold)


def _is_fastsam(weights: ResolvedWeights) -> bool:
    return "fastsam" in weights.file.name.lower()


def _with_masks(model: Any, threshold: float) -> Any:
    """The predictor class of a segmentation model whose masks begin at a probability.

    ultralytics' begin where the logit is above 0. A mask is a weighed sum of prototypes; one more
    prototype, of ones, with minus the wanted logit for its weight moves that border.
    """
    import torch

    base: Any = model._smart_load("predictor")
    shift = math.log(threshold / (1 - threshold))

    class Masks(base):  # type: ignore[misc]
        def construct_result(
            self, pred: Any, img: Any, orig_img: Any, img_path: Any, proto: Any
        ) -> Any:
            pred = torch.cat([pred, pred.new_full((len(pred), 1), -shift)], 1)
            proto = torch.cat([proto, torch.ones_like(proto[:1])])
            return super().construct_result(pred, img, orig_img, img_path, proto)

    return Masks


def _rgb(image: Image) -> Image:
    return image if image.mode == "RGB" else image.convert("RGB")


def _detections(result: Any, labels: Sequence[str]) -> tuple[Detection, ...]:
    """What ultralytics found in one picture, most confident first; without labels all are ""."""
    if result.boxes is None:
        return ()
    corners = result.boxes.xyxyn.cpu().numpy().clip(0, 1)
    outlines = result.masks.xyn if result.masks is not None else [None] * len(corners)
    rows = zip(corners, result.boxes.cls, result.boxes.conf, outlines, strict=True)
    found = [
        Detection(
            labels[int(label)] if labels else "", float(confidence), _box(*box), _outline(polygon)
        )
        for box, label, confidence, polygon in rows
    ]
    return tuple(sorted(found, key=lambda d: -d.confidence))


def _foremost(segments: Sequence[Detection]) -> tuple[Detection, ...]:
    """The segments that are large and sure: a picture has hundreds, most of them texture."""

    def worth(segment: Detection) -> float:
        return segment.confidence * math.sqrt(segment.box.width * segment.box.height)

    kept = sorted(segments, key=worth, reverse=True)[:_MOST_SEGMENTS]
    return tuple(sorted(kept, key=lambda d: -d.confidence))


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(float(left), float(top), float(right - left), float(bottom - top))


def _outline(polygon: Any) -> tuple[tuple[float, float], ...] | None:
    """A polygon (n, 2) of fractions, rounded to a tenth of a thousandth; None without an area."""
    if polygon is None or len(polygon) < 3:
        return None
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in polygon)
