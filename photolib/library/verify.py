"""Reads every photo again and compares its bytes with the catalogue."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from photolib.errors import ImageError
from photolib.images import content_hash
from photolib.jobs import Job, Problem, Progress
from photolib.library.folders import is_online
from photolib.library.results import AlteredPhoto, VerifyReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue, PhotoRow

_PAGE = 200


def verify(catalogue: Catalogue, *, accept: bool) -> Job[VerifyReport]:
    """Hash the present photos of the folders that are online.

    A photo whose bytes differ though size and time do not was damaged by its disk, or edited by a
    program that set the time back: it is *altered*. One whose size or time differ has *changed*,
    which the next index job handles. With ``accept`` the next index job reads altered photos anew;
    without it the catalogue keeps what it knew.
    """
    started = time.monotonic()
    report = VerifyReport()
    ids = _online_photos(catalogue)
    for start in range(0, len(ids), _PAGE):
        rows = catalogue.photos.many(ids[start : start + _PAGE])
        altered = [row for row in rows if _check(row, report)]
        if accept and altered:
            with catalogue.transaction():
                catalogue.photos.expect_change(row.photo_id for row in altered)
        done = min(start + _PAGE, len(ids))
        for row in altered:
            reason = "its bytes have changed, its size and time have not"
            remedy = "Compare it with a backup; if it was edited, run verify --accept."
            yield Progress(
                "verify", done, len(ids), problem=Problem(row.path, "altered", reason, remedy)
            )
        yield Progress("verify", done, len(ids))
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _online_photos(catalogue: Catalogue) -> Sequence[int]:
    online = [row.folder_id for row in catalogue.folders.all() if is_online(catalogue, row)]
    return catalogue.photos.present_in(online)


def _check(row: PhotoRow, report: VerifyReport) -> bool:
    """Count one photo; True when it is altered."""
    report.checked += 1
    try:
        stat = os.lstat(row.path)
        if (stat.st_size, stat.st_mtime_ns) != (row.size, row.mtime_ns):
            report.changed.append(row.path)
        elif content_hash(row.path) != row.content_hash:
            report.altered.append(AlteredPhoto(row.path, row.photo_id))
            return True
        else:
            report.ok += 1
    except (OSError, ImageError):
        report.unreadable.append(row.path)
    return False
