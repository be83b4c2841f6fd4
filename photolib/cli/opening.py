"""``photolib`` and ``photolib FOLDER``: the library on the terminal, or a summary of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from photolib.cli.front import Front, command, path_argument
from photolib.cli.index import report_lines, status_lines
from photolib.cli.progress import run_job

if TYPE_CHECKING:
    from photolib.library import Library


def on_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def open_library(front: Front) -> None:
    """Open the library on a terminal; elsewhere print a summary."""
    if _open_screen(front):
        return
    with front.open() as library:
        front.show(library.status(), status_lines)


def _open_screen(front: Front, *, index: bool = False) -> bool:
    """Open the library if there is a terminal, and say whether there was."""
    if front.json or not on_terminal():
        return False
    from photolib.tui.app import run

    run(front.settings, index=index)
    return True


@command("open", screen=True, hidden=True)
@path_argument("folder", "dir")
def open_folder(front: Front, folder: str) -> None:
    """Add FOLDER and open the library, which indexes it while one looks around."""
    with front.open() as library:
        if not _is_watched(library, folder):
            library.add_folder(folder)
    if _open_screen(front, index=True):
        return
    with front.open() as library:
        report = run_job(front, library.index([folder]))
        front.note(*report_lines(report))
        front.show(library.status(), status_lines)


def _is_watched(library: Library, folder: str) -> bool:
    """Whether a folder of the library is, or contains, this one."""
    target = os.path.realpath(folder)
    roots = [os.path.realpath(watched.path) for watched in library.folders()]
    return any(os.path.commonpath([root, target]) == root for root in roots)
