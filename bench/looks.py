"""What can be found by look alone: likes, copies of parts, sketches and colours; and what it costs.

Photographs beside a developer's checkout are measured with; without them only what needs none.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

from bench.photos import SHARED
from bench.report import Options, Row, median, percentile
from bench.sketches import drawn, painted
from bench.synthetic import add_folder, add_photos, named
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.images import Decoder, Source, ThumbnailCache
from photolib.jobs import finish
from photolib.library import Library
from photolib.models import LOOK_PARTS, look, palette, sketch_query
from photolib.models.palette import of_terms
from photolib.query import COLOURS, SHADES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_T = TypeVar("_T")

_SIDE = 128
_NEAREST = 5
_CUTS = 3
_COLOURED = 100_000
_QUERIES = ("color:teal", "color:#3366cc", 'color:"mostly white"', "color:red -color:green")


def measure(options: Options) -> list[Row]:
    """Costs, likes among kinds of object, sketches, cuts, and colours."""
    rows = _colours_generated() + _colours_warm()
    if SHARED.is_dir():
        photos = [_small(path) for path in sorted(SHARED.glob("*.jpg"))]
        rows += _costs(options) + _likes() + _colours_real() + _sketches(photos) + _cuts()
    return rows


def _small(path: Path) -> Image.Image:
    image = Image.open(path).convert("RGB")
    image.thumbnail((_SIDE, _SIDE))
    return image


# ---- costs


def _costs(options: Options) -> list[Row]:
    """Processor milliseconds a photo, against reading it with its thumbnail alone."""
    files = sorted(SHARED.glob("*.jpg"))
    small = [_small(path) for path in files]
    with tempfile.TemporaryDirectory() as scratch, Decoder() as decoder:
        cache = ThumbnailCache(Path(scratch))

        def read(path: Path) -> None:
            source = Source.open(str(path), decoder.limits.max_bytes)
            cache.put(source.content_hash, decoder.decode(source, side=384).image, 384)

        alone = _each(read, files, options)
    rows = []
    works: tuple[tuple[str, Callable[[Image.Image], object]], ...] = (
        ("look", look), ("palette", palette),
    )  # fmt: skip
    for name, work in works:
        value = _each(work, small, options)
        how = f"processor time of {len(files)} photos, median of {options.repeat}"
        peer = "reading, hashing, decoding, thumbnail"
        rows.append(Row(f"{name}, cost", value, "ms", how, alone, peer, value / alone))
    return rows


def _each(work: Callable[[_T], object], items: Sequence[_T], options: Options) -> float:
    """Processor milliseconds for one item, after a first round that does not count."""
    times = []
    for _ in range(1 + options.repeat):
        started = time.process_time()
        for item in items:
            work(item)
        times.append(time.process_time() - started)
    return 1e3 * median(times[1:]) / len(items)


# ---- likes


def _likes() -> list[Row]:
    files = sorted((SHARED.parent / "albums").glob("*.jpg"))
    kinds = np.array([path.name.split("_image")[0] for path in files])
    looks = np.stack([look(_small(path)) for path in files])
    chance = 1 / len(set(kinds))
    how = f"share of the same kind among the {_NEAREST} nearest, {len(files)} photos"
    parts = {"all parts": slice(None), **LOOK_PARTS}
    return [
        Row(f"look, likes by {name}", near, "", how, chance, "chance", near / chance)
        for name, part in parts.items()
        for near in [_same_kind(looks[:, part], kinds)]
    ]


def _same_kind(looks: Floats, kinds: NDArray[np.str_]) -> float:
    similarity = looks @ looks.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argsort(-similarity, axis=1)[:, :_NEAREST]
    return float((kinds[nearest] == kinds[:, None]).mean())


# ---- sketches


def _sketches(photos: Sequence[Image.Image]) -> list[Row]:
    looks = np.stack([look(photo) for photo in photos])
    kinds: dict[str, Callable[[Image.Image, int], Image.Image]] = {
        "40 outlines": lambda photo, seed: drawn(photo, 40, seed),
        "12 outlines": lambda photo, seed: drawn(photo, 12, seed),
        "5 outlines": lambda photo, seed: drawn(photo, 5, seed),
        "4 surfaces": lambda photo, seed: painted(photo, 4, seed),
    }
    rows = []
    for name, make in kinds.items():
        queries = np.stack([sketch_query(make(photo, i)) for i, photo in enumerate(photos)])
        scores = queries @ looks.T
        places = (scores > np.diagonal(scores)[:, None]).sum(axis=1)
        for most in (1, 10):
            what = f"sketch of {name}, photo among the first {most}"
            how = f"made from {len(photos)} photos, misplaced by some percent"
            found = float((places < most).mean())
            rows.append(Row(what, found, "", how, most / len(photos), "chance"))
    return rows


# ---- cuts


def _held_out() -> list[Path]:
    """Photos that nothing was tuned on: one of each group of duplicates, and cameras' samples."""
    place = SHARED.parent / "duplicates"
    groups: dict[str, Path] = {}
    for line in (place / "groups.tsv").read_text("utf-8").splitlines():
        name, _, group = line.partition("\t")
        if group not in groups and _is_large(place / name):
            groups[group] = place / name
    samples = (SHARED.parent / "ingest" / "camera").glob("*.jp*g")
    return [*groups.values(), *(path for path in sorted(samples) if _is_large(path))]


