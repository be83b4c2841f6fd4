"""Which files belong together, by name alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.images import pair


def test_raw_and_jpeg_of_one_shot_in_any_case() -> None:
    assert pair([b"a/IMG_1.JPG", b"a/img_1.cr2"]) == {b"a/img_1.cr2": (b"a/IMG_1.JPG", "raw")}


def test_a_raw_file_alone_is_a_photo() -> None:
    assert pair([b"a.nef", b"b.dng"]) == {}


def test_live_photos_and_motion_clips() -> None:
    paths = [b"x.HEIC", b"x.MOV", b"y.jpg", b"y.mp4", b"z.mov"]
    assert pair(paths) == {b"x.MOV": (b"x.HEIC", "motion"), b"y.mp4": (b"y.jpg", "motion")}


def test_two_pictures_of_one_name_are_two_photos() -> None:
    assert pair([b"x.jpg", b"x.png", b"x.heic"]) == {}


def test_directories_keep_files_apart() -> None:
    assert pair([b"a/x.jpg", b"b/x.cr2", b"x.mov"]) == {}


def test_sidecars_by_full_name_by_stem_and_for_the_raw() -> None:
    paths = [b"x.jpg", b"x.cr2", b"x.xmp", b"y.png", b"y.png.xmp", b"w.nef", b"w.xmp", b"lone.xmp"]
    assert pair(paths) == {
        b"x.cr2": (b"x.jpg", "raw"),
        b"x.xmp": (b"x.jpg", "sidecar"),
        b"y.png.xmp": (b"y.png", "sidecar"),
        b"w.xmp": (b"w.nef", "sidecar"),
    }


def test_a_clip_with_its_sidecar() -> None:
    assert pair([b"v.mov", b"v.xmp"]) == {b"v.xmp": (b"v.mov", "sidecar")}


names = st.sampled_from([b"a", b"A", b"a.jpg", b"b", b"d/a", b"d/a.b", b".x"])
extensions = st.sampled_from([b".jpg", b".JPG", b".heic", b".png", b".cr2", b".mov", b".xmp", b""])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, extensions).map(b"".join), max_size=10))
def test_a_part_belongs_to_a_photo_that_is_no_part(paths: list[bytes]) -> None:
    found = pair(paths)
    for part, (primary, _) in found.items():
        assert part in paths
        assert primary in paths
        assert primary not in found
        assert part != primary
        assert part.rpartition(b"/")[0] == primary.rpartition(b"/")[0]
    assert pair(reversed(paths)) == found
