"""Restricted means regressed on treatment and covariates, weighted for censoring."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid, remaining
from jobeval.exits.grid.strata import WeightedStrata
from jobeval.exits.hazards.cox_design import independent_columns
from jobeval.exits.means.arm_means import NOTHING, Measure, persons, places

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
STEPS, TOLERANCE = 50, 1e-10


class WeightedFit(NamedTuple):
    """The coefficient of treatment, and the means had everybody been in one arm."""

    estimate: float
    std_error: float
    df: float
    means: Floats


class _Regression(NamedTuple):
    """``g(E y) = Xβ`` with strata first and treatment last; ``even`` levels the allocation."""

    y: Floats
    x: Floats
    even: Floats
    log: bool

    def mean(self, coef: Floats) -> Floats:
        return np.exp(self.x @ coef) if self.log else self.x @ coef

    def slope(self, coef: Floats) -> Floats:
        return self.mean(coef) if self.log else np.ones(len(self.y))


def fit_weighted(
    strata: WeightedStrata, covariates: Floats, horizon: int, measure: Measure
) -> WeightedFit:
    """Fit ``g(E[min(T, τ)]) = a + b · treated + strata + x'c``, ``b`` being the estimate.

    Persons whose ``min(T, τ)`` was seen stand for those who were censored before, by the
    inverse of the chance not to be, learned in each arm and stratum (Tian, Zhao & Wei 2014;
    the regression of R's survRM2). ``g`` is the identity for a difference and the logarithm for
    ratios; ``lost_ratio`` takes the weeks lost, ``τ − min(T, τ)``. The effect is conditional on
    the covariates and alike for all. Where allocation differs between strata, persons also
    weigh by ``n_s n_a / (n_as n)``, so that strata count as they do among everyone drawn.

    All is ``nan`` where the equations have no single solution.

    Parameters
    ----------
    strata
        Of ``n`` persons without late entries, whose curves are known up to the horizon.
    covariates
        Shape ``(n, p)``, without a constant.
    """
    try:
        return _fit(strata, covariates, horizon, measure)
    except np.linalg.LinAlgError:
        return WeightedFit(math.nan, math.nan, math.inf, np.full(2, np.nan))


def _fit(strata: WeightedStrata, covariates: Floats, horizon: int, measure: Measure) -> WeightedFit:
    weight = _weights(strata, horizon)
    regression = _regress(strata, covariates, horizon, measure)
    coef = _solve(regression, weight)
    x = regression.x
    residual = regression.even * weight * (regression.y - regression.mean(coef))
    score = x * residual[:, None]
    bread = (x * (regression.even * regression.slope(coef))[:, None]).T @ x
    adds = (score + _learned(strata, score, horizon)) @ np.linalg.inv(bread)[:, -1]
    std_error, df = _error(adds, persons(strata))
    if not std_error > NOTHING:
        std_error, df = math.nan, math.inf
    means = np.array([_mean_in(regression, coef, value) for value in (0.0, 1.0)])
    lost = measure == "lost_ratio"
    return WeightedFit(float(coef[-1]), std_error, df, horizon - means if lost else means)


def _regress(
    strata: WeightedStrata, covariates: Floats, horizon: int, measure: Measure
) -> _Regression:
    durations, (arm, stratum) = persons(strata), places(strata)
    level = np.minimum(durations.weeks, horizon)
    y = (horizon - level if measure == "lost_ratio" else level).astype(np.float64)
    own = independent_columns(covariates, stratum)
    indicators = (stratum[:, None] == np.arange(len(strata.weights))).astype(np.float64)
    centred = covariates[:, own] - covariates[:, own].mean(axis=0)
    x: Floats = np.column_stack([indicators, centred, arm.astype(np.float64)])
    cell = stratum * 2 + arm
    even = np.bincount(stratum)[stratum] / np.bincount(cell)[cell] * np.bincount(arm)[arm]
    return _Regression(y, x, even / len(arm), measure != "difference")


def _solve(regression: _Regression, weight: Floats) -> Floats:
    """Estimating equations ``Σ w x (y − g⁻¹(xβ)) = 0`` by Newton's steps."""
    x, y, weight = regression.x, regression.y, weight * regression.even
    centre = float(np.average(y, weights=weight))
    level = np.full(len(x), math.log(centre) if regression.log else centre)
    coef: Floats = np.linalg.lstsq(x, level)[0].astype(np.float64)
    for _ in range(STEPS):
        gradient = x.T @ (weight * (y - regression.mean(coef)))
        step = np.linalg.solve((x * (weight * regression.slope(coef))[:, None]).T @ x, gradient)
        coef = coef + step
        if np.abs(step).max() <= TOLERANCE * np.abs(coef).max():
            return coef
    raise np.linalg.LinAlgError("the steps do not converge")


def _weights(strata: WeightedStrata, horizon: int) -> Floats:
    """``1 / G`` where ``min(T, τ)`` was seen, else 0.

    Exits come before the censorings of their week, so who left in week ``t`` had to stay
    uncensored up to ``t − 1``, and who is seen in week ``τ − 1`` up to ``τ − 2``.
    """
    durations = persons(strata)
    needed = np.minimum(durations.weeks, horizon - 1) - 1
    seen = (durations.cause > 0) | (durations.weeks >= horizon - 1)
    leaving = strata.grid.censored / np.maximum(_could_be_censored(strata.grid), 1)
    stay = np.cumprod(1 - leaving, axis=-1)
    chance = np.where(needed >= 0, stay[(*places(strata), np.maximum(needed, 0))], 1.0)
    return np.where(seen, 1 / np.where(seen, chance, 1.0), 0.0)


def _could_be_censored(grid: ExitGrid) -> Counts:
    return grid.at_risk - grid.leavers


def _learned(strata: WeightedStrata, score: Floats, horizon: int) -> Floats:
    """What persons add because the chance not to be censored was learned from them.

    ``∫ Q(u) / n(u) dM(u)``, ``M`` being the person's own censoring beyond expectation and
    ``Q(u)`` the scores whose weights hold week ``u``. Shape of the scores.
    """
    durations, cell, grid = persons(strata), places(strata), strata.grid
    last = np.minimum(durations.weeks, horizon - 1)
    n = np.maximum(_could_be_censored(grid), 1)
    added = np.empty_like(score)
    for column, values in enumerate(score.T):
        held = np.zeros(grid.at_risk.shape)
        np.add.at(held, (*cell, last), values)
        share = (remaining(held) - held) / n
        expected = np.cumsum(share * grid.censored / n, axis=-1)
        censored = durations.cause == 0
        upto = durations.weeks - ~censored
        spent = np.where(upto >= 0, expected[(*cell, np.maximum(upto, 0))], 0.0)
        added[:, column] = censored * share[(*cell, durations.weeks)] - spent
    return added


def _error(influence: Floats, durations: Durations) -> tuple[float, float]:
    """Summed over clusters ``G / (G − 1)`` times with ``G − 2`` degrees of freedom."""
    cluster, groups = durations.assignment.cluster, durations.assignment.n_clusters
    if cluster is None or groups is None:
        return math.sqrt(float(influence @ influence)), math.inf
    sums = np.bincount(cluster, weights=influence)
    return math.sqrt(float(sums @ sums) * groups / (groups - 1)), groups - 2.0


def _mean_in(regression: _Regression, coef: Floats, arm: float) -> float:
    x = regression.x.copy()
    x[:, -1] = arm
    return float(regression._replace(x=x).mean(coef).mean())
