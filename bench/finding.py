"""How well searching finds: captions and labels of real photos, each source alone and fused.

Constants were chosen on the photos of even place; what is reported here is of the odd ones, among
all. Without the photographs and weights beside a developer's checkout nothing is measured.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bench.photos import SHARED
from bench.report import Options, Row
from photolib.config import Settings
from photolib.jobs import finish
from photolib.library import Library
from photolib.library.asking import judged
from photolib.library.calibration import CLEAR, LIKELY, RULES, Measured, cutoff, text_scale
from photolib.library.fusion import either
from photolib.library.results import Example
from photolib.library.selection import SHOWN
from photolib.library.sources import Likeness, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Scores: TypeAlias = NDArray[np.float64]

_ALBUMS = SHARED.parent / "albums"
_WEIGHTS = SHARED.parent.parent / "weights"
_RANKS = (1, 5, 10)
_RRF = 60.0
"""The usual constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""
_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class _Photos:
    """A library of real photos, and what people said of them, by the name of the file."""

    library: Library
    contents: NDArray[np.int64]
    names: list[str]
    captions: list[tuple[str, str]]
    labels: dict[str, set[str]]

    def held_out(self) -> NDArray[np.bool_]:
        return np.array([place % 2 == 1 for place in range(len(self.names))])


def measure(options: Options) -> list[Row]:
    """Recall of captions, precision and recall of the cut-off, and what is alike."""
    if not SHARED.is_dir() or not _WEIGHTS.is_dir():
        how = "needs ../shared/photos and ../shared/weights"
        return [Row("finding real photos", None, "", how)]
    with tempfile.TemporaryDirectory() as scratch, _indexed(Path(scratch)) as library:
        photos = _read(library)
        return [*_recall(photos), *_cut(photos), *_absent(photos), *_alike(photos)]


def _indexed(scratch: Path) -> Library:
    """The photos with the small encoder's vectors, detected labels and recognised text."""
    for place in (SHARED, _ALBUMS):
        shutil.copytree(place, scratch / "photos" / place.name)
    library = Library(Settings(scratch / "library"))
    library.use_model(str(_WEIGHTS / "photolib-mini"))
    library.use_model(str(_WEIGHTS / "yolo11n.pt"))
    library.add_folder(str(scratch / "photos"))
    finish(library.index())
    return library


def _read(library: Library) -> _Photos:
    found = library.search("type:jpeg", limit=10_000).hits
    rows = library._catalogue.photos.many([hit.photo_id for hit in found])
    rows.sort(key=lambda row: row.content_id)
    names = [Path(row.path).name for row in rows]
    lines = (SHARED / "captions.tsv").read_text("utf-8").splitlines()
    captions = [(line.split("\t")[0], line.split("\t")[1]) for line in lines]
    labels: dict[str, set[str]] = defaultdict(set)
    for place in (SHARED, _ALBUMS):
        for line in (place / "labels.tsv").read_text("utf-8").splitlines():
            name, listed = line.split("\t")[:2]
            labels[name] |= set(listed.split("|"))
    contents = np.array([row.content_id for row in rows])
    return _Photos(library, contents, names, captions, labels)


# --- scores of each source ----------------------------------------------------------------------


def _scores(photos: _Photos, text: str) -> dict[str, Scores]:
    """The scores (n,) of all contents for a text, by each source alone."""
    searcher = photos.library._searcher
    means, catalogue = searcher._means, searcher._catalogue
    model = means.engines.serving()
    assert model is not None
    selection = searcher._selections.current().meeting(SHOWN)
    row = catalogue.vectors.calibration(model.model_no, "text", RULES)
    vector = means.engines.encoder(model).encode_text(text)
    ordinary = means.indexes.sample(model, "photo")
    scale = text_scale(vector, ordinary, Measured.of_row(row) if row else None)

    def by_vectors(*, crops: bool) -> Scores:
        near = Likeness(catalogue, means.indexes, model, scale, "meaning", text, crops=crops)
        answer = judged(near, selection)
        return _spread(answer.contents, answer.scores, photos.contents)

    words = Writing(catalogue, text, selection, phrase=False).judge(photos.contents)
    return {
        "meaning, whole photos": by_vectors(crops=False),
        "meaning with crops": by_vectors(crops=True),
        "words and labels": words,
    }


def _spread(contents: NDArray[np.int64], scores: Scores, wanted: NDArray[np.int64]) -> Scores:
    found = dict(zip(contents.tolist(), scores.tolist(), strict=True))
    return np.array([found.get(content_id, 0.0) for content_id in wanted.tolist()])


def _fused(scores: dict[str, Scores]) -> dict[str, Scores]:
    """Each source alone, and two ways to make one of meaning and words."""
    parts = [scores["meaning with crops"], scores["words and labels"]]
    reciprocal = np.sum([_reciprocal(part) for part in parts], axis=0)
    return {**scores, "fused by ranks (RRF)": reciprocal, "fused by score": either(parts)}


def _reciprocal(scores: Scores) -> Scores:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return np.where(scores > 0, 1.0 / (_RRF + 1.0 + ranks), 0.0)


