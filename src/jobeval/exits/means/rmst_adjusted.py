"""Restricted means adjusted for covariates by regression of pseudo-values."""

import math

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.strata import WeightedStrata
from jobeval.exits.grid.within_strata import RANK, uncorrelated
from jobeval.exits.means.arm_means import ArmMeans, influence_parts, own_influence, places
from jobeval.exits.means.restricted_mean import RestrictedMean

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def adjust_means(
    strata: WeightedStrata, cells: RestrictedMean, x: Floats, horizon: int
) -> ArmMeans:
    """Means of the arms had both drawn the covariates of everybody.

    ``Σ_s w_s (μ_as − (x̄_as − x̄_s)' β_a)``, where ``β_a`` are the slopes of the pseudo-values of
    arm ``a`` on the covariates within strata. The estimand is that of the unadjusted means: the
    lottery makes every fixed ``β`` right, so no model of durations has to hold, and arms and
    strata may be censored differently (the interacted adjustment of Lin 2013 and Ye et al.
    2022, of pseudo-values as in Andersen, Hansen & Klein 2004). Squared influences are the
    variance, those of ``p`` slopes learned from ``n`` persons counting ``n / (n − p)``.

    Parameters
    ----------
    strata
        Of ``n`` persons.
    cells
        The unadjusted means, shape ``(2, S)``.
    x
        Shape ``(n, p)``, without a constant; collinear columns are allowed.
    """
    arm, stratum = places(strata)
    cell = arm * len(strata.weights) + stratum
    size = np.bincount(cell, minlength=cells.values.size)
    own = size[cell] * own_influence(strata, horizon)
    x = uncorrelated(x, stratum)
    within, among = _centred(x, cell), _centred(x, stratum)
    shift = np.zeros((cells.values.size, x.shape[1]))
    shift[cell] = among - within
    shift = shift.reshape(*cells.values.shape, -1)
    values, influence = np.empty(2), np.empty((len(x), 2))
    for a in (0, 1):
        mine = arm == a
        slopes, factor = _slopes(within[mine], own[mine], len(strata.weights))
        values[a] = strata.weights @ (cells.values[a] - shift[a] @ slopes)
        influence[:, a] = among @ slopes / len(x)
        residual = factor * (own[mine] - within[mine] @ slopes)
        influence[mine, a] += strata.weights[stratum[mine]] / size[cell[mine]] * residual
    return ArmMeans(values, *influence_parts(influence, strata))


def _slopes(x: Floats, y: Floats, n_strata: int) -> tuple[Floats, float]:
    """Least-squares slopes, and what their number makes residuals too small by."""
    if np.isnan(y).any():
        return np.full(x.shape[1], np.nan), math.nan
    slopes, _, rank, _ = np.linalg.lstsq(x, y, rcond=RANK)
    free = len(y) - n_strata
    factor = math.sqrt(free / (free - rank)) if free > rank else math.nan
    return slopes.astype(np.float64), factor


def _centred(x: Floats, codes: Counts) -> Floats:
    """Columns less their means within each code."""
    size = np.maximum(np.bincount(codes), 1)
    means = [np.bincount(codes, weights=column) / size for column in x.T]
    return x - np.stack(means, axis=1)[codes] if means else x
