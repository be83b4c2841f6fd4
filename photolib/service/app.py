"""The application: endpoints as routes, work in threads, events as a stream."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from photolib.client import identity
from photolib.errors import CatalogueError, PhotolibError
from photolib.service.endpoints import ENDPOINTS, Endpoint
from photolib.service.guard import Guard
from photolib.service.openapi import document
from photolib.service.page import page, source
from photolib.service.parameters import integer, read_path, read_query
from photolib.service.refusals import Refused, answer_error, busy, malformed
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from photolib.library import Library
    from photolib.service.jobs import Event, Job, Jobs
    from photolib.service.protocol import Limits
    from photolib.service.workers import Workers

    Handler = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)

_JSON = "application/json"
_BEAT = 15.0
"""Seconds without an event after which a follower hears that the service is still there."""
_JOB_ID = (integer("job_id", "The job's id.", least=1),)


class Application:
    """Answers requests about one library."""

    def __init__(self, library: Library, workers: Workers, jobs: Jobs, limits: Limits) -> None:
        self._library = library
        self._workers = workers
        self._jobs = jobs
        self._limits = limits
        self._followers = 0
        self._catalogue = identity(library.settings.catalogue_path)

    def guarded(self, port: int | None, token: str | None) -> ASGIApp:
        """The application behind its guard; ``port`` and ``token`` are None on a Unix socket."""
        needs_token = token is not None
        described = dump(document(needs_token=needs_token)).encode("ascii")
        shown = page(needs_token=needs_token).encode()
        table: dict[str, dict[str, Handler]] = {
            "/": {"GET": _constant(shown, "text/html; charset=utf-8")},
            "/openapi.json": {"GET": _constant(described, _JSON)},
            "/source": {"GET": self._source},
            "/jobs": {"GET": self._list_jobs, "POST": self._start_job},
            "/jobs/{job_id}": {"GET": self._job, "DELETE": self._cancel_job},
            "/jobs/{job_id}/events": {"GET": self._events},
            **{endpoint.path: {"GET": self._handler(endpoint)} for endpoint in ENDPOINTS},
        }
        routes = [Route(path, _answering(by), methods=list(by)) for path, by in table.items()]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _http_error})
        app.router.redirect_slashes = False
        return Guard(app, self._limits, port, token)

    # --- what only reads -----------------------------------------------------------------------

    def _handler(self, endpoint: Endpoint) -> Handler:
        async def handle(request: Request) -> Response:
            arguments = read_query(request.scope["query_string"], endpoint.query)
            arguments |= read_path(request.path_params, endpoint.ids)
            return await self._workers.run(lambda: self._answer(endpoint, arguments))

        return handle

    def _answer(self, endpoint: Endpoint, arguments: dict[str, Any]) -> Response:
        """In a worker's thread: ask the library and write the answer."""
        if identity(self._library.settings.catalogue_path) != self._catalogue:
            hint = "Stop the service and start it again."
            raise CatalogueError("the catalogue was replaced since the service began", hint)
        found = endpoint.call(self._library, **arguments)
        if isinstance(found, bytes):
            return Response(found, 200, {"Cache-Control": "private, max-age=3600"}, "image/jpeg")
        return _json(found)

    async def _source(self, request: Request) -> Response:
        archive = await self._workers.run(source)
        named = {"Content-Disposition": 'attachment; filename="photolib.tar.gz"'}
        return Response(archive, 200, named, "application/gzip")

    # --- jobs ----------------------------------------------------------------------------------

    async def _list_jobs(self, request: Request) -> Response:
        read_query(request.scope["query_string"], ())
        return _json(self._jobs.all())

    async def _start_job(self, request: Request) -> Response:
        paths, stage = _job_asked(await request.body())
        return _json(self._jobs.start(paths, stage).status(), 202)

    async def _job(self, request: Request) -> Response:
        return _json(self._asked_job(request).status())

    async def _cancel_job(self, request: Request) -> Response:
        job = self._asked_job(request)
        job.cancel()
        return _json(job.status(), 202)

    def _asked_job(self, request: Request) -> Job:
        read_query(request.scope["query_string"], ())
        return self._jobs.get(read_path(request.path_params, _JOB_ID)["job_id"])

    async def _events(self, request: Request) -> Response:
        job = self._asked_job(request)
        last = request.headers.get("last-event-id", "0")
        if not (last.isascii() and last.isdigit() and len(last) < 16):
            raise malformed("Last-Event-ID is no number")
        if request.method == "HEAD":
            return Response(None, 200, None, "text/event-stream")
        if self._followers >= self._limits.followers:
            raise busy()
        return StreamingResponse(
            self._followed(job, int(last)), 200, {"Cache-Control": "no-store"}, "text/event-stream"
        )

    async def _followed(self, job: Job, after: int) -> AsyncIterator[str]:
        self._followers += 1
        events = aiter(job.follow(after))
        try:
            following = asyncio.ensure_future(anext(events, None))
            while True:
                ready, _ = await asyncio.wait([following], timeout=_BEAT)
                if not ready:
                    yield ": still here\n\n"
                    continue
                event = following.result()
                if event is None:
                    return
                yield _told(event)
                following = asyncio.ensure_future(anext(events, None))
        finally:
            self._followers -= 1
            following.cancel()


def _told(event: Event) -> str:
    data = dump(to_json(event.told), one_line=True)
    return f"id: {event.number}\nevent: {event.name}\ndata: {data}\n\n"


def _job_asked(body: bytes) -> tuple[list[str], int | None]:
    """Paths and stage of the job that a body asks for. Raises Refused."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise malformed("the body is not JSON", 'Send {"kind": "index"}.') from None
    if not isinstance(asked, dict) or asked.keys() - {"kind", "paths", "stage"}:
        raise malformed("the body is no object of kind, paths and stage")
    if asked.get("kind") != "index":
        raise malformed("kind is not index", "Other jobs cannot be started here.")
    paths, stage = asked.get("paths", []), asked.get("stage")
    if not isinstance(paths, list) or not all(_is_path(path) for path in paths):
        raise malformed("paths is no list of absolute paths")
    if type(stage) not in (int, type(None)) or stage not in (None, 1, 2):
        raise malformed("stage is not 1, 2 or null")
    return paths, stage


def _is_path(value: object) -> bool:
    return isinstance(value, str) and os.path.isabs(value) and "\0" not in value


def _json(found: object, status: int = 200) -> Response:
    text = dump(to_json(found), one_line=True)
    return Response(text, status, {"Cache-Control": "no-store"}, _JSON)


def _constant(content: bytes, media: str) -> Handler:
    async def handle(request: Request) -> Response:
        return Response(content, 200, None, media)

    return handle


def _answering(handlers: dict[str, Handler]) -> Handler:
    """One handler for every method, which turns what they raise into the contract's JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await handlers.get(request.method, handlers["GET"])(request)
        except PhotolibError as exc:
            return answer_error(exc)
        except Exception:  # noqa: BLE001 one request's fault; the service lives on
            _log.exception("%s %s", request.method, request.url.path)
            return answer_error(PhotolibError("a fault in photolib", "The log says more."))

    return answer


async def _http_error(request: Request, exc: Exception) -> Response:
    """What the router says when no endpoint fits."""
    assert isinstance(exc, HTTPException)
    known = {404: ("not-found", "there is nothing here"), 405: ("usage", "not in this way")}
    code, message = known.get(exc.status_code, ("error", exc.detail))
    refused = Refused(exc.status_code, code, message, "See /openapi.json.", exc.headers)
    return answer_error(refused)
