"""The map of a library: every photo at a place on a plane, near those that are like it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from photolib.errors import PhotolibError, UsageError
from photolib.grouping.layout import METHODS, place
from photolib.jobs import Job, Progress
from photolib.library import themes
from photolib.library.results import MapPoint, PhotoMap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Lease, ModelRow
    from photolib.library.indexes import Indexes

_MOST = 20_000
"""Representatives that are laid out; the rest is placed among them."""
_GROWN = 1.2
"""Photos for each one at the last layout, from which the map is laid out anew."""
GEOGRAPHIC = "places"
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier that scatters ids (Knuth's multiplicative hashing), so that representatives
are chosen evenly, and stay the same when photos are added."""


@dataclass(frozen=True, slots=True)
class _Last:
    model_id: str
    count: int


def update(
    catalogue: Catalogue,
    indexes: Indexes,
    model: ModelRow,
    kind: str,
    lease: Lease,
    method: str,
    *,
    anew: bool = False,
) -> Job[int]:
    """Give every photo shown a place, and return how many have one.

    New photos are placed among the others; when the library has grown by a fifth, and for another
    model, all is laid out, starting from where it was. Raises UsageError for an unknown method.
    """
    if method not in METHODS:
        raise UsageError(f"{method} is no way to draw a map", f"Use {' or '.join(METHODS)}.")
    shown = np.unique(catalogue.groupings.shown().stand_ins)
    some = themes.material(catalogue, indexes, model, kind, shown)
    yield Progress("map", 0, None)
    last, known = _last(catalogue, method), catalogue.groupings.places_on_map(method)
    same = last is not None and last.model_id == model.model_id
    before = known if same else {}
    new = [c for c in some.contents.tolist() if c not in before]
    if not anew and same and last and len(some.contents) <= _GROWN * last.count:
        if new:
            placed = _placed(some, before, np.array(new, np.int64))
            _store(catalogue, lease, method, dict(zip(new, placed.tolist(), strict=True)), None)
        return len(some.contents)
    everything = yield from _laid_out(some, before, method)
    fresh = _Last(model.model_id, len(some.contents))
    _store(catalogue, lease, method, everything, fresh)
    yield Progress("map", len(everything), len(everything))
    return len(everything)


def _laid_out(
    some: themes.Material, before: dict[int, tuple[float, float]], method: str
) -> Job[dict[int, list[float]]]:
    rows = representatives(some.contents)
    chosen = some.contents[rows]
    vectors = some.vectors[rows]
    start = np.array([before.get(c, (np.nan, np.nan)) for c in chosen.tolist()]).reshape(-1, 2)
    places = yield from _in_a_process(vectors, start, method)
    found = dict(zip(chosen.tolist(), places.tolist(), strict=True))
    rest = np.setdiff1d(np.arange(len(some.contents)), rows)
    for block in np.array_split(rest, len(rest) // 8_192 + 1):
        if len(block):
            near = place(some.vectors[block], vectors, places)
            found |= dict(zip(some.contents[block].tolist(), near.tolist(), strict=True))
    return found


def representatives(contents: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of the contents (n,) are laid out: those that come first by a hash of their ids."""
    mixed = contents.astype(np.uint64) * _SPREAD
    return np.sort(np.argsort(mixed, kind="stable")[:_MOST])


def _placed(
    some: themes.Material, before: dict[int, tuple[float, float]], new: NDArray[np.int64]
) -> NDArray[np.float32]:
    have = np.array([c in before for c in some.contents.tolist()], bool)
    rows = np.flatnonzero(have)
    rows = rows[representatives(some.contents[rows])]
    places = np.array([before[c] for c in some.contents[rows].tolist()], np.float32)
    return place(some.vectors[np.searchsorted(some.contents, new)], some.vectors[rows], places)


def _in_a_process(
    vectors: NDArray[np.float32], start: NDArray[np.float64], method: str
) -> Job[NDArray[np.float32]]:
    """Lay out in a worker process; closing the job ends it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "map.npz"
        np.savez(path, vectors=vectors, before=start)
        command = [sys.executable, "-m", "photolib.grouping.layout", str(path), method]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as worker:
            try:
                assert worker.stdout is not None
                assert worker.stderr is not None
                for line in worker.stdout:
                    done, total = map(int, line.split())
                    yield Progress("map", done, total)
            except BaseException:
                worker.kill()
                raise
            if worker.wait():
                said = worker.stderr.read().strip().splitlines()
                raise PhotolibError(
                    f"the map was not drawn: {said[-1] if said else 'the process was ended'}",
                    "Try the other method: photolib map --method tsne",
                )
        placed: NDArray[np.float32] = np.load(f"{path}.out.npy")
    return placed


def _last(catalogue: Catalogue, method: str) -> _Last | None:
    stored = catalogue.setting(f"map_{method}")
    return _Last(**json.loads(stored)) if stored else None


def _store(
    catalogue: Catalogue,
    lease: Lease,
    method: str,
    places: dict[int, list[float]],
    fresh: _Last | None,
) -> None:
    with catalogue.transaction():
        lease.check()
        catalogue.groupings.put_on_map(method, places, anew=fresh is not None)
        if fresh is not None:
            value = json.dumps({"model_id": fresh.model_id, "count": fresh.count})
            catalogue.set_setting(f"map_{method}", value)


# --- reading ------------------------------------------------------------------------------------


def read(catalogue: Catalogue, method: str) -> PhotoMap:
    """The stored map, or where photos were taken (``places``); one point for each photo shown."""
    shown = catalogue.groupings.shown()
    if method == GEOGRAPHIC:
        at = {
            photo: (longitude, latitude)
            for photo, longitude, latitude in zip(
                shown.photos.tolist(),
                shown.longitudes.tolist(),
                shown.latitudes.tolist(),
                strict=True,
            )
            if np.isfinite(longitude) and np.isfinite(latitude)
        }
    else:
        places = catalogue.groupings.places_on_map(method)
        pairs = zip(shown.photos.tolist(), shown.stand_ins.tolist(), strict=True)
        at = {photo: places[content] for photo, content in pairs if content in places}
    rows = catalogue.photos.many(list(at))
    albums = catalogue.albums.home_of("theme")
    towns = catalogue.groupings.towns()
    points = tuple(
        MapPoint(
            photo_id=row.photo_id,
            path=row.path,
            x=round(at[row.photo_id][0], 5),
            y=round(at[row.photo_id][1], 5),
            taken_at=row.taken_at,
            album_id=albums.get(row.photo_id),
            place=towns.get(row.photo_id, ""),
        )
        for row in rows
    )
    return PhotoMap(method, len(shown.photos), points)
