"""Durations with take-up: read, counted, and combined into effects on compliers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.grid.durations import Durations, read_durations
from jobeval.exits.grid.strata import WeightedStrata, weigh_strata
from jobeval.exits.take_up.complier_influence import (
    GroupInfluence,
    Moves,
    influences,
    measure_moves,
)
from jobeval.inference.take_up import describe_compliance, read_treated
from jobeval.plan.lottery import Lottery

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ASSUMED = (
    "assumes that the lottery changes exits through taking part alone and that take-up is known "
    "of the censored too"
)


@dataclass(frozen=True, slots=True, eq=False)
class TakeUpData:
    """Persons with their durations and what they did.

    Attributes
    ----------
    durations, strata
        As every estimator of this room has them.
    treated
        Shape ``(n,)``, 0 or 1.
    """

    durations: Durations
    strata: WeightedStrata
    treated: Counts

    def moves(self, last: int) -> Moves:
        """The effects of the lottery on exits and take-up, up to week ``last``."""
        return measure_moves(self.ends(last), self.strata.weights)

    def influences(self, last: int) -> list[GroupInfluence]:
        """What each arm and stratum adds to these effects."""
        drawn, (codes, shape) = self.durations.assignment, self._codes(last)
        cluster = drawn.cluster
        if cluster is None:
            return list(influences(self.ends(last), self.strata.weights))

        def own(arm: int, stratum: int) -> Counts:
            mine = (drawn.assigned == arm) & (self._stratum == stratum)
            unit = np.unique(cluster[mine], return_inverse=True)[1]
            return _count(unit, codes[mine], int(unit.max()) + 1, shape)

        return list(influences(self.ends(last), self.strata.weights, own))

    def ends(self, last: int) -> Counts:
        """Persons by arm × stratum × week × (censored, exit) × (no take-up, take-up).

        Shape ``(2, S, last + 1, 2, 2)``; who is seen beyond week ``last`` is censored then.
        """
        codes, shape = self._codes(last)
        n_strata = len(self.strata.weights)
        cell = self.durations.assignment.assigned * n_strata + self._stratum
        return _count(cell, codes, 2 * n_strata, shape).reshape(2, n_strata, *shape)

    @property
    def _stratum(self) -> Counts:
        stratum = self.strata.stratum
        return np.zeros_like(self.treated) if stratum is None else stratum

    def _codes(self, last: int) -> tuple[Counts, tuple[int, int, int]]:
        """The end of each person as a place in an array of this shape."""
        weeks, shape = self.durations.weeks, (last + 1, 2, 2)
        left = ((self.durations.cause > 0) & (weeks <= last)).astype(np.int64)
        codes = np.ravel_multi_index((np.minimum(weeks, last), left, self.treated), shape)
        return codes.astype(np.int64), shape

    def notes(self) -> list[str]:
        """How strata and clusters were treated, who did not comply, and what is assumed."""
        strata, clusters = len(self.strata.weights), self.strata.n_clusters
        assigned = self.durations.assignment.assigned
        notes = [describe_compliance(self.treated.astype(np.float64), assigned), ASSUMED]
        if strata > 1:
            notes.append(f"ratio of averages over the {strata} strata of everyone drawn")
        if clusters is not None:
            notes.append(f"standard errors summed over {clusters} clusters")
        return notes


def _count(group: Counts, codes: Counts, n_groups: int, shape: tuple[int, ...]) -> Counts:
    size = int(np.prod(shape))
    return np.bincount(group * size + codes, minlength=n_groups * size).reshape(n_groups, *shape)


def read_take_up(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    treated: str,
    standardise: bool | None,
) -> TakeUpData:
    """Read durations and who took part.

    Raises
    ------
    ValueError
        When ``treated`` names another column of the analysis.
    DataError
        For broken durations, a broken lottery, or take-up that is missing or not 0 and 1.
    """
    if treated in {duration, observed, lottery.arm}:
        raise ValueError(f"{treated!r} is the duration, the exit or the arm, and not take-up")
    durations = read_durations(frame, duration, observed, lottery, [treated])
    took = read_treated(durations.columns, treated, durations.assignment.rows)
    strata = weigh_strata(durations, lottery, standardise)
    return TakeUpData(durations, strata, took.astype(np.int64))
