"""Every error that photolib raises on purpose.

PhotolibError                 one line for the user, and a hint that says what to do
├── UsageError                the arguments make no sense together (exit code 2)
├── ConfigError               a setting or the library directory is unusable
├── FolderError               a watched folder is absent, unreadable or overlaps another
├── NotFound                  no photo, album, batch or model of that name
├── CatalogueError            SQLite said no
│   ├── CatalogueTooNew       written by a later photolib
│   ├── MigrationFailed       rolled back; the backup is named in the hint
│   └── LeaseHeld             another process is doing this job
├── ImageError(path, reason)  one file; becomes a row in ``problem``
│   ├── ImageUnreadable       damaged, truncated, or not what its name says
│   ├── ImageTooLarge         more pixels or bytes than this machine should decode
│   └── ImageUnsupported      a format that this installation does not read: skipped, not failed
├── ModelError                a model misbehaved
│   └── ModelUnavailable      its weights are not on this machine
├── IndexMismatch             vectors of another width or model
└── QueryError(position)      the search text does not parse
"""

from __future__ import annotations


class PhotolibError(Exception):
    """A failure that a user can understand: what it names, why, and the remedy."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PhotolibError):
    """The arguments make no sense together."""

    code = "usage"


class ConfigError(PhotolibError):
    """A setting or the library directory is unusable."""

    code = "config"


class FolderError(PhotolibError):
    """A watched folder is absent, unreadable, or overlaps another."""

    code = "folder"


class NotFound(PhotolibError):
    """Nothing of that name or id exists in the library."""

    code = "not-found"


class CatalogueError(PhotolibError):
    """The catalogue cannot be read or written."""

    code = "catalogue"


class CatalogueTooNew(CatalogueError):
    """A later photolib wrote this catalogue."""

    code = "catalogue-too-new"


class MigrationFailed(CatalogueError):
    """A migration was rolled back."""

    code = "migration-failed"


class LeaseHeld(CatalogueError):
    """Another process holds the right to do this job."""

    code = "lease-held"


class ImageError(PhotolibError):
    """One file that cannot become a photo.

    ``path`` is for display only; ``reason`` is a short clause without the path.
    """

    code = "unreadable"
    retryable = False

    def __init__(self, path: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{path}: {reason}", hint)
        self.path = path
        self.reason = reason


class ImageUnreadable(ImageError):
    """Damaged, truncated, or not what its name says."""


class ImageTooLarge(ImageError):
    """More pixels or bytes than this machine should decode."""

    code = "too-large"


class ImageUnsupported(ImageError):
    """A format that this installation does not read."""

    code = "unsupported"


class ModelError(PhotolibError):
    """A model misbehaved."""

    code = "model"


class ModelUnavailable(ModelError):
    """The weights are not on this machine."""

    code = "model-unavailable"


class IndexMismatch(PhotolibError):
    """Vectors of another width or another model."""

    code = "index-mismatch"


class QueryError(PhotolibError):
    """The search text does not parse.

    ``position`` is the offset, in characters, of the first character at fault.
    """

    code = "query"

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message, hint)
        self.position = position
