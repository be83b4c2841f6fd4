"""The thumbnail cache may be lost at any time and never gets in the way."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from PIL import Image

from photolib.images import ThumbnailCache
from tests.images.conftest import difference, scene

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = bytes(32), bytes([1]) * 32


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "thumbnails")
    assert cache.get(ONE, 96) is None
    assert cache.put(ONE, scene())
    jpeg = cache.get(ONE, 96)
    assert jpeg is not None
    with Image.open(io.BytesIO(jpeg)) as image:
        assert difference(image, scene()) < 6
    assert cache.get(ONE, 48) is None
    assert cache.get(TWO, 96) is None
    assert cache.path(ONE, 96).read_bytes() == jpeg


def test_a_small_picture_is_kept_under_the_size_asked_for(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    cache.put(ONE, scene(30, 20), side=384)
    assert cache.get(ONE, 384) is not None


def test_size_clear_discard_and_prune(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    for number in range(4):
        cache.put(bytes([number]) * 32, scene())
        path = cache.path(bytes([number]) * 32, 96)
        os.utime(path, (1000 + number, 1000 + number))
    each = path.stat().st_size
    assert cache.size() == 4 * each
    assert cache.prune(2 * each) == 2 * each
    assert [cache.get(bytes([n]) * 32, 96) is not None for n in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    cache.discard(bytes([2]) * 32)
    assert cache.size() == each
    cache.clear()
    assert cache.size() == 0


def test_nothing_half_written_is_left_or_shown(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    cache.put(ONE, scene())
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".jpg"]
    (tmp_path / "00" / "interrupted.new").write_bytes(b"x")
    cache.clear()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = ThumbnailCache(tmp_path / "file")
    assert not cache.put(ONE, scene())
    assert cache.get(ONE, 96) is None
    assert cache.size() == 0
    cache.clear()
