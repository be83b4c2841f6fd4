"""Facts as short text that is safe on a terminal."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from photolib.wire import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from photolib.library.results import IndexReport, PurgeReport, RemovalReport, UndoReport

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def counted(number: int, noun: str) -> str:
    """``1 photo``, ``1,204 photos``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def weight(size: int) -> str:
    """A number of bytes in decimal units, as file managers show it."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 10 else 1
    return f"{value:.{digits}f} {_UNITS[unit]}"


def moment(iso: str) -> str:
    """Local capture time for people; text that is no time stays what it is, made printable."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return printable(iso)
    return f"{at.day} {at:%b %Y, %H:%M}"


def month(iso: str) -> str:
    """The month of a capture time, or "" where it has none."""
    try:
        return f"{datetime.fromisoformat(iso):%B %Y}"
    except ValueError:
        return ""


def span(first: str | None, last: str | None) -> str:
    """The months between two capture times: ``June 2021`` or ``June 2021 to May 2022``."""
    begin, end = month(first or ""), month(last or "")
    return begin if begin == end or not end else f"{begin} to {end}".removeprefix(" to ")


def name_of(path: str) -> str:
    """The file name of a path, safe to show."""
    return printable(os.path.basename(path))


def duration(seconds: float) -> str:
    """``0:07``, ``12:30``, ``2:05:09``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def elided(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, its end cut off with an ellipsis where it is longer."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def elided_path(path: str, width: int) -> str:
    """A path in at most ``width`` cells; the beginning goes first, the name stays."""
    text = printable(path)
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text


def job_summary(report: IndexReport | None) -> str:
    """How an index job ended, as one sentence."""
    if report is None:
        return "Indexing stopped. What had been read is kept; I goes on from there."
    outcomes = {
        "new": report.added + report.copied,
        "changed": report.changed,
        "moved": report.moved,
        "missing": report.missing,
        "failed": report.failed,
    }
    told = [f"{number:,} {name}" for name, number in outcomes.items() if number]
    summary = ", ".join(told) or "nothing has changed"
    offline = ", ".join(name_of(path) for path in report.offline)
    return f"Indexed: {summary}." + (f" Offline: {offline}." if offline else "")


def removal_summary(report: RemovalReport | None) -> str:
    """How a removal ended, with the first refusal."""
    if report is None:
        return "Stopped. What was removed so far is in the quarantine."
    done = f"Removed {counted(len(report.removed), 'photo')}, {weight(report.freed_bytes)}"
    text = f"{done}. u brings them back."
    if report.refused:
        first = report.refused[0]
        text += f" {len(report.refused):,} refused, such as {name_of(first.path)}: "
        text += printable(first.reason)
    return text


def undo_summary(report: UndoReport | None) -> str:
    """How bringing photos back ended, with the first that could not."""
    if report is None:
        return "Stopped. What was brought back so far stays."
    text = f"Brought back {counted(len(report.restored), 'photo')}."
    if report.not_restored:
        first = report.not_restored[0]
        text += f" {len(report.not_restored):,} not, such as {name_of(first.path)}: "
        text += printable(first.reason)
    return text


def purge_summary(report: PurgeReport | None) -> str:
    """How a purge ended."""
    if report is None:
        return "Stopped. What was deleted so far is gone."
    gone = f"Deleted {counted(report.purged, 'photo')} for good, {weight(report.freed_bytes)}."
    kept = f" {report.kept:,} still wait." if report.kept else ""
    return gone + kept


JOB_SUMMARIES: dict[str, Callable[[Any], str]] = {
    "index": job_summary,
    "remove": removal_summary,
    "undo": undo_summary,
    "purge": purge_summary,
}
"""How to tell the end of each kind of job."""
