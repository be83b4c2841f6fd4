"""The keys of the JSON are those that were promised."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import NOT_UTF8

if TYPE_CHECKING:
    from tests.cli.conftest import Indexed

INDEX = """scanned added changed moved copied missing restored unchanged failed skipped parts opened
    decoded reused embedded crops texts pending offline cancelled seconds"""
SEARCH = "query model total clear likely cutoff sort sources notice hits next_offset"
HIT = "rank path photo_id state score taken_at copies why"
WHY = "source detail score raw"
ALBUMS = "run unsorted albums total next_offset"
ALBUM = """album_id kind name size parent_id level cover from to named_by pinned hidden"""
DUPLICATE = "path photo_id keeper reason bytes width height format reference parts evidence"
EVIDENCE = "with tier relation direction score inliers residual amount"
PROBLEM = "path photo_id stage code reason remedy attempts last_at retryable"
STATUS = """library schema_version change photos by_state parts problems skipped folders stages
    models index leases watcher albums duplicate_sets quarantine cache_bytes"""
MODEL = """name model_id kind in_use available source path size_bytes dimensions languages licence
    embedded pending"""

OPTIONAL = {"path_b64", "copies_b64", "crop_id", "box"}


def carries(value: dict[str, Any], keys: str) -> None:
    """The keys are there, and beside them only optional ones."""
    assert set(value) - OPTIONAL - {"schema"} == set(keys.split())


def test_index(indexed: Indexed) -> None:
    report = indexed.run("index", "--json").json
    assert report["schema"] == 1
    carries(report, INDEX)
    carries(report["pending"], "embed crops texts")
    outcomes = "added changed moved copied restored unchanged failed skipped parts".split()
    assert report["scanned"] == sum(report[name] for name in outcomes) == 13
    assert report["unchanged"] == 11


def test_search_and_similar(indexed: Indexed) -> None:
    found = indexed.run("search", "beach", "--json").json
    carries(found, SEARCH)
    carries(found["cutoff"], "score count")
    assert found["model"] is None
    for source in found["sources"]:
        carries(source, "source model_id available note")
    carries(found["hits"][0], HIT)
    carries(found["hits"][0]["why"][0], WHY)
    like = indexed.run("similar", indexed.folder / "beach.jpg", "--json").json
    carries(like, f"{SEARCH} of more less")
    carries(like["of"], "path photo_id region")
    names = [hit["path"].rpartition("/")[2] for hit in like["hits"]]
    assert names
    assert not {"beach.jpg", "beach copy.jpg"} & set(names)


def test_albums(indexed: Indexed) -> None:
    found = indexed.run("albums", "--json").json
    carries(found, ALBUMS)
    carries(found["run"], "run_id model_id eps min_samples noise")
    for album in found["albums"]:
        carries(album, ALBUM)
        shown = indexed.run("album", "show", album["album_id"], "--json").json
        carries(shown, f"{ALBUM} photos suggestions total next_offset")
        carries(shown["photos"][0], "path photo_id taken_at")


def test_regroup(indexed: Indexed) -> None:
    report = indexed.run("regroup", "--full", "--json").json
    carries(report, "run_id created kept retired moved decisions preview changes seconds")
    carries(report["decisions"], "held dropped")
    preview = indexed.run("regroup", "--full", "--preview", "--json", "--eps", "1").json
    assert preview["preview"]
    for change in preview["changes"]:
        carries(change, "album_id kind name before after came went")
    sweep = indexed.run("regroup", "--sweep", "--json").json
    carries(sweep, "photos labelled rows")
    carries(sweep["rows"][0], "eps min_samples clusters noise silhouette purity chosen")
    runs = indexed.run("regroup", "--runs", "--json").json["runs"]
    keys = "run_id at model_id method eps min_samples photos clusters noise agreement current"
    carries(runs[0], keys)
    assert runs[0]["current"]
    assert indexed.run("regroup", "--sweep", "--full").code == 2


def test_duplicates(indexed: Indexed) -> None:
    found = indexed.run("duplicates", "--json").json
    carries(found, "reclaimable_bytes sets total next_offset")
    (duplicate_set,) = found["sets"]
    carries(duplicate_set, "set_id tier keeper_id tie photos")
    assert duplicate_set["tier"] == "bytes"
    for photo in duplicate_set["photos"]:
        carries(photo, DUPLICATE)
    copy = next(photo for photo in duplicate_set["photos"] if not photo["keeper"])
    carries(copy["evidence"][0], EVIDENCE)
    assert found["reclaimable_bytes"] == copy["bytes"]


def test_problems(indexed: Indexed) -> None:
    found = indexed.run("problems", "--json").json
    carries(found, "problems skipped total next_offset")
    carries(found["problems"][0], PROBLEM)
    carries(found["skipped"][0], "path reason")
    assert found["problems"][0]["path"] == str(indexed.folder / "broken.jpg")
    assert found["skipped"][0]["path"] == str(indexed.folder / "link.jpg")


def test_status(indexed: Indexed) -> None:
    state = indexed.run("status", "--json").json
    carries(state, STATUS)
    assert {"folder_id", "path", "state", "photos", "last_scan"} <= set(state["folders"][0])
    carries(state["models"], "encoder detector ocr look copy")
    carries(state["watcher"], "running pid socket")
    carries(state["quarantine"], "files bytes")
    for stage in state["stages"].values():
        carries(stage, "done pending failed")
    for index in state["index"]:
        carries(index, "model_id kind rows expected saved_change")
    assert state["photos"] == 11


def test_models(indexed: Indexed) -> None:
    for arguments in (["models"], ["models", "list"]):
        for model in indexed.run(*arguments, "--json").json["models"]:
            carries(model, MODEL)


def test_a_path_that_is_not_utf8_travels_as_bytes(indexed: Indexed) -> None:
    found = indexed.run("search", "file:caf*", "--all", "--json").json
    paths = [hit for hit in found["hits"] if "path_b64" in hit]
    assert len(paths) == 1
    assert base64.b64decode(paths[0]["path_b64"]).endswith(
        NOT_UTF8.encode(errors="surrogateescape")
    )


@pytest.mark.parametrize("command", ["folders", "albums", "duplicates", "problems"])
def test_pages_of_a_list_say_where_the_next_begins(indexed: Indexed, command: str) -> None:
    whole = indexed.run(command, "--json").json
    assert whole["next_offset"] is None
    assert whole["total"] >= 1
    first = indexed.run(command, "--limit", "1", "--json").json
    assert first["total"] == whole["total"]
    assert first["next_offset"] == (1 if whole["total"] > 1 else None)


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["album", "show", "999999"], "not-found", 1),
        (["search", ""], "usage", 2),
        (["search", '"open'], "query", 1),
        (["search"], "usage", 2),
        (["nosuch"], "usage", 2),
        (["albums", "--kind", "x"], "usage", 2),
        (["similar", "absent.jpg"], None, 1),
    ],
)
def test_errors_are_json_too(
    indexed: Indexed, arguments: list[str], code: str | None, exit_code: int
) -> None:
    outcome = indexed.run(*arguments, "--json")
    assert outcome.code == exit_code
    assert outcome.err == ""
    error = outcome.json["error"]
    assert {"code", "message", "hint"} <= set(error) <= {"code", "message", "hint", "position"}
    assert ("position" in error) == (code == "query")
    assert code in (None, error["code"])
