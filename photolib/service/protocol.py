"""HTTP/1.1 over one listening socket, with a limit on everything that a client can hold on to.

uvicorn's protocol parses and answers; this one adds what a private server needs: deadlines for
headers and for clients that stop reading, a bound on connections, and errors as JSON.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from photolib.service.refusals import Refused, busy, status_of, text_of, too_slow

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp

    from photolib.errors import PhotolibError

_log = logging.getLogger(__name__)

_LARGEST_HEAD = 1 << 16
"""Bytes of request line and headers: the longest query, percent-encoded, fits."""
_DRAIN = 0.3
"""Seconds that answers under way get when the service stops."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may take, in seconds and in numbers."""

    connections: int = 64
    head: float = 10.0
    """From connecting, or from the last answer, until the headers are complete."""
    body: float = 10.0
    """From the headers until the body is complete."""
    write: float = 10.0
    """Without the client reading what is sent."""
    waiting: int = 32
    """Requests that wait while every worker is busy."""
    followers: int = 16
    """Streams of events at once."""
    largest_body: int = 1 << 20


async def serve(
    sock: socket.socket,
    app: ASGIApp,
    limits: Limits,
    stopped: Callable[[], Awaitable[None]],
) -> None:
    """Answer requests on a listening socket until ``stopped`` returns, then close within a moment.

    Nothing wakes up while nobody asks.
    """
    config = Config(
        app,
        http=_protocol(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
        sock=sock,
    )
    try:
        await stopped()
    finally:
        server.close()
        await _finish(state)


async def _finish(state: ServerState) -> None:
    """Let answers end that end soon, then drop every connection."""
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=_DRAIN)
    for task in list(state.tasks):
        task.cancel()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.gather(*state.tasks, return_exceptions=True)


def _protocol(limits: Limits) -> type[H11Protocol]:
    """The class of a connection's protocol, which uvicorn makes itself, bound to its limits."""

    class Bounded(_Protocol):
        pass

    Bounded.limits = limits
    return Bounded


class _Protocol(H11Protocol):
    """One connection."""

    limits: Limits
    _stalled: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = _log
        self.timeout_keep_alive = self.limits.head  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(busy())
        else:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        # Unlike uvicorn's, the deadline does not move with every byte of a head.
        self.conn.receive_data(data)
        self.handle_events()

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            unfinished = bool(self.conn.trailing_data[0])
            if unfinished:
                self._refuse(too_slow())
            else:
                self._close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Refused(400, "malformed", "this is no HTTP request that the service takes"))

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._drop_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._resume()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._drop_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._resume()

    def _expect_head(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.limits.head, self.timeout_keep_alive_handler
        )

    def _refuse(self, error: PhotolibError) -> None:
        """Answer without asking the application, and close."""
        body = text_of(error).encode("ascii")
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode("ascii")),
            (b"connection", b"close"),
        ]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            start = h11.Response(status_code=status_of(error), headers=headers, reason=b"")
            events = (start, h11.Data(data=body), h11.EndOfMessage())
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._drop_later()

    def _drop_later(self) -> None:
        """Give up on a client that does not take what it is sent."""
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.limits.write, self.transport.abort)

    def _resume(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
