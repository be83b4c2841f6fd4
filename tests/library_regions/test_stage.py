"""The second stage through the door: what is found, stored, searched, redone and retried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw

from photolib.errors import UsageError
from photolib.jobs import finish
from photolib.library import Library
from photolib.models import FakeDetector, FakeEncoder
from photolib.models.proposals import PROPOSALS_ID
from tests.library_regions.scenes import BLUE, GREEN, RED, Moody, scene, seeing, textured

if TYPE_CHECKING:
    from pathlib import Path

    from photolib.config import Settings
    from photolib.jobs import Progress
    from photolib.library.results import IndexReport
    from tests.library.shelf import Sight


def index(library: Library, *, ocr: str = "never") -> tuple[IndexReport, list[Progress]]:
    told: list[Progress] = []
    return finish(library.index(ocr=ocr), told.append), told


def crops(sight: Sight) -> list[tuple[object, ...]]:
    return sight.rows("SELECT crop_id, label, retired FROM crop ORDER BY crop_id")


def test_things_are_labelled_and_found_by_their_part(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    scene(folder / "box.jpg", (BLUE, (200, 120, 300, 220)), (BLUE, (30, 120, 90, 200)))
    scene(folder / "plain.jpg")
    with seeing(settings) as library:
        library.add_folder(str(folder))
        report, _ = index(library)
        assert report.crops == 2
        assert report.pending.crops == report.pending.texts == 0
        assert library.labels() == [("blue", 1), ("red", 1)]
        (hit,) = library.search("label:red").hits
        assert hit.path == str(folder / "ball.jpg")
        (found,) = [why for why in hit.why if why.source == "label"]
        assert found.detail == "red"
        assert found.box == pytest.approx((20 / 320, 20 / 240, 80 / 320, 90 / 240), abs=0.03)
        twice = library.search("label:blue -label:red").hits[0]
        assert [why.detail for why in twice.why if why.source == "label"] == ["blue"]
        first = library.search("red", everything=True).hits[0]
        part = next(why for why in first.why if why.source == "crop")
        assert first.path == str(folder / "ball.jpg")
        assert first.crop_id == sight.value("SELECT crop_id FROM crop WHERE label = 'red'")
        assert part.box is not None
        assert part.box[0] == pytest.approx(20 / 320, abs=0.02)
        again, told = index(library)
        assert again.crops == 0
        assert not [progress for progress in told if progress.stage == "regions"]
    kinds = "SELECT kind, count(*) FROM embedding GROUP BY kind ORDER BY kind"
    assert dict(sight.rows(kinds)) == {"crop": 2, "crop-look": 2, "look": 3, "photo": 3}


def test_a_new_detector_redoes_its_own_stage_only(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        index(library, ocr="auto")
    before = sight.rows("SELECT embedding_id FROM embedding WHERE crop_id IS NULL")
    old = crops(sight)
    with seeing(settings, Moody("fake-regions.2")) as library:
        report, _ = index(library, ocr="auto")
        assert (report.crops, report.embedded) == (1, 0)
        index(library)
    assert sight.rows("SELECT embedding_id FROM embedding WHERE crop_id IS NULL") == before
    assert len(crops(sight)) == 1
    assert crops(sight) != old
    assert sight.value("SELECT version FROM stage WHERE name = 'crops'") == "fake-regions.2"
    assert sight.value("SELECT attempts FROM stage WHERE name = 'texts'") == 1


def test_a_new_encoder_embeds_the_crops_that_are_there(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    detector = Moody()
    with seeing(settings, detector) as library:
        library.add_folder(str(folder))
        index(library)
    old, seen = crops(sight), detector.seen
    encoder = FakeEncoder("fake-colours.2")
    with Library(settings, encoder=encoder, detector=detector) as library:
        index(library)
    assert (crops(sight), detector.seen) == (old, seen)
    assert sight.value("SELECT count(*) FROM embedding WHERE kind = 'crop'") == 2


def test_a_picture_that_fails_is_told_once_and_tried_when_asked(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    Image.new("RGB", (200, 240), "gray").save(folder / "odd.png")
    detector = Moody()
    detector.refused = 200
    with seeing(settings, detector) as library:
        library.add_folder(str(folder))
        report, told = index(library)
        problems = [progress.problem for progress in told if progress.problem]
        assert [problem.path for problem in problems] == [str(folder / "odd.png")]
        assert report.crops == 1
        detector.refused = 0
        seen = detector.seen
        index(library)
        assert detector.seen == seen
        library.retry_problems()
        index(library)
        assert detector.seen == seen + 1
    assert sight.value("SELECT count(*) FROM stage WHERE problem NOT NULL") == 0


def test_a_job_that_stops_early_leaves_whole_photos(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    for number in range(9):
        scene(folder / f"{number}.jpg", (GREEN, (20 + 9 * number, 20, 200, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        job = library.index(ocr="never")
        for progress in job:
            if progress.stage == "regions" and progress.done >= 4:
                break
        job.close()
        done = sight.value("SELECT count(*) FROM stage WHERE name = 'crops'")
        assert 0 < done < 9
        assert len(crops(sight)) == done
        assert sight.value("SELECT count(*) FROM embedding WHERE kind = 'crop'") == done
        index(library)
    assert len(crops(sight)) == 9


def test_a_detector_that_is_away_leaves_its_work_in_place(
    folder: Path, settings: Settings, sight: Sight, tmp_path: Path
) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        index(library)
        library._catalogue.set_setting("detector", str(tmp_path / "gone.pt"))
    scene(folder / "new.jpg", (BLUE, (20, 20, 150, 150)))
    with Library(settings, encoder=FakeEncoder()) as library:
        report, _ = index(library)
        assert report.crops > 0
    by = "SELECT version, count(*) FROM stage WHERE name = 'crops' GROUP BY version"
    assert dict(sight.rows(by)) == {"fake-regions.1": 1, PROPOSALS_ID: 1}
    assert sight.value("SELECT count(*) FROM label WHERE name = 'red'") == 1


def test_without_any_weights_a_cut_finds_the_photo_it_is_of(
    folder: Path, settings: Settings, tmp_path: Path
) -> None:
    for seed in range(12):
        textured(seed).save(folder / f"{seed}.jpg", quality=90)
    with Library(settings) as library:
        library.add_folder(str(folder))
        index(library)
        cut = tmp_path / "cut.png"
        textured(7).crop((100, 60, 240, 180)).save(cut)
        result = library.similar(str(cut))
        assert result.hits[0].path == str(folder / "7.jpg")
        held = result.hits[0].why[0]
        assert held.box is not None
        assert held.box == pytest.approx((100 / 320, 0.25, 140 / 320, 0.5), abs=0.03)


def test_a_region_of_a_photo_finds_the_photos_that_hold_it(
    folder: Path, settings: Settings
) -> None:
    for seed in range(8):
        textured(seed).save(folder / f"{seed}.jpg", quality=90)
    other = textured(20)
    other.paste(textured(3).crop((40, 40, 200, 180)), (90, 70))
    other.save(folder / "collage.jpg", quality=90)
    with Library(settings) as library:
        library.add_folder(str(folder))
        index(library)
        box = (40 / 320, 40 / 240, 160 / 320, 140 / 240)
        result = library.similar(str(folder / "3.jpg"), region=box)
        assert result.hits[0].path == str(folder / "collage.jpg")
        assert str(folder / "3.jpg") not in [hit.path for hit in result.hits]


def test_an_unknown_way_to_read_is_refused(folder: Path, settings: Settings) -> None:
    with seeing(settings, FakeDetector()) as library:
        library.add_folder(str(folder))
        with pytest.raises(UsageError):
            index(library, ocr="sometimes")


@pytest.mark.torch
def test_print_is_read_and_found(folder: Path, settings: Settings, sight: Sight) -> None:
    page = Image.new("RGB", (900, 500), "white")
    draw = ImageDraw.Draw(page)
    draw.text((60, 100), "Harbour regatta programme", fill="black", font_size=44)
    draw.text((60, 240), "Tickets 17 crowns", fill="black", font_size=44)
    page.save(folder / "scan.png")
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        report, _ = index(library, ocr="auto")
        assert report.texts == 2
        assert [hit.path for hit in library.search('"regatta"').hits] == [str(folder / "scan.png")]
        assert library.search("text:crowns").hits[0].path == str(folder / "scan.png")
        assert index(library, ocr="auto")[0].pending.texts == 0
        # The encoder knows the word, though no line is spelled "crowns only".
        hit = library.search("crowns only", everything=True).hits[0]
        line = next(why for why in hit.why if why.detail == "Tickets 17 crowns")
        assert (hit.path, line.source) == (str(folder / "scan.png"), "text")
        assert line.box is not None
        assert 0.4 < line.box[1] < 0.6
    assert sight.value("SELECT count(*) FROM embedding WHERE kind = 'text'") == 2
    gated = "SELECT count(*) FROM stage WHERE name = 'texts' AND version LIKE '%+gate'"
    assert sight.value(gated) == 1


def test_a_file_that_moved_or_changed_meanwhile_stays_pending(
    folder: Path, settings: Settings, sight: Sight
) -> None:
    scene(folder / "gone.jpg", (RED, (20, 20, 100, 110)))
    scene(folder / "edited.jpg", (BLUE, (20, 20, 100, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        finish(library.index(stage=1))
        (folder / "gone.jpg").rename(folder / "moved.jpg")
        scene(folder / "edited.jpg", (RED, (20, 20, 100, 110)), (BLUE, (150, 120, 250, 200)))
        early = finish(library.index(stage=2, ocr="never"))
        assert (early.crops, early.pending.crops) == (0, 2)
        assert library.problems().total == 0
        late, _ = index(library)
        assert (late.crops, late.pending.crops) == (3, 0)


def test_the_second_stage_alone_scans_nothing(folder: Path, settings: Settings) -> None:
    scene(folder / "ball.jpg", (RED, (20, 20, 100, 110)))
    with seeing(settings) as library:
        library.add_folder(str(folder))
        finish(library.index(stage=1))
        scene(folder / "new.jpg", (BLUE, (20, 20, 100, 110)))
        report = finish(library.index(stage=2, ocr="never"))
        assert (report.scanned, report.crops) == (0, 1)
