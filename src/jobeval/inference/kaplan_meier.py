"""The share not yet left: Kaplan–Meier's product, where it is known, and its quantiles."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
TOLERANCE = 1.5e-8
"""Survival this close to a quantile equals it: the square root of machine precision."""


class Survival(NamedTuple):
    """Kaplan–Meier estimate and Greenwood variance, of the shape of the counts."""

    values: Floats
    variance: Floats


def kaplan_meier(at_risk: Counts, events: Counts) -> Survival:
    """``S(t) = Π (1 − d/n)`` with variance ``S² Σ d / (n (n − d))``, along the last axis.

    Kaplan & Meier (1958); Greenwood (1926). ``nan`` from the week on in which nobody is at
    risk although not everybody has left. Where everybody has left, both are 0.

    >>> kaplan_meier(np.array([4, 4, 2]), np.array([0, 1, 1])).values.tolist()
    [1.0, 0.75, 0.375]
    """
    n = np.maximum(at_risk, 1)
    stay = np.maximum(n - events, 1)
    share: Floats = 1 - events / n
    values = np.cumprod(share, axis=-1, out=share)
    variance = values**2 * np.cumsum(events / (n * stay), axis=-1)
    ended = after_end(at_risk, values)
    return Survival(np.where(ended, np.nan, values), np.where(ended, np.nan, variance))


def after_end(at_risk: NDArray[np.int64], survival: Floats) -> NDArray[np.bool_]:
    """From which week on a curve is unknown, along the last axis; shape as given.

    From the first week on in which nobody is at risk although not everybody has left. Before
    the first late entry the curve is 1; it stays unknown when others enter after a gap, since
    nobody tells how many left in it.

    >>> after_end(np.array([0, 2, 1, 0, 3]), np.array([1.0, 0.5, 0.5, 0.5, 0.5])).tolist()
    [False, False, False, True, True]
    """
    present = at_risk > 0
    awaited = ~np.logical_or.accumulate(present, axis=-1) & present.any(axis=-1, keepdims=True)
    return np.logical_or.accumulate(~present & ~awaited & (survival > 0), axis=-1)


def first_below(times: Counts, values: Floats, level: float) -> float:
    """The time at which a falling curve reaches a level; ``nan`` when it does not.

    Where it runs exactly at the level and falls further, the middle of that stretch.
    """
    known = ~np.isnan(values)
    times, values = times[known], values[known]
    reached = np.flatnonzero(values < level + TOLERANCE)
    if not len(reached):
        return math.nan
    first = reached[0]
    lower = np.flatnonzero(values < level - TOLERANCE)
    on_it = abs(values[first] - level) < TOLERANCE and len(lower) > 0
    return float((times[first] + times[lower[0]]) / 2 if on_it else times[first])
