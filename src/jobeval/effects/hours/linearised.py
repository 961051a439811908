"""Functions of both arms' means, with the errors that the lottery gives them.

A smooth function of means has, to first order, the error of a difference in means of another
outcome: of the persons' influence on it (Taylor linearisation; Binder 1983). So strata,
clusters and probabilities enter every such function as they enter the difference in means.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed
from jobeval.effects.itt.itt import count_sides, estimate_from_analysed
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import inverse_probability_weights, stratum_masses
from jobeval.inference.assignment import Assignment
from jobeval.plan.lottery import Lottery
from jobeval.results import Estimate

Floats = NDArray[np.float64]


class ArmMeans(NamedTuple):
    """The means of both arms, over everyone drawn."""

    control: float
    treatment: float


@dataclass(frozen=True, slots=True, eq=False)
class ArmOutcomes:
    """One analysis of ``n`` persons, of which several numbers are made."""

    data: Analysed
    outcome: str
    lottery: Lottery
    options: IttOptions

    @property
    def weights(self) -> Floats:
        """Each person's weight, shape ``(n,)``: see ``standardising_weights``."""
        return standardising_weights(self.data.assignment, self.data.weights)

    def effect_on(self, values: NDArray[Any]) -> Estimate:
        """The intention-to-treat effect on other ``values``, shape ``(n,)``."""
        data = replace(self.data, outcome=np.asarray(values, dtype=float))
        return estimate_from_analysed(data, self.outcome, self.lottery, self.options)

    def means_of(self, values: NDArray[Any]) -> ArmMeans:
        """The means whose difference ``effect_on`` is, adjusted where it is."""
        assigned = self.data.assignment.assigned
        if self.options.adjustment == "none":
            return ArmMeans(*np.bincount(assigned, self.weights * values, 2).tolist())
        # Lin's design is saturated in the arm: what is 0 in an arm has mean 0 there
        treatment = self.effect_on(values * assigned).estimate
        return ArmMeans(self.effect_on(values * (assigned - 1.0)).estimate, treatment)

    def with_error_of(self, influence: Floats, estimate: float, **fields: Any) -> Estimate:
        """An ``estimate`` whose error is that of the effect on ``influence``.

        Parameters
        ----------
        influence
            Shape ``(n,)``: each person's influence on the estimate, with the sign turned in
            the control arm; a constant in an arm does not matter.
        estimate, fields
            The number, and the other fields of the ``Estimate``.
        """
        effect = self.effect_on(influence)
        own: dict[str, Any] = {
            "mean_treatment": math.nan,
            "mean_control": math.nan,
            **count_sides(self.data.outcome, self.data.assignment.assigned),
        }
        return replace(effect, estimate=float(estimate), **(own | fields))


def standardising_weights(assignment: Assignment, sampling: Floats | None = None) -> Floats:
    """Weights with which both arms stand for everyone drawn, shape ``(n,)``; an arm sums to 1.

    In each stratum an arm weighs as much as the stratum's share of everyone; within it
    persons weigh by inverse probability where that varies, and by ``sampling`` weights.

    Examples
    --------
    >>> drawn = Assignment(np.ones(4, bool), np.array([0, 1, 1, 1]), np.zeros(4, int), ("all",))
    >>> standardising_weights(drawn).round(3).tolist()
    [1.0, 0.333, 0.333, 0.333]
    """
    weights = np.ones(len(assignment.assigned)) if sampling is None else sampling
    if assignment.probability_varies:
        weights = weights * inverse_probability_weights(assignment)
    cell = assignment.stratum * 2 + assignment.assigned
    total = np.bincount(cell, weights, 2 * assignment.n_strata)
    masses = stratum_masses(assignment, sampling)
    return weights * (masses / masses.sum())[assignment.stratum] / total[cell]
