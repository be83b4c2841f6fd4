"""``photolib plan``, ``remove``, ``undo``, ``removals`` and ``purge``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

import click

from photolib.cli.front import Front, command, path_argument
from photolib.cli.progress import run_job
from photolib.cli.text import many, more, size, table
from photolib.errors import UsageError
from photolib.wire import dump, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library import Library
    from photolib.library.results import (
        Batch,
        BatchList,
        Plan,
        PurgeReport,
        RemovalReport,
        UndoReport,
    )

_TIERS = ("bytes", "payload", "pixels", "near")
_METHODS = ("quarantine", "trash", "hardlink", "reflink")
_REFUSED = 1


@command("plan")
@click.option("--tier", type=click.Choice(_TIERS), help="Only copies with this evidence.")
@click.option("--folder", type=click.Path(), help="Only copies in this directory.")
@click.option("--ties", is_flag=True, help="Also where only age or path tells which to keep.")
def plan(front: Front, tier: str | None, folder: str | None, ties: bool) -> None:
    """Write down which copies could be removed, as JSON.

    Nothing is removed: edit the plan, then give it to "photolib remove --plan". Each item names
    what goes, what stays and why. Photos to keep, photos in reference folders and toss-ups are left
    out.

    \b
    photolib plan --tier bytes > plan.json
    photolib remove --plan plan.json
    """
    with front.open() as library:
        made = library.plan(tier, folder=folder, ties=ties)
    click.echo(dump(to_json(made)))
    front.note(*_plan_notes(made))


def _plan_notes(made: Plan) -> Iterator[str]:
    total = size(sum(item.remove.bytes for item in made.items))
    yield f"{many(len(made.items), 'photo')} could go, {total}"
    ties = sum(left.code == "tie" for left in made.left_out)
    if ties:
        yield f"{many(ties, 'copy')} left out: nothing but age or path tells which to keep (--ties)"


@command("remove")
@path_argument("paths", nargs=-1)
@click.option(
    "--plan", "plan_file", metavar="FILE", type=click.File(), help='A plan; "-" reads stdin.'
)
@click.option("--dry-run", is_flag=True, help="Check everything and move nothing.")
@click.option("--no-keeper", is_flag=True, help="Also photos of which no copy stays.")
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default=_METHODS[0],
    show_default=True,
    help="Where the files go, or what stands in for files of the same bytes.",
)
def remove(
    front: Front,
    paths: tuple[str, ...],
    plan_file: TextIO | None,
    dry_run: bool,
    no_keeper: bool,
    method: str,
) -> None:
    """Remove photos that have a copy to keep: by PATHS, or by a plan.

    Each one is checked again: it and its copy are there, unchanged, two different files, and still
    copies. It then waits in a hidden folder on the same drive, and "photolib undo" brings it back
    with its name, albums and ratings. Albums, tags and ratings go over to the copy that stays.

    With --method hardlink or reflink a copy of the very same bytes keeps its name and shares the
    bytes of the other; with trash it goes to the system's trash, which photolib never empties.

    \b
    photolib remove ~/Pictures/beach-copy.jpg
    photolib remove --plan plan.json --dry-run
    """
    if bool(paths) == (plan_file is not None):
        raise UsageError("give either paths or --plan FILE", "See photolib remove --help.")
    with front.open() as library:
        if plan_file is None:
            job = library.remove_paths(
                paths, without_keeper=no_keeper, dry_run=dry_run, method=method
            )
        else:
            items = _read(library, plan_file).items
            job = library.remove(items, without_keeper=no_keeper, dry_run=dry_run, method=method)
        report = run_job(front, job)
    front.show(report, _removal_lines)
    if report.batch_id is not None and report.removed:
        front.note(f"To take it back: photolib undo {report.batch_id}")
    _fail_if(bool(report.refused))


def _read(library: Library, file: TextIO) -> Plan:
    try:
        return library.read_plan(file.read())
    except UnicodeDecodeError as exc:
        raise UsageError(f"{file.name} is no text", "Make it anew: photolib plan") from exc


def _removal_lines(report: RemovalReport) -> Iterator[str]:
    for removed in report.removed:
        yield f"{removed.path}"
        yield f"  kept: {removed.kept}" if removed.kept else "  no copy stays"
    for merged in report.merged:
        yield f"{merged.into} was given {_gain(merged.tags, merged.albums, merged.rating)}"
    for refused in report.refused:
        yield f"not removed: {refused.path}"
        yield f"  {refused.reason}. {refused.hint}".rstrip()
    if report.already:
        yield f"{many(len(report.already), 'photo')} removed before"
    verb = "could be removed" if report.dry_run else "removed"
    yield f"{many(len(report.removed), 'photo')} {verb}, {size(report.freed_bytes)}"


def _gain(tags: tuple[str, ...], albums: tuple[str, ...], rating: int | None) -> str:
    gains = [f"the tag {tag}" for tag in tags] + [f"its place in {album}" for album in albums]
    gains += [f"the rating {rating}"] if rating is not None else []
    return ", ".join(gains) or "the mark of a favourite"


@command("undo")
@click.argument("batch", type=click.IntRange(1), required=False)
def undo(front: Front, batch: int | None) -> None:
    """Bring back what a removal took: BATCH, or the newest one.

    Names, times, permissions, albums and ratings come back too. What cannot come back is named with
    its reason.

    \b
    photolib undo
    photolib undo 12
    """
    with front.open() as library:
        report = run_job(front, library.undo(batch))
    front.show(report, _undo_lines)
    _fail_if(bool(report.not_restored))


def _undo_lines(report: UndoReport) -> Iterator[str]:
    for path in report.restored:
        yield f"back: {path}"
    for missed in report.not_restored:
        yield f"not back: {missed.path}"
        yield f"  {missed.reason}"
    yield f"{many(len(report.restored), 'photo')} of batch {report.batch_id} brought back"


@command("removals", lists=True)
def removals(front: Front, limit: int | None, offset: int) -> None:
    """List what was removed, the newest first, and where it waits.

    \b
    photolib removals --limit 5
    """
    with front.open() as library:
        found = library.removals(limit=-1 if limit is None else limit, offset=offset)
    front.show(found, _batch_lines, lambda f: (item.path for b in f.batches for item in b.items))
    front.note(more(len(found.batches), found.total, found.next_offset))
    if not found.total:
        front.note("Nothing has been removed.")


def _batch_lines(found: BatchList) -> Iterator[str]:
    for batch in found.batches:
        yield _batch_line(batch)
        yield from table(
            [(item.state, item.note or _kept(item.kept), item.path) for item in batch.items],
            indent="  ",
        )


def _batch_line(batch: Batch) -> str:
    when = batch.at[:16].replace("T", " ")
    waits = f", {size(batch.bytes)} waiting" if batch.bytes else ""
    return f"Batch {batch.batch_id}, {when}: {many(batch.count, 'photo')}, {batch.state}{waits}"


def _kept(path: str | None) -> str:
    return f"kept {path}" if path else "no copy stays"


@command("purge")
@click.argument("batch", type=click.IntRange(1), required=False)
@click.option(
    "--older-than",
    type=click.FloatRange(0, 100_000),
    default=30.0,
    show_default=True,
    metavar="DAYS",
    help="Only what was removed so many days ago.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="List what would be deleted.")
def purge(front: Front, batch: int | None, older_than: float, yes: bool, dry_run: bool) -> None:
    """Delete for good what was removed: of one BATCH or of all. There is no undo for this.

    Lists the photos and asks first. One whose kept copy is gone by now is not deleted.

    \b
    photolib purge --older-than 60
    """
    with front.open() as library:
        coming = run_job(front, library.purge(older_than, batch_id=batch, dry_run=True))
        if dry_run or not coming.purged:
            front.show(coming, _purge_lines)
            return
        if not yes:
            _ask(front, coming)
        report = run_job(front, library.purge(older_than, batch_id=batch))
    front.show(report, _purge_lines)
    _fail_if(bool(report.not_purged))


def _ask(front: Front, coming: PurgeReport) -> None:
    if front.json or not sys.stdin.isatty():
        raise UsageError("purging asks first, and nobody is there to answer", "Say --yes.")
    front.warn(*coming.paths)
    question = f"Delete {many(coming.purged, 'photo')}, {size(coming.freed_bytes)}, for good?"
    click.confirm(question, abort=True, err=True)


def _purge_lines(report: PurgeReport) -> Iterator[str]:
    if report.dry_run:
        yield from report.paths
    for kept in report.not_purged:
        yield f"not deleted: {kept.path}"
        yield f"  {kept.reason}"
    verb = "would be deleted" if report.dry_run else "deleted for good"
    yield f"{many(report.purged, 'photo')} {verb}, {size(report.freed_bytes)}"
    yield f"{many(report.kept, 'photo')} still waiting"


def _fail_if(failed: bool) -> None:
    """End with the exit code of a failure, after everything has been said."""
    if failed:
        click.get_current_context().exit(_REFUSED)
