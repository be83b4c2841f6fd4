"""ultralytics, told before its import to stay offline and safe."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from photolib.errors import ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ultralytics(private: Path) -> Any:
    """The ultralytics package, whose settings live in a folder under ``private``.

    The import itself would look up public DNS names, write to the user's configuration and offer to
    install packages; a checkpoint would be unpickled whole. Raises ModelUnavailable when it or
    OpenCV cannot be imported.
    """
    settings = private / "ultralytics"
    os.environ |= {
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "ULTRALYTICS_SAFE_LOAD": "1",
        "YOLO_CONFIG_DIR": str(settings),
    }
    try:
        import ultralytics
        from ultralytics.utils import SETTINGS
    except ImportError as exc:
        raise import_remedy(exc) from exc
    if SETTINGS.get("sync") or SETTINGS.get("runs_dir") != str(settings / "runs"):
        folders = {f"{name}_dir": str(settings / name) for name in ("weights", "datasets", "runs")}
        SETTINGS.update({"sync": False, **folders})
    return ultralytics


def import_remedy(exc: ImportError) -> ModelUnavailable:
    """What to do about an import that failed; the GUI build of OpenCV wants desktop libraries."""
    reason = str(exc)
    if ".so" not in reason:
        return ModelUnavailable(f"the detector needs {exc.name or reason}", "pip install photolib")
    return ModelUnavailable(
        f"OpenCV cannot be loaded: {reason}",
        "Install the system packages libgl1 and libglib2.0-0, or: pip uninstall -y opencv-python "
        "&& pip install --force-reinstall opencv-python-headless",
    )


@contextmanager
def same_thread_count() -> Iterator[None]:
    """Undo ultralytics' torch.set_num_threads, which would slow the encoder down afterwards."""
    import torch

    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
