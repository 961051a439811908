"""Common risk difference and ratio over strata, and the Cochran–Mantel–Haenszel test."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.results import Interval

Floats = NDArray[np.float64]


class CommonDifference(NamedTuple):
    """The Mantel–Haenszel risk difference.

    ``spread`` is the part of Sato's variance that stays at no difference, ``slope`` the part
    that multiplies it, both over the squared sum of weights.
    """

    estimate: float
    spread: float
    slope: float

    @property
    def std_error(self) -> float:
        """Sato 1989; ``nan`` where the variance is not above zero."""
        variance = self.spread + self.estimate * self.slope
        return math.sqrt(variance) if variance > 0 else math.nan

    @property
    def p_value(self) -> float:
        """Of no difference, with Sato's variance at no difference; agrees with the interval."""
        from scipy.special import ndtr

        if not self.spread > 0:
            return math.nan
        return float(2 * ndtr(-abs(self.estimate) / math.sqrt(self.spread)))

    def interval(self, z: float) -> Interval:
        """All ``δ`` with ``(estimate − δ)² ≤ z²·(spread + δ·slope)`` (Klingenberg 2014)."""
        if not self.spread > 0:
            return Interval(math.nan, math.nan)
        middle = self.estimate + z**2 * self.slope / 2
        half = math.sqrt(middle**2 - self.estimate**2 + z**2 * self.spread)
        return Interval(max(middle - half, -1.0), min(middle + half, 1.0))


class CommonRatio(NamedTuple):
    """The logarithm of the Mantel–Haenszel risk ratio."""

    estimate: float
    std_error: float


class AssociationTest(NamedTuple):
    """A chi-squared statistic on one degree of freedom."""

    statistic: float
    p_value: float


def mantel_haenszel_weights(n: NDArray[Any]) -> Floats:
    """``n₁n₀/n`` of each stratum, adding up to one.

    Parameters
    ----------
    n
        Shape ``(S, 2)``: control, treatment.

    Examples
    --------
    >>> mantel_haenszel_weights(np.array([[10, 10], [10, 30]])).tolist()
    [0.4, 0.6]
    """
    weights = n.prod(axis=1) / n.sum(axis=1)
    return weights / weights.sum()


def common_difference(events: NDArray[Any], n: NDArray[Any]) -> CommonDifference:
    """The Mantel–Haenszel risk difference with Sato's variance.

    Valid for few large and for many small strata (Greenland & Robins 1985; Sato 1989). It
    weighs strata by ``n₁n₀/n``.

    Parameters
    ----------
    events, n
        Shape ``(S, 2)``: control, treatment.

    Examples
    --------
    >>> found = common_difference(np.array([[3, 6]]), np.array([[10, 10]]))
    >>> round(found.estimate, 9), round(found.std_error, 9)  # √(.21/10 + .24/10)
    (0.3, 0.212132034)
    """
    (y0, y1), (n0, n1), total = events.T, n.T.astype(float), n.sum(axis=1)
    weight = float((n1 * n0 / total).sum())
    slope = (n1**2 * y0 - n0**2 * y1 + n1 * n0 * (n0 - n1) / 2) / total**2
    spread = (y1 * (n0 - y0) + y0 * (n1 - y1)) / (2 * total)
    estimate = float(((y1 * n0 - y0 * n1) / total).sum()) / weight
    return CommonDifference(
        estimate, float(spread.sum()) / weight**2, float(slope.sum()) / weight**2
    )


def common_ratio(events: NDArray[Any], n: NDArray[Any]) -> CommonRatio:
    """The log of the Mantel–Haenszel risk ratio (Greenland & Robins 1985, eq. 13).

    Parameters
    ----------
    events, n
        Shape ``(S, 2)``: control, treatment. ``nan`` where an arm has no events at all.

    Examples
    --------
    >>> found = common_ratio(np.array([[3, 6]]), np.array([[10, 10]]))
    >>> round(math.exp(found.estimate), 9), round(found.std_error, 6)  # √(1/6−1/10+1/3−1/10)
    (2.0, 0.547723)
    """
    (y0, y1), (n0, n1), total = events.T, n.T.astype(float), n.sum(axis=1)
    top, bottom = float((y1 * n0 / total).sum()), float((y0 * n1 / total).sum())
    if not (top and bottom):
        return CommonRatio(math.nan, math.nan)
    spread = float(((n1 * n0 * (y1 + y0) - y1 * y0 * total) / total**2).sum())
    error = math.sqrt(spread / (top * bottom)) if spread > 0 else math.nan
    return CommonRatio(math.log(top / bottom), error)


def cochran_mantel_haenszel(events: NDArray[Any], n: NDArray[Any]) -> AssociationTest:
    """The test that no stratum has an effect, without continuity correction.

    The events under treatment against their hypergeometric mean and variance (Mantel &
    Haenszel 1959). ``nan`` where no stratum has both outcomes.

    Parameters
    ----------
    events, n
        Shape ``(S, 2)``: control, treatment.
    """
    from scipy.special import chdtrc

    total, with_event = n.sum(axis=1).astype(float), events.sum(axis=1)
    kept = total > 1
    total, with_event, arms = total[kept], with_event[kept], n[kept].prod(axis=1)
    expected = (with_event * n[kept, 1] / total).sum()
    variance = (arms * with_event * (total - with_event) / (total**2 * (total - 1))).sum()
    if not variance > 0:
        return AssociationTest(math.nan, math.nan)
    statistic = float((events[kept, 1].sum() - expected) ** 2 / variance)
    return AssociationTest(statistic, float(chdtrc(1, statistic)))
