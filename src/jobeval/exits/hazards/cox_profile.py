"""Intervals and tests of one coefficient by the profile of the likelihood."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jobeval.exits.hazards.cox_fit import CoxFit
from jobeval.exits.hazards.cox_newton import maximise

WIDEST = 60
"""So often the distance is doubled before a bound is taken to be infinite."""


class Profile(NamedTuple):
    """Interval and p-value of a coefficient."""

    low: float
    high: float
    p_value: float


def profile_interval(fit: CoxFit, conf_level: float, index: int = 0) -> Profile:
    """The values that the likelihood-ratio test does not reject, the others being refitted.

    Venzon & Moolgavkar (1988); with Firth's penalty as in Heinze & Schemper (2001, section 3),
    where the determinant stays that of all coefficients.
    """
    from scipy.special import chdtrc, chdtri

    model, scale = fit.model, float(fit.model.likelihood.scale[index])
    top, best = model.maximum.beta, model.maximum.point.loglik
    allowed = float(chdtri(1, 1 - conf_level)) / 2
    fixed = np.arange(len(top)) == index

    def lost(value: float) -> float:
        start = np.where(fixed, value, top)
        at = maximise(model.evaluate, model.likelihood.z, start, fixed=fixed)
        return best - at.point.loglik

    width = float(np.sqrt(fit.vcov[index, index])) * scale
    low, high = (_crossing(lost, float(top[index]), sign * width, allowed) for sign in (-1, 1))
    return Profile(low / scale, high / scale, float(chdtrc(1, max(2 * lost(0.0), 0.0))))


def _crossing(lost: Callable[[float], float], top: float, width: float, allowed: float) -> float:
    """Where from ``top`` on, in steps of ``width``, the loss reaches what is allowed."""
    from scipy.optimize import brentq

    def excess(value: float) -> float:
        return lost(value) - allowed

    inner = top
    for doubling in range(WIDEST):
        outer = top + width * 2**doubling
        if lost(outer) >= allowed:
            root: Any = brentq(excess, inner, outer, xtol=1e-9)
            return float(root)
        inner = outer
    return math.copysign(math.inf, width)
