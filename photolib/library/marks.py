"""What a person says of photos: stars, favourites, keywords, hidden, turned, taken at another time.

All of it lives in the catalogue alone, the files are never written; each call is one act that
``undo_action`` takes back.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from photolib.errors import NotFound, UsageError
from photolib.library import actions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from photolib.catalogue import Catalogue, Change, PhotoRow
    from photolib.library.results import ActionDone

_LONGEST = 100
"""Characters of a keyword: beyond that it is a text, which belongs into a title."""


def rate(catalogue: Catalogue, photo_ids: Sequence[int], stars: int) -> ActionDone:
    """Give 0 to 5 stars; 0 also covers a rating in the file."""
    if not 0 <= stars <= 5:
        raise UsageError(f"{stars} is no rating", "Give 0 to 5 stars.")
    what = "★" * stars if stars else "no stars"
    return _set(catalogue, photo_ids, f"{what} for", lambda _: {"rating": stars})


def favourite(catalogue: Catalogue, photo_ids: Sequence[int], on: bool | None) -> ActionDone:
    """Make favourites of photos, or no longer; None turns all of them, off if all are on."""
    rows = _rows(catalogue, photo_ids)
    on = not all(row.favourite for row in rows) if on is None else on
    what = "favourite" if on else "no favourite:"
    return _set(catalogue, photo_ids, what, lambda _: {"favourite": int(on)})


def hide(catalogue: Catalogue, photo_ids: Sequence[int], on: bool | None) -> ActionDone:
    """Leave photos out of every list, or put them back; None turns all of them."""
    rows = _rows(catalogue, photo_ids)
    on = not all(row.hidden for row in rows) if on is None else on
    what = "hide" if on else "show again"
    return _set(catalogue, photo_ids, what, lambda _: {"hidden": int(on)})


def turn(catalogue: Catalogue, photo_ids: Sequence[int], degrees: int) -> ActionDone:
    """Turn photos clockwise by quarters, beyond what their files say."""
    if degrees % 90:
        raise UsageError(f"{degrees} degrees is no quarter turn", "Give 90, 180, 270 or -90.")
    way = {90: "right", 180: "upside down", 270: "left"}.get(degrees % 360, "not at all")

    def turned(row: PhotoRow) -> dict[str, Any]:
        return {"orientation_override": (row.turned + degrees) % 360 or None}

    return _set(catalogue, photo_ids, f"turn {way}", turned)


def shift(catalogue: Catalogue, photo_ids: Sequence[int], by: timedelta) -> ActionDone:
    """Move the capture times of photos, as when a camera's clock was wrong."""

    def shifted(row: PhotoRow) -> dict[str, Any]:
        try:
            at = datetime.fromisoformat(row.taken_at) + by
        except (ValueError, TypeError, OverflowError):
            hint = "Give it a date: photolib date PATH --set 2021-06-05"
            raise UsageError(f"{row.path} has no date that could be shifted", hint) from None
        return _dated(at)

    return _set(catalogue, photo_ids, f"shift by {by} the date of", shifted)


def date(catalogue: Catalogue, photo_ids: Sequence[int], at: datetime) -> ActionDone:
    """Say when photos were taken, in local time."""
    return _set(catalogue, photo_ids, f"{at:%Y-%m-%d %H:%M} for", lambda _: _dated(at))


def _dated(at: datetime) -> dict[str, Any]:
    text = at.replace(tzinfo=None).isoformat()
    return {"taken_at_override": text, "taken_at": text}


def tag(
    catalogue: Catalogue, photo_ids: Sequence[int], add: Iterable[str], remove: Iterable[str]
) -> ActionDone:
    """Add and remove keywords; UsageError for none at all, or one too long."""
    plus, minus = list(map(_keyword, add)), list(map(_keyword, remove))
    if not plus and not minus:
        raise UsageError("no keywords were given", "Write +word to add, -word to remove.")
    rows = _rows(catalogue, photo_ids)
    words = " ".join([*(f"+{word}" for word in plus), *(f"-{word}" for word in minus)])
    with catalogue.transaction():
        new, old = catalogue.tags.ids(plus), set(catalogue.tags.known(minus))
        changes = [_tagged(catalogue, row.photo_id, new, old) for row in rows]
        return actions.do(catalogue, f"{words} on {_named(rows)}", changes)


def _tagged(catalogue: Catalogue, photo_id: int, new: Sequence[int], old: set[int]) -> Change:
    values = catalogue.actions.values("photo_tag", photo_id, ["tag_id"])
    has = set(values["tag_id"]) if values else set()
    return actions.change(catalogue, "photo_tag", photo_id, tag_id=sorted((has | {*new}) - old))


def _keyword(text: str) -> str:
    word = " ".join(text.split())
    if not word or len(word) > _LONGEST:
        raise UsageError(f"{text!r} is no keyword", f"Give 1 to {_LONGEST} characters.")
    return word


def _set(
    catalogue: Catalogue,
    photo_ids: Sequence[int],
    what: str,
    values: Callable[[PhotoRow], dict[str, Any]],
) -> ActionDone:
    rows = _rows(catalogue, photo_ids)
    with catalogue.transaction():
        changes = [actions.change(catalogue, "photo", row.photo_id, **values(row)) for row in rows]
        return actions.do(catalogue, f"{what} {_named(rows)}", changes)


def _rows(catalogue: Catalogue, photo_ids: Sequence[int]) -> list[PhotoRow]:
    ids = list(dict.fromkeys(photo_ids))
    rows = catalogue.photos.many(ids)
    if missing := set(ids) - {row.photo_id for row in rows}:
        raise NotFound(f"there is no photo {min(missing)}")
    if not rows:
        raise UsageError("no photos were given", "Name the photos to mark.")
    return rows


def _named(rows: Sequence[PhotoRow]) -> str:
    return os.path.basename(rows[0].path) if len(rows) == 1 else f"{len(rows):,} photos"
