"""Survival curves by arm: Kaplan–Meier, standardised over the strata of the lottery."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.curves import after_end

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


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
