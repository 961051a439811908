"""The difference of two arms' curves, week by week."""

import math
from dataclasses import replace

import numpy as np

from jobeval.errors import DesignError
from jobeval.exits.curves.curves import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable


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
            curve_difference(
                curve, controls.one(measure=curve.measure, cause=curve.cause), lottery.contrast
            )
            for curve in treated
        )
    )


def curve_difference(treated: Curve, control: Curve, contrast: str) -> Curve:
    """The difference of two curves of independent arms, as in ``contrast_curves``."""
    if not np.array_equal(treated.times, control.times):
        raise DesignError("the curves of the two arms do not share their weeks")
    values = treated.values - control.values
    known = (treated.std_error > 0) & (control.std_error > 0)
    std_error = np.hypot(treated.std_error, control.std_error)
    half = np.where(known, normal_quantile(treated.conf_level) * std_error, math.nan)
    return replace(
        treated,
        arm=contrast,
        values=values,
        std_error=std_error,
        conf_low=values - half,
        conf_high=values + half,
        at_risk=np.minimum(treated.at_risk, control.at_risk),
        events=treated.events + control.events,
        notes=tuple(dict.fromkeys((*treated.notes, *control.notes))),
    )
