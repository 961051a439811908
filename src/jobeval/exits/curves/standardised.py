"""Curves of both arms, standardised over strata, with the covariances of their weeks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.adjustment import Adjustment, adjust_curves
from jobeval.exits.curves.curves import end_notes, entry_notes
from jobeval.exits.curves.martingale import (
    Expansion,
    SurvivalMeasure,
    expand,
    running_variance,
    summed_influence,
)
from jobeval.exits.grid.grid import remaining
from jobeval.exits.grid.strata import WeightedStrata
from jobeval.inference.covariates import CovariateColumns

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
FEW_AT_RISK = 5
"""Bands end where fewer persons of a stratum are at risk."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmCurves:
    """Survival or cumulative hazard of control and treatment.

    Attributes
    ----------
    strata
        Counts and weights of the ``S`` strata.
    measure
        ``"survival"`` or ``"cumulative_hazard"``.
    values
        Shape ``(2, T)``; ``nan`` where unknown.
    expansion
        The curves of the strata, shapes ``(2, S, T)``, with ``scale`` times what a stratum
        counts in the curve of its arm.
    clustered
        The influence of each cluster on the curve of its arm, shapes ``(G_a, T)``; ``None``
        when persons were drawn.
    adjustment
        What covariates have changed; ``None`` without covariates.
    said
        Notes on the covariates.
    """

    strata: WeightedStrata
    measure: SurvivalMeasure
    values: Floats
    expansion: Expansion
    clustered: tuple[Floats, Floats] | None = None
    adjustment: Adjustment | None = None
    said: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether each curve is that of one group of persons drawn independently."""
        return len(self.strata.weights) == 1 and self.clustered is None and self.adjustment is None

    @property
    def running(self) -> Floats:
        """The variance of each stratum before it is scaled, shape ``(2, S, T)``."""
        grid = self.strata.grid
        return running_variance(grid.at_risk, grid.leavers, self.expansion.gain)

    def std_errors(self) -> Floats:
        """Shape ``(2, T)``; ``nan`` where unknown and where nobody is left to leave."""
        if self.clustered is None:
            variance = (self.expansion.scale**2 * self.running).sum(axis=1)
        else:
            variance = np.stack([(influence**2).sum(axis=0) for influence in self.clustered])
        if self.adjustment is not None:
            variance = variance + np.stack([self.adjustment.variance(arm) for arm in (0, 1)])
        certain = (self.values == 0) & (self.measure == "survival")
        return np.where(certain, np.nan, np.sqrt(np.maximum(variance, 0)))

    def covariance(self, arm: int, other: int, at: Places) -> Floats:
        """Of the curve of ``arm`` and of ``other`` at some weeks: shape ``(W, W)``."""
        total = np.zeros((len(at), len(at)))
        if arm == other and self.clustered is not None:
            influence = self.clustered[arm][:, at]
            total = influence.T @ influence
        elif arm == other:
            parts = zip(self.expansion.scale[arm][:, at], self.running[arm][:, at], strict=True)
            for scale, running in parts:
                total += np.outer(scale, scale) * np.minimum.outer(running, running)
        if self.adjustment is not None:
            total = total + self.adjustment.covariance(arm, other, at)
        return total

    def difference_covariance(self, at: Places) -> Floats:
        """Of treatment minus control at some weeks: shape ``(W, W)``."""
        one, other, between = (self.covariance(*pair, at) for pair in ((1, 1), (0, 0), (1, 0)))
        return one + other - between - between.T

    def carried(self, arm: int) -> NDArray[np.bool_]:
        """Weeks in which ``FEW_AT_RISK`` persons of each stratum or more are at risk, ``(T,)``.

        With fewer, errors are not told well enough by the few who leave for a band to hold: a
        stratum that has come to 0 seems to be free of error.
        """
        return (self.strata.grid.at_risk[arm] >= FEW_AT_RISK).all(axis=0)

    def notes(self, arm: int) -> list[str]:
        """How the curve of an arm was put together, where it begins and where it ends."""
        grid, strata = self.strata.grid, len(self.strata.weights)
        notes = self.strata.notes() + end_notes(
            grid.weeks, self.values[arm], grid.arms[arm], strata
        )
        if grid.entries.any():
            survival = np.where(self.expansion.scale[arm] == 0, 0.0, 1.0)
            notes += entry_notes(grid.at_risk[arm], survival, grid.arms[arm])
        return [*notes, *self.said]


def standardise_curves(
    strata: WeightedStrata,
    measure: SurvivalMeasure = "survival",
    covariates: CovariateColumns | None = None,
) -> ArmCurves:
    """The curves of both arms.

    Survival is ``Σ_s w_s S_s(t)``, and the cumulative hazard that of the same mixture,
    ``−log Σ_s w_s exp(−H_s(t))``, since hazards of groups do not average. Covariates of shape
    ``(n, p)`` adjust both as the lottery allows.
    """
    grid = strata.grid
    values, scale, gain = expand(grid.at_risk, grid.leavers, measure)
    weights = strata.weights[:, None]
    if measure == "survival":
        combined, share = (weights * values).sum(axis=1), weights
    else:
        mixed = weights * np.exp(-values)
        combined = -np.log(mixed.sum(axis=1))
        share = mixed / mixed.sum(axis=1, keepdims=True)
    expansion = Expansion(values, share * scale, gain)
    clustered = _sum_over_clusters(strata, expansion)
    if covariates is None or not covariates.values.shape[1]:
        said = () if covariates is None else covariates.notes
        return ArmCurves(strata, measure, combined, expansion, clustered, said=said)
    adjustment = adjust_curves(strata, expansion, clustered, covariates.values)
    combined = combined - adjustment.correction
    said = (*covariates.notes, adjustment.note)
    return ArmCurves(strata, measure, combined, expansion, clustered, adjustment, said)


def _sum_over_clusters(
    strata: WeightedStrata, expansion: Expansion
) -> tuple[Floats, Floats] | None:
    """Influences of the clusters, in the order of their codes: a cluster has one stratum."""
    if strata.n_clusters is None:
        return None
    grid, (_, scale, gain) = strata.grid, expansion
    at_risk, events = grid.at_risk, grid.leavers
    arms: list[Floats] = []
    for arm in (0, 1):
        parts: list[Floats] = []
        for s in range(len(strata.weights)):
            own, entries = strata.own_counts(arm, s)
            own_at_risk = remaining(own.sum(axis=-1) - entries)
            summed = summed_influence(
                at_risk[arm, s], events[arm, s], gain[arm, s],
                own_at_risk, own[..., 1:].sum(axis=-1),
            )  # fmt: skip
            parts.append(scale[arm, s] * summed)
        arms.append(np.concatenate(parts))
    return arms[0], arms[1]
