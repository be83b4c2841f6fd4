"""The open_clip encoder over real folders and files: a tiny random model, and the shared one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from photolib.errors import ModelError
from photolib.models import describe, load_encoder, resolve
from photolib.models.known import KNOWN
from photolib.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.models.encoder import Encoder

pytestmark = pytest.mark.torch

TINY: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {
        "context_length": 24,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}


def picture(seed: int, size: tuple[int, int] = (90, 60), mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).convert(mode)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in open_clip's ``local-dir:`` format, with random weights."""
    import torch
    from safetensors.torch import save_file

    from photolib.models.loading import quiet

    with quiet():
        import open_clip
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    folder.mkdir()
    config = {"model_cfg": TINY, "preprocess_cfg": {"resize_mode": "shortest"}}
    (folder / "open_clip_config.json").write_text(json.dumps(config), "utf-8")
    torch.manual_seed(7)
    state = open_clip.CLIP(**json.loads(json.dumps(TINY))).state_dict()
    save_file(
        {name: tensor.contiguous() for name, tensor in state.items()},
        folder / "open_clip_model.safetensors",
    )
    return folder


@pytest.fixture(scope="module")
def encoder(tiny: Path) -> Encoder:
    return load_encoder(resolve(str(tiny), tiny.parent), precision="float32", device="cpu")


def embed(encoder: Encoder, *images: Image.Image) -> np.ndarray:
    return encoder.encode_images(np.stack([encoder.preprocess(image) for image in images]))


def test_rows_are_those_of_open_clip_itself(encoder: Encoder, tiny: Path) -> None:
    import open_clip
    import torch

    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tiny}")
    tokens = open_clip.get_tokenizer(f"local-dir:{tiny}")(["a red car", "x " * 40])
    images = [picture(1), picture(2, (50, 70)), picture(3, (32, 32))]
    with torch.inference_mode():
        batch = torch.stack([transform(image) for image in images])
        expected = network.eval().encode_image(batch, normalize=True).numpy()
        words = network.encode_text(tokens, normalize=True).numpy()
    assert (embed(encoder, *images) * expected).sum(1).min() > 0.999
    assert np.allclose(encoder.encode_texts(["a red car", "x " * 40]), words, atol=1e-5)


def test_rows_are_unit_and_do_not_depend_on_the_batch(encoder: Encoder) -> None:
    images = [picture(seed) for seed in range(5)]
    together = embed(encoder, *images)
    assert together.dtype == np.float32
    assert together.shape == (5, encoder.dimensions) == (5, 32)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.vstack([embed(encoder, image) for image in images])
    assert np.allclose(together, alone, atol=1e-5)


def test_texts_do_not_depend_on_their_neighbours(encoder: Encoder) -> None:
    texts = ["dog", "a very long description of many things on a table", ""] * 30
    together = encoder.encode_texts(texts)
    assert together.shape == (90, 32)
    assert np.allclose(together[:3], [encoder.encode_texts([t])[0] for t in texts[:3]], atol=1e-5)
    asked = encoder.encode_text("dog")
    assert np.allclose(asked, encoder.encode_texts(["a photo of dog"])[0], atol=1e-5)


def test_nothing_in_gives_nothing_out(encoder: Encoder) -> None:
    assert encoder.encode_texts([]).shape == (0, 32)
    assert encoder.encode_images(np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, 32)
    with pytest.raises(ModelError, match="takes uint8"):
        encoder.encode_images(np.zeros((1, 32, 32, 3), np.float32))


def test_bfloat16_stays_near_float32(encoder: Encoder, tiny: Path) -> None:
    low = load_encoder(resolve(str(tiny), tiny.parent), precision="bfloat16", device="cpu")
    images = [picture(seed) for seed in range(4)]
    assert low.model_id == encoder.model_id
    assert (embed(low, *images) * embed(encoder, *images)).sum(1).min() > 0.99


