"""Complementary suppression over sums that share cells: what a hidden count would follow from.

Counts add up in several ways at once: over reasons, over months, over suppliers, to the total
of another table. A small count is safe when no combination of the published ones gives it, and
when those that are hidden with it are together no small group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from jobeval.disclosure.rules import is_small

Key = tuple[str, ...]
"""Table, names of the row, column."""
Counts = Mapping[Key, int]


class Sum(NamedTuple):
    """A total that is what its parts add up to."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def cells(self) -> set[Key]:
        return {self.total, *self.parts}

    def holds(self, counts: Counts) -> bool:
        """Whether all counts are known and add up."""
        known = all(key in counts for key in self.cells)
        return known and counts[self.total] == sum(counts[part] for part in self.parts)


def hide_small(
    counts: Counts,
    sums: Iterable[Sum],
    least: int,
    *,
    unpublished: Set[Key] = frozenset(),
    last: Set[Key] = frozenset(),
) -> set[Key]:
    """The cells that must be hidden: small counts, and what would tell them.

    Parameters
    ----------
    counts
        Every cell with its true count.
    sums
        Totals and their parts. One that does not hold for the counts is left aside.
    least
        Smallest count that may be seen; a true zero may.
    unpublished
        Cells that are not shown but follow from others, such as those of a denominator who
        are not counted. A small one is protected too.
    last
        Cells that are hidden only where nothing else helps.

    Returns
    -------
    set of keys
        Without the unpublished ones.

    Examples
    --------
    >>> counts = {("all",): 29, ("job",): 17, ("flexjob",): 9, ("hours",): 3}
    >>> parts = Sum(("all",), (("job",), ("flexjob",), ("hours",)))
    >>> sorted(hide_small(counts, [parts], 5))
    [('flexjob',), ('hours',)]
    """
    held = [one for one in sums if one.holds(counts)]
    small = {key for key, count in counts.items() if is_small(count, least)}
    order = sorted(counts.keys() - small, key=lambda key: _cost(key, counts, held, last))
    hidden = small | unpublished
    while told := find_told(counts, held, small, hidden, least):
        near = _nearest(told, held, hidden)
        added = next((key for key in order if key in near), None)
        if added is None:
            break
        hidden = hidden | {added}
    for key in [key for key in reversed(order) if key in hidden and key not in unpublished]:
        if not find_told(counts, held, small, hidden - {key}, least):
            hidden = hidden - {key}
    return set(hidden - unpublished)


def _cost(key: Key, counts: Counts, sums: Sequence[Sum], last: Set[Key]) -> tuple[object, ...]:
    """What is hidden first: cells that stand in few sums, and of those the smallest."""
    exposed = sum(key in one.cells for one in sums)
    return key in last, exposed, counts[key] == 0, counts[key], key


def find_told(
    counts: Counts, sums: Sequence[Sum], small: Set[Key], hidden: Set[Key], least: int
) -> set[Key]:
    """The small cells that the published ones tell, or confine to a small group."""
    solved = _solved(sums, hidden)
    told = set(small & solved)
    for one in sums:
        left = [part for part in one.parts if part in hidden and part not in solved]
        known = one.total not in hidden or one.total in solved
        if known and sum(counts[part] for part in left) < least:
            told |= small & set(left)
    return told


def _solved(sums: Sequence[Sum], hidden: Set[Key]) -> set[Key]:
    """The hidden cells that have one value only, given all published ones.

    A cell is solved where no solution of the sums without the published cells moves it.
    """
    order = sorted(key for key in hidden if any(key in one.cells for one in sums))
    if not order:
        return set()
    place = {key: i for i, key in enumerate(order)}
    matrix = np.zeros((len(sums), len(order)))
    for row, one in enumerate(sums):
        for key, sign in [(one.total, -1.0), *((part, 1.0) for part in one.parts)]:
            if key in place:
                matrix[row, place[key]] += sign
    _, sizes, rows = np.linalg.svd(matrix)
    free = rows[int((sizes > 1e-9).sum()) :]
    return {key for key, i in place.items() if np.abs(free[:, i]).max(initial=0.0) < 1e-9}


def _nearest(told: Set[Key], sums: Sequence[Sum], hidden: Set[Key]) -> set[Key]:
    """The published cells that share a sum with those told, or with a hidden one beside them."""
    reached: set[Key] = set()
    more = set(told)
    while more:
        reached |= more
        near = {key for one in sums if one.cells & reached for key in one.cells}
        more = (near & hidden) - reached
    return {key for one in sums if one.cells & reached for key in one.cells} - hidden
