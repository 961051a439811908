"""How Kaplan–Meier and Nelson–Aalen curves err: sums over weeks of exits beyond expectation.

With ``m(u) = dN(u) − Y(u) d(u)/n(u)`` the exits of somebody beyond expectation, either curve of
a stratum moves with that person, to first order, by ``scale(t) Σ_{u ≤ t} gain(u) m(u)``: survival
with ``scale = −S(t)`` and ``gain = 1/(n − d)``, the cumulative hazard with 1 and ``1/n``. The
squares of these influences add up to the variances of both (infinitesimal jackknife).
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.nelson_aalen import nelson_aalen
from jobeval.inference.kaplan_meier import kaplan_meier

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
SurvivalMeasure = Literal["survival", "cumulative_hazard"]


class Expansion(NamedTuple):
    """A curve and how it errs; all of shape ``(…, T)``."""

    values: Floats
    scale: Floats
    gain: Floats


def expand(at_risk: Counts, events: Counts, measure: SurvivalMeasure) -> Expansion:
    """The curves of strata, from counts of shape ``(…, T)``."""
    n = np.maximum(at_risk, 1)
    if measure == "survival":
        values = kaplan_meier(at_risk, events).values
        return Expansion(values, -values, 1 / np.maximum(n - events, 1))
    values = nelson_aalen(at_risk, events).values
    return Expansion(values, np.where(np.isnan(values), np.nan, 1.0), 1 / n)


def running_variance(at_risk: Counts, events: Counts, gain: Floats) -> Floats:
    """``Σ_{u ≤ t} gain² d (n − d) / n``: the variance before it is scaled, shape ``(…, T)``."""
    n = np.maximum(at_risk, 1)
    return np.cumsum(gain**2 * events * (n - events) / n, axis=-1)


def summed_influence(
    at_risk: Counts,
    events: Counts,
    gain: Floats,
    own_at_risk: Counts | Floats,
    own_events: Counts | Floats,
) -> Floats:
    """``Σ_{u ≤ t} gain m`` summed over the persons of groups, or over weighted persons.

    Parameters
    ----------
    at_risk, events, gain
        Shape ``(…, T)``: everyone in a stratum.
    own_at_risk, own_events
        Shape ``(G, …, T)``: the persons of ``G`` groups, or sums of ``G`` weights of persons.

    Returns
    -------
    array of shape ``(G, …, T)``
    """
    beyond = own_events - own_at_risk * (events / np.maximum(at_risk, 1))
    return np.cumsum(gain * beyond, axis=-1)
