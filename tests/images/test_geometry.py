"""How one picture lies in another, told from what was done to it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from photolib.grouping.verification import Origin, Verdict, judge
from photolib.images.geometry import Overlap, compare, signs, view
from tests.library.scenes import scene

WHOLE = scene(1)


def saved(image: Image.Image, quality: int) -> Image.Image:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    return Image.open(encoded).convert("RGB")


def overlap(a: Image.Image, b: Image.Image) -> Overlap | None:
    return compare(view(a), view(b))


def verdict(a: Image.Image, b: Image.Image, origin: Origin = Origin()) -> Verdict | None:  # noqa: B008
    one, other = view(a), view(b)
    found = compare(one, other)
    wide = (max(b.size) / max(other.size)) / (max(a.size) / max(one.size))
    return judge(found, found.scale * wide, origin) if found else None


def test_a_crop_lies_where_it_was_cut() -> None:
    found = overlap(WHOLE, WHOLE.crop((100, 60, 340, 240)))
    assert found is not None
    # Both views are reduced to 384 pixels: the whole from 480, the crop not at all.
    assert found.scale == pytest.approx(480 / 384, rel=0.01)
    place = found.map @ np.array([100 * 0.8, 60 * 0.8, 1])
    assert place == pytest.approx([0, 0], abs=1.5)
    assert found.cover_a == pytest.approx(0.25, abs=0.02)
    assert found.cover_b > 0.97


@pytest.mark.parametrize(
    ("edited", "relation", "made"),
    [
        (saved(WHOLE, 30), "re-encoded", None),
        (WHOLE.resize((240, 180)), "resized", "b"),
        (WHOLE.resize((480, 300)), "resized", "b"),
        (WHOLE.crop((50, 40, 400, 300)), "cropped", "b"),
        (ImageOps.grayscale(WHOLE).convert("RGB"), "recoloured", "b"),
        (WHOLE.point(lambda value: value // 2 + 20), "recoloured", None),
        (ImageOps.mirror(WHOLE), "mirrored", None),
        (ImageOps.flip(WHOLE), "mirrored", None),
        (ImageOps.mirror(WHOLE.crop((40, 30, 440, 330))), "mirrored", "b"),
        (WHOLE.transpose(Image.Transpose.ROTATE_90), "rotated", None),
        (WHOLE.transpose(Image.Transpose.ROTATE_180), "rotated", None),
        (WHOLE.rotate(6, Image.Resampling.BICUBIC), "rotated", "b"),
        (ImageOps.expand(WHOLE, 40, "white"), "bordered", "b"),
    ],
)
def test_an_edit_is_named_with_its_direction_from_either_side(
    edited: Image.Image, relation: str, made: str | None
) -> None:
    for one, other, expected in ((WHOLE, edited, made), (edited, WHOLE, made and "a")):
        found = verdict(one, other)
        assert found is not None
        assert (found.relation, found.made) == (relation, expected)
        assert found.score > 0.9


def test_what_is_put_over_or_around_a_picture_is_seen() -> None:
    marked = WHOLE.copy()
    ImageDraw.Draw(marked).text((60, 150), "© somebody", "white", font_size=56)
    page = Image.new("RGB", (900, 600), (30, 30, 34))
    ImageDraw.Draw(page).rectangle((0, 0, 900, 60), fill=(90, 90, 100))
    page.paste(WHOLE, (200, 120))
    beside = Image.new("RGB", (960, 360))
    beside.paste(WHOLE, (0, 0))
    beside.paste(scene(2), (480, 0))
    told = [verdict(WHOLE, edited) for edited in (marked, page, beside)]
    # Where two pictures meet without a gap, the one might be a crop of a photo with a sharp edge.
    assert [(found.relation, found.made) for found in told if found] == [
        ("overlaid", "b"),
        ("screenshot", "b"),
        ("composite", None),
    ]


def test_the_share_of_a_crop_and_the_scale_of_a_copy_are_told() -> None:
    crop = verdict(WHOLE, WHOLE.crop((0, 0, 360, 270)))
    small = verdict(WHOLE, WHOLE.resize((160, 120)))
    assert crop is not None
    assert crop.amount == pytest.approx(0.5625, abs=0.02)
    assert small is not None
    assert small.amount == pytest.approx(1 / 3, abs=0.01)


def test_views_that_overlap_are_no_copies() -> None:
    wide = scene(3, (900, 360))
    assert verdict(wide.crop((0, 0, 600, 360)), wide.crop((300, 0, 900, 360))) is None


def test_tiny_copies_are_recognised() -> None:
    found = verdict(WHOLE, WHOLE.resize((48, 36), Image.Resampling.LANCZOS))
    assert found is not None
    assert (found.relation, found.made) == ("resized", "b")
    other = scene(9).resize((48, 36), Image.Resampling.LANCZOS)
    assert verdict(WHOLE, other) is None


def test_other_scenes_are_no_copies() -> None:
    views = [view(scene(seed)) for seed in range(10, 18)]
    for i, one in enumerate(views):
        for other in views[:i]:
            found = compare(one, other)
            assert found is None or judge(found, found.scale) is None


def test_a_scene_in_which_something_moved_is_another_shot() -> None:
    moved = WHOLE.copy()
    ImageDraw.Draw(moved).ellipse((150, 60, 330, 300), fill=(200, 40, 40))
    assert verdict(WHOLE, moved, Origin(two_shots=True)) is None
    copy = verdict(WHOLE, saved(WHOLE, 90), Origin(two_shots=True))
    assert copy is not None
    assert copy.relation == "re-encoded"


def test_shots_of_one_second_are_told_from_copies() -> None:
    """A hand moves the frame; on a tripod, the subject moves in it."""
    wide = scene(3, (500, 375))
    first = wide.crop((0, 0, 480, 360))
    for x, y in ((6, 0), (0, 5), (9, 7)):
        assert verdict(first, wide.crop((x, y, x + 480, y + 360))) is None
    trimmed = verdict(first, first.crop((5, 4, 475, 356)))
    assert trimmed is not None
    one, two = first.copy(), first.copy()
    part = scene(5).crop((100, 100, 200, 200))
    one.paste(part, (100, 120))
    two.paste(part, (135, 120))
    assert verdict(one, two, Origin(one_moment=True)) is None
    for edited in (saved(one, 60), one.resize((300, 225)), one.point(lambda v: v // 2 + 30)):
        assert verdict(one, edited, Origin(one_moment=True)) is not None


@pytest.mark.parametrize("colour", [(0, 0, 0), (250, 250, 250), (90, 120, 200)])
def test_plain_pictures_are_never_copies(colour: tuple[int, int, int]) -> None:
    plain = Image.new("RGB", (300, 200), colour)
    assert verdict(plain, plain) is None
    assert len(signs(view(plain)).codes) == 0


def test_slopes_alone_are_no_structure() -> None:
    ramp = np.linspace(0, 255, 400)[None, :].repeat(300, 0)
    skies = [Image.fromarray(np.uint8(p)).convert("RGB") for p in (ramp, ramp * 0.6 + 40)]
    assert verdict(skies[0], skies[1]) is None


def test_signs_of_a_mirrored_picture_are_known_beforehand() -> None:
    own, other = signs(view(WHOLE)), signs(view(ImageOps.mirror(WHOLE)))
    apart = np.bitwise_count(own.mirrored[:, None] ^ other.codes[None]).min(axis=1)
    assert np.mean(apart <= 8) > 0.5
    unlike = np.bitwise_count(own.codes[:, None] ^ other.codes[None]).min(axis=1)
    assert np.mean(unlike <= 8) < 0.2
