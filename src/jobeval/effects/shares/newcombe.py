"""Newcombe's interval for two risks, raw and over strata, as a difference and as a ratio."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.proportions import wilson_limits
from jobeval.results import Interval

Floats = NDArray[np.float64]


class ArmRisk(NamedTuple):
    """The weighted risk of one arm and its score limits."""

    risk: float
    low: float
    high: float


def stratified_wilson(events: NDArray[Any], n: NDArray[Any], weights: Floats, z: float) -> ArmRisk:
    """The weighted risk of one arm and its stratified Wilson limits.

    Yan & Su 2010, eq. 4: each stratum's limits at the quantile ``z·√Σwₛ²vₛ / Σwₛ√vₛ``,
    ``vₛ = pₛ(1−pₛ)/nₛ``, weighted alike; where no stratum varies, ``vₛ = 1/nₛ``.

    Parameters
    ----------
    events, n, weights
        Shape ``(S,)``; the weights add up to one.
    """
    share = events / n
    variance = share * (1 - share) / n
    if not variance.any():
        variance = 1 / n
    shrunken = z * math.sqrt(weights**2 @ variance) / float(weights @ np.sqrt(variance))
    low, high = wilson_limits(events, n, shrunken)
    return ArmRisk(float(weights @ share), float(weights @ low), float(weights @ high))


def newcombe_arms(
    events: NDArray[Any], n: NDArray[Any], weights: Floats, z: float
) -> tuple[ArmRisk, ArmRisk]:
    """Risks of control and treatment with the limits that Newcombe's method recovers.

    The distance of a limit from its risk is ``z·√(λ·l(1−l))`` with ``λ = Σwₛ²/nₛ`` (Yan & Su
    2010, eq. 7); with one stratum that is the Wilson limit ``l`` itself.

    Parameters
    ----------
    events, n
        Shape ``(S, 2)``: control, treatment.
    weights
        Shape ``(S,)``, adding up to one.
    """
    arms: list[ArmRisk] = []
    for arm in (0, 1):
        wilson = stratified_wilson(events[:, arm], n[:, arm], weights, z)
        spread = z * math.sqrt(weights**2 @ (1 / n[:, arm]))
        low = wilson.risk - spread * math.sqrt(wilson.low * (1 - wilson.low))
        high = wilson.risk + spread * math.sqrt(wilson.high * (1 - wilson.high))
        arms.append(ArmRisk(wilson.risk, max(low, 0.0), min(high, 1.0)))
    return arms[0], arms[1]


def newcombe_difference(control: ArmRisk, treatment: ArmRisk) -> Interval:
    """The hybrid score interval of the risk difference (Newcombe 1998, method 10).

    Examples
    --------
    >>> events, n, one = np.array([[48, 56]]), np.array([[80, 70]]), np.ones(1)
    >>> interval = newcombe_difference(*newcombe_arms(events, n, one, 1.959964))
    >>> [round(bound, 4) for bound in interval]
    [0.0524, 0.3339]
    """
    difference = treatment.risk - control.risk
    below = math.hypot(treatment.risk - treatment.low, control.high - control.risk)
    above = math.hypot(treatment.high - treatment.risk, control.risk - control.low)
    return Interval(difference - below, difference + above)


def newcombe_ratio(control: ArmRisk, treatment: ArmRisk) -> Interval:
    """The interval of the risk ratio from the same limits (MOVER-R, Donner & Zou 2012).

    The lower bound is 0 where nobody has the outcome under treatment, the upper one infinite
    where nobody has it under control.
    """
    product = treatment.risk * control.risk
    top, bottom = _recovered(treatment.risk, treatment.low), _recovered(control.risk, control.high)
    low = top / (product + math.sqrt(product**2 - top * bottom)) if top else 0.0
    top, bottom = _recovered(treatment.risk, treatment.high), _recovered(control.risk, control.low)
    root = product + math.sqrt(max(product**2 - top * bottom, 0.0))
    return Interval(low, root / bottom if bottom else math.inf)


def _recovered(risk: float, limit: float) -> float:
    """``risk² − (risk − limit)²``."""
    return limit * (2 * risk - limit)


def newcombe_p_value(events: NDArray[Any], n: NDArray[Any], weights: Floats) -> float:
    """Two-sided p-value of equal risks: one minus the level at which the interval touches it.

    The difference and the ratio share it. ``nan`` where everyone has the same outcome.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    if not 0 < events.sum() < n.sum():
        return math.nan
    control, treatment = ((weights @ (events[:, arm] / n[:, arm])) for arm in (0, 1))
    if math.isclose(control, treatment, abs_tol=1e-15):
        return 1.0
    side = 0 if treatment > control else 1

    def bound(z: float) -> float:
        return newcombe_difference(*newcombe_arms(events, n, weights, z))[side]

    found: Any = brentq(bound, 1e-9, 1e3, xtol=1e-13)
    return float(2 * ndtr(-found))
