"""A measurement as a row: a value, what it is compared with, and their ratio within one run."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

_LIBRARIES = ("torch", "open_clip_torch", "faiss-cpu", "pillow", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Values that were not measured are None, and ``how`` says why.

    ``ceiling`` is the best that this machine could do in the same run, or a peer's value; ``peer``
    names it. ``target`` is what the design asks for.
    """

    what: str
    value: float | None
    unit: str
    how: str
    ceiling: float | None = None
    peer: str = ""
    ratio: float | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked of the measurements: larger libraries, and how often to repeat."""

    large: bool = False
    repeat: int = 3


Benchmark: TypeAlias = Callable[[Options], list[Row]]


def median(values: Sequence[float]) -> float:
    """The middle value: one slow run on a shared machine does not move it."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-percent * len(ordered) // 100) - 1))]


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, which also reads well as plain text."""
    head = ("what", "value", "ceiling or peer", "ratio", "target", "how measured")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head) - 1)]

    def drawn(cells: Sequence[str]) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
        return f"| {' | '.join([*padded, cells[-1]])} |"

    rule = drawn(["-" * width for width in (*widths, 3)])
    return "\n".join([drawn(head), rule, *map(drawn, lines[1:])])


def _cells(row: Row) -> tuple[str, ...]:
    ceiling = f"{_number(row.ceiling)} {row.unit} ({row.peer})" if row.ceiling is not None else ""
    value = "not measured" if row.value is None else f"{_number(row.value)} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.what, value, ceiling, ratio, row.target, row.how


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def document(rows: Sequence[Row]) -> str:
    """The rows as JSON, with the machine that they were measured on."""
    machine: dict[str, Any] = {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    return json.dumps(
        {"schema": 1, "machine": machine, "rows": [asdict(r) for r in rows]}, indent=2
    )


def parsed(text: str) -> list[Row]:
    """The rows of a ``document``."""
    return [Row(**row) for row in json.loads(text)["rows"]]
