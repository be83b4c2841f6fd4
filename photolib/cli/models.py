"""``photolib models``."""

from __future__ import annotations

import os
from itertools import zip_longest
from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, common_options
from photolib.cli.progress import run_job
from photolib.cli.text import many, more, size, table
from photolib.wire import window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from photolib.library import Library
    from photolib.library.results import Hit, Model, ModelComparison


@click.group("models", invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List, choose or fetch models.

    They understand what is in photos; without one, photolib still finds photos by look, name, date,
    place and label. Without a command, lists the models.

    \b
    photolib models list
    photolib models fetch ViT-B-32-256
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models, limit=None, offset=0)


models.params += common_options()


@command("list", lists=True)
def list_models(front: Front, limit: int | None, offset: int) -> None:
    """List the models that are here, and those that can be fetched.

    With --paths, prints where the weights are.

    \b
    photolib models list --json
    """
    with front.open() as library:
        found, page = window(library.models(), limit, offset)
    listed = {"models": found, "total": page.total, "next_offset": page.next_offset}
    front.show(listed, lambda _: _lines(found), lambda _: (m.path for m in found if m.path))
    front.note(more(len(found), page.total, page.next_offset))


def _lines(models: Sequence[Model]) -> Iterable[str]:
    return table(
        [
            (
                "in use" if m.in_use else "here" if m.available else "",
                m.kind,
                m.name,
                "" if m.size_bytes is None else size(m.size_bytes),
                m.licence,
                m.languages,
                m.path or m.source,
            )
            for m in models
        ],
        right="   r",
    )


@command("use")
@click.argument("name", metavar="NAME|PATH")
@click.option("--as", "role", type=click.Choice(["copy"]), help="Use it to recognise copies.")
@click.option("--trust", is_flag=True, help="Run the code in a TorchScript file.")
def use(front: Front, name: str, role: str | None, trust: bool) -> None:
    """Use the model of that NAME, or the weights at PATH, from now on.

    The old encoder goes on answering until the new one has seen every photo. Weights in a file of
    their own are named ARCHITECTURE:FILE.

    A network that recognises edited copies (SSCD) comes as TorchScript, which is a program: it runs
    only with --trust, and is refused again when the file has changed.

    \b
    photolib models use ViT-B-32-256
    photolib models use ./my-encoder
    photolib models use ./sscd.torchscript.pt --as copy --trust
    """
    with front.open() as library:
        model = library.use_model(name, role=role, trust=trust)
    said = "copy descriptor" if model.kind == "copy" else model.kind
    front.show(model, lambda m: [f"{m.name} is the {said} from now on."])
    if model.pending:
        front.note(f"{model.pending:,} photos wait for it: photolib index")


@command("compare")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.argument("queries", nargs=-1, required=True, metavar="QUERY...")
@click.option("--limit", type=click.IntRange(1, 100), default=10, help="Photos of each.")
def compare(front: Front, a: str, b: str, queries: tuple[str, ...], limit: int) -> None:
    """Ask two encoders A and B the same, each QUERY in quotation marks.

    Both must have seen the photos: choose the new one with use, run index, and compare before or
    after the old one has stopped answering.

    \b
    photolib models compare photolib-mini ViT-B-32-256 "two dogs on a beach" "a red car"
    """
    with front.open() as library:
        found = library.compare_models(a, b, queries, limit=limit)
    front.show(found, _compared)


def _compared(found: ModelComparison) -> Iterator[str]:
    for model, count in zip((found.a, found.b), found.embedded, strict=True):
        yield f"{model} has seen {many(count, 'photo')}"
    for query in found.queries:
        yield ""
        yield f"{query.query}: {query.common} of {len(query.a.hits)} in common"
        rows = zip_longest(query.a.hits, query.b.hits)
        yield from table(
            [(i, *_side(a), *_side(b)) for i, (a, b) in enumerate(rows, 1)], right="rr r"
        )


def _side(hit: Hit | None) -> tuple[str, str]:
    return (f"{hit.score:.2f}", os.path.basename(hit.path)) if hit else ("", "")


@command("fetch")
@click.argument("name", required=False)
def fetch(front: Front, name: str | None) -> None:
    """Download the model NAME and use it.

    Without a NAME, takes the recommended encoder. This is the only command that uses the network.

    \b
    photolib models fetch
    """
    from photolib.models.fetching import fetch as download
    from photolib.models.known import KNOWN, RECOMMENDED_ENCODER

    name = name or RECOMMENDED_ENCODER
    encoder = any(known.name == name and known.kind == "encoder" for known in KNOWN)
    with front.open() as library:
        place = run_job(front, download(name, front.settings.weights))
        model = library.use_model(name) if encoder else _at(library, place)
    front.show(model, lambda m: [f"{m.name} is here{' and in use' * m.in_use}: {m.path}"])
    front.note("Let it see the photos: photolib index")


def _at(library: Library, place: Path) -> Model:
    return next(model for model in library.models() if model.path == str(place))


for _command in (list_models, use, compare, fetch):
    models.add_command(_command)
