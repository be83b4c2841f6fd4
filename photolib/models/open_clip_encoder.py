"""Text-image models through open_clip, on this machine's best arithmetic."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from photolib.errors import ModelError
from photolib.models.encoder import query_prompt, unit_rows
from photolib.models.loading import build_lock, quiet, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.models.weights import EncoderDescription

_TEXT_BATCH = 64
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


class OpenClipEncoder:
    """One open_clip model; made by ``load_open_clip``."""

    def __init__(
        self,
        described: EncoderDescription,
        network: Any,
        tokenizer: Any,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        import torch

        self.model_id = described.model_id
        self.name = described.name
        self.dimensions = described.dimensions
        self.side = described.preprocessing.side
        self.precision = str(dtype).removeprefix("torch.")
        self.device = str(device)
        self._preprocessing = described.preprocessing
        self._network = network
        self._tokenizer = tokenizer
        self._dtype = dtype
        self._torch_device = device
        statistics = (described.preprocessing.mean, described.preprocessing.std)
        self._mean, self._std = (
            torch.tensor(triple, device=device).mul(255).view(1, 3, 1, 1) for triple in statistics
        )

    def preprocess(self, image: Image) -> NDArray[np.uint8]:
        return self._preprocessing.apply(image)

    def encode_images(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        expected = (self.side, self.side, 3)
        if batch.shape[1:] != expected or batch.dtype != np.uint8:
            got = f"{batch.dtype} {batch.shape[1:]}"
            raise ModelError(f"{self.name}: the model takes uint8 {expected}, not {got}")
        if not len(batch):
            return np.zeros((0, self.dimensions), np.float32)
        return self._rows(self._image_features(batch))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        parts = [texts[i : i + _TEXT_BATCH] for i in range(0, len(texts), _TEXT_BATCH)]
        return np.concatenate([self._rows(self._text_features(list(part))) for part in parts])

    def encode_text(self, text: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self.encode_texts([query_prompt(text)])[0]
        return row

    def _image_features(self, batch: NDArray[np.uint8]) -> Any:
        import torch

        with translated(self.name), torch.inference_mode():
            raw = torch.from_numpy(np.require(batch, requirements=["C", "W"]))
            # (n, side, side, 3) seen as (n, 3, side, side) is channels_last without a copy.
            pixels = raw.to(self._torch_device).permute(0, 3, 1, 2).to(torch.float32)
            pixels.sub_(self._mean).div_(self._std)
            return self._network.encode_image(pixels.to(self._dtype))

    def _text_features(self, texts: list[str]) -> Any:
        import torch

        with translated(self.name), torch.inference_mode():
            tokens = self._tokenizer(texts).to(self._torch_device)
            return _encode_tokens(self._network, tokens)

    def _rows(self, features: Any) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = features.float().cpu().numpy()
        if rows.shape[1] != self.dimensions or not np.isfinite(rows).all():
            raise ModelError(
                f"{self.name}: the model gave rows that are not {self.dimensions} finite numbers",
                "The weights do not fit the architecture, or are damaged: fetch them again.",
            )
        return unit_rows(rows)


def load_open_clip(
    described: EncoderDescription,
    *,
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
) -> OpenClipEncoder:
    """The model that ``described`` names, ready to encode.

    ``precision`` is ``auto``, ``float32`` or ``bfloat16``; ``device`` is ``auto`` or torch's name
    of one. ``threads`` sets torch's thread count, which is one number for the whole process; None
    leaves it. Nothing is fetched and nothing is unpickled beyond plain tensors. Raises
    ModelUnavailable when a package that the model needs is not installed, ModelError when the
    weights do not load.
    """
    with build_lock, translated(described.name), quiet():
        os.environ.update(_OFFLINE)
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        chosen = torch.device(_best_device() if device == "auto" else device)
        dtype = _dtype(precision, chosen.type)
        network, tokenizer = _build(described, chosen, dtype)
    return OpenClipEncoder(described, network, tokenizer, chosen, dtype)


def _build(described: EncoderDescription, device: torch.device, dtype: torch.dtype) -> Any:
    import open_clip
    import torch

    weights = described.weights
    source = f"local-dir:{weights.path}" if weights.architecture is None else weights.architecture
    network, _, _ = open_clip.create_model_and_transforms(
        source,
        pretrained=None if weights.architecture is None else str(weights.file),
        precision="fp32" if dtype == torch.float32 else f"pure_{_SHORT[str(dtype)]}",
        device=device,
        weights_only=True,
    )
    network.eval().requires_grad_(False)
    network.visual.to(memory_format=torch.channels_last)
    return network, open_clip.get_tokenizer(source)


_SHORT = {"torch.bfloat16": "bf16", "torch.float16": "fp16"}


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(precision: str, device: str) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, float16 on a GPU, else float32.

    On a processor with neither instruction set bfloat16 is emulated, at a fraction of the speed.
    """
    import torch

    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    if device != "cpu":
        return torch.float16
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32


def _encode_tokens(network: Any, tokens: torch.Tensor) -> Any:
    """Text features (n, dimensions), without computing the padding where that changes nothing.

    Under a causal mask no position sees the ones after it, and the feature is read at the end mark,
    so what follows the longest text of the batch has no effect. A query is about 8 tokens of 77.
    """
    import torch

    if not _ends_at_the_mark(network):
        return network.encode_text(tokens)
    length = int(tokens.argmax(dim=1).max()) + 1
    shorter = {
        "positional_embedding": network.positional_embedding[:length],
        "attn_mask": network.attn_mask[:length, :length],
    }
    features = torch.func.functional_call(network, shorter, (None, tokens[:, :length]))
    return features["text_features"] if isinstance(features, dict) else features[1]


def _ends_at_the_mark(network: Any) -> bool:
    """Whether the text tower is causal and reads the end mark, which has the highest number."""
    import open_clip

    plain = type(network) is open_clip.CLIP
    return plain and network.attn_mask is not None and network.text_pool_type == "argmax"
