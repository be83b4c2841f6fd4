"""Decoders that may crash, hang or swell, kept in processes that can be killed.

A worker is a Python that has loaded photolib's decoders and nothing else. It is given one file at
a time over a pipe, and answers with plain pixels: a JSON header and raw bytes, never a pickle, so
a decoder that was taken over by a hostile file cannot reach into the main process. Memory, core
dumps and written files are limited by the kernel where it can (Linux; macOS in part), time by the
owner, who kills the worker, and by the worker's own alarm in case the owner has died.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from PIL import Image

from photolib.errors import ImageError, ImageTooLarge, ImageUnreadable, ImageUnsupported
from photolib.images.raster import Raster, Refusal, Task, render

if TYPE_CHECKING:
    from types import TracebackType

_LENGTH: Final = struct.Struct(">Q")
_BOOT: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from photolib.images import isolate; isolate.serve(int(sys.argv[1]))"
)
_ONE_THREAD: Final = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
}
_START_SECONDS: Final = 20.0
"""Loading Python and the decoders for the first file, on a cold and busy disk."""
_FILES_PER_WORKER: Final = 500
"""A worker is replaced after so many files: decoders leak."""
_BLOB_LIMIT: Final = 1 << 33
_KINDS: Final = {kind.__name__: kind for kind in (ImageTooLarge, ImageUnreadable, ImageUnsupported)}


class _WorkerLost(Exception):
    """The worker died, was killed, or spoke nonsense."""


class Workers:
    """A few decoding processes, started when first needed, shared by any number of threads.

    ``memory`` is the address space of one worker in bytes. Close it, or use it as a context; what
    is left open is closed at exit.
    """

    def __init__(self, count: int, memory: int) -> None:
        self._memory = memory
        self._slots = threading.BoundedSemaphore(count)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = False
        self._close = weakref.finalize(self, _stop_all, self._idle, self._lock)

    def render(self, data: bytes | str, task: Task, seconds: float) -> Raster:
        """Decode bytes, or the file at a path, in a worker.

        Raises Refusal as ``raster.render``, and when the decoder crashes or takes too long.
        """
        with self._slots:
            worker = self._take()
            try:
                raster = worker.render(data, task, seconds)
            except BaseException as exc:
                # A refusal leaves the worker at rest; after anything else its pipe is unusable.
                self._put(worker, usable=isinstance(exc, Refusal))
                if isinstance(exc, _WorkerLost):
                    raise Refusal(ImageUnreadable, str(exc), _LOST_HINT) from exc
                raise
            self._put(worker, usable=True)
            return raster

    def close(self) -> None:
        """Stop every idle worker now, and the busy ones as they finish."""
        self._closed = True
        _stop_all(self._idle, self._lock)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.stop()
        return _Worker(self._memory)

    def _put(self, worker: _Worker, *, usable: bool) -> None:
        if usable and not self._closed and worker.served < _FILES_PER_WORKER:
            with self._lock:
                self._idle.append(worker)
        else:
            worker.stop()


_LOST_HINT: Final = "Open the file with another program, or save it anew."


def _stop_all(idle: list[_Worker], lock: threading.Lock) -> None:
    with lock:
        workers, idle[:] = idle[:], []
    for worker in workers:
        worker.stop()


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        self.served = 0
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _BOOT, str(memory), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
            # A Ctrl-C in the terminal is for the main process, which then closes its workers.
            start_new_session=True,
        )

    def render(self, data: bytes | str, task: Task, seconds: float) -> Raster:
        late = threading.Event()
        allowed = seconds + (0 if self.served else _START_SECONDS)
        self.served += 1

        def stop_late() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(allowed, stop_late)
        timer.daemon = True
        timer.start()
        try:
            self._ask(data, task, seconds)
            return self._answer(task)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as exc:
            if late.is_set():
                raise _WorkerLost(f"decoding took longer than {seconds:.0f} s") from exc
            raise _WorkerLost("the decoder crashed on it") from exc
        finally:
            timer.cancel()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process and collect it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._process.kill()
        self._process.wait()

    def _ask(self, data: bytes | str, task: Task, seconds: float) -> None:
        header = {key: value for key, value in asdict(task).items() if key != "icc"}
        header |= {"path": data if isinstance(data, str) else None, "seconds": seconds}
        assert self._process.stdin is not None
        body = b"" if isinstance(data, str) else data
        _send(self._process.stdin, header, [task.icc, body])

    def _answer(self, task: Task) -> Raster:
        assert self._process.stdout is not None
        header, blobs = _receive(self._process.stdout)
        if "reason" in header:
            kind: type[ImageError] = _KINDS[header["kind"]]
            raise Refusal(kind, str(header["reason"])[:300], str(header["hint"])[:300])
        across, down = (int(edge) for edge in header["image"])
        pixels, icc, exif, xmp = blobs
        if len(pixels) != across * down * 3 or across * down > task.max_pixels:
            raise ValueError("the worker's pixels do not fit its header")
        image = Image.frombytes("RGB", (across, down), pixels)
        return Raster(
            image,
            int(header["width"]),
            int(header["height"]),
            int(header["orientation"]),
            int(header["frames"]),
            icc,
            exif,
            xmp,
            {str(key): str(value) for key, value in dict(header["tags"]).items()},
        )


# --- the two ends of the pipe -------------------------------------------------------------------


def _send(pipe: BinaryIO | Any, header: dict[str, Any], blobs: list[bytes]) -> None:
    """A JSON header and blobs, each behind its length in eight bytes."""
    for blob in (json.dumps({**header, "blobs": len(blobs)}).encode(), *blobs):
        pipe.write(_LENGTH.pack(len(blob)))
        pipe.write(blob)
    pipe.flush()


def _receive(pipe: BinaryIO | Any) -> tuple[dict[str, Any], list[bytes]]:
    header: dict[str, Any] = json.loads(_blob(pipe))
    return header, [_blob(pipe) for _ in range(min(int(header["blobs"]), 4))]


def _blob(pipe: BinaryIO | Any) -> bytes:
    (size,) = _LENGTH.unpack(_exactly(pipe, 8))
    if size > _BLOB_LIMIT:
        raise ValueError("a blob is too large")
    return _exactly(pipe, size)


def _exactly(pipe: BinaryIO | Any, size: int) -> bytes:
    data: bytes = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data


# --- inside the worker --------------------------------------------------------------------------


def serve(memory: int) -> None:
    """Answer requests on standard input until it ends (the main loop of a worker)."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not break the protocol.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _limit(memory)
    Image.MAX_IMAGE_PIXELS = None  # counted by ``raster.check_size``
    with suppress(EOFError, BrokenPipeError):
        while True:
            header, (icc, body) = _receive(requests)
            _alarm(header["seconds"])
            task = Task(
                header["format"],
                header["side"],
                header["max_pixels"],
                header["orientation"],
                icc,
            )
            _send(answers, *_answered(header["path"] or body, task))
            _alarm(0)


def _answered(data: bytes | str, task: Task) -> tuple[dict[str, Any], list[bytes]]:
    try:
        raster = render(data, task)
    except Refusal as refusal:
        return {"kind": refusal.kind.__name__, "reason": refusal.reason, "hint": refusal.hint}, []
    header = {
        "image": raster.image.size,
        "width": raster.width,
        "height": raster.height,
        "orientation": raster.orientation,
        "frames": raster.frames,
        "tags": raster.tags,
    }
    return header, [raster.image.tobytes(), raster.icc, raster.exif, raster.xmp]


def _limit(memory: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]
        if sys.platform == "linux":
            limits.append((resource.RLIMIT_AS, memory))
        for which, value in limits:
            resource.setrlimit(which, (value, value))


def _alarm(seconds: float) -> None:
    """Ask the kernel to end this process later, should nobody be left to do it."""
    import signal

    if hasattr(signal, "alarm"):
        signal.alarm(int(seconds) + 30 if seconds else 0)
