"""The second stage of ingest: what is in the pictures, once they can be found.

For contents that lack it, newest first: a detector finds regions, those worth it get vectors of
their own, and where a picture may hold print its lines are read. Everything of one content is
stored in one transaction with the rows that say which model did it, so that a new detector or
reader redoes its own part and nothing else.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from photolib.catalogue import NewCrop, NewText
from photolib.errors import ImageError, ModelError, UsageError
from photolib.jobs import Job, Problem, Progress
from photolib.library.ahead import look_ahead, portions
from photolib.library.crops import cut, sharpness, small, worth_keeping
from photolib.library.engines import loaded
from photolib.library.reading import open_known
from photolib.models import look
from photolib.models.ocr import TEXT_LIKELY, text_likeliness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from photolib.catalogue import Catalogue, CropRow, Lease, Unread
    from photolib.config import Settings
    from photolib.images import Decoder
    from photolib.library.ahead import Portion
    from photolib.library.engines import Engines
    from photolib.library.results import Box, IndexReport
    from photolib.models import Detection, Detector, Encoder
    from photolib.models.ocr import TextLine, TextReader

_log = logging.getLogger(__name__)

OCR_MODES = ("auto", "always", "never")

_SIDE = 1280
"""Pixels of the longest side: small print needs more than a detector does."""
_BATCH = 4
"""Photos stored together; more of them would not be quicker, and a watcher has to stop soon."""
_AHEAD = 2
"""Batches decoded ahead: at four megabytes a picture these queues hold about a hundred."""
_GATED = "+gate"
"""Ends the version of a text stage that was skipped because no print was likely."""

_TEXT_LEAST = 4
"""Characters from which a line of text gets a vector of its own."""
_TEXT_PORTION = 256


def update(
    catalogue: Catalogue,
    settings: Settings,
    engines: Engines,
    decoder: Decoder,
    lease: Lease,
    report: IndexReport,
    *,
    ocr: str = "auto",
) -> Job[None]:
    """Find crops and texts in the contents that lack them; ``report`` counts what is stored.

    ``ocr`` is auto (only where print is likely), always or never. A picture or a model that fails
    is recorded per stage and not tried again until a retry is asked for; a model that cannot be
    loaded leaves its part pending. Raises UsageError, LeaseHeld.
    """
    if ocr not in OCR_MODES:
        raise UsageError(f"{ocr} is no way to read text", f"Use {', '.join(OCR_MODES)}.")
    stage = _Stage(catalogue, settings, engines, decoder, lease, report, ocr)
    yield from stage.run()


class Waiting(NamedTuple):
    """Contents that wait for each part of the second stage."""

    crops: int
    texts: int


def pending(catalogue: Catalogue, engines: Engines, *, ocr: str = "auto") -> Waiting:
    """How many contents the second stage has not reached yet. Loads no model."""
    todo = _unread(catalogue, engines, ocr)
    return Waiting(sum(u.crops or u.vectors for u in todo), sum(u.texts for u in todo))


def versions(engines: Engines, ocr: str = "auto") -> dict[str, tuple[str, ...]]:
    """The versions of the stages ``crops`` and ``texts`` that count as done now."""
    reader = engines.reading().model_id
    texts = {"auto": (reader, reader + _GATED), "always": (reader,), "never": ()}[ocr]
    return {"crops": (engines.detecting().model_id,), "texts": texts}


def _unread(catalogue: Catalogue, engines: Engines, ocr: str) -> list[Unread]:
    encoder, current = engines.wanted(), versions(engines, ocr)
    # While the chosen detector is away, the one without weights sees to new contents only.
    return catalogue.regions.unread(
        current["crops"][0],
        encoder.model_no if encoder else None,
        current["texts"],
        any_detector=bool(engines.detector_note),
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    """A decoded content, or why there is none; ``legible`` when it is to be read."""

    todo: Unread
    image: Image | None = None
    known: tuple[CropRow, ...] = ()
    legible: bool = False
    problem: str = ""
    passing: bool = False
    """The file is gone or has changed: a scan will tell, and the stage stays pending."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A crop with vectors: its place among the detections, its look, the encoder's input."""

    place: int
    look: NDArray[np.float32]
    pixels: NDArray[np.uint8] | None


