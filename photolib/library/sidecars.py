"""What a sidecar says of its photo goes before what is embedded in the photo itself."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photolib.catalogue import NewContent
from photolib.errors import ImageError
from photolib.images import Facts, place_of, sidecar_facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photolib.images import Decoder

_SMALL = 64
"""Pixels: the embedded facts come with the picture, so as little of it as possible is decoded."""

FACTS = sorted({f.name for f in fields(Facts)} & {f.name for f in fields(NewContent)})
"""The facts that the catalogue keeps."""


def merged(decoder: Decoder, photo: str, sidecars: Iterable[str]) -> Facts | None:
    """The facts of a photo file and its sidecars; None when the photo cannot be read now.

    Of several sidecars the one named like the whole file (``x.jpg.xmp``) goes first.
    """
    try:
        facts = decoder.decode(photo, side=_SMALL).facts
    except ImageError:
        return None
    for path in sorted(sidecars, key=lambda path: path.lower() != f"{photo}.xmp".lower()):
        facts = sidecar_facts(Path(path)).or_else(facts)
    return facts


def columns(facts: Facts) -> dict[str, Any]:
    """Facts as the fields of a content, the place among them."""
    values = {name: getattr(facts, name) for name in FACTS}
    if facts.latitude is not None and facts.longitude is not None:
        values["place"] = place_of(facts.latitude, facts.longitude)
    return values
