"""Persons sorted into the cells of the grid in which Cox's partial likelihood needs them.

A cell is a stratum and an event week; within it, those who leave come after those who do not.
Only the order of weeks matters: a row's weeks become the numbers of the last event week that it
reaches and, where it entered late, of the last one that it missed.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Ties = Literal["efron", "breslow", "exact"]
SplitTies = Literal["efron", "breslow"]
"""Those that split a tie into its exits, and so have residuals of single persons."""


class RiskCells(NamedTuple):
    """Who is where: the ``m`` rows at risk at some exit of their stratum.

    Strata are ``S``, event weeks ``T``; ``M`` of their ``S × T`` cells have exits.
    """

    order: Counts  # (m,) the rows, sorted by stratum, last event week and whether they leave
    starts: Counts  # first of each occupied cell
    sizes: Counts  # rows in it
    flat: Counts  # its place in (S, T, 2)
    shape: tuple[int, int, int]
    event_cell: tuple[Counts, Counts]  # (M,) stratum and number of the week
    weeks: Counts  # (M,) the week itself
    deaths: Counts  # (M,)
    leaves: NDArray[np.bool_]  # (m,)
    missed: Counts | None  # (m,) place in (S, T) of the last event week before entry
    late: Counts  # (m′,) the sorted rows that missed any
    fractions: Floats  # (Σd,) l / d, cell by cell; 0 unless Efron's
    first: Counts  # (M,) where each cell's fractions begin


def arrange(
    weeks: Counts,
    observed: NDArray[np.bool_],
    stratum: Counts,
    entry: Counts | None = None,
    *,
    ties: Ties = "efron",
) -> RiskCells:
    """Sort rows into cells; what is at risk at no exit of its stratum is left out.

    >>> cells = arrange(np.array([3, 5, 9]), np.array([True, False, True]), np.zeros(3, int))
    >>> cells.order.tolist(), cells.weeks.tolist(), cells.leaves.tolist()
    ([1, 0, 2], [3, 9], [False, True, True])
    """
    n_strata = int(stratum.max(initial=-1)) + 1
    event_weeks, reached = _number_of_event_week(weeks, observed)
    shape = (n_strata, len(event_weeks), 2)
    cell = stratum * shape[1] + reached
    deaths = np.bincount(cell[observed], minlength=shape[0] * shape[1]).reshape(shape[:2])
    missed = None
    if entry is not None:
        missed = np.searchsorted(event_weeks, entry, side="right") - 1
    rows = np.flatnonzero(_at_risk_at_any(deaths, stratum, reached, missed))
    order, key = _sorted_by(rows, cell[rows] * 2 + observed[rows], int(np.prod(shape)))
    sizes = np.bincount(key, minlength=int(np.prod(shape)))
    flat = np.flatnonzero(sizes)
    sizes = sizes[flat]
    if missed is not None:
        missed = np.where(missed < 0, -1, stratum * shape[1] + missed)[order]
    event_cell = np.nonzero(deaths)
    d = deaths[event_cell]
    fractions, first = _fractions(d, ties)
    return RiskCells(
        order=order,
        starts=np.cumsum(sizes) - sizes,
        sizes=sizes,
        flat=flat,
        shape=shape,
        event_cell=(event_cell[0], event_cell[1]),
        weeks=event_weeks[event_cell[1]],
        deaths=d,
        leaves=np.repeat(flat % 2 == 1, sizes),
        missed=missed,
        late=np.empty(0, dtype=np.int64) if missed is None else np.flatnonzero(missed >= 0),
        fractions=fractions,
        first=first,
    )


def _number_of_event_week(weeks: Counts, observed: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """The weeks with exits, and for each row the number of the last that it reaches (or −1)."""
    seen = np.bincount(weeks[observed], minlength=int(weeks.max(initial=-1)) + 1) > 0
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[weeks]


def _at_risk_at_any(
    deaths: Counts, stratum: Counts, reached: Counts, missed: Counts | None
) -> NDArray[np.bool_]:
    """Whether an exit of its stratum lies in a row's weeks, shape ``(n,)``."""
    exits = np.zeros((deaths.shape[0], deaths.shape[1] + 1), dtype=np.int64)
    np.cumsum(deaths, axis=1, out=exits[:, 1:])
    width = exits.shape[1]
    until = exits.ravel()[stratum * width + reached + 1]
    if missed is None:
        return until > 0
    return until > exits.ravel()[stratum * width + missed + 1]


def _sorted_by(rows: Counts, key: Counts, size: int) -> tuple[Counts, Counts]:
    """Rows in the order of their key; few enough keys are sorted by counting them."""
    short = key.astype(np.uint16) if size <= 2**16 else key
    turn = np.argsort(short, kind="stable")
    return rows[turn], key[turn]


def _fractions(deaths: Counts, ties: Ties) -> tuple[Floats, Counts]:
    first = np.cumsum(deaths) - deaths
    rank = np.arange(deaths.sum()) - np.repeat(first, deaths)
    if ties != "efron":
        return np.zeros(len(rank)), first
    return rank / np.repeat(deaths, deaths), first
