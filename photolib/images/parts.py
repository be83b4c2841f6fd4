"""Which files are parts of another: decided by directory and name alone.

A camera that writes two files for one shot gives them one name. Two pictures of which neither is a
RAW file (``x.jpg`` and ``x.png``) are two photos, whatever their names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from photolib.images.walk import RAW_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

Role: TypeAlias = Literal["raw", "motion", "sidecar"]

_CAMERA: Final = (b"heic", b"heif", b"hif", b"jpg", b"jpeg", b"jpe")
"""What a camera writes beside a RAW file or a clip; the first one present is the photo."""
_CLIPS: Final = frozenset((b"mov", b"mp4"))
_SIDECAR: Final = b"xmp"


class Part(NamedTuple):
    """The photo that a file belongs to, and as what."""

    primary: bytes
    role: Role


def pair(paths: Iterable[bytes]) -> dict[bytes, Part]:
    """Every path that is a part of another one, by relative paths with ``/`` between names.

    - ``x.cr2`` beside ``x.jpg`` or ``x.heic`` is its ``raw``; names match in any case.
    - ``x.mov`` or ``x.mp4`` beside ``x.heic`` or ``x.jpg`` is its ``motion``.
    - ``x.jpg.xmp`` is the ``sidecar`` of ``x.jpg``; ``x.xmp`` that of ``x.cr2``, of the photo it
      stands beside otherwise, or of a lone video.
    A part never has parts: what belongs to a RAW file that is a part belongs to its photo.
    """
    groups: dict[bytes, dict[bytes, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    known: dict[bytes, bytes] = {}
    for path in sorted(set(paths)):
        stem, extension = _split(path)
        known.setdefault(path.lower(), path)
        groups[stem.lower()][extension.lower()].append(path)
    found: dict[bytes, Part] = {}
    for group in groups.values():
        found |= _paired(group)
    for group in groups.values():
        for sidecar in group.get(_SIDECAR, ()):
            if photo := _described(sidecar, group, known):
                primary = found[photo].primary if photo in found else photo
                found[sidecar] = Part(primary, "sidecar")
    return found


def _split(path: bytes) -> tuple[bytes, bytes]:
    directory, slash, name = path.rpartition(b"/")
    stem, dot, extension = name.rpartition(b".")
    return (directory + slash + stem, extension) if dot else (path, b"")


def _paired(group: dict[bytes, list[bytes]]) -> dict[bytes, Part]:
    """The RAW files and clips of one stem that belong to its camera picture."""
    primary = next((group[kind][0] for kind in _CAMERA if kind in group), None)
    if primary is None:
        return {}
    found: dict[bytes, Part] = {}
    for extension, paths in group.items():
        if extension in RAW_EXTENSIONS:
            found |= {path: Part(primary, "raw") for path in paths}
        elif extension in _CLIPS:
            found |= {path: Part(primary, "motion") for path in paths}
    return found


def _described(
    sidecar: bytes, group: dict[bytes, list[bytes]], known: dict[bytes, bytes]
) -> bytes | None:
    """The file that a sidecar describes: the one it names in full, or the best of its stem."""
    stem, _ = _split(sidecar)
    if named := known.get(stem.lower()):
        return named
    others = [kind for kind in group if kind != _SIDECAR]
    raws = [kind for kind in others if kind in RAW_EXTENSIONS]
    pictures = [kind for kind in others if kind not in _CLIPS]
    best = next(iter(raws or [k for k in _CAMERA if k in others] or pictures or others), None)
    return group[best][0] if best else None
