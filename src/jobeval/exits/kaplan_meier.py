"""Survival curves by arm: Kaplan–Meier, standardised over the strata of the lottery."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves import after_end, end_notes, log_log_interval
from jobeval.exits.durations import read_durations
from jobeval.exits.strata import WeightedStrata, weigh_strata
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
TOLERANCE = 1.5e-8
"""Survival this close to a quantile equals it: the square root of machine precision."""


class Survival(NamedTuple):
    """Kaplan–Meier estimate and Greenwood variance, of the shape of the counts."""

    values: Floats
    variance: Floats


def kaplan_meier(at_risk: Counts, events: Counts) -> Survival:
    """``S(t) = Π (1 − d/n)`` with variance ``S² Σ d / (n (n − d))``, along the last axis.

    Kaplan & Meier (1958); Greenwood (1926). ``nan`` from the week on in which nobody is at
    risk although not everybody has left. Where everybody has left, both are 0.

    >>> kaplan_meier(np.array([4, 4, 2]), np.array([0, 1, 1])).values.tolist()
    [1.0, 0.75, 0.375]
    """
    n = np.maximum(at_risk, 1)
    stay = np.maximum(n - events, 1)
    share: Floats = 1 - events / n
    values = np.cumprod(share, axis=-1, out=share)
    variance = values**2 * np.cumsum(events / (n * stay), axis=-1)
    ended = after_end(at_risk, values)
    return Survival(np.where(ended, np.nan, values), np.where(ended, np.nan, variance))


def survival_curve(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    conf_level: float = 0.95,
    standardise: bool | None = None,
) -> CurveTable:
    """The share not yet left, by weeks since randomisation, for each arm.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation to the exit or the end of follow-up.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns.
    conf_level
        Level of the pointwise log-log intervals.
    standardise
        Whether the curve of an arm is ``Σ_s (n_s / N) S_s(t)``, weighting the strata alike in
        both arms. Left out, it is so exactly when the lottery has strata: the plain curves
        differ also without any effect when strata differ in their chance of treatment, and
        follow-up that differs between strata censors them unequally.

    Returns
    -------
    CurveTable
        Control and treatment, on the weeks 0 … the longest duration of either. ``std_error``
        is Greenwood's, or summed over clusters when clusters were drawn. Values are ``nan``
        from the week on in which an arm, or one of its strata, has nobody left at risk;
        intervals are also ``nan`` where survival is exactly 1 or 0. ``at_risk`` and
        ``events`` are plain counts.

    Raises
    ------
    DataError
        For missing or broken durations, and for a lottery that cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> curves = survival_curve(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> curves["c"].values.round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.667, 0.667, 0.667, 0.0]
    """
    durations = read_durations(frame, duration, observed, lottery)
    strata = weigh_strata(durations, lottery, standardise)
    estimate = kaplan_meier(strata.grid.at_risk, strata.grid.leavers)
    variance = strata.as_drawn(estimate.variance[..., None])[..., 0]
    return CurveTable(
        tuple(
            _curve(duration, strata, arm, estimate.values[arm], variance[arm], conf_level)
            for arm in (0, 1)
        )
    )


def _curve(
    endpoint: str,
    strata: WeightedStrata,
    arm: int,
    survival: Floats,
    variance: Floats,
    conf_level: float,
) -> Curve:
    grid = strata.grid
    values, name = strata.combine(survival), grid.arms[arm]
    std_error = np.where(values > 0, strata.combine_errors(variance), np.nan)
    low, high = log_log_interval(values, std_error, conf_level)
    events = grid.leavers[arm].sum(axis=0)
    notes = strata.notes() + end_notes(grid.weeks, values, name, len(strata.weights))
    return Curve(
        endpoint=endpoint,
        measure="survival",
        arm=name,
        times=grid.weeks,
        values=values,
        at_risk=grid.at_risk[arm].sum(axis=0),
        events=events,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        unit="share",
        conf_level=conf_level,
        notes=tuple(notes if events.any() else [*notes, f"nobody in arm {name!r} left"]),
    )


class Quantile(NamedTuple):
    """Weeks until a share has left, with a confidence interval; ``nan`` = not reached."""

    weeks: float
    low: float
    high: float


def survival_quantile(curve: Curve, probability: float = 0.5) -> Quantile:
    """The weeks after which the share ``probability`` has left: the median unless told.

    The interval inverts the curve's own (Brookmeyer & Crowley 1982). Where the curve runs
    exactly at the quantile, the middle of that stretch is taken, as in R's survival; when
    it never falls further, the beginning of the stretch.

    Examples
    --------
    >>> curve = Curve(endpoint="week", measure="survival", arm="a", times=np.arange(4),
    ...     values=np.array([1.0, 0.5, 0.5, 0.2]), at_risk=np.array([4, 4, 2, 2]))
    >>> survival_quantile(curve).weeks
    2.0
    """
    if curve.measure != "survival":
        raise ValueError(f"a quantile needs a survival curve, not {curve.measure!r}")
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
    level = 1 - probability
    steps = (curve.values, curve.conf_low, curve.conf_high)
    return Quantile(*(_first_below(curve.times, values, level) for values in steps))


def _first_below(times: Counts, values: Floats, level: float) -> float:
    known = ~np.isnan(values)
    times, values = times[known], values[known]
    reached = np.flatnonzero(values < level + TOLERANCE)
    if not len(reached):
        return math.nan
    first = reached[0]
    lower = np.flatnonzero(values < level - TOLERANCE)
    on_it = abs(values[first] - level) < TOLERANCE and len(lower) > 0
    return float((times[first] + times[lower[0]]) / 2 if on_it else times[first])
