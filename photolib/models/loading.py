"""What building another library's model takes: one at a time, quietly, errors told once."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from photolib.errors import ModelError, ModelUnavailable, PhotolibError

if TYPE_CHECKING:
    from collections.abc import Iterator

build_lock = threading.Lock()
"""Held while a model is built: these libraries change global state while they construct one."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn whatever a model's libraries raise into one ModelError that names the model."""
    try:
        yield
    except PhotolibError:
        raise
    except ImportError as exc:
        missing = exc.name or str(exc)
        raise ModelUnavailable(
            f"{name}: the package {missing} cannot be loaded", f"pip install {missing}"
        ) from exc
    except Exception as exc:  # whatever torch, open_clip and ultralytics make of bad weights
        reason = " ".join(str(exc).split())[:300] or type(exc).__name__
        raise ModelError(
            f"{name}: {reason}", "Fetch the weights again, or choose another model."
        ) from exc


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' warnings off the terminal while a model is built.

    open_clip logs through the root logger, whose first use would install a handler on stderr.
    """
    root, silent = logging.getLogger(), logging.NullHandler()
    root.addHandler(silent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(silent)
