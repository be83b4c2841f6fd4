"""What stands before the endpoints: who may ask, and how much a request may be."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from photolib.client import LOOPBACK
from photolib.service.refusals import Refused, answer_error, too_slow

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from photolib.service.protocol import Limits

OPEN_TO_ALL = frozenset({"/", "/openapi.json", "/source"})
"""Paths that say nothing of the library; a browser gets them without a token."""
_OVERRUN = 16
"""How often the largest body is read and thrown away before the connection is cut instead."""
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """Refuses what should not reach the application, and hands it bodies that are whole."""

    def __init__(self, app: ASGIApp, limits: Limits, port: int | None, token: str | None) -> None:
        self._app = app
        self._limits = limits
        self._token = token
        self._hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")} if port else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = Headers(scope=scope)
        try:
            self._check_sender(headers)
            self._check_token(scope["path"], headers)
            body = await self._body(headers, receive)
        except Refused as refused:
            await answer_error(refused, close=True)(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), _with_headers(send))

    def _check_sender(self, headers: Headers) -> None:
        """Refuse pages of other sites, also those whose name was made to point here.

        Browsers cannot open a Unix socket, so only a port has hosts and origins to check.
        """
        if self._hosts is None:
            return
        if headers.get("host", "").lower() not in self._hosts:
            hint = f"Use http://{min(self._hosts)}/."
            raise Refused(421, "forbidden", "the request was meant for another host", hint)
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            hint = "Only programs and pages of this service may ask it."
            raise Refused(403, "forbidden", "the request comes from a page of another site", hint)

    def _check_token(self, path: str, headers: Headers) -> None:
        if self._token is None or path in OPEN_TO_ALL:
            return
        given = headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            hint = "Send it as Authorization: Bearer; it is in service.token in the library."
            wanted = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, "unauthorized", "the token is missing or wrong", hint, wanted)

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body. Raises Refused when it is too large or does not arrive in time."""
        declared = int(headers.get("content-length", "0"))
        if not declared and "transfer-encoding" not in headers:
            return b""
        patience = 1 if "expect" in headers else _OVERRUN
        if declared > self._limits.largest_body * patience:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._limits.body):
                return await self._read(receive)
        except TimeoutError:
            raise too_slow() from None

    async def _read(self, receive: Receive) -> bytes:
        """Read to the end; one that is too large is read a while, so that its sender hears why."""
        largest, size, kept, more = self._limits.largest_body, 0, bytearray(), True
        while more and size <= largest * _OVERRUN:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= largest:
                kept += chunk
            more = message.get("more_body", False)
        if size > largest:
            raise self._too_large()
        return bytes(kept)

    def _too_large(self) -> Refused:
        hint = f"At most {self._limits.largest_body:,} bytes are taken."
        return Refused(413, "too-large", "the body of the request is too large", hint)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives out a body that was read already, then what the connection says next."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(k.lower().encode(), v.encode()) for k, v in _SAFE.items()]
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return sending
