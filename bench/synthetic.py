"""Libraries of any size without pictures: rows and clustered vectors, straight into a catalogue.

Photos come in clusters around random directions, with dates that follow one another in bursts,
places, cameras and names, so that searching, filtering and grouping have what they have in real
libraries. The same seed gives the same library.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue import NewContent, Stat
from photolib.models import LOOK_DIMENSIONS, LOOK_ID, PALETTE_ID
from photolib.models.cielab import CODES
from photolib.models.ocr import reader_id
from photolib.models.palette import PALETTE
from photolib.models.proposals import PROPOSALS_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, ModelRow

_BATCH = 5_000
_PER_CLUSTER = 40
"""Photos around one direction, on average; one photo in four belongs to none."""
_SPREAD = 0.75
"""Length of a member's noise against its cluster's direction: cosines within a cluster of 0.64."""
_BURST = 30
_START = datetime(2012, 1, 1, 9)
_PLACES = (
    ("es", "Spain", "Madrid", "Madrid", 40.4168, -3.7038),
    ("cn", "China", "Beijing", "Beijing", 39.9163, 116.3972),
    ("us", "United States", "New York", "New York City", 40.7128, -74.0060),
    ("fr", "France", "Brittany", "Brest", 48.3904, -4.4861),
)
_CAMERAS = ("Canon EOS 80D", "Google Pixel 7", "FUJIFILM X-T4", "")
_WORDS = "beach harbour garden birthday mountain street kitchen concert train forest".split()


@dataclass(frozen=True, slots=True)
class File:
    """Where a synthetic photo is, relative to its folder, and what a scan would see."""

    path: bytes
    stat: Stat


def named(count: int, first: int = 0) -> Iterator[File]:
    """Files that do not exist, a hundred to a directory."""
    for number in range(first, first + count):
        word = _WORDS[number // 7 % len(_WORDS)]
        path = f"{number // 100:05}/{word}-{number:07}.jpg".encode()
        yield File(path, Stat(2_000_000 + number, 1_600_000_000_000_000_000 + number, number))


def on_disk(folder: Path, count: int) -> list[File]:
    """Write ``count`` files of a few bytes, which no scan needs to open."""
    files = []
    for file in named(count):
        place = folder / os.fsdecode(file.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.path)
        found = place.stat()
        files.append(File(file.path, Stat(found.st_size, found.st_mtime_ns, found.st_ino)))
    return files


def add_folder(catalogue: Catalogue, path: str) -> int:
    """A folder that is not there: its photos stay as they are, as those of an unplugged disk."""
    return catalogue.folders.add(
        os.fsencode(path), path, marker="away", device=0, reference=False, poll=False, ignore=()
    )


def add_photos(
    catalogue: Catalogue,
    files: Iterator[File] | Sequence[File],
    *,
    folder_id: int,
    encoder: ModelRow | None = None,
    first: int = 0,
) -> None:
    """Store photos with a look each and, given an encoder's row, a vector of it each.

    The second stage counts as done; it has found nothing.
    ``first`` numbers the photos, so that later calls add others.
    """
    done = {"crops": PROPOSALS_ID, "texts": reader_id()}
    look_no = catalogue.vectors.register(LOOK_ID, "look", "look", LOOK_DIMENSIONS)
    look, number = Clusters(LOOK_DIMENSIONS, seed=1), first
    meaning = Clusters(encoder.dimensions or 0, seed=2) if encoder else None
    rest = iter(files)
    while batch := list(islice(rest, _BATCH)):
        numbers = np.arange(number, number + len(batch))
        looks = look.vectors(numbers)
        vectors = meaning.vectors(numbers) if meaning else None
        with catalogue.transaction():
            shown = []
            for i, file in enumerate(batch):
                content = _content(number + i)
                content_id = catalogue.photos.add_content(content)
                catalogue.vectors.add(look_no, "look", content_id, looks[i])
                colours = _palette(number + i).tobytes()
                catalogue.palettes.put(content_id, PALETTE_ID, colours)
                if encoder is not None and vectors is not None:
                    catalogue.vectors.add(encoder.model_no, "photo", content_id, vectors[i])
                for stage, version in done.items():
                    catalogue.regions.finish(content_id, stage, version)
                taken = (content.taken_at or "", "exif")
                shown.append(
                    catalogue.photos.add(
                        folder_id, file.path, os.fsdecode(file.path), file.stat, content_id, taken
                    )
                )
            catalogue.words.refresh(shown)
        number += len(batch)


def _palette(number: int) -> NDArray[np.void]:
    """A dozen colours with falling shares, of which a few recur in every photo of an event."""
    found = np.zeros(12, PALETTE)
    random = np.random.default_rng((number // _BURST, number % 3))
    found["code"] = random.integers(0, CODES, len(found))
    found["share"] = np.round(255 * np.exp(-np.arange(12) / 4) / 4.2)
    return found


def _content(number: int) -> NewContent:
    event, place = number // _BURST, _PLACES[number // (4 * _BURST) % len(_PLACES)]
    taken = _START + timedelta(hours=31 * event, minutes=2 * (number % _BURST))
    digest = blake2b(str(number).encode(), digest_size=64).digest()
    return NewContent(
        content_hash=digest[:32],
        size=2_000_000 + number,
        format="JPEG",
        width=4000,
        height=3000,
        payload_key=digest[32:].hex(),
        taken_at=taken.isoformat(),
        taken_source="exif",
        latitude=place[4],
        longitude=place[5],
        place=place[:4],
        camera=_CAMERAS[event % len(_CAMERAS)] or None,
        sharpness=50.0,
        dhash=digest,
        phash=digest[::-1],
    )


class Clusters:
    """Unit vectors by number: three in four lie around one of many random directions."""

    def __init__(self, dimensions: int, seed: int) -> None:
        self._dimensions = dimensions
        self._seed = seed

    def vectors(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Unit rows float32 (n, d), each a function of its number alone.

        Numbers that follow one another share a cluster, as photos taken together do.
        """
        clusters = numbers // _PER_CLUSTER
        kinds, where = np.unique(clusters, return_inverse=True)
        centres = np.stack([self._direction(int(kind), 0) for kind in kinds])
        noise = self._noise(numbers)
        lonely = (numbers % 4 == 3)[:, None]
        rows = np.where(lonely, noise, centres[where] + _SPREAD * noise)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def _direction(self, number: int, kind: int) -> NDArray[np.float32]:
        generator = np.random.default_rng((self._seed, kind, number))
        row = generator.standard_normal(self._dimensions, np.float32)
        return np.asarray(row / np.linalg.norm(row), np.float32)

    def _noise(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.stack([self._direction(int(number), 1) for number in numbers])
