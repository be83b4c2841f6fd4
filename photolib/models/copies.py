"""Descriptors that know a picture again after it was edited, beside the look and the meaning.

They come as TorchScript, as SSCD is published (Pizzi et al., "A self-supervised descriptor for
image copy detection", 2022): a network and its code in one file. The code is confined to torch's
operators, but these can read files and fill the memory, and a loader of foreign archives is no
fortress: such a file is a program, and is run only when a person has said that it may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.errors import ModelError
from photolib.models.encoder import printable_id, unit_rows
from photolib.models.loading import build_lock, quiet, translated
from photolib.models.preprocessing import Preprocessing
from photolib.models.weights import digest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.models.weights import ResolvedWeights

_WAY = Preprocessing(
    side=320,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    interpolation="bilinear",
    resize_mode="squash",
)
"""How SSCD wants pictures that are to fit into one batch; mean and deviation are ImageNet's."""
_VERSION = "t1"
_WIDEST = 4096
"""Numbers in a row from which a file is no descriptor."""


class CopyDescriptor:
    """A TorchScript network from pictures to rows; made by ``load_copy_descriptor``."""

    side = _WAY.side

    def __init__(self, weights: ResolvedWeights, network: Any) -> None:
        self.name = weights.name
        self.model_id = copy_id(weights)
        self._network = network
        black = np.zeros((1, self.side, self.side, 3), np.uint8)
        self.dimensions = self._raw(black).shape[1]

    def preprocess(self, image: Image) -> NDArray[np.uint8]:
        """See ``Encoder.preprocess``."""
        return _WAY.apply(image)

    def encode_images(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Encoder.encode_images``."""
        if not len(batch):
            return np.zeros((0, self.dimensions), np.float32)
        rows = self._raw(batch)
        if rows.shape != (len(batch), self.dimensions) or not np.isfinite(rows).all():
            raise ModelError(f"{self.name}: the network gave rows that are not finite numbers")
        return unit_rows(rows)

    def _raw(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        import torch

        with translated(self.name), torch.inference_mode():
            mean, std = (torch.tensor(t).mul(255).view(1, 3, 1, 1) for t in (_WAY.mean, _WAY.std))
            pixels = torch.from_numpy(np.ascontiguousarray(batch)).permute(0, 3, 1, 2).float()
            found = self._network(pixels.sub_(mean).div_(std))
        if not isinstance(found, torch.Tensor) or found.ndim != 2 or found.shape[1] > _WIDEST:
            raise ModelError(
                f"{self.name}: the network gives no row per picture, so it is no descriptor",
                "Choose a copy-detection network, such as SSCD as TorchScript.",
            )
        rows: NDArray[np.float32] = found.float().numpy()
        return rows


def copy_id(weights: ResolvedWeights) -> str:
    """The ``model_id`` that these weights will have. Loads nothing; see ``digest``."""
    parts = (weights.name, f"{_WAY.side}px", digest(weights.file, weights.cache)[:12], _VERSION)
    return printable_id(".".join(parts))


def load_copy_descriptor(weights: ResolvedWeights) -> CopyDescriptor:
    """The descriptor in a TorchScript file, on the processor.

    The file is a program: call this only for one that a person has consented to. Raises ModelError
    when it holds no TorchScript, or not a network from pictures to rows.
    """
    with build_lock, translated(weights.name), quiet():
        import torch

        network = torch.jit.load(str(weights.file), map_location="cpu")  # type: ignore[no-untyped-call]
        network.eval()
        return CopyDescriptor(weights, network)
