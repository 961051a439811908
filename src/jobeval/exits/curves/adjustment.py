"""Curves adjusted for baseline covariates as the lottery allows, without a model of exits.

The lottery makes the mean of a covariate in an arm differ from that of everyone drawn by chance
only. What this chance has done to a curve, as far as covariates tell it linearly, is taken out:
``S_a(t) − Γ_a(t) Σ_s w_s (x̄_{sa} − x̄_s)``. ``Γ_a(t)`` is the regression of the influences of
persons (or clusters) on the curve on theirs on the difference of the means. The estimand stays
the curve of everyone drawn, however badly covariates and exits fit a line: this is ANCOVA for
curves (Lu & Tsiatis 2008, Biometrika 95; Zhang 2015, Lifetime Data Analysis 21).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.exits.curves.martingale import Expansion, summed_influence
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import remaining
from jobeval.exits.grid.strata import WeightedStrata
from jobeval.exits.grid.within_strata import RANK, uncorrelated

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
UNITS = 5
"""Persons or clusters that an arm needs for each covariate."""


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """What ``p`` covariates change in the curves of two arms.

    Attributes
    ----------
    correction
        Shape ``(2, T)``: what is subtracted from the curves.
    slopes
        Shape ``(2, T, p)``: ``Γ_a(t)``.
    crossed
        Shape ``(2, 2, T, p)``: sums over persons of the influence on the curve of the first
        arm times that on the mean difference of the second.
    spread
        Shape ``(2, 2, p, p)``: sums of products of the influences on the mean differences.
    """

    correction: Floats
    slopes: Floats
    crossed: Floats
    spread: Floats

    @property
    def note(self) -> str:
        """What was done, in words."""
        return f"adjusted for {self.slopes.shape[2]} covariate columns as the lottery allows"

    def covariance(self, arm: int, other: int, at: Places) -> Floats:
        """What is added to the covariance of two curves at some weeks, shape ``(W, W)``."""
        mine, theirs = self.slopes[arm, at], self.slopes[other, at]
        one = self.crossed[arm, other, at] @ theirs.T
        two = mine @ self.crossed[other, arm, at].T
        return mine @ self.spread[arm, other] @ theirs.T - one - two

    def variance(self, arm: int) -> Floats:
        """What is added to the variance of a curve, shape ``(T,)``."""
        mine = self.slopes[arm]
        change = mine @ self.spread[arm, arm] - 2 * self.crossed[arm, arm]
        return (change * mine).sum(axis=1)

    def between(self) -> Floats:
        """The covariance of the two curves in each week, shape ``(T,)``."""
        one, other = self.slopes
        crossed = (self.crossed[0, 1] * other).sum(axis=1) + (self.crossed[1, 0] * one).sum(axis=1)
        return ((one @ self.spread[0, 1]) * other).sum(axis=1) - crossed


def adjust_curves(
    strata: WeightedStrata,
    expansion: Expansion,
    clustered: tuple[Floats, Floats] | None,
    covariates: Floats,
) -> Adjustment:
    """Regress the influences on the curves on those on the means of the covariates.

    Parameters
    ----------
    expansion
        Curves of the strata, with their weights in ``scale``.
    clustered
        Influences of clusters, ``None`` when persons were drawn.
    covariates
        Shape ``(n, p)``, of the persons of both arms.

    Raises
    ------
    DesignError
        When an arm has too few persons, or clusters, for so many covariates.
    """
    durations, stratum = strata.durations, strata.stratum
    if durations is None or stratum is None:
        raise DesignError("covariates belong to persons: counts alone cannot be adjusted for them")
    assigned = durations.assignment.assigned
    balance, x = _centre(covariates, assigned, stratum, strata.weights)
    shares = _mean_influences(strata)[:, assigned, stratum]
    units = np.concatenate([share[:, None] * x for share in shares], axis=1)
    if clustered is None:
        crossed = _cross_persons(strata, durations, stratum, expansion, units)
        sums = [units[assigned == arm] for arm in (0, 1)]
    else:
        sums = [_sum_clusters(durations, stratum, arm, units) for arm in (0, 1)]
        crossed = np.stack([clustered[arm].T @ sums[arm] for arm in (0, 1)])
    _require_units(min(len(part) for part in sums), x.shape[1], clustered is not None)
    p = x.shape[1]
    products = sums[0].T @ sums[0] + sums[1].T @ sums[1]
    spread = products.reshape(2, p, 2, p).swapaxes(1, 2)
    crossed = crossed.reshape(2, -1, 2, p).swapaxes(1, 2)
    slopes = np.stack([crossed[arm, arm] @ _inverse(spread[arm, arm]) for arm in (0, 1)])
    correction = np.einsum("atp,ap->at", slopes, balance)
    return Adjustment(correction, slopes, crossed, spread)


def _centre(
    x: Floats, assigned: NDArray[np.int64], stratum: NDArray[np.int64], weights: Floats
) -> tuple[Floats, Floats]:
    """``Σ_s w_s (x̄_{sa} − x̄_s)``, shape ``(2, p)``, and ``x`` about the means of its cells."""
    cell, n_strata = assigned * len(weights) + stratum, len(weights)
    sizes = np.bincount(cell, minlength=2 * n_strata)
    x = uncorrelated(x, stratum)
    sums = np.stack([np.bincount(cell, column, 2 * n_strata) for column in x.T], axis=1)
    means = sums / sizes[:, None]
    both, sums = sizes.reshape(2, n_strata), sums.reshape(2, n_strata, -1)
    everyone = sums.sum(axis=0) / both.sum(axis=0)[:, None]
    balance = np.einsum("s,asp->ap", weights, means.reshape(sums.shape) - everyone)
    return balance, x - means[cell]


def _mean_influences(strata: WeightedStrata) -> Floats:
    """How much a person of the second arm moves the mean difference of the first.

    ``w_s ([a = b] / n_{sa} − 1 / n_s)``, shape ``(2, 2, S)``.
    """
    sizes = strata.grid.sizes
    return strata.weights * (np.eye(2)[:, :, None] / sizes - 1 / sizes.sum(axis=0))


def _cross_persons(
    strata: WeightedStrata,
    durations: Durations,
    stratum: NDArray[np.int64],
    expansion: Expansion,
    units: Floats,
) -> Floats:
    """``Σ_i f_i(t) u_i`` over the persons of each arm, shape ``(2, T, q)``, without ``(n, T)``."""
    grid, assigned = strata.grid, durations.assignment.assigned
    shape = grid.censored.shape

    def total(week: NDArray[np.int64], among: NDArray[np.bool_]) -> Floats:
        cell = np.ravel_multi_index((assigned[among], stratum[among], week[among]), shape)
        columns = [np.bincount(cell, unit[among], int(np.prod(shape))) for unit in units.T]
        return np.asarray(columns, dtype=np.float64).reshape(-1, *shape)

    left = durations.cause > 0
    gone, leaving = total(durations.weeks, left), total(durations.weeks, ~left)
    staying = gone + leaving
    if durations.entry is not None:
        staying = staying - total(durations.entry, durations.entry >= 0)
    summed = summed_influence(
        grid.at_risk, grid.leavers, expansion.gain, remaining(staying), gone
    )  # (q, 2, S, T)
    return np.einsum("ast,qast->atq", expansion.scale, summed)


def _sum_clusters(
    durations: Durations, stratum: NDArray[np.int64], arm: int, units: Floats
) -> Floats:
    """Sums over the clusters of an arm, by stratum and code: shape ``(G_a, q)``."""
    drawn = durations.assignment
    if drawn.cluster is None:
        raise ValueError("no clusters were drawn")
    mine = drawn.assigned == arm
    key = stratum[mine] * (int(drawn.cluster.max()) + 1) + drawn.cluster[mine]
    codes = np.unique(key, return_inverse=True)[1]
    return np.array([np.bincount(codes, unit[mine]) for unit in units.T], dtype=np.float64).T


def _inverse(spread: Floats) -> Floats:
    """The pseudo-inverse: what is a combination of other columns takes no part."""
    return np.asarray(np.linalg.pinv(spread, rcond=RANK, hermitian=True), dtype=np.float64)


def _require_units(units: int, p: int, clusters: bool) -> None:
    if units < UNITS * p:
        what = "clusters" if clusters else "persons"
        raise DesignError(
            f"an arm has {units} {what} for {p} covariate columns. "
            f"Mend: adjust for at most {units // UNITS}."
        )