def test_a_plain_file_loads_with_its_architecture(
    encoder: Encoder, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip
    import torch
    from safetensors.torch import load_file

    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIG_PATHS", [])
    config = tmp_path / "photolib-tiny.json"
    config.write_text(json.dumps(TINY), "utf-8")
    open_clip.add_model_config(config)
    monkeypatch.setattr("photolib.models.weights.architectures", lambda: {"photolib-tiny": config})
    file = tmp_path / "photolib-tiny.pt"
    torch.save(load_file(tiny / "open_clip_model.safetensors"), file)
    plain = load_encoder(resolve(str(file), tmp_path), precision="float32", device="cpu")
    assert np.allclose(embed(plain, picture(1)), embed(encoder, picture(1)), atol=1e-5)


def test_an_untrusted_pickle_is_not_executed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("exploded").write_text, ("boom",))

    folder = tmp_path / "bomb"
    folder.mkdir()
    (folder / "open_clip_config.json").write_bytes((tiny / "open_clip_config.json").read_bytes())
    torch.save({"state_dict": Bomb()}, folder / "open_clip_pytorch_model.bin")
    with pytest.raises(ModelError, match="bomb"):
        load_encoder(resolve(str(folder), tmp_path), device="cpu")
    assert not (tmp_path / "exploded").exists()


def test_damaged_weights_are_one_line(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for name in ("open_clip_config.json", "open_clip_model.safetensors"):
        (folder / name).write_bytes((tiny / name).read_bytes()[:5000])
    with pytest.raises(ModelError) as failure:
        load_encoder(resolve(str(folder), tmp_path), device="cpu")
    assert "\n" not in failure.value.message
    assert failure.value.hint


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [(640, 481), (77, 300), (64, 64), (33, 20), (2000, 1500)])
def test_preprocessing_is_open_clips_own(
    mode: str, interpolation: str, size: tuple[int, int]
) -> None:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    config = {"resize_mode": mode, "interpolation": interpolation, "mean": (0.5, 0.4, 0.3)}
    way = Preprocessing.from_config({"vision_cfg": {"image_size": 64}}, config)
    image = picture(size[0], size)
    wanted = image_transform_v2(PreprocessCfg(size=64, **config), is_train=False)(image)
    pixels = wanted.numpy().transpose(1, 2, 0) * np.array(way.std) + np.array(way.mean)
    apart = np.abs(way.apply(image) - pixels * 255)
    assert apart.mean() < 0.6
    assert np.percentile(apart, 99.5) < 3.5


def test_what_is_known_of_a_model_is_what_open_clip_says() -> None:
    import open_clip
    import torch

    for known in (model for model in KNOWN if model.kind == "encoder"):
        published = open_clip.pretrained.get_pretrained_cfg(known.architecture, known.tag)
        config = open_clip.get_model_config(known.architecture)
        assert published["hf_hub"].rstrip("/") == known.repository
        said = {**published, "size": config["vision_cfg"].get("image_size")}
        assert Preprocessing.from_config(config, said) == Preprocessing.from_config(
            config, known.preprocess
        ), known.name
        assert config["embed_dim"] == known.dimensions
        assert bool(config["text_cfg"].get("hf_tokenizer_name")) == bool(known.needs)
    smallest = min((m for m in KNOWN if m.kind == "encoder"), key=lambda m: m.parameters or 0)
    built = open_clip.create_model(smallest.architecture, load_weights=False, device="meta")
    assert sum(p.numel() for p in built.parameters()) == smallest.parameters
    assert not any(p.device != torch.device("meta") for p in built.parameters())


def test_the_shared_encoder_makes_sense_of_words(shared: Path, tmp_path: Path) -> None:
    weights = resolve(str(shared / "weights" / "photolib-mini"), tmp_path)
    described = describe(weights)
    encoder = load_encoder(weights, device="cpu")
    assert (encoder.model_id, encoder.dimensions) == (described.model_id, 384)
    files = sorted((shared / "photos" / "albums").glob("*.jpg"))[::5]
    kinds = [file.name.split("_image")[0] for file in files]
    rows = embed(encoder, *(Image.open(file) for file in files))
    words = sorted(set(kinds))
    scores = encoder.encode_texts([f"a photo of a {word}" for word in words]) @ rows.T
    hits = [
        kinds[i] == word
        for word, row in zip(words, scores, strict=True)
        for i in row.argsort()[-5:]
    ]
    assert np.mean(hits) > 1.5 / len(words)
