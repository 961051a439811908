"""Restricted means of the two arms, standardised over strata, and what is said of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import WeightedStrata
from jobeval.exits.means.restricted_mean import (
    RestrictedMean,
    restricted_mean,
    restricted_mean_influence,
)

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Measure = Literal["difference", "ratio", "lost_ratio", "treatment", "control"]
NOTHING = 1e-9
"""Weeks below this share of the horizon are none: rounding of weighted sums."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmMeans:
    """Means of control and treatment, with the independent parts of their covariance.

    Attributes
    ----------
    values
        Shape ``(2,)``; ``nan`` where the horizon is beyond what is known.
    parts
        Shape ``(P, 2, 2)``: what each arm of each stratum adds to the covariance.
    df
        Shape ``(P,)``: degrees of freedom of each part, infinite where persons were drawn.
    """

    values: Floats
    parts: Floats
    df: Floats


class Contrast(NamedTuple):
    """A measure of two means with its standard error, on the analysis scale."""

    estimate: float
    std_error: float
    df: float


def cell_means(grid: ExitGrid, horizon: int) -> RestrictedMean:
    """The means of control and treatment in each stratum, shape ``(2, S)``."""
    return restricted_mean(grid.at_risk, grid.leavers, horizon)


def means_of_counts(cells: RestrictedMean, sizes: Counts, weights: Floats) -> ArmMeans:
    """Standardised means ``Σ_s w_s μ_s`` of the arms of a lottery of persons.

    Parameters
    ----------
    cells
        Shape ``(2, S)``.
    sizes
        Shape ``(2, S)``: a mean of one person has no error that could be known.
    weights
        Shape ``(S,)``, adding up to 1.
    """
    variance = np.where(sizes > 1, weights**2 * cells.variance, np.nan)
    parts = np.zeros((2, len(weights), 2, 2))
    for arm in (0, 1):
        parts[arm, :, arm, arm] = variance[arm]
    parts = parts.reshape(-1, 2, 2)
    return ArmMeans(cells.values @ weights, parts, np.full(len(parts), np.inf))


def means_of_clusters(strata: WeightedStrata, cells: RestrictedMean, horizon: int) -> ArmMeans:
    """The same of a lottery of clusters: persons' influences are summed over clusters."""
    own, (arm, stratum) = own_influence(strata, horizon), places(strata)
    influence = np.zeros((len(own), 2))
    influence[np.arange(len(own)), arm] = strata.weights[stratum] * own
    return ArmMeans(cells.values @ strata.weights, *influence_parts(influence, strata))


def persons(strata: WeightedStrata) -> Durations:
    """The persons behind the strata."""
    if strata.durations is None:
        raise ValueError("counts alone do not tell persons")
    return strata.durations


def places(strata: WeightedStrata) -> tuple[Counts, Counts]:
    """Arm and stratum of the persons, each of shape ``(n,)``."""
    assigned = persons(strata).assignment.assigned
    return assigned, np.zeros_like(assigned) if strata.stratum is None else strata.stratum


def own_influence(strata: WeightedStrata, horizon: int) -> Floats:
    """Each person's influence on the mean of the own arm and stratum, shape ``(n,)``."""
    durations = persons(strata)
    table = restricted_mean_influence(strata.grid.at_risk, strata.grid.leavers, horizon)
    return table.of(places(strata), durations.weeks, durations.cause > 0, durations.entry)


