"""Competing exits: how many have left, and where to, by weeks since randomisation."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves import after_end, end_notes, log_log_interval
from jobeval.exits.durations import read_destinations
from jobeval.exits.strata import WeightedStrata, weigh_strata
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDING = 1e-15
"""What running sums leave where a variance is 0; one exit of a million gives 1e-12."""


class Incidence(NamedTuple):
    """Cumulative incidence of each cause and its variance, of the shape of the events."""

    values: Floats
    variance: Floats


def aalen_johansen(at_risk: Counts, events: Counts) -> Incidence:
    """``F_k(t) = Σ_{u ≤ t} S(u−) d_k / n`` with its variance.

    Parameters
    ----------
    at_risk, events
        Shapes ``(…, T)`` and ``(…, T, K)``.

    Returns
    -------
    Incidence
        Aalen & Johansen (1978). With ``h = d / n`` and ``ΔF = F_k(t) − F_k(u)``, the variance
        is ``Σ_{u ≤ t} S(u−)² h_k (1 − h_k) / n + ΔF² d / (n (n − d)) − 2 S(u−) ΔF h_k / n``,
        Greenwood's when there is one cause. ``nan`` from the week on in which nobody is at
        risk although not everybody has left.

    Examples
    --------
    >>> aalen_johansen(np.array([4, 2]), np.array([[1, 0], [1, 1]])).values.tolist()
    [[0.25, 0.0], [0.625, 0.375]]
    """
    n = np.maximum(at_risk, 1)[..., None]
    leavers = events.sum(axis=-1, keepdims=True)
    hazard = events / n
    survival = np.cumprod(1 - leavers / n, axis=-2)
    before = np.concatenate([np.ones_like(survival[..., :1, :]), survival[..., :-1, :]], axis=-2)
    values = np.cumsum(before * hazard, axis=-2)
    variance = _variance(values, before * hazard / n, before**2 * hazard * (1 - hazard) / n,
                         leavers / (n * np.maximum(n - leavers, 1)))  # fmt: skip
    ended = after_end(at_risk, survival[..., 0])[..., None]
    return Incidence(np.where(ended, np.nan, values), np.where(ended, np.nan, variance))


def _variance(incidence: Floats, cross: Floats, own: Floats, every: Floats) -> Floats:
    """``Σ own + ΔF² every − 2 ΔF cross``, with ``ΔF²`` multiplied out into running sums."""

    def total(terms: Floats) -> Floats:
        return np.cumsum(terms, axis=-2)

    squares = incidence**2 * total(every) - 2 * incidence * total(every * incidence)
    squares = squares + total(every * incidence**2)
    crossed = incidence * total(cross) - total(cross * incidence)
    variance = total(own) + squares - 2 * crossed
    return np.where(variance > ROUNDING, variance, 0.0)


def cumulative_incidence(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    conf_level: float = 0.95,
    standardise: bool | None = None,
) -> CurveTable:
    """The share that has left to each destination, by weeks since randomisation.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation to the exit or the end of follow-up.
    destination
        Column of texts: where the person went; missing (``None``, ``nan``) is censored.
    lottery
        The names of the lottery's columns.
    conf_level
        Level of the pointwise intervals, ``F^exp(± z se / (F log F))``.
    standardise
        As in ``survival_curve``: left out, the curves are weighted means over the strata
        exactly when the lottery has strata.

    Returns
    -------
    CurveTable
        For each destination in alphabetical order, control and treatment; none when nobody
        left. Over the destinations, the values of an arm and its survival add up to 1.
        ``events`` are exits to this destination, ``at_risk`` all who have not left.

    Raises
    ------
    DataError
        For missing or broken durations, destinations that are numbers or empty texts, and a
        lottery that cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("ttcccc"), "week": [1, 2, 1, 2, 2, 3],
    ...     "to": ["job", None, "job", "pension", None, "job"]})
    >>> curves = cumulative_incidence(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> curves.one(arm="c", cause="job").values.tolist()
    [0.0, 0.25, 0.25, 0.75]
    """
    durations = read_destinations(frame, duration, destination, lottery)
    strata = weigh_strata(durations, lottery, standardise)
    estimate = aalen_johansen(strata.grid.at_risk, strata.grid.events)
    estimate = Incidence(estimate.values, strata.as_drawn(estimate.variance))
    return CurveTable(
        tuple(
            _curve(duration, strata, arm, cause, estimate, conf_level)
            for cause in range(len(durations.causes))
            for arm in (0, 1)
        )
    )


def _curve(
    endpoint: str,
    strata: WeightedStrata,
    arm: int,
    cause: int,
    estimate: Incidence,
    conf_level: float,
) -> Curve:
    grid = strata.grid
    values = strata.combine(estimate.values[arm, ..., cause])
    std_error = strata.combine_errors(estimate.variance[arm, ..., cause])
    low, high = log_log_interval(values, std_error, conf_level)
    notes = strata.notes() + end_notes(grid.weeks, values, grid.arms[arm], len(strata.weights))
    return Curve(
        endpoint=endpoint,
        measure="cumulative_incidence",
        arm=grid.arms[arm],
        cause=grid.causes[cause],
        times=grid.weeks,
        values=values,
        at_risk=grid.at_risk[arm].sum(axis=0),
        events=grid.events[arm, ..., cause].sum(axis=0),
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        unit="share",
        conf_level=conf_level,
        notes=tuple(notes),
    )
