"""``photolib labels``."""

from __future__ import annotations

from photolib.cli.front import Front, command, window
from photolib.cli.text import many, more, table


@command("labels", lists=True)
def labels(front: Front, limit: int | None, offset: int) -> None:
    """List what was found in the photos, and in how many.

    Search for a label with label:NAME.

    \b
    photolib labels
    photolib search label:dog
    """
    with front.open() as library:
        found, page = window(library.labels(), limit, offset)
    listed = {
        "labels": [{"name": name, "photos": count} for name, count in found],
        "total": page.total,
        "next_offset": page.next_offset,
    }
    front.show(listed, lambda _: table([(name, many(count, "photo")) for name, count in found]))
    front.note(more(len(found), page.total, page.next_offset))
    if not page.total:
        front.note("No labels yet. They come with a detector: photolib models fetch yolo11n")
