"""``photolib regroup``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command
from photolib.cli.progress import run_job
from photolib.cli.text import many, table
from photolib.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photolib.library.results import RegroupReport, RunList, Sweep

_SHOWN = 20
"""Changes of albums that are listed; JSON has them all."""


@command("regroup")
@click.option("--full", is_flag=True, help="Fit the parameters anew.")
@click.option("--preview", is_flag=True, help="Change nothing; say what would change.")
@click.option("--sweep", is_flag=True, help="Show what other parameters would find.")
@click.option("--runs", is_flag=True, help="List the runs that are stored.")
@click.option("--use", "run_id", type=int, metavar="RUN", help="Take the parameters of that run.")
@click.option("--eps", type=click.FloatRange(0, 2), help="This radius, in cosine distance.")
@click.option("--min-samples", type=click.IntRange(1), metavar="N", help="Dense means N photos.")
@click.option(
    "--method", type=click.Choice(["dbscan", "hdbscan"]), help="Group this way from now on."
)
def regroup(
    front: Front,
    full: bool,
    preview: bool,
    sweep: bool,
    runs: bool,
    run_id: int | None,
    eps: float | None,
    min_samples: int | None,
    method: str | None,
) -> None:
    """Group the photos into albums again.

    "index" does so for new photos, with the parameters found before. Names, pins and everything
    else that you said of albums holds; what no longer applies is listed.

    \b
    photolib regroup --full --preview
    photolib regroup --sweep
    photolib regroup --runs
    """
    if sum([sweep, runs, full or preview or run_id is not None]) > 1:
        raise UsageError("--sweep and --runs only show", "Give one of them alone.")
    if sweep:
        with front.open() as library:
            front.show(library.sweep(), _sweep_lines)
        return
    if runs:
        with front.open() as library:
            front.show(library.grouping_runs(), _run_lines)
        return
    from photolib.library.regroup import Wishes

    wishes = Wishes(full, preview, method, eps, min_samples, run_id)
    with front.open() as library:
        report = run_job(front, library.regroup(wishes))
    front.show(report, _report_lines)


def _report_lines(report: RegroupReport) -> Iterator[str]:
    verb = "would be " if report.preview else ""
    yield (
        f"{many(report.created, 'album')} {verb}created, {report.kept} kept, {report.retired}"
        f" retired; {many(report.moved, 'photo')} {verb}moved"
    )
    if report.preview:
        rows = [
            (f"{c.before} to {c.after}", f"+{c.came} -{c.went}", c.kind, c.name or "new")
            for c in report.changes[:_SHOWN]
        ]
        yield from table(rows, right="rr", indent="  ")
    held = report.decisions.held
    yield f"{many(held, 'decision')} {'holds' if held == 1 else 'hold'}"
    for dropped in report.decisions.dropped:
        name = dropped.name or f"album {dropped.album_id}"
        yield f"  not applied: {dropped.kind}, {name}: {dropped.reason}"


def _sweep_lines(sweep: Sweep) -> Iterator[str]:
    yield f"{many(sweep.photos, 'photo')}, {sweep.labelled:,} with labels"
    head = ("eps", "min", "clusters", "noise", "silhouette", "purity", "")
    rows = [
        (
            f"{row.eps:.4f}",
            row.min_samples,
            row.clusters,
            row.noise,
            "" if row.silhouette is None else f"{row.silhouette:.3f}",
            "" if row.purity is None else f"{row.purity:.3f}",
            "fitted" if row.chosen else "",
        )
        for row in sweep.rows
    ]
    yield from table([head, *rows], right="rrrrrr")


def _run_lines(found: RunList) -> Iterator[str]:
    head = ("run", "at", "method", "eps", "min", "photos", "themes", "noise", "agrees", "")
    rows = [
        (
            run.run_id,
            run.at[:16].replace("T", " "),
            run.method,
            "" if run.eps is None else f"{run.eps:.4f}",
            run.min_samples,
            run.photos,
            run.clusters,
            run.noise,
            f"{run.agreement:.3f}",
            "in use" if run.current else "",
        )
        for run in found.runs
    ]
    yield from table([head, *rows], right="r  rrrrrr")
