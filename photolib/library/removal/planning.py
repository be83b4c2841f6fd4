"""Plans: made from the duplicate sets or from paths, read back from what a person edited."""

from __future__ import annotations

import base64
import binascii
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from photolib.errors import UsageError
from photolib.images.identity import display
from photolib.library import duplicates, folders
from photolib.library.removal.checks import ONLY_COPY
from photolib.library.results import (
    PLAN_VERSION,
    Plan,
    PlanItem,
    PlannedPhoto,
    Refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photolib.catalogue import Catalogue, PhotoRow
    from photolib.library.results import DuplicatePhoto, DuplicateSet

_PAGE = 500
"""Sets that are read at once."""
_STRONGEST = {tier: place for place, tier in enumerate(duplicates.TIERS)}


def plan(
    catalogue: Catalogue, *, tier: str | None = None, folder: str | None = None, ties: bool = False
) -> Plan:
    """What could be removed: every copy that is directly matched with the keeper of its set.

    ``tier`` asks for this evidence, ``folder`` for copies at or below a directory. Copies in
    reference folders, and those of a set whose keeper is a toss-up (unless ``ties``), are left out.
    """
    if folder is not None:
        _check_watched(catalogue, folder)
    items: list[PlanItem] = []
    left_out: list[Refused] = []
    for chosen in _sets(catalogue):
        members = [p for p in chosen.photos if not p.keeper and _asked_for(p, tier, folder)]
        if not members or all(not p.keeper for p in chosen.photos):
            continue
        refusals = {photo.path: _left_out(photo, chosen, ties) for photo in members}
        left_out += [refusal for refusal in refusals.values() if refusal]
        going = [photo for photo in members if refusals[photo.path] is None]
        items += _items(catalogue, chosen, going)
    return Plan(
        library_id=catalogue.identity[0],
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        items=tuple(items),
        left_out=tuple(left_out),
    )


def _check_watched(catalogue: Catalogue, folder: str) -> None:
    """Raise UsageError for a directory that neither holds a watched folder nor lies in one."""
    watched = catalogue.folders.all()
    plain = os.path.abspath(folder)
    above = any(_is_below(each.root, plain) for each in watched)
    if not above and not folders.containing(watched, plain):
        hint = "See photolib folders."
        raise UsageError(f"{display(plain)} is in no folder of this library", hint)


def _sets(catalogue: Catalogue) -> Iterator[DuplicateSet]:
    offset: int | None = 0
    while offset is not None:
        page = duplicates.page(catalogue, limit=_PAGE, offset=offset)
        yield from page.sets
        offset = page.next_offset


def _asked_for(photo: DuplicatePhoto, tier: str | None, folder: str | None) -> bool:
    if tier is not None and all(evidence.tier != tier for evidence in photo.evidence):
        return False
    return folder is None or _is_below(photo.path, folder)


def _is_below(path: str, folder: str) -> bool:
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    places = [(path, os.path.abspath(folder)), (real, os.path.realpath(folder))]
    return any(one.startswith(place.rstrip(os.sep) + os.sep) for one, place in places)


def _left_out(photo: DuplicatePhoto, chosen: DuplicateSet, ties: bool) -> Refused | None:
    if photo.reference:
        reason = "it is in a reference folder, which never loses a file"
        return Refused(photo.path, "reference", reason, "")
    if chosen.tie and not ties:
        reason = f"nothing but age or path tells which photo of set {chosen.set_id} to keep"
        return Refused(photo.path, "tie", reason, "Remove the one that you do not want, or --ties.")
    return None


def _items(
    catalogue: Catalogue, chosen: DuplicateSet, going: Sequence[DuplicatePhoto]
) -> Iterator[PlanItem]:
    ids = [chosen.keeper_id, *(photo.photo_id for photo in going)]
    rows = {row.photo_id: row for row in catalogue.photos.many(ids)}
    keeper = rows.get(chosen.keeper_id)
    for photo in going:
        row = rows.get(photo.photo_id)
        if row is None or keeper is None:
            continue
        direct = next((e for e in photo.evidence if e.with_ == chosen.keeper_id), None)
        if direct is not None:
            yield PlanItem(
                _planned(row),
                _planned(keeper),
                direct.tier,
                direct.relation,
                direct.score,
                photo.reason,
            )


def _planned(row: PhotoRow) -> PlannedPhoto:
    return PlannedPhoto(row.photo_id, row.path, row.content_hash.hex(), row.size)


# --- from paths -----------------------------------------------------------------------------------


def items_at(
    catalogue: Catalogue, paths: Sequence[str], *, without_keeper: bool = False
) -> tuple[list[PlanItem], list[Refused]]:
    """Items for photos that a person names, and those names that cannot become one.

    Each is matched with the keeper of its set, or with another photo of the same bytes; of a
    toss-up another member is kept instead.
    """
    items: list[PlanItem] = []
    refused: list[Refused] = []
    rows: dict[int, PhotoRow] = {}
    watched = catalogue.folders.all()
    for path in dict.fromkeys(paths):
        found = folders.containing(watched, path)
        row = catalogue.photos.at(found[0].folder_id, found[1]) if found else None
        if row is None:
            owner = catalogue.removals.owner_of(found[0].folder_id, found[1]) if found else None
            refused.append(_unknown(path, owner))
        else:
            rows[row.photo_id] = row
    for row in rows.values():
        item = _item_for(catalogue, row, set(rows))
        if item.keep is None and not without_keeper:
            refused.append(Refused(row.path, *_lonely(catalogue, row), ONLY_COPY))
        else:
            items.append(item)
    return items, refused


def _unknown(path: str, owner: str | None) -> Refused:
    if owner is not None:
        return Refused(path, "part", f"it belongs to {owner}", "It goes with its photo.")
    return Refused(path, "unknown", "it is no photo of this library", "See photolib problems.")


def _item_for(catalogue: Catalogue, row: PhotoRow, victims: set[int]) -> PlanItem:
    members = catalogue.removals.set_around(row.photo_id)
    own = next((member for member in members if member.photo_id == row.photo_id), None)
    if own is not None and own.photo_id != own.keeper_id and own.keeper_id not in victims:
        return _matched(catalogue, row, own.keeper_id, own.tier, own.relation, own.score)
    same = catalogue.photos.of_contents([row.content_id])[row.content_id]
    for other in same:
        if other.state == "present" and other.photo_id not in victims:
            return _matched(catalogue, row, other.photo_id, "bytes", "same-bytes", 1.0)
    if own is not None and own.tie and own.photo_id == own.keeper_id:
        others = [m for m in members if m.photo_id not in victims and m.tier in _STRONGEST]
        best = min(others, key=lambda m: (_STRONGEST[m.tier or ""], m.photo_id), default=None)
        if best is not None:
            return _matched(catalogue, row, best.photo_id, best.tier, best.relation, best.score)
    if own is not None and own.photo_id != own.keeper_id:
        return _matched(catalogue, row, own.keeper_id, own.tier, own.relation, own.score)
    return PlanItem(_planned(row), None, None, None, None, "asked for by name; no copy stays")


def _matched(
    catalogue: Catalogue,
    row: PhotoRow,
    keeper_id: int,
    tier: str | None,
    relation: str | None,
    score: float | None,
) -> PlanItem:
    keeper = catalogue.photos.get(keeper_id)
    keep = _planned(keeper) if keeper else None
    return PlanItem(_planned(row), keep, tier, relation, score, "asked for by name")


def _lonely(catalogue: Catalogue, row: PhotoRow) -> tuple[str, str]:
    """Code and reason for a photo that has no copy to stay in its place."""
    for member in catalogue.removals.set_around(row.photo_id):
        if member.photo_id == row.photo_id:
            return "keeper", f"it is the one to keep of set {member.set_id}"
    return "no-keeper", "no copy of it is known"


# --- from a file ----------------------------------------------------------------------------------


def parse(text: str, library_id: str) -> Plan:
    """A plan as ``to_json`` wrote it and a person may have edited it.

    Raises UsageError that names the item at fault, or when it is of another library or version.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"the plan is no JSON: {exc}", "Make it anew: photolib plan") from exc
    if not isinstance(raw, dict) or not isinstance(raw.get("items"), list):
        raise UsageError("the plan has no list of items", "Make it anew: photolib plan")
    if raw.get("plan_version") != PLAN_VERSION:
        found = raw.get("plan_version")
        raise UsageError(f"a plan of version {found} cannot be read", "Make it anew: photolib plan")
    if raw.get("library_id") != library_id:
        hint = "Use that library (--library DIR), or make a plan for this one."
        raise UsageError("the plan was made for another library", hint)
    items = tuple(_read_item(item, number) for number, item in enumerate(raw["items"], 1))
    return Plan(library_id, str(raw.get("created_at", "")), items)


def _read_item(raw: object, number: int) -> PlanItem:
    try:
        if not isinstance(raw, dict):
            raise TypeError("it is no object")
        keep = raw["keep"]
        return PlanItem(
            _read_photo(raw["remove"]),
            None if keep is None else _read_photo(keep),
            _optional(raw.get("tier"), str),
            _optional(raw.get("relation"), str),
            _optional(raw.get("score"), (int, float)),
            str(raw.get("reason", "")),
        )
    except KeyError as exc:
        problem = f"{exc.args[0]} is missing"
    except (TypeError, ValueError) as exc:
        problem = str(exc)
    raise UsageError(f"item {number} of the plan: {problem}", "Correct it, or plan again.")


def _optional(value: Any, kind: Any) -> Any:
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise TypeError(f"{value!r} is not what belongs there")


def _read_photo(raw: object) -> PlannedPhoto:
    if not isinstance(raw, dict):
        raise TypeError("a photo is an object")
    photo_id, path, content_hash = raw["photo_id"], raw["path"], raw["content_hash"]
    size = raw.get("bytes", 0)
    if any(not isinstance(n, int) or isinstance(n, bool) for n in (photo_id, size)):
        raise TypeError("photo_id and bytes are numbers")
    if not isinstance(path, str) or not isinstance(content_hash, str):
        raise TypeError("path and content_hash are texts")
    if "path_b64" in raw:
        try:
            path = os.fsdecode(base64.b64decode(raw["path_b64"], validate=True))
        except (TypeError, binascii.Error) as exc:
            raise ValueError("path_b64 is not base64") from exc
    return PlannedPhoto(photo_id, path, content_hash.lower(), size)
