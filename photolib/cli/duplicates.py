"""``photolib duplicates``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.text import many, more, size, table
from photolib.wire import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.results import DuplicateList, DuplicatePhoto, DuplicateSet


@command("duplicates", lists=True)
@click.option("--tier", type=click.Choice(TIERS), help="Only sets with this evidence.")
def duplicates(front: Front, tier: str | None, limit: int | None, offset: int) -> None:
    """List copies of the same picture.

    Each set says which one to keep and the evidence; nothing is removed. The tiers, from certain to
    likely: the same bytes; the same picture data under other metadata; the same pixels; nearly the
    same picture. With --paths, prints every photo of each set, the one to keep first.

    \b
    photolib duplicates --tier bytes
    """
    with front.open() as library:
        found = library.duplicates(tier, limit=-1 if limit is None else limit, offset=offset)
    front.show(found, duplicate_lines, lambda f: (p.path for s in f.sets for p in _in_order(s)))
    front.note(more(len(found.sets), found.total, found.next_offset))
    front.note(
        f"{many(found.total, 'set')}; {size(found.reclaimable_bytes)} could be freed"
        if found.total
        else "No duplicates."
    )


def duplicate_lines(found: DuplicateList) -> Iterator[str]:
    """Each set with its photos, the keeper first, and why the others are copies of it."""
    for number, duplicate_set in enumerate(found.sets):
        if number:
            yield ""
        tie = ", a tie: choose yourself" if duplicate_set.tie else ""
        yield f"Set {duplicate_set.set_id}: {duplicate_set.tier}{tie}"
        photos = _in_order(duplicate_set)
        yield from table(
            [_row(photo, duplicate_set) for photo in photos], right="  rr", indent="  "
        )


def _in_order(duplicate_set: DuplicateSet) -> list[DuplicatePhoto]:
    return sorted(duplicate_set.photos, key=lambda photo: not photo.keeper)


def _row(photo: DuplicatePhoto, duplicate_set: DuplicateSet) -> tuple[str, ...]:
    shape = f"{photo.width}x{photo.height} {photo.format}"
    role = "keep" if photo.keeper else "copy"
    marks = " (reference)" if photo.reference else ""
    reason = photo.reason if photo.keeper else _evidence(photo, duplicate_set.keeper_id)
    return role, reason, shape, size(photo.bytes), f"{photo.path}{marks}"


def _evidence(photo: DuplicatePhoto, keeper_id: int) -> str:
    """What ties a copy to the keeper: the relation and how sure it is."""
    direct = [e for e in photo.evidence if e.with_ == keeper_id] or list(photo.evidence)
    if not direct:
        return photo.reason
    evidence = direct[0]
    score = "" if evidence.score is None else f" {evidence.score:.2f}"
    return f"{evidence.relation or evidence.tier}{score}"
