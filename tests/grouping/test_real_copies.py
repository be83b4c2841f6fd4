"""Copies among real photos, judged from their geometry."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps

from photolib.grouping.verification import judge
from photolib.images.geometry import View, compare, view

if TYPE_CHECKING:
    from pathlib import Path

_GROUPS = ("rs-g010", "rs-g011", "rs-g013", "rs-g016", "forest", "notdup", "office", "ukbench00120")


def seen(path: Path) -> View:
    with Image.open(path) as image:
        image.draft("RGB", (800, 800))
        return view(ImageOps.exif_transpose(image).convert("RGB"))


def related(a: View, b: View) -> bool:
    found = compare(a, b)
    return found is not None and judge(found, found.scale) is not None


@pytest.fixture(scope="module")
def groups(shared: Path) -> dict[str, list[View]]:
    """Views of some real photos, by the group of copies they belong to."""
    folder = shared / "photos" / "duplicates"
    found: defaultdict[str, list[View]] = defaultdict(list)
    for line in (folder / "groups.tsv").read_text("utf-8").splitlines():
        name, group = line.split("\t")
        if group.startswith(_GROUPS):
            found[group].append(seen(folder / name))
    return dict(found)


def test_rescaled_cropped_marked_and_turned_copies_are_copies(
    groups: dict[str, list[View]],
) -> None:
    pairs = [pair for members in groups.values() for pair in combinations(members, 2)]
    assert len(pairs) > 15
    assert all(related(a, b) for a, b in pairs)


def test_other_photos_of_the_scene_and_other_groups_are_not(groups: dict[str, list[View]]) -> None:
    assert sum(group.startswith(("notdup", "office")) for group in groups) == 7
    for one, two in combinations(groups.values(), 2):
        assert not any(related(a, b) for a in one[:2] for b in two[:2])
