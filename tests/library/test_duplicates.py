"""Copies in a library: what is found, kept apart, kept up to date, and which photo is kept."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from photolib.config import Settings
from photolib.errors import NotFound, UsageError
from photolib.jobs import finish
from photolib.library import Library
from tests.library.scenes import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.library.results import DuplicatePhoto, DuplicateSet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    return made


@pytest.fixture
def library(tmp_path: Path, folder: Path) -> Iterator[Library]:
    with Library(Settings(tmp_path / "library", decode_threads=2)) as opened:
        opened.add_folder(str(folder))
        yield opened


def put(path: Path, image: Image.Image, **options: Any) -> Path:
    if path.suffix == ".jpg":
        options = {"quality": 90, **options}
    image.save(path, **options)
    return path


def found(library: Library, *, index: bool = True) -> list[DuplicateSet]:
    if index:
        finish(library.index(stage=1))
    return list(library.duplicates().sets)


def by_name(duplicate_set: DuplicateSet) -> dict[str, DuplicatePhoto]:
    return {photo.path.rpartition("/")[2]: photo for photo in duplicate_set.photos}


def ids(library: Library, *paths: Path) -> list[int]:
    known = [library.photo_id_at(str(path)) for path in paths]
    assert None not in known
    return [photo_id for photo_id in known if photo_id is not None]


def test_each_copy_is_told_by_tier_relation_and_direction(library: Library, folder: Path) -> None:
    whole = scene(1)
    put(folder / "whole.png", whole)
    shutil.copy(folder / "whole.png", folder / "same.png")
    put(folder / "lossless.webp", whole, lossless=True)
    put(folder / "crop.jpg", whole.crop((40, 40, 360, 280)))
    put(folder / "mirror.jpg", ImageOps.mirror(whole))
    put(folder / "small.jpg", whole.resize((192, 144)))
    put(folder / "other.jpg", scene(2))
    (only,) = found(library)
    photos = by_name(only)
    assert "other.jpg" not in photos
    assert (only.tier, only.tie) == ("near", True)
    told = {
        name: (photo.evidence[0].tier, photo.evidence[0].relation, photo.evidence[0].direction)
        for name, photo in photos.items()
        if photo.evidence
    }
    keeper = next(name for name, photo in photos.items() if photo.keeper)
    assert {keeper, *told} == set(photos)
    assert keeper in ("whole.png", "same.png")
    assert told.pop("same.png" if keeper == "whole.png" else "whole.png") == (
        "bytes",
        "same-bytes",
        None,
    )
    assert told == {
        "lossless.webp": ("pixels", "same-pixels", None),
        "crop.jpg": ("near", "cropped", "from-keeper"),
        "mirror.jpg": ("near", "mirrored", None),
        "small.jpg": ("near", "resized", "from-keeper"),
    }
    assert photos["crop.jpg"].reason == "made from another of these"


def test_a_pair_set_apart_stays_apart_and_hangs_on_the_bytes(
    library: Library, folder: Path
) -> None:
    one = put(folder / "a.jpg", scene(1))
    other = put(folder / "b.jpg", scene(1).resize((240, 180)))
    assert len(found(library)) == 1
    assert library.not_duplicates(ids(library, one, other)) == 1
    assert library.not_duplicates(ids(library, one, other)) == 0
    assert found(library, index=False) == []
    other.rename(folder / "moved.jpg")
    shutil.copy(one, folder / "copy.jpg")
    (bytes_only,) = found(library)
    assert set(by_name(bytes_only)) == {"a.jpg", "copy.jpg"}
    put(folder / "c.jpg", scene(1).resize((320, 240)))
    (raised,) = found(library)
    assert set(by_name(raised)) == {"a.jpg", "copy.jpg", "c.jpg"}
    pair = ids(library, one, folder / "moved.jpg")
    assert library.not_duplicates(pair, undo=True) == 1
    (whole,) = found(library)
    assert len(whole.photos) == 4


def test_copies_of_the_same_bytes_cannot_be_set_apart(library: Library, folder: Path) -> None:
    one = put(folder / "a.jpg", scene(1))
    other = folder / "b.jpg"
    shutil.copy(one, other)
    found(library)
    with pytest.raises(UsageError, match="same bytes"):
        library.not_duplicates(ids(library, one, other))


def test_sets_that_nothing_touched_keep_their_ids(library: Library, folder: Path) -> None:
    for seed in (1, 2, 3):
        put(folder / f"{seed}.png", scene(seed))
        put(folder / f"{seed}-small.jpg", scene(seed).resize((200, 150)))
    first = {s.keeper_id: s.set_id for s in found(library)}
    put(folder / "2-crop.jpg", scene(2).crop((30, 30, 400, 300)))
    (folder / "3-small.jpg").unlink()
    put(folder / "4.jpg", scene(4))
    second = {s.keeper_id: (s.set_id, len(s.photos)) for s in found(library)}
    one, two, three = ids(library, *(folder / f"{seed}.png" for seed in (1, 2, 3)))
    assert second == {one: (first[one], 2), two: (first[two], 3)}
    assert three in first


def test_changes_in_any_order_end_in_the_sets_of_a_fresh_library(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    put(folder / "a.png", scene(5))
    put(folder / "b.jpg", scene(5).resize((240, 180)))
    found(library)
    put(folder / "c.jpg", scene(5).crop((50, 50, 430, 330)))
    (folder / "a.png").rename(folder / "z.png")
    found(library)
    (folder / "b.jpg").unlink()
    shutil.copy(folder / "c.jpg", folder / "d.jpg")
    kept = found(library)
    with Library(Settings(tmp_path / "fresh")) as fresh:
        fresh.add_folder(str(folder))
        again = found(fresh)

    def told(sets: list[DuplicateSet]) -> list[Any]:
        return [
            (
                s.tier,
                s.tie,
                {
                    p.path: (p.keeper, p.reason, p.evidence[0].relation if p.evidence else None)
                    for p in s.photos
                },
            )
            for s in sets
        ]

    assert told(kept) == told(again)
    assert len(kept) == 1


def test_what_was_judged_is_not_judged_again(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        put(folder / f"{seed}.png", scene(7).resize((480 - seed * 60, 360 - seed * 45)))
    found(library)
    asked: list[int] = []

    def counting(a: Any, b: Any) -> None:
        asked.append(1)

    monkeypatch.setattr("photolib.library.matching.compare", counting)
    put(folder / "new.png", scene(8))
    shutil.copy(folder / "1.png", folder / "1-copy.png")
    assert len(found(library)) == 1
    assert asked == []


def test_many_copies_of_one_picture_are_all_matched_with_the_one_to_keep(
    library: Library, folder: Path
) -> None:
    """More copies than any of them names as candidates."""
    put(folder / "whole.png", scene(1))
    for side in range(12):
        put(folder / f"{side}.jpg", scene(1).resize((240 + 12 * side, 180 + 9 * side)))
    put(folder / "tiny.jpg", scene(1).resize((60, 45)))
    (only,) = found(library)
    assert len(only.photos) == 14


def test_a_job_that_is_closed_goes_on_where_it_stopped(library: Library, folder: Path) -> None:
    put(folder / "a.png", scene(1))
    put(folder / "b.jpg", scene(1).resize((240, 180)))
    for _ in range(40):
        job = library.index(stage=1)
        for progress in job:
            if progress.stage == "copies":
                break
        job.close()
    assert len(found(library)) == 1


def test_the_alignment_takes_one_frame_to_the_other(library: Library, folder: Path) -> None:
    whole = put(folder / "whole.png", scene(1))
    crop = put(folder / "crop.png", scene(1).crop((120, 90, 360, 270)))
    found(library)
    one, other = ids(library, whole, crop)
    there, back = library.alignment(one, other), library.alignment(other, one)
    assert there is not None
    assert back is not None
    assert there == pytest.approx((2, 0, -0.5, 0, 2, -0.5), abs=0.02)
    assert back == pytest.approx((0.5, 0, 0.25, 0, 0.5, 0.25), abs=0.01)


def test_a_person_orders_the_rules_of_the_best_pick(
    tmp_path: Path, folder: Path, library: Library
) -> None:
    put(folder / "large.jpg", scene(1))
    put(folder / "lossless.png", scene(1).resize((240, 180)))
    (by_size,) = found(library)
    assert by_name(by_size)["large.jpg"].keeper
    settings = Settings(tmp_path / "library", best_pick="format pixels")
    with Library(settings) as again:
        (by_format,) = found(again)
    assert by_name(by_format)["lossless.png"].keeper
    assert by_format.set_id == by_size.set_id
    assert np.array_equal(sorted(by_name(by_format)), sorted(by_name(by_size)))


def shot(path: Path, image: Image.Image, second: int) -> Path:
    exif = Image.Exif()
    exif[0x0110] = "Pinhole 3"
    exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 12:00:{second:02}"
    return put(path, image, exif=exif)


def test_a_burst_is_a_stack_and_no_set(library: Library, folder: Path) -> None:
    """Two shots of one camera that differ in nothing but the hands of a clock."""
    for second in range(3):
        moved = scene(1)
        moved.paste((250, 20, 20), (60 + 40 * second, 100, 130 + 40 * second, 240))
        shot(folder / f"{second}.jpg", moved, second)
    shot(folder / "later.jpg", scene(2), 50)
    assert found(library) == []
    (stack,) = library.stacks().stacks
    assert (stack.kind, [p.path.rpartition("/")[2] for p in stack.photos]) == (
        "burst",
        ["0.jpg", "1.jpg", "2.jpg"],
    )
    assert sum(photo.suggested for photo in stack.photos) == 1
    put(folder / "new.jpg", scene(3))
    finish(library.index(stage=1))
    assert library.stacks().stacks == (stack,)


def test_a_copy_of_one_shot_is_in_its_set_and_not_in_the_stack(
    library: Library, folder: Path
) -> None:
    for second in range(2):
        moved = scene(1)
        moved.paste((250, 20, 20), (60 + 90 * second, 100, 140 + 90 * second, 240))
        shot(folder / f"{second}.jpg", moved, second)
    shutil.copy(folder / "0.jpg", folder / "copy.jpg")
    (only,) = found(library)
    assert set(by_name(only)) == {"0.jpg", "copy.jpg"}
    (stack,) = library.stacks().stacks
    assert len(stack.photos) == 2


def test_a_folder_is_compared_with_another(library: Library, folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
    put(folder / "a" / "same.jpg", scene(1))
    shutil.copy(folder / "a" / "same.jpg", folder / "b" / "other name.jpg")
    put(folder / "a" / "large.jpg", scene(2))
    put(folder / "b" / "small.jpg", scene(2).resize((240, 180)))
    put(folder / "a" / "only.jpg", scene(3))
    finish(library.index(stage=1))
    compared = library.compare_folders(str(folder / "a"), str(folder / "b"))
    assert compared.in_b == 2
    assert compared.ratio == pytest.approx(2 / 3, abs=1e-3)
    assert compared.only_in_a == (str(folder / "a" / "only.jpg"),)
    assert library.compare_folders(str(folder / "b"), str(folder / "a")).only_in_a == ()
    with pytest.raises(UsageError):
        library.compare_folders(str(folder), str(folder / "a"))
    with pytest.raises(NotFound):
        library.compare_folders(str(folder / "c"), str(folder / "a"))
