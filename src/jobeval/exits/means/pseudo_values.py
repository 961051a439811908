"""Pseudo-values: one number a person, whose mean is a survival estimate of them all."""

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.kaplan_meier import kaplan_meier
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid, build_grid
from jobeval.exits.means.restricted_mean import (
    ExitInfluence,
    restricted_mean,
    restricted_mean_influence,
    survival_influence,
)

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def pseudo_restricted_means(durations: Durations, group: Counts, horizon: int) -> Floats:
    """Pseudo-values of the restricted mean, shape ``(n,)``.

    ``θ + n · influence``, where ``θ`` is the mean of the person's group and the influence the
    infinitesimal jackknife, in closed form from the counts of the group: nothing is fitted
    again without a person. As in R's ``survival::pseudo`` (Andersen, Klein & Rosthøj 2003;
    Parner, Andersen & Overgaard 2023). Their mean is ``θ``; without censoring they are
    ``min(T, τ)``.

    Parameters
    ----------
    durations
        The ``n`` persons, one row each.
    group
        Shape ``(n,)``, codes from 0: who share a curve.
    horizon
        Whole weeks.
    """
    grid = _grid(durations, group)
    mean = restricted_mean(grid.at_risk, grid.leavers, horizon)
    influence = restricted_mean_influence(grid.at_risk, grid.leavers, horizon)
    return _spread(durations, group, grid, mean.values[0], influence)


def pseudo_survival(durations: Durations, group: Counts, week: int) -> Floats:
    """Pseudo-values of the share not yet left after ``week``, as above."""
    grid = _grid(durations, group)
    survival = kaplan_meier(grid.at_risk, grid.leavers).values[0, :, week]
    influence = survival_influence(grid.at_risk, grid.leavers, week)
    return _spread(durations, group, grid, survival, influence)


def _grid(durations: Durations, group: Counts) -> ExitGrid:
    """The groups as the strata of one arm, any exit counting alike."""
    labels = tuple(str(code) for code in range(int(group.max(initial=0)) + 1))
    return build_grid(
        durations.weeks,
        (durations.cause > 0).astype(np.int64),
        np.zeros_like(group),
        group,
        arms=("all",),
        strata=labels,
        causes=("",),
        entry=durations.entry,
    )


def _spread(
    durations: Durations, group: Counts, grid: ExitGrid, estimate: Floats, influence: ExitInfluence
) -> Floats:
    cell = (np.zeros_like(group), group)
    own = influence.of(cell, durations.weeks, durations.cause > 0, durations.entry)
    return estimate[group] + grid.sizes[0, group] * own
