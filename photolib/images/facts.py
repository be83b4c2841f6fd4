"""What a picture says about itself: when, where, with what, and what people wrote into it.

Metadata is written by strangers, so nothing here raises on it: a value that makes no sense is
absent. Strings are bounded and free of control characters. Sources: EXIF 2.32 (CIPA DC-008), XMP
(ISO 16684-1), MWG guidelines 2.0 (regions, precedence), IPTC IIM 4.2.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.etree.ElementTree import ParseError

from photolib.images import tiff
from photolib.images.tiff import Tags, Value, first

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from xml.etree.ElementTree import Element

_TEXT_LIMIT: Final = 2000
_WORDS_LIMIT: Final = 200
_WORD_LIMIT: Final = 200
_XMP_LIMIT: Final = 2 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about one picture; None or empty where it says nothing believable.

    ``taken_at`` is the local wall-clock time ``YYYY-MM-DDTHH:MM:SS[.fff]``; ``taken_offset`` its
    minutes east of UTC; ``taken_source`` is ``exif`` (also the tags of a video), ``xmp``,
    ``iptc``, ``gps`` (then UTC), ``name`` or ``mtime``. Latitude and longitude are WGS 84
    degrees, altitude metres, ``exposure`` seconds, ``aperture`` the f-number, ``focal_length``
    millimetres, ``rating`` 0 to 5.
    """

    taken_at: str | None = None
    taken_offset: int | None = None
    taken_source: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    camera: str | None = None
    lens: str | None = None
    exposure: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    title: str | None = None
    description: str | None = None

    def or_else(self, other: Facts) -> Facts:
        """These facts, and the other's where these say nothing.

        Time, offset and source stay together, and so do the three of a position. What a sidecar
        says goes before what is embedded: ``sidecar.or_else(embedded)``.
        """
        if other is NOTHING or self is NOTHING:
            return self if other is NOTHING else other
        missing = {
            fact.name: getattr(other, fact.name)
            for fact in fields(self)
            if getattr(self, fact.name) in (None, ())
        }
        for group in (_TIME, _POSITION):
            if getattr(self, group[0]) is not None:
                for name in group:
                    missing.pop(name, None)
        return replace(self, **missing)

    def dated(self, name: str | bytes, mtime_ns: int | None = None) -> Facts:
        """These facts; without a time, that in the file's name, else its modification time."""
        if self.taken_at is not None:
            return self
        return self.or_else(name_facts(name)).or_else(mtime_facts(mtime_ns))


NOTHING: Final = Facts()
_TIME: Final = ("taken_at", "taken_offset", "taken_source")
_POSITION: Final = ("latitude", "longitude", "altitude")


def facts_of(
    exif: bytes | Tags = b"",
    xmp: bytes = b"",
    iptc: bytes = b"",
    tags: Mapping[str, str] | None = None,
) -> Facts:
    """The facts in the metadata blocks of one content; ``tags`` are those of a video container.

    ``exif`` is TIFF-structured (from its byte order on), ``xmp`` an XMP packet, ``iptc`` an IIM
    record. An original time (EXIF, then XMP, IPTC) goes before a satellite's, and that before
    the time of the last change of the file. Text goes XMP, IPTC, EXIF, as tools write it.
    """
    read = exif if isinstance(exif, Tags) else tiff.read_any(exif)
    written, record = _xmp_facts(xmp), _iptc_facts(iptc)
    satellite = _satellite_time(read)
    original = _exif_time(read, _ORIGINAL_TIMES, satellite)
    changed = _exif_time(read, _CHANGE_TIMES, satellite)
    by_time = [original, written, record, _satellite_facts(satellite), changed]
    when = next((facts for facts in by_time if facts.taken_at is not None), NOTHING)
    machine = _exif_facts(read)
    merged = replace(machine, **{name: getattr(when, name) for name in _TIME})
    texts = written.or_else(record).or_else(_exif_texts(read))
    return merged.or_else(texts).or_else(_video_facts(tags or {}))


