"""The curve of an arm from the curves of its strata, with the error that the draw implies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves import FEW_CLUSTERS
from jobeval.exits.durations import Durations
from jobeval.exits.grid import ExitGrid, cluster_counts
from jobeval.exits.influence import cluster_variance
from jobeval.plan.lottery import Lottery

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WeightedStrata:
    """The strata of a lottery, or everybody as one stratum, with their weights.

    Attributes
    ----------
    durations
        The ``n`` persons.
    grid
        Their counts in ``S`` strata.
    stratum
        Shape ``(n,)``, codes of the persons' strata in ``grid``.
    weights
        Shape ``(S,)``: the share ``n_s / N`` of each stratum among the persons of both arms.
    """

    durations: Durations
    grid: ExitGrid
    stratum: NDArray[np.int64]
    weights: Floats

    def combine(self, values: Floats) -> Floats:
        """``Σ_s w_s p_s(t)``, from shape ``(S, T)`` to ``(T,)``."""
        return self.weights @ values

    def combine_errors(self, variance: Floats) -> Floats:
        """``√Σ_s w_s² V_s(t)``, from shape ``(S, T)`` to ``(T,)``."""
        return np.sqrt(self.weights**2 @ variance)

    def as_drawn(self, variance: Floats) -> Floats:
        """The variance, shape ``(2, S, T, K)``, summed over clusters when they were drawn."""
        drawn = self.durations.assignment
        if drawn.cluster is None:
            return variance
        summed = np.empty_like(variance)
        for arm, stratum in np.ndindex(*variance.shape[:2]):
            mine = (drawn.assigned == arm) & (self.stratum == stratum)
            own = cluster_counts(
                drawn.cluster[mine], self.durations.weeks[mine], self.durations.cause[mine],
                len(self.grid.weeks), len(self.grid.causes),
            )  # fmt: skip
            grid = self.grid
            summed[arm, stratum] = cluster_variance(
                grid.at_risk[arm, stratum], grid.events[arm, stratum], own
            )
        return np.where(np.isnan(variance), np.nan, summed)

    def notes(self) -> list[str]:
        """How the curve was put together and its error found."""
        strata, clusters = len(self.weights), self.durations.assignment.n_clusters
        notes = [f"standardised over {strata} strata"] if strata > 1 else []
        if clusters is not None:
            few = ", too few for a normal reference" if clusters < FEW_CLUSTERS else ""
            notes.append(f"standard errors summed over {clusters} clusters{few}")
        return notes


def weigh_strata(
    durations: Durations, lottery: Lottery, standardise: bool | None
) -> WeightedStrata:
    """The strata in which curves are estimated: the lottery's, or one when not standardised.

    ``standardise = None`` means: exactly when the lottery has strata.
    """
    grid, stratum = durations.grid(lottery), durations.assignment.stratum
    if not (bool(lottery.strata) if standardise is None else standardise):
        grid, stratum = grid.pooled(), np.zeros_like(stratum)
    sizes = grid.sizes.sum(axis=0)
    return WeightedStrata(durations, grid, stratum, sizes / sizes.sum())
