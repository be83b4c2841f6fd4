"""The rows of albums that grouping writes: their names, their covers and the order in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue import NewAlbum
from photolib.grouping.events import name_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue
    from photolib.library.album_names import Namer
    from photolib.library.clusters import Found
    from photolib.library.replaying import Plan
    from photolib.library.shown import Shown
    from photolib.library.themes import Material

    Ids = NDArray[np.int64]


class AlbumRows:
    """Makes the rows of the albums of one kind that change."""

    def __init__(
        self, catalogue: Catalogue, shown: Shown, namer: Namer, found: Found, plan: Plan
    ) -> None:
        self._catalogue, self._shown, self._namer = catalogue, shown, namer
        self._found, self._plan = found, plan

    def written(self) -> list[NewAlbum]:
        """The rows of the albums that change; what holds others comes after them."""
        plan, rows = self._plan, []
        used = {plan.name(a).casefold() for a in plan.everybody - plan.changed}
        for album in sorted(plan.changed, key=lambda a: (-plan.level(a), -a)):
            photos, crops = self._in_order(plan.settled.members.get(album, set()))
            inside = self._in_order(plan.below(album))[0]
            names, cover_id = self._described(album, inside)
            name = _name(plan.name(album), names, used)
            used.add(name.casefold())
            rows.append(
                NewAlbum(
                    name,
                    tuple(photos),
                    cover_id,
                    album,
                    tuple(one for one in names if one != name),
                    plan.level(album),
                    plan.settled.parents.get(album),
                    tuple(crops),
                )
            )
        return rows

    def _in_order(self, things: set[int]) -> tuple[list[int], list[int]]:
        """The photos of an album by capture time; for subjects with the crop in each."""
        if self._found.kind != "subject":
            return self._shown.rows.photos[self._shown.places_of(things)].tolist(), []
        photo_of = {self._found.crop_photos[crop]: crop for crop in sorted(things, reverse=True)}
        photos = self._shown.rows.photos[self._shown.places_of(photo_of)].tolist()
        return photos, [photo_of[photo] for photo in photos]

    def _described(self, album: int, photos: Sequence[int]) -> tuple[list[str], int | None]:
        """Names for an album, the best first, and the photo that stands for it."""
        kind, plan = self._found.kind, self._plan
        if not photos:
            return [plan.name(album) or "Empty"], None
        places = self._shown.places_of(photos)
        rows = self._shown.rows
        if kind == "event":
            towns = self._namer.towns(rows.places[places])
            return [name_event(rows.taken[places], towns)], self._namer.sharpest(photos)
        if kind == "place":
            named = self._place_names(album, rows.places[places])
            return named, self._namer.sharpest(photos)
        names = self._namer.suggest(photos)
        if kind == "subject":
            crops = sorted(plan.settled.members.get(album, ()))
            return self._namer.subject(crops) or names, photos[0]
        return names, self._medoid(photos, self._found.material)

    def _place_names(self, album: int, places: Ids) -> list[str]:
        """A town, a region or a country, whichever the level says; the most frequent."""
        names = self._catalogue.photos.places()
        known, counts = np.unique(places[places >= 0], return_counts=True)
        if not len(known):
            return [self._plan.name(album) or "Somewhere"]
        best = names[int(known[np.argmax(counts)])]
        _, country, region, town = best
        return {
            1: [country],
            2: [region, f"{region}, {country}"],
            3: [f"{town}, {country}", town, f"{town}, {region}"],
        }[self._found.depths.get(album, 3)]

    def _medoid(self, photos: Sequence[int], material: Material | None) -> int:
        if material is None:
            return photos[0]
        rows, known = material.rows_of(self._shown.stand_ins_of(np.array(photos, np.int64)))
        if not known.any():
            return photos[0]
        some = material.vectors[rows[known]]
        best = int(np.argmax(some @ some.mean(axis=0)))
        return int(np.array(photos)[known][best])


def _name(kept: str, names: Sequence[str], used: set[str]) -> str:
    """The name that an album has, while it suits it; else the best that no other album has."""
    if kept.casefold() not in used and re.sub(r" \(\d+\)$", "", kept) in names:
        return kept
    free = [name for name in names if name.casefold() not in used]
    number, numbered = 2, names[0]
    while not free:
        numbered, number = f"{names[0]} ({number})", number + 1
        free = [numbered] if numbered.casefold() not in used else []
    return free[0]
