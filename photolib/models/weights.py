"""Where weights are, what they are called, and how a model comes of them.

The order is: the path that a person gave; the library's ``weights/``; the model shipped inside the
package. The caches of open_clip and ultralytics are looked at only to be offered, and the network
only when a person asks for a download (``photolib.models.fetching``). Nothing in this module loads
torch: what ``status`` and ``search`` need to know of a model is read from its folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from photolib.errors import ModelError, ModelUnavailable
from photolib.models.encoder import PREPROCESSING_VERSION, printable_id
from photolib.models.known import KNOWN, KnownModel
from photolib.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from photolib.models.encoder import Encoder

CONFIG_NAME = "open_clip_config.json"
EMBEDDED = Path(__file__).parent / "embedded"
"""The folder of the encoder that ships inside the package, when there is one."""

_PREFERRED = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
)
"""The names that open_clip tries in a folder, in its order."""
_CHECKPOINTS = {".safetensors", ".bin", ".pth", ".pt"}
_TORCHSCRIPT = ".torchscript.pt"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """Weights that are on this machine."""

    name: str
    kind: str
    """``encoder``, ``detector`` or ``copy``."""
    path: Path
    """What a person would name: a folder in open_clip's ``local-dir:`` format, or a file."""
    file: Path
    """The tensors."""
    source: str
    """``path``, ``library``, ``embedded``, ``open_clip cache`` or ``ultralytics cache``."""
    architecture: str | None = None
    """open_clip's name for a plain weights file; None for a folder, which says it itself."""
    known: KnownModel | None = None
    cache: Path | None = None
    """A file that remembers digests, in the library."""

    @property
    def size_bytes(self) -> int:
        return self.file.stat().st_size


@dataclass(frozen=True, slots=True)
class EncoderDescription:
    """What can be said of an encoder without loading it."""

    name: str
    model_id: str
    dimensions: int
    preprocessing: Preprocessing
    weights: ResolvedWeights


def resolve(name_or_path: str, library_weights: Path) -> ResolvedWeights:
    """The weights that a person means by a name, a path, or ``ARCHITECTURE:FILE``.

    Raises ModelUnavailable with a remedy when they are not on this machine, ModelError when a path
    exists but holds no weights that photolib can read.
    """
    head, colon, tail = name_or_path.partition(":")
    if colon and head in architectures():
        return _from_file(_existing(tail), "path", library_weights, head)
    path = Path(name_or_path).expanduser()
    if path.exists() or os.sep in name_or_path:
        return _from_path(_existing(name_or_path), "path", library_weights)
    return _from_library(name_or_path, library_weights) or _nowhere(name_or_path, library_weights)


def discover(
    library_weights: Path, environ: Mapping[str, str] = os.environ
) -> list[ResolvedWeights]:
    """All weights found: the library's, the embedded encoder, and what the caches could offer."""
    found = [*_in_library(library_weights), *_embedded(library_weights)]
    names = {weights.name for weights in found}
    offered = [*_in_hub_cache(library_weights, environ), *_in_ultralytics(library_weights, environ)]
    return found + [weights for weights in offered if weights.name not in names]


def describe(weights: ResolvedWeights) -> EncoderDescription:
    """Name, ``model_id``, dimensions and preprocessing of an encoder, without loading torch.

    The weights are digested once and remembered; see ``digest``. Raises ModelError when the
    configuration is unreadable.
    """
    model, preprocess = _configuration(weights)
    try:
        dimensions = int(model["embed_dim"])
        label = _label(model)
    except (KeyError, TypeError, ValueError) as exc:
        raise ModelError(f"{weights.path}: {CONFIG_NAME} describes no model: {exc}") from exc
    way = Preprocessing.from_config(model, preprocess)
    switches = b"quick-gelu" if model.get("quick_gelu") else b""
    whole = hashlib.blake2b(digest(weights.file, weights.cache).encode() + way.digest + switches)
    version = f"p{PREPROCESSING_VERSION}"
    parts = (label, f"{way.side}px", f"{dimensions}d", whole.hexdigest()[:12], version)
    return EncoderDescription(weights.name, printable_id(".".join(parts)), dimensions, way, weights)


def load_encoder(
    weights: ResolvedWeights,
    *,
    precision: str = "auto",
    device: str = "auto",
    threads: int | None = None,
) -> Encoder:
    """The encoder of these weights; see ``load_open_clip`` for the options and errors."""
    from photolib.models.open_clip_encoder import load_open_clip

    described = describe(weights)
    return load_open_clip(described, precision=precision, device=device, threads=threads)


