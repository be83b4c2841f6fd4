"""Finding copies: edited copies of real photographs among others, by kind, beside plain hashes.

A library is filled with photographs, copies of some of them edited in every way of ``bench.edits``,
and all the others as distractors. What counts are pairs: an original and its copy that end in one
duplicate set are found, two photos of different originals in one set are wrong. pHash and dHash
are given the same pictures and the threshold at which they do best without more wrong pairs than
the precision asked for.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.edits import KINDS, Kind
from bench.photos import gather
from bench.report import Options, Row
from photolib.catalogue import Catalogue
from photolib.config import Settings
from photolib.jobs import Progress, finish
from photolib.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from photolib.library.results import DuplicatePhoto

_ORIGINALS, _DISTRACTORS = 12, 180
_SEED = 20_261
_PRECISION = 0.99
_TARGETS = {"same": 1.0, "encoded": 0.98, "other": 0.85}
_EITHER = ("same-bytes", "same-payload", "same-pixels")


@dataclass(slots=True)
class Outcome:
    """What was found: per kind, pairs found of all, and of those how many were named rightly."""

    kinds: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    named: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    right: int = 0
    wrong: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    photos: int = 0
    hashes: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    hash_kinds: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def precision(self) -> float:
        """Of the pairs in one set, those that have one original."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Of all copies, those that are in one set with their original."""
        found = [each for kind in self.kinds.values() for each in kind]
        return sum(found) / max(len(found), 1)


def measure(options: Options) -> list[Row]:
    """Recall and naming by kind, precision over all pairs, and the hashes in the same run."""
    originals = _ORIGINALS * (5 if options.large else 1)
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        source = gather({base / "given": originals + _DISTRACTORS})
        photos = sorted((base / "given").glob("*.jpg"))
        outcome = find(base, photos[:originals], photos[originals:])
    return list(_rows(outcome, source, originals))


def find(
    base: Path, originals: Sequence[Path], others: Sequence[Path], seed: int = _SEED
) -> Outcome:
    """Copy and edit the photos below ``base``, index them, and compare what is said of them."""
    folder = base / "photos"
    folder.mkdir()
    made = dict(_made(folder, originals, seed))
    for path in (*originals, *others):
        shutil.copy(path, folder / path.name)
    outcome = Outcome(photos=len(made) + len(originals) + len(others))
    with Library(Settings(base / "library")) as library:
        library.add_folder(str(folder))
        clock = _Clock(outcome.seconds)
        finish(library.index(stage=1), clock)
        sets = library.duplicates().sets
        for found in sets:
            _count(outcome, [Path(photo.path).name for photo in found.photos], made)
            keeper = next(photo for photo in found.photos if photo.keeper)
            for photo in found.photos:
                _name(outcome, photo, keeper, made)
        where = {Path(p.path).name: s.set_id for s in sets for p in s.photos}
    for name, (original, kind) in made.items():
        together = name in where and where[name] == where.get(original)
        outcome.kinds[kind.name].append(together)
    _compare_hashes(outcome, base / "library", made)
    return outcome


def _made(
    folder: Path, originals: Sequence[Path], seed: int
) -> Iterator[tuple[str, tuple[str, Kind]]]:
    """Write the edited copies; each one's name, with its original's and the kind of edit."""
    for number, path in enumerate(originals):
        data = path.read_bytes()
        for place, kind in enumerate(KINDS):
            random = np.random.default_rng((seed, number, place))
            name = f"{path.stem}-{place:02}.{kind.extension}"
            (folder / name).write_bytes(kind.make(data, random))
            yield name, (path.name, kind)


def _root(name: str, made: dict[str, tuple[str, Kind]]) -> str:
    return made[name][0] if name in made else name


def _count(outcome: Outcome, names: Sequence[str], made: dict[str, tuple[str, Kind]]) -> None:
    for one, other in combinations(names, 2):
        if _root(one, made) == _root(other, made):
            outcome.right += 1
        else:
            outcome.wrong += 1


def _name(
    outcome: Outcome,
    photo: DuplicatePhoto,
    keeper: DuplicatePhoto,
    made: dict[str, tuple[str, Kind]],
) -> None:
    """Whether a copy's relation to its keeper is named rightly, where the keeper is the original
    or holds the same pixels."""
    name, kept = Path(photo.path).name, Path(keeper.path).name
    if name not in made or photo.keeper or _root(kept, made) != made[name][0]:
        return
    same = kept not in made or set(made[kept][1].relations) & set(_EITHER)
    if not same:
        return
    allowed = set(made[name][1].relations)
    if allowed & set(_EITHER):  # against another lossless copy it is one of the others
        allowed |= set(_EITHER)
    outcome.named[made[name][1].name].append(photo.evidence[0].relation in allowed)