@dataclass(slots=True)
class _Understood:
    """What was found in one content; None where it was not looked for, or failed."""

    opened: _Opened
    detections: tuple[Detection, ...] | None = None
    cuts: tuple[_Cut, ...] = ()
    vectors: tuple[NDArray[np.float32] | None, ...] = ()
    lines: tuple[TextLine, ...] | None = None
    line_vectors: tuple[NDArray[np.float32] | None, ...] = ()
    crops_problem: str = ""
    texts_problem: str = ""


class _Stage:
    """One run of the second stage under a held lease."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        engines: Engines,
        decoder: Decoder,
        lease: Lease,
        report: IndexReport,
        ocr: str,
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._engines = engines
        self._decoder = decoder
        self._lease = lease
        self._report = report
        self._ocr = ocr
        self._look = engines.look()
        self._encoding = engines.wanted()
        self._detecting = engines.detecting()
        self._reading = engines.reading()
        self._encoder: Encoder | None = None
        self._detector: Detector | None = None
        self._reader: TextReader | None = None
        self._asked: set[str] = set()

    def run(self) -> Job[None]:
        for portion in portions(
            lambda: _unread(self._catalogue, self._engines, self._ocr), lambda u: u.content_id
        ):
            todo = yield from self._equip(portion.items)
            yield from self._through(replace(portion, items=todo))
        yield from self._text_backlog()

    # --- models --------------------------------------------------------------------------------

    def _equip(self, todo: list[Unread]) -> Job[list[Unread]]:
        """Load what the work needs; what cannot be loaded is told, and its work is left."""
        engines = self._engines
        row = self._encoding
        if row is not None and self._is_new("encoder") and any(u.crops or u.vectors for u in todo):
            self._encoder = yield from loaded(row.name, lambda: engines.encoder(row))
        if any(u.crops for u in todo) and self._is_new("detector"):
            name = self._detecting.name
            self._detector = yield from loaded(name, lambda: engines.detector(self._detecting))
        if any(u.texts for u in todo) and self._is_new("reader"):
            self._reader = yield from loaded(self._reading.name, engines.reader)
        left = [
            u._replace(
                crops=u.crops and self._detector is not None,
                vectors=u.vectors and self._encoder is not None,
                texts=u.texts and self._reader is not None,
            )
            for u in todo
        ]
        return [u for u in left if u.crops or u.vectors or u.texts]

    def _is_new(self, model: str) -> bool:
        """Whether a model has not been asked for in this run: each is loaded, or told of, once."""
        new = model not in self._asked
        self._asked.add(model)
        return new

    def _through(self, portion: Portion[Unread]) -> Job[None]:
        size, done = min(_BATCH, self._settings.batch_size), portion.before
        threads = self._settings.decode_threads or os.cpu_count() or 1
        yield Progress("regions", done, portion.total)
        with (
            ThreadPoolExecutor(threads, "photolib-regions") as pool,
            closing(look_ahead(pool, self._open, portion.items, _AHEAD * size)) as opened,
        ):
            while batch := list(islice(opened, size)):
                understood = self._understand([o for o in batch if not o.passing], pool)
                yield Progress("regions", done, portion.total)
                for one in understood:
                    self._read(one)
                    yield Progress("regions", done, portion.total)  # reading is slow: let it stop
                problems = self._store(understood)
                done += len(batch)
                for problem in problems:
                    yield Progress("regions", done, portion.total, problem=problem)
                yield Progress("regions", done, portion.total)

    # --- in the threads that decode ------------------------------------------------------------

    def _open(self, todo: Unread) -> _Opened:
        try:
            source = open_known(self._catalogue, self._decoder, todo.content_id, todo.path)
            image = self._decoder.decode(source, side=_SIDE).image
            known = self._catalogue.regions.kept_crops(todo.content_id) if todo.vectors else ()
            return _Opened(todo, image, tuple(known), todo.texts and self._is_legible(image))
        except ImageError as exc:
            return _Opened(todo, problem=exc.reason, passing=exc.retryable)
        except Exception as exc:  # noqa: BLE001 - one file must never stop a job
            _log.exception("looking into %s", todo.path)
            return _Opened(todo, problem=f"looking into it failed unexpectedly ({exc})")

    def _is_legible(self, image: Image) -> bool:
        return self._ocr == "always" or text_likeliness(image) >= TEXT_LIKELY

    def _cut(self, understood: _Understood) -> tuple[_Cut, ...]:
        """Looks and the encoder's input for the crops of one content that are worth it."""
        image, found = understood.opened.image, understood.detections
        if image is None:
            return ()
        if found is None:
            known = understood.opened.known
            return tuple(self._cut_one(i, image, crop.box) for i, crop in enumerate(known))
        kept = worth_keeping(found, image.size, lambda box: sharpness(image, box))
        return tuple(self._cut_one(i, image, found[i].box) for i in kept)

    def _cut_one(self, place: int, image: Image, box: Box) -> _Cut:
        part = cut(image, box)
        pixels = self._encoder.preprocess(part) if self._encoder else None
        return _Cut(place, look(small(part)), pixels)

    # --- in the thread that runs the job -------------------------------------------------------

    def _understand(self, batch: list[_Opened], pool: ThreadPoolExecutor) -> list[_Understood]:
        understood = [_Understood(opened) for opened in batch]
        self._detect([u for u in understood if u.opened.image and u.opened.todo.crops])
        cutting = [u for u in understood if u.opened.known or u.detections]
        for one, cuts in zip(cutting, pool.map(self._cut, cutting), strict=True):
            one.cuts = cuts
        self._encode(cutting)
        return understood

    def _detect(self, chosen: list[_Understood]) -> None:
        detector = self._detector
        if detector is None or not chosen:
            return
        images = [u.opened.image for u in chosen if u.opened.image]
        try:
            found = detector.detect(images)
        except ModelError:
            self._detect_alone(chosen, detector)
            return
        for one, detections in zip(chosen, found, strict=True):
            one.detections = tuple(filter(_is_sound, detections))

    def _detect_alone(self, chosen: list[_Understood], detector: Detector) -> None:
        """One picture may fail a whole batch: find out which."""
        for one in chosen:
            try:
                images = [one.opened.image] if one.opened.image else []
                one.detections = tuple(filter(_is_sound, detector.detect(images)[0]))
            except ModelError as exc:
                one.crops_problem = exc.message

    def _encode(self, cutting: list[_Understood]) -> None:
        """The encoder's vector of each cut; None without an encoder, and where it failed."""
        for one in cutting:
            one.vectors = (None,) * len(one.cuts)
        stack = [cut.pixels for one in cutting for cut in one.cuts if cut.pixels is not None]
        if self._encoder is None or not stack:
            return
        try:
            rows = iter(self._encoder.encode_images(np.stack(stack)))
        except ModelError as exc:
            for one in cutting:
                one.crops_problem = exc.message
            return
        for one in cutting:
            one.vectors = tuple(islice(rows, len(one.cuts)))

    def _read(self, one: _Understood) -> None:
        opened = one.opened
        if not opened.todo.texts or opened.image is None:
            return
        if not opened.legible or self._reader is None:
            one.lines = ()
            return
        try:
            one.lines = self._reader.read_text(opened.image)
        except ModelError as exc:
            one.texts_problem = exc.message
            return
        one.line_vectors = self._text_vectors([line.text for line in one.lines])

    def _text_vectors(self, texts: Sequence[str]) -> tuple[NDArray[np.float32] | None, ...]:
        vectors: list[NDArray[np.float32] | None] = [None] * len(texts)
        long = [i for i, text in enumerate(texts) if len(text) >= _TEXT_LEAST]
        if self._encoder is not None and long:
            try:
                rows = self._encoder.encode_texts([texts[i] for i in long])
            except ModelError:
                return tuple(vectors)  # the lines are kept, and wait for an encoder that can
            for i, row in zip(long, rows, strict=True):
                vectors[i] = row
        return tuple(vectors)

    # --- storing -------------------------------------------------------------------------------

    def _store(self, batch: list[_Understood]) -> list[Problem]:
        """Put a batch into the catalogue, all or nothing; returns the failures."""
        problems: list[Problem] = []
        with self._catalogue.transaction():
            self._lease.check()
            for one in batch:
                problems += self._store_one(one)
            ids = [one.opened.todo.content_id for one in batch]
            photos = self._catalogue.photos.of_contents(ids)
            self._catalogue.words.refresh(p.photo_id for rows in photos.values() for p in rows)
        return problems

    def _store_one(self, one: _Understood) -> Iterator[Problem]:
        todo, unreadable = one.opened.todo, one.opened.problem
        if todo.crops or todo.vectors:
            yield from self._settle(
                todo,
                "crops",
                self._detecting.model_id,
                unreadable or one.crops_problem,
                lambda: self._store_crops(one),
            )
        if todo.texts:
            version = self._reading.model_id + ("" if one.opened.legible else _GATED)
            yield from self._settle(
                todo,
                "texts",
                version,
                unreadable or one.texts_problem,
                lambda: self._store_texts(one),
            )

    def _settle(
        self, todo: Unread, stage: str, version: str, problem: str, store: Callable[[], None]
    ) -> Iterator[Problem]:
        """Store what a stage found and that it is done, or that it failed."""
        if problem:
            self._catalogue.vectors.fail(todo.content_id, stage, version, problem)
            yield Problem(os.fsdecode(todo.path), stage, problem, "photolib problems --retry")
            return
        store()
        if stage != "crops" or todo.crops:
            self._catalogue.regions.finish(todo.content_id, stage, version)

    def _store_crops(self, one: _Understood) -> None:
        content_id, found = one.opened.todo.content_id, one.detections
        if found is None:
            ids = [crop.crop_id for crop in one.opened.known]
        else:
            crops = [NewCrop(d.box, d.label, d.confidence, d.outline) for d in found]
            number = self._detecting.model_no
            ids = self._catalogue.regions.replace_crops(content_id, number, crops)
            self._report.crops += len(ids)
        for part, vector in zip(one.cuts, one.vectors, strict=True):
            crop_id, vectors = ids[part.place], self._catalogue.vectors
            number = self._look.model_no
            vectors.add(number, "crop-look", content_id, part.look, crop_id=crop_id)
            if vector is not None and self._encoding is not None:
                number = self._encoding.model_no
                vectors.add(number, "crop", content_id, vector, crop_id=crop_id)

    def _store_texts(self, one: _Understood) -> None:
        content_id, lines = one.opened.todo.content_id, one.lines or ()
        rows = [NewText(line.text, line.box, line.confidence) for line in lines]
        number = self._reading.model_no
        ids = self._catalogue.regions.replace_texts(content_id, number, rows)
        self._report.texts += len(ids)
        for text_id, vector in zip(ids, one.line_vectors or (None,) * len(ids), strict=True):
            if vector is not None and self._encoding is not None:
                number = self._encoding.model_no
                self._catalogue.vectors.add(number, "text", content_id, vector, text_id=text_id)

    def _text_backlog(self) -> Job[None]:
        """Vectors of lines that were read before this encoder came; no picture is opened."""
        row = self._encoding
        if row is None:
            return
        number, regions = row.model_no, self._catalogue.regions
        done = 0
        while lines := regions.texts_without_vector(number, _TEXT_LEAST, _TEXT_PORTION):
            if self._encoder is None:
                self._encoder = yield from loaded(row.name, lambda: self._engines.encoder(row))
            if self._encoder is None:
                return
            try:
                vectors = self._encoder.encode_texts([line.words for line in lines])
            except ModelError as exc:
                problem = Problem(row.name, exc.code, exc.message, exc.hint)
                yield Progress("texts", done, problem=problem)
                return
            with self._catalogue.transaction():
                self._lease.check()
                for line, vector in zip(lines, vectors, strict=True):
                    self._catalogue.vectors.add(
                        number, "text", line.content_id, vector, text_id=line.text_id
                    )
            done += len(lines)
            yield Progress("texts", done)


def _is_sound(found: Detection) -> bool:
    """Whether a detection is a box inside the picture; models are not always right."""
    x, y, width, height = found.box
    inside = x >= 0 and y >= 0 and x + width <= 1.001 and y + height <= 1.001
    return inside and width > 0 and height > 0
