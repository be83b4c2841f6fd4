"""Stacks: shots that belong together and are no copies - a burst, or one scene exposed differently.

Same camera, moments apart, alike. Nothing is ever removed because it is in a stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOMENT = 3.0
"""Seconds between two shots of a stack: slow bursts and brackets take one or two."""
_LEAST_LOOK = 0.55
"""Cosine of the looks of two neighbours: panning and blinking stay above, another subject below."""
_LEAST_STEP = 1.25
"""Ratio of two exposure times from which they were chosen to differ: a third of a stop."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo with its camera, its own time in seconds, exposure in seconds, and sharpness."""

    photo_id: int
    camera: str
    time: float
    exposure: float | None
    sharpness: float


@dataclass(frozen=True, slots=True)
class Stack:
    """Photos in the order they were taken; ``best`` is the sharpest."""

    kind: str
    photo_ids: tuple[int, ...]
    best: int


def stacks(shots: Sequence[Shot], alike: Callable[[int, int], float]) -> list[Stack]:
    """The stacks among ``shots``; ``alike`` gives the cosine of two photos' looks by their ids.

    Only neighbours in time are asked about. The result does not depend on the order of ``shots``.
    """
    order = sorted(shots, key=lambda shot: (shot.camera, shot.time, shot.photo_id))
    runs: list[list[Shot]] = []
    for shot in order:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and _near(last, shot)
            and (alike(last.photo_id, shot.photo_id) >= _LEAST_LOOK)
        ):
            runs[-1].append(shot)
        else:
            runs.append([shot])
    return [_stack(run) for run in runs if len(run) > 1]


def _near(one: Shot, other: Shot) -> bool:
    return one.camera == other.camera and other.time - one.time <= MOMENT


def _stack(run: Sequence[Shot]) -> Stack:
    best = max(run, key=lambda shot: (shot.sharpness, -shot.photo_id))
    return Stack(_kind(run), tuple(shot.photo_id for shot in run), best.photo_id)


def _kind(run: Sequence[Shot]) -> str:
    """A bracket when every shot was exposed otherwise than the one before."""
    times = [shot.exposure for shot in run if shot.exposure]
    if len(times) < len(run):
        return "burst"
    steps = np.abs(np.diff(np.log(times)))
    return "bracket" if bool(np.all(steps >= np.log(_LEAST_STEP))) else "burst"
