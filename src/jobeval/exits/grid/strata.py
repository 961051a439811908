"""The curve of an arm from the curves of its strata, with the error that the draw implies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.grid.durations import Durations
from jobeval.exits.grid.grid import ExitGrid, cluster_counts
from jobeval.exits.grid.influence import cluster_variance
from jobeval.plan.lottery import Lottery

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WeightedStrata:
    """The strata of a lottery, or everybody as one stratum, with their weights.

    Attributes
    ----------
    grid
        Counts in ``S`` strata.
    weights
        Shape ``(S,)``: the share ``n_s / N`` of each stratum among the persons of both arms.
    durations
        The ``n`` persons; ``None`` when there are counts alone.
    stratum
        Shape ``(n,)``, codes of the persons' strata in ``grid``.
    """

    grid: ExitGrid
    weights: Floats
    durations: Durations | None = None
    stratum: NDArray[np.int64] | None = None

    @property
    def n_clusters(self) -> int | None:
        """Clusters of the lottery; ``None`` when persons were drawn."""
        return None if self.durations is None else self.durations.assignment.n_clusters

    def combine(self, values: Floats) -> Floats:
        """``Σ_s w_s p_s(t)``, from shape ``(S, T)`` to ``(T,)``."""
        return self.weights @ values

    def combine_errors(self, variance: Floats) -> Floats:
        """``√Σ_s w_s² V_s(t)``, from shape ``(S, T)`` to ``(T,)``."""
        return np.sqrt(self.weights**2 @ variance)

    def as_drawn(self, variance: Floats) -> Floats:
        """The variance, shape ``(2, S, T, K)``, summed over clusters when they were drawn."""
        if self.n_clusters is None:
            return variance
        summed = np.empty_like(variance)
        for arm, stratum in np.ndindex(*variance.shape[:2]):
            own, entries = self.own_counts(arm, stratum)
            grid = self.grid
            summed[arm, stratum] = cluster_variance(
                grid.at_risk[arm, stratum], grid.events[arm, stratum], own, entries
            )
        return np.where(np.isnan(variance), np.nan, summed)

    def own_counts(self, arm: int, stratum: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Persons of each cluster in one arm and stratum, and their late entries.

        Shapes ``(G, T, K + 1)``, the censored first, and ``(G, T)``.
        """
        durations, stratum_of = self.durations, self.stratum
        cluster = None if durations is None else durations.assignment.cluster
        if durations is None or stratum_of is None or cluster is None:
            raise ValueError("no clusters were drawn")
        mine = (durations.assignment.assigned == arm) & (stratum_of == stratum)
        return cluster_counts(
            cluster[mine], durations.weeks[mine], durations.cause[mine],
            len(self.grid.weeks), len(self.grid.causes),
            entry=None if durations.entry is None else durations.entry[mine],
        )  # fmt: skip

    def notes(self) -> list[str]:
        """How the curve was put together and its error found."""
        strata, clusters = len(self.weights), self.n_clusters
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
    return WeightedStrata(grid, sizes / sizes.sum(), durations, stratum)


def weigh_grid(grid: ExitGrid, standardise: bool | None = None) -> WeightedStrata:
    """The same from counts alone, which know no clusters; strata without persons fall away."""
    if standardise is False:
        grid = grid.pooled()
    sizes = grid.sizes.sum(axis=0)
    occupied = np.flatnonzero(sizes)
    if len(occupied) < len(sizes):
        grid, sizes = grid.within(occupied), sizes[occupied]
    return WeightedStrata(grid, sizes / sizes.sum())
