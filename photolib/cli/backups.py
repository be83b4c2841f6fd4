"""``photolib backup`` and ``restore``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.text import many, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.results import BackupReport, RestoreReport


@command("backup")
@path_argument("file")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def backup(front: Front, file: str, force: bool) -> None:
    """Copy the catalogue to FILE; indexing may go on meanwhile.

    It holds what was found out about the photos and everything that you decided (ratings, names of
    albums, duplicates), not the photos themselves.

    \b
    photolib backup ~/photolib-backup.sqlite3
    """
    with front.open() as library:
        made = library.backup(file, replace=force)
    front.show(made, lambda r: [f"Saved {many(r.photos, 'photo')} to {r.path} ({size(r.bytes)})"])


@command("restore")
@path_argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(front: Front, file: str, yes: bool) -> None:
    """Take the catalogue back from FILE, which backup has written.

    The catalogue of today is kept beside it, and no photo is touched. What has changed in the
    folders since is found by the next index.

    \b
    photolib restore ~/photolib-backup.sqlite3
    """
    from photolib.library import Library

    found = Library.inspect_backup(file)
    if not yes:
        _confirm(front, found)
    front.show(Library.restore(front.settings, file), _restored)
    front.note("See what has changed since: photolib index")


def _confirm(front: Front, found: BackupReport) -> None:
    front.warn(f"{found.path} knows {many(found.photos, 'photo')}, written {found.at}.")
    click.confirm(f"Use it as the catalogue of {front.settings.library}?", abort=True, err=True)


def _restored(report: RestoreReport) -> Iterator[str]:
    yield f"Restored {many(report.photos, 'photo')} from {report.path}"
    if report.previous:
        yield f"The catalogue before is kept: {report.previous}"
