"""What the second stage finds, and how near its speed comes to that of its models alone.

The ceiling is detecting, embedding the crops and reading, one after the other, of the same decoded
pictures in the same process; what the job adds is decoding and storing. Labels are compared with
those that people gave the photos.
"""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from bench.photos import SHARED, gather
from bench.report import Options, Row
from photolib.config import Settings
from photolib.images import Decoder
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.crops import cut, sharpness, worth_keeping
from photolib.models import FakeEncoder, load_encoder, resolve
from photolib.models.detector import load_detector
from photolib.models.ocr import load_text_reader
from photolib.models.proposals import ProposalDetector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from photolib.models import Detection, Detector, Encoder
    from photolib.models.ocr import TextReader

WEIGHTS = SHARED.parent.parent / "weights"

_PHOTOS, _WARM_UP = 48, 4
_SIDE = 1280
"""Pixels that the job decodes to."""
_BATCH = 4
_Item = TypeVar("_Item")


class _Models(NamedTuple):
    detector: Detector
    encoder: Encoder
    reader: TextReader
    said: str


def measure(options: Options) -> list[Row]:
    """Speed against its ceiling, and labels against people's, with the weights that are here."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        kind = gather({base / "photos": _PHOTOS, base / "warm": _WARM_UP})
        models = _models(base)
        return [*_speed(base, f"{kind}; {models.said}; each read", models), *_labels(base)]


def _models(base: Path) -> _Models:
    reader = load_text_reader()
    if not WEIGHTS.is_dir():
        return _Models(ProposalDetector(), FakeEncoder(), reader, "no weights: proposals, a fake")
    weights = [resolve(str(WEIGHTS / name), base) for name in ("yolo11n.pt", "photolib-mini")]
    detector, encoder = load_detector(weights[0], base), load_encoder(weights[1])
    return _Models(detector, encoder, reader, "yolo11n, photolib-mini, rapidocr")


# --- speed --------------------------------------------------------------------------------------


def _speed(base: Path, how: str, models: _Models) -> list[Row]:
    """The job between two runs of its ceiling: a machine that becomes slower evens out."""
    before, job = _alone(base / "photos", models), _job(base, models)
    after = _alone(base / "photos", models)
    alone = {name: (before[name] + after[name]) / 2 for name in before}
    ceiling = sum(alone.values())
    rates = [Row(f"  {name} alone", _PHOTOS / s, "photos/s", "") for name, s in alone.items()]
    speed = Row(
        "second stage",
        _PHOTOS / job,
        "photos/s",
        how,
        _PHOTOS / ceiling,
        "its models alone",
        ceiling / job,
    )
    return [speed, *rates]


def _alone(photos: Path, models: _Models) -> dict[str, float]:
    """Seconds of each model, over all photos."""
    with Decoder() as decoder:
        images = [decoder.decode(str(p), side=_SIDE).image for p in sorted(photos.glob("*.jpg"))]
    start = time.perf_counter()
    found = [each for some in _batches(images) for each in models.detector.detect(some)]
    detected = time.perf_counter()
    for some in _batches(list(zip(images, found, strict=True))):
        crops = [crop for image, detections in some for crop in _crops(image, detections)]
        if crops:
            models.encoder.encode_images(np.stack([models.encoder.preprocess(c) for c in crops]))
    embedded = time.perf_counter()
    for image in images:
        models.reader.read_text(image)
    return {
        "detecting": detected - start,
        "choosing and embedding crops": embedded - detected,
        "reading": time.perf_counter() - embedded,
    }


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    yield from (items[i : i + _BATCH] for i in range(0, len(items), _BATCH))


def _crops(image: Image, found: Sequence[Detection]) -> list[Image]:
    kept = worth_keeping(found, image.size, lambda box: sharpness(image, box))
    return [cut(image, found[i].box) for i in kept]


def _job(base: Path, models: _Models) -> float:
    """Seconds of the second stage, in a library with warm models."""
    settings = Settings(base / "library")
    with Library(settings, encoder=models.encoder, detector=models.detector) as library:
        library.add_folder(str(base / "warm"))
        finish(library.index(ocr="always"))
        library.add_folder(str(base / "photos"))
        finish(library.index(stage=1))
        start, seconds = time.perf_counter(), 0.0
        for progress in library.index(stage=2, ocr="always"):
            if progress.stage == "regions" and progress.done == progress.total:
                seconds = time.perf_counter() - start
    return seconds


# --- labels -------------------------------------------------------------------------------------


def _labels(base: Path) -> list[Row]:
    """Detected and suggested labels, crops, each against what people said of the photos."""
    if not (SHARED / "labels.tsv").is_file() or not WEIGHTS.is_dir():
        return [Row("detected labels", None, "precision", "needs the photos and weights beside")]
    with (SHARED / "labels.tsv").open(encoding="utf-8", newline="") as file:
        truth = {name: set(said.split("|")) for name, said in csv.reader(file, delimiter="\t")}
    with Library(Settings(base / "labels")) as library:
        for name in ("yolo11n.pt", "photolib-mini"):
            library.use_model(str(WEIGHTS / name))
        library.add_folder(str(_copies(base / "all")))
        report = finish(library.index(ocr="never"))
        vocabulary = library.vocabulary()
        asked = sorted({name for said in truth.values() for name in said})
        detected = {name: _found(library, f'label:"{name}"') for name in asked}
        both = {name: _found(library, f'label~:"{name}"') for name in asked}
    photos = len(list((base / "all").iterdir()))
    suggested = {name: both[name] - detected[name] for name in asked}
    threshold = f"{vocabulary.threshold:.2f}" if vocabulary.threshold is not None else "refused"
    how = f"{len(truth)} labelled photos, yolo11n"
    zero = f"words not detected already, photolib-mini, threshold {threshold}"
    return [
        Row("detected labels", _precision(detected, truth), "precision", how),
        Row("  their recall", _recall(detected, truth), "", how),
        Row("suggested labels", _precision(suggested, truth), "precision", zero),
        Row("  how many", float(sum(map(len, suggested.values()))), "labels", zero),
        Row("crops", report.crops / photos, "per photo", f"{photos} photos, yolo11n"),
    ]


def _copies(folder: Path) -> Path:
    folder.mkdir()
    for path in SHARED.glob("*.jpg"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def _found(library: Library, query: str) -> set[str]:
    hits = library.search(query, limit=100_000).hits
    return {Path(hit.path).name for hit in hits}


def _precision(found: dict[str, set[str]], truth: dict[str, set[str]]) -> float | None:
    """The share of labels that people gave too; None without any."""
    judged = [name in truth[p] for name, photos in found.items() for p in photos & truth.keys()]
    return sum(judged) / len(judged) if judged else None


def _recall(found: dict[str, set[str]], truth: dict[str, set[str]]) -> float:
    said = [(photo, name) for photo, names in truth.items() for name in names]
    return sum(photo in found[name] for photo, name in said) / len(said)
