"""Crops, labels, texts and stages, and what a person decided about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photolib.catalogue import NewCrop, NewText, overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photolib.catalogue import Catalogue
    from tests.catalogue.conftest import Shelf

LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 0.4, 1.0)


def detector(catalogue: Catalogue, name: str = "d.1") -> int:
    return catalogue.vectors.register(name, "detector", name, None)


def put(
    catalogue: Catalogue, content_id: int, crops: Sequence[NewCrop], name: str = "d.1"
) -> list[int]:
    with catalogue.transaction():
        number = detector(catalogue, name)
        return catalogue.regions.replace_crops(content_id, number, crops)


def decide(catalogue: Catalogue, crop_id: int, provenance: str = "accepted") -> None:
    """What a front end does when a person agrees with a label."""
    sql = "UPDATE label SET provenance = ? WHERE crop_id = ?"
    catalogue._database.execute(sql, (provenance, crop_id))


def label_rows(catalogue: Catalogue, content_id: int) -> list[tuple[str, str, int]]:
    sql = "SELECT name, provenance, crop_id FROM label WHERE content_id = ? ORDER BY label_id"
    return [(row[0], row[1], row[2]) for row in catalogue._database.rows(sql, (content_id,))]


def dog(box: tuple[float, float, float, float] = LEFT, confidence: float = 0.9) -> NewCrop:
    return NewCrop(box, "dog", confidence)


# --- crops and labels ---------------------------------------------------------------------------


def test_each_crop_with_a_label_gives_one(catalogue: Catalogue, shelf: Shelf) -> None:
    photo_id = shelf.photo()
    content_id = shelf.content_of(photo_id)
    outline = ((0.0, 0.0), (0.4, 0.0), (0.4, 1.0))
    weak, strong = NewCrop(LEFT, "cat", 0.4, outline), dog(RIGHT)
    ids = put(catalogue, content_id, [weak, strong, NewCrop(LEFT, "", 0.2)])
    crops = catalogue.regions.crops_of([content_id])[content_id]
    assert [crop.crop_id for crop in crops] == [ids[1], ids[0], ids[2]]
    assert crops[1].outline == outline
    assert crops[0].box == RIGHT
    assert catalogue.regions.labels() == [("cat", 1), ("dog", 1)]
    with catalogue.transaction():
        catalogue.words.refresh([photo_id])
    assert catalogue.words.holding(["dog"]).tolist() == [photo_id]


def test_labels_count_the_photos_that_are_shown(catalogue: Catalogue, shelf: Shelf) -> None:
    photos = shelf.photos(3)
    for photo_id in photos:
        put(catalogue, shelf.content_of(photo_id), [dog(LEFT), dog(RIGHT)])
    assert catalogue.regions.labels() == [("dog", 3)]
    shelf.mark(photos[0], "missing")
    assert catalogue.regions.labels() == [("dog", 2)]


def test_a_new_detector_takes_the_place_of_the_old(catalogue: Catalogue, shelf: Shelf) -> None:
    content_id = shelf.content_of(shelf.photo())
    (old,) = put(catalogue, content_id, [dog()])
    look = catalogue.vectors.register("look.1", "look", "look", 4)
    vector = np.ones(4, np.float32)
    with catalogue.transaction():
        catalogue.vectors.add(look, "crop-look", content_id, vector, crop_id=old)
    stored = catalogue.vectors.load(look, "crop-look", 4).ids.tolist()
    assert catalogue.regions.crop_of_embedding(stored)[stored[0]].crop_id == old
    before = catalogue.vectors.last_change()
    put(catalogue, content_id, [NewCrop(LEFT, "cat", 0.8)], "d.2")
    assert catalogue.regions.labels() == [("cat", 1)]
    assert catalogue.regions.crop_of_embedding(stored) == {}
    changes = catalogue.vectors.changes_since(before)
    assert changes is not None
    assert changes.removed == stored, "an index learns that the vector is gone"


def test_a_decision_passes_to_the_crop_of_the_same_thing(
    catalogue: Catalogue, shelf: Shelf
) -> None:
    content_id = shelf.content_of(shelf.photo())
    (old,) = put(catalogue, content_id, [dog()])
    decide(catalogue, old)
    new = put(catalogue, content_id, [dog(RIGHT), dog((0.02, 0.0, 0.4, 1.0))], "d.2")
    assert label_rows(catalogue, content_id) == [
        ("dog", "accepted", new[1]),
        ("dog", "detected", new[0]),
    ]


def test_a_decision_on_what_is_not_found_again_stays(catalogue: Catalogue, shelf: Shelf) -> None:
    photo_id = shelf.photo()
    content_id = shelf.content_of(photo_id)
    (old,) = put(catalogue, content_id, [dog()])
    decide(catalogue, old)
    put(catalogue, content_id, [NewCrop(RIGHT, "cat", 0.8)], "d.2")
    assert ("dog", "accepted", old) in label_rows(catalogue, content_id)
    assert old not in [c.crop_id for c in catalogue.regions.crops_of([content_id])[content_id]]
    assert catalogue.regions.labels() == [("cat", 1), ("dog", 1)]
    put(catalogue, content_id, [dog()], "d.3")
    assert len(label_rows(catalogue, content_id)) == 1, "the retired crop has found its heir"


BOXES = st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.05, 0.5), st.floats(0.05, 0.5))
CROPS = st.lists(
    st.builds(NewCrop, BOXES, st.sampled_from(["dog", "cat", ""]), st.floats(0, 1)), max_size=4
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(CROPS, st.integers(0, 3)), min_size=1, max_size=5))
def test_no_run_of_detectors_loses_a_decision(
    catalogue: Catalogue, shelf: Shelf, runs: list[tuple[list[NewCrop], int]]
) -> None:
    content_id = shelf.content_of(shelf.photo(folder_id=folder_of(catalogue, shelf)))
    decided = 0
    for number, (crops, chosen) in enumerate(runs):
        ids = put(catalogue, content_id, crops, f"d.{number}")
        fresh = {
            c for _, provenance, c in label_rows(catalogue, content_id) if provenance[0] == "d"
        }
        if chosen < len(ids) and ids[chosen] in fresh:
            decide(catalogue, ids[chosen])
            decided += 1
        rows = label_rows(catalogue, content_id)
        assert sum(provenance == "accepted" for _, provenance, _ in rows) == decided
        living = {c.crop_id for c in catalogue.regions.crops_of([content_id]).get(content_id, [])}
        assert living == set(ids)
        assert all(c in living for _, provenance, c in rows if provenance == "detected")


def folder_of(catalogue: Catalogue, shelf: Shelf) -> int:
    rows = catalogue.folders.all()
    return rows[0].folder_id if rows else shelf.folder()


def test_overlap() -> None:
    assert overlap(LEFT, LEFT) == pytest.approx(1)
    assert overlap(LEFT, RIGHT) == 0
    assert overlap((0, 0, 0.5, 1), (0.25, 0, 0.5, 1)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0


# --- texts --------------------------------------------------------------------------------------


def test_texts_replace_each_other_and_are_found(catalogue: Catalogue, shelf: Shelf) -> None:
    photo_id = shelf.photo()
    content_id = shelf.content_of(photo_id)
    reader = catalogue.vectors.register("ocr.1", "ocr", "ocr", None)
    for words in ("left luggage", "way out"):
        with catalogue.transaction():
            lines = [NewText(words, LEFT, 0.9), NewText("x", RIGHT, 0.6)]
            catalogue.regions.replace_texts(content_id, reader, lines)
            catalogue.words.refresh([photo_id])
    texts = catalogue.regions.texts_of([content_id])[content_id]
    assert [text.words for text in texts] == ["way out", "x"]
    assert not len(catalogue.words.holding(["luggage"]))
    assert len(catalogue.words.holding(["out"])) == 1
    encoder = shelf.encoder()
    waiting = catalogue.regions.texts_without_vector(encoder, 4, 10)
    assert [text.words for text in waiting] == ["way out"]
    with catalogue.transaction():
        vector = np.ones(4, np.float32)
        text_id = waiting[0].text_id
        catalogue.vectors.add(encoder, "text", content_id, vector, text_id=text_id)
    assert catalogue.regions.texts_without_vector(encoder, 4, 10) == []


# --- stages -------------------------------------------------------------------------------------


def test_a_stage_is_to_do_until_this_model_has_done_it(catalogue: Catalogue, shelf: Shelf) -> None:
    contents = [shelf.content_of(photo_id) for photo_id in shelf.photos(2)]
    regions = catalogue.regions

    def waiting(detector: str | None, *readers: str, away: bool = False) -> list[int]:
        found = regions.unread(detector, None, readers, any_detector=away)
        return sorted(unread.content_id for unread in found)

    assert waiting("d.1") == contents
    assert waiting(None) == []
    assert waiting(None, "ocr") == contents
    with catalogue.transaction():
        regions.finish(contents[0], "crops", "d.1")
        catalogue.vectors.fail(contents[1], "crops", "d.1", "no")
    assert waiting("d.1") == []
    assert regions.stage_count("crops", ["d.1"]) == (1, 1)
    assert waiting("d.2") == contents
    assert waiting("d.2", away=True) == [], "another detector's work does for now"
    catalogue.vectors.retry()
    assert waiting("d.1") == [contents[1]]
    assert waiting("d.1", "ocr", "ocr+gate") == contents


def test_crops_without_the_encoders_vector_are_to_do(catalogue: Catalogue, shelf: Shelf) -> None:
    content_id = shelf.content_of(shelf.photo())
    kept, _ = put(catalogue, content_id, [dog(), NewCrop(RIGHT, "ant", 0.3)])
    look = catalogue.vectors.register("look.1", "look", "look", 4)
    encoder, vector = shelf.encoder(), np.ones(4, np.float32)
    with catalogue.transaction():
        catalogue.vectors.add(look, "crop-look", content_id, vector, crop_id=kept)
        catalogue.regions.finish(content_id, "crops", "d.1")
    (unread,) = catalogue.regions.unread("d.1", encoder, ())
    assert (unread.crops, unread.vectors, unread.texts) == (False, True, False)
    assert [crop.crop_id for crop in catalogue.regions.kept_crops(content_id)] == [kept]
    with catalogue.transaction():
        catalogue.vectors.add(encoder, "crop", content_id, vector, crop_id=kept)
    assert catalogue.regions.unread("d.1", encoder, ()) == []


def test_offline_and_missing_photos_wait(catalogue: Catalogue, shelf: Shelf) -> None:
    first, second = shelf.photos(2)
    shelf.mark(first, "missing")
    assert len(catalogue.regions.unread("d.1", None, ())) == 1
    for row in catalogue.folders.all():
        catalogue.folders.set_state(row.folder_id, "offline")
    assert catalogue.regions.unread("d.1", None, ()) == []
    assert second
