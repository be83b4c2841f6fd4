"""The examples of docs/python.md run, one after the other, as in a notebook."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.conftest import REPOSITORY
from tests.library.shelf import write

if TYPE_CHECKING:
    from pathlib import Path


def test_the_examples_run(tmp_path: Path) -> None:
    for number, name in enumerate(("shore.jpg", "hill.jpg", "street.jpg")):
        write(tmp_path / "photos" / name, number)
    text = (REPOSITORY / "docs" / "python.md").read_text("utf-8")
    names: dict[str, Any] = {"place": tmp_path}
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)
    assert len(list((tmp_path / "out").glob("*.jpg"))) == 2


def test_the_package_s_door_is_light_until_it_is_opened() -> None:
    script = """
import sys, photolib
assert "photolib.library" not in sys.modules
from photolib import Library, Settings
from photolib.library import Library as Same
assert Library is Same
assert not {"torch", "faiss", "sklearn", "umap"} & set(sys.modules)
try:
    photolib.Nothing
except AttributeError:
    sys.exit(0)
sys.exit(1)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
