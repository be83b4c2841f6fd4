"""What makes two files the same content, the same payload, or neither."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photolib.errors import ImageTooLarge, ImageUnreadable
from photolib.images import Decoder, Source, content_hash, covers
from photolib.images import identity as identity_module
from tests.images.conftest import encoded, scene, segment, with_segment

if TYPE_CHECKING:
    from pathlib import Path


def _key(data: bytes) -> str | None:
    return Source.of_bytes(data).payload_key


def _attachments(data: bytes) -> str:
    anatomy = Source.of_bytes(data).anatomy
    assert anatomy is not None
    return anatomy.attachments


def test_the_hash_is_blake2b_of_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(os.urandom(3_000_001))
    expected = blake2b(path.read_bytes(), digest_size=32).digest()
    assert content_hash(path) == expected
    assert Source.open(path).content_hash == expected
    assert Source.of_bytes(path.read_bytes()).content_hash == expected


def test_a_large_file_is_streamed_and_still_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoder: Decoder
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(scene(), "PNG"))
    whole = Source.open(path)
    monkeypatch.setattr(identity_module, "SLURP_LIMIT", 200)
    monkeypatch.setattr(identity_module, "_BLOCK", 50)
    monkeypatch.setattr(identity_module, "_HEAD", 100)
    streamed = Source.open(path)
    assert streamed.content_hash == whole.content_hash
    assert not streamed.whole
    assert streamed.payload_key is None
    assert decoder.decode(streamed).image.tobytes() == decoder.decode(whole).image.tobytes()


def test_too_many_bytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(2000))
    with pytest.raises(ImageTooLarge):
        Source.open(path, max_bytes=1000)


def test_a_file_that_grows_while_it_is_read_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"first half")
    real = os.fstat

    def growing(handle: int) -> os.stat_result:
        facts = real(handle)
        with path.open("ab") as file:
            file.write(b" and more")
        return facts

    monkeypatch.setattr(os, "fstat", growing)
    for reader in (Source.open, content_hash):
        with pytest.raises(ImageUnreadable) as caught:
            reader(path)
        assert caught.value.retryable


# --- payload ------------------------------------------------------------------------------------


def test_metadata_does_not_change_the_payload_of_a_jpeg() -> None:
    jpeg = encoded(scene())
    exif = Image.Exif()
    exif[274], exif[270] = 6, "a title"
    tagged = with_segment(jpeg, 0xE1, exif.tobytes())
    commented = with_segment(jpeg, 0xFE, b"a comment")
    profiled = with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\1\1" + b"profile")
    trailed = jpeg + b"a trailer"
    assert {_key(data) for data in (tagged, commented, profiled, trailed)} == {_key(jpeg)}
    assert Source.of_bytes(tagged).content_hash != Source.of_bytes(jpeg).content_hash


def test_any_change_of_pixels_changes_the_payload_of_a_jpeg() -> None:
    jpeg = encoded(scene())
    other = encoded(scene(), quality=76)
    flipped = encoded(scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert len({_key(jpeg), _key(other), _key(flipped)}) == 3


def test_the_colour_transform_is_part_of_the_payload() -> None:
    jpeg = encoded(scene())
    jfif_end = 4 + int.from_bytes(jpeg[4:6], "big")
    bare = jpeg[:2] + jpeg[jfif_end:]
    as_rgb = with_segment(bare, 0xEE, b"Adobe\0\x64\0\0\0\0\0")
    as_ycc = with_segment(bare, 0xEE, b"Adobe\0\x64\0\0\0\0\1")
    assert _key(bare) == _key(as_ycc) == _key(jpeg)
    assert _key(as_rgb) != _key(bare)


def test_a_damaged_jpeg_has_no_payload_key() -> None:
    assert _key(encoded(scene())[:-20]) is None


def test_a_png_is_known_by_its_pixel_chunks() -> None:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", "hello")
    png = encoded(scene(), "PNG")
    assert _key(encoded(scene(), "PNG", pnginfo=texts)) == _key(png)
    assert _key(encoded(scene(), "PNG", exif=Image.Exif())) == _key(png)
    assert _key(encoded(scene(97, 64), "PNG")) != _key(png)
    assert _key(encoded(scene(), "PNG", compress_level=1)) != _key(png)
    assert _key(png[:-12]) is None


def test_other_formats_are_known_by_their_pixels() -> None:
    assert _key(encoded(scene(), "WEBP")) is None
    assert _key(b"no picture") is None


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from([0xE1, 0xE2, 0xE5, 0xED, 0xFE]), st.binary(max_size=60)),
        max_size=5,
    ),
    trailer=st.binary(max_size=40),
)
def test_equal_payloads_are_equal_pixels(
    pieces: list[tuple[int, bytes]], trailer: bytes, decoder: Decoder
) -> None:
    plain = encoded(scene(32, 24))
    dressed = plain[:2] + b"".join(segment(*piece) for piece in pieces) + plain[2:] + trailer
    assert _key(dressed) == _key(plain)
    one, other = (decoder.decode(Source.of_bytes(data)) for data in (plain, dressed))
    if one.icc == other.icc and one.orientation == other.orientation:
        assert one.image.tobytes() == other.image.tobytes()


# --- attachments --------------------------------------------------------------------------------


def test_what_follows_the_picture_is_named() -> None:
    jpeg = encoded(scene())
    clip = b"\0\0\0\x18ftypmp42" + bytes(50)
    gain = encoded(scene(8, 8)).replace(b"\xff\xdb", segment(0xE1, b"hdrgm:Version") + b"\xff\xdb")
    assert _attachments(jpeg) == ""
    assert _attachments(jpeg + bytes(64)) == ""
    assert _attachments(jpeg + clip).startswith("motion:")
    assert _attachments(jpeg + gain).startswith("gainmap:")
    assert _attachments(jpeg + encoded(scene(8, 8))).startswith("mpo:")
    assert _attachments(jpeg + b"something else").startswith("trailer:")
    assert _attachments(encoded(scene(), "PNG") + b"more").startswith("trailer:")


def test_a_keeper_covers_only_what_it_has_byte_for_byte() -> None:
    jpeg, clip = encoded(scene()), b"\0\0\0\x18ftypmp42"
    plain, moving, other = (
        _attachments(jpeg + tail) for tail in (b"", clip + bytes(9), clip + b"different")
    )
    assert covers(moving, plain)
    assert covers(moving, moving)
    assert not covers(plain, moving)
    assert not covers(other, moving)
