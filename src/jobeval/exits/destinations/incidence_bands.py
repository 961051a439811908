"""Bands that hold for all weeks of an incidence curve at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.destinations.aalen_johansen import incidence_covariance
from jobeval.exits.grid.grid import remaining
from jobeval.exits.grid.influence import incidence_influence
from jobeval.exits.grid.strata import WeightedStrata
from jobeval.inference.bands import largest_normal

Floats = NDArray[np.float64]


def critical_value(
    strata: WeightedStrata, cause: int, arms: Sequence[int], level: float, seed: int
) -> float:
    """The sup-t value of one cause: of an arm, or of the difference of both.

    Of the weeks with exits to the cause and a variance above 0, as the curve stands still
    in the others. ``nan`` when there is none.
    """
    covariance = np.sum([_covariance(strata, arm, cause) for arm in arms], axis=0)
    moved = strata.grid.events[list(arms), ..., cause].sum(axis=(0, 1)) > 0
    weeks = np.flatnonzero(moved & (np.diag(covariance) > 0))
    return largest_normal(covariance[np.ix_(weeks, weeks)], seed=seed).critical_value(level)


def _covariance(strata: WeightedStrata, arm: int, cause: int) -> Floats:
    """Of the weeks of a standardised curve, shape ``(T, T)``."""
    total = np.zeros((len(strata.grid.weeks),) * 2)
    for stratum, weight in enumerate(strata.weights):
        total += weight**2 * _stratum_covariance(strata, arm, stratum, cause)
    return total


def _stratum_covariance(strata: WeightedStrata, arm: int, stratum: int, cause: int) -> Floats:
    at_risk, events = strata.grid.at_risk[arm, stratum], strata.grid.events[arm, stratum]
    plain = incidence_covariance(at_risk, events, cause)
    if strata.n_clusters is None:
        return plain
    own, entries = strata.own_counts(arm, stratum)
    own_at_risk = remaining(own.sum(axis=-1) - entries)
    influence = incidence_influence(at_risk, events, own_at_risk, own[..., 1:])[..., cause]
    return np.where(np.isnan(plain), np.nan, influence.T @ influence)
