"""Photos, contents and parts: what is stored is what comes back, whatever the names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib.catalogue import Change, Known, NewAlbum, PhotoFilter, Stat

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf

ODD_PATHS = [
    b"caf\xe9/\xff.jpg",
    b"line\nbreak\t.jpg",
    b"n" * 255 + b"/" + b"m" * 3000,
    b"'\";%_*?",
]


@pytest.mark.parametrize("path", ODD_PATHS, ids=["not UTF-8", "newline", "long", "syntax"])
def test_odd_paths_come_back_byte_for_byte(catalogue: Catalogue, shelf: Shelf, path: bytes) -> None:
    folder_id = shelf.folder(b"/ph\xf6tos")
    photo_id = shelf.photo(path)
    photo_id = shelf.photo(path, folder_id=folder_id)
    row = catalogue.photos.get(photo_id)
    assert row is not None
    assert os.fsencode(row.path) == b"/ph\xf6tos/" + path
    assert catalogue.photos.at(folder_id, path) == row
    assert catalogue.photos.known(folder_id).keys() == {path}
    assert catalogue.photos.sample_paths(folder_id, 3) == [path]
    assert [os.fsencode(c.path) for c in catalogue.photos.candidates([photo_id])] == [
        b"/ph\xf6tos/" + path
    ]
    catalogue.problems.record(
        folder_id, path, "shown", Stat(1, 2, 3), outcome="failed", code="unreadable", reason="bad"
    )
    assert [os.fsencode(p.path) for p in catalogue.problems.page("failed")] == [
        b"/ph\xf6tos/" + path
    ]


@given(path=st.binary(min_size=1, max_size=40))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_path_is_stored_found_and_searchable(
    catalogue: Catalogue, shelf: Shelf, path: bytes
) -> None:
    folder_id = shelf.folder()
    photo_id = shelf.photo(path)
    found = catalogue.photos.at(folder_id, path)
    assert found is not None
    assert found.photo_id == photo_id
    shelf.mark(photo_id, "removed")


def test_known_tells_what_stands_at_each_path_now(catalogue: Catalogue, shelf: Shelf) -> None:
    folder_id = shelf.folder()
    stat = Stat(5, 6, 7)
    old = shelf.photo(b"a.jpg")
    shelf.mark(old, "missing")
    new = shelf.photo(b"a.jpg", size=200)
    gone = shelf.photo(b"gone.jpg")
    shelf.mark(gone, "missing")
    shelf.mark(shelf.photo(b"removed.jpg"), "removed")
    shelf.photo(b"elsewhere.jpg", folder_id=shelf.folder(b"/other"))
    catalogue.photos.add_part(folder_id, b"a.xmp", "a.xmp", stat, "sidecar", new)
    for path, outcome in ((b"bad.jpg", "failed"), (b"movie.avi", "skipped")):
        catalogue.problems.record(
            folder_id, path, "", stat, outcome=outcome, code="unreadable", reason="bad"
        )
    catalogue.problems.record(
        folder_id, b"a.jpg", "", stat, outcome="failed", code="x", reason="x", stage="crops"
    )
    assert catalogue.photos.known(folder_id) == {
        b"a.jpg": Known("photo", new, 200, 1_000, "present"),
        b"gone.jpg": Known("photo", gone, 100, 1_000, "missing"),
        b"a.xmp": Known("part", 1, 5, 6, "present"),
        b"bad.jpg": Known("failed", 1, 5, 6, "present"),
        b"movie.avi": Known("skipped", 2, 5, 6, "present"),
    }
    found = catalogue.photos.at(folder_id, b"a.jpg")
    assert found is not None
    assert found.photo_id == new


def test_one_present_photo_to_a_path(catalogue: Catalogue, shelf: Shelf) -> None:
    shelf.photo(b"a.jpg")
    with pytest.raises(Exception, match="UNIQUE"):
        shelf.photo(b"a.jpg")
    assert catalogue.photos.by_state() == {"present": 1, "missing": 0, "removed": 0}


def test_a_move_keeps_all_but_the_place(catalogue: Catalogue, shelf: Shelf) -> None:
    photo_id = shelf.photo(b"a.jpg")
    content_id = shelf.content_of(photo_id)
    catalogue._database.execute("UPDATE photo SET rating = 4, favourite = 1")
    shelf.mark(photo_id, "missing")
    other = shelf.folder(b"/other")
    catalogue.photos.move(photo_id, other, b"b/c.jpg", "/other/b/c.jpg", Stat(1, 2, 3))
    row = catalogue.photos.get(photo_id)
    assert row is not None
    assert (row.path, row.folder_id, row.state) == ("/other/b/c.jpg", other, "present")
    assert (row.size, row.mtime_ns) == (1, 2)
    assert (row.content_id, row.rating, row.favourite) == (content_id, 4, True)
    assert catalogue.photos.known(shelf.folder()) == {}


def test_a_photo_whose_file_was_edited_takes_the_new_content(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    photo_id = shelf.photo(b"a.jpg")
    shelf.mark(photo_id, "missing")
    content_id = shelf.content(width=7, taken_at="2001-01-01T00:00:00", taken_source="exif")
    catalogue.photos.refresh(photo_id, Stat(9, 8, 7), content_id, ("2001-01-01T00:00:00", "exif"))
    row = catalogue.photos.get(photo_id)
    assert row is not None
    assert (row.content_id, row.width, row.size, row.state) == (content_id, 7, 9, "present")
    assert row.taken_at == "2001-01-01T00:00:00"
    assert catalogue.photos.content_taken(content_id) == ("2001-01-01T00:00:00", "exif")


def test_equal_bytes_are_one_content(catalogue: Catalogue, shelf: Shelf) -> None:
    first = shelf.photo(b"a.jpg")
    copy = shelf.photo(b"b.jpg", content_id=shelf.content_of(first))
    row = catalogue.photos.get(first)
    assert row is not None
    assert catalogue.photos.content_id(row.content_hash) == row.content_id
    assert catalogue.photos.content_id(b"unseen") is None
    of_contents = catalogue.photos.of_contents([row.content_id, 999])
    assert [p.photo_id for p in of_contents[row.content_id]] == [first, copy]
    assert len(of_contents) == 1


def test_facts_tell_the_place_in_words(catalogue: Catalogue, shelf: Shelf) -> None:
    rome = ("IT", "Italy", "Lazio", "Rome")
    first, second = shelf.photo(place=rome, people=("Zoë",)), shelf.photo(place=rome)
    facts = catalogue.photos.facts(first)
    again = catalogue.photos.facts(second)
    assert facts is not None
    assert again is not None
    assert (facts["town"], facts["people"]) == ("Rome", '["Zoë"]')
    assert facts["place_id"] == again["place_id"]
    assert catalogue.photos.facts(999) is None


def test_many_keeps_the_order_asked_for(catalogue: Catalogue, shelf: Shelf) -> None:
    ids = shelf.photos(5)
    asked = [ids[3], 999, ids[0], ids[3]]
    assert [row.photo_id for row in catalogue.photos.many(asked)] == [ids[3], ids[0], ids[3]]


@pytest.fixture
def dated(catalogue: Catalogue, shelf: Shelf) -> list[int]:
    """Six photos, the oldest first; the third hidden, the fourth missing, two in an album."""
    other = shelf.folder(b"/other")
    ids = [
        shelf.photo(
            folder_id=other if year % 2 else None, taken=(f"20{year}-01-01T00:00:00", "exif")
        )
        for year in (10, 11, 12, 13, 14, 14)
    ]
    catalogue._database.execute("UPDATE photo SET hidden = 1 WHERE photo_id = ?", (ids[2],))
    shelf.mark(ids[3], "missing")
    run_id = catalogue.groupings.begin("theme")
    album = NewAlbum("A", (ids[0], ids[2], ids[4]), ids[0])
    catalogue.albums.replace("theme", [album], run_id=run_id)
    return ids


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (PhotoFilter(), [5, 4, 1, 0]),
        (PhotoFilter(order="oldest"), [0, 1, 4, 5]),
        (PhotoFilter(hidden=True), [2]),
        (PhotoFilter(state="missing"), [3]),
        (PhotoFilter(folder_id=1), [1]),
        (PhotoFilter(folder_id=2), [5, 4, 0]),
        (PhotoFilter(album_id=1), [4, 0]),
        (PhotoFilter(album_id=1, folder_id=1), []),
        (PhotoFilter(album_id=1, order="oldest"), [0, 4]),
        (PhotoFilter(unsorted=True), [5, 1]),
        (PhotoFilter(favourite=True), []),
        (PhotoFilter(order="added"), [5, 4, 1, 0]),
        (PhotoFilter(order="name"), [1, 0, 4, 5]),
        (PhotoFilter(order="rating"), [5, 4, 1, 0]),
        (PhotoFilter(order="size"), [0, 1, 4, 5]),
    ],
)
def test_windows_and_counts(
    catalogue: Catalogue, dated: list[int], chosen: PhotoFilter, places: list[int]
) -> None:
    expected = [dated[place] for place in places]
    shown = [row.photo_id for row in catalogue.photos.window(chosen, 0, 10)]
    assert shown == expected
    assert catalogue.photos.ids(chosen, 1, 2) == expected[1:3]
    assert sum(count for _, count in catalogue.photos.months(chosen)) == len(expected)
    assert catalogue.photos.count(chosen) == len(expected)
    by_one = [catalogue.photos.window(chosen, offset, 1) for offset in range(len(expected))]
    assert [row.photo_id for [row] in by_one] == expected
    assert catalogue.photos.window(chosen, len(expected), 5) == []


def test_counts_by_state_and_folder(catalogue: Catalogue, dated: list[int]) -> None:
    assert catalogue.photos.by_state() == {"present": 5, "missing": 1, "removed": 0}
    assert catalogue.photos.by_folder() == {1: 2, 2: 4}
    with catalogue.transaction():
        catalogue.photos.mark(dated[:1], "removed")
    assert catalogue.photos.by_folder() == {1: 2, 2: 3}


def test_samples_are_spread_over_the_folder(catalogue: Catalogue, shelf: Shelf) -> None:
    folder_id = shelf.folder()
    assert catalogue.photos.sample_paths(folder_id, 4) == []
    ids = [shelf.photo(b"%02d.jpg" % number) for number in range(20)]
    shelf.mark(ids[0], "missing")
    paths = sorted(catalogue.photos.sample_paths(folder_id, 4))
    assert len(paths) == 4
    assert paths[0] == b"01.jpg"
    assert paths[-1] >= b"15.jpg"


def test_candidates_carry_what_the_best_pick_weighs(catalogue: Catalogue, shelf: Shelf) -> None:
    plain = shelf.photo(b"plain.jpg")
    rich = shelf.photo(
        b"rich.jpg", camera="C", lens="L", title="T", keywords=("k",), people=("p",), rating=2,
        latitude=1.0, longitude=1.0, taken_at="2020-01-01T00:00:00", taken_source="exif",
        sharpness=7.5, payload_key="key", attachments="motion",
    )  # fmt: skip
    shelf.mark(shelf.photo(b"gone.jpg"), "missing")
    catalogue.photos.add_part(shelf.folder(), b"rich.xmp", "", Stat(1, 1, 1), "sidecar", rich)
    run_id = catalogue.groupings.begin("theme")
    catalogue.albums.replace("theme", [NewAlbum("A", (plain, rich), rich)], run_id=run_id)
    catalogue.actions.apply(Change("album", 1, {}, {"named_by": "person"}))
    first, second = catalogue.photos.candidates()
    assert (first.photo_id, first.richness, first.sharpness, first.rating) == (plain, 0, 0.0, 0)
    assert (second.photo_id, second.richness, second.sharpness, second.rating) == (rich, 7, 7.5, 2)
    assert (second.albums, second.parts, second.payload_key) == (1, 1, "key")
    assert (first.albums, first.parts, first.reference) == (1, 0, False)
    assert catalogue.photos.candidates([rich, 999]) == [second]
    assert catalogue.photos.candidates([]) == []


def test_parts_follow_their_photo(catalogue: Catalogue, shelf: Shelf) -> None:
    folder_id, first, second = shelf.folder(), shelf.photo(), shelf.photo()
    for photo_id in (first, second):
        catalogue.photos.add_part(folder_id, b"\xff.xmp", "", Stat(1, 1, 1), "sidecar", photo_id)
    catalogue.photos.add_part(folder_id, b"b.cr2", "", Stat(1, 1, 1), "raw", second)
    assert catalogue.photos.part_count() == 2
    assert catalogue.photos.parts_of(first) == []
    assert catalogue.photos.parts_of(second) == [
        ("/photos/b.cr2", "raw"),
        (os.fsdecode(b"/photos/\xff.xmp"), "sidecar"),
    ]
    catalogue.photos.drop_parts([1])
    assert catalogue.photos.part_count() == 1


def test_contents_to_embed_come_newest_first(catalogue: Catalogue, shelf: Shelf) -> None:
    model = shelf.encoder()
    old = shelf.photo(b"old.jpg", taken=("2001-01-01T00:00:00", "exif"))
    new = shelf.photo(b"new.jpg", taken=("2011-01-01T00:00:00", "exif"))
    done, gone = shelf.photo(), shelf.photo()
    shelf.embed(model, shelf.content_of(done))
    shelf.mark(gone, "missing")
    assert catalogue.photos.without_embedding(model, "photo") == [
        (shelf.content_of(new), "/photos/new.jpg"),
        (shelf.content_of(old), "/photos/old.jpg"),
    ]
    assert len(catalogue.photos.without_embedding(model, "look")) == 3


def test_a_content_is_embedded_from_a_copy_that_can_be_read(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    model, away = shelf.encoder(), shelf.folder(b"/away")
    here = shelf.photo(b"here.jpg")
    shelf.photo(b"there.jpg", folder_id=away, content_id=shelf.content_of(here))
    shelf.photo(b"only-there.jpg", folder_id=away)
    catalogue.folders.set_state(away, "offline")
    waiting = catalogue.photos.without_embedding(model, "photo")
    assert waiting == [(shelf.content_of(here), "/photos/here.jpg")]
