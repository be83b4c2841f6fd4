"""Which content a file is: its bytes read once, their hash, and the payload key.

The content hash is BLAKE2b-256 (RFC 7693) of all bytes. The payload key names what the pixels
depend on; orientation and colour profile are separate parts of a picture's identity, because
tools change them without touching the pixels.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeAlias

from photolib.errors import ImageError, ImageTooLarge, ImageUnreadable, ImageUnsupported
from photolib.images import anatomy
from photolib.images.walk import RAW_EXTENSIONS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from photolib.images.anatomy import Anatomy

AnyPath: TypeAlias = "str | bytes | Path"

HASH_BYTES: Final = 32
SLURP_LIMIT: Final = 64 << 20
"""Larger files are hashed as a stream and decoded from disk; only their head is held."""
_HEAD: Final = 8 << 20
_BLOCK: Final = 1 << 20


def display(path: AnyPath) -> str:
    """A path as text that is always valid Unicode."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Source:
    """One file's bytes, read once and hashed while they were read.

    ``data`` is the whole file when it has at most ``SLURP_LIMIT`` bytes, its first 8 MiB
    otherwise (``whole`` says which). ``size`` and ``mtime_ns`` are those of the very bytes read.
    """

    path: bytes
    size: int
    mtime_ns: int
    content_hash: bytes
    data: bytes

    @classmethod
    def open(cls, path: AnyPath, max_bytes: int | None = None) -> Source:
        """Read and hash a file.

        Raises ImageUnreadable (retryable when the file is absent, locked, or changed while
        it was read), ImageTooLarge above ``max_bytes``, ImageUnsupported for a pipe or a device.
        """
        shown = display(path)
        try:
            with _opened(path) as file:
                before = os.fstat(file.fileno())
                _refuse(shown, before, max_bytes)
                data, content_hash, read = _read(file, before.st_size)
                after = os.fstat(file.fileno())
        except OSError as exc:
            raise _unreadable(shown, exc) from exc
        changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
        if changed or read != before.st_size:
            raise retryable(ImageUnreadable(shown, "it changed while it was read", _WAIT))
        return cls(os.fsencode(path), read, before.st_mtime_ns, content_hash, data)

    @classmethod
    def of_bytes(cls, data: bytes, name: str = "picture") -> Source:
        """A source of bytes that are in memory already, such as a clipboard or a download."""
        return cls(
            os.fsencode(name), len(data), 0, blake2b(data, digest_size=HASH_BYTES).digest(), data
        )

    @property
    def whole(self) -> bool:
        return len(self.data) == self.size

    @property
    def display(self) -> str:
        return display(self.path)

    @property
    def raw_name(self) -> bool:
        """Whether the name has the extension of a camera's RAW file."""
        return self.path.rpartition(b".")[2].lower() in RAW_EXTENSIONS

    @cached_property
    def anatomy(self) -> Anatomy | None:
        """The structure of the file, None when its bytes are of no known format."""
        return anatomy.anatomy_of(self.data, raw=self.raw_name)

    @property
    def payload_key(self) -> str | None:
        """The hash of what decoding depends on (JPEG, PNG); None: the decoded pixels decide.

        Also None for a file that is damaged or larger than ``SLURP_LIMIT``.
        """
        return self.anatomy.payload_key if self.anatomy and self.whole else None


def content_hash(path: AnyPath) -> bytes:
    """BLAKE2b-256 (32 bytes) of a file, read as a stream; raises as ``Source.open``."""
    shown = display(path)
    try:
        with _opened(path) as file:
            before = os.fstat(file.fileno())
            _refuse_odd(shown, before)
            state, read = blake2b(digest_size=HASH_BYTES), 0
            while block := file.read(_BLOCK):
                state.update(block)
                read += len(block)
            after = os.fstat(file.fileno())
    except OSError as exc:
        raise _unreadable(shown, exc) from exc
    if read != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise retryable(ImageUnreadable(shown, "it changed while it was read", _WAIT))
    return state.digest()


_WAIT: Final = "It is read again when it has come to rest."


def retryable(error: ImageError) -> ImageError:
    """The same error, marked as one that may pass by itself."""
    error.retryable = True
    return error


def _opened(path: AnyPath) -> BinaryIO:
    # Without O_NONBLOCK, opening a pipe that took a picture's name would wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return open(os.open(path, flags), "rb", buffering=0)


def _refuse_odd(shown: str, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ImageUnsupported(shown, "not an ordinary file")


def _refuse(shown: str, facts: os.stat_result, max_bytes: int | None) -> None:
    _refuse_odd(shown, facts)
    if not facts.st_size:
        raise ImageUnreadable(shown, "the file is empty", "Copy it again.")
    if max_bytes is not None and facts.st_size > max_bytes:
        reason = f"{facts.st_size >> 20} MB is more than this machine should read at once"
        raise ImageTooLarge(shown, reason, f"The limit is {max_bytes >> 20} MB.")


def _read(file: BinaryIO, size: int) -> tuple[bytes, bytes, int]:
    """The bytes to keep, the hash of all, and how many were read (one more than expected: grew)."""
    if size <= SLURP_LIMIT:
        data = file.read(size + 1)
        while len(data) <= size and (more := file.read(size + 1 - len(data))):
            data += more
        return data, blake2b(data, digest_size=HASH_BYTES).digest(), len(data)
    state, read, head = blake2b(digest_size=HASH_BYTES), 0, b""
    while block := file.read(_BLOCK):
        state.update(block)
        read += len(block)
        if read <= _HEAD:
            head += block
    return head, state.digest(), read


def _unreadable(shown: str, exc: OSError) -> ImageError:
    if isinstance(exc, PermissionError):
        hint = "Give yourself the right to read it."
        return retryable(ImageUnreadable(shown, "no permission to read it", hint))
    if isinstance(exc, FileNotFoundError):
        return retryable(ImageUnreadable(shown, "it is not there any more"))
    if isinstance(exc, IsADirectoryError):
        return ImageUnsupported(shown, "a folder, not a file")
    reason = f"the drive could not read it ({(exc.strerror or 'input error').lower()})"
    return retryable(ImageUnreadable(shown, reason, "Check the drive and its connection."))
