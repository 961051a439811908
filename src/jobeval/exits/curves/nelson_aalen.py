"""The cumulative hazard by Nelson and Aalen, for exits that are tied by weeks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.kaplan_meier import after_end

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class CumulativeHazard(NamedTuple):
    """Nelson–Aalen estimate and its variance, of the shape of the counts."""

    values: Floats
    variance: Floats


def nelson_aalen(at_risk: Counts, events: Counts) -> CumulativeHazard:
    """``H(t) = Σ d/n`` with variance ``Σ d (n − d) / n³``, along the last axis.

    Nelson (1969); Aalen (1978). The variance is that for ties, in which the exits of a week
    are binomial (Andersen, Borgan, Gill & Keiding 1993, section IV.1.3), and equals the
    infinitesimal jackknife, ``robust = TRUE`` in R's ``survfit``; R's default ``Σ d/n²`` is
    larger. ``nan`` from the week on in which nobody is at risk, also where everybody has left.

    >>> nelson_aalen(np.array([4, 4, 2]), np.array([0, 1, 1])).values.tolist()
    [0.0, 0.25, 0.75]
    """
    n = np.maximum(at_risk, 1)
    hazard: Floats = events / n
    ended = after_end(at_risk, np.ones(at_risk.shape))
    values = np.where(ended, np.nan, np.cumsum(hazard, axis=-1))
    variance = np.cumsum(hazard * (1 - hazard) / n, axis=-1)
    return CumulativeHazard(values, np.where(ended, np.nan, variance))
