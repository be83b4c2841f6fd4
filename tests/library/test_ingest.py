"""What becomes of files: each outcome of the index job, its counts and the photo it leaves."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from photolib.jobs import finish
from tests.library.shelf import (
    Sight,
    age,
    check_consistent,
    check_whole,
    counts,
    digest,
    index,
    on_disk,
    opened,
    picture,
    plain,
    settings_at,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from photolib.jobs import Problem
    from photolib.library import Library


@pytest.fixture
def three(library: Library, folder: Path, settings: Settings) -> Path:
    """A folder of three photos, indexed a minute ago."""
    for seed, name in enumerate(("a.jpg", "b.jpg", "sub/c.jpg")):
        age(write(folder / name, seed))
    library.add_folder(str(folder))
    assert counts(index(library)) == {"added": 3}
    check_whole(settings, folder)
    return folder


# --- one folder ----------------------------------------------------------------------------------


def test_a_second_run_opens_nothing(library: Library, three: Path, sight: Sight) -> None:
    before = sight.rows("SELECT count(*), max(change) FROM change_log")
    report = index(library)
    assert counts(report) == {"unchanged": 3}
    assert (report.opened, report.decoded, report.embedded) == (0, 0, 0)
    assert sight.rows("SELECT count(*), max(change) FROM change_log") == before


def test_every_content_is_embedded_once(library: Library, three: Path, sight: Sight) -> None:
    shutil.copyfile(three / "a.jpg", three / "copy.jpg")
    report = index(library)
    assert counts(report) == {"copied": 1, "unchanged": 3}
    assert (report.opened, report.decoded, report.embedded, report.reused) == (1, 0, 0, 1)
    assert sight.value("SELECT count(*) FROM embedding WHERE kind = 'photo'") == 3


def test_equal_files_that_arrive_together_are_decoded_once(
    library: Library, folder: Path, settings: Settings
) -> None:
    write(folder / "0.jpg", 1)
    for number in range(1, 12):
        shutil.copyfile(folder / "0.jpg", folder / f"{number}.jpg")
    library.add_folder(str(folder))
    report = index(library)
    assert counts(report) == {"added": 1, "copied": 11}
    assert (report.decoded, report.embedded) == (1, 1)
    check_whole(settings, folder)


def test_touch(library: Library, three: Path, sight: Sight, settings: Settings) -> None:
    before = sight.photos()
    os.utime(three / "a.jpg")
    report = index(library)
    assert counts(report) == {"changed": 1, "unchanged": 2}
    assert (report.opened, report.decoded) == (1, 0)
    assert sight.photos() == before
    check_whole(settings, three)


@pytest.mark.parametrize("target", ["z.jpg", "sub/a.jpg", "new/deep/x.jpeg", "A.JPG"])
def test_move_keeps_the_photo(
    library: Library, three: Path, sight: Sight, settings: Settings, target: str
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    (three / target).parent.mkdir(parents=True, exist_ok=True)
    (three / "a.jpg").rename(three / target)
    report = index(library)
    assert counts(report) == {"moved": 1, "unchanged": 2}
    assert report.decoded == 0
    assert sight.photos()[str(three / target)] == before
    assert not sight.photos("missing")
    check_whole(settings, three)


def test_a_renamed_directory_keeps_its_photos(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "sub/c.jpg")]
    (three / "sub").rename(three / "other")
    assert counts(index(library)) == {"moved": 1, "unchanged": 2}
    assert sight.photos()[str(three / "other/c.jpg")] == before
    check_whole(settings, three)


def test_delete_and_bring_back(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    shutil.move(three / "a.jpg", three.parent / "kept.jpg")
    assert counts(index(library)) == {"unchanged": 2, "missing": 1}
    assert sight.photos("missing")[str(three / "a.jpg")].photo_id == before.photo_id
    check_whole(settings, three)
    shutil.move(three.parent / "kept.jpg", three / "a.jpg")
    report = index(library)
    assert counts(report) == {"restored": 1, "unchanged": 2}
    assert report.opened == 0
    assert sight.photos()[str(three / "a.jpg")] == before


def test_a_missing_photo_that_comes_back_elsewhere_is_the_same_photo(
    library: Library, three: Path, sight: Sight
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    shutil.move(three / "a.jpg", three.parent / "kept.jpg")
    index(library)
    shutil.move(three.parent / "kept.jpg", three / "sub/back.jpg")
    assert counts(index(library)) == {"moved": 1, "unchanged": 2}
    assert sight.photos()[str(three / "sub/back.jpg")] == before


def test_edit_in_place(library: Library, three: Path, sight: Sight, settings: Settings) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    write(three / "a.jpg", 77)
    report = index(library)
    assert counts(report) == {"changed": 1, "unchanged": 2}
    assert (report.decoded, report.embedded) == (1, 1)
    after = sight.photos()[str(three / "a.jpg")]
    assert after.photo_id == before.photo_id
    assert after.content_id != before.content_id
    check_whole(settings, three)


def test_replace_in_place(library: Library, three: Path, sight: Sight, settings: Settings) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    os.replace(write(three.parent / "new.jpg", 78), three / "a.jpg")
    assert counts(index(library)) == {"changed": 1, "unchanged": 2}
    assert sight.photos()[str(three / "a.jpg")].photo_id == before.photo_id
    check_whole(settings, three)


def test_replace_by_another_photo_of_the_folder(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()
    os.replace(three / "b.jpg", three / "a.jpg")
    assert counts(index(library)) == {"moved": 1, "unchanged": 1}
    assert sight.photos()[str(three / "a.jpg")] == before[str(three / "b.jpg")]
    assert [row.photo_id for row in sight.photos("missing").values()] == [
        before[str(three / "a.jpg")].photo_id
    ]
    check_whole(settings, three)


def test_metadata_only_edit(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    write(three / "a.jpg", 0, note="a title")
    assert counts(index(library)) == {"changed": 1, "unchanged": 2}
    after = sight.photos()[str(three / "a.jpg")]
    assert after.photo_id == before.photo_id
    assert after.content_hash != before.content_hash
    keys = sight.rows(
        "SELECT DISTINCT payload_key FROM content WHERE content_id IN (?, ?)",
        before.content_id,
        after.content_id,
    )
    assert len(keys) == 1
    check_whole(settings, three)


def test_two_names_swapped(library: Library, three: Path, sight: Sight, settings: Settings) -> None:
    os.utime(three / "b.jpg", (1_600_000_000, 1_600_000_000))
    index(library)
    before = sight.photos()
    (three / "a.jpg").rename(three / "t")
    (three / "b.jpg").rename(three / "a.jpg")
    (three / "t").rename(three / "b.jpg")
    report = index(library)
    assert counts(report) == {"moved": 2, "unchanged": 1}
    assert report.decoded == 0
    after = sight.photos()
    assert after[str(three / "a.jpg")] == before[str(three / "b.jpg")]
    assert after[str(three / "b.jpg")] == before[str(three / "a.jpg")]
    check_whole(settings, three)


def test_a_ring_of_names(library: Library, three: Path, sight: Sight, settings: Settings) -> None:
    names = ("a.jpg", "b.jpg", "sub/c.jpg")
    for number, name in enumerate(names):
        os.utime(three / name, (1_600_000_000 + number, 1_600_000_000 + number))
    index(library)
    before = sight.photos()
    for name in names:
        (three / name).rename(three / f"{name}.old")
    for name, target in zip(names, (*names[1:], names[0]), strict=True):
        (three / f"{name}.old").rename(three / target)
    assert counts(index(library)) == {"moved": 3}
    after = sight.photos()
    for name, target in zip(names, (*names[1:], names[0]), strict=True):
        assert after[str(three / target)] == before[str(three / name)]
    check_whole(settings, three)


def test_a_touched_photo_keeps_its_id_beside_a_fresh_copy(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    os.utime(three / "a.jpg", (1_700_000_000, 1_700_000_000))
    shutil.copyfile(three / "a.jpg", three / "copy.jpg")
    assert counts(index(library)) == {"changed": 1, "copied": 1, "unchanged": 2}
    assert sight.photos()[str(three / "a.jpg")] == before
    check_whole(settings, three)


def test_of_several_copies_the_one_that_left_is_the_one_that_moved(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    shutil.copyfile(three / "a.jpg", three / "sub/a.jpg")
    index(library)
    before = sight.photos()
    (three / "sub/a.jpg").rename(three / "moved.jpg")
    assert counts(index(library)) == {"moved": 1, "unchanged": 3}
    after = sight.photos()
    assert after[str(three / "moved.jpg")] == before[str(three / "sub/a.jpg")]
    assert after[str(three / "a.jpg")] == before[str(three / "a.jpg")]


def test_a_photo_moved_to_where_a_copy_of_it_went_missing_keeps_its_id(
    library: Library, three: Path, sight: Sight
) -> None:
    twin = three / "sub/a.jpg"
    shutil.copy2(three / "a.jpg", twin)
    index(library)
    before = sight.photos()[str(three / "a.jpg")]
    twin.unlink()
    assert counts(index(library)) == {"missing": 1, "unchanged": 3}
    (three / "a.jpg").rename(twin)  # same size and time as the copy that went
    assert counts(index(library)) == {"moved": 1, "unchanged": 2}
    assert sight.photos()[str(twin)] == before


def test_of_several_that_left_the_same_name_then_the_nearest_moves(
    library: Library, folder: Path, sight: Sight
) -> None:
    write(folder / "x/a.jpg", 1)
    for copy in ("x/b.jpg", "y/a.jpg"):
        (folder / copy).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / "x/a.jpg", folder / copy)
    library.add_folder(str(folder))
    index(library)
    before = sight.photos()
    for name in ("x/a.jpg", "x/b.jpg", "y/a.jpg"):
        (folder / name).unlink()
    write(folder / "y/b.jpg", 1)
    assert counts(index(library)) == {"moved": 1, "missing": 2}
    assert sight.photos()[str(folder / "y/b.jpg")] == before[str(folder / "x/b.jpg")]


def test_hard_link_is_a_copy(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    os.link(three / "a.jpg", three / "linked.jpg")
    assert counts(index(library)) == {"copied": 1, "unchanged": 3}
    assert sight.photos()[str(three / "a.jpg")] == before
    (three / "a.jpg").unlink()
    assert counts(index(library)) == {"unchanged": 3, "missing": 1}
    check_whole(settings, three)


def test_links_are_never_followed(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    outside = write(three.parent / "elsewhere/secret.jpg", 50)
    (three / "link.jpg").symlink_to(three / "a.jpg")
    (three / "out.jpg").symlink_to(outside)
    (three / "loop").symlink_to(three)
    (three / "door").symlink_to(outside.parent)
    for expected in (4, 4):
        assert counts(index(library)) == {"unchanged": 3, "skipped": expected}
    assert index(library).opened == 0
    assert all("link" in reason for reason in sight.problems("skipped").values())
    # Not even when such a path is named.
    named = index(library, [three / "door", three / "door/secret.jpg", three / "loop"])
    assert set(counts(named)) == {"skipped"}
    check_whole(settings, three)


def test_a_photo_that_turns_into_something_else_is_gone(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    (three / "b.jpg").unlink()
    (three / "b.jpg").symlink_to(three / "a.jpg")
    (three / "a.jpg").rename(three / "real.jpg")
    (three / "a.jpg").mkdir()
    os.remove(three / "sub/c.jpg")
    os.mkfifo(three / "sub/c.jpg")
    report = index(library)
    assert counts(report) == {"moved": 1, "skipped": 2, "missing": 2}
    check_whole(settings, three)
    assert counts(index(library)) == {"unchanged": 1, "skipped": 2}


def test_odd_files_named_like_photos(
    library: Library,
    folder: Path,
    sight: Sight,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    os.mkfifo(folder / "pipe.jpg")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
        (folder / "directory.jpg").mkdir()
        write(folder / "directory.jpg" / "real.jpg", 1)
        library.add_folder(str(folder))
        assert counts(index(library)) == {"added": 1, "skipped": 2}
    assert sight.problems("skipped") == {
        str(folder / "pipe.jpg"): "a pipe, not a file",
        str(folder / "socket.jpg"): "a socket, not a file",
    }
    check_whole(settings, folder)


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.jpg", b"new\nline.jpg", b"\x1b]0;owned\x07.jpg", b"x" * 251 + b".jpg", b"-n.jpg"],
    ids=["not UTF-8", "newline", "escape", "255 bytes", "option"],
)
def test_hostile_names(
    library: Library, folder: Path, settings: Settings, sight: Sight, name: bytes
) -> None:
    path = os.path.join(os.fsencode(folder), name)
    picture(3).save(os.fsdecode(path), "JPEG")
    library.add_folder(str(folder))
    assert counts(index(library)) == {"added": 1}
    check_whole(settings, folder)
    before = sight.photos()[os.fsdecode(path)]
    moved = os.path.join(os.fsencode(folder), b"sub\xff", name)
    os.mkdir(os.path.dirname(moved))
    os.rename(path, moved)
    assert counts(index(library)) == {"moved": 1}
    assert sight.photos()[os.fsdecode(moved)] == before
    assert [hit.photo_id for hit in library.search("file:jpg").hits] == [before.photo_id]


def test_hidden_names_are_not_there_even_when_named(
    library: Library, three: Path, settings: Settings
) -> None:
    hidden = write(three / ".trash/x.jpg", 9)
    deep = write(three / "sub/.cache/deep/y.jpg", 10)
    assert counts(index(library)) == {"unchanged": 3}
    for named in (hidden, hidden.parent, deep, deep.parent):
        assert counts(index(library, [named])) == {}
    check_whole(settings, three)


def test_ignore_patterns_hold_for_named_paths_too(
    library: Library, folder: Path, settings: Settings, sight: Sight
) -> None:
    write(folder / "raw/private/x.jpg", 1)
    write(folder / "raw/open/y.jpg", 2)
    write(folder / "private/z.jpg", 3)
    library.add_folder(str(folder), ignore=["raw/private"])
    assert counts(index(library)) == {"added": 2}
    assert counts(index(library, [folder / "raw"])) == {"unchanged": 1}
    assert counts(index(library, [folder / "raw/private"])) == {}
    assert str(folder / "raw/private/x.jpg") not in sight.photos()


def test_a_library_inside_its_folder_is_no_part_of_it(folder: Path) -> None:
    write(folder / "a.jpg", 1)
    settings = settings_at(folder / "my library")
    with opened(settings) as library:
        library.add_folder(str(folder))
        assert counts(index(library)) == {"added": 1}
        assert counts(index(library)) == {"unchanged": 1}
        assert counts(index(library, [settings.thumbnails])) == {}


def test_index_of_named_paths_looks_at_nothing_else(
    library: Library, three: Path, settings: Settings
) -> None:
    write(three / "new.jpg", 20)
    write(three / "sub/new.jpg", 21)
    (three / "b.jpg").unlink()
    assert counts(index(library, [three / "sub"])) == {"added": 1, "unchanged": 1}
    assert counts(index(library, [three / "new.jpg", three / "b.jpg"])) == {
        "added": 1,
        "missing": 1,
    }
    check_whole(settings, three)
    shutil.rmtree(three / "sub")
    assert counts(index(library, [three / "sub"])) == {"missing": 2}
    check_whole(settings, three)


def test_a_deep_tree(library: Library, folder: Path, settings: Settings) -> None:
    path = folder.joinpath(*["d"] * 200)
    write(path / "deep.jpg", 1)
    library.add_folder(str(folder))
    assert counts(index(library)) == {"added": 1}
    check_whole(settings, folder)


def test_a_directory_that_cannot_be_read_loses_nothing(
    library: Library, three: Path, sight: Sight
) -> None:
    (three / "sub").chmod(0)
    try:
        if os.access(three / "sub", os.R_OK):
            pytest.skip("this user reads every directory")
        assert counts(index(library)) == {"unchanged": 2, "failed": 1}
        assert len(sight.photos()) == 3
    finally:
        (three / "sub").chmod(0o755)
    assert counts(index(library)) == {"unchanged": 3}
    assert not sight.problems("failed")


# --- parts ---------------------------------------------------------------------------------------


def test_parts_belong_to_their_photo(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    write(folder / "a.jpg", 1)
    write(folder / "b.png", 2)
    for part in ("a.CR2", "a.mov", "a.xmp", "b.png.xmp"):
        (folder / part).write_bytes(b"part of " + part.encode())
    library.add_folder(str(folder))
    report = index(library)
    assert counts(report) == {"added": 2, "parts": 4}
    assert report.opened == 2
    check_whole(settings, folder)
    photos = sight.photos()
    a, b = (photos[str(folder / name)].photo_id for name in ("a.jpg", "b.png"))
    assert sight.parts() == {
        str(folder / "a.CR2"): ("raw", a),
        str(folder / "a.mov"): ("motion", a),
        str(folder / "a.xmp"): ("sidecar", a),
        str(folder / "b.png.xmp"): ("sidecar", b),
    }
    assert counts(index(library)) == {"unchanged": 2, "parts": 4}


def test_parts_move_with_their_photo(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    write(folder / "a.jpg", 1)
    (folder / "a.cr2").write_bytes(b"raw")
    library.add_folder(str(folder))
    index(library)
    photo = sight.photos()[str(folder / "a.jpg")].photo_id
    for name in ("a.jpg", "a.cr2"):
        (folder / name).rename(folder / f"new{name}")
    assert counts(index(library)) == {"moved": 1, "parts": 1}
    assert sight.parts() == {str(folder / "newa.cr2"): ("raw", photo)}
    check_whole(settings, folder)


def test_parts_follow_the_name_when_photos_are_swapped(
    library: Library, folder: Path, sight: Sight
) -> None:
    for seed, name in enumerate(("a", "b"), 1):
        write(folder / f"{name}.jpg", seed)
        os.utime(folder / f"{name}.jpg", (seed, seed))
        (folder / f"{name}.xmp").write_text(f"of {name}")
    library.add_folder(str(folder))
    index(library)
    before = sight.photos()
    (folder / "a.jpg").rename(folder / "t.jpg")
    (folder / "b.jpg").rename(folder / "a.jpg")
    (folder / "t.jpg").rename(folder / "b.jpg")
    assert counts(index(library)) == {"moved": 2, "parts": 2}
    assert sight.parts() == {
        str(folder / "a.xmp"): ("sidecar", before[str(folder / "b.jpg")].photo_id),
        str(folder / "b.xmp"): ("sidecar", before[str(folder / "a.jpg")].photo_id),
    }


def test_a_sidecar_goes_to_the_photo_that_stays(
    library: Library, folder: Path, sight: Sight
) -> None:
    for seed, name in enumerate(("a.jpg", "a.png"), 1):
        write(folder / name, seed)
    (folder / "a.xmp").write_text("<x/>")
    library.add_folder(str(folder))
    index(library)
    photos = sight.photos()
    assert sight.parts()[str(folder / "a.xmp")][1] == photos[str(folder / "a.jpg")].photo_id
    (folder / "a.jpg").unlink()
    assert counts(index(library)) == {"missing": 1, "unchanged": 1, "parts": 1}
    assert sight.parts()[str(folder / "a.xmp")][1] == photos[str(folder / "a.png")].photo_id


def test_a_part_left_alone_stands_for_itself(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    write(folder / "a.jpg", 1)
    (folder / "a.mov").write_bytes(b"no clip at all")
    (folder / "a.xmp").write_text("<x/>")
    library.add_folder(str(folder))
    index(library)
    (folder / "a.jpg").unlink()
    first = counts(index(library))
    assert first["missing"] == 1
    assert sight.parts().keys() <= {str(folder / "a.xmp")}
    check_whole(settings, folder)
    again = index(library)
    assert again.opened == 0
    check_whole(settings, folder)


def test_a_photo_becomes_a_part_when_its_camera_picture_arrives(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    write(folder / "x.jpg", 1).rename(folder / "a.dng")
    library.add_folder(str(folder))
    index(library)
    write(folder / "a.jpg", 2)
    index(library)
    assert list(sight.parts()) == [str(folder / "a.dng")]
    check_whole(settings, folder)
    (folder / "a.jpg").unlink()
    index(library)
    assert not sight.parts()
    check_whole(settings, folder)
    assert index(library).opened == 0


def test_parts_of_a_broken_photo_are_accounted_for(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folder / "a.xmp").write_text("<x/>")
    library.add_folder(str(folder))
    for _ in range(3):
        assert counts(index(library)) == {"failed": 1, "skipped": 1}
        check_whole(settings, folder)
    write(folder / "a.jpg", 5)
    assert counts(index(library)) == {"added": 1, "parts": 1}
    check_whole(settings, folder)


# --- problems ------------------------------------------------------------------------------------


def test_bad_files_are_problems_with_reasons(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    good = write(folder / "good.jpg", 1).read_bytes()
    (folder / "cut.jpg").write_bytes(good[: len(good) // 2])
    (folder / "empty.jpg").touch()
    (folder / "words.jpg").write_text("no picture")
    (folder / "zeros.png").write_bytes(bytes(2000))
    (folder / "notes.txt").write_text("no picture either")
    (folder / "clip.mp4").write_bytes(b"no clip")
    library.add_folder(str(folder))
    seen: list[Problem] = []

    report = finish(library.index(), lambda p: seen.extend([p.problem] if p.problem else []))
    assert report.scanned == 7
    assert report.added == 1
    check_whole(settings, folder)
    found = library.problems()
    reasons = {problem.path: problem.reason for problem in found.problems}
    assert reasons.keys() >= {str(folder / n) for n in ("cut.jpg", "empty.jpg", "words.jpg")}
    assert all(reasons.values())
    assert {problem.path for problem in seen} == {
        *reasons,
        *(skipped.path for skipped in found.skipped),
    }


def test_a_bad_file_is_read_again_only_when_it_changes_or_a_retry_is_asked_for(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    (folder / "a.jpg").write_text("no picture")
    library.add_folder(str(folder))
    assert counts(index(library)) == {"failed": 1}
    report = index(library)
    assert (counts(report), report.opened) == ({"failed": 1}, 0)
    library.retry_problems()
    report = index(library)
    assert (counts(report), report.opened) == ({"failed": 1}, 1)
    assert library.problems().problems[0].attempts == 2
    write(folder / "a.jpg", 1)
    assert counts(index(library)) == {"added": 1}
    assert library.problems().total == 0
    check_whole(settings, folder)


def test_a_photo_that_is_damaged_and_repaired_is_the_same_photo(
    library: Library, three: Path, sight: Sight, settings: Settings
) -> None:
    before = sight.photos()[str(three / "a.jpg")]
    whole = (three / "a.jpg").read_bytes()
    (three / "a.jpg").write_bytes(whole[:100])
    assert counts(index(library)) == {"failed": 1, "unchanged": 2}
    check_whole(settings, three)
    assert sight.photos("missing")[str(three / "a.jpg")].photo_id == before.photo_id
    (three / "a.jpg").write_bytes(whole)
    assert counts(index(library)) == {"restored": 1, "unchanged": 2}
    assert sight.photos()[str(three / "a.jpg")] == before
    check_whole(settings, three)


def test_the_problem_of_a_deleted_file_goes_with_it(
    library: Library, folder: Path, settings: Settings
) -> None:
    (folder / "a.jpg").write_text("no picture")
    library.add_folder(str(folder))
    index(library)
    (folder / "a.jpg").unlink()
    assert counts(index(library)) == {}
    assert library.problems().total == 0


def test_equal_bad_files_all_fail(library: Library, folder: Path, settings: Settings) -> None:
    for number in range(9):
        (folder / f"{number}.jpg").write_bytes(b"\xff\xd8\xff the same")
    library.add_folder(str(folder))
    assert counts(index(library)) == {"failed": 9}
    check_whole(settings, folder)


def test_a_file_that_vanishes_while_the_job_runs_is_no_lasting_problem(
    library: Library, folder: Path, sight: Sight, settings: Settings
) -> None:
    for number in range(6):
        write(folder / f"{number}.jpg", number)
    library.add_folder(str(folder))
    index(library)
    for number in range(6):
        os.utime(folder / f"{number}.jpg")
    job = library.index()
    while next(job).stage != "read":
        pass
    for number in range(6):
        (folder / f"{number}.jpg").unlink()
    for _ in job:
        pass
    assert not sight.problems("failed")
    check_consistent(settings)
    index(library)
    check_whole(settings, folder)
    assert len(sight.photos("missing")) == 6


# --- cut short -----------------------------------------------------------------------------------


@pytest.mark.parametrize("yields", [1, 2, 3, 5, 8, 11])
def test_a_cancelled_job_keeps_what_it_told_and_the_next_one_completes(
    library: Library, folder: Path, sight: Sight, settings: Settings, yields: int
) -> None:
    for number in range(20):
        write(folder / f"{number}.jpg", number)
    library.add_folder(str(folder))
    job, told = library.index(), 0
    for _ in range(yields):
        progress = next(job)
        if progress.stage == "read":
            told = progress.done
    job.close()
    stored = len(sight.photos())
    assert stored >= told
    report = index(library)
    assert (report.unchanged, report.added) == (stored, 20 - stored)
    check_whole(settings, folder)


def test_a_closed_job_frees_its_lease(library: Library, three: Path) -> None:
    job = library.index()
    next(job)
    job.close()
    assert counts(index(library)) == {"unchanged": 3}


def test_plain_colours_share_no_content(library: Library, folder: Path, sight: Sight) -> None:
    plain(folder / "red.jpg", (220, 30, 30))
    plain(folder / "blue.jpg", (40, 70, 210))
    library.add_folder(str(folder))
    index(library)
    assert len({row.content_id for row in sight.photos().values()}) == 2
    assert {row.content_hash for row in sight.photos().values()} == {
        digest(path) for path in on_disk(folder)
    }
