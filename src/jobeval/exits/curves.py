"""What survival and incidence curves share: strata put together, intervals, differences."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Floats = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """``z`` with ``P(|Z| ≤ z) = level``; ``ValueError`` for a level outside (0, 1)."""
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {level!r}")
    return float(ndtri(0.5 + level / 2))


def log_log_interval(share: Floats, std_error: Floats, level: float) -> tuple[Floats, Floats]:
    """``p^exp(± z se / (p log p))``: an interval that stays within (0, 1).

    Kalbfleisch & Prentice (2002), section 1.4; ``conf.type = "log-log"`` in R's survival.
    ``nan`` where the share is exactly 0 or 1, as in R: its error is not known there.

    >>> low, high = log_log_interval(np.array([0.75, 1.0]), np.array([0.2165, 0.0]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.128, nan], [0.961, nan])
    """
    inside = (share > 0) & (share < 1)
    log = np.log(share, out=np.full_like(share, np.nan), where=inside)
    power = np.exp(-normal_quantile(level) * std_error / (share * np.abs(log) + ~inside))
    return np.exp(log / power), np.exp(log * power)


def after_end(at_risk: NDArray[np.int64], survival: Floats) -> NDArray[np.bool_]:
    """Where nobody is left at risk although not everybody has left; shape as given."""
    return (at_risk == 0) & (survival > 0)


def end_notes(times: NDArray[np.int64], values: Floats, arm: str, n_strata: int) -> list[str]:
    """Say from which week on a curve is unknown, and why."""
    unknown = np.flatnonzero(np.isnan(values))
    if not len(unknown):
        return []
    where = "a stratum of " if n_strata > 1 else ""
    rule = f"unknown from week {times[unknown[0]]} on: nobody in {where}arm {arm!r} is at risk"
    return [rule + (" (standardise=False ignores strata)" if n_strata > 1 else "")]


def contrast_curves(curves: CurveTable, lottery: Lottery) -> CurveTable:
    """The difference treatment − control of every pair of curves, with pointwise intervals.

    Parameters
    ----------
    curves
        Curves of both arms, such as ``survival_curve`` and ``cumulative_incidence`` give.

    Returns
    -------
    CurveTable
        One curve for each measure and cause, its ``arm`` being ``lottery.contrast``. The arms
        are independent, so variances add up; the interval is normal and pointwise, and
        ``nan`` where one of the errors is unknown or zero (before the first exit of an arm).
        ``at_risk`` is that of the arm with fewer persons, ``events`` those of both.

    Raises
    ------
    DesignError
        When the curves of an arm were made on another grid or standardised otherwise.
    """
    treated = curves.where(arm=str(lottery.treatment))
    controls = curves.where(arm=str(lottery.control))
    return CurveTable(
        tuple(
            _contrast(curve, controls.one(measure=curve.measure, cause=curve.cause), lottery)
            for curve in treated
        )
    )


def _contrast(treated: Curve, control: Curve, lottery: Lottery) -> Curve:
    if not np.array_equal(treated.times, control.times):
        raise DesignError("the curves of the two arms do not share their weeks")
    values = treated.values - control.values
    known = (treated.std_error > 0) & (control.std_error > 0)
    std_error = np.hypot(treated.std_error, control.std_error)
    half = np.where(known, normal_quantile(treated.conf_level) * std_error, math.nan)
    return replace(
        treated,
        arm=lottery.contrast,
        values=values,
        std_error=std_error,
        conf_low=values - half,
        conf_high=values + half,
        at_risk=np.minimum(treated.at_risk, control.at_risk),
        events=treated.events + control.events,
        notes=tuple(dict.fromkeys((*treated.notes, *control.notes))),
    )
