"""The models that photolib knows by name, and where their weights are published.

Architectures, tags, repositories and preprocessing are those of open_clip's own registry (a test
compares them); parameter counts are those of the architectures as open_clip builds them. A size
that is not published beside the file is left out rather than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HUB = "https://huggingface.co"
ASSETS = "https://github.com/ultralytics/assets/releases/download/v8.4.0"

_ENGLISH = ("en",)
_MANY = ("many",)
_HALF = (0.5, 0.5, 0.5)
_SIGLIP = {"mean": _HALF, "std": _HALF, "interpolation": "bicubic", "resize_mode": "squash"}
_MOBILE = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "interpolation": "bilinear"}
_PERCEPTION = {"mean": _HALF, "std": _HALF, "interpolation": "bilinear", "resize_mode": "squash"}
_TRANSFORMERS = ("transformers",)
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
        """The size of the weights: exact where known, else that of the parameters.

        Encoders are published in float32, ultralytics' detectors in float16.
        """
        width = 4 if self.kind == "encoder" else 2
        return self.size_bytes or (width * self.parameters if self.parameters else None)


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


def _detector(name: str, role: str, parameters: int, licence: str = "AGPL-3.0") -> KnownModel:
    return KnownModel(
        name=name,
        kind="detector",
        role=role,
        licence=licence,
        architecture=name,
        files=((f"{name}.pt", f"{ASSETS}/{name}.pt"),),
        parameters=parameters,
        languages=_ENGLISH,
    )


RECOMMENDED_ENCODER = "ViT-B-32-256"
RECOMMENDED_DETECTOR = "yolo11n"

KNOWN: tuple[KnownModel, ...] = (
    _encoder(
        "ViT-B-32-256",
        "datacomp_s34b_b86k",
        "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K",
        role="recommended: quick on a processor, good at photos",
        licence="MIT",
        parameters=151_288_833,
        dimensions=512,
        languages=_ENGLISH,
    ),
    _encoder(
        "MobileCLIP2-S0",
        "dfndr2b",
        "timm/MobileCLIP2-S0-OpenCLIP",
        role="lighter: half the size; research licence",
        licence="Apple AMLR",
        preprocess=_MOBILE,
        parameters=74_835_073,
        dimensions=512,
        languages=_ENGLISH,
    ),
    _encoder(
        "PE-Core-S-16-384",
        "meta",
        "timm/PE-Core-S-16-384",
        role="lighter to fetch, sees 384 pixels, slower per photo",
        licence="Apache-2.0",
        preprocess=_PERCEPTION,
        parameters=87_188_225,
        dimensions=512,
        languages=_ENGLISH,
    ),
    _encoder(
        "ViT-B-16",
        "datacomp_xl_s13b_b90k",
        "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
        role="stronger: finer patches, about four times the work",
        licence="MIT",
        parameters=149_620_737,
        dimensions=512,
        languages=_ENGLISH,
    ),
    _encoder(
        "ViT-L-14",
        "datacomp_xl_s13b_b90k",
        "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
        role="strongest of the plain ones: for a machine with a GPU",
        licence="MIT",
        parameters=427_616_513,
        dimensions=768,
        languages=_ENGLISH,
    ),
    _encoder(
        "ViT-B-32-SigLIP2-256",
        "webli",
        "timm/ViT-B-32-SigLIP2-256",
        role="multilingual, as quick as the recommended one",
        licence="Apache-2.0",
        preprocess=_SIGLIP,
        parameters=376_856_066,
        dimensions=768,
        languages=_MANY,
        needs=_TRANSFORMERS,
    ),
    _encoder(
        "ViT-B-16-SigLIP2-256",
        "webli",
        "timm/ViT-B-16-SigLIP2-256",
        role="stronger and multilingual",
        licence="Apache-2.0",
        preprocess=_SIGLIP,
        parameters=375_234_050,
        dimensions=768,
        languages=_MANY,
        needs=_TRANSFORMERS,
    ),
    _detector("yolo11n", "recommended: 80 kinds of things, quick", 2_624_080),
    _detector("yolo11s", "finds more, at a third of the speed", 9_458_752),
    _detector("yolo11n-seg", "also draws outlines", 2_876_848),
    _detector("yolo11s-seg", "outlines, finds more", 10_113_248),
    _detector("FastSAM-s", "outlines of everything, no labels", 11_790_483),
    _detector(
        "sam2.1_t", "finer outlines of everything; seconds a photo", 38_945_986, "Apache-2.0"
    ),
)
