"""The models that photolib knows by name, and where their weights are published.

Architectures, tags, repositories and preprocessing are those of open_clip's own registry (a test
compares them); parameter counts are those of the architectures as open_clip builds them. A size
that is not published beside the file is left out rather than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HUB = "https://huggingface.co"
ASSETS = "https://github.com/ultralytics/assets/releases/download"

_ENGLISH = ("en",)
_MANY = ("many",)
_HALF = (0.5, 0.5, 0.5)
_SIGLIP = {"mean": _HALF, "std": _HALF, "interpolation": "bicubic", "resize_mode": "squash"}
_MOBILE = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "interpolation": "bilinear"}
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be fetched by name."""

    name: str
    kind: str
    """``encoder`` or ``detector``."""
    role: str
    """Why one would choose it, in a few words."""
    licence: str
    architecture: str
    """open_clip's or ultralytics' name of it."""
    files: tuple[tuple[str, str], ...]
    """(file name, address) of everything that the model needs, the weights last."""
    tag: str = ""
    repository: str = ""
    preprocess: dict[str, Any] = field(default_factory=dict)
    """open_clip's ``preprocess_cfg`` of the tag, where it is not the default."""
    parameters: int | None = None
    size_bytes: int | None = None
    """Bytes of the weights, where they are known exactly."""
    sha256: str = ""
    dimensions: int | None = None
    languages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Packages that photolib does not install by itself."""

    @property
    def about_bytes(self) -> int | None:
        """The size of the download: exact where known, else that of float32 parameters."""
        return self.size_bytes or (4 * self.parameters if self.parameters else None)


def _encoder(
    architecture: str,
    tag: str,
    repository: str,
    *,
    needs: tuple[str, ...] = (),
    **facts: Any,
) -> KnownModel:
    names = (*(_TOKENIZER if needs else ()), "open_clip_config.json", "open_clip_model.safetensors")
    files = tuple((name, f"{HUB}/{repository}/resolve/main/{name}") for name in names)
    return KnownModel(
        name=architecture,
        kind="encoder",
        architecture=architecture,
        tag=tag,
        repository=repository,
        files=files,
        needs=needs,
        **facts,
    )


def _detector(name: str, role: str, release: str, parameters: int) -> KnownModel:
    return KnownModel(
        name=name,
        kind="detector",
        role=role,
        licence="AGPL-3.0",
        architecture=name,
        files=((f"{name}.pt", f"{ASSETS}/{release}/{name}.pt"),),
        parameters=parameters,
        languages=_ENGLISH,
    )


KNOWN: tuple[KnownModel, ...] = ()
RECOMMENDED_ENCODER = "ViT-B-32-256"
RECOMMENDED_DETECTOR = "yolo11n"
