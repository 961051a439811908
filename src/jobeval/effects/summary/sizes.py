"""Hedges' g: the effect in standard deviations of persons, without small-sample bias."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from jobeval.effects.itt.analysed import read_analysed, require_comparable
from jobeval.effects.itt.itt import columns_needed, count_sides
from jobeval.effects.itt.options import IttOptions, validate_options
from jobeval.errors import DesignError
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.regression.blocked import blocked_difference
from jobeval.regression.difference import CellMoments, measure_cells
from jobeval.results import Estimate, Interval


class StandardisedEffect(NamedTuple):
    """Hedges' g, its standard error, and the interval and p-value by the noncentral t."""

    estimate: float
    std_error: float
    interval: Interval
    p_value: float


def small_sample_factor(df: float) -> float:
    """``J = Γ(m/2) / (√(m/2) Γ((m−1)/2))``, exactly (Hedges 1981, eq. 6e).

    >>> round(small_sample_factor(98), 4)
    0.9923
    """
    from scipy.special import gammaln

    return math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(
    difference: float, sd: float, n_treatment: int, n_control: int, conf_level: float = 0.95
) -> StandardisedEffect:
    """Hedges' g of two independent samples.

    Parameters
    ----------
    difference
        Mean of treatment minus mean of control.
    sd
        The standard deviation pooled over both samples, on ``n₁ + n₀ − 2`` degrees of freedom.
    conf_level
        Level of the interval.

    Returns
    -------
    StandardisedEffect
        ``g = J·d``; variance ``J²(1/n₁ + 1/n₀ + d²/2(n₁+n₀))`` (Hedges & Olkin 1985;
        Borenstein et al. 2009, eq. 4.20 and 4.24). The interval holds the population effects
        under which the observed t is no outlier of the noncentral t (Steiger & Fouladi 1997),
        the p-value is that of the t test.

    Examples
    --------
    >>> sd = math.sqrt((49 * 5.5**2 + 49 * 4.5**2) / 98)  # Borenstein et al. 2009, p. 27
    >>> found = hedges_g(103 - 100, sd, 50, 50)
    >>> round(found.estimate, 4), round(found.std_error**2, 4)
    (0.5924, 0.0411)
    """
    from scipy.special import stdtr

    _require_samples(difference, sd, n_treatment, n_control, conf_level)
    df, root = n_treatment + n_control - 2, math.sqrt(1 / n_treatment + 1 / n_control)
    factor, d = small_sample_factor(df), difference / sd
    variance = root**2 + d**2 / (2 * (n_treatment + n_control))
    t = d / root
    low, high = noncentral_interval(t, df, conf_level)
    return StandardisedEffect(
        factor * d,
        factor * math.sqrt(variance),
        Interval(low * root, high * root),
        float(2 * stdtr(df, -abs(t))),
    )


def _require_samples(
    difference: float, sd: float, n_treatment: int, n_control: int, conf_level: float
) -> None:
    if not (math.isfinite(difference) and 0 < sd < math.inf):
        raise ValueError("difference must be finite, and sd finite and above zero")
    if min(n_treatment, n_control) < 1 or n_treatment + n_control < 4:
        raise ValueError("g needs a person in each arm, and four in all")
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level!r}")


def noncentral_interval(t: float, df: float, conf_level: float) -> Interval:
    """The noncentrality parameters under which ``t`` lies within the central ``conf_level``.

    >>> low, high = noncentral_interval(2.5, 38, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.4464, 4.5232)
    """
    from scipy.optimize import brentq
    from scipy.special import nctdtr

    spread = math.sqrt(1 + t**2 / (2 * df))

    def bound(probability: float, side: int) -> float:
        def excess(shift: float) -> float:
            return float(nctdtr(df, shift, t)) - probability

        near = far = t  # in small steps, because scipy answers nan for some shifts far away
        while side * excess(near) < 0:
            near -= side * spread
        while side * excess(far) > 0:
            far += side * spread
        root: Any = brentq(excess, min(near, far), max(near, far), xtol=1e-12)
        return float(root)

    tail = (1 - conf_level) / 2
    return Interval(bound(1 - tail, -1), bound(tail, 1))


