"""``photolib add``, ``folders``, ``folders compare``, ``relocate`` and ``forget``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.text import many, more, table
from photolib.wire import window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.library.results import FolderStatus


@command("add")
@path_argument("folder", "dir")
@click.option("--reference", is_flag=True, help="Never propose to remove a photo of this folder.")
@click.option("--poll", is_flag=True, help="Look for changes by polling (network drives).")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Leave out matching names.")
def add(front: Front, folder: str, reference: bool, poll: bool, ignore: tuple[str, ...]) -> None:
    """Watch FOLDER and everything below it.

    Nothing in it is changed. "photolib index" then reads its photos.

    \b
    photolib add ~/Pictures --ignore '*_edited.jpg'
    """
    with front.open() as library:
        added = library.add_folder(folder, reference=reference, poll=poll, ignore=ignore)
    front.show(added, lambda status: [f"Added {status.path}"])
    front.note("Read its photos with: photolib index")


@command("folders", lists=True, cls=click.Group, invoke_without_command=True)
def folders(front: Front, limit: int | None, offset: int) -> None:
    """List the watched folders, or compare two.

    \b
    photolib folders --json
    photolib folders compare ~/Phone ~/Pictures
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    with front.open() as library:
        found, page = window(library.folders(), limit, offset)
    listed = {"folders": found, "total": page.total, "next_offset": page.next_offset}
    front.show(listed, lambda _: _lines(found), lambda _: (folder.path for folder in found))
    front.note(more(len(found), page.total, page.next_offset))
    if not page.total:
        front.note("No folder yet: photolib add FOLDER")


@command("compare")
@path_argument("a", "dir")
@path_argument("b", "dir")
def compare(front: Front, a: str, b: str) -> None:
    """Tell how much of directory A is in B.

    A photo is in B when a file there has the same bytes or is in its set of duplicates; the others
    are listed. Both may be watched folders or lie in one.

    \b
    photolib folders compare ~/Phone ~/Pictures --json
    """
    with front.open() as library:
        found = library.compare_folders(a, b)
    front.show(found, lambda _: found.only_in_a, lambda _: found.only_in_a)
    only = f"; {many(len(found.only_in_a), 'photo')} only in A" if found.only_in_a else ""
    front.note(f"{found.ratio:.1%} of {a} is in {b}{only}")


if isinstance(folders, click.Group):
    folders.add_command(compare)


def _lines(folders: Iterable[FolderStatus]) -> Iterable[str]:
    return table(
        [
            (
                f.state,
                many(f.photos, "photo"),
                f"scanned {f.last_scan[:16].replace('T', ' ')}" if f.last_scan else "not scanned",
                " ".join(word for word in ("reference", "poll") if getattr(f, word)),
                f.path,
            )
            for f in folders
        ],
        right=" r",
    )


@command("relocate")
@path_argument("old", "dir")
@path_argument("new", "dir")
def relocate(front: Front, old: str, new: str) -> None:
    """Tell that the folder OLD is at NEW now.

    NEW must hold its photos, such as another mount point. Albums, ratings and everything else stay
    with them.

    \b
    photolib relocate /media/disk/photos /mnt/disk/photos
    """
    with front.open() as library:
        moved = library.relocate_folder(old, new)
    front.show(moved, lambda status: [f"{old} is now {status.path}"])


@command("forget")
@path_argument("folder", "dir")
@click.option("--keep-decisions", is_flag=True, help="Keep ratings and albums, should it return.")
def forget(front: Front, folder: str, keep_decisions: bool) -> None:
    """Stop watching FOLDER; its files stay.

    \b
    photolib forget ~/Pictures/Old
    """
    with front.open() as library:
        count = library.forget_folder(folder, keep_decisions=keep_decisions)
    forgotten = {"path": folder, "forgotten": count}
    front.show(
        forgotten, lambda _: [f"Forgot {folder} and {many(count, 'photo')}; no file was touched."]
    )