def influence_parts(influence: Floats, strata: WeightedStrata) -> tuple[Floats, Floats]:
    """``parts`` and ``df`` from the influence of persons on both means, shape ``(n, 2)``.

    Where ``G`` clusters of an arm and stratum were drawn, their squares count ``G / (G − 1)``
    times and have ``G − 1`` degrees of freedom, as those of ``G`` cluster totals (Donner &
    Klar 2000, chapter 6).
    """
    arm, stratum = places(strata)
    part, n_parts = arm * len(strata.weights) + stratum, 2 * len(strata.weights)
    cluster = persons(strata).assignment.cluster
    factor, df = np.ones(n_parts), np.full(n_parts, np.inf)
    if cluster is not None:
        keys, unit = np.unique(part * (cluster.max() + 1) + cluster, return_inverse=True)
        part = keys // (cluster.max() + 1)
        influence = _sums(influence, unit, len(keys))
        df = np.bincount(part, minlength=n_parts).astype(np.float64) - 1
        factor = np.divide(df + 1, df, out=np.full(n_parts, np.nan), where=df > 0)
    products = (influence[:, :, None] * influence[:, None, :]).reshape(len(part), 4)
    alone = np.bincount(part, minlength=n_parts) <= 1
    parts = _sums(products, part, n_parts) * np.where(alone, np.nan, factor)[:, None]
    return parts.reshape(-1, 2, 2), df


def _sums(columns: Floats, codes: Counts, n_codes: int) -> Floats:
    """Sums of columns by code, shape ``(n_codes, p)``."""
    sums = np.zeros((n_codes, columns.shape[1]))
    np.add.at(sums, codes, columns)
    return sums


def contrast_means(means: ArmMeans, measure: Measure, horizon: int) -> Contrast:
    """The measure by the delta method, with degrees of freedom after Satterthwaite (1946).

    No error where that of an arm is unknown or zero.
    """
    estimate, gradient = measure_means(means.values, measure, horizon)
    used = np.flatnonzero(gradient)
    parts, gradient = means.parts[:, used][:, :, used], gradient[used]
    if np.isnan(estimate) or not (np.einsum("pii->i", parts) > 0).all():
        return Contrast(float(estimate), math.nan, math.inf)
    shares = np.einsum("i,pij,j->p", gradient, parts, gradient)
    variance, lost = float(shares.sum()), float((shares**2 / means.df).sum())
    return Contrast(float(estimate), math.sqrt(variance), variance**2 / lost if lost else math.inf)


def measure_means(means: Floats, measure: Measure, horizon: int) -> tuple[Floats, Floats]:
    """The measure and its derivative by the means, which are of shape ``(…, 2)``.

    >>> [part.tolist() for part in measure_means(np.array([2.0, 5.0]), "difference", 8)]
    [3.0, [-1.0, 1.0]]
    """
    sign = np.array([-1.0, 1.0])
    if measure in ("treatment", "control"):
        sign = np.array([measure == "control", measure == "treatment"], dtype=np.float64)
    if measure not in ("ratio", "lost_ratio"):
        known = np.where(sign == 0, 0.0, means)
        return (known * sign).sum(axis=-1), np.broadcast_to(sign, means.shape)
    lost = measure == "lost_ratio"
    weeks = horizon - means if lost else means
    weeks = np.where((weeks > NOTHING * horizon).all(axis=-1, keepdims=True), weeks, np.nan)
    return (np.log(weeks) * sign).sum(axis=-1), (-sign if lost else sign) / weeks


def describe_gaps(
    cells: RestrictedMean, means: ArmMeans, contrast: Contrast, grid: ExitGrid, horizon: int
) -> Iterator[str]:
    """Why there is no estimate, or no error of it."""
    many = len(grid.strata) > 1
    mend = " (standardise=False ignores strata)" if many else ""
    longest = float(np.min(cells.longest))
    if longest < horizon:
        arm = grid.arms[int(np.argmin(cells.longest.min(axis=-1)))]
        where = f"a stratum of arm {arm!r}" if many else f"arm {arm!r}"
        what = "" if math.isnan(contrast.estimate) else "mean of the other arm "
        yield (
            f"{what}not estimable: {where} is not followed for {horizon} weeks; the largest usable "
            f"horizon is {longest:g}{mend}"
        )
    elif math.isnan(contrast.estimate):
        yield "not estimable: an arm has no weeks that could be compared by their ratio"
    elif math.isnan(contrast.std_error) and np.isnan(means.parts).any():
        yield f"standard error not estimable: too few drawn in an arm of a stratum{mend}"
    elif math.isnan(contrast.std_error):
        yield "standard error not estimable: the weeks of an arm do not vary"
