"""``python -m bench [NAME...]``: measure, print one table, write JSON to ``bench/results/``.

Each measurement runs in a process of its own, so that none pays for the imports, the threads or the
memory of another.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from bench.report import Benchmark, Options, Row, document, parsed, table

NAMES = (
    "startup",
    "reindex",
    "ingest",
    "search",
    "finding",
    "looks",
    "service",
    "grouping",
    "reading",
    "regions",
    "themes",
    "duplicates",
    "tui",
    "rclip",
)
_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure what was asked for; 1 when a measurement failed."""
    arguments = _arguments()
    options = Options(arguments.large, arguments.repeat)
    if arguments.into is not None:
        rows = _measured(arguments.names[0], options)
        arguments.into.write_text(document(rows), "utf-8")
        return 0
    rows, failed = [], []
    for name in arguments.names or NAMES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        found = _apart(name, options)
        failed += [name] if found is None else []
        rows += found or []
    print(table(rows))
    _RESULTS.mkdir(exist_ok=True)
    place = _RESULTS / f"{datetime.now():%Y%m%d-%H%M%S}.json"
    place.write_text(document(rows), "utf-8")
    print(f"written to {place}", *(f"; {name} failed" for name in failed), file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=str(NAMES))
    parser.add_argument("--large", action="store_true", help="also the libraries of a million")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which medians are taken")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _apart(name: str, options: Options) -> list[Row] | None:
    with tempfile.TemporaryDirectory() as scratch:
        into = Path(scratch) / "rows.json"
        command = [sys.executable, "-m", "bench", name, "--into", str(into)]
        command += ["--repeat", str(options.repeat), *(["--large"] if options.large else [])]
        ran = subprocess.run(command, check=False)
        return parsed(into.read_text("utf-8")) if ran.returncode == 0 else None


def _measured(name: str, options: Options) -> list[Row]:
    measure: Benchmark = importlib.import_module(f"bench.{name}").measure
    return measure(options)


if __name__ == "__main__":
    sys.exit(main())
