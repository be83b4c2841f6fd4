"""The map, the highlights, and taking albums apart: pure functions of vectors."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photolib.grouping.coverage import telling
from photolib.grouping.halves import halves, halves_in_time, odd_ones
from photolib.grouping.layout import layout, main, place
from tests.grouping.test_themes import unit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def groups(count: int, size: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(count), size)
    centres = unit(random.standard_normal((count, 24)))
    return unit(centres[truth] + 0.4 * unit(random.standard_normal((len(truth), 24)))), truth


def separation(places: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The share of points whose nearest other point is of their group."""
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(places))
    return float(np.mean(truth[gaps.argmin(axis=1)] == truth))


def test_what_is_alike_lies_together_and_stays_where_it_was() -> None:
    rows, truth = groups(4, 15)
    places = layout(rows, "tsne")
    assert places.shape == (60, 2)
    assert np.abs(places).max() <= 1.0 + 1e-6
    assert separation(places, truth) > 0.95
    more, kinds = groups(4, 17)
    before = np.full((68, 2), np.nan, np.float32)
    old = np.flatnonzero(np.arange(68) % 17 < 15)
    before[old] = places
    again = layout(np.concatenate([more]), "tsne", before)
    assert separation(again, kinds) > 0.95
    for kind in range(4):
        moved = places[truth == kind].mean(axis=0) - again[kinds == kind].mean(axis=0)
        assert np.linalg.norm(moved) < 0.7


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_few_photos_have_places_too(count: int) -> None:
    rows, _ = groups(1, 9)
    places = layout(rows[:count], "umap")
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_new_photos_lie_among_their_nearest() -> None:
    rows, truth = groups(3, 10)
    places = np.array([[0, 0], [10, 0], [0, 10]], np.float32)[truth]
    new, kinds = groups(3, 10)
    assert np.allclose(place(new, rows, places), places[::10][kinds], atol=0.5)


def test_a_worker_lays_out_what_is_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, _ = groups(2, 8)
    path = tmp_path / "map.npz"
    np.savez(path, vectors=rows, before=np.full((16, 2), np.nan))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", sys.stdout)
        main(str(path), "umap")
    assert np.load(f"{path}.out.npy").shape == (16, 2)


def test_many_photos_are_laid_out_by_umap_in_a_process(tmp_path: Path) -> None:
    """Fewer photos never reach UMAP; what it prints stays out of what the worker reports."""
    rows, truth = groups(2, 20)
    path = tmp_path / "map.npz"
    np.savez(path, vectors=rows, before=np.full((40, 2), np.nan))
    worker = subprocess.run(
        [sys.executable, "-m", "photolib.grouping.layout", str(path), "umap"],
        check=True,
        capture_output=True,
        text=True,
    )
    reports = [[int(word) for word in line.split()] for line in worker.stdout.splitlines()]
    assert reports[-1] == [200, 200]
    places = np.load(f"{path}.out.npy")
    assert places.shape == (40, 2)
    assert np.abs(places).max() == pytest.approx(1.0)
    assert separation(places, truth) > 0.95


def test_highlights_cover_every_group_before_they_repeat_one() -> None:
    rows, truth = groups(5, 8)
    chosen = telling(rows, np.zeros(40), np.arange(40), 5)
    assert sorted(truth[chosen]) == [0, 1, 2, 3, 4]
    assert len(telling(rows, np.zeros(40), np.arange(40), 99)) == 40


def test_of_equal_photos_the_sharper_and_one_of_a_burst_is_chosen() -> None:
    rows = unit(np.ones((4, 8)))
    assert telling(rows, [0.1, 0.2, 0.9, 0.3], [0, 1, 2, 3], 1) == [2]
    assert telling(rows, [0.1, 0.2, 0.9, 0.3], [0, 0, 0, 1], 4) == [2, 3]
    assert telling(rows[:0], [], [], 3) == []


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), count=st.integers(1, 5))
def test_greedy_covers_at_least_what_theory_promises(seed: int, count: int) -> None:
    from itertools import combinations

    rows = unit(np.random.default_rng(seed).standard_normal((8, 6)))
    likeness = np.maximum(rows @ rows.T, 0)

    def covers(some: tuple[int, ...] | list[int]) -> float:
        return float(likeness[:, list(some)].max(axis=1).sum())

    best = max(covers(some) for some in combinations(range(8), count))
    chosen = telling(rows, np.zeros(8), np.arange(8), count)
    assert covers(chosen) >= (1 - 1 / np.e) * best - 1e-4


def test_an_album_parts_into_its_two_halves() -> None:
    rows, truth = groups(2, 12)
    side = halves(rows)
    assert len(set(truth[side])) == 1
    assert side.sum() == 12
    assert halves(rows[:1]).tolist() == [False]
    same = halves(unit(np.ones((6, 4))))
    assert 1 <= same.sum() <= 3
    assert halves_in_time([1, 2, 3, 100, 101, np.nan]).tolist() == [False] * 3 + [True] * 2 + [
        False
    ]
    assert halves_in_time([5.0]).tolist() == [False]


def test_the_odd_one_out_is_found() -> None:
    rows, _ = groups(1, 20)
    stranger = unit(np.random.default_rng(9).standard_normal((1, 24)))
    assert odd_ones(np.concatenate([rows, stranger]))[0] == 20
    assert len(odd_ones(rows[:3])) == 0
