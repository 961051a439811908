"""Expected weeks in each state under the lottery drawn again."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.destinations.incidence_area import state_areas
from jobeval.exits.drawn.drawn_contrast import compare_to_drawn
from jobeval.exits.drawn.drawn_counts import draw_counts, grid_table
from jobeval.exits.drawn.drawn_persons import redraw_arms
from jobeval.exits.grid.grid import ExitGrid, remaining
from jobeval.exits.means.arm_means import Contrast
from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import Redrawn

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Statistic = Callable[[Counts], Sequence[Contrast]]
"""The contrasts had the lottery given these arms, shape ``(n,)``."""


def redraw_state_counts(
    grid: ExitGrid,
    observed: Sequence[Contrast],
    horizon: int,
    *,
    standardise: bool,
    draws: int,
    seed: int,
) -> list[Redrawn]:
    """State by state, when the persons behind counts are drawn again within their strata.

    Cells are stratum × week × destination: nothing but the arms of their persons changes.
    ``DesignError`` for late entries: counts do not tell whose they were.
    """
    again = draw_counts(_ends(grid, horizon), draws, seed)
    weights = grid.sizes.sum(axis=0) / grid.sizes.sum() if standardise else np.ones(1)
    parts: list[Floats] = []
    for counts in again:
        if not standardise:
            counts = counts.sum(axis=2, keepdims=True)
        parts.append(_contrasts(counts, weights, horizon))
    return _redrawn(observed, np.concatenate(parts), again.drawn.exact)


def redraw_state_persons(
    statistic: Statistic,
    observed: Sequence[Contrast],
    assignment: Assignment,
    draws: int,
    seed: int,
) -> list[Redrawn]:
    """The same of persons or clusters one by one."""
    values, exact = redraw_arms(statistic, assignment, draws, seed)
    return _redrawn(observed, np.array(values)[..., :2], exact)


def _ends(grid: ExitGrid, horizon: int) -> Counts:
    """Persons by arm × stratum × week × (censored, destinations); stayers to the horizon alike."""
    last = min(horizon, len(grid.weeks))
    table = grid_table(grid)
    ends = np.concatenate([table[:, :, :last], np.zeros_like(table[:, :, :1])], axis=2)
    ends[:, :, last, 0] = table[:, :, last:].sum(axis=(2, 3))
    return ends


def _contrasts(counts: Counts, weights: Floats, horizon: int) -> Floats:
    """Estimates and standard errors of draws, ``(B, K + 1, 2)`` from ``(B, 2, S, T, K + 1)``."""
    at_risk = remaining(counts.sum(axis=-1))
    areas = state_areas(at_risk, counts[..., 1:], horizon)
    alone = (at_risk[..., 0] <= 1)[..., None]
    variance = np.einsum("s,basK->baK", weights**2, np.where(alone, np.nan, areas.variance))
    means = np.einsum("s,basK->baK", weights, areas.values)
    known = (variance > 0).all(axis=1)
    error = np.where(known, np.sqrt(variance.sum(axis=1)), np.nan)
    return np.stack([means[:, 1] - means[:, 0], error], axis=-1)


def _redrawn(observed: Sequence[Contrast], drawn: Floats, exact: bool) -> list[Redrawn]:
    return [
        compare_to_drawn(one.estimate, one.std_error, drawn[:, state], exact)
        for state, one in enumerate(observed)
    ]
