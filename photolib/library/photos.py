"""Photos as lists show them, and one with everything that is known of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from photolib.errors import NotFound
from photolib.library.results import PhotoDetail, PhotoList, PhotoSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.catalogue import Catalogue, CropRow, PhotoFilter, PhotoRow

_SOURCES = {
    "exif": "",
    "xmp": " (XMP)",
    "iptc": " (IPTC)",
    "gps": " UTC (GPS)",
    "name": " (from the file name)",
    "mtime": " (file time)",
}


def detail(catalogue: Catalogue, photo_id: int) -> PhotoDetail:
    """A photo, its facts, parts and albums; NotFound."""
    row, facts = catalogue.photos.get(photo_id), catalogue.photos.facts(photo_id)
    if row is None or facts is None:
        raise NotFound(f"there is no photo {photo_id}")
    lines = catalogue.regions.texts_of([row.content_id])
    return PhotoDetail(
        photo_id=photo_id,
        path=row.path,
        state=row.state,
        taken_at=row.taken_at,
        width=row.width,
        height=row.height,
        facts=tuple(_captioned(facts)),
        parts=tuple(catalogue.photos.parts_of(photo_id)),
        albums=tuple(catalogue.albums.of_photo(photo_id)),
        rating=row.rating or 0,
        favourite=row.favourite,
        hidden=row.hidden,
        turned=row.turned,
        tags=tuple(catalogue.tags.of_photo(photo_id)),
        text=tuple(line.words for line in lines.get(row.content_id, [])),
    )


def page(catalogue: Catalogue, chosen: PhotoFilter, limit: int, offset: int) -> PhotoList:
    """A page of the photos that a filter chooses."""
    rows, total = catalogue.photos.window(chosen, offset, limit), catalogue.photos.count(chosen)
    end = offset + len(rows)
    return PhotoList(tuple(map(_summary, rows)), total, end if rows and end < total else None)


def _summary(row: PhotoRow) -> PhotoSummary:
    return PhotoSummary(
        photo_id=row.photo_id,
        path=row.path,
        state=row.state,
        taken_at=row.taken_at,
        width=row.width,
        height=row.height,
        format=row.format,
        rating=row.rating or 0,
        favourite=row.favourite,
    )


def crops(catalogue: Catalogue, photo_id: int) -> list[CropRow]:
    """The crops of a photo, the most confident first."""
    row = catalogue.photos.get(photo_id)
    return catalogue.regions.crops_of([row.content_id]).get(row.content_id, []) if row else []


def _captioned(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Captions and values, in the order in which people ask; unknown facts are left out."""
    yield "Taken", _taken(facts)
    if place := ", ".join(facts[k] for k in ("town", "region", "country") if facts[k]):
        yield "Place", place
    if facts["latitude"] is not None:
        yield "Position", f"{facts['latitude']:.5f}, {facts['longitude']:.5f}"
    for caption, name in (("Camera", "camera"), ("Lens", "lens")):
        if facts[name]:
            yield caption, facts[name]
    if exposure := " · ".join(_exposure(facts)):
        yield "Exposure", exposure
    megapixels = facts["width"] * facts["height"] / 1e6
    yield "Picture", f"{facts['width']} x {facts['height']}, {megapixels:.1f} MP, {facts['format']}"
    if facts["frames"] > 1:
        yield "Frames", str(facts["frames"])
    yield "File", size_text(facts["size"])
    for caption, name in (("Title", "title"), ("Description", "description")):
        if facts[name]:
            yield caption, facts[name]
    for caption, name in (("Keywords", "keywords"), ("People", "people")):
        if words := json.loads(facts[name]):
            yield caption, ", ".join(words)
    yield "First seen", facts["first_seen"][:10]


def _taken(facts: dict[str, Any]) -> str:
    zone = ""
    if facts["taken_offset"] is not None and facts["taken_at"] == facts["shown_at"]:
        sign, minutes = "+-"[facts["taken_offset"] < 0], abs(facts["taken_offset"])
        zone = f" {sign}{minutes // 60:02}:{minutes % 60:02}"
    when = str(facts["shown_at"]).replace("T", " ")
    return when + zone + _SOURCES.get(facts["shown_source"], "")


def _exposure(facts: dict[str, Any]) -> Iterator[str]:
    seconds = facts["exposure"]
    if seconds:
        yield f"1/{round(1 / seconds)} s" if seconds < 0.4 else f"{seconds:g} s"
    if facts["aperture"]:
        yield f"f/{facts['aperture']:g}"
    if facts["iso"]:
        yield f"ISO {facts['iso']}"
    if facts["focal_length"]:
        yield f"{facts['focal_length']:g} mm"


def size_text(size: int) -> str:
    """Bytes in the largest decimal unit that leaves a number above one: ``3.4 MB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
