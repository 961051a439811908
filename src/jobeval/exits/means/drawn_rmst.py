"""Restricted means under the lottery drawn again: p-values and intervals."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.drawn.drawn_counts import draw_counts, grid_table
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.means.arm_means import Contrast, Measure, measure_means
from jobeval.inference.assignment import Assignment
from jobeval.inference.enumeration import choose_lotteries
from jobeval.inference.redraw import TILE, fill_urn
from jobeval.inference.redrawn import TIE, Redrawn
from jobeval.results import Interval

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Statistic = Callable[[Counts], Contrast]
"""The contrast had the lottery given these arms, shape ``(n,)``."""


class LotteryResult(NamedTuple):
    """What the lottery drawn again says of a contrast."""

    p_value: float
    interval: Interval
    notes: tuple[str, ...]


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
    return _redrawn(observed, np.concatenate(parts), again.drawn.exact)


def redraw_persons(
    statistic: Statistic, observed: Contrast, assignment: Assignment, draws: int, seed: int
) -> Redrawn:
    """Contrasts in all lotteries of persons or clusters, or in ``draws`` of them, one by one."""
    urn = fill_urn(assignment)
    lotteries = choose_lotteries(urn, draws, seed)
    values: list[Contrast] = []
    for start in range(0, lotteries.total, TILE):
        arms = np.empty((min(TILE, lotteries.total - start), urn.size), dtype=np.int64)
        lotteries.tile(start, arms)
        values += [statistic(row) for row in arms[:, urn.unit]]
    return _redrawn(observed, np.array(values)[:, :2], lotteries.exact)


def conclude(redrawn: Redrawn, conf_level: float) -> LotteryResult:
    """The studentised p-value, and the values within its critical distance of the estimate.

    The p-value tests that the lottery changed nobody's weeks, neither exits nor follow-up, and
    is exact for that. The interval holds the values ``δ`` with ``|estimate − δ| / se`` below
    the critical value which that hypothesis gives; for other ``δ`` it rests on the studentised
    statistic having the same distribution in large trials, also where the arms are censored
    unequally (Ditzhaus, Yu & Xu 2023). It holds 0 exactly when ``p > 1 − conf_level``.
    """
    statistic = np.abs(redrawn.drawn[:, 0])
    failed = int(np.isnan(statistic).sum())
    extreme = np.sort(np.where(np.isnan(statistic), np.inf, statistic))[::-1]
    extra = 0 if redrawn.exact else 1
    hits = math.floor((1 - conf_level) * (extra + redrawn.draws) - extra + 1e-9)
    critical = float(extreme[min(hits, len(extreme) - 1)]) if hits >= 0 else math.inf
    own = abs(float(redrawn.observed[0]))
    if own * (1 - TIE) <= critical <= own:  # a tie, but for rounding
        critical = own
    estimate, half = float(redrawn.estimate[0]), critical * float(redrawn.std_error[0])
    which = "all possible lotteries" if redrawn.exact else f"{redrawn.draws} draws of the lottery"
    notes = (f"p-value and interval from {which}, studentised",)
    if failed:
        notes += (
            f"in {failed} of {redrawn.draws} draws the statistic cannot be computed; "
            "they count as at least as extreme",
        )
    known = math.isfinite(estimate) and redrawn.std_error[0] > 0
    low, high = (estimate - half, estimate + half) if known else (math.nan, math.nan)
    return LotteryResult(float(redrawn.p_values()[0]), Interval(low, high), notes)


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


def _redrawn(observed: Contrast, drawn: Floats, exact: bool) -> Redrawn:
    return Redrawn(
        estimate=np.array([observed.estimate]),
        std_error=np.array([observed.std_error]),
        drawn_estimate=drawn[:, :1],
        drawn_std_error=drawn[:, 1:],
        studentised=True,
        exact=exact,
    )
