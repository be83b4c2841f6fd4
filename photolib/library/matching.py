"""Finding copies: every content asks once which others it may be a copy of, and each is judged.

Candidates share features that moved alike, have perceptual hashes near in one of eight
orientations, or are close by look or by meaning. A candidate pair is compared block by block under
the map between the two pictures; the verdict is stored, so that no pair is judged twice by the
same rules. Small pictures are read from the thumbnails; files are opened only to tell whether all
pixels are equal.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections import OrderedDict, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from photolib.catalogue import PairRow
from photolib.errors import PhotolibError
from photolib.grouping.candidates import Hashes, Marks, packed, resembling, sharing
from photolib.grouping.verification import RULES, Origin, judge
from photolib.images import covers
from photolib.images.geometry import SIGNS_VERSION, VIEW_SIDE, View, compare, signs, view
from photolib.jobs import Job, Progress
from photolib.library.ahead import look_ahead
from photolib.library.reading import open_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue, ContentFacts, Lease, ModelRow, Unsigned
    from photolib.config import Settings
    from photolib.grouping.verification import Verdict
    from photolib.images import Decoder, Source, ThumbnailCache
    from photolib.images.geometry import Overlap

_log = logging.getLogger(__name__)

_BATCH = 64
"""Contents signed, or pairs judged, in one transaction: about two seconds of work."""
_ASKING = 2048
"""Contents that look for candidates together: each time, all marks are gone through once."""
_VIEWS_KEPT = 300
"""About 120 MB."""
_CLOSE_LOOK, _CLOSE_MEANING, _COPYING = 0.93, 0.95, 0.6
_CLOSEST = 4
_EQUAL_RESIDUAL = 0.01
"""Difference of two thumbnails from which the full pictures cannot have equal pixels."""
_AHEAD = 16
_ROUNDS = 4
"""How often copies of copies are asked about: what four rounds do not join is no one picture."""
_SECOND_HAND = 64


@dataclass(frozen=True, slots=True)
class Tools:
    """What matching works with, as the library holds it."""

    catalogue: Catalogue
    settings: Settings
    decoder: Decoder
    thumbnails: ThumbnailCache
    look: ModelRow
    meaning: ModelRow | None = None
    copying: ModelRow | None = None
    """The look, the encoder that serves and the copy-detection network: whose stored neighbours
    are asked."""

    def asked(self) -> Iterator[tuple[ModelRow, float]]:
        """The models, with the cosine from which a neighbour is a candidate."""
        chosen = (self.look, _CLOSE_LOOK), (self.meaning, _CLOSE_MEANING), (self.copying, _COPYING)
        yield from ((model, least) for model, least in chosen if model is not None)


def update(tools: Tools, lease: Lease) -> Job[None]:
    """Sign the contents that have no signs, and judge the candidates of those that never asked."""
    matcher = _Matcher(tools, lease)
    yield from matcher.sign()
    yield from matcher.seek()


def compared(
    decoder: Decoder,
    one: str,
    other: str,
    origin: Origin = Origin(),  # noqa: B008
) -> Verdict | None:
    """What two picture files are to each other, both decoded anew; None when they are no copies.

    A is ``one``, B is ``other``. Raises ImageError.
    """
    pictures = [decoder.decode(path, side=VIEW_SIDE) for path in (one, other)]
    a, b = (view(picture.image) for picture in pictures)
    overlap = compare(a, b)
    if overlap is None:
        return None
    wide = [max(p.width, p.height) / max(v.size) for p, v in zip(pictures, (a, b), strict=True)]
    return judge(overlap, overlap.scale * wide[1] / wide[0], origin)


def pixel_digest(decoder: Decoder, source: Source | str) -> bytes:
    """A hash (32 bytes) of all pixels as shown: upright, sRGB, full size. Raises ImageError."""
    image = decoder.decode(source).image
    digest = blake2b(f"{image.mode} {image.size}".encode(), digest_size=32)
    digest.update(image.tobytes())
    return digest.digest()


class _Views:
    """The views of contents, the last few hundred of them kept; any thread may ask."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._kept: OrderedDict[int, View | None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, content_id: int, content_hash: bytes, path: str | None) -> View | None:
        """The view of a content; None when its picture cannot be had."""
        with self._lock:
            if content_id in self._kept:
                self._kept.move_to_end(content_id)
                return self._kept[content_id]
        image = self._small(content_hash, content_id, path)
        made = view(image) if image is not None else None
        with self._lock:
            self._kept[content_id] = made
            while len(self._kept) > _VIEWS_KEPT:
                self._kept.popitem(last=False)
        return made

    def _small(self, content_hash: bytes, content_id: int, path: str | None) -> Image | None:
        side = self._tools.settings.thumbnail_size
        cached = self._tools.thumbnails.get(content_hash, side) if side >= VIEW_SIDE else None
        if cached is not None:
            try:
                from PIL import Image as PillowImage

                with PillowImage.open(io.BytesIO(cached)) as image:
                    return image.convert("RGB")
            except OSError:
                pass  # a damaged thumbnail: the file itself is better anyway
        if path is None:
            return None
        try:
            source = open_known(self._tools.catalogue, self._tools.decoder, content_id, path)
            return self._tools.decoder.decode(source, side=VIEW_SIDE).image
        except PhotolibError as exc:
            _log.info("no picture of %s to compare: %s", path, exc)
            return None


