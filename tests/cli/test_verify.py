"""``photolib verify``: damage that neither size nor time betrays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Photolib


def _indexed(photolib: Photolib, folder: Path) -> Path:
    folder.mkdir()
    photo = folder / "a.jpg"
    Image.effect_noise((64, 48), 80).convert("RGB").save(photo, quality=95)
    Image.new("RGB", (64, 48), "teal").save(folder / "b.png")
    photolib("add", folder)
    photolib("index")
    return photo


def _damage(photo: Path) -> None:
    before = photo.stat()
    data = bytearray(photo.read_bytes())
    data[len(data) // 2] ^= 0x55
    photo.write_bytes(data)
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_unaltered_photos_are_counted(photolib: Photolib, tmp_path: Path) -> None:
    _indexed(photolib, tmp_path / "photos")
    report = photolib("verify", "--json").json
    assert (report["checked"], report["ok"], report["altered"]) == (2, 2, [])


def test_a_flipped_byte_is_found_and_kept_apart(photolib: Photolib, tmp_path: Path) -> None:
    photo = _indexed(photolib, tmp_path / "photos")
    _damage(photo)
    assert photolib("index", "--json").json["unchanged"] == 2  # size and time say nothing
    report = photolib("verify", "--json").json
    assert [altered["path"] for altered in report["altered"]] == [str(photo)]
    assert photolib("verify", "--json").json["altered"], "looking must not make it the truth"


def test_accepted_bytes_are_read_by_the_next_index(photolib: Photolib, tmp_path: Path) -> None:
    photo = _indexed(photolib, tmp_path / "photos")
    _damage(photo)
    photolib("verify", "--accept")
    assert photolib("index", "--json").json["changed"] == 1
    assert photolib("verify", "--json").json["altered"] == []


def test_changed_and_vanished_files_are_told_apart(photolib: Photolib, tmp_path: Path) -> None:
    photo = _indexed(photolib, tmp_path / "photos")
    Image.new("RGB", (80, 80), "red").save(photo)
    (photo.parent / "b.png").unlink()
    report = photolib("verify", "--json").json
    assert report["changed"] == [str(photo)]
    assert report["unreadable"] == [str(photo.parent / "b.png")]
