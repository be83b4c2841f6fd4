"""From pixels and words to vectors, boxes and text.

The protocols, the fakes, the look and the facts about weights are light; torch, open_clip,
ultralytics, onnxruntime and cv2 are imported only when a model of theirs is loaded.
"""

from photolib.models.detector import Box, Detection, Detector
from photolib.models.encoder import Encoder
from photolib.models.fakes import FakeDetector, FakeEncoder
from photolib.models.look import (
    LOOK_DIMENSIONS,
    LOOK_ID,
    LOOK_PARTS,
    look,
    look_part_similarities,
    weigh,
)
from photolib.models.palette import PALETTE_ID, palette
from photolib.models.sketch import sketch_query
from photolib.models.weights import (
    EncoderDescription,
    ResolvedWeights,
    describe,
    discover,
    load_encoder,
    resolve,
)

__all__ = [
    "LOOK_DIMENSIONS",
    "LOOK_ID",
    "LOOK_PARTS",
    "PALETTE_ID",
    "Box",
    "Detection",
    "Detector",
    "Encoder",
    "EncoderDescription",
    "FakeDetector",
    "FakeEncoder",
    "ResolvedWeights",
    "describe",
    "discover",
    "load_encoder",
    "look",
    "look_part_similarities",
    "palette",
    "resolve",
    "sketch_query",
    "weigh",
]