# --- what is measured ---------------------------------------------------------------------------


def _recall(photos: _Photos) -> list[Row]:
    """How often the photo that a caption was written for is among the first."""
    held_out = photos.held_out()
    places = {name: place for place, name in enumerate(photos.names)}
    asked = [(places[name], text) for name, text in photos.captions if held_out[places[name]]]
    ranks: dict[str, list[int]] = defaultdict(list)
    for place, text in asked:
        for source, scores in _fused(_scores(photos, text)).items():
            better = int((scores > scores[place]).sum())
            even = int((scores == scores[place]).sum()) - 1
            ranks[source].append(better + even // 2 if scores[place] > 0 else len(scores))
    how = f"{len(asked)} captions of held-out photos among {len(photos.names)}, photolib-mini"
    chance = _RANKS[-1] / len(photos.names)
    return [
        Row(
            f"recall@{'/'.join(map(str, _RANKS))}, {source}",
            recalls[-1],
            "of captions",
            f"{how}: {' / '.join(f'{recall:.3f}' for recall in recalls)}",
            chance,
            "by chance",
            recalls[-1] / chance,
        )
        for source, found in ranks.items()
        if (recalls := [float(np.mean(np.array(found) < rank)) for rank in _RANKS])
    ]


def _cut(photos: _Photos) -> list[Row]:
    """What share of the hits above the cut-off carries the label asked for, and of those it is."""
    held_out, known = photos.held_out(), np.array([n in photos.labels for n in photos.names])
    counted = held_out & known
    words = sorted(set().union(*photos.labels.values()))
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for word in words:
        true = np.array([word in photos.labels.get(name, ()) for name in photos.names])
        for source, scores in _fused(_scores(photos, word)).items():
            if "RRF" in source:
                continue
            for cut, at in (
                ("cut-off of its own", cutoff(scores)),
                (f"fixed at {LIKELY}", LIKELY),
                ("clear hits only", CLEAR),
            ):
                shown = scores >= at
                tallies[f"{cut}, {source}"].add(shown[counted], true[counted])
    how = f"{len(words)} label names as queries, {int(counted.sum())} held-out photos"
    return [
        Row(f"precision of the hits, {name}", tally.precision, "", f"{how}; {tally}")
        for name, tally in tallies.items()
    ]


@dataclass(slots=True)
class _Tally:
    right: int = 0
    shown: int = 0
    true: int = 0

    def add(self, shown: NDArray[np.bool_], true: NDArray[np.bool_]) -> None:
        self.right += int((shown & true).sum())
        self.shown += int(shown.sum())
        self.true += int(true.sum())

    @property
    def precision(self) -> float:
        return self.right / max(self.shown, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.true, 1)

    def __str__(self) -> str:
        total = self.precision + self.recall
        f1 = 2 * self.precision * self.recall / total if total else 0.0
        return f"recall {self.recall:.3f}, F1 {f1:.3f}, {self.shown} shown"


def _absent(photos: _Photos) -> list[Row]:
    """What is called clear although nothing of the kind is there."""
    everywhere = set().union(*photos.labels.values())
    here = {
        n for name in photos.names if (SHARED / name).is_file() for n in photos.labels.get(name, ())
    }
    absent = sorted(everywhere - here)
    found = [photos.library.search(f"{word} -folder:{_ALBUMS.name}") for word in absent]
    clear = sum(each.clear for each in found) / len(absent)
    likely = sum(each.likely for each in found) / len(absent)
    how = f"{', '.join(absent)} among {len(list(SHARED.glob('*.jpg')))} photos without any"
    return [Row("clear hits for what is not there", clear, f"a query, {likely:.1f} likely", how)]


def _alike(photos: _Photos) -> list[Row]:
    """The share of the nearest photos that are of the same kind, by look and by meaning."""
    chosen = list(_album_photos(photos))[1::2]
    rows = []
    for by in ("look", "meaning", "both"):
        shares = [_share(photos, photo_id, name, by) for photo_id, name in chosen]
        how = f"{len(chosen)} held-out photos of 8 kinds among {len(photos.names)}"
        what = f"same kind among the {_NEIGHBOURS} nearest, by {by}"
        chance = 24 / (len(photos.names) - 1)
        rows.append(Row(what, float(np.mean(shares)), "", how, chance, "by chance"))
    return rows


def _album_photos(photos: _Photos) -> Iterable[tuple[int, str]]:
    hits = photos.library.search(f"folder:{_ALBUMS.name}", limit=10_000).hits
    named = sorted((Path(hit.path).name, hit.photo_id) for hit in hits)
    return [(photo_id, name) for name, photo_id in named]


def _share(photos: _Photos, photo_id: int, name: str, by: str) -> float:
    result = photos.library.similar_to([Example(photo_id=photo_id)], by=by, limit=_NEIGHBOURS)
    kinds = [photos.labels.get(Path(hit.path).name, set()) for hit in result.hits]
    return sum(bool(kind & photos.labels[name]) for kind in kinds) / _NEIGHBOURS
