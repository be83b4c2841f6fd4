"""``photolib labels``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photolib.cli.front import Front, command, common_options, list_options, path_argument
from photolib.cli.progress import run_job
from photolib.cli.text import many, more, table
from photolib.errors import LeaseHeld
from photolib.wire import window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.library import Library
    from photolib.library.results import LabelFacet, PhotoLabels, Vocabulary


@click.group("labels", invoke_without_command=True)
@click.option("--vocabulary", is_flag=True, help="List the words that photos are scored against.")
@click.pass_context
def labels(ctx: click.Context, vocabulary: bool, limit: int | None, offset: int) -> None:
    """List what photos show, with counts, and correct it.

    Labels come from a detector and from people; with an encoder, words of a vocabulary are
    suggested beside them. Search for a label with label:NAME, for suggestions too with label~:NAME.

    \b
    photolib labels
    photolib labels add lighthouse "birthday cake"
    photolib labels reject dog cat.jpg
    photolib search label~:lighthouse
    """
    if ctx.invoked_subcommand is not None:
        return
    front = ctx.ensure_object(Front)
    if vocabulary:
        _show_words(front)
    else:
        _show_labels(front, limit, offset)


labels.params += [*list_options()[:2], *common_options()]


def _show_labels(front: Front, limit: int | None, offset: int) -> None:
    with front.open() as library:
        found, page = window(library.label_facets(), limit, offset)
    listed = {"labels": found, "total": page.total, "next_offset": page.next_offset}
    front.show(listed, lambda _: _facets(found))
    front.note(more(len(found), page.total, page.next_offset))
    if not page.total:
        front.note("No labels yet. They come with a detector: photolib models fetch yolo11n")


def _facets(found: Sequence[LabelFacet]) -> Iterator[str]:
    rows = [
        (
            facet.name,
            many(facet.photos, "photo") if facet.photos else "",
            f"{facet.suggested:,} suggested" if facet.suggested else "",
        )
        for facet in found
    ]
    yield from table(rows)


def _show_words(front: Front) -> None:
    with front.open() as library:
        vocabulary = library.vocabulary()
    front.show(vocabulary, lambda v: v.words)
    front.note(vocabulary.note)


@command("add")
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
def add(front: Front, words: tuple[str, ...]) -> None:
    """Add words to the vocabulary and score the photos against them.

    A WORD may be a few words in quotes. No photo is opened: their vectors are stored.

    \b
    photolib labels add lighthouse "birthday cake"
    """
    with front.open() as library:
        vocabulary = library.add_words(words)
        _rescored(front, library, vocabulary)


@command("remove")
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
def remove(front: Front, words: tuple[str, ...]) -> None:
    """Take words from the vocabulary, and back what they suggested.

    What a detector found or a person said stays.

    \b
    photolib labels remove mouse remote
    """
    with front.open() as library:
        vocabulary = library.remove_words(words)
        _rescored(front, library, vocabulary)


def _rescored(front: Front, library: Library, vocabulary: Vocabulary) -> None:
    try:
        run_job(front, library.suggest_labels())
        vocabulary = library.vocabulary()
    except LeaseHeld:
        front.note("Another photolib is indexing; it scores the photos at its end.")
    front.show(vocabulary, lambda v: [f"{len(v.words):,} words in the vocabulary."])
    front.note(vocabulary.note)


@command("accept")
@click.argument("label")
@path_argument("path")
def accept(front: Front, label: str, path: str) -> None:
    """Say that the photo at PATH shows LABEL.

    \b
    photolib labels accept lighthouse coast.jpg
    """
    with front.open() as library:
        front.show(library.accept_label(label, path), _said)


@command("reject")
@click.argument("label")
@path_argument("path")
def reject(front: Front, label: str, path: str) -> None:
    """Say that the photo at PATH does not show LABEL.

    No detector and no suggestion brings it back.

    \b
    photolib labels reject dog cat.jpg
    """
    with front.open() as library:
        front.show(library.reject_label(label, path), _said)


def _said(photo: PhotoLabels) -> Iterator[str]:
    if not photo.labels:
        yield "It has no labels."
    yield from table([(label.name, label.provenance) for label in photo.labels])


for _command in (add, remove, accept, reject):
    labels.add_command(_command)
