"""Money over time: weeks to months, what comes after the data, discounting, pay-back."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FadeOut = Literal["ends", "fades", "lasts"]
MONTHS, WEEKS = 12, 52


def count_months(weeks: int) -> int:
    """Months that ``weeks`` weeks from the lottery reach into.

    >>> count_months(13), count_months(104)
    (3, 24)
    """
    return (weeks - 1) * MONTHS // WEEKS + 1


def sum_months(weekly: Floats) -> Floats:
    """Weekly amounts, shape ``(…, T)``, summed by month, shape ``(…, count_months(T))``.

    Week ``w`` belongs to month ``⌊12 w / 52⌋``, so that three months are 13 weeks.

    >>> sum_months(np.ones(13)).tolist()
    [5.0, 4.0, 4.0]
    """
    weeks = np.arange(weekly.shape[-1])
    starts = np.flatnonzero(np.diff(weeks * MONTHS // WEEKS, prepend=-1))
    return np.add.reduceat(weekly, starts, axis=-1)


def discount_factors(periods: int, rate: float, periods_per_year: float = MONTHS) -> Floats:
    """What a krone in period ``0 … periods − 1`` is worth in period 0: ``(1 + rate)^(−t/p)``.

    >>> discount_factors(3, 0.25, 1).tolist()
    [1.0, 0.8, 0.64]
    """
    return np.power(1 + rate, -np.arange(periods) / periods_per_year)


def fade_weights(months: int, fade_out: FadeOut) -> Floats:
    """How much of the last known effect is left in each of the ``months`` after the data.

    ``"lasts"``: all of it; ``"ends"``: nothing; ``"fades"``: a line from all of it at the end
    of the data to nothing at the horizon, taken in the middle of each month.

    >>> fade_weights(2, "fades").tolist(), fade_weights(2, "ends").tolist()
    ([0.75, 0.25], [0.0, 0.0])
    """
    match fade_out:
        case "lasts":
            return np.ones(months)
        case "ends":
            return np.zeros(months)
        case "fades":
            return 1 - (np.arange(months) + 0.5) / max(months, 1)


def carry_on(observed: Floats, level: Floats, weights: Floats) -> Floats:
    """Amounts by month to the horizon: those observed, then ``level × weights``.

    Parameters
    ----------
    observed
        Shape ``(…, M)``.
    level
        Shape ``(…,)``: the monthly amount that is carried on.
    weights
        Shape ``(R,)``, of ``fade_weights``.

    Returns
    -------
    array of shape ``(…, M + R)``

    >>> carry_on(np.array([-9.0, 2]), np.array(2.0), fade_weights(2, "fades")).tolist()
    [-9.0, 2.0, 1.5, 0.5]
    """
    return np.concatenate([observed, level[..., None] * weights], axis=-1)


def pay_back_month(cumulated: Floats) -> Floats:
    """The month at whose end what was spent has come back for good; infinite if it never has.

    Parameters
    ----------
    cumulated
        Shape ``(…, H)``: the value added up to the end of each month.

    Returns
    -------
    array of shape ``(…,)``
        1 is the month of the lottery. What comes back and is lost again has not come back.

    >>> pay_back_month(np.array([[-3.0, 1, -1, 0, 2], [-3, -2, -2, -2, -1]])).tolist()
    [4.0, inf]
    """
    below = cumulated < 0
    last_below = below.shape[-1] - np.argmax(below[..., ::-1], axis=-1)
    month = np.where(below.any(axis=-1), last_below + 1.0, 1.0)
    return np.where(below[..., -1], np.inf, month)
