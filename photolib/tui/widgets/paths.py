"""Folders completed while they are typed."""

from __future__ import annotations

import asyncio
import os

from textual.suggester import Suggester


class FolderSuggester(Suggester):
    """Suggests the first folder that goes on from what is typed; it asks in a thread."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completed_folder, value)


def completed_folder(typed: str) -> str | None:
    """``typed`` with the rest of the first folder, by name, that begins like it; or None."""
    if not typed or "\0" in typed:
        return None
    head, start = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(head) or ".") as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.startswith(start)
                and (start.startswith(".") or not entry.name.startswith("."))
                and entry.is_dir()
                and entry.name.isprintable()
            ]
    except OSError:
        return None
    return os.path.join(head, min(names)) if names else None
