"""The vector index against brute force, and its snapshots against everything a disk can do."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.errors import ConfigError, IndexMismatch, NotFound
from photolib.index import Stamp, VectorIndex

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH = 16
STAMP = Stamp("catalogue", 1, "model", "photo", 7, 0)
NO_IDS = np.empty(0, np.int64)
NO_ROWS = np.empty((0, WIDTH), np.float32)


def unit_rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def stamp_for(index: VectorIndex) -> Stamp:
    return replace(STAMP, count=len(index))


def save(index: VectorIndex, path: Path) -> None:
    index.save(path, stamp_for(index))


def load(path: Path) -> VectorIndex:
    loaded = VectorIndex.load(path, WIDTH)
    assert loaded is not None
    return loaded[0]


def brute_force(
    rows: dict[int, NDArray[np.float32]], query: NDArray[np.float32], k: int
) -> list[tuple[float, int]]:
    scores = [(float(query @ v.astype(np.float16).astype(np.float32)), i) for i, v in rows.items()]
    return sorted(scores, key=lambda pair: (-pair[0], pair[1]))[:k]


@pytest.fixture(params=["exact", "lists"])
def index(request: pytest.FixtureRequest) -> VectorIndex:
    flat_rows = 10_000 if request.param == "exact" else 0
    ids = np.random.default_rng(3).permutation(5_000)[:1_200]
    built = VectorIndex.build(ids, unit_rows(1_200), flat_rows=flat_rows)
    assert built.approximate == (request.param == "lists")
    return built


def test_a_row_finds_itself_first(index: VectorIndex) -> None:
    ids = index.ids()[::40]
    scores, found = index.search(index.reconstruct(ids), 3)
    assert found[:, 0].tolist() == ids.tolist()
    assert np.all(np.diff(scores, axis=1) <= 0)
    assert scores.dtype == np.float32
    assert found.dtype == np.int64


@pytest.mark.parametrize("share", [0.006, 0.3, 0.9])
def test_a_selection_gives_the_best_of_the_selected(index: VectorIndex, share: float) -> None:
    random = np.random.default_rng(1)
    allow = index.ids()[random.random(len(index)) < share]
    queries = unit_rows(5, seed=9)
    scores, found = index.search(queries, 10, allow=np.concatenate([allow, [9_999_999]]))
    exact = np.sort(queries @ index.reconstruct(allow).T, axis=1)[:, ::-1][:, :10]
    assert np.isin(found[found >= 0], allow).all()
    recall = np.mean(np.isclose(scores[:, : exact.shape[1]], exact, atol=1e-4))
    assert recall >= (0.9 if index.approximate else 1.0)


def test_an_empty_selection_finds_nothing(index: VectorIndex) -> None:
    scores, found = index.search(unit_rows(2), 3, allow=[])
    assert found.tolist() == [[-1] * 3] * 2
    assert np.isneginf(scores).all()


def test_fewer_rows_than_asked_are_padded() -> None:
    index = VectorIndex.empty(WIDTH)
    assert index.search(unit_rows(1), 2)[1].tolist() == [[-1, -1]]
    index.add([5], unit_rows(1))
    assert index.search(unit_rows(1), 3)[1].tolist() == [[5, -1, -1]]
    assert index.neighbours(unit_rows(300), 3)[1].shape == (300, 3)
    assert index.neighbours(NO_ROWS, 3)[1].shape == (0, 3)


def test_equal_scores_come_in_the_order_of_their_ids() -> None:
    ids = np.random.default_rng(2).permutation(500)
    index = VectorIndex.build(ids, np.repeat(unit_rows(1), 500, axis=0))
    assert index.search(unit_rows(1), 7)[1].tolist() == [list(range(7))]
    assert index.search(unit_rows(1), 3, allow=range(100, 400))[1].tolist() == [[100, 101, 102]]


def test_adding_an_id_again_replaces_its_vector(index: VectorIndex) -> None:
    ids, count = index.ids()[:50], len(index)
    index.add(ids, unit_rows(50, seed=8))
    assert len(index) == count
    assert np.allclose(index.reconstruct(ids), unit_rows(50, seed=8), atol=1e-3)


def test_a_removed_id_is_gone(index: VectorIndex) -> None:
    ids = index.ids()[:50]
    assert index.remove([*ids, 9_999_999]) == 50
    assert index.remove(ids) == 0
    assert not np.isin(index.search(unit_rows(20), 50)[1], ids).any()
    with pytest.raises(NotFound, match=str(ids[0])):
        index.reconstruct(ids)


def test_many_neighbours_at_once_are_what_search_finds(index: VectorIndex) -> None:
    queries = unit_rows(600, seed=4)
    scores, found = index.neighbours(queries, 5)
    expected, ids = index.search(queries, 5)
    assert np.allclose(scores, expected, atol=1e-5)
    assert np.mean(found == ids) > 0.99


def test_the_lists_probed_reach_the_recall_they_were_chosen_for() -> None:
    rows = unit_rows(6_000)
    exact = VectorIndex.build(np.arange(6_000), rows)
    lists = VectorIndex.build(np.arange(6_000), rows, flat_rows=0)
    best, found = exact.search(rows[:100], 20)[1], lists.search(rows[:100], 20)[1]
    assert np.mean([np.isin(a, b).mean() for a, b in zip(best, found, strict=True)]) > 0.95


@pytest.mark.parametrize(
    ("ids", "vectors"),
    [
        ([1], np.zeros((1, WIDTH + 1), np.float32)),
        ([1], np.zeros(WIDTH, np.float32)),
        ([1, 2], np.zeros((1, WIDTH), np.float32)),
        ([1, 1], np.zeros((2, WIDTH), np.float32)),
        ([-1], np.zeros((1, WIDTH), np.float32)),
        ([0.5], np.zeros((1, WIDTH), np.float32)),
        ([1], np.zeros((1, WIDTH), np.int8)),
        ([1], np.full((1, WIDTH), np.nan, np.float32)),
        ([1], np.full((1, WIDTH), np.inf, np.float32)),
        ([1], np.full((1, WIDTH), 1e30, np.float32)),
    ],
)
def test_bad_vectors_are_refused_and_change_nothing(
    ids: list[int], vectors: NDArray[np.float32]
) -> None:
    index = VectorIndex.build([1], unit_rows(1))
    with pytest.raises(IndexMismatch):
        index.add(ids, vectors)
    assert np.allclose(index.reconstruct([1]), unit_rows(1), atol=1e-3)
    with pytest.raises(IndexMismatch):
        index.search(np.zeros((1, 3), np.float32), 1)
    with pytest.raises(IndexMismatch):
        index.search(unit_rows(1), 0)


def test_searches_run_beside_changes() -> None:
    index = VectorIndex.build(np.arange(500), unit_rows(500))
    failures: list[BaseException] = []

    def change() -> None:
        try:
            for start in range(0, 400, 10):
                index.remove(np.arange(start, start + 10))
                index.add(np.arange(start, start + 10), unit_rows(10, seed=start))
        except BaseException as exc:  # noqa: BLE001 (a thread's failure must reach the test)
            failures.append(exc)

    worker = threading.Thread(target=change)
    worker.start()
    while worker.is_alive():
        _, found = index.search(unit_rows(4), 490)
        assert (found >= 0).all()
    worker.join()
    assert not failures
    assert len(index) == 500


# -- snapshots ----------------------------------------------------------------------------------


def test_a_snapshot_comes_back_with_its_stamp(index: VectorIndex, tmp_path: Path) -> None:
    path = tmp_path / "indexes" / "photo.index"
    save(index, path)
    loaded = VectorIndex.load(path, WIDTH)
    assert loaded is not None
    again, stamp = loaded
    assert stamp == stamp_for(index)
    assert again.ids().tolist() == index.ids().tolist()
    (scores, found), (same, alike) = (i.search(unit_rows(9), 20) for i in (index, again))
    assert np.array_equal(scores, same)
    assert np.array_equal(found, alike)
    again.add([7_000], unit_rows(1))
    assert again.remove(again.ids()[:10]) == 10
    assert [p.name for p in path.parent.iterdir()] == ["photo.index"]


def test_a_missing_snapshot_and_another_width_are_unusable(tmp_path: Path) -> None:
    path = tmp_path / "photo.index"
    assert VectorIndex.load(path, WIDTH) is None
    save(VectorIndex.build([1], unit_rows(1)), path)
    assert VectorIndex.load(path, WIDTH + 1) is None
    assert VectorIndex.load(tmp_path, WIDTH) is None


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_damage_is_ever_loaded(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "photo.index"
    save(VectorIndex.build(np.arange(20), unit_rows(20)), path)
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(
        st.one_of(
            st.just(whole[:place]),
            st.integers(1, 255).map(
                lambda flip: whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :]
            ),
            st.binary(min_size=1, max_size=40).map(lambda tail: whole + tail),
            st.binary(max_size=200),
        )
    )
    path.write_bytes(damaged)
    assert VectorIndex.load(path, WIDTH) is None


def test_a_stamp_for_other_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexMismatch, match="stamp"):
        VectorIndex.empty(WIDTH).save(tmp_path / "a", replace(STAMP, count=3))


def test_a_full_disk_leaves_the_old_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "photo.index"
    save(VectorIndex.build([1], unit_rows(1)), path)
    large = VectorIndex.build(np.arange(2_000), unit_rows(2_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ConfigError, match=r"photo\.index") as caught:
            save(large, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    cause = caught.value.__cause__
    assert isinstance(cause, OSError)
    assert cause.errno == errno.EFBIG
    assert load(path).ids().tolist() == [1]
    assert [p.name for p in tmp_path.iterdir()] == ["photo.index"]


def test_an_unwritable_place_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        save(VectorIndex.empty(WIDTH), tmp_path / "file" / "photo.index")
    assert caught.value.hint


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "remove", "reload"]),
            st.lists(st.integers(0, 30), unique=True, max_size=8),
        ),
        max_size=12,
    ),
    allow=st.none() | st.lists(st.integers(0, 35), max_size=20),
)
def test_what_grew_in_steps_equals_what_is_built_at_once(
    steps: list[tuple[str, list[int]]],
    allow: list[int] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("steps") / "photo.index"
    index = VectorIndex.empty(WIDTH)
    model: dict[int, NDArray[np.float32]] = {}
    for turn, (step, ids) in enumerate(steps):
        if step == "add":
            rows = unit_rows(len(ids), seed=turn)
            index.add(ids, rows)
            model.update(zip(ids, rows, strict=True))
        elif step == "remove":
            index.remove(ids)
            model = {i: row for i, row in model.items() if i not in ids}
        else:
            save(index, path)
            index = load(path)
    built = VectorIndex.build(list(model), np.array([*model.values(), *NO_ROWS]).reshape(-1, WIDTH))
    assert index.ids().tolist() == built.ids().tolist() == sorted(model)
    queries = unit_rows(3, seed=99)
    scores, found = index.search(queries, 5, allow=allow)
    assert np.array_equal(found, built.search(queries, 5, allow=allow)[1])
    allowed = {i: row for i, row in model.items() if allow is None or i in allow}
    for query, ours, theirs in zip(queries, scores, found, strict=True):
        expected = brute_force(allowed, query, 5)
        assert np.allclose(ours[: len(expected)], [score for score, _ in expected], atol=1e-5)
        assert [i for i in theirs if i >= 0] == [i for _, i in expected]


def test_importing_the_index_loads_no_faiss() -> None:
    script = "import sys, photolib.index; sys.exit('faiss' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], env=os.environ).returncode == 0


def test_a_choice_of_ids_serves_many_searches() -> None:
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((3_000, 8)).astype(np.float32)
    index = VectorIndex.build(np.arange(3_000) * 2, rows)
    index.remove([4, 10])
    wanted = np.arange(0, 6_000, 3)
    choice = index.choose(wanted)
    assert len(choice) == len(set(wanted.tolist()) & set(index.ids().tolist()))
    for query in rows[:5]:
        scores, ids = index.search(query[None], 20, allow=choice)
        expected, same = index.search(query[None], 20, allow=wanted)
        assert ids.tolist() == same.tolist()
        assert scores.tolist() == expected.tolist()
    assert index.choose(index.ids()).selector is None
    assert index.search(rows[:1], 3, allow=index.choose([]))[1].tolist() == [[-1, -1, -1]]


def test_vectors_are_read_back_after_rows_went_and_came() -> None:
    rows = np.random.default_rng(4).standard_normal((200, 4)).astype(np.float16)
    index = VectorIndex.build(np.arange(200), rows[::-1])
    index.remove(np.arange(0, 200, 3))
    index.add(np.arange(300, 310), rows[:10])
    assert index.reconstruct([305, 1, 199]).tolist() == rows[[5, 198, 0]].astype(float).tolist()


# --- the neighbours of everything --------------------------------------------------------------


def test_lists_find_the_nearest_of_a_whole_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photolib.index._PARTITIONED", 1_000)
    random = np.random.default_rng(0)
    centres = random.standard_normal((60, 24))
    rows = centres[np.arange(3_000) % 60] + 0.6 * random.standard_normal((3_000, 24))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    ids = np.arange(3_000) * 3 + 1
    index = VectorIndex.build(ids, rows)
    lists = index.partition()
    assert lists is not None
    scores, found = lists.neighbours(rows, 10)
    exact = index.neighbours(rows, 10)
    overlap = [len(np.intersect1d(a, b)) for a, b in zip(found, exact[1], strict=True)]
    assert np.mean(overlap) > 9.5
    assert (found[:, 0] == ids).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    assert np.allclose(scores[:, 0], 1.0, atol=2e-3)


def test_lists_are_not_used_where_they_would_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    assert VectorIndex.build([1, 2], np.eye(2, dtype=np.float32)).partition() is None
    monkeypatch.setattr("photolib.index._PARTITIONED", 100)
    rows = np.random.default_rng(0).standard_normal((400, 200)).astype(np.float32)
    assert VectorIndex.build(np.arange(400), rows).partition() is None
