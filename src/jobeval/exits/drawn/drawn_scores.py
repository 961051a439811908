"""Tests by sums of scores over the treated, which the lottery alone decides.

When the lottery changes nobody's exit or follow-up, the scores of a log-rank test do not
depend on the draw. Their sum over the treated then has moments that are known exactly, and a
distribution that is drawn again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.drawn.drawn_cells import Cells, redraw_cells
from jobeval.exits.drawn.drawn_counts import grid_table, table_cells
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.ranks.weighted_logrank import WeeklyScores
from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import p_values

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDING = 1e-12


class ScoredCells(NamedTuple):
    """Cells of persons, or of clusters, with their scores: shape ``(C, m)``."""

    cells: Cells
    scores: Floats


class ScoreMoments(NamedTuple):
    """Sums over the treated beyond expectation, ``(m,)``, and their covariance, ``(m, m)``."""

    difference: Floats
    covariance: Floats


class DrawnTest(NamedTuple):
    """The largest standardised sum, its p-value, and the draws behind it."""

    largest: float
    p_value: float
    draws: int
    exact: bool


def score_grid(grid: ExitGrid, scores: WeeklyScores) -> ScoredCells:
    """The scores of the cells of a grid: week and kind of exit tell all."""
    cells, places = table_cells(grid_table(grid))
    censored, left = -scores.spent, scores.gain - scores.spent
    table = np.stack([censored, *[left] * len(grid.causes)], axis=-1)
    return ScoredCells(cells, table.reshape(len(table), -1)[:, places].T)


def score_persons(durations: Durations, scores: WeeklyScores) -> Floats:
    """The score of each person, shape ``(n, m)``; late entries are given back."""
    stratum, weeks = durations.assignment.stratum, durations.weeks
    seen = (durations.cause > 0).astype(np.float64)
    total = scores.gain[:, stratum, weeks] * seen - scores.spent[:, stratum, weeks]
    if durations.entry is not None:
        late = durations.entry >= 0
        total[:, late] += scores.spent[:, stratum[late], durations.entry[late]]
    return total.T


def score_units(assignment: Assignment, scores: Floats) -> ScoredCells:
    """What was drawn as one: persons with scores of shape ``(n, m)``, or clusters with sums.

    Persons of the same scores share a cell.
    """
    stratum, assigned = assignment.stratum, assignment.assigned
    if assignment.cluster is not None:
        first = np.unique(assignment.cluster, return_index=True)[1]
        sums = [np.bincount(assignment.cluster, weights=one) for one in scores.T]
        stratum, assigned = stratum[first], assigned[first]
        scores = np.stack(sums, axis=1).astype(np.float64)
    rows = np.column_stack([stratum.astype(np.float64), scores])
    unique, cell, persons = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    treated = np.bincount(cell.ravel(), weights=assigned).astype(np.int64)
    codes = unique[:, 0].astype(np.int64)
    return ScoredCells(Cells(persons.astype(np.int64), treated, codes), unique[:, 1:])


def lottery_moments(scored: ScoredCells) -> ScoreMoments:
    """What the lottery gave beyond expectation, and how far it could have strayed.

    ``Cov = Σ_s n₁ n₀ / (n (n − 1)) Σ (a − ā)(a − ā)′``, exact for fixed counts within strata
    (Hájek 1960), with persons, or clusters, as what is drawn.

    >>> cells = Cells(np.array([1, 2, 1]), np.array([1, 0, 1]), np.array([0, 0, 0]))
    >>> moments = lottery_moments(ScoredCells(cells, np.array([[3.0], [0.0], [1.0]])))
    >>> moments.difference.tolist(), moments.covariance.tolist()  # 4 − 2, 1/3 · 6
    ([2.0], [[2.0]])
    """
    cells = scored.cells
    sizes, treated = cells.sizes
    centred = _centre(scored)
    factor = treated * (sizes - treated) / (sizes * np.maximum(sizes - 1, 1))
    weights = (cells.persons * factor[cells.stratum])[:, None]
    covariance = (weights * centred).T @ centred
    constant = np.diag(covariance) <= ROUNDING * (cells.persons @ scored.scores**2)
    covariance[constant] = covariance[:, constant] = 0.0
    return ScoreMoments(cells.treated @ centred, covariance)


def _centre(scored: ScoredCells) -> Floats:
    cells = scored.cells
    sums = np.add.reduceat(scored.scores * cells.persons[:, None], cells.starts, axis=0)
    return scored.scores - (sums / cells.sizes[0][:, None])[cells.stratum]


def has_variance(covariance: Floats) -> NDArray[np.bool_]:
    """Which sums vary by more than rounding, shape ``(m,)``."""
    variance = np.diag(covariance)
    return variance > ROUNDING * variance.max(initial=0)


def redraw_scores(scored: ScoredCells, draws: int, seed: int) -> DrawnTest:
    """Draw the lottery again and compare the largest standardised sum, in absolute value.

    The p-value is ``(1 + hits) / (1 + draws)``, or the share of all lotteries where these
    number at most ``draws``. ``nan`` when no sum varies over the lotteries.
    """
    difference, covariance = lottery_moments(scored)
    known = has_variance(covariance)
    if not known.any():
        return DrawnTest(np.nan, np.nan, 0, False)
    error = np.sqrt(np.diag(covariance)[known])
    drawn = redraw_cells(scored.cells, draws, seed)
    sums = np.abs(drawn.sums(_centre(scored)[:, known] / error)).max(axis=1)
    largest = float(np.abs(difference[known] / error).max())
    p_value = float(p_values(np.array([largest]), sums[:, None], drawn.exact)[0])
    return DrawnTest(largest, p_value, drawn.total, drawn.exact)
