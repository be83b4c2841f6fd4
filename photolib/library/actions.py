"""Everything a person does to albums and photos can be taken back, and done again.

An action is one act: the rows it sets, with their values before and after. Taking it back sets them
to what they were, unless somebody has set them since.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from photolib.catalogue import Change
from photolib.errors import NotFound, UsageError
from photolib.library.results import ActionDone, ActionList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from photolib.catalogue import ActionRow, Catalogue


def change(catalogue: Catalogue, table: str, row_id: int, **values: Any) -> Change:
    """The change that sets columns of a row from what they hold now; NotFound."""
    before = catalogue.actions.values(table, row_id, list(values))
    if before is None:
        raise NotFound(f"there is no {table} {row_id}")
    return Change(table, row_id, before, values)


def do(catalogue: Catalogue, name: str, changes: Sequence[Change]) -> ActionDone:
    """Set what the changes say as one act, all or nothing; those that change nothing are left out.

    ``name`` says what was done, in a few words for a person ("rename Dogs").
    """
    changes = [one for one in changes if dict(one.before) != dict(one.after)]
    with catalogue.transaction():
        _apply(catalogue, changes)
        action_id = catalogue.actions.record(name, changes)
    return ActionDone(action_id, name, False)


def undo(catalogue: Catalogue, action_id: int | None = None) -> ActionDone:
    """Take back an act, by default the last one that stands.

    Raises NotFound, and UsageError when it is undone already or somebody has changed the same
    things since.
    """
    action = _found(catalogue, action_id, catalogue.actions.last(), "nothing to undo")
    if action.undone:
        raise UsageError(f"{action.name} is undone already", "Do it again: redo")
    return _turn(catalogue, action, [one.turned() for one in reversed(action.changes)], True)


def newest(catalogue: Catalogue, limit: int) -> ActionList:
    """The newest acts, those taken back included."""
    rows = catalogue.actions.page(limit)
    return ActionList(tuple(ActionDone(row.action_id, row.name, row.undone) for row in rows))


def redo(catalogue: Catalogue) -> ActionDone:
    """Do again what was undone last; NotFound when there is nothing."""
    action = _found(catalogue, None, catalogue.actions.next(), "nothing to do again")
    return _turn(catalogue, action, action.changes, False)


def _found(
    catalogue: Catalogue, action_id: int | None, default: ActionRow | None, nothing: str
) -> ActionRow:
    if action_id is None:
        if default is None:
            raise NotFound(nothing)
        return default
    found = catalogue.actions.get(action_id)
    if found is None:
        raise NotFound(f"there is no action {action_id}")
    return found


def _turn(
    catalogue: Catalogue, action: ActionRow, changes: Sequence[Change], undone: bool
) -> ActionDone:
    with catalogue.transaction():
        for one in changes:
            now = catalogue.actions.values(one.table, one.row_id, list(one.before))
            if now is None or _differ(now, one.before):
                raise UsageError(
                    f"{action.name} was changed since by something else",
                    "Undo what was done after it first.",
                )
        _apply(catalogue, changes)
        catalogue.actions.mark(action.action_id, undone=undone)
    return replace(ActionDone(action.action_id, action.name, False), undone=undone)


def _apply(catalogue: Catalogue, changes: Sequence[Change]) -> None:
    for one in changes:
        catalogue.actions.apply(one)
    # Keywords and dates are among the words that photos are found by.
    said = {
        one.row_id
        for one in changes
        if one.table == "photo_tag" or (one.table == "photo" and "taken_at" in one.after)
    }
    if said:
        catalogue.words.refresh(said)


def _differ(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    return any(now[name] != value for name, value in then.items())
