"""The evidence of hits that a search asked for by label: which label, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photolib.catalogue import wildcards
from photolib.library.results import Why
from photolib.query import And, Filter, Labelled, Or

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue
    from photolib.query import Node

_MOST = 8
"""Boxes that are told of one label in one photo."""


def labels_met(
    catalogue: Catalogue, conditions: Sequence[Node], contents: Sequence[int]
) -> dict[int, list[Why]]:
    """For each content the labels that the conditions ask for, the surest first, with boxes."""
    found: dict[int, list[Why]] = {content_id: [] for content_id in contents}
    for name, suggested in _asked(conditions):
        rows = catalogue.labels.matching(wildcards(name), contents, suggested=suggested)
        for content_id, labels in rows.items():
            for label in labels[:_MOST]:
                detail = label.name + " (suggested)" * (label.provenance == "suggested")
                score = 1.0 if label.score is None else round(label.score, 4)
                found[content_id].append(Why("label", detail, score, score, label.box))
    return found


def _asked(nodes: Sequence[Node]) -> Iterator[tuple[str, bool]]:
    """The labels that are asked for, and whether suggestions count; not those asked against."""
    for node in nodes:
        match node:
            case Filter(value=Labelled(name)):
                yield name, node.key == "label~"
            case And(parts) | Or(parts):
                yield from _asked(parts)
            case _:
                pass