def estimate_standardised_effect(
    frame: Any, outcome: str, lottery: Lottery, *, conf_level: float = 0.95
) -> Estimate:
    """Estimate the effect on one outcome in standard deviations of persons (Hedges' g).

    Parameters
    ----------
    frame, outcome, lottery, conf_level
        As for ``estimate_itt``. Drawn clusters, and probabilities that vary within strata, are
        refused.

    Returns
    -------
    Estimate
        In ``"SD"``. Without strata the interval and the p-value are those of the noncentral t
        (``hedges_g``). Under strata the blocked difference is divided by the deviation of
        persons within the arms, between strata included, and the interval is t with
        ``N − 2S`` degrees of freedom around the delta-method error.

    Raises
    ------
    DataError, DesignError
        As ``estimate_itt``, and for lotteries that are refused.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> round(estimate_standardised_effect(frame, "hours", lottery).estimate, 3)
    2.197
    """
    options = validate_options(outcome, lottery, (), "none", None, conf_level)
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    data = read_analysed(columns, outcome, lottery, options)
    drawn = data.assignment
    if drawn.cluster is not None or drawn.probability_varies:
        raise DesignError(
            "the lottery drew clusters or with varying probabilities, for which g has no "
            "interval here. Mend: estimate_index on this one outcome gives the effect in "
            "standard deviations of the control arm under any lottery."
        )
    require_comparable(data, options)
    cells = measure_cells(data.outcome, drawn.assigned, drawn.stratum, drawn.n_strata)
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        contrast=lottery.contrast,
        unit="SD",
        **count_sides(data.outcome, drawn.assigned),
        conf_level=conf_level,
        **_fields(cells, data.notes, options),
    )


def _fields(cells: CellMoments, notes: tuple[str, ...], options: IttOptions) -> dict[str, Any]:
    """The numbers of the estimate, by the names of its fields."""
    sd = pooled_deviation(cells)
    name = "Hedges g" if len(cells.n) == 1 else "blocked Hedges g"
    if not sd > 0:
        note = "not estimable: the outcome does not vary within the arms"
        empty = {"estimate": math.nan, "std_error": math.nan}
        return {**empty, "estimator": name, "notes": (*notes, note)}
    found = blocked_difference(cells)
    if len(cells.n) == 1:
        n_control, n_treatment = (int(n) for n in cells.n[0])
        g = hedges_g(float(found.estimate), sd, n_treatment, n_control, options.conf_level)
        return {
            "estimate": g.estimate, "std_error": g.std_error, "estimator": name,
            "inference": "noncentral t", "given_p_value": g.p_value,
            "given_interval": g.interval, "notes": notes,
        }  # fmt: skip
    persons = float(cells.n.sum())
    factor, d = small_sample_factor(persons - 2), float(found.estimate) / sd
    error = math.sqrt((float(found.std_error) / sd) ** 2 + d**2 / (2 * persons))
    return {
        "estimate": factor * d, "std_error": factor * error, "estimator": name,
        "df": float(found.df), "notes": notes,
    }  # fmt: skip


def pooled_deviation(cells: CellMoments) -> float:
    """The standard deviation of persons within the arms, as if every arm were everyone drawn.

    The strata of each arm are weighted by their shares of everyone; with one stratum this is
    the pooled deviation on ``n₁ + n₀ − 2`` degrees of freedom.

    Parameters
    ----------
    cells
        Shape ``(S, 2)``.
    """
    if len(cells.n) == 1:
        squares = ((cells.n - 1) * cells.variance).sum()
        return math.sqrt(squares / (cells.n.sum() - 2))
    share = (cells.n.sum(axis=1) / cells.n.sum())[:, None]
    centre = (share * cells.mean).sum(axis=0)
    arms = (share * (cells.variance + np.square(cells.mean - centre))).sum(axis=0)
    return math.sqrt(float(cells.n.sum(axis=0) @ arms / cells.n.sum()))
