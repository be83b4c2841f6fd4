"""The walk reports what may be a photo, says why it passes others over, and never trips."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from photolib.images import classify, found_at, walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def _touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def _kinds(root: Path, ignore: Sequence[str] = ()) -> dict[bytes, str]:
    return {found.path: found.kind for found in walk(root, ignore)}


def test_kinds_follow_the_extension_in_any_case(tmp_path: Path) -> None:
    _touch(tmp_path, "a.JPG", "b.heic", "c.Cr2", "d.mov", "e.xmp", "a.JPG.xmp", "sub/f.png")
    assert _kinds(tmp_path) == {
        b"a.JPG": "photo",
        b"a.JPG.xmp": "sidecar",
        b"b.heic": "photo",
        b"c.Cr2": "photo",
        b"d.mov": "video",
        b"e.xmp": "sidecar",
        b"sub/f.png": "photo",
    }


def test_other_files_are_reported_and_temporary_names_are_not(tmp_path: Path) -> None:
    _touch(tmp_path, "notes.txt", "x.db", "README", "a.jpg.part", "b.jpg.tmp", "c.jpg~")
    _touch(tmp_path, "d.jpg.crdownload", "e.")
    others = dict.fromkeys((b"README", b"e.", b"notes.txt", b"x.db"), "other")
    assert _kinds(tmp_path) == others


@pytest.mark.parametrize(
    "path",
    [
        "._a.jpg",
        ".hidden.jpg",
        ".photolib-quarantine/a.jpg",
        ".thumbnails/a.jpg",
        "@eaDir/a.jpg",
        "sub/@eaDir/a.jpg/thumb.jpg",
        "#recycle/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "lost+found/a.jpg",
    ],
)
def test_hidden_and_system_names_are_ignored(tmp_path: Path, path: str) -> None:
    _touch(tmp_path, path)
    assert _kinds(tmp_path) == {}
    assert found_at(tmp_path, path.encode()) is None


def test_patterns_match_the_name_or_the_path_and_prune_directories(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "a_thumb.jpg", "cache/b.jpg", "2020/cache/c.jpg", "2020/d.jpg")
    kinds = _kinds(tmp_path, ["*_thumb.*", "2020/cache/"])
    assert sorted(kinds) == [b"2020/d.jpg", b"a.jpg", b"cache/b.jpg"]
    assert sorted(_kinds(tmp_path, ["cache"])) == [b"2020/d.jpg", b"a.jpg", b"a_thumb.jpg"]


def test_facts_of_a_file_are_those_of_stat(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5, 1_600_000_000_123_456_789))
    facts = (tmp_path / "a.jpg").stat()
    (found,) = walk(tmp_path)
    assert (found.size, found.mtime_ns) == (1, facts.st_mtime_ns)
    assert (found.inode, found.device) == (facts.st_ino, facts.st_dev)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_pipes_links_and_sockets_are_skipped_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path, "real/a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real" / "a.jpg")
    (tmp_path / "broken.jpg").symlink_to("nowhere")
    (tmp_path / "again").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.jpg")
        found = {entry.path: entry for entry in walk(tmp_path)}
    assert sorted(found) == [
        b"again",
        b"broken.jpg",
        b"link.jpg",
        b"pipe.jpg",
        b"real/a.jpg",
        b"s.jpg",
    ]
    skipped = {path: entry.reason for path, entry in found.items() if entry.kind == "skip"}
    assert set(found) - set(skipped) == {b"real/a.jpg"}
    assert skipped[b"pipe.jpg"] == "a pipe, not a file"
    assert "link" in skipped[b"link.jpg"]
    assert "link to a folder" in skipped[b"again"]


def test_a_link_back_to_the_root_does_not_loop(tmp_path: Path) -> None:
    _touch(tmp_path, "a/b.jpg")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert sorted(_kinds(tmp_path)) == [b"a/b.jpg", b"a/up"]


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_names_need_not_be_text(tmp_path: Path) -> None:
    name = b"caf\xe9\n.jpg"
    with open(os.fsencode(tmp_path) + b"/" + name, "wb"):
        pass
    assert [found.path for found in walk(tmp_path)] == [name]
    assert [found.path for found in walk(tmp_path, ["*.png"])] == [name]
    assert found_at(tmp_path, name) is not None


def test_a_directory_that_vanishes_is_an_error_entry_and_the_walk_goes_on(tmp_path: Path) -> None:
    _touch(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    entries = []
    for found in walk(tmp_path):
        entries.append((found.path, found.kind))
        if found.path == b"a/1.jpg":
            (tmp_path / "b" / "2.jpg").unlink()
            (tmp_path / "b").rmdir()
    assert entries == [(b"a/1.jpg", "photo"), (b"b", "error"), (b"c/3.jpg", "photo")]


def test_a_root_that_is_not_there_is_an_error_entry(tmp_path: Path) -> None:
    (found,) = walk(tmp_path / "gone")
    assert (found.path, found.kind) == (b"", "error")
    assert found.reason


def test_deep_directories_do_not_exhaust_the_stack(tmp_path: Path) -> None:
    folders = [tmp_path]
    try:
        for _ in range(1200):
            (folders[-1] / "d").mkdir()
            folders.append(folders[-1] / "d")
        (folders[-1] / "a.jpg").touch()
        assert [found.path for found in walk(tmp_path)] == [b"d/" * 1200 + b"a.jpg"]
    finally:
        # Whoever empties the temporary folder may recurse.
        (folders[-1] / "a.jpg").unlink(missing_ok=True)
        for folder in reversed(folders[1:]):
            folder.rmdir()


def test_one_path_is_judged_as_the_walk_would(tmp_path: Path) -> None:
    _touch(tmp_path, "a/b.jpg", "a/c.txt", "d/e.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "d")
    (tmp_path / "dir.jpg").mkdir()
    walked = {found.path: found for found in walk(tmp_path)}
    assert found_at(tmp_path, b"a/b.jpg") == walked[b"a/b.jpg"]
    assert found_at(tmp_path, b"a/c.txt") == walked[b"a/c.txt"]
    for path in (b"link/e.jpg", b"gone.jpg", b"a/b.jpg/x.jpg", b"dir.jpg"):
        assert found_at(tmp_path, path) is None
    assert found_at(tmp_path, b"a/b.jpg", ["a"]) is None


def test_classify_needs_a_name_and_an_extension() -> None:
    assert classify(b"x.JPEG") == "photo"
    assert classify(b"jpg") is None
    assert classify(b"x.jpg.bak") is None
