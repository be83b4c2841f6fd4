"""``photolib duplicates``, ``not-duplicates`` and ``stacks``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.text import many, more, size, table
from photolib.errors import NotFound
from photolib.wire import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library import Library
    from photolib.library.results import (
        DuplicateList,
        DuplicatePhoto,
        DuplicateSet,
        Evidence,
        StackList,
    )


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
    score = "" if direct[0].score is None else f" {direct[0].score:.2f}"
    return f"{relation(direct[0])}{score}"


def relation(evidence: Evidence) -> str:
    """What a photo is to the keeper, in words: ``a 60 % crop``, ``at half the size``."""
    name, share = evidence.relation or evidence.tier, evidence.amount
    if evidence.direction == "to-keeper":
        return _MADE_INTO.get(name, name)
    if name == "cropped" and share is not None:
        return f"a {share:.0%} crop".replace("%", " %")
    if name == "resized" and share is not None:
        return f"resized to {share:.0%}".replace("%", " %")
    return name


_MADE_INTO = {
    "cropped": "the whole of this crop",
    "resized": "larger",
    "bordered": "without the border",
    "overlaid": "without what lies over it",
    "screenshot": "what the screenshot shows",
    "composite": "a part of the composite",
    "recoloured": "in its own colours",
}


@command("not-duplicates")
@click.argument("photos", nargs=-1, required=True, type=click.Path())
@click.option("--undo", is_flag=True, help="Take it back: they may be duplicates again.")
def not_duplicates(front: Front, photos: tuple[str, ...], undo: bool) -> None:
    """Say that photos are not duplicates of one another.

    They are never shown in one set again, wherever their files are moved; each of them comes up
    again only when it has another copy.

    \b
    photolib not-duplicates a.jpg b.jpg
    """
    with front.open() as library:
        ids = [_known(library, path) for path in photos]
        changed = library.not_duplicates(ids, undo=undo)
    front.show({"photos": list(photos), "undone": undo, "pairs": changed}, lambda _: ())
    front.note(
        f"{many(changed, 'pair')} {'may be' if undo else 'never are'} duplicates from now on"
    )


def _known(library: Library, path: str) -> int:
    found = library.photo_id_at(os.path.abspath(os.path.expanduser(path)))
    if found is None:
        hint = "Index it first: photolib index"
        raise NotFound(f"{path} is no photo of this library", hint)
    return found


@command("stacks", lists=True)
def stacks(front: Front, limit: int | None, offset: int) -> None:
    """List bursts and brackets: shots that belong together.

    The sharpest of each is suggested. No removal plan ever holds a photo because of its stack.

    \b
    photolib stacks --limit 20
    """
    with front.open() as library:
        found = library.stacks(limit=-1 if limit is None else limit, offset=offset)
    front.show(found, stack_lines, lambda f: (p.path for s in f.stacks for p in s.photos))
    front.note(more(len(found.stacks), found.total, found.next_offset))
    front.note(many(found.total, "stack") if found.total else "No stacks.")


def stack_lines(found: StackList) -> Iterator[str]:
    """Each stack with its shots in the order they were taken."""
    for number, stack in enumerate(found.stacks):
        if number:
            yield ""
        yield f"Stack {stack.stack_id}: {stack.kind} of {len(stack.photos)}"
        rows = [
            ("sharpest" if p.suggested else "", f"{p.sharpness:.0f}", p.taken_at, p.path)
            for p in stack.photos
        ]
        yield from table(rows, right=" r", indent="  ")
