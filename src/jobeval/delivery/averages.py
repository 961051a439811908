"""Averages over persons and their intervals, as arrays."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit


class Average(NamedTuple):
    """An average and its interval; ``nan`` where it cannot be told."""

    value: float
    low: float
    high: float


def average_ratio(amounts: ArrayLike, times: ArrayLike, conf_level: float = 0.95) -> Average:
    """All amounts by all times, ``Σy / Σt``, with an interval from the spread between persons.

    The linearised variance of a ratio, ``n/(n−1) Σ(y − r t)² / (Σt)²`` (Cochran 1977, 2.11, a
    large population), and the quantile of t with ``n − 1`` degrees of freedom; the lower end is
    not below 0. No interval where fewer than two persons are seen or none differs from the rest.

    Parameters
    ----------
    amounts, times
        Of each person, shape ``(n,)``. Who has no time is not counted.

    Examples
    --------
    A mean is the ratio with the time 1: of 1, 2 and 3 it is 2 ± 4.303 × √(1/3).

    >>> [round(number, 3) for number in average_ratio([1, 2, 3], [1, 1, 1])]
    [2.0, 0.0, 4.484]
    """
    y, t = np.asarray(amounts, dtype=float), np.asarray(times, dtype=float)
    y, t = y[t > 0], t[t > 0]
    if not len(t):
        return Average(math.nan, math.nan, math.nan)
    ratio, n = float(y.sum() / t.sum()), len(t)
    squares = float(np.sum((y - ratio * t) ** 2))
    if n < 2 or math.isclose(squares, 0, abs_tol=1e-12 * (1 + float(np.sum(y**2)))):
        return Average(ratio, math.nan, math.nan)
    half = float(stdtrit(n - 1, (1 + conf_level) / 2)) * math.sqrt(n / (n - 1) * squares) / t.sum()
    return Average(ratio, max(ratio - float(half), 0.0), ratio + float(half))
