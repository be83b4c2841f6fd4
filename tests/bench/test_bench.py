"""The measurements measure what they say; how fast anything is, no test asks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bench.encoder import DIMENSIONS
from bench.grouping import group
from bench.photos import gather
from bench.reading import _gate, _label, _Read, _recall
from bench.regions import _precision
from bench.regions import _recall as _label_recall
from bench.report import Row, document, parsed, percentile, table
from bench.sketches import drawn, painted
from bench.synthetic import Clusters, add_folder, add_photos, named, on_disk
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library

if TYPE_CHECKING:
    from pathlib import Path

ROW = Row("indexing", 27.1, "photos/s", "median of 3", 31.7, "alone", 0.855, ">= 0.85")


def test_a_row_shows_its_value_its_peer_and_their_ratio() -> None:
    lines = table([ROW, Row("rclip", None, "photos/s", "no weights")]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:5]] == [
        "indexing",
        "27.1 photos/s",
        "31.7 photos/s (alone)",
        "0.85",
    ]
    assert "not measured" in lines[3]
    assert "no weights" in lines[3]


def test_rows_come_back_from_their_json() -> None:
    assert parsed(document([ROW])) == [ROW]


@pytest.mark.parametrize(("percent", "value"), [(50, 50.0), (95, 95.0), (100, 100.0), (1, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: float) -> None:
    assert percentile([float(i) for i in range(100, 0, -1)], percent) == value


def test_vectors_are_unit_depend_on_their_number_only_and_come_in_clusters() -> None:
    clusters = Clusters(DIMENSIONS, seed=3)
    rows = clusters.vectors(np.arange(120))
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(rows[30:50], clusters.vectors(np.arange(30, 50)))
    cosines = rows @ rows.T
    assert cosines[0, 1] > 0.5 > 0.2 > abs(cosines[0, 80])
    assert abs(cosines[0, 3]) < 0.3, "one in four belongs to no cluster"


def test_a_synthetic_library_is_searched_and_kept_as_it_is(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "library")
    catalogue = Catalogue(settings)
    away = add_folder(catalogue, str(tmp_path / "away"))
    add_photos(catalogue, named(200), folder_id=away)
    add_photos(catalogue, named(100, first=200), folder_id=away, first=200)
    catalogue.close()
    with Library(settings) as library:
        report = finish(library.index())
        assert (report.scanned, report.offline) == (0, [str(tmp_path / "away")])
        assert library.status().by_state["present"] == 300
        assert library.search("madrid").total > 20


def test_a_scan_of_files_on_disk_finds_them_unchanged(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "library")
    files = on_disk(tmp_path / "photos", 250)
    with Library(settings) as library:
        folder_id = library.add_folder(str(tmp_path / "photos")).folder_id
        catalogue = Catalogue(settings)
        add_photos(catalogue, files, folder_id=folder_id)
        catalogue.close()
        report = finish(library.index())
    assert (report.unchanged, report.opened) == (250, 0)
    assert (report.pending.embed, report.pending.crops, report.pending.texts) == (0, 0, 0)


def test_grouping_finds_the_clusters(tmp_path: Path) -> None:
    outcome = group(tmp_path, 400)
    assert outcome.albums >= 5
    assert {"index", "duplicates", "albums"} <= set(outcome.stages)


def test_photos_to_measure_with_are_all_different(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.photos.SHARED", tmp_path / "absent")
    gather({tmp_path / "a": 40, tmp_path / "b": 5})
    found = [path.read_bytes() for path in tmp_path.glob("[ab]/*.jpg")]
    assert len(set(found)) == 45


def test_sketches_are_ink_on_paper_and_the_same_every_time() -> None:
    photo = Image.effect_mandelbrot((320, 240), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    for sketch in (drawn, painted):
        made = np.asarray(sketch(photo, 8, 3))
        ink = made.min(axis=2) < 240
        assert 0.0 < ink.mean() < 1.0
        assert (made[~ink] > 200).all()
        assert np.array_equal(made, np.asarray(sketch(photo, 8, 3)))
        assert not np.array_equal(made, np.asarray(sketch(photo, 8, 4)))


def test_labels_are_judged_where_people_gave_any() -> None:
    truth = {"a.jpg": {"dog", "cat"}, "b.jpg": {"dog"}}
    found = {"dog": {"a.jpg", "c.jpg"}, "cat": {"b.jpg"}}
    assert _precision(found, truth) == 0.5
    assert _precision({"dog": {"c.jpg"}}, truth) is None
    assert _label_recall(found, truth) == pytest.approx(1 / 3)


def test_reading_is_judged_by_words_and_by_what_the_gate_passes_over() -> None:
    market, nothing = _Read({"market"}, "market", 2.0, False), _Read(set(), "", 1.0, True)
    rows = _recall([(12, 0, ["market", "coffee"], market), (40, 90, ["menu"], nothing)])
    values = {row.what.strip(): row.value for row in rows}
    assert values["words read"] == pytest.approx(1 / 3)
    assert (values["12 pixels"], values["40 pixels"], values["16 pixels"]) == (0.5, 0.0, None)
    spared, saved, missed, drawn = (row.value for row in _gate([market, nothing], [nothing], "two"))
    assert saved == pytest.approx(2 / 3)
    assert (spared, missed, drawn) == (0.5, 1.0, 0.0)
    assert _label("menu", 40, random.Random(1)).width > 40
