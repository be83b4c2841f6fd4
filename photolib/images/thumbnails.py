"""A cache of small JPEG pictures, named by content and size; it may be deleted at any time."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

QUALITY: Final = 80
_TEMPORARY: Final = ".new"


class ThumbnailCache:
    """Files ``<first byte>/<hash>-<side>.jpg`` below a directory, safe for many processes.

    Writes are atomic (a temporary file, then a rename) and not synced: a cache that loses its
    last entries in a power cut is filled again. No method raises when the disk is full or the
    directory has gone; ``put`` then says False, ``get`` None.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, content_hash: bytes, side: int) -> Path:
        """Where the thumbnail of that content and longest side is, or would be."""
        name = content_hash.hex()
        return self.directory / name[:2] / f"{name}-{side}.jpg"

    def put(self, content_hash: bytes, image: Image, side: int | None = None) -> bool:
        """Store an RGB image; ``side`` names the size asked for (default: its longest side)."""
        encoded = io.BytesIO()
        # Baseline Huffman tables and 4:2:0: the smallest that every terminal path decodes fast.
        image.save(encoded, "JPEG", quality=QUALITY)
        return self.put_bytes(content_hash, encoded.getvalue(), side or max(image.size))

    def put_bytes(self, content_hash: bytes, jpeg: bytes, side: int) -> bool:
        """Store an encoded JPEG."""
        path = self.path(content_hash, side)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(_TEMPORARY, dir=path.parent)
        except OSError:
            return False
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(jpeg)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            return False
        return True

    def get(self, content_hash: bytes, side: int) -> bytes | None:
        """The JPEG of that content and size, None when it is not cached."""
        try:
            return self.path(content_hash, side).read_bytes() or None
        except OSError:
            return None

    def discard(self, content_hash: bytes) -> None:
        """Forget every size of a content."""
        name = content_hash.hex()
        for path in (self.directory / name[:2]).glob(f"{name}-*.jpg"):
            path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes that the cache holds."""
        return sum(size for _, size, _ in self._entries())

    def clear(self) -> None:
        """Remove every thumbnail, and what an interrupted write left behind."""
        self.prune(0)

    def prune(self, limit_bytes: int) -> int:
        """Remove the oldest thumbnails until at most ``limit_bytes`` are left; the bytes freed."""
        entries = sorted(self._entries(), reverse=True)
        kept = freed = 0
        for _, size, path in entries:
            if kept + size <= limit_bytes and not path.endswith(_TEMPORARY):
                kept += size
                continue
            with suppress(OSError):
                os.unlink(path)
                freed += size
        return freed

    def _entries(self) -> Iterator[tuple[int, int, str]]:
        """(mtime in ns, bytes, path) of every file in the cache's own directories."""
        with suppress(OSError), os.scandir(self.directory) as shards:
            for shard in shards:
                if len(shard.name) != 2:
                    continue
                with suppress(OSError), os.scandir(shard.path) as files:
                    for file in files:
                        with suppress(OSError):
                            facts = file.stat(follow_symlinks=False)
                            yield facts.st_mtime_ns, facts.st_size, file.path
