"""Restricted means under the lottery drawn again."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.drawn.drawn_contrast import compare_to_drawn
from jobeval.exits.drawn.drawn_counts import draw_counts, grid_table
from jobeval.exits.drawn.drawn_persons import redraw_arms
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.means.arm_means import Contrast, Measure, measure_means
from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import Redrawn

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Statistic = Callable[[Counts], Contrast]
"""The contrast had the lottery given these arms, shape ``(n,)``."""


def redraw_counts(
    grid: ExitGrid,
    observed: Contrast,
    horizon: int,
    measure: Measure,
    *,
    standardise: bool,
    draws: int,
    seed: int,
) -> Redrawn:
    """Contrasts when the persons behind counts are drawn again within the strata of the grid.

    The cost does not grow with persons. ``DesignError`` for late entries: counts do not tell
    whose they were.
    """
    weights = grid.sizes.sum(axis=0) / grid.sizes.sum() if standardise else np.ones(1)
    again = draw_counts(_until(grid_table(grid), horizon), draws, seed)
    parts: list[Floats] = []
    for counts in again:
        if not standardise:
            counts = counts.sum(axis=2, keepdims=True)
        parts.append(_contrasts(counts, weights, horizon, measure))
    drawn = np.concatenate(parts)
    return compare_to_drawn(observed.estimate, observed.std_error, drawn, again.drawn.exact)


def redraw_persons(
    statistic: Statistic, observed: Contrast, assignment: Assignment, draws: int, seed: int
) -> Redrawn:
    """Contrasts in all lotteries of persons or clusters, or in ``draws`` of them, one by one."""
    values, exact = redraw_arms(statistic, assignment, draws, seed)
    drawn = np.array(values)[:, :2]
    return compare_to_drawn(observed.estimate, observed.std_error, drawn, exact)


def _until(table: Counts, horizon: int) -> Counts:
    """Who is censored and who leaves before the horizon, of shape ``(2, S, T, 2)``.

    ``table`` has shape ``(2, S, T, K + 1)``. Who stays to the horizon is censored in the week
    before it, so that fewer cells need be told apart.
    """
    last = min(horizon, table.shape[2])
    until = np.stack([table[..., 0], table[..., 1:].sum(axis=-1)], axis=-1)
    until, later = until[:, :, :last].copy(), until[:, :, last:]
    until[:, :, -1, 0] += later.sum(axis=(2, 3))
    return until


def _contrasts(counts: Counts, weights: Floats, horizon: int, measure: Measure) -> Floats:
    """Estimate and standard error of draws, shape ``(B, 2)``, from ``(B, 2, S, T, 2)``."""
    values, variance = _restricted_means(counts, horizon)
    estimate, gradient = measure_means(values @ weights, measure, horizon)
    variance = variance @ weights**2
    known = (variance > 0).all(axis=-1)
    error = np.sqrt((gradient**2 * variance).sum(axis=-1))
    return np.stack([estimate, np.where(known, error, np.nan)], axis=-1)


def _restricted_means(counts: Counts, horizon: int) -> tuple[Floats, Floats]:
    """Those of ``restricted_mean`` and their variances, shape ``(B, 2, S)``; alone, without one.

    From the last week back, of who is still there: with ``q = 1 − d / n`` the mean to come is
    ``q (1 + mean)`` and its variance ``q² variance + mean² d / (n (n − d))``. Many draws side by
    side then pass through each week at once.
    """
    last = counts.shape[-2]
    known = (counts[..., last - 1, :].sum(axis=-1) > 0) & (last == horizon)
    n = np.zeros_like(counts[..., 0, 0])
    mean, variance = (np.zeros_like(n, dtype=np.float64) for _ in range(2))
    for week in reversed(range(last)):
        exits = counts[..., week, 1]
        n += counts[..., week, 0] + exits
        hazard = exits / np.maximum(n, 1)
        stay = 1 - hazard
        mean = stay * (1 + mean)
        variance = stay**2 * variance + mean**2 * hazard / np.maximum(n - exits, 1)
        known |= stay == 0
    return np.where(known, mean, np.nan), np.where(known & (n > 1), variance, np.nan)
