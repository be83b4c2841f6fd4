"""``photolib index``, ``status``, ``problems`` and ``doctor``."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.progress import run_job
from photolib.cli.text import many, more, size, table
from photolib.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from photolib.library.results import Check, IndexReport, ProblemList, Status

_OUTCOMES = ("added", "changed", "moved", "copied", "restored", "missing", "unchanged", "failed")
FETCH = "Searching by meaning needs an encoder: photolib models fetch"


@command("index")
@path_argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--stage",
    type=click.IntRange(1, 2),
    metavar="N",
    help="1: only what makes photos searchable; details follow with the next index.",
)
@click.option(
    "--ocr",
    type=click.Choice(["auto", "always", "never"]),
    help="Read text in pictures: where print is likely (the default), in all, or in none.",
)
@click.option("--verbose", is_flag=True, help="Name each problem as it comes.")
def index(
    front: Front, paths: tuple[str, ...], stage: int | None, ocr: str | None, verbose: bool
) -> None:
    """Read what is new in the folders, or in each PATH inside them.

    Only new and changed files are read. Stop it with Ctrl-C at any time: what is done is kept, and
    the next run goes on from there.

    \b
    photolib index
    photolib index ~/Pictures/2024
    """
    with front.open() as library:
        for path in paths:
            if not os.path.lexists(path) and library.photo_id_at(path) is None:
                raise NotFound(f"{path} does not exist", "Check the spelling.")
        report = run_job(front, library.index(paths, stage=stage, ocr=ocr), verbose=verbose)
        front.show(report, report_lines)
        for line in _next_steps(report, library.status()):
            front.note(line)


def report_lines(report: IndexReport) -> Iterator[str]:
    """What an index job did, in two or three lines."""
    yield f"{many(report.scanned, 'file')} in {report.seconds:.1f} s"
    counts = [f"{count:,} {name}" for name in _OUTCOMES if (count := getattr(report, name))]
    if report.parts:
        counts.append(f"{many(report.parts, 'part')} of photos")
    if report.skipped:
        counts.append(f"{report.skipped:,} not photos")
    if counts:
        yield f"  {', '.join(counts)}"
    for path in report.offline:
        yield f"  offline: {path}"


def _next_steps(report: IndexReport, status: Status) -> Iterator[str]:
    if not status.folders:
        yield "No folder yet: photolib add FOLDER"
    if report.failed:
        yield f"{many(report.failed, 'problem')}: photolib problems"
    if status.photos and status.models.encoder is None:
        yield FETCH


@command("status")
def status(front: Front) -> None:
    """Show what the library holds, and what is still to do.

    \b
    photolib status --json
    """
    with front.open() as library:
        state = library.status()
    front.show(state, status_lines)
    if not state.folders:
        front.note("No folder yet: photolib add FOLDER")
    elif state.models.encoder is None:
        front.note(FETCH)


def status_lines(state: Status) -> Iterable[str]:
    """The state of a library, one fact on a line."""
    return table(list(_facts(state)))


def _facts(state: Status) -> Iterator[tuple[str, str]]:
    yield "library", state.library
    others = {name: n for name, n in state.by_state.items() if n and name != "present"}
    yield (
        "photos",
        ", ".join([f"{state.photos:,}", *(f"{n:,} {name}" for name, n in others.items())]),
    )
    if state.problems or state.skipped:
        yield "problems", f"{state.problems:,} (and {state.skipped:,} skipped files)"
    yield "albums", f"{state.albums:,}"
    yield "duplicates", many(state.duplicate_sets, "set")
    for folder in state.folders:
        note = "" if folder.state == "online" else f" ({folder.state})"
        yield "folder", f"{folder.path}{note}, {many(folder.photos, 'photo')}"
    yield "encoder", state.models.encoder or "none"
    yield "detector", state.models.detector or "none"
    for name, stage in state.stages.items():
        if stage.pending or stage.failed:
            yield "to do", f"{name}: {stage.pending:,} pending, {stage.failed:,} failed"
    for lease in state.leases:
        yield "running", f"{lease.name}, {lease.owner} (process {lease.pid})"
    if state.quarantine.files:
        held = state.quarantine
        yield "quarantine", f"{many(held.files, 'file')}, {size(held.bytes)}"
    yield "caches", size(state.cache_bytes)


@command("problems", lists=True)
@click.option("--retry", is_flag=True, help="Try the files again now, then list what remains.")
def problems(front: Front, retry: bool, limit: int | None, offset: int) -> None:
    """List the files that could not be read.

    Each with the reason and what to do about it; below them the files that were skipped.

    \b
    photolib problems --retry
    photolib problems --paths
    """
    with front.open() as library:
        if retry:
            library.retry_problems()
            run_job(front, library.index())
        found = library.problems(limit=-1 if limit is None else limit, offset=offset)
    front.show(found, _problem_lines, _problem_paths)
    front.note(more(len(found.problems) + len(found.skipped), found.total, found.next_offset))
    if not found.total:
        front.note("No problems.")


def _problem_paths(found: ProblemList) -> Iterator[str]:
    yield from (problem.path for problem in found.problems)
    yield from (file.path for file in found.skipped)


def _problem_lines(found: ProblemList) -> Iterator[str]:
    for problem in found.problems:
        yield problem.path
        yield f"    {problem.reason}. {problem.remedy}".rstrip()
    if found.skipped:
        yield "Skipped:"
        yield from table([(file.reason, file.path) for file in found.skipped], indent="  ")


@command("doctor")
@click.pass_context
def doctor(ctx: click.Context, front: Front) -> None:
    """Check the installation and the library.

    Each fault comes with its remedy. Exits with 1 when something is broken.

    \b
    photolib doctor
    """
    with front.open() as library:
        checks = library.doctor()
    healthy = all(check.state != "bad" for check in checks)
    found = {"ok": healthy, "checks": [asdict(check) for check in checks]}
    front.show(found, lambda _: _check_lines(checks))
    if not healthy:
        ctx.exit(1)


def _check_lines(checks: list[Check]) -> Iterator[str]:
    for line, check in zip(
        table([(c.state, c.name, c.detail) for c in checks]), checks, strict=True
    ):
        yield line
        if check.remedy:
            yield f"      {check.remedy}"
