"""The demo's pictures: the same each time, originals untouched, nothing heavy imported."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from photolib.errors import ImageUnreadable
from photolib.images import Decoder, Source, make_samples

if TYPE_CHECKING:
    from pathlib import Path


def test_samples_are_a_small_library(tmp_path: Path, decoder: Decoder) -> None:
    paths = make_samples(tmp_path / "one")
    assert len(paths) > 25
    assert len(set(paths)) == len(paths)
    contents, days, damaged, placed = Counter[bytes](), set(), 0, 0
    for path in paths:
        source = Source.open(path)
        contents[source.content_hash] += 1
        try:
            facts = decoder.decode(source, side=64).facts.dated(path.name)
        except ImageUnreadable:
            damaged += 1
            continue
        placed += facts.latitude is not None
        days.add((facts.taken_at or "")[:7])
    assert damaged == 1
    assert sum(count > 1 for count in contents.values()) == 3
    assert {"2023-05", "2023-09", "2024-06"} <= days
    assert placed > 15


def test_samples_are_the_same_each_time(tmp_path: Path) -> None:
    one, other = (make_samples(tmp_path / name) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    assert [path.stat().st_mtime for path in one] == [path.stat().st_mtime for path in other]


def test_the_packages_that_ship_them_are_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import photolib.images as images; "
        "images.make_samples(Path(sys.argv[1])); "
        "heavy = {'numpy', 'torch', 'sklearn', 'ultralytics', 'matplotlib', 'scipy', 'rawpy'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
