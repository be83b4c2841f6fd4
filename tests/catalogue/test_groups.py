"""Albums, duplicate sets, folders and problems keep what a person did across every new run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from photolib.catalogue import Change, DuplicateSetRow, MatchedPhoto, NewAlbum, PhotoFilter, Stat
from photolib.errors import CatalogueError

if TYPE_CHECKING:
    from photolib.catalogue import AlbumRow, Catalogue
    from tests.catalogue.conftest import Shelf


def group(catalogue: Catalogue, kind: str, albums: list[NewAlbum]) -> list[int]:
    """Store what a new run found."""
    run_id = catalogue.groupings.begin(kind)
    return catalogue.albums.replace(kind, albums, run_id=run_id)


def name_it(catalogue: Catalogue, album_id: int, name: str) -> None:
    """What a person does who names an album."""
    after = {"name": name, "named_by": "person"}
    catalogue.actions.apply(Change("album", album_id, {}, after))


def _album(catalogue: Catalogue, album_id: int) -> AlbumRow:
    album = catalogue.albums.get(album_id)
    assert album is not None
    return album


def test_a_run_stores_albums_and_its_own_parameters(catalogue: Catalogue, shelf: Shelf) -> None:
    first, second, third = shelf.photos(3)
    model = shelf.encoder("m")
    albums = [
        NewAlbum("Small", (first,), first),
        NewAlbum("Large", (second, third, second), third, suggestions=("Größe",), level=1),
    ]
    parameters = {"method": "dbscan"}
    run_id = catalogue.groupings.begin(
        "theme", model_no=model, eps=0.25, min_samples=3, parameters=parameters
    )
    catalogue.albums.replace("theme", albums, run_id=run_id)
    catalogue.groupings.advance(run_id, change=11, noise=7, fitted=3)
    large, small = catalogue.albums.page("theme")
    assert (large.name, large.size, large.suggestions, large.level) == ("Large", 2, ("Größe",), 1)
    assert (large.cover_path, small.cover_id) == ("/photos/3.jpg", first)
    assert large.first_at == large.last_at == "2020-06-15T12:30:00"
    run = catalogue.groupings.last_run("theme")
    assert run is not None
    assert run.parameters == {"method": "dbscan", "fitted": 3}
    assert (run.run_id, run.model_id, run.eps, run.min_samples) == (run_id, "m", 0.25, 3)
    assert (run.noise, run.change) == (7, 11)
    assert catalogue.groupings.last_run("event") is None


def test_an_album_that_goes_on_keeps_its_id_and_what_a_person_gave(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    ids = shelf.photos(4)
    start = [NewAlbum("A", tuple(ids[:2]), ids[0]), NewAlbum("B", tuple(ids[2:]), ids[2])]
    group(catalogue, "theme", start)
    name_it(catalogue, 1, "Mine")
    again = [
        NewAlbum("A2", (ids[0], ids[3]), ids[3], album_id=1),
        NewAlbum("B2", (ids[2],), ids[2], album_id=2),
    ]
    group(catalogue, "theme", again)
    assert (_album(catalogue, 1).name, _album(catalogue, 2).name) == ("Mine", "B2")
    assert _album(catalogue, 1).cover_id == ids[0]
    assert catalogue.albums.members("theme") == {1: {ids[0], ids[3]}, 2: {ids[2]}}


def test_a_cover_is_always_one_of_the_album(catalogue: Catalogue, shelf: Shelf) -> None:
    ids = shelf.photos(4)
    group(catalogue, "theme", [NewAlbum("A", tuple(ids), ids[0])])
    group(catalogue, "theme", [NewAlbum("A", tuple(ids[1:]), ids[1], album_id=1)])
    assert _album(catalogue, 1).cover_id == ids[1]
    shelf.mark(ids[1], "missing")
    group(catalogue, "theme", [NewAlbum("A", tuple(ids[1:]), ids[2], album_id=1)])
    assert _album(catalogue, 1).cover_id == ids[2]


def test_albums_that_no_cluster_continues_are_retired_unless_a_person_wants_them(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    ids = shelf.photos(4)
    start = [NewAlbum(name, (photo,), photo) for name, photo in zip("ABCD", ids, strict=True)]
    group(catalogue, "theme", start)
    group(catalogue, "event", [NewAlbum("Trip", (ids[0],), ids[0])])
    name_it(catalogue, 1, "Mine")
    catalogue._database.execute("UPDATE album SET pinned = 1 WHERE album_id = 2")
    group(catalogue, "theme", [])
    assert {album.name for album in catalogue.albums.page()} == {"Mine", "B", "Trip"}
    assert catalogue.albums.page()[0].name == "B"
    assert (catalogue.albums.count(), catalogue.albums.count("theme")) == (3, 2)
    assert catalogue.albums.get(3) is None
    assert catalogue.albums.of_photo(ids[2]) == []
    assert sorted(catalogue.albums.of_photo(ids[0])) == [(1, "Mine"), (5, "Trip")]
    back = NewAlbum("C", (ids[2],), ids[2], album_id=3)
    group(catalogue, "theme", [back])
    assert _album(catalogue, 3).size == 1


def test_a_run_that_fails_changes_nothing(catalogue: Catalogue, shelf: Shelf) -> None:
    [photo_id] = shelf.photos(1)
    group(catalogue, "theme", [NewAlbum("A", (photo_id,), photo_id)])
    with pytest.raises(CatalogueError):
        group(catalogue, "theme", [NewAlbum("B", (photo_id,), 999)])
    assert [album.name for album in catalogue.albums.page()] == ["A"]


def test_albums_count_only_photos_that_are_shown(catalogue: Catalogue, shelf: Shelf) -> None:
    ids = shelf.photos(4)
    group(catalogue, "theme", [NewAlbum("A", tuple(ids[:3]), ids[0])])
    shelf.mark(ids[0], "missing")
    catalogue._database.execute("UPDATE photo SET hidden = 1 WHERE photo_id = ?", (ids[1],))
    assert _album(catalogue, 1).size == 1
    assert catalogue.albums.unsorted() == catalogue.photos.count(PhotoFilter(unsorted=True)) == 1
    catalogue._database.execute("UPDATE album SET hidden = 1")
    assert catalogue.albums.page() == []
    assert catalogue.albums.count() == 0
    assert _album(catalogue, 1).hidden


def test_pages_of_albums_follow_each_other(catalogue: Catalogue, shelf: Shelf) -> None:
    ids = shelf.photos(3)
    albums = [NewAlbum(str(n), tuple(ids[:n]), ids[0]) for n in (1, 2, 3)]
    group(catalogue, "theme", albums)
    pages = [catalogue.albums.page(limit=1, offset=offset) for offset in range(4)]
    assert [[album.size for album in page] for page in pages] == [[3], [2], [1], []]


# --- duplicates --------------------------------------------------------------------------------


def _set(tier: str, keeper: int, *others: int, reclaimable: int = 10) -> DuplicateSetRow:
    photos = (
        MatchedPhoto(keeper, "larger"),
        *(
            MatchedPhoto(other, "smaller", tier, "cropped", "from-keeper", 0.5, 31, 0.02, 0.6)
            for other in others
        ),
    )
    return DuplicateSetRow(tier, keeper, False, reclaimable, photos)


def test_a_set_goes_on_under_the_id_of_the_one_it_shares_most_with(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    a, b, c, d, e = shelf.photos(5)
    catalogue.duplicates.replace([_set("near", a, b), _set("bytes", d, c, reclaimable=99)])
    first = {row.keeper_id: row.set_id for row in catalogue.duplicates.page()}
    catalogue.duplicates.replace([_set("bytes", c, d), _set("near", a, b, e)])
    second = {row.keeper_id: row.set_id for row in catalogue.duplicates.page()}
    assert second == {c: first[d], a: first[a]}
    catalogue.duplicates.replace([])
    catalogue.duplicates.replace([_set("near", a, b)])
    [row] = catalogue.duplicates.page()
    assert row.set_id > max(second.values())


def test_one_id_goes_to_one_heir(catalogue: Catalogue, shelf: Shelf) -> None:
    a, b, c, d, e = shelf.photos(5)
    catalogue.duplicates.replace([_set("near", a, b, c, d, e)])
    [whole] = catalogue.duplicates.page()
    catalogue.duplicates.replace([_set("near", a, b), _set("near", c, d, e)])
    heirs = {row.keeper_id: row.set_id for row in catalogue.duplicates.page()}
    assert heirs[c] == whole.set_id
    assert heirs[a] > whole.set_id


def test_sets_that_are_not_replaced_stay(catalogue: Catalogue, shelf: Shelf) -> None:
    a, b, c, d = shelf.photos(4)
    catalogue.duplicates.replace([_set("near", a, b), _set("bytes", c, d)])
    rows = {row.keeper_id: row for row in catalogue.duplicates.page()}
    catalogue.duplicates.replace([], [rows[a].set_id])
    assert catalogue.duplicates.page() == [rows[c]]


def test_sets_come_back_as_stored_those_that_free_most_first(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    a, b, c, d = shelf.photos(4)
    small, large = _set("near", b, a, reclaimable=5), _set("payload", d, c, reclaimable=50)
    catalogue.duplicates.replace([small, large])
    rows = catalogue.duplicates.page()
    assert [row.photos for row in rows] == [large.photos, small.photos]
    assert catalogue.duplicates.page("near") == rows[1:]
    assert catalogue.duplicates.page(limit=1, offset=1) == rows[1:]
    assert (catalogue.duplicates.count(), catalogue.duplicates.count("payload")) == (2, 1)
    assert (catalogue.duplicates.reclaimable(), catalogue.duplicates.reclaimable("near")) == (55, 5)


def test_a_photo_is_in_one_set_at_most(catalogue: Catalogue, shelf: Shelf) -> None:
    a, b, c = shelf.photos(3)
    catalogue.duplicates.replace([_set("near", a, b)])
    before = catalogue.duplicates.page()
    with pytest.raises(CatalogueError):
        catalogue.duplicates.replace([_set("near", a, b), _set("near", c, b)])
    assert catalogue.duplicates.page() == before


# --- folders -----------------------------------------------------------------------------------


def test_a_folder_set_aside_waits_and_comes_back_the_same(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    folder_id = shelf.folder(b"/caf\xe9")
    photo_id = shelf.photo(folder_id=folder_id)
    catalogue._database.execute("UPDATE photo SET rating = 5")
    assert catalogue.folders.set_aside(folder_id) == 1
    assert catalogue.folders.all() == []
    row = catalogue.photos.get(photo_id)
    assert row is not None
    assert (row.state, row.rating) == ("missing", 5)
    again = catalogue.folders.add(
        b"/caf\xe9", "shown", marker="token", device=2, reference=True, poll=True, ignore=["*.tmp"]
    )
    assert again == folder_id
    [folder] = catalogue.folders.all()
    assert (folder.marker, folder.reference, folder.poll, folder.ignore) == (
        "token", True, True, ("*.tmp",)
    )  # fmt: skip


def test_a_forgotten_folder_takes_along_all_that_only_it_needed(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    here, there = shelf.folder(), shelf.folder(b"/there")
    model = shelf.encoder()
    kept = shelf.photo(folder_id=here)
    copy = shelf.photo(b"copy.jpg", folder_id=there, content_id=shelf.content_of(kept))
    lost = shelf.photo(folder_id=there)
    catalogue.photos.add_part(there, b"a.xmp", "", Stat(1, 1, 1), "sidecar", lost)
    for photo_id in (kept, lost):
        shelf.embed(model, shelf.content_of(photo_id))
    albums = [NewAlbum("Both", (kept, lost), lost), NewAlbum("Gone", (lost,), lost)]
    group(catalogue, "theme", albums)
    catalogue.duplicates.replace([_set("bytes", kept, copy)])
    assert catalogue.folders.forget(there) == 2
    assert catalogue.photos.by_state()["present"] == 1
    assert catalogue.vectors.count(model, "photo") == 1
    assert catalogue.photos.part_count() == 0
    assert [(album.name, album.size, album.cover_id) for album in catalogue.albums.page()] == [
        ("Both", 1, None)
    ]
    assert catalogue.duplicates.count() == 0
    assert shelf.folder(b"/there") > there


def test_a_folder_that_moves_takes_its_photos_along(catalogue: Catalogue, shelf: Shelf) -> None:
    folder_id, photo_id = shelf.folder(), shelf.photo(b"a.jpg")
    catalogue.folders.set_state(folder_id, "offline")
    catalogue.folders.relocate(folder_id, b"/mnt/new", "/mnt/new", 5)
    catalogue.folders.scanned(folder_id)
    row = catalogue.photos.get(photo_id)
    folder = catalogue.folders.get(folder_id)
    assert row is not None
    assert folder is not None
    assert row.path == "/mnt/new/a.jpg"
    assert (folder.state, folder.device, folder.root) == ("online", 5, "/mnt/new")
    assert folder.scanned_at is not None
    assert catalogue.folders.get(999) is None


# --- problems ----------------------------------------------------------------------------------


def test_a_problem_counts_its_attempts_until_it_is_solved(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    folder_id = shelf.folder()
    problems = catalogue.problems
    for reason in ("truncated", "empty"):
        problems.record(
            folder_id, b"a\nb.jpg", "a", Stat(1, 2, 3), outcome="failed", code="unreadable",
            reason=reason, remedy="copy it again", retryable=True,
        )  # fmt: skip
    problems.record(
        folder_id, b"c.avi", "c", Stat(1, 2, 3), outcome="skipped", code="unsupported", reason="x"
    )
    [row] = problems.page("failed")
    assert (row.path, row.reason, row.attempts) == ("/photos/a\nb.jpg", "empty", 2)
    assert (row.remedy, row.retryable, row.stage) == ("copy it again", True, "read")
    assert (problems.count("failed"), problems.count("skipped")) == (1, 1)
    assert problems.page("failed", limit=1, offset=1) == []
    assert catalogue.photos.known(folder_id)[b"a\nb.jpg"].mtime_ns == 2
    problems.retry()
    assert {known.mtime_ns for known in catalogue.photos.known(folder_id).values()} == {-1}
    problems.solve(folder_id, b"a\nb.jpg")
    assert problems.count("failed") == 0
    problems.drop([catalogue.photos.known(folder_id)[b"c.avi"].row_id])
    assert problems.count("skipped") == 0


def test_a_retry_leaves_files_that_were_skipped_on_purpose(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    folder_id = shelf.folder()
    catalogue.problems.record(
        folder_id, b"a.txt", "a", Stat(1, 2, 3), outcome="skipped", code="ignored", reason="x"
    )
    catalogue.problems.retry()
    assert catalogue.photos.known(folder_id)[b"a.txt"].mtime_ns == 2
