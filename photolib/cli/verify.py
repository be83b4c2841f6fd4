"""``photolib verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.progress import run_job
from photolib.cli.text import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.results import VerifyReport


@command("verify")
@click.option("--accept", is_flag=True, help="Take altered photos as they are now.")
def verify(front: Front, accept: bool) -> None:
    """Read every photo again and compare its bytes with the catalogue.

    Finds photos that the disk has damaged, and edits that left size and time as they were. Nothing
    is changed; with --accept the next index takes the altered bytes for the truth.

    \b
    photolib verify
    photolib verify --accept
    """
    with front.open() as library:
        report = run_job(front, library.verify(accept=accept))
    front.show(report, _lines, lambda found: (photo.path for photo in found.altered))
    if report.altered and not accept:
        front.note("Compare them with a backup. If you edited them: photolib verify --accept")


def _lines(report: VerifyReport) -> Iterator[str]:
    yield f"{many(report.checked, 'photo')} read in {report.seconds:.1f} s, {report.ok:,} unaltered"
    for photo in report.altered:
        yield f"  altered: {photo.path}"
    for path in report.changed:
        yield f"  changed since the last index: {path}"
    for path in report.unreadable:
        yield f"  unreadable: {path}"
