"""Where weights are found, what they are called, and what is said when they are not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from photolib.errors import ModelError, ModelUnavailable
from photolib.models import describe, discover, resolve
from photolib.models.known import KNOWN, RECOMMENDED_DETECTOR, RECOMMENDED_ENCODER
from photolib.models.weights import architectures, digest

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8},
        "text_cfg": {"context_length": 16},
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resize_mode": "squash"},
}


def folder(path: Path, config: dict[str, Any] | None = None, tensors: bytes = b"tensors") -> Path:
    path.mkdir(parents=True)
    (path / "open_clip_config.json").write_text(json.dumps(config or CONFIG), "utf-8")
    (path / "open_clip_model.safetensors").write_bytes(tensors)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    made = tmp_path / "library" / "weights"
    made.mkdir(parents=True)
    return made


def model_id(path: Path, library: Path) -> str:
    return describe(resolve(str(path), library)).model_id


def test_a_folder_is_described_without_loading_it(tmp_path: Path, library: Path) -> None:
    described = describe(resolve(str(folder(tmp_path / "small")), library))
    assert (described.name, described.dimensions, described.preprocessing.side) == ("small", 32, 32)
    assert described.model_id.startswith("vit-1x64-8.32px.32d.")
    assert set(described.model_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def test_the_model_id_follows_what_is_computed_not_where_it_lies(
    tmp_path: Path, library: Path
) -> None:
    first = model_id(folder(tmp_path / "one"), library)
    assert model_id(folder(tmp_path / "renamed"), library) == first
    assert model_id(folder(tmp_path / "other", tensors=b"other"), library) != first
    seen = CONFIG | {"preprocess_cfg": {"resize_mode": "longest"}}
    assert model_id(folder(tmp_path / "seen", seen), library) != first
    quick = CONFIG | {"model_cfg": CONFIG["model_cfg"] | {"quick_gelu": True}}
    assert model_id(folder(tmp_path / "quick", quick), library) != first


def test_a_digest_is_remembered_until_the_file_changes(library: Path) -> None:
    file, cache = library / "w.bin", library / "digests.json"
    file.write_bytes(b"one")
    first = digest(file, cache)
    (key,) = json.loads(cache.read_text("utf-8"))
    cache.write_text(json.dumps({key: "remembered"}), "utf-8")
    assert digest(file, cache) == "remembered"
    file.write_bytes(b"two!")
    assert digest(file, cache) not in (first, "remembered")
    cache.write_text("not json", "utf-8")
    assert digest(file, cache) == digest(file, None)


def test_a_name_is_looked_for_in_the_library(library: Path) -> None:
    folder(library / "mine")
    found = resolve("mine", library)
    assert (found.source, found.path) == ("library", library / "mine")


def test_a_plain_file_needs_an_architecture(tmp_path: Path, library: Path) -> None:
    file = tmp_path / "some.safetensors"
    file.write_bytes(b"tensors")
    with pytest.raises(ModelError, match="which architecture") as failure:
        resolve(str(file), library)
    assert "ARCHITECTURE:FILE" in failure.value.hint
    named = resolve(f"ViT-B-32-256:{file}", library)
    assert describe(named).dimensions == 512
    assert describe(named).preprocessing.side == 256
    telling = tmp_path / "ViT-B-32-256.mine.safetensors"
    telling.write_bytes(b"tensors")
    assert resolve(str(telling), library).architecture == "ViT-B-32-256"
    assert model_id(telling, library) == describe(named).model_id


def test_the_known_preprocessing_of_a_tag_belongs_to_its_architecture(
    tmp_path: Path, library: Path
) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"tensors")
    described = describe(resolve(f"ViT-B-16-SigLIP2-256:{file}", library))
    assert described.preprocessing.resize_mode == "squash"
    assert described.preprocessing.mean == (0.5, 0.5, 0.5)


def test_a_checkpoint_of_ultralytics_is_a_detector(tmp_path: Path, library: Path) -> None:
    file = tmp_path / "yolo11n.pt"
    file.write_bytes(b"zip")
    found = resolve(str(file), library)
    assert (found.kind, found.name) == ("detector", "yolo11n")
    assert found.known is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (RECOMMENDED_ENCODER, f"photolib models fetch {RECOMMENDED_ENCODER}"),
        ("nobody", "photolib models list"),
        ("./nowhere/at-all", "Check the path"),
    ],
)
def test_absent_weights_come_with_a_remedy(
    name: str, hint: str, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(library / "no-cache"))
    with pytest.raises(ModelUnavailable) as failure:
        resolve(name, library)
    assert hint in failure.value.hint


def test_a_cache_is_offered_and_not_taken(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = next(model for model in KNOWN if model.name == RECOMMENDED_ENCODER)
    snapshot = tmp_path / "hub" / f"models--{known.repository.replace('/', '--')}" / "snapshots/1"
    snapshot.mkdir(parents=True)
    file = snapshot / "open_clip_model.safetensors"
    file.write_bytes(b"tensors")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(ModelUnavailable) as failure:
        resolve(known.name, library)
    argument = failure.value.hint.rpartition(" ")[2]
    assert describe(resolve(argument, library)).dimensions == 512
    (offered,) = discover(library)
    assert (offered.source, offered.name) == ("open_clip cache", known.name)


def test_the_folder_of_ultralytics_is_offered(library: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "yolo11n.pt").write_bytes(b"zip")
    settings = {"weights_dir": str(tmp_path / "kept")}
    (tmp_path / "Ultralytics").mkdir()
    (tmp_path / "Ultralytics" / "settings.json").write_text(json.dumps(settings), "utf-8")
    environ = {"YOLO_CONFIG_DIR": str(tmp_path), "HF_HUB_CACHE": str(tmp_path)}
    assert [(w.source, w.name) for w in discover(library, environ)] == [
        ("ultralytics cache", RECOMMENDED_DETECTOR)
    ]


def test_discover_lists_what_is_there_and_skips_what_is_broken(library: Path) -> None:
    folder(library / "good")
    folder(library / "empty").joinpath("open_clip_model.safetensors").unlink()
    (library / "stray.safetensors").write_bytes(b"?")
    (library / "notes.txt").write_text("mine", "utf-8")
    found = discover(library, {"HF_HUB_CACHE": str(library), "YOLO_CONFIG_DIR": str(library)})
    assert [(w.name, w.size_bytes) for w in found] == [("good", 7)]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"model_cfg": {"embed_dim": 3}}', '{"model_cfg": {"vision_cfg": {}}}']
)
def test_an_unreadable_configuration_is_named(text: str, tmp_path: Path, library: Path) -> None:
    made = folder(tmp_path / "bad")
    (made / "open_clip_config.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match="open_clip_config"):
        describe(resolve(str(made), library))


def test_two_weights_files_in_a_folder_are_not_guessed_between(
    tmp_path: Path, library: Path
) -> None:
    made = folder(tmp_path / "two")
    (made / "open_clip_model.safetensors").rename(made / "a.safetensors")
    assert resolve(str(made), library).file.name == "a.safetensors"
    (made / "b.safetensors").write_bytes(b"other")
    with pytest.raises(ModelError, match="several weights files"):
        resolve(str(made), library)


def test_the_recommended_models_are_known_and_say_what_they_cost() -> None:
    by_name = {model.name: model for model in KNOWN}
    assert by_name[RECOMMENDED_ENCODER].kind == "encoder"
    assert by_name[RECOMMENDED_DETECTOR].kind == "detector"
    assert len(by_name) == len(KNOWN)
    for model in KNOWN:
        assert model.licence
        assert model.about_bytes
        assert model.kind == "detector" or model.architecture in architectures()
        assert all(address.startswith("https://") for _, address in model.files)


def test_facts_about_weights_cost_no_heavy_import(tmp_path: Path) -> None:
    made = folder(tmp_path / "small")
    code = (
        "import sys; from pathlib import Path; import photolib.models as m, photolib.models.ocr,"
        "photolib.models.fetching; m.describe(m.resolve(sys.argv[1], Path(sys.argv[1])));"
        "heavy = {'torch', 'open_clip', 'ultralytics', 'onnxruntime', 'cv2', 'rapidocr'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(made)], capture_output=True, env=dict(os.environ)
    )
    assert ran.returncode == 0, ran.stderr.decode()
