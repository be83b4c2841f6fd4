"""Export, highlights and the map, over real files."""

from __future__ import annotations

import json
import os
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from photolib.errors import FolderError, NotFound, UsageError
from photolib.jobs import finish
from photolib.library.export import MANIFEST, Wanted
from tests.library.shelf import digest, index, write
from tests.library.test_albums import fill, themes

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.library import Library
    from photolib.library.results import ExportReport

GPS = {1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 7.0)}


@pytest.fixture
def album_id(library: Library, folder: Path) -> int:
    """An album of three photos, two of which have one name."""
    write(folder / "a" / "one.jpg", 1)
    write(folder / "b" / "one.jpg", 2)
    write(folder / "b" / "two.jpg", 3)
    library.add_folder(str(folder))
    index(library)
    return library.create_album("Lake: <1>", [1, 2, 3]).album_id


def export(library: Library, album_id: int, place: Path, wanted: Wanted) -> ExportReport:
    return finish(library.export_album(album_id, str(place), wanted))


@pytest.mark.parametrize("link", ["symlink", "hardlink", "copy"])
def test_an_album_becomes_a_folder_and_a_second_run_only_adds(
    library: Library, folder: Path, tmp_path: Path, album_id: int, link: str
) -> None:
    before = {path: digest(path) for path in folder.rglob("*.jpg")}
    out = tmp_path / "out"
    report = export(library, album_id, out, Wanted(link))
    assert sorted(os.listdir(out)) == [MANIFEST, "one (2).jpg", "one.jpg", "two.jpg"]
    for photo in report.added:
        assert digest(photo.exported) == digest(photo.path)
        assert os.path.islink(photo.exported) == (link == "symlink")
        assert os.path.samefile(photo.exported, photo.path) == (link != "copy")
    (out / "two.jpg").unlink()
    mine = out / "mine.txt"
    mine.write_text("stays")
    write(folder / "b" / "mine.txt.jpg", 4)
    index(library)
    library.move_to_album(album_id, [4])
    again = export(library, album_id, out, Wanted(link))
    assert again.unchanged == 2
    assert sorted(os.path.basename(p.exported) for p in again.added) == ["mine.txt.jpg", "two.jpg"]
    assert mine.read_text() == "stays"
    assert {path: digest(path) for path in before} == before
    listed = json.loads((out / MANIFEST).read_text())["files"]
    assert {entry["photo_id"] for entry in listed.values()} == {1, 2, 3, 4}


def test_nothing_that_is_there_is_overwritten(
    library: Library, tmp_path: Path, album_id: int
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "one.jpg").write_text("somebody's")
    (out / "two.jpg.xmp").write_text("somebody's sidecar")
    report = export(library, album_id, out, Wanted("copy", sidecars=True))
    assert len(report.added) == 3
    assert (out / "one.jpg").read_text() == "somebody's"
    assert (out / "two.jpg.xmp").read_text() == "somebody's sidecar"
    assert report.sidecars == 2
    words = {node.text for node in ET.parse(out / "one (2).jpg.xmp").iter() if node.text}
    assert {"Lake: <1>", "Albums|Lake: <1>"} <= words


def test_albums_in_an_album_become_folders(library: Library, folder: Path, tmp_path: Path) -> None:
    fill(folder)
    library.add_folder(str(folder))
    index(library)
    above = [a for a in library.albums("theme").albums if a.level == 0 and a not in themes(library)]
    for album in above:
        out = tmp_path / str(album.album_id)
        report = export(library, album.album_id, out, Wanted("symlink"))
        assert len(report.added) == album.size
        assert len({os.path.dirname(p.exported) for p in report.added}) > 1


