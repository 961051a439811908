"""Activities of persons as arrays of integer weeks, and what is counted of them.

Weeks count from each person's own origin; a window is ``[from, to)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.plan.parts import ACTIVITY_KINDS, ActivityKind

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Window = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Activities of ``n`` persons, one row an activity, arrays of shape ``(m,)``.

    Attributes
    ----------
    person
        Row of the person, 0 to ``n - 1``.
    kind
        Place of its kind in ``ACTIVITY_KINDS``, -1 for a kind that is not known.
    start, end
        Weeks since the person's origin, ``[start, end)``; negative before it.
    company
        Number of the company, -1 where none is registered.
    n
        Number of persons, with and without activities.
    """

    person: Ints
    kind: Ints
    start: Ints
    end: Ints
    company: Ints
    n: int

    def where(self, keep: Bools) -> Spells:
        """The rows for which ``keep`` holds."""
        columns = (self.person, self.kind, self.start, self.end, self.company)
        return Spells(*(column[keep] for column in columns), n=self.n)

    def are_of(self, kinds: Sequence[ActivityKind]) -> Bools:
        """Which activities are of these kinds."""
        return np.isin(self.kind, [ACTIVITY_KINDS.index(kind) for kind in kinds])

    def of(self, kinds: Sequence[ActivityKind]) -> Spells:
        """Activities of these kinds."""
        return self.where(self.are_of(kinds))

    def beginning_in(self, window: Window) -> Spells:
        """Activities whose first week lies in the window."""
        return self.where((window[0] <= self.start) & (self.start < window[1]))


def mark_weeks(spells: Spells, window: Window) -> Bools:
    """Which weeks of the window hold one of the activities, shape ``(n, to - from)``.

    >>> one = Spells(*np.array([[0], [0], [2], [4], [-1]]), n=1)
    >>> mark_weeks(one, (1, 5)).tolist()
    [[False, True, True, False]]
    """
    first, length = window[0], window[1] - window[0]
    change = np.zeros((spells.n, length + 1), dtype=np.int32)
    np.add.at(change, (spells.person, np.clip(spells.start - first, 0, length)), 1)
    np.add.at(change, (spells.person, np.clip(spells.end - first, 0, length)), -1)
    return np.cumsum(change[:, :length], axis=1) > 0


def longest_run(weeks: Bools) -> Ints:
    """The most ``True`` in a row, by person; ``weeks`` has shape ``(n, weeks)``.

    >>> longest_run(np.array([[True, False, True, True], [False] * 4])).tolist()
    [2, 0]
    """
    run = longest = np.zeros(len(weeks), dtype=np.int64)
    for week in weeks.T:
        run = (run + 1) * week
        longest = np.maximum(longest, run)
    return longest


def count_begins(spells: Spells, window: Window) -> Ints:
    """How many activities begin in the window, shape ``(n,)``."""
    return np.bincount(spells.beginning_in(window).person, minlength=spells.n)


def count_companies(spells: Spells, window: Window) -> tuple[Ints, Ints]:
    """The fewest and the most companies of the activities that begin in the window.

    The fewest where all activities without a company are in a known one (or, when there is
    none, in the same), the most where each is in one of its own.

    Returns
    -------
    fewest, most
        Shape ``(n,)`` each.
    """
    begun = spells.beginning_in(window)
    known = begun.company >= 0
    pairs = np.unique(np.column_stack([begun.person, begun.company])[known], axis=0)
    distinct = np.bincount(pairs[:, 0], minlength=spells.n)
    unknown = np.bincount(begun.person[~known], minlength=spells.n)
    return np.maximum(distinct, unknown > 0), distinct + unknown


def begins_after(later: Spells, earlier: Spells, within_weeks: int, window: Window) -> Bools:
    """Who begins one of ``later`` during one of ``earlier`` or soon after, shape ``(n,)``.

    Both begin in the window, and ``later`` at most ``within_weeks`` weeks after the last week
    of ``earlier``.
    """
    begun = earlier.beginning_in(window)
    reach = Spells(
        begun.person, begun.kind, begun.start, begun.end + within_weeks, begun.company, begun.n
    )
    within = mark_weeks(reach, window)
    starts = later.beginning_in(window)
    found = within[starts.person, starts.start - window[0]]
    return np.bincount(starts.person[found], minlength=later.n) > 0
