"""An encoder of the size of ViT-B-32 with random weights: its speed is real, its meaning is not."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

ARCHITECTURE = "ViT-B-32"
DIMENSIONS = 512


def write_random_encoder(folder: Path) -> Path:
    """Write the model as a folder in open_clip's ``local-dir:`` format, about 600 MB."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = open_clip.get_model_config(ARCHITECTURE)
    network = open_clip.CLIP(**copy.deepcopy(model))
    folder.mkdir(parents=True)
    config = {"model_cfg": model, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config), "utf-8")
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    return folder


class NeverAsked:
    """Stands for an encoder whose vectors are all made; asking it for a picture's is an error."""

    model_id = "bench.512d"
    name = "bench"
    dimensions = DIMENSIONS
    side = 224

    def preprocess(self, image: Image) -> NDArray[np.uint8]:
        raise NotImplementedError

    def encode_images(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise NotImplementedError

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_text(text) for text in texts])

    def encode_text(self, text: str) -> NDArray[np.float32]:
        row = np.random.default_rng(list(text.encode())).standard_normal(DIMENSIONS, np.float32)
        return np.asarray(row / np.linalg.norm(row), np.float32)