def digest(file: Path, cache: Path | None = None) -> str:
    """BLAKE2b of a file, in hexadecimal; remembered in ``cache`` by path, size, mtime and inode."""
    try:
        status = file.stat()
        key = f"{file.resolve()}|{status.st_size}|{status.st_mtime_ns}|{status.st_ino}"
        remembered = _read_digests(cache)
        if key not in remembered:
            remembered[key] = _digest(file)
            _write_digests(cache, remembered)
    except OSError as exc:
        raise ModelUnavailable(f"{file}: {exc.strerror}", "Fetch the weights again.") from exc
    return remembered[key]


def _digest(file: Path) -> str:
    state = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
    return state.hexdigest()


def _read_digests(cache: Path | None) -> dict[str, str]:
    try:
        stored = json.loads(cache.read_text("utf-8")) if cache else {}
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _write_digests(cache: Path | None, digests: dict[str, str]) -> None:
    """Remember digests where the library can be written; elsewhere they are computed each time."""
    if cache is None:
        return
    temporary = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        cache.parent.mkdir(exist_ok=True)
        temporary.write_text(json.dumps(digests), "utf-8")
        temporary.replace(cache)
    except OSError:
        temporary.unlink(missing_ok=True)


# ---- finding


def _existing(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise ModelUnavailable(f"{text}: no such file or folder", "Check the path of the weights.")
    return path


def _from_path(path: Path, source: str, library: Path) -> ResolvedWeights:
    if path.is_dir():
        return _from_folder(path, source, library)
    if path.suffix not in _CHECKPOINTS:
        kinds = ", ".join(sorted(_CHECKPOINTS))
        raise ModelError(f"{path}: not a weights file", f"Weights end in {kinds}.")
    if path.name.endswith(_TORCHSCRIPT):
        name = path.name.removesuffix(_TORCHSCRIPT)
        return ResolvedWeights(name, "copy", path, path, source, cache=_cache(library))
    architecture = _architecture_of(path.name)
    if architecture is None and (path.suffix == ".pt" or _is_sam(path)):
        return ResolvedWeights(
            path.stem,
            "detector",
            path,
            path,
            source,
            known=_known(path.stem),
            cache=_cache(library),
        )
    return _from_file(path, source, library, architecture)


def _is_sam(path: Path) -> bool:
    """Segment Anything's own releases end in .pth, as other people's encoders do."""
    return path.suffix == ".pth" and path.stem.lower().startswith(("sam", "mobile_sam"))


def _from_folder(folder: Path, source: str, library: Path) -> ResolvedWeights:
    if not (folder / CONFIG_NAME).is_file():
        raise ModelError(
            f"{folder}: no {CONFIG_NAME} in this folder",
            "Name a weights file instead, as ARCHITECTURE:FILE.",
        )
    name = folder.name
    file = _checkpoint_in(folder)
    return ResolvedWeights(
        name, "encoder", folder, file, source, known=_known(name), cache=_cache(library)
    )


def _from_file(file: Path, source: str, library: Path, architecture: str | None) -> ResolvedWeights:
    if architecture is None:
        raise ModelError(
            f"{file}: the file does not say which architecture it is for",
            "Name it as ARCHITECTURE:FILE, for example ViT-B-32-256:weights.safetensors.",
        )
    known = _known(architecture)
    return ResolvedWeights(
        file.stem, "encoder", file, file, source, architecture, known, _cache(library)
    )


def _checkpoint_in(folder: Path) -> Path:
    """The file that open_clip would load from ``folder``; ambiguity is an error, not a guess."""
    files = [file for file in folder.iterdir() if file.suffix in _CHECKPOINTS - {".pt"}]
    preferred = [folder / name for name in _PREFERRED if folder / name in files]
    if not preferred and len(files) != 1:
        reason = "several weights files" if files else "no weights file"
        raise ModelError(f"{folder}: {reason} in this folder", f"Keep one, as {_PREFERRED[0]}.")
    return (preferred or files)[0]


def _cache(library: Path) -> Path:
    return library / "digests.json"


def _from_library(name: str, library: Path) -> ResolvedWeights | None:
    candidates = [*_in_library(library), *_embedded(library)]
    return next((weights for weights in candidates if weights.name == name), None)


def _in_library(library: Path) -> Iterator[ResolvedWeights]:
    entries = sorted(library.iterdir()) if library.is_dir() else []
    for entry in entries:
        if (entry / CONFIG_NAME).is_file() or (entry.is_file() and entry.suffix in _CHECKPOINTS):
            yield from _readable(entry, "library", library)


def _embedded(library: Path) -> Iterator[ResolvedWeights]:
    if (EMBEDDED / CONFIG_NAME).is_file():
        yield from _readable(EMBEDDED, "embedded", library)


def _readable(path: Path, source: str, library: Path) -> Iterator[ResolvedWeights]:
    """What ``path`` resolves to, or nothing: a stray file must not hide the others."""
    try:
        yield _from_path(path, source, library)
    except ModelError:
        return


def _in_hub_cache(library: Path, environ: Mapping[str, str]) -> Iterator[ResolvedWeights]:
    """Weights that open_clip or rclip has fetched through the hub's client."""
    caches = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(environ.get("HF_HOME") or caches / "huggingface")
    hub = Path(environ.get("HF_HUB_CACHE") or home / "hub")
    for known in (model for model in KNOWN if model.repository):
        folder = hub / f"models--{known.repository.replace('/', '--')}" / "snapshots"
        for file in sorted(folder.glob("*/open_clip_*model.*")):
            if file.suffix in _CHECKPOINTS:
                yield ResolvedWeights(
                    known.name,
                    "encoder",
                    file,
                    file,
                    "open_clip cache",
                    known.architecture,
                    known,
                    _cache(library),
                )


def _in_ultralytics(library: Path, environ: Mapping[str, str]) -> Iterator[ResolvedWeights]:
    """Weights in the folder that ultralytics' own settings name."""
    chosen = environ.get("YOLO_CONFIG_DIR")
    default = platformdirs.user_config_path("Ultralytics", appauthor=False, roaming=True)
    settings = Path(chosen) / "Ultralytics" if chosen else default
    try:
        stored = json.loads((settings / "settings.json").read_text("utf-8"))
        folder = Path(stored["weights_dir"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    for file in sorted(folder.glob("*.pt")):
        yield from _readable(file, "ultralytics cache", library)


def _nowhere(name: str, library: Path) -> ResolvedWeights:
    offered = next((w for w in discover(library) if w.name == name), None)
    if offered is not None:
        hint = f"A copy is in the {offered.source}: photolib models use {_argument(offered)}"
    elif _known(name):
        hint = f"photolib models fetch {name}"
    else:
        hint = "photolib models list shows the known names; a path works too."
    raise ModelUnavailable(f"the weights of {name} are not on this machine", hint)


def _argument(weights: ResolvedWeights) -> str:
    return f"{weights.architecture}:{weights.file}" if weights.architecture else str(weights.file)


def _known(name: str) -> KnownModel | None:
    return next((model for model in KNOWN if model.name == name), None)


# ---- configurations


def _configuration(weights: ResolvedWeights) -> tuple[dict[str, Any], dict[str, Any]]:
    """``model_cfg`` and ``preprocess_cfg``, from the folder or from open_clip's registry."""
    if weights.architecture is None:
        stored = _read_json(weights.path / CONFIG_NAME)
        model = stored.get("model_cfg")
        if not isinstance(model, dict):
            raise ModelError(f"{weights.path}: {CONFIG_NAME} has no model_cfg")
        return model, stored.get("preprocess_cfg") or {}
    preprocess = weights.known.preprocess if weights.known else {}
    return _read_json(architectures()[weights.architecture]), preprocess


def _read_json(file: Path) -> dict[str, Any]:
    try:
        stored = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelError(f"{file}: {exc}", "Fetch the model again.") from exc
    if not isinstance(stored, dict):
        raise ModelError(f"{file}: not an open_clip configuration", "Fetch the model again.")
    return stored


@lru_cache(maxsize=1)
def architectures() -> dict[str, Path]:
    """open_clip's architectures: name to configuration file. open_clip itself is not imported."""
    package = importlib.util.find_spec("open_clip")
    places = (package.submodule_search_locations if package else None) or []
    return {f.stem: f for place in places for f in (Path(place) / "model_configs").glob("*.json")}


def _architecture_of(file_name: str) -> str | None:
    """The architecture that begins the file's name, as in ``ViT-B-32-256.mine.safetensors``."""
    stem = Path(file_name).stem
    fitting = [a for a in architectures() if re.match(re.escape(a) + r"(?![\w-])", stem)]
    return max(fitting, key=len, default=None)


def _label(model: Mapping[str, Any]) -> str:
    vision = model["vision_cfg"]
    if name := vision.get("timm_model_name"):
        return str(name)
    layers = vision.get("layers", 12)
    if isinstance(layers, list):
        return f"resnet-{sum(layers)}"
    return f"vit-{layers}x{vision.get('width', 768)}-{vision.get('patch_size', 16)}"
