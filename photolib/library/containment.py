"""How much of one folder is in another: what could go, and what would be lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from photolib.errors import NotFound, UsageError
from photolib.library.results import Containment

if TYPE_CHECKING:
    from photolib.catalogue import Catalogue


def compare(catalogue: Catalogue, a: str, b: str) -> Containment:
    """Which photos below directory ``a`` have a copy below ``b``: the same bytes, or a photo of
    their duplicate set. Raises NotFound without photos in ``a``, UsageError when one directory
    holds the other.
    """
    one, other = (os.path.abspath(os.path.expanduser(path)) for path in (a, b))
    if os.path.commonpath([one, other]) in (one, other):
        hint = "Name two directories of which neither lies in the other."
        raise UsageError(f"{a} and {b} share files", hint)
    photos = catalogue.copies.below(one)
    if not photos:
        raise NotFound(f"{a} holds no photos of this library", "Index it first: photolib index")
    covered = {key for photo in catalogue.copies.below(other) for key in photo.keys}
    only = tuple(photo.path for photo in photos if not covered.intersection(photo.keys))
    found = len(photos) - len(only)
    return Containment(found, round(found / len(photos), 4), only)
