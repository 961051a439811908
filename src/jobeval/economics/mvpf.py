"""The marginal value of public funds (Hendren & Sprung-Keyser 2020)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mvpf(willingness_to_pay: float, net_cost: float) -> float:
    """What those concerned gain for each krone that the public spends in the end.

    Parameters
    ----------
    willingness_to_pay
        What the participants would pay for the effort: here the change of their disposable
        income.
    net_cost
        What it costs the public when all that comes back (or falls away) is counted.

    Returns
    -------
    float
        The ratio. Infinite where the effort pays for itself and is worth something to
        participants; ``nan`` where the public gains and participants lose (or nobody does
        either): then the ratio answers another question.

    References
    ----------
    Hendren, N. and Sprung-Keyser, B. (2020). A unified welfare analysis of government
    policies. Quarterly Journal of Economics 135, 1209–1318.

    Examples
    --------
    >>> round(mvpf(1048, 2532), 3), mvpf(100, -20), mvpf(-100, -20)
    (0.414, inf, nan)
    """
    if math.isnan(willingness_to_pay) or math.isnan(net_cost):
        return math.nan
    if net_cost > 0:
        return willingness_to_pay / net_cost
    return math.inf if willingness_to_pay > 0 else math.nan


def mvpf_interval(
    willingness_to_pay: Floats,
    net_cost: Floats,
    centre: tuple[float, float],
    conf_level: float = 0.95,
) -> tuple[float, float]:
    """The interval of the MVPF from joint draws of its two parts.

    A ratio whose denominator may be 0 has no order of its own. Its direction has: the angle of
    (net cost, willingness to pay) turns from "worth nothing" over every ratio to "infinite,
    and pays for itself". So percentiles are taken of the angle between a draw and ``centre``.

    Parameters
    ----------
    willingness_to_pay, net_cost
        Shape ``(B,)``: draws.
    centre
        The estimates of both.

    Returns
    -------
    low, high
        ``−inf`` and ``inf`` where the draws point everywhere; a bound beyond "infinite" is
        ``inf``. Both ``nan`` where the estimates have no ratio (see ``mvpf``).

    Examples
    --------
    >>> worth, cost = np.linspace(50, 150, 1001), np.full(1001, 200.0)
    >>> [round(bound, 3) for bound in mvpf_interval(worth, cost, (100.0, 200.0), 0.9)]
    [0.275, 0.725]
    """
    if math.isnan(mvpf(*centre)):
        return math.nan, math.nan
    middle = math.atan2(*centre)
    turned = np.arctan2(willingness_to_pay, net_cost) - middle
    apart = (turned + math.pi) % (2 * math.pi) - math.pi
    tail = (1 - conf_level) / 2
    low, high = (middle + float(q) for q in np.quantile(apart, [tail, 1 - tail]))
    if high - low >= math.pi:
        return -math.inf, math.inf
    return _ratio(low), _ratio(high)


def _ratio(angle: float) -> float:
    """The ratio of a direction; those with a net gain of the public are beyond all ratios."""
    if angle >= math.pi / 2:
        return math.inf
    return -math.inf if angle <= -math.pi / 2 else math.tan(angle)
