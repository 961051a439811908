"""Complementary suppression: what is hidden in one level must not follow from the others.

Effects within strata add up to the effect for everyone, so the total and all levels but one
give the level that is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Level(NamedTuple):
    """One level of a column in one analysis: its size, on whom it rests, and its fate."""

    analysis: str
    subgroup: str
    size: float
    apart: tuple[float, float]
    """Persons on whom the numbers of the two arms rest; ``nan`` where unknown."""
    shown: bool
    pooled: bool = False
    """Whether a statistic over all levels (a common mean, a variance between) is given too."""

    @property
    def column(self) -> tuple[str, str]:
        """The analysis and the column that has the level."""
        return self.analysis, self.subgroup.partition("=")[0]


def hide_complements(levels: Iterable[Level], least: int) -> set[tuple[str, str]]:
    """Analysis and subgroup of the levels that must go because others are hidden.

    >>> north = Level("hours", "site=north", 90, (2, 9), False)
    >>> others = [Level("hours", f"site={s}", n, (9, 9), True) for s, n in (("e", 80), ("w", 70))]
    >>> hide_complements([north, *others], 5)
    {('hours', 'site=w')}
    """
    columns: dict[tuple[str, str], dict[str, Level]] = {}
    for level in levels:
        if level.subgroup:
            of_column = columns.setdefault(level.column, {})
            known = of_column.get(level.subgroup, level)
            of_column[level.subgroup] = level._replace(
                shown=level.shown or known.shown, pooled=level.pooled or known.pooled
            )
    return {place for found in columns.values() for place in _complements(found, least)}


def _complements(levels: dict[str, Level], least: int) -> list[tuple[str, str]]:
    ordered = [levels[name] for name in sorted(levels)]
    hidden = np.array([not level.shown for level in ordered])
    sizes = np.array([level.size for level in ordered])
    apart = np.array([level.apart for level in ordered])
    fewest = 3 if any(level.pooled for level in ordered) else 2
    more = hide_more(hidden, sizes, apart, least, fewest) & ~hidden
    return [(level.analysis, level.subgroup) for level, hide in zip(ordered, more, strict=True)
            if hide]  # fmt: skip


def hide_more(hidden: Bools, sizes: Floats, apart: Floats, least: int, fewest: int = 2) -> Bools:
    """Hide the smallest levels until the hidden ones together are no small group.

    Parameters
    ----------
    hidden, sizes
        Shape ``(L,)``.
    apart
        Shape ``(L, 2)``: persons on whom the numbers of each arm rest; ``nan`` counts as none.
    fewest
        Levels that are hidden together: as many as leave more unknowns than equations.

    Returns
    -------
    array of shape ``(L,)``
        ``hidden`` if nothing is; else with at least ``fewest`` levels, and ``least`` persons
        in each arm over them, as far as there are levels.

    >>> hide_more(np.array([True, False, False]), np.array([9.0, 8, 7]), np.full((3, 2), 6), 5)
    array([ True, False,  True])
    """
    hidden, persons = hidden.copy(), np.nan_to_num(apart)
    while hidden.any() and not hidden.all():
        if hidden.sum() >= fewest and (persons[hidden].sum(axis=0) >= least).all():
            break
        hidden[np.argmin(np.where(hidden, np.inf, sizes))] = True
    return hidden
