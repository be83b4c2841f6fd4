"""What is imported when: nothing heavy before it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Indexed

MODELS = {"torch", "torchvision", "open_clip", "ultralytics", "onnxruntime", "rapidocr", "cv2"}
HEAVY = MODELS | {"faiss", "sklearn", "umap", "textual", "rich", "scipy", "rawpy"}

_LIST = "import json, sys; sys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))"


def modules_after(code: str, *arguments: str | Path) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``code``."""
    return {name.partition(".")[0] for name in loaded_after(code, *arguments)}


def loaded_after(code: str, *arguments: str | Path) -> set[str]:
    """All modules that a fresh interpreter has loaded after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_LIST}", *map(str, arguments)],
        capture_output=True,
        check=True,
        env={**os.environ, "PHOTOLIB_CONFIG": os.devnull},
    )
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return set(names)


MAIN = """
import sys
from photolib.cli.main import main
code = main(sys.argv[1:])
assert code == 0, code
"""


def test_the_library_imports_nothing_heavy() -> None:
    assert not modules_after("import photolib.library") & HEAVY


def test_wire_needs_the_standard_library_alone() -> None:
    loaded = modules_after("import photolib.wire")
    foreign = {"numpy", "PIL", "click", "sqlite_utils", "platformdirs"}
    assert not loaded & (HEAVY | foreign)


def test_help_imports_click_and_no_part() -> None:
    loaded = modules_after(MAIN, "--help")
    assert "click" in loaded
    assert not loaded & (HEAVY | {"numpy", "PIL", "sqlite_utils"})


@pytest.mark.parametrize(
    "arguments",
    [["folders"], ["status"], ["albums"], ["duplicates"], ["problems"], ["models", "list"]],
    ids=" ".join,
)
def test_reading_commands_load_no_model(indexed: Indexed, arguments: list[str]) -> None:
    loaded = modules_after(MAIN, *arguments, "--library", indexed.library)
    assert not loaded & (HEAVY - {"faiss"})