class _Matcher:
    """One run of matching under a held lease."""

    def __init__(self, tools: Tools, lease: Lease) -> None:
        self._tools = tools
        self._catalogue = tools.catalogue
        self._lease = lease
        self._views = _Views(tools)
        self._threads = tools.settings.decode_threads or os.cpu_count() or 1

    # --- signs ---------------------------------------------------------------------------------

    def sign(self) -> Job[None]:
        """Give every content the signs by which its copies find it."""
        todo = self._catalogue.copies.unsigned(SIGNS_VERSION)
        for start in range(0, len(todo), _BATCH):
            yield Progress("signs", start, len(todo))
            batch = todo[start : start + _BATCH]
            with ThreadPoolExecutor(self._threads, "photolib-signs") as pool:
                made = list(pool.map(self._signs, batch))
            with self._catalogue.transaction():
                self._lease.check()
                for one, (version, marks) in zip(batch, made, strict=True):
                    self._catalogue.copies.sign(one.content_id, version, marks)
        if todo:
            yield Progress("signs", len(todo), len(todo))

    def _signs(self, todo: Unsigned) -> tuple[str, bytes]:
        seen = self._views.get(*todo)
        if seen is None:
            return "", b""
        made = signs(seen)
        return SIGNS_VERSION, packed(made.codes, made.mirrored, made.points, seen.size)

    # --- candidates ----------------------------------------------------------------------------

    def seek(self) -> Job[None]:
        """Judge the candidates of every content that has not asked for them yet."""
        todo = self._catalogue.copies.unsought()
        if not todo:
            return
        stored, hashes = Marks.of(*self._catalogue.copies.marks()), self._hashes()
        for start in range(0, len(todo), _ASKING):
            yield Progress("copies", start, len(todo))
            asking = todo[start : start + _ASKING]
            pairs = {*self._candidates(asking, stored, hashes)}
            for _ in range(_ROUNDS):
                yield from self._judge_all(sorted(pairs), start, len(asking), len(todo))
                pairs = {*self._at_second_hand(asking)}
                if not pairs:
                    break
            with self._catalogue.transaction():
                self._lease.check()
                self._catalogue.copies.sought(asking)
        yield Progress("copies", len(todo), len(todo))

    def _hashes(self) -> Hashes:
        rows = [r for r in self._catalogue.photos.perceptual_hashes() if len(r["phash"]) == 64]
        ids = np.array([row["content_id"] for row in rows], np.int64)
        phash, dhash = (
            np.frombuffer(b"".join(row[name] for row in rows), "<u8").reshape(-1, 8)
            for name in ("phash", "dhash")
        )
        return Hashes(ids, phash, dhash)

    def _candidates(
        self, asking: Sequence[int], stored: Marks, hashes: Hashes
    ) -> Iterator[tuple[int, int]]:
        """Pairs that may be copies, the smaller id first, less those judged by these rules."""
        wanted = np.array(asking, np.int64)
        places = np.flatnonzero(np.isin(hashes.ids, wanted))
        known = self._catalogue.copies.judged(asking, RULES)
        asked = stored.of_some(wanted)
        found = [*sharing(stored, asked), *sharing(stored, asked.mirrored())]
        found += resembling(hashes, places)
        for model, least in self._tools.asked():
            found += self._close(model, asking, least)
        for one, other in found:
            pair = (one, other) if one < other else (other, one)
            if pair not in known:
                yield pair

    def _at_second_hand(self, asking: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs with a copy in common that were not judged: of one picture's many copies, the
        candidates are only the likest, and the one to keep may not be among them."""
        partners: dict[int, set[int]] = defaultdict(set)
        for one, other in self._catalogue.copies.verified().tolist():
            partners[one].add(other)
            partners[other].add(one)
        known = self._catalogue.copies.judged(asking, RULES)
        for own in asking:
            near = partners.get(own, set())
            further = {third for other in near for third in partners[other]} - near - {own}
            for other in sorted(further)[:_SECOND_HAND]:
                pair = (own, other) if own < other else (other, own)
                if pair not in known:
                    yield pair

    def _close(
        self, model: ModelRow, asking: Sequence[int], least: float
    ) -> Iterator[tuple[int, int]]:
        edges = self._catalogue.vectors.listed_edges(model.model_no, asking)
        given: dict[int, int] = {}
        for own, other, cosine in zip(*(column.tolist() for column in edges), strict=True):
            given[own] = given.get(own, 0) + 1
            if cosine >= least and given[own] <= _CLOSEST:
                yield own, other

    # --- verdicts ------------------------------------------------------------------------------

    def _judge_all(
        self, pairs: Sequence[tuple[int, int]], done: int, asking: int, total: int
    ) -> Job[None]:
        facts = self._catalogue.copies.facts({content for pair in pairs for content in pair})
        todo = [(facts[a], facts[b]) for a, b in pairs if a in facts and b in facts]
        todo = [(a, b) for a, b in todo if not _same_payload(a, b)]
        with (
            ThreadPoolExecutor(self._threads, "photolib-copies") as pool,
            closing(look_ahead(pool, self._judge, todo, _AHEAD)) as outcomes,
        ):
            batch: list[PairRow] = []
            for number, row in enumerate(outcomes, 1):
                batch += [row] if row is not None else []
                if number % _BATCH == 0 or number == len(todo):
                    self._store(batch)
                    batch.clear()
                    yield Progress("copies", done + asking * number // len(todo), total)

    def _store(self, batch: Sequence[PairRow]) -> None:
        with self._catalogue.transaction():
            self._lease.check()
            self._catalogue.copies.judge(batch)

    def _judge(self, pair: tuple[ContentFacts, ContentFacts]) -> PairRow | None:
        """The verdict on two contents; None when one of the pictures cannot be had."""
        one, other = pair
        a, b = (self._views.get(*facts[:3]) for facts in pair)
        if a is None or b is None:
            return None
        rejected = PairRow(one.content_id, other.content_id, RULES)
        overlap = compare(a, b)
        if overlap is None:
            return rejected
        wide = [max(f.width, f.height) / max(v.size) for f, v in zip(pair, (a, b), strict=True)]
        found = judge(overlap, overlap.scale * wide[1] / wide[0], _origin(one.shot, other.shot))
        if found is None:
            return rejected
        same = self._same_pixels(one, other, overlap, found)
        return _row(one, other, overlap, found, (a, b), same=same)

    def _same_pixels(
        self, one: ContentFacts, other: ContentFacts, overlap: Overlap, found: Verdict
    ) -> bool:
        """Whether all pixels of both are equal; files are opened only where that is possible."""
        if found.relation != "re-encoded" or overlap.change > _EQUAL_RESIDUAL:
            return False
        if (one.width, one.height) != (other.width, other.height):
            return False
        whole = one.frames == other.frames == 1
        if not whole or not (
            covers(one.attachments, other.attachments)
            and covers(other.attachments, one.attachments)
        ):
            return False
        first, second = self._pixels(one), self._pixels(other)
        return first is not None and first == second

    def _pixels(self, facts: ContentFacts) -> bytes | None:
        """The hash of a content's pixels as decoded at full size; stored when it is made."""
        known = self._catalogue.copies.pixel_hash(facts.content_id)
        if known is not None or facts.path is None:
            return known
        decoder = self._tools.decoder
        try:
            source = open_known(self._catalogue, decoder, facts.content_id, facts.path)
            digest = pixel_digest(decoder, source)
        except PhotolibError:
            return None
        with self._catalogue.transaction():
            self._catalogue.copies.set_pixel_hash(facts.content_id, digest)
        return digest


def _origin(one: tuple[str, str] | None, other: tuple[str, str] | None) -> Origin:
    """From camera and time of each, where known."""
    if one is None or other is None or one[0] != other[0]:
        return Origin()
    return Origin(two_shots=one != other, one_moment=one == other)


def _same_payload(a: ContentFacts, b: ContentFacts) -> bool:
    return a.payload is not None and a.payload == b.payload


def _row(
    one: ContentFacts,
    other: ContentFacts,
    overlap: Overlap,
    found: Verdict,
    views: tuple[View, View],
    *,
    same: bool,
) -> PairRow:
    made = {"a": "a-from-b", "b": "b-from-a", None: None}[found.made]
    return PairRow(
        one.content_id,
        other.content_id,
        RULES,
        tier="pixels" if same else "near",
        relation="same-pixels" if same else found.relation,
        direction=None if same else made,
        score=1.0 if same else found.score,
        inliers=overlap.inliers,
        residual=round(overlap.residual, 5),
        amount=found.amount,
        map=_fractions(overlap.map, *views),
    )


def _fractions(found: NDArray[np.float64], a: View, b: View) -> tuple[float, ...]:
    """The map from fractions of A's frame to fractions of B's, row by row."""
    size_a, size_b = np.array(a.size), np.array(b.size)
    # Pixel centres lie at whole numbers, so that a frame begins half a pixel before them.
    shift = found[:, :2] @ np.full(2, -0.5) + found[:, 2] + 0.5
    rows = np.column_stack([found[:, :2] * size_a, shift]) / size_b[:, None]
    return tuple(round(float(value), 6) for value in rows.ravel())
