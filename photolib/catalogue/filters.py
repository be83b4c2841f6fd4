"""Conditions on photos, as SQL. Callers combine named tests; the SQL stays here."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import sqlite3

_EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

_MINUTE = "(CAST(substr(p.taken_at, 12, 2) AS INTEGER) * 60 + substr(p.taken_at, 15, 2))"
_LIKE = r"LIKE ? ESCAPE '\'"

TESTS: dict[str, str] = {
    "taken from": "p.taken_at >= ?",
    "taken before": "p.taken_at < ?",
    "year from": "CAST(substr(p.taken_at, 1, 4) AS INTEGER) >= ?",
    "year to": "CAST(substr(p.taken_at, 1, 4) AS INTEGER) <= ?",
    "month": "CAST(substr(p.taken_at, 6, 2) AS INTEGER) IN (SELECT value FROM json_each(?))",
    "minute from": f"{_MINUTE} >= ?",
    "minute before": f"{_MINUTE} < ?",
    "dated": "p.taken_source <> 'mtime'",
    "camera": f"c.camera {_LIKE}",
    "lens": f"c.lens {_LIKE}",
    "iso from": "c.iso >= ?",
    "iso to": "c.iso <= ?",
    "place": "c.place_id IN (SELECT place_id FROM place"
    f" WHERE town {_LIKE} OR region {_LIKE} OR country {_LIKE})",
    "near": "distance_km(c.latitude, c.longitude, ?, ?) <= ?",
    "folder": f"directory(p.display) {_LIKE}",
    "file": f"file_name(p.display) {_LIKE}",
    "format": "c.format = ?",
    "extension": f"p.display {_LIKE}",
    "album": "p.photo_id IN (WITH RECURSIVE inside (album_id) AS (SELECT album_id FROM album"
    f" WHERE name {_LIKE} AND NOT retired"
    " AND kind <> 'saved' UNION SELECT a.album_id FROM album a JOIN inside"
    " ON a.parent_id = inside.album_id WHERE NOT a.retired)"
    " SELECT photo_id FROM album_photo JOIN inside USING (album_id))",
    "tag": "(p.photo_id IN (SELECT photo_id FROM photo_tag JOIN tag USING (tag_id)"
    f" WHERE name {_LIKE})"
    f" OR EXISTS (SELECT 1 FROM json_each(c.keywords) k WHERE k.value {_LIKE}))",
    "label": "c.content_id IN (SELECT content_id FROM label"
    f" WHERE name {_LIKE} AND provenance <> 'suggested'"
    " GROUP BY content_id HAVING count(*) BETWEEN ? AND ?)",
    "any label": f"c.content_id IN (SELECT content_id FROM label WHERE name {_LIKE}"
    " GROUP BY content_id HAVING count(*) BETWEEN ? AND ?)",
    "text": "p.photo_id IN (SELECT rowid FROM words WHERE words MATCH ?)",
    "rating from": "ifnull(p.rating, ifnull(c.rating, 0)) >= ?",
    "rating to": "ifnull(p.rating, ifnull(c.rating, 0)) <= ?",
    "landscape": "c.width > c.height",
    "portrait": "c.width < c.height",
    "square": "c.width = c.height",
    "panorama": "c.width >= 2 * c.height",
    "bytes from": "p.size >= ?",
    "bytes to": "p.size <= ?",
    "pixels from": "c.width * c.height >= ?",
    "pixels to": "c.width * c.height <= ?",
    "gps": "c.latitude IS NOT NULL",
    "people": "c.people <> '[]'",
    "written": "c.content_id IN (SELECT content_id FROM text)",
    "labelled": "c.content_id IN (SELECT content_id FROM label WHERE provenance <> 'suggested')",
    "tagged": "(c.keywords <> '[]' OR p.photo_id IN (SELECT photo_id FROM photo_tag))",
    "in an album": "p.photo_id IN (SELECT photo_id FROM album_photo JOIN album USING (album_id)"
    " WHERE NOT retired)",
    "unsorted": "p.photo_id NOT IN (SELECT photo_id FROM album_photo JOIN album USING (album_id)"
    " WHERE kind = 'theme' AND NOT retired)",
    "rated": "ifnull(p.rating, c.rating) IS NOT NULL",
    "duplicate": "p.photo_id IN (SELECT photo_id FROM duplicate_photo)",
    "keeper": "p.photo_id IN (SELECT keeper_id FROM duplicate_set)",
    "parts": "p.photo_id IN (SELECT photo_id FROM part)",
    "stacked": "p.photo_id IN (SELECT photo_id FROM stack_photo)",
    "screenshot": "(p.display LIKE '%screenshot%' OR p.display LIKE '%screen shot%')",
    "favourite": "p.favourite",
    "hidden": "p.hidden",
    "offline": "p.folder_id IN (SELECT folder_id FROM folder WHERE state = 'offline')",
    "photo": "p.photo_id IN (SELECT value FROM json_each(?))",
    "content": "c.content_id IN (SELECT value FROM json_each(?))",
    "state": "p.state = ?",
    "never": "0",
}
"""Each test by its name, over ``photo p`` and ``content c``, with its parameters as ``?``."""


@dataclass(frozen=True, slots=True)
class Test:
    """One named test and its parameters."""

    name: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts, always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The part does not hold; unknown facts count as not holding."""

    part: Condition


Condition: TypeAlias = Test | AllOf | AnyOf | NoneOf


def compiled(condition: Condition, *, holds: bool = True) -> tuple[str, list[Any]]:
    """A SQL expression over ``photo p`` and ``content c``, and its parameters.

    With ``holds=False`` the expression is true where the condition does not hold: negations are
    carried to the tests, and what nests deepest comes first, because SQLite's parser keeps a stack
    of 100 symbols only.
    """
    match condition:
        case Test(name, parameters):
            return f"{'' if holds else 'NOT '}ifnull({TESTS[name]}, 0)", list(parameters)
        case NoneOf(part):
            return compiled(part, holds=not holds)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(condition, AllOf) == holds
            deepest_first = sorted(parts, key=_depth, reverse=True)
            pieces = [compiled(part, holds=holds) for part in deepest_first]
            sql = (" AND " if every else " OR ").join(sql for sql, _ in pieces)
            values = [value for _, values in pieces for value in values]
            return f"({sql or int(every)})", values


def _depth(condition: Condition) -> int:
    match condition:
        case Test():
            return 0
        case NoneOf(part):
            return _depth(part)
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(map(_depth, parts), default=0)


def contains(text: str) -> str:
    """A LIKE pattern for text that holds ``text`` anywhere; ``*`` and ``?`` are wildcards."""
    return f"%{wildcards(text)}%"


def wildcards(text: str) -> str:
    """A LIKE pattern for exactly ``text``, in which ``*`` and ``?`` are wildcards."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text.replace("*", "%").replace("?", "_")


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection the functions that the tests use."""
    connection.create_function("distance_km", 4, _known_distance_km, deterministic=True)
    connection.create_function("file_name", 1, os.path.basename, deterministic=True)
    connection.create_function("directory", 1, os.path.dirname, deterministic=True)


def _known_distance_km(*degrees: float | None) -> float | None:
    known = [value for value in degrees if value is not None]
    return distance_km(*known) if len(known) == 4 else None


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance in kilometres between two points in degrees (haversine formula)."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(lon_b - lon_a) / 2
    inner = math.sin(half_phi) ** 2
    inner += math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(inner)))