def _is_large(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return min(image.size) >= 240
    except OSError:
        return False


def _cuts() -> list[Row]:
    """Cuts of 30 to 60 % of a photo's sides, smaller and re-encoded, and the photo's place."""
    held, around = _held_out(), sorted(SHARED.glob("*.jpg"))
    chance = random.Random(11)
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        (base / "photos").mkdir()
        for number, path in enumerate([*held, *around]):
            copy = base / "photos" / f"{number:04}{path.suffix.lower()}"
            copy.write_bytes(path.read_bytes())
        with Library(Settings(base / "library", ocr="never")) as library:
            library.add_folder(str(base / "photos"))
            finish(library.index())
            found = []
            for number, path in _CUTS * list(enumerate(held)):
                cut = _cut(path, base / "cut.jpg", chance)
                hits = library.similar(str(cut), by="look", limit=10).hits
                names = [int(Path(hit.path).stem) for hit in hits]
                found.append(names.index(number) if number in names else len(names))
    among = len(held) + len(around)
    how = f"{_CUTS} cuts each of {len(held)} held-out photos among {among}, without weights"
    return [
        Row(f"cut, photo among the first {most}", float(np.mean(np.array(found) < most)), "", how,
            target=">= 0.90" if most == 1 else "")
        for most in (1, 10)
    ]  # fmt: skip


def _cut(path: Path, to: Path, chance: random.Random) -> Path:
    with Image.open(path) as whole:
        share = chance.uniform(0.3, 0.6)
        width, height = round(whole.width * share), round(whole.height * share)
        left, top = chance.randint(0, whole.width - width), chance.randint(0, whole.height - height)
        part = whole.convert("RGB").crop((left, top, left + width, top + height))
    part.thumbnail((part.width * 3 // 4, part.height * 3 // 4))
    part.save(to, "JPEG", quality=80)
    return to


# ---- colours


def _colours_generated() -> list[Row]:
    """Patches of every shade on shades of other terms: is each photo called by the right terms?"""
    terms, chance = of_terms(SHADES), np.random.default_rng(4)
    right = told = there = 0
    for term in COLOURS:
        for _ in range(20):
            other = chance.choice([name for name in COLOURS if name != term])
            photo = _patch(SHADES[term], SHADES[other], chance)
            found = palette(Image.fromarray(photo))
            weight = found["share"] / found["share"].sum()
            named_so = {n for n, table in terms.items() if table[found["code"]] @ weight >= 0.1}
            right += len(named_so & {term, other})
            told += len(named_so)
            there += 2
    how = "two colours each, 30 and 70 %, with noise and shading"
    return [
        Row("colour names, precision", right / told, "", how),
        Row("colour names, recall", right / there, "", how),
    ]


def _patch(
    shades: Sequence[tuple[int, int, int]],
    around: Sequence[tuple[int, int, int]],
    chance: np.random.Generator,
) -> NDArray[np.uint8]:
    photo = np.empty((96, 96, 3))
    photo[:], photo[:29] = chance.choice(around), chance.choice(shades)
    photo *= np.linspace(0.95, 1.0, 96)[None, :, None]
    return (photo + chance.normal(0, 4, photo.shape)).clip(0, 255).astype(np.uint8)


def _colours_real() -> list[Row]:
    """Things whose colour is known by what they are."""
    files = sorted((SHARED.parent / "albums").glob("*.jpg"))
    red = of_terms(SHADES)["red"]
    shares = []
    for path in files:
        found = palette(_small(path))
        shares.append(float(red[found["code"]] @ (found["share"] / found["share"].sum())))
    first = np.argsort(-np.array(shares))[:25]
    named_so = [files[i].name.startswith(("strawberry", "crab")) for i in first]
    what, value = "color:red, precision of the first 25", float(np.mean(named_so))
    how = f"strawberries and crabs, a quarter of {len(files)}, among the 25 reddest"
    return [Row(what, value, "", how, 0.25, "chance", value / 0.25)]


def _colours_warm() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(Path(scratch, "library"))
        catalogue = Catalogue(settings)
        away = add_folder(catalogue, str(Path(scratch, "away")))
        add_photos(catalogue, named(_COLOURED), folder_id=away)
        catalogue.close()
        with Library(settings) as library:
            started = time.perf_counter()
            library.search(_QUERIES[0])
            first = 1e3 * (time.perf_counter() - started)
            times = []
            for _ in range(8):
                for query in _QUERIES:
                    started = time.perf_counter()
                    library.search(query)
                    times.append(1e3 * (time.perf_counter() - started))
    how = f"{len(times)} searches by colour alone; the first of the process took {first:,.0f} ms"
    return [Row(f"colour search, {_COLOURED:,} photos, p95", percentile(times, 95), "ms", how)]
