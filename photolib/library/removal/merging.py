"""What a person did with a removed copy is handed to its keeper, and taken back by an undo.

Several copies of one keeper may be removed and brought back in any order. So each removal records
all that its photo had, and what the keeper had by itself; what the keeper has now is the sum of
that and of the removals that hold. Whatever a person changed on the keeper since stays changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from photolib.catalogue import Given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue, RemovalRow


class Handed(NamedTuple):
    """What a photo had, what its keeper had by itself, and what is new to the keeper."""

    given: Given
    own: Given
    new: Given


def hand_over(catalogue: Catalogue, photo_id: int, keeper_id: int | None) -> Handed:
    """Give the keeper what the photo has (inside the caller's transaction)."""
    given = catalogue.merges.of(photo_id) or Given()
    now = catalogue.merges.of(keeper_id) if keeper_id is not None else None
    if keeper_id is None or now is None:
        return Handed(given, Given(), Given())
    others = [r for r in catalogue.removals.done_for(keeper_id) if r.photo_id != photo_id]
    own = _own(now, given, others)
    rating, favourite = _best(now.rating, given.rating), now.favourite or given.favourite
    new = Given(
        tuple(tag for tag in given.tags if tag not in now.tags),
        tuple(album for album in given.albums if album not in now.albums),
        rating if rating != now.rating else None,
        favourite and not now.favourite,
    )
    catalogue.merges.add(keeper_id, new.tags, new.albums)
    if new.rating is not None or new.favourite:
        catalogue.merges.rate(keeper_id, rating, favourite)
    return Handed(given, own, new)


def take_back(catalogue: Catalogue, row: RemovalRow) -> None:
    """Take from a keeper what only this removal gave it (inside the caller's transaction)."""
    keeper_id, mine = row.keeper_id, row.detail
    now = catalogue.merges.of(keeper_id) if keeper_id is not None else None
    if keeper_id is None or now is None:
        return
    others = [r for r in catalogue.removals.done_for(keeper_id) if r.removal_id != row.removal_id]
    elsewhere = [other.detail.given for other in others]
    catalogue.merges.take(
        keeper_id,
        (
            tag
            for tag in mine.given.tags
            if tag not in mine.own.tags and not any(tag in given.tags for given in elsewhere)
        ),
        (
            album
            for album in mine.given.albums
            if album not in mine.own.albums and not any(album in g.albums for g in elsewhere)
        ),
    )
    rating, favourite = _without(now, row, others)
    if (rating, favourite) != (now.rating, now.favourite):
        catalogue.merges.rate(keeper_id, rating, favourite)


def _own(now: Given, given: Given, others: Sequence[RemovalRow]) -> Given:
    """What of all this the keeper has by itself, not from removals that hold."""
    tags = {tag for r in others for tag in r.detail.given.tags if tag not in r.detail.own.tags}
    albums = {a for r in others for a in r.detail.given.albums if a not in r.detail.own.albums}
    rating, favourite = now.rating, now.favourite
    if others:
        first = others[-1].detail.own
        if _sum_of_ratings(first, others) == now.rating:
            rating = first.rating
        if _any_favourite(first, others) == now.favourite:
            favourite = first.favourite
    return Given(
        tuple(tag for tag in given.tags if tag in now.tags and tag not in tags),
        tuple(album for album in given.albums if album in now.albums and album not in albums),
        rating,
        favourite,
    )


def _without(now: Given, row: RemovalRow, others: Sequence[RemovalRow]) -> tuple[int | None, bool]:
    """The keeper's rating and favourite when one removal does not hold any more."""
    own, rating, favourite = row.detail.own, now.rating, now.favourite
    if _sum_of_ratings(own, [*others, row]) == now.rating:
        rating = _sum_of_ratings(own, others)
    if _any_favourite(own, [*others, row]) == now.favourite:
        favourite = _any_favourite(own, others)
    return rating, favourite


def _sum_of_ratings(own: Given, removals: Sequence[RemovalRow]) -> int | None:
    """The highest rating of the keeper's own and of those given since it had that."""
    same = (r.detail.given.rating for r in removals if r.detail.own.rating == own.rating)
    return _best(own.rating, *same)


def _any_favourite(own: Given, removals: Sequence[RemovalRow]) -> bool:
    same = (r.detail.given for r in removals if r.detail.own.favourite == own.favourite)
    return own.favourite or any(given.favourite for given in same)


def _best(*ratings: int | None) -> int | None:
    return max((rating for rating in ratings if rating is not None), default=None)
