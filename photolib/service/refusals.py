"""How a request fails: errors of photolib and of HTTP as a status and the contract's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from photolib.errors import (
    CatalogueError,
    ConfigError,
    FolderError,
    ImageError,
    LeaseHeld,
    ModelError,
    NotFound,
    PhotolibError,
    QueryError,
    UsageError,
)
from photolib.wire import dump, error_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUSES: tuple[tuple[type[PhotolibError], int], ...] = (
    (UsageError, 400),
    (QueryError, 400),
    (NotFound, 404),
    (LeaseHeld, 409),
    (ModelError, 409),
    (FolderError, 422),
    (ConfigError, 422),
    (ImageError, 422),
    (CatalogueError, 503),
)


class Refused(PhotolibError):
    """A request that never reaches the library."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code
        self.headers = headers or {}


def malformed(message: str, hint: str = "") -> Refused:
    """A request that is not what the description asks for."""
    return Refused(400, UsageError.code, message, hint or "See /openapi.json.")


def busy() -> Refused:
    """More requests at once than are worked on."""
    message = "the service is busy"
    return Refused(503, "busy", message, "Try again in a moment.", {"Retry-After": "1"})


def too_slow() -> Refused:
    """A request that did not arrive in time."""
    return Refused(408, "timeout", "the request took too long to arrive", "Send it at once.")


def status_of(error: PhotolibError) -> int:
    """The HTTP status that says best what an error means."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def answer_error(error: PhotolibError, *, close: bool = False) -> Response:
    """The response that tells of an error; ``close`` ends the connection after it."""
    headers = dict(error.headers) if isinstance(error, Refused) else {}
    if close:
        headers["Connection"] = "close"
    return Response(text_of(error), status_of(error), headers, "application/json")


def text_of(error: PhotolibError) -> str:
    """The contract's JSON of an error."""
    return dump(error_json(error), one_line=True)
