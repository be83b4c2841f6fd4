"""Which photos a query may return, as flags over the roster: filters are sets here.

The tests of filters are asked of SQL once each and remembered until somebody commits; AND, OR and
NOT over them are operations on flags.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from photolib.catalogue import AllOf, AnyOf, NoneOf, Test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from photolib.catalogue import Catalogue, Condition
    from photolib.index import Choice
    from photolib.library.indexes import Owners
    from photolib.library.roster import Roster, Rosters

    Ids = NDArray[np.int64]
    Mask = NDArray[np.bool_]

SHOWN = AllOf((Test("state", ("present",)), NoneOf(Test("hidden"))))
"""Photos that are present and not hidden."""

_REMEMBERED = 64
"""Tests whose photos are remembered; at a million photos each takes a megabyte."""
_SELECTIONS = 8
"""Selections that are kept whole: some ten bytes a photo each."""
_DAY = 86_400_000
_JULIAN_OF_ORDINAL = 1_721_424.5
"""The Julian date of midnight before day 0 of the proleptic calendar that Python counts in."""


@dataclass(frozen=True)
class Selection:
    """Photos of a roster, and the contents they show."""

    roster: Roster
    rows: Mask
    choices: WeakKeyDictionary[Owners, Choice] = field(default_factory=WeakKeyDictionary)
    """For indexes searched already, the vectors of these photos."""

    @cached_property
    def contents(self) -> Mask:
        """Flags by content id."""
        return self.roster.flags(self.rows)

    def holds(self, contents: Ids) -> Mask:
        """Which of these contents (n,) may be returned; ids that are not known may not."""
        known = contents < self.roster.width
        return known & self.contents[np.where(known, contents, 0)]

    def has_photo(self, photo_id: int) -> bool:
        """Whether a photo is among them."""
        return bool(self.rows[self.roster.places(np.array([photo_id]))].any())

    def narrowed(self, rows: Mask) -> Selection:
        """Those that are also among ``rows``."""
        return Selection(self.roster, self.rows & rows)


class Selections:
    """Answers conditions with flags over one roster."""

    def __init__(self, catalogue: Catalogue, rosters: Rosters) -> None:
        self._catalogue = catalogue
        self._rosters = rosters
        self._remembered: dict[Test, Mask] = {}
        self._selected: dict[Condition, Selection] = {}
        self._roster: Roster | None = None
        self._generation = 0
        self._seen: dict[int, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def current(self) -> Chosen:
        """The photos as they are now, to be chosen from."""
        roster = self._rosters.current()
        thread, stamp = threading.get_ident(), self._catalogue.stamp()
        with self._lock:
            if self._roster is not roster or self._seen.get(thread) != stamp:
                self._remembered, self._selected = {}, {}
                self._generation += 1
                self._roster = roster
            self._seen[thread] = stamp
            return Chosen(self, roster, self._generation)

    def recall(self, test: Test, generation: int) -> Mask | None:
        with self._lock:
            return self._remembered.get(test) if generation == self._generation else None

    def remember(self, test: Test, rows: Mask, generation: int) -> None:
        """Keep an answer, unless the catalogue has changed since the question."""
        with self._lock:
            if generation == self._generation:
                while len(self._remembered) >= _REMEMBERED:
                    self._remembered.pop(next(iter(self._remembered)))
                self._remembered[test] = rows

    def selected(self, condition: Condition, generation: int) -> Selection | None:
        with self._lock:
            return self._selected.get(condition) if generation == self._generation else None

    def keep(self, condition: Condition, selection: Selection, generation: int) -> None:
        """Keep a whole selection, whose flags and vectors cost more than its tests."""
        with self._lock:
            if generation == self._generation:
                while len(self._selected) >= _SELECTIONS:
                    self._selected.pop(next(iter(self._selected)))
                self._selected[condition] = selection

    def ask(self, test: Test, roster: Roster) -> Mask:
        return roster.rows_of(self._catalogue.photos.meeting(test))


class Chosen:
    """Conditions on the photos of one moment."""

    def __init__(self, selections: Selections, roster: Roster, generation: int) -> None:
        self._selections = selections
        self.roster = roster
        self._generation = generation

    def meeting(self, condition: Condition) -> Selection:
        """The photos that meet a condition."""
        selection = self._selections.selected(condition, self._generation)
        if selection is None:
            selection = Selection(self.roster, self.rows(condition))
            self._selections.keep(condition, selection, self._generation)
        return selection

    def rows(self, condition: Condition) -> Mask:
        """The same, as flags over the roster's rows."""
        match condition:
            case Test():
                return self._test(condition)
            case NoneOf(part):
                return ~self.rows(part)
            case AllOf(parts):
                return self._joined(np.logical_and, True, parts)
            case AnyOf(parts):
                return self._joined(np.logical_or, False, parts)

    def _joined(self, rule: np.ufunc, start: bool, parts: Sequence[Condition]) -> Mask:
        rows = np.full(len(self.roster.photos), start)
        for part in parts:
            rule(rows, self.rows(part), out=rows)
        return rows

    def _test(self, test: Test) -> Mask:
        roster = self.roster
        match test:
            case Test("state", ("present",)):
                return roster.present
            case Test("state", ("missing",)):
                return ~roster.present
            case Test("hidden"):
                return roster.hidden
            case Test("taken from", (day,)):
                return roster.taken >= _midnight(day)
            case Test("taken before", (day,)):
                return (roster.taken < _midnight(day)) & (roster.taken > 0)
            case Test("content", (listed,)):
                return roster.showing(np.array(json.loads(listed), np.int64))
            case Test("photo", (listed,)):
                return roster.rows_of(np.array(json.loads(listed), np.int64))
        rows = self._selections.recall(test, self._generation)
        if rows is None:
            rows = self._selections.ask(test, roster)
            self._selections.remember(test, rows, self._generation)
        return rows


def _midnight(day: str) -> int:
    """When a day begins, in the roster's milliseconds."""
    return round((date.fromisoformat(day).toordinal() + _JULIAN_OF_ORDINAL) * _DAY)
