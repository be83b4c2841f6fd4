"""photolib: a photo library manager in the terminal.

>>> from photolib import Library
>>> with Library.open() as library:  # doctest: +SKIP
...     library.search("dog on a beach").hits
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photolib.config import Settings
    from photolib.library import Library

__version__ = "0.1.0"
__all__ = ["Library", "Settings", "__version__"]


def __getattr__(name: str) -> Any:
    """``Library`` and ``Settings``, loaded when asked for: ``import photolib`` is light."""
    if name == "Library":
        from photolib.library import Library

        return Library
    if name == "Settings":
        from photolib.config import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
