"""Facts are believed only when they make sense, and bad metadata is never an error."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photolib.images import Decoder, Facts, Source, name_facts, place_of, sidecar_facts
from photolib.images.facts import facts_of, mtime_facts
from photolib.images.tiff import Tags, Value
from tests.images.conftest import encoded, scene, with_segment

if TYPE_CHECKING:
    from pathlib import Path


def _exif(
    main: dict[int, Any] | None = None,
    exif: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
) -> bytes:
    block = Image.Exif()
    block.update(main or {})
    if exif:
        block[34665] = exif
    if gps:
        block[34853] = gps
    return block.tobytes()[6:]


def _xmp(body: str) -> bytes:
    spaces = {
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    }
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in spaces.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {declared}>{body}</rdf:RDF></x:xmpmeta>'
    ).encode()


PARIS = {1: "N", 2: (48.0, 51.0, 30.24), 3: "E", 4: (2.0, 17.0, 40.2)}


def test_the_camera_and_its_settings() -> None:
    facts = facts_of(
        _exif(
            {271: "NIKON CORPORATION", 272: "NIKON D90", 270: "a description\0junk"},
            {33434: 0.004, 33437: 5.6, 34855: 200, 37386: 50.0, 42036: "AF-S 50mm"},
        )
    )
    assert (facts.camera, facts.lens) == ("NIKON D90", "AF-S 50mm")
    assert (facts.exposure, facts.aperture, facts.iso) == (0.004, 5.6, 200)
    assert facts.focal_length == 50
    assert facts.description == "a description"
    assert facts_of(_exif({271: "Google", 272: "Pixel 7"})).camera == "Google Pixel 7"
    assert facts_of(_exif({271: "EASTMAN KODAK COMPANY", 272: "KODAK Z1"})).camera == "KODAK Z1"


def test_the_original_time_with_its_fraction_and_offset() -> None:
    times = {36867: "2020:02:29 23:59:60", 37521: "07", 36881: "+05:30"}
    facts = facts_of(_exif({306: "2021:01:01 00:00:00"}, times))
    assert facts.taken_at == "2020-02-29T23:59:59.070"
    assert (facts.taken_offset, facts.taken_source) == (330, "exif")


def test_the_offset_follows_from_the_satellites_time() -> None:
    gps = {29: "2023:07:01", 7: (10.0, 0.0, 30.0)}
    near = _exif({}, {36867: "2023:07:01 12:01:00"}, gps)
    far = _exif({}, {36867: "2023:07:01 12:09:00"}, gps)
    assert facts_of(near).taken_offset == 120
    assert facts_of(far).taken_offset is None
    assert facts_of(far).taken_at == "2023-07-01T12:09:00"


def test_satellite_time_alone_is_utc() -> None:
    facts = facts_of(_exif({306: "2024:01:01 00:00:00"}, None, {29: "2023:07:01", 7: (10, 5, 7)}))
    assert (facts.taken_at, facts.taken_offset) == ("2023-07-01T10:05:07", 0)
    assert facts.taken_source == "gps"


@pytest.mark.parametrize(
    "value",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2023:13:01 00:00:00",
        "2023:02:30 00:00:00",
        "1970:01:01 00:00:00",
        "9999:01:01 00:00:00",
        "yesterday",
        "",
    ],
)
def test_an_impossible_time_is_no_time(value: str) -> None:
    assert facts_of(_exif({}, {36867: value})).taken_at is None


def test_a_position_is_signed_by_its_hemisphere() -> None:
    facts = facts_of(_exif(gps=PARIS | {6: 35.0}))
    assert facts.latitude == pytest.approx(48.8584)
    assert facts.longitude == pytest.approx(2.2945)
    assert facts.altitude == 35
    south = facts_of(_exif(gps=PARIS | {1: "S", 3: "W", 5: b"\1", 6: 35.0}))
    assert south.latitude == pytest.approx(-48.8584)
    assert south.longitude == pytest.approx(-2.2945)
    assert south.altitude == -35


@pytest.mark.parametrize(
    "change",
    [
        {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
        {2: (91.0, 0.0, 0.0)},
        {4: (181.0, 0.0, 0.0)},
        {1: "X"},
        {3: ""},
    ],
)
def test_a_position_that_makes_no_sense_is_none(change: dict[int, Any]) -> None:
    facts = facts_of(_exif(gps=PARIS | change))
    assert (facts.latitude, facts.longitude) == (None, None)


@pytest.mark.parametrize("latitude", [b"north", (float("nan"), 0.0, 0.0), (), (-1.0, 0.0, 0.0)])
def test_a_latitude_of_the_wrong_kind_is_none(latitude: Value) -> None:
    gps: dict[int, Value] = {1: b"N", 2: latitude, 3: b"E", 4: (2.0, 0.0, 0.0)}
    assert facts_of(Tags(gps=gps)).latitude is None


def test_xmp_texts_people_and_stars() -> None:
    facts = facts_of(
        xmp=_xmp(
            """<rdf:Description xmp:Rating="4" exif:GPSLatitude="39,12.345S"
                 exif:GPSLongitude="9,30,36W" photoshop:DateCreated="2010-09-27T12:00:01.5-07:00">
               <dc:title><rdf:Alt><rdf:li xml:lang="de">Titel</rdf:li>
                 <rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></dc:title>
               <dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>dog</rdf:li><rdf:li>sea</rdf:li>
                 </rdf:Bag></dc:subject>
               <mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag><rdf:li mwg-rs:Name="Ada"/>
                 <rdf:li><rdf:Description mwg-rs:Name="Grace"/></rdf:li>
                 </rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>"""
        )
    )
    assert (facts.title, facts.keywords, facts.people) == (
        "Title",
        ("sea", "dog"),
        ("Ada", "Grace"),
    )
    assert facts.rating == 4
    assert facts.latitude == pytest.approx(-39.20575)
    assert facts.longitude == pytest.approx(-9.51)
    assert (facts.taken_at, facts.taken_offset) == ("2010-09-27T12:00:01.500", -420)
    assert facts.taken_source == "xmp"


def test_hostile_xmp_says_nothing() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    external = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    for packet in (bomb, external, b"<x", b"\xff\xfe\0", b'<?xml encoding="nonsense"?><x/>'):
        assert facts_of(xmp=packet) == Facts()


def test_a_sidecar_goes_before_what_is_embedded(tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    text = _xmp('<rdf:Description xmp:Rating="5"/>').decode()
    path.write_bytes(text.encode("utf-16"))
    merged = sidecar_facts(path).or_else(Facts(rating=1, title="kept"))
    assert (merged.rating, merged.title) == (5, "kept")
    assert sidecar_facts(tmp_path / "gone.xmp") == Facts()


def test_a_time_and_its_offset_stay_together() -> None:
    merged = Facts(taken_at="2020-01-01T00:00:00", taken_source="xmp").or_else(
        Facts(taken_at="2021-01-01T00:00:00", taken_offset=60, taken_source="exif")
    )
    assert (merged.taken_at, merged.taken_offset) == ("2020-01-01T00:00:00", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20230405_142233.jpg", "2023-04-05T14:22:33"),
        ("PXL_20230405_142233123.jpg", "2023-04-05T14:22:33.123"),
        ("PXL_20230405_142233123.MP.jpg", "2023-04-05T14:22:33.123"),
        ("IMG-20230405-WA0001.jpg", "2023-04-05T12:00:00"),
        ("2023-04-05 14.22.33.jpg", "2023-04-05T14:22:33"),
        ("Screenshot_2023-04-05-14-22-33-123_app.png", "2023-04-05T14:22:33.123"),
        ("Screenshot 2023-04-05 at 14.22.33.png", "2023-04-05T14:22:33"),
        ("20230405142233.jpg", "2023-04-05T14:22:33"),
        ("signal-2023-04-05-142233.jpg", "2023-04-05T14:22:33"),
        ("mmexport1523456789012.jpg", "2018-04-11T14:26:29"),
        ("dir_20200101/IMG_1234.jpg", None),
        ("IMG_0001.jpg", None),
        ("99920230405999.jpg", None),
        ("20231305_142233.jpg", None),
    ],
)
def test_times_in_names(name: str, expected: str | None) -> None:
    facts = name_facts(name)
    assert facts.taken_at == expected
    assert facts == name_facts(name.encode())


def test_the_name_goes_before_the_files_own_time() -> None:
    nanoseconds = 1_600_000_000_000_000_000
    assert Facts().dated("IMG_20230405_142233.jpg", nanoseconds).taken_source == "name"
    by_file = Facts().dated("x.jpg", nanoseconds)
    assert by_file.taken_source == "mtime"
    assert by_file.taken_at is not None
    assert by_file.taken_at.startswith("2020-09-1")
    own = Facts(taken_at="2001-01-01T00:00:00", taken_source="exif")
    assert own.dated("IMG_20230405_142233.jpg", nanoseconds) == own
    assert mtime_facts(2**70).taken_at is None


def test_iptc_and_video_tags() -> None:
    def dataset(number: int, value: bytes) -> bytes:
        return bytes((0x1C, 2, number)) + len(value).to_bytes(2, "big") + value

    values = {25: b"one", 5: b"name", 120: b"text", 55: b"20190102", 60: b"030405+0100"}
    record = b"".join(dataset(*value) for value in values.items()) + dataset(25, b"two")
    facts = facts_of(iptc=record)
    assert (facts.keywords, facts.title, facts.description) == (("one", "two"), "name", "text")
    assert (facts.taken_at, facts.taken_offset) == ("2019-01-02T03:04:05", 60)
    video = facts_of(
        tags={
            "creation_time": "2023-04-05T06:07:08.000000Z",
            "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035/",
        }
    )
    assert (video.taken_at, video.taken_offset) == ("2023-04-05T06:07:08", 0)
    assert (video.latitude, video.longitude) == (48.8584, 2.2945)


def test_facts_reach_the_decoded_picture_from_every_container(decoder: Decoder) -> None:
    heif = pytest.importorskip("pillow_heif")
    block = b"Exif\0\0" + _exif({272: "Camera"}, {36867: "2020:01:02 03:04:05"})
    file = io.BytesIO()
    heif.from_pillow(scene()).save(file, exif=block)
    files = {
        name: encoded(scene(), name, exif=block) for name in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
    } | {"HEIF": file.getvalue()}
    for name, data in files.items():
        facts = decoder.decode(Source.of_bytes(data), side=32).facts
        assert (name, facts.camera, facts.taken_at) == (name, "Camera", "2020-01-02T03:04:05")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2), st.booleans())
def test_noise_in_metadata_is_never_an_error(noise: bytes, block: int, headed: bool) -> None:
    sound = _exif({271: "Maker", 272: "Model"}, {36867: "2020:01:02 03:04:05"}, PARIS)
    exif = b"II*\0\x08\0\0\0" + noise if headed else sound[: len(noise)] + noise
    blocks = [exif if block == number else b"" for number in range(3)]
    facts = facts_of(blocks[0], blocks[1], blocks[2])
    for field in dataclasses.fields(facts):
        value = getattr(facts, field.name)
        for word in value if isinstance(value, tuple) else [value]:
            assert not isinstance(word, str) or (len(word) <= 2000 and "\0" not in word)


def test_texts_are_bounded_and_free_of_control_characters() -> None:
    facts = facts_of(_exif({270: "\x1b[31mred\x07 " + "x" * 9000, 272: "M" * 500}))
    assert facts.description is not None
    assert len(facts.description) <= 2000
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in facts.description)
    assert len(facts.camera or "") <= 100


def test_two_exif_blocks_use_the_first() -> None:
    first, second = (b"Exif\0\0" + _exif({272: name}) for name in ("first", "second"))
    jpeg = with_segment(with_segment(encoded(scene()), 0xE1, second), 0xE1, first)
    anatomy = Source.of_bytes(jpeg).anatomy
    assert anatomy is not None
    assert facts_of(anatomy.exif).camera == "first"


@pytest.mark.parametrize(
    ("latitude", "longitude", "country", "town"),
    [
        (48.8584, 2.2945, "FR", "Paris"),
        (39.9163, 116.3972, "CN", "Beijing"),
        (51.5007, -0.1246, "GB", "London"),
        (64.1466, -21.9426, "IS", "Reykjavík"),
    ],
)
def test_places(latitude: float, longitude: float, country: str, town: str) -> None:
    place = place_of(latitude, longitude)
    assert place is not None
    assert (place.country_code, place.town) == (country, town)
    assert place.country


def test_no_place_at_sea_or_nowhere() -> None:
    assert place_of(0.0, -140.0) is None
    assert place_of(float("nan"), 0.0) is None
    assert place_of(95.0, 0.0) is None
