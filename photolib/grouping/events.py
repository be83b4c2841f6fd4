"""Events: photos that were taken together in time and place."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import IndexMismatch
from photolib.grouping.graph import NOISE, dbscan, renumbered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from photolib.grouping.graph import Labels

MIN_SAMPLES = 3

_PAUSE = 17.0
"""A gap this many times the usual one around it ends an event: Platt, Czerwinski and Field,
"PhotoTOC: automatic clustering for browsing personal photographs", 2003."""
_WINDOW = 10
"""Gaps on each side that make the usual one; the same source."""
_SHORTEST, _LONGEST = 3_600.0, 14 * 3_600.0
"""Seconds: less is never a pause, however fast the shooting; more than a night always is one."""
_NEAREST, _FARTHEST = 3.0, 100.0
"""Kilometres: the same for places; a walk, and a day's drive."""
_EARTH_RADIUS = 6_371.0
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def events(
    times: ArrayLike,
    latitudes: ArrayLike,
    longitudes: ArrayLike,
    *,
    min_samples: int = MIN_SAMPLES,
) -> Labels:
    """The event of each photo: int64 (n,), numbered from the first in time, -1 for none.

    ``times`` float64 (n,) are seconds of local capture time, ``latitudes`` and ``longitudes``
    float (n,) degrees; all may be NaN. A photo without a time is in no event, one without a place
    counts as taken where the one before it was. The step from one photo to the next is its gap in
    time over the pause that the person's rhythm around it allows, and its distance over the
    distance allowed likewise; the sums of the steps are a line on which DBSCAN with radius 1 finds
    the events. Raises IndexMismatch when the lengths differ.
    """
    seconds, lat, lon = (np.asarray(v, np.float64) for v in (times, latitudes, longitudes))
    if seconds.ndim != 1 or not seconds.shape == lat.shape == lon.shape:
        raise IndexMismatch(f"times {seconds.shape}, latitudes {lat.shape}, longitudes {lon.shape}")
    labels = np.full(len(seconds), NOISE, np.int64)
    order = np.lexsort((np.arange(len(seconds)), seconds))
    order = order[np.isfinite(seconds[order])]
    if len(order):
        line = _line(seconds[order], lat[order], lon[order])
        labels[order] = renumbered(dbscan(_links(line, min_samples), 1.0, min_samples).labels)
    return labels


def universal(local: ArrayLike, offsets: ArrayLike) -> NDArray[np.float64]:
    """Seconds of universal time, as far as it is known: float64 (n,), NaN without a time.

    ``local`` float (n,) are seconds of local capture time, ``offsets`` float (n,) minutes east of
    UTC or NaN, as cameras without a time zone leave it. Those take the offset of the photo nearest
    to them in local time that has one: a camera and a telephone in one bag were in one zone.
    """
    seconds, minutes = np.asarray(local, np.float64), np.asarray(offsets, np.float64)
    known = np.flatnonzero(np.isfinite(seconds) & np.isfinite(minutes))
    if not len(known):
        return seconds
    known = known[np.argsort(seconds[known], kind="stable")]
    after = np.clip(np.searchsorted(seconds[known], seconds), 1, len(known) - 1 or 1)
    before = np.minimum(after - 1, len(known) - 1)
    after = np.minimum(after, len(known) - 1)
    nearer = np.abs(seconds[known[before]] - seconds) <= np.abs(seconds[known[after]] - seconds)
    zone = minutes[known[np.where(nearer, before, after)]]
    return np.asarray(seconds - 60.0 * np.where(np.isfinite(minutes), minutes, zone))


def name_event(times: ArrayLike, places: Iterable[str | None] = ()) -> str:
    """A name like ``Sat 14 - Sun 15 Jan 2023, Lisbon``, in English whatever the locale.

    ``times`` float (n,) are seconds of local capture time. The most frequent place is named when
    half of the known places are it, else the two most frequent ones. Empty without times.
    """
    seconds = np.asarray(times, np.float64)
    seconds = seconds[np.isfinite(seconds)]
    if not len(seconds):
        return ""
    first, last = (
        datetime.fromtimestamp(float(moment), UTC).date()
        for moment in (seconds.min(), seconds.max())
    )
    return ", ".join([_days(first, last), *_main_places(places)])


def _line(
    seconds: NDArray[np.float64], lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> NDArray[np.float64]:
    gaps, ways = np.diff(seconds), _ways(lat, lon)
    late = gaps / np.clip(_PAUSE * _usual(gaps, 1.0), _SHORTEST, _LONGEST)
    far = ways / np.clip(_PAUSE * _usual(ways, 0.01), _NEAREST, _FARTHEST)
    return np.concatenate([[0.0], np.cumsum(np.hypot(late, far))])


def _usual(gaps: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """The geometric mean of the gaps around each, itself included."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(gaps, least)))])
    places = np.arange(len(gaps))
    start = np.maximum(places - _WINDOW, 0)
    stop = np.minimum(places + _WINDOW + 1, len(gaps))
    usual: NDArray[np.float64] = np.exp((logs[stop] - logs[start]) / (stop - start))
    return usual


def _ways(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle kilometres from each photo to the next (the haversine formula)."""
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return np.zeros(max(len(lat) - 1, 0))
    last = np.maximum.accumulate(np.where(known, np.arange(len(lat)), 0))
    last[: np.argmax(known)] = np.argmax(known)
    phi, theta = np.radians(lat[last]), np.radians(lon[last])
    half = np.sin(np.diff(phi) / 2) ** 2
    half += np.cos(phi[1:]) * np.cos(phi[:-1]) * np.sin(np.diff(theta) / 2) ** 2
    ways: NDArray[np.float64] = 2 * _EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return ways


def _links(line: NDArray[np.float64], min_samples: int) -> object:
    """Distances from each photo to the next ``min_samples``: on a line, all that DBSCAN needs."""
    from scipy.sparse import coo_matrix

    count = len(line)
    steps = range(1, min(min_samples, count - 1) + 1)
    one = np.concatenate([np.arange(count - s) for s in steps] or [np.empty(0, np.intp)])
    two = np.concatenate([np.arange(s, count) for s in steps] or [np.empty(0, np.intp)])
    distance = np.maximum(line[two] - line[one], 1e-9)
    near = distance <= 1.0
    one, two, distance = one[near], two[near], distance[near]
    both = np.concatenate([one, two]), np.concatenate([two, one])
    return coo_matrix((np.tile(distance, 2), both), shape=(count, count)).tocsr()


def _days(first: date, last: date) -> str:
    end = f"{_DAYS[last.weekday()]} {last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    start = f"{_DAYS[first.weekday()]} {first.day}"
    if (first.year, first.month) != (last.year, last.month):
        start += f" {_MONTHS[first.month - 1]}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"{start} - {end}"


def _main_places(places: Iterable[str | None]) -> list[str]:
    counts = Counter(place for place in places if place)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ordered:
        return []
    if 2 * ordered[0][1] >= counts.total():
        return [ordered[0][0]]
    return [" and ".join(place for place, _ in ordered[:2])]
