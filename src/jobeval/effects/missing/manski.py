"""Worst-case bounds: what the missing outcomes could be at most and at least."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.results import Estimate

Floats = NDArray[np.float64]


def fill_worst(
    outcome: Floats,
    observed: NDArray[np.bool_],
    assigned: NDArray[np.int64],
    limits: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Outcomes with the missing ones set against, and in favour of, the treatment.

    Parameters
    ----------
    outcome, observed, assigned
        Shape ``(n,)``.
    limits
        The lowest and the highest value that an outcome can have.

    Examples
    --------
    >>> outcome, observed = np.array([5.0, 0, 7, 0]), np.array([True, False, True, False])
    >>> lower, upper = fill_worst(outcome, observed, np.array([0, 0, 1, 1]), (0.0, 37.0))
    >>> lower.tolist(), upper.tolist()
    ([5.0, 37.0, 7.0, 0.0], [5.0, 0.0, 7.0, 37.0])
    """
    low, high = limits
    against = np.where(assigned == 1, low, high)
    favour = np.where(assigned == 1, high, low)
    return np.where(observed, outcome, against), np.where(observed, outcome, favour)


def bound_worst_case(
    arms: ArmOutcomes, observed: NDArray[np.bool_], limits: tuple[float, float]
) -> tuple[Estimate, Estimate]:
    """Both bounds on the effect on everyone drawn (Manski 1990; Horowitz & Manski 2000).

    Each is the intention-to-treat effect on filled outcomes, errors included. Nothing is
    assumed of why outcomes are missing.
    """
    filled = fill_worst(arms.data.outcome, observed, arms.data.assignment.assigned, limits)
    lower, upper = (
        replace(arms.effect_on(values), estimator="Manski bounds", part=part)
        for part, values in zip(("lower", "upper"), filled, strict=True)
    )
    return lower, upper