class _Clock:
    """Adds up the seconds between the reports of a job under the name of the stage reported."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds, self._last = seconds, time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        self._seconds[progress.stage] += now - self._last
        self._last = now


# --- plain hashes -------------------------------------------------------------------------------


def _compare_hashes(outcome: Outcome, library: Path, made: dict[str, tuple[str, Kind]]) -> None:
    """What upright pHash and dHash find at their best threshold, as copies of each original."""
    catalogue = Catalogue(Settings(library))
    try:
        rows = {r["content_id"]: r for r in catalogue.photos.perceptual_hashes()}
        photos = catalogue.photos.candidates()
    finally:
        catalogue.close()
    names = [os.path.basename(row.path) for row in photos]
    roots = np.array([_root(name, made) for name in names])
    for kind in ("phash", "dhash"):
        codes = np.array(
            [int.from_bytes(rows[row.content_id][kind][:8], "little") for row in photos]
        )
        apart = np.bitwise_count(codes[:, None].astype(np.uint64) ^ codes[None].astype(np.uint64))
        threshold = _best(apart, roots)
        outcome.hashes[kind], outcome.hash_kinds[kind] = _at(apart, roots, names, made, threshold)


def _best(apart: NDArray[np.uint8], roots: NDArray[np.str_]) -> int:
    """The largest threshold in bits that keeps the precision asked for (0 where none does)."""
    same = roots[:, None] == roots[None]
    upper = np.triu(np.ones_like(same), 1)
    best = 0
    for bits in range(33):
        found = (apart <= bits) & upper
        if (found & same).sum() >= _PRECISION * found.sum():
            best = bits
    return best


def _at(
    apart: NDArray[np.uint8],
    roots: NDArray[np.str_],
    names: Sequence[str],
    made: dict[str, tuple[str, Kind]],
    bits: int,
) -> tuple[tuple[float, float, int], dict[str, float]]:
    """Precision, recall and threshold of a hash, and its recall by kind."""
    place = {name: i for i, name in enumerate(names)}
    found = np.triu(apart <= bits, 1)
    same = roots[:, None] == roots[None]
    precision = float((found & same).sum() / max(found.sum(), 1))
    kinds: dict[str, list[bool]] = defaultdict(list)
    for name, (original, kind) in made.items():
        kinds[kind.name].append(bool(apart[place[name], place[original]] <= bits))
    recalls = {kind: float(np.mean(hits)) for kind, hits in kinds.items()}
    return (precision, float(np.mean([h for k in kinds.values() for h in k])), bits), recalls


# --- rows ---------------------------------------------------------------------------------------


def _rows(outcome: Outcome, source: str, originals: int) -> Iterator[Row]:
    how = f"{originals} originals, {len(KINDS)} kinds of edit, {outcome.photos} photos: {source}"
    yield Row("duplicates: pair precision", outcome.precision, "", how, target=">= 0.99")
    best = max(outcome.hashes, key=lambda kind: outcome.hashes[kind][1])
    precision, recall, bits = outcome.hashes[best]
    peer = f"{best} <= {bits} bits, precision {precision:.3f}"
    yield Row(
        "  recall over all kinds",
        outcome.recall,
        "",
        "original and copy in one set",
        recall,
        peer,
        outcome.recall / max(recall, 1e-9),
        ">= 0.97",
    )
    named = [each for kind in outcome.named.values() for each in kind]
    yield Row(
        "  relation named rightly",
        float(np.mean(named)),
        "",
        f"{len(named)} copies against the original",
    )
    work = outcome.seconds["signs"] + outcome.seconds["copies"] + outcome.seconds["duplicates"]
    yield Row(
        "  time of finding",
        work,
        "s",
        ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.seconds.items()),
    )
    for kind in KINDS:
        hits, words = outcome.kinds[kind.name], outcome.named[kind.name]
        shown = "; ".join(f"{h} {by[kind.name]:.2f}" for h, by in outcome.hash_kinds.items())
        told = f"named {np.mean(words):.2f}" if words else "not against the original"
        yield Row(
            f"  {kind.name}",
            float(np.mean(hits)),
            "",
            f"{told}; {shown}",
            target=f">= {_TARGETS[kind.group]}",
        )


def _on_groups(folder: Path) -> str:
    """Pairs within and across the groups of a folder with a ``groups.tsv`` (path, group)."""
    lines = (folder / "groups.tsv").read_text("utf-8").splitlines()
    group = dict(line.split("\t") for line in lines)
    with tempfile.TemporaryDirectory() as scratch:
        copied = Path(scratch) / "photos"
        shutil.copytree(folder, copied)
        with Library(Settings(Path(scratch) / "library")) as library:
            library.add_folder(str(copied))
            finish(library.index(stage=1))
            sets = library.duplicates().sets
    found = {
        tuple(sorted(pair))
        for each in sets
        for pair in combinations([os.path.relpath(p.path, copied) for p in each.photos], 2)
    }
    wanted = {
        tuple(sorted(pair)) for pair in combinations(group, 2) if group[pair[0]] == group[pair[1]]
    }
    lines = [f"right {len(found & wanted)} of {len(wanted)}, wrong {len(found - wanted)}"]
    lines += [f"missed {a} {b}" for a, b in sorted(wanted - found)]
    lines += [f"wrong {a} {b}" for a, b in sorted(found - wanted)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(_on_groups(Path(sys.argv[1])))
