"""Near-duplicates among real photos, from the hashes and looks that the library takes."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageOps

from photolib.grouping.duplicates import verify_near
from photolib.images.measure import measure
from photolib.models.look import look

if TYPE_CHECKING:
    from pathlib import Path

Traits = tuple[np.ndarray, int, int, float]


def traits(path: Path) -> Traits:
    with Image.open(path) as image:
        image.draft("RGB", (512, 512))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    aspect = upright.width / upright.height
    upright.thumbnail((256, 256))
    small = upright.copy()
    small.thumbnail((128, 128))
    hashes = measure(small)
    return look(upright), int(hashes.phash[0]), int(hashes.dhash[0]), aspect


def near(a: Traits, b: Traits) -> bool:
    (look_a, phash_a, dhash_a, aspect_a), (look_b, phash_b, dhash_b, aspect_b) = a, b
    phash, dhash = (phash_a ^ phash_b).bit_count(), (dhash_a ^ dhash_b).bit_count()
    return verify_near(float(look_a @ look_b), phash, dhash, aspect_a, aspect_b) is not None


@pytest.fixture(scope="module")
def groups(shared: Path) -> dict[str, list[Traits]]:
    """The traits of some real photos, by the group of copies they belong to."""
    folder = shared / "photos" / "duplicates"
    found: defaultdict[str, list[Traits]] = defaultdict(list)
    for line in (folder / "groups.tsv").read_text("utf-8").splitlines():
        name, group = line.split("\t")
        if group.startswith(("rs-g00", "notdup", "forest")):
            found[group].append(traits(folder / name))
    return dict(found)


def test_rescaled_and_marked_copies_are_near(groups: dict[str, list[Traits]]) -> None:
    pairs = [pair for members in groups.values() for pair in combinations(members, 2)]
    assert len(pairs) > 50
    assert all(near(a, b) for a, b in pairs)


def test_other_photos_of_the_scene_and_other_groups_are_not(
    groups: dict[str, list[Traits]],
) -> None:
    assert sum(group.startswith("notdup") for group in groups) == 4
    for one, two in combinations(groups.values(), 2):
        assert not any(near(a, b) for a in one for b in two)
