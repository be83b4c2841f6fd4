"""Segment Anything: every segment of a picture, without a label.

A checkpoint of SAM (Kirillov et al., "Segment Anything", 2023), MobileSAM or SAM 2 is a plain
dictionary of tensors, and which network it is for shows in the names and shapes of these; the
file's name does not matter. It is read with ``weights_only``: ultralytics' own loading would
unpickle whatever the file says.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL.Image import Image

SIDE = 1024
"""Pixels of the square that every one of these networks was trained on."""

_POINTS = 16
"""Points per side that are asked about: the paper takes 32, which costs four times as much and adds
segments too small to become crops."""
_QUALITY, _STABILITY = 0.88, 0.95
"""Predicted quality and stability below which a mask is dropped: the paper's (appendix D)."""

_VIT = {768: "build_sam_vit_b", 1024: "build_sam_vit_l", 1280: "build_sam_vit_h"}
_HIERA = {
    (96, 12): "build_sam2_t",
    (96, 16): "build_sam2_s",
    (112, 24): "build_sam2_b",
    (144, 48): "build_sam2_l",
}
"""ultralytics' builders by the width of the picture encoder (and its blocks, for SAM 2)."""
_FOR_VIDEO = ("no_obj_embed_spatial", "obj_ptr_tpos_proj")


def sam_tensors(file: Path) -> dict[str, Any] | None:
    """The tensors of a Segment Anything checkpoint; None when the file holds something else."""
    import pickle

    import torch

    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None
    if isinstance(stored, dict) and isinstance(stored.get("model"), dict):
        stored = stored["model"]
    if not isinstance(stored, dict) or not any(
        isinstance(name, str) and name.startswith("image_encoder.") for name in stored
    ):
        return None
    return stored


def builder_name(tensors: Mapping[str, Any]) -> str:
    """Which of ultralytics' builders makes the network for these tensors.

    Raises ValueError for one that is not known.
    """
    if "image_encoder.patch_embed.seq.0.c.weight" in tensors:
        return "build_mobile_sam"
    if (position := tensors.get("image_encoder.pos_embed")) is not None:
        found = _VIT.get(int(position.shape[-1]))
    elif (patches := tensors.get("image_encoder.trunk.patch_embed.proj.weight")) is not None:
        blocks = {name.split(".")[3] for name in tensors if ".trunk.blocks." in name}
        found = _HIERA.get((int(patches.shape[0]), len(blocks)))
    else:
        found = None
    if found is None:
        raise ValueError("a Segment Anything checkpoint of an unknown size")
    return found


class Segmenter:
    """A Segment Anything network that is asked for all segments of one picture at a time."""

    def __init__(
        self,
        tensors: Mapping[str, Any],
        *,
        mask_threshold: float = 0.5,
        points: int = _POINTS,
        quality: float = _QUALITY,
        stability: float = _STABILITY,
    ) -> None:
        """``mask_threshold`` is the probability from which a pixel belongs to a segment."""
        from ultralytics.models.sam import build

        name = builder_name(tensors)
        network = getattr(build, name)()
        # The builder would tell SAM 2.1 by its file's name; what it adds serves videos only.
        kept = {key: value for key, value in tensors.items() if not key.startswith(_FOR_VIDEO)}
        missing, unexpected = network.load_state_dict(kept, strict=False)
        if missing or unexpected:
            raise ValueError(f"tensors do not fit the network: {(missing + unexpected)[0]}")
        network.mask_threshold = math.log(mask_threshold / (1 - mask_threshold))
        self._predictor = _predictor("sam2" in name, points, quality, stability)
        self._predictor.setup_model(network, verbose=False)

    def __call__(self, image: Image) -> Any:
        """ultralytics' result for one RGB picture."""
        return self._predictor(source=[image])[0]


def _predictor(second: bool, points: int, quality: float, stability: float) -> Any:
    from ultralytics.models.sam.predict import Predictor, SAM2Predictor

    base: Any = SAM2Predictor if second else Predictor

    class EverySegment(base):  # type: ignore[misc]
        def generate(self, im: Any, **_: Any) -> Any:
            return super().generate(
                im,
                points_stride=points,
                conf_thres=quality,
                stability_score_thresh=stability,
            )

        def postprocess(self, preds: Any, img: Any, orig_imgs: Any) -> Any:
            # By now masks are 0 and 1; ultralytics compares them with the same threshold again.
            threshold, self.model.mask_threshold = self.model.mask_threshold, 0.0
            try:
                return super().postprocess(preds, img, orig_imgs)
            finally:
                self.model.mask_threshold = threshold

    overrides = {"imgsz": SIDE, "conf": quality, "save": False, "verbose": False}
    return EverySegment(overrides=overrides)
