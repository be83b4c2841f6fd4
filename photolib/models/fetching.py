"""The one thing in photolib that uses the network: a download that a person asked for.

Files arrive in a hidden folder beside their place and are moved there in one rename when all are
complete and checked, so that a model is either whole or absent. What has arrived is kept when the
connection breaks, and the next attempt continues it.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from photolib import __version__
from photolib.errors import ModelError, ModelUnavailable, NotFound
from photolib.jobs import Progress
from photolib.models.known import KNOWN, KnownModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photolib.jobs import Job

_BLOCK = 1 << 18
_STAGE = "fetch"


def fetch(name: str, into: Path, *, timeout: float = 20.0) -> Job[Path]:
    """Download the known model ``name`` into the folder ``into``; see ``fetch_model``.

    Raises NotFound when no known model has that name.
    """
    known = next((model for model in KNOWN if model.name == name), None)
    if known is None:
        names = ", ".join(model.name for model in KNOWN)
        raise NotFound(f"no known model is called {name}", f"Known: {names}.")
    return fetch_model(known, into, timeout=timeout)


def fetch_model(known: KnownModel, into: Path, *, timeout: float = 20.0) -> Job[Path]:
    """Download ``known`` and return where it is: a folder for an encoder, a file for a detector.

    Progress counts bytes of the file that ``note`` names. ``timeout`` is how many seconds the
    server may be silent. A model that is already there is not fetched again. Raises
    ModelUnavailable when the server cannot be reached or breaks off, ModelError when what arrives
    is not what was announced or cannot be written.
    """
    place = into / (known.files[-1][0] if known.kind == "detector" else known.name)
    if place.exists():
        return place
    arriving = into / f".{known.name}.partial"
    try:
        arriving.mkdir(parents=True, exist_ok=True)
        for name, address in known.files:
            yield from _fetch_file(known, address, arriving / name, timeout)
        _check(known, arriving / known.files[-1][0])
        _put_in_place(known, arriving, place)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ModelError(f"{into}: {reason}", "Make room or choose another library.") from exc
    return place


def _put_in_place(known: KnownModel, arriving: Path, place: Path) -> None:
    if known.kind == "detector":
        os.replace(arriving / place.name, place)
        shutil.rmtree(arriving)
    else:
        os.replace(arriving, place)


def _fetch_file(known: KnownModel, address: str, file: Path, timeout: float) -> Job[None]:
    if file.exists():
        return
    part, validator = file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.etag")
    request = _request(address, part, validator)
    with _opened(known, request, timeout) as response:
        resumed = response.status == 206
        done = part.stat().st_size if resumed else 0
        total = _announced(response, done)
        _require_room(file, total, done)
        validator.write_text(response.headers.get("ETag") or "", "utf-8")
        with part.open("ab" if resumed else "wb") as out:
            for block in _blocks(known, response):
                out.write(block)
                done += len(block)
                yield Progress(_STAGE, done, total, f"{known.name}: {file.name}")
            out.flush()
            os.fsync(out.fileno())
    if total is not None and done != total:
        raise _broken(known, f"the connection ended after {done} of {total} bytes")
    os.replace(part, file)
    validator.unlink(missing_ok=True)


def _request(address: str, part: Path, validator: Path) -> urllib.request.Request:
    """A request for the rest of a file, if the server still has the same one."""
    headers = {"User-Agent": f"photolib/{__version__}", "Accept-Encoding": "identity"}
    tag = validator.read_text("utf-8") if validator.exists() else ""
    size = part.stat().st_size if part.exists() else 0
    if size and tag and not tag.startswith("W/"):
        headers |= {"Range": f"bytes={size}-", "If-Range": tag}
    return urllib.request.Request(address, headers=headers)


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never from an encrypted address to a plain one."""

    def redirect_request(  # the signature is urllib's
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError("it redirects to an address that is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opened(known: KnownModel, request: urllib.request.Request, timeout: float) -> Any:
    try:
        return urllib.request.build_opener(_NoDowngrade).open(request, timeout=timeout)
    except urllib.error.HTTPError as exc:
        with exc:
            reason = f"{exc.code} {exc.reason}"
        raise _broken(known, f"{request.full_url} answers {reason}") from exc
    except (OSError, http.client.HTTPException) as exc:  # URLError is an OSError
        raise _broken(known, str(getattr(exc, "reason", exc))) from exc


def _blocks(known: KnownModel, response: Any) -> Iterator[bytes]:
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, http.client.HTTPException) as exc:
            raise _broken(known, str(exc)) from exc
        if not block:
            return
        yield block


def _broken(known: KnownModel, reason: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"{known.name} cannot be fetched: {reason}",
        "Check the connection and fetch again; what has arrived is kept. On a machine without a "
        f"network, copy a folder or file from another one and name its path: {known.files[-1][1]}",
    )


def _announced(response: Any, done: int) -> int | None:
    length = response.headers.get("Content-Length")
    return done + int(length) if length and length.isdecimal() else None


def _require_room(file: Path, total: int | None, done: int) -> None:
    missing = (total or 0) - done
    free = shutil.disk_usage(file.parent).free
    if missing > free:
        raise ModelError(
            f"{file.name} needs {missing / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free",
            "Make room on the disk of the library and fetch again.",
        )


def _check(known: KnownModel, weights: Path) -> None:
    """Refuse weights that are damaged, and forget them so that the next attempt starts afresh."""
    fault = _fault(known, weights)
    if fault:
        weights.unlink()
        raise ModelError(f"{known.name}: {fault}", "Fetch it again.")


def _fault(known: KnownModel, weights: Path) -> str:
    size = weights.stat().st_size
    if known.size_bytes is not None and size != known.size_bytes:
        return f"{size} bytes arrived instead of {known.size_bytes}"
    if known.sha256 and _sha256(weights) != known.sha256:
        return "what arrived has another SHA-256 than the published file"
    if weights.suffix == ".safetensors" and size != _safetensors_size(weights):
        return "what arrived is not a whole safetensors file"
    return ""


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _safetensors_size(file: Path) -> int:
    """How long the file says it is: 8 bytes, the header, and the last tensor's end; -1 if unclear.

    Format: https://github.com/huggingface/safetensors, section "Format".
    """
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > file.stat().st_size:
            return -1
        try:
            header = json.loads(stream.read(length))
            ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return -1
    return int(8 + length + max(ends, default=0))
