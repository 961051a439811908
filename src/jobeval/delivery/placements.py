"""Placements: adjacent spells at one company are one, and which of them was a person's first."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.spells import Spells

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class First(NamedTuple):
    """The first spell of each person since the origin, arrays of shape ``(n,)``."""

    start: Ints
    end: Ints
    found: Bools
    """Whether there is one; ``start`` and ``end`` are 0 where there is none."""


def join_spells(spells: Spells) -> Spells:
    """Join spells of one person at one company that touch or overlap.

    Spells without a company are joined among themselves: nothing tells of a change.

    >>> weeks = Spells(*np.array([[0, 0, 0], [1, 1, 1], [9, 2, 4], [11, 4, 8], [5, 5, 5]]), n=1)
    >>> joined = join_spells(weeks)
    >>> joined.start.tolist(), joined.end.tolist()
    ([2, 9], [8, 11])
    """
    if not len(spells.person):
        return spells
    order = np.lexsort((spells.end, spells.start, spells.company, spells.person))
    person, kind, start, end, company = (
        column[order]
        for column in (spells.person, spells.kind, spells.start, spells.end, spells.company)
    )
    other = (np.diff(person) != 0) | (np.diff(company) != 0)
    # The last week reached so far by the same person and company: each such pair is lifted
    # above all weeks of the pair before, so that one running maximum serves all.
    lift = np.concatenate([[0], np.cumsum(other)]) * (int(end.max() - start.min()) + 1)
    reached = np.maximum.accumulate(end + lift)
    new = np.concatenate([[True], other | (start[1:] + lift[1:] > reached[:-1])])
    at = np.flatnonzero(new)
    last = np.append(at[1:], len(person)) - 1
    joined = Spells(person[at], kind[at], start[at], (reached - lift)[last], company[at], spells.n)
    return _by_start(joined)


def _by_start(spells: Spells) -> Spells:
    order = np.lexsort((spells.company, spells.end, spells.start, spells.person))
    columns = (spells.person, spells.kind, spells.start, spells.end, spells.company)
    return Spells(*(column[order] for column in columns), n=spells.n)


def find_first(spells: Spells) -> First:
    """The first spell that begins at or after the origin; of several, the longest.

    >>> find_first(Spells(*np.array([[1, 1], [0, 0], [-2, 3], [5, 9], [7, 7]]), n=2))
    First(start=array([0, 3]), end=array([0, 9]), found=array([False,  True]))
    """
    begun = spells.where(spells.start >= 0)
    order = np.lexsort((-begun.end, begun.start, begun.person))
    persons, at = np.unique(begun.person[order], return_index=True)
    start, end = np.zeros((2, spells.n), dtype=np.int64)
    found = np.zeros(spells.n, dtype=bool)
    start[persons], end[persons] = begun.start[order][at], begun.end[order][at]
    found[persons] = True
    return First(start, end, found)