def test_copies_can_be_smaller_and_without_their_place(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    folder.mkdir(exist_ok=True)
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(GPS)
    exif[0x010F] = "Maker"
    Image.new("RGB", (300, 200), "green").save(folder / "here.jpg", exif=exif)
    Image.new("RGB", (30, 20), "blue").save(folder / "flat.png")
    library.add_folder(str(folder))
    index(library)
    out = tmp_path / "out"
    bare = finish(library.export_photos([1, 2], str(out), Wanted("copy", strip_gps=True)))
    assert [os.path.basename(p.exported) for p in bare.added] == ["here.jpg"]
    assert [failure.reason for failure in bare.failed] == ["the place can only be left out of JPEG"]
    with Image.open(out / "here.jpg") as image, Image.open(folder / "here.jpg") as original:
        assert image.getexif()[0x010F] == "Maker"
        assert not image.getexif().get_ifd(0x8825)
        assert original.getexif().get_ifd(0x8825)
        assert image.tobytes() == original.tobytes()
    small = finish(library.export_photos([1, 2], str(tmp_path / "s"), Wanted("copy", resize=100)))
    with Image.open(small.added[0].exported) as image:
        assert max(image.size) <= 100


def test_what_cannot_be_exported_is_said(
    library: Library, folder: Path, tmp_path: Path, album_id: int
) -> None:
    for wanted in (Wanted("teleport"), Wanted("symlink", resize=99), Wanted("copy", resize=1)):
        with pytest.raises(UsageError):
            export(library, album_id, tmp_path / "out", wanted)
    with pytest.raises(UsageError, match="watched"):
        export(library, album_id, folder / "below", Wanted("copy"))
    with pytest.raises(NotFound):
        export(library, 99, tmp_path / "out", Wanted("copy"))
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError):
        export(library, album_id, tmp_path / "file", Wanted("copy"))
    (folder / "b" / "two.jpg").unlink()
    report = export(library, album_id, tmp_path / "out", Wanted("copy"))
    assert [os.path.basename(failure.path) for failure in report.failed] == ["two.jpg"]
    assert len(report.added) == 2
    (tmp_path / "out" / MANIFEST).write_text("{")
    with pytest.raises(FolderError, match="manifest"):
        export(library, album_id, tmp_path / "out", Wanted("copy"))


def test_highlights_of_albums_years_and_days(library: Library, folder: Path) -> None:
    from tests.cli.conftest import write as write_dated

    for number in range(4):
        write_dated(folder / f"{number}.jpg", number)
    (folder / "copy of 1.jpg").write_bytes((folder / "1.jpg").read_bytes())
    library.add_folder(str(folder))
    index(library)
    mine = library.create_album("All", [1, 2, 3, 4, 5])
    few = library.album_highlights(mine.album_id, 9)
    assert (few.of, few.total, len(few.photos)) == ("All", 5, 4)
    [year] = library.years(2).sets
    assert (year.of, year.total, len(year.photos)) == ("2024", 5, 2)
    [day] = library.on_this_day(3, date(2026, 6, 1)).sets
    assert (day.of, day.total) == ("2024-06-01", 5)
    assert library.on_this_day(3, date(2024, 6, 1)).sets == ()
    assert library.on_this_day(3, date(2026, 6, 2)).sets == ()


def test_the_map_has_a_place_for_every_photo_and_keeps_it(library: Library, folder: Path) -> None:
    fill(folder, 4)
    library.add_folder(str(folder))
    index(library)
    assert library.map().points == ()
    assert finish(library.draw_map("umap")) == 20
    drawn = library.map()
    assert (drawn.photos, len(drawn.points)) == (20, 20)
    assert all(-1 <= value <= 1 for p in drawn.points for value in (p.x, p.y))
    before = {p.photo_id: (p.x, p.y) for p in drawn.points}
    fill(folder, 1, first=50)
    (folder / "red-1.jpg").unlink()
    index(library)
    assert finish(library.draw_map("umap")) == 24
    after = {p.photo_id: (p.x, p.y) for p in library.map().points}
    assert len(after) == 24
    assert {photo: after[photo] for photo in before if photo in after} == {
        photo: place for photo, place in before.items() if photo in after
    }
    assert finish(library.draw_map("umap", anew=True)) == 24
    with pytest.raises(UsageError):
        finish(library.draw_map("guess"))
    assert library.map("places").points == ()