def orientation_of(exif: bytes | Tags) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none."""
    read = exif if isinstance(exif, Tags) else tiff.read_any(exif)
    value = first(read.main.get(274))
    return int(value) if value in (1, 2, 3, 4, 5, 6, 7, 8) else 1


# --- text and numbers ---------------------------------------------------------------------------


def _text(value: object, limit: int = _TEXT_LIMIT) -> str | None:
    """Printable text of bounded length, None when nothing is left."""
    if isinstance(value, (bytes, bytearray)):
        raw = bytes(value).split(b"\0", 1)[0]
        try:
            value = raw.decode("utf-8")
        except UnicodeDecodeError:
            value = raw.decode("latin-1")
    if not isinstance(value, str):
        return None
    cleaned = _CONTROL.sub(" ", value[: limit * 2]).strip()[:limit].strip()
    return cleaned.encode("utf-8", "ignore").decode() or None


def _words(values: Iterable[object]) -> tuple[str, ...]:
    """Distinct words in their order."""
    found = dict.fromkeys(text for value in values if (text := _text(value, _WORD_LIMIT)))
    return tuple(found)[:_WORDS_LIMIT]


def _number(value: Value | None, low: float, high: float) -> float | None:
    number = first(value)
    return number if number is not None and low <= number <= high else None


def _rating(value: float | None) -> int | None:
    """Stars, 0 to 5; a rejected picture (-1) has none."""
    return min(5, max(0, round(value))) if value is not None and -1 <= value <= 5 else None


def _float(text: str | None) -> float | None:
    with suppress(ValueError):
        number = float(text or "")
        return number if math.isfinite(number) else None
    return None


# --- time ---------------------------------------------------------------------------------------

_ORIGINAL_TIMES: Final = ((36867, 37521, 36881), (36868, 37522, 36882))
_CHANGE_TIMES: Final = ((306, 37520, 36880),)
"""EXIF tags of a time, its fraction of a second, and its offset."""
_EXIF_TIME = re.compile(
    r"(\d{4})[:\-/. ](\d\d?)[:\-/. ](\d\d?)[ T](\d\d?)[:.](\d\d)(?:[:.](\d\d))?"
)
_ISO_TIME = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
_OFFSET = re.compile(r"([+-])(\d\d?):?(\d\d)")
_FIRST_YEAR: Final = 1826  # the first photograph
_LAST_YEAR: Final = 2100
_RESET_CLOCKS: Final = ("1970-01-01T00:00:00", "1904-01-01T00:00:00", "1980-01-01T00:00:00")

_Satellite: TypeAlias = "datetime | None"


def _moment(parts: Iterable[str | None], fraction: str | None = None) -> str | None:
    """Local ISO time of year, month, day, hour, minute, second; absent parts are the earliest."""
    defaults = (0, 1, 1, 0, 0, 0)
    numbers = [int(part) if part else least for part, least in zip(parts, defaults, strict=True)]
    numbers[5] = min(numbers[5], 59)  # a leap second
    if not _FIRST_YEAR <= numbers[0] <= _LAST_YEAR:
        return None
    try:
        moment = datetime(*numbers).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return None
    if moment in _RESET_CLOCKS:
        return None
    digits = (fraction or "").strip()
    if not digits.isdecimal() or not digits.isascii() or not int(digits[:3]):
        return moment
    return f"{moment}.{digits[:3].ljust(3, '0')}"


def _exif_time(read: Tags, choices: Iterable[tuple[int, int, int]], satellite: _Satellite) -> Facts:
    for time, fraction, offset in choices:
        value = read.exif.get(time, read.main.get(time))
        match = _EXIF_TIME.match(_text(value, 40) or "")
        parts = _text(read.exif.get(fraction), 9)
        if match and (moment := _moment(match.groups(), parts)):
            zone = _offset(_text(read.exif.get(offset), 9)) or _offset_by(moment, satellite)
            return Facts(taken_at=moment, taken_offset=zone, taken_source="exif")
    return NOTHING


def _offset(text: str | None) -> int | None:
    """Minutes east of UTC."""
    if text == "Z":
        return 0
    match = _OFFSET.match(text or "")
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return (minutes if match[1] == "+" else -minutes) if minutes <= 15 * 60 else None


def _offset_by(moment: str, satellite: _Satellite) -> int | None:
    """The offset between a camera's clock and the satellite's, when it is a plausible zone.

    Zones are whole quarters of an hour; a clock that is four minutes off them was set by hand,
    or the satellite time is that of an older fix.
    """
    if satellite is None:
        return None
    apart = (datetime.fromisoformat(moment) - satellite).total_seconds() / 60
    zone = round(apart / 15) * 15
    return zone if abs(apart - zone) < 4 and -12 * 60 <= zone <= 14 * 60 else None


def _satellite_time(read: Tags) -> _Satellite:
    """UTC of the GPS date and time stamps."""
    day = re.match(r"(\d{4})[:\-](\d\d?)[:\-](\d\d?)", _text(read.gps.get(29), 20) or "")
    clock = read.gps.get(7)
    if not day or not isinstance(clock, tuple) or len(clock) != 3:
        return None
    hours, minutes, seconds = clock
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61):
        return None
    parts = [*day.groups(), str(int(hours)), str(int(minutes)), str(int(seconds))]
    moment = _moment(parts)
    return datetime.fromisoformat(moment) if moment else None


def _satellite_facts(satellite: _Satellite) -> Facts:
    if satellite is None:
        return NOTHING
    return Facts(taken_at=satellite.isoformat(), taken_offset=0, taken_source="gps")


def _iso_facts(text: str | None, source: str) -> Facts:
    match = _ISO_TIME.match(text or "")
    moment = _moment(match.groups()[:6], match[7]) if match else None
    if match is None or moment is None:
        return NOTHING
    return Facts(taken_at=moment, taken_offset=_offset(match[8]), taken_source=source)


_DAY: Final = r"((?:19[5-9]|20[0-9])\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
_CLOCK: Final = r"([01]\d|2[0-3])[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)"
_NAMED_TIME = re.compile(rf"(?<!\d){_DAY}(?:[-_. T]|at)+{_CLOCK}(?:[-_.]?(\d{{3}}))?(?!\d)")
_NAMED_CLOSED = re.compile(rf"(?<!\d){_DAY}{_CLOCK}(?!\d)")
_NAMED_DAY = re.compile(rf"(?<!\d){_DAY}(?!\d)")
_NAMED_EPOCH = re.compile(r"(?:mmexport|FB_IMG_|wx_camera_|received_)(1[0-9]{12})(?!\d)")


def name_facts(name: str | bytes) -> Facts:
    """The time that a camera, a phone or a messenger wrote into a file's name.

    ``IMG_20230405_142233``, ``2023-04-05 14.22.33``, ``Screenshot_2023-04-05-14-22-33``,
    ``PXL_20230405_142233123`` (UTC), ``mmexport1523456789012`` (UTC, epoch). A name that holds
    only a day (``IMG-20230405-WA0001``) counts as noon, so that it stays within its day.
    """
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    stem = text.replace("\\", "/").rpartition("/")[2][:255]
    if match := _NAMED_TIME.search(stem) or _NAMED_CLOSED.search(stem):
        groups = match.groups()
        moment = _moment(groups[:6], groups[6] if len(groups) > 6 else None)
        zone = 0 if stem.startswith("PXL_") else None
    elif match := _NAMED_EPOCH.search(stem):
        utc = datetime.fromtimestamp(int(match[1]) // 1000, UTC)
        moment, zone = utc.strftime("%Y-%m-%dT%H:%M:%S"), 0
    elif match := _NAMED_DAY.search(stem):
        moment, zone = _moment([*match.groups(), "12", "0", "0"]), None
    else:
        return NOTHING
    return Facts(taken_at=moment, taken_offset=zone, taken_source="name") if moment else NOTHING


def mtime_facts(mtime_ns: int | None) -> Facts:
    """The time of a file's last change, in this machine's zone."""
    if mtime_ns is None:
        return NOTHING
    try:
        local = datetime.fromtimestamp(mtime_ns // 10**9, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return NOTHING
    if not _FIRST_YEAR <= local.year <= _LAST_YEAR:
        return NOTHING
    zone = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    moment = local.replace(tzinfo=None).isoformat(timespec="seconds")
    return Facts(taken_at=moment, taken_offset=zone, taken_source="mtime")


# --- EXIF ---------------------------------------------------------------------------------------


def _exif_facts(read: Tags) -> Facts:
    """What the camera measured."""
    latitude, longitude = _position(read)
    iso = _number(read.exif.get(34855), 1, 10_000_000)
    return Facts(
        latitude=latitude,
        longitude=longitude,
        altitude=_altitude(read) if latitude is not None else None,
        camera=_camera(read),
        lens=_text(read.exif.get(42036), 200),
        exposure=_number(read.exif.get(33434), 1e-7, 1e5),
        aperture=_number(read.exif.get(33437), 0.1, 1000),
        iso=None if iso is None else int(iso),
        focal_length=_number(read.exif.get(37386), 0.1, 1e5),
    )


def _exif_texts(read: Tags) -> Facts:
    """What people wrote, and the stars they gave (the XP tags are Windows Explorer's)."""
    keywords = _wide(read.main.get(40094)) or ""
    return Facts(
        rating=_rating(first(read.main.get(18246))),
        keywords=_words(keywords.split(";")),
        title=_wide(read.main.get(40091)),
        description=_text(read.main.get(270)) or _wide(read.main.get(40092)),
    )


def _wide(value: Value | None) -> str | None:
    """Text in UTF-16."""
    if not isinstance(value, bytes):
        return None
    return _text(value.decode("utf-16-le", "ignore").split("\0", 1)[0])


def _camera(read: Tags) -> str | None:
    """Maker and model; the maker is left out where the model begins with a word of it."""
    maker, model = (_text(read.main.get(tag), 100) for tag in (271, 272))
    if not maker or not model:
        return model or maker
    words = maker.lower().split()
    return model if model.lower().split()[0] in words else f"{maker} {model}"


def _position(read: Tags) -> tuple[float | None, float | None]:
    latitude = _degrees(read.gps.get(2), read.gps.get(1), b"NS")
    longitude = _degrees(read.gps.get(4), read.gps.get(3), b"EW")
    return _believed(latitude, longitude)


def _believed(latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
    """A position on Earth; 0, 0 is what a receiver without a fix writes."""
    if latitude is None or longitude is None or not (latitude or longitude):
        return None, None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None, None
    return round(latitude, 7), round(longitude, 7)


def _degrees(value: Value | None, reference: Value | None, names: bytes) -> float | None:
    """Degrees, minutes and seconds as signed degrees; None without a valid hemisphere."""
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        return None
    side = bytes(reference[:1]).upper() if isinstance(reference, bytes) else b""
    if not side or side not in names:
        return None
    total = _sexagesimal(part for part in value if not math.isnan(part))
    if math.isnan(value[0]) or any(part < 0 for part in value) or not math.isfinite(total):
        return None
    return -total if side == names[1:] else total


def _sexagesimal(parts: Iterable[float]) -> float:
    return math.fsum(part / 60.0**power for power, part in enumerate(parts))


def _altitude(read: Tags) -> float | None:
    metres = _number(read.gps.get(6), 0, 20_000)
    return -metres if metres and first(read.gps.get(5)) == 1 else metres


# --- XMP ----------------------------------------------------------------------------------------

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_SPACES: Final = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.microsoft.com/photo/1.0/": "microsoft",
    "http://ns.microsoft.com/photo/1.0": "microsoft",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "region",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "iptc",
    "http://www.digikam.org/ns/1.0/": "digikam",
    "http://cipa.jp/exif/1.0/": "exifex",
}

_Properties: TypeAlias = "dict[str, list[str]]"


def sidecar_facts(path: Path | str | bytes) -> Facts:
    """The facts in an XMP sidecar file; none when it cannot be read or understood."""
    try:
        with open(path, "rb") as file:
            return _xmp_facts(file.read(_XMP_LIMIT + 1))
    except OSError:
        return NOTHING


def _xmp_facts(packet: bytes) -> Facts:
    found = _properties(packet)
    if not found:
        return NOTHING
    one = {name: values[0] for name, values in found.items() if values}
    latitude, longitude = _believed(
        _xmp_degrees(one.get("exif:GPSLatitude")), _xmp_degrees(one.get("exif:GPSLongitude"))
    )
    stars = _float(one.get("xmp:Rating"))
    described = Facts(
        latitude=latitude,
        longitude=longitude,
        rating=_rating(stars) if stars is not None else _percent(one.get("microsoft:Rating")),
        keywords=_words(_keywords(found)),
        people=_words(
            [
                *found.get("mwg:Name", []),
                *found.get("iptc:PersonInImage", []),
                *found.get("region:PersonDisplayName", []),
            ]
        ),
        title=_text(one.get("dc:title")) or _text(one.get("photoshop:Headline")),
        description=_text(one.get("dc:description")),
        lens=_text(one.get("exifex:LensModel") or one.get("aux:Lens"), 200),
    )
    for name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"):
        described = described.or_else(_iso_facts(one.get(name), "xmp"))
    return described.or_else(_iso_facts(one.get("exif:GPSTimeStamp"), "gps"))


def _properties(packet: bytes) -> _Properties:
    """Every property of a packet, as ``prefix:Name`` and its values."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if not packet or len(packet) > _XMP_LIMIT:
        return {}
    found: _Properties = {}
    # Expat: unknown encodings are LookupError, bytes that break them ValueError.
    try:
        root: Element = fromstring(_trimmed(packet), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return {}
    for element in root.iter():
        for name, value in element.attrib.items():
            _note(found, name, [value])
        _note(found, element.tag, _values(element))
    return found


def _trimmed(packet: bytes) -> bytes:
    """Without the padding that XML forbids; UTF-16, whose letters hold zeros, as it is."""
    return packet if packet[:2] in (b"\xff\xfe", b"\xfe\xff") else packet.strip(b"\0 \r\n\t")


def _note(found: _Properties, name: str, values: list[str]) -> None:
    space, _, local = name[1:].partition("}")
    prefix = _SPACES.get(space)
    if prefix and values:
        found.setdefault(f"{prefix}:{local}", []).extend(values)


def _values(element: Element) -> list[str]:
    """The text of a property, or of every item in its list; a default language comes first."""
    items = [item for group in element for item in group if item.tag == _RDF + "li"]
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    items.sort(key=lambda item: item.get(language, "x-default") != "x-default")
    texts = [item.text for item in items] if items else [element.text]
    return [text.strip() for text in texts if text and text.strip()]


def _keywords(found: _Properties) -> list[str]:
    """Plain keywords; the last level of digiKam's and Microsoft's paths where there are none."""
    plain = found.get("dc:subject", [])
    if plain:
        return plain
    paths = found.get("digikam:TagsList", []) + found.get("microsoft:LastKeywordXMP", [])
    return [path.rpartition("/")[2] for path in paths]


def _percent(text: str | None) -> int | None:
    """Windows stores stars as 1, 25, 50, 75, 99 of a hundred."""
    value = _float(text)
    return (
        None if value is None or not 0 <= value <= 100 else round(value / 25 + 0.99 * (value > 0))
    )


def _xmp_degrees(text: str | None) -> float | None:
    """``39,12.345N`` or ``39,12,20.7N`` as signed degrees."""
    match = re.fullmatch(r"([\d.]+),([\d.]+)(?:,([\d.]+))?([NSEW])", (text or "").strip())
    if not match:
        return None
    parts = [_float(part) for part in match.groups()[:3] if part]
    total = _sexagesimal(part for part in parts if part is not None)
    return -total if match[4] in "SW" else total


# --- IPTC and video -----------------------------------------------------------------------------


def _iptc_facts(record: bytes) -> Facts:
    """Application record 2 of IIM: title, keywords, caption, and the day of creation."""
    if not record:
        return NOTHING
    found: dict[int, list[bytes]] = {}
    at = 0
    while at + 5 <= len(record) and record[at] == 0x1C:
        section, dataset = record[at + 1], record[at + 2]
        size = int.from_bytes(record[at + 3 : at + 5], "big")
        if size & 0x8000:
            break
        if section == 2:
            found.setdefault(dataset, []).append(record[at + 5 : at + 5 + size])
        at += 5 + size
    described = Facts(
        keywords=_words(found.get(25, [])),
        title=_text(found.get(5, [b""])[0]) or _text(found.get(105, [b""])[0]),
        description=_text(found.get(120, [b""])[0]),
    )
    return described.or_else(_iptc_time(found))


def _iptc_time(found: dict[int, list[bytes]]) -> Facts:
    day = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", _text(found.get(55, [b""])[0]) or "")
    clock = re.match(r"(\d\d)(\d\d)(\d\d)([+-]\d{4})?", _text(found.get(60, [b""])[0]) or "")
    if not day or not clock:
        return NOTHING
    moment = _moment([*day.groups(), *clock.groups()[:3]])
    if moment is None:
        return NOTHING
    return Facts(taken_at=moment, taken_offset=_offset(clock[4]), taken_source="iptc")


def _video_facts(tags: Mapping[str, str]) -> Facts:
    if not tags:
        return NOTHING
    lower = {key.lower(): value for key, value in tags.items()}
    found = _iso_facts(lower.get("com.apple.quicktime.creationdate"), "exif")
    found = found.or_else(_iso_facts(lower.get("creation_time"), "exif"))
    place = lower.get("com.apple.quicktime.location.iso6709") or lower.get("location") or ""
    # ISO 6709: +DD.DDDD-DDD.DDDD, then perhaps an altitude.
    match = re.match(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)", place)
    latitude, longitude = _believed(float(match[1]), float(match[2])) if match else (None, None)
    maker, model = (lower.get(f"com.apple.quicktime.{name}") for name in ("make", "model"))
    camera = _text(f"{maker} {model}", 200) if maker and model else None
    return found.or_else(Facts(latitude=latitude, longitude=longitude, camera=camera))
