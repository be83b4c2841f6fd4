"""plan, remove, undo, removals and purge, as a person and a script use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import NOT_UTF8, write
from tests.cli.test_contract import carries

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Photolib

PLAN = "plan_version library_id created_at items left_out"
REPORT = "batch_id dry_run removed refused already freed_bytes merged"
REMOVED = "path photo_id kept quarantine bytes"
BATCH = "batch_id at state count bytes items"
ENTRY = "path photo_id kept state quarantine bytes note"


@pytest.fixture
def folder(tmp_path: Path, photolib: Photolib) -> Path:
    """Two pictures; of one there is a copy, whose name is not UTF-8."""
    place = tmp_path / "photos"
    write(place / "one.jpg", 1)
    write(place / "two.jpg", 2)
    (place / NOT_UTF8).write_bytes((place / "one.jpg").read_bytes())
    for arguments in (["add", place], ["index"]):
        assert photolib(*arguments).code == 0
    return place


@pytest.fixture
def plan(tmp_path: Path, folder: Path, photolib: Photolib) -> Path:
    """A plan that removes the copy or what it is a copy of: by age and path alone it is a tie."""
    outcome = photolib("plan", "--ties")
    assert outcome.code == 0
    carries(outcome.json, PLAN)
    path = tmp_path / "plan.json"
    path.write_bytes(outcome.raw)
    return path


def test_a_toss_up_is_left_out_of_a_plan_unless_asked_for(folder: Path, photolib: Photolib) -> None:
    made = photolib("plan")
    assert (made.json["items"], [left["code"] for left in made.json["left_out"]]) == ([], ["tie"])
    assert "--ties" in made.err
    assert len(photolib("plan", "--ties", "--tier", "bytes").json["items"]) == 1
    assert photolib("plan", "--ties", "--tier", "near").json["items"] == []
    assert len(photolib("plan", "--ties", "--folder", folder).json["items"]) == 1
    assert photolib("plan", "--folder", folder / "..").code == 0
    assert photolib("plan", "--folder", "/nowhere").code == 2


def test_a_plan_is_rehearsed_carried_out_run_again_and_undone(
    folder: Path, plan: Path, photolib: Photolib
) -> None:
    (item,) = json.loads(plan.read_text())["items"]
    carries(item["remove"], "photo_id path content_hash bytes")
    before = sorted(path.name for path in folder.iterdir())
    rehearsed = photolib("remove", "--plan", plan, "--dry-run", "--json")
    carries(rehearsed.json, REPORT)
    assert (rehearsed.code, rehearsed.json["batch_id"]) == (0, None)
    assert sorted(path.name for path in folder.iterdir()) == before
    report = photolib("remove", "--plan", plan, "--json").json
    carries(report["removed"][0], f"{REMOVED} quarantine_b64")
    assert report["freed_bytes"] == item["remove"]["bytes"]
    again = photolib("remove", "--plan", plan, "--json")
    assert (again.code, len(again.json["already"])) == (0, 1)
    undone = photolib("undo", "--json")
    assert undone.json["restored"]
    assert (undone.code, undone.json["batch_id"]) == (0, report["batch_id"])
    assert {path.name for path in folder.iterdir()} >= set(before)
    assert photolib("undo").code == 1


def test_a_plan_from_standard_input_that_a_person_spoiled_is_refused_by_item(
    plan: Path, tmp_path: Path, photolib: Photolib
) -> None:
    made = json.loads(plan.read_text())
    del made["items"][0]["remove"]["content_hash"]
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(made))
    outcome = photolib("remove", "--plan", spoiled)
    assert (outcome.code, "item 1" in outcome.err) == (2, True)
    for text in ("", "[]", "{}", '{"items": [], "plan_version": 99}', "[" * 100_000):
        spoiled.write_text(text)
        assert photolib("remove", "--plan", spoiled).code == 2
    spoiled.write_text(json.dumps(made | {"library_id": "another", "items": []}))
    assert "another library" in photolib("remove", "--plan", spoiled).err
    spoiled.write_bytes(b"\xff\xfe\x00")
    assert photolib("remove", "--plan", spoiled).code == 2
    assert photolib("remove").code == 2
    assert photolib("remove", "x.jpg", "--plan", plan).code == 2


def test_a_keeper_that_a_person_wrote_into_a_plan_is_compared(
    folder: Path, plan: Path, photolib: Photolib
) -> None:
    made = json.loads(plan.read_text())
    hit = next(h for h in photolib("search", "two", "--json").json["hits"])
    from tests.library.shelf import digest

    keep = made["items"][0]["keep"]
    keep |= {"photo_id": hit["photo_id"], "path": hit["path"]}
    keep["content_hash"] = digest(folder / "two.jpg").hex()
    made["items"][0]["tier"] = None
    plan.write_text(json.dumps(made))
    outcome = photolib("remove", "--plan", plan, "--json")
    assert outcome.code == 1
    carries(outcome.json["refused"][0], "path code reason hint")
    assert outcome.json["refused"][0]["code"] == "no-match"


def test_the_journal_lists_batches_and_purge_asks_first(folder: Path, photolib: Photolib) -> None:
    assert photolib("removals", "--json").json["batches"] == []
    removed = photolib("remove", folder / "one.jpg")
    assert (removed.code, "photolib undo 1" in removed.err) == (0, True)
    found = photolib("removals", "--json").json
    carries(found, "batches total next_offset")
    carries(found["batches"][0], BATCH)
    carries(found["batches"][0]["items"][0], f"{ENTRY} kept_b64")
    assert "Batch 1" in photolib("removals").out
    assert photolib("status", "--json").json["quarantine"]["files"] == 1
    assert photolib("purge", "--json").json["kept"] == 1
    assert photolib("purge", "--older-than", "0").code == 2
    assert str(folder / "one.jpg") in photolib("purge", "--older-than", "0", "--dry-run").out
    purged = photolib("purge", "--older-than", "0", "--yes", "--json")
    carries(purged.json, "purged freed_bytes kept dry_run paths not_purged")
    assert (purged.code, purged.json["purged"], purged.json["kept"]) == (0, 1, 0)
    assert photolib("removals", "--json").json["batches"][0]["state"] == "purged"
    undone = photolib("undo", "1", "--json")
    assert (undone.code, "purged" in undone.json["not_restored"][0]["reason"]) == (1, True)
    assert photolib("purge", "77").code == 1


def test_refusals_are_told_with_a_remedy(folder: Path, photolib: Photolib) -> None:
    outcome = photolib("remove", folder / "two.jpg")
    assert outcome.code == 1
    assert "no copy of it is known" in outcome.out
    assert "--no-keeper" in outcome.out
    assert photolib("remove", folder / "two.jpg", "--no-keeper").code == 0
    assert photolib("undo").code == 0
