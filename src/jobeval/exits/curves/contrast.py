"""The difference of two arms' curves, week by week."""

import math
from dataclasses import replace

import numpy as np

from jobeval.errors import DesignError
from jobeval.inference.intervals import normal_quantile
from jobeval.results import Curve


def curve_difference(treated: Curve, control: Curve, contrast: str) -> Curve:
    """Treatment − control of two curves of independent arms, whose variances add up.

    The interval is normal and pointwise, and ``nan`` where one of the errors is unknown or zero
    (before the first exit of an arm). ``at_risk`` is that of the arm with fewer persons,
    ``events`` those of both. ``DesignError`` when the curves do not share their weeks.
    """
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
