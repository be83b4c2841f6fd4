"""``photolib labels``: listing, the vocabulary, and corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Photolib


def test_a_person_labels_a_photo_and_takes_it_back(photolib: Photolib, photos: Path) -> None:
    path = photos / "one.jpg"
    photolib("add", photos)
    photolib("index", "--stage", "1")
    assert photolib("labels", "--json").json["labels"] == []
    said = photolib("labels", "accept", "lighthouse", str(path), "--json").json
    assert said["path"] == str(path)
    assert [label["name"] for label in said["labels"]] == ["lighthouse"]
    assert photolib("labels").out.split() == ["lighthouse", "1", "photo"]
    assert photolib("search", "label:lighthouse", "--paths").out.split() == [str(path)]
    assert "no labels" in photolib("labels", "reject", "lighthouse", str(path)).out
    assert photolib("labels", "--json").json["total"] == 0


def test_the_vocabulary_is_listed_and_changed(photolib: Photolib) -> None:
    before = photolib("labels", "--vocabulary", "--json").json["words"]
    assert "dog" in before
    assert photolib("labels", "add", "sea eagle", "--json").json["added"] == ["sea eagle"]
    assert "sea eagle" in photolib("labels", "--vocabulary").out.splitlines()
    assert photolib("labels", "remove", "dog", "--json").json["removed"] == ["dog"]
    wrong = photolib("labels", "remove", "dog")
    assert wrong.code == 2
    assert "--vocabulary" in wrong.err
