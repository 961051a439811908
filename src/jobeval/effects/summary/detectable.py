"""What a trial could have found, and what it rules out."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from jobeval.results import Estimate

COLUMNS = (
    "endpoint", "contrast", "subgroup", "part", "scale", "unit", "estimate", "p_value",
    "mean_control", "detectable", "ruled_out_below", "ruled_out_above", "conf_level",
    "detectable_percent", "ruled_out_below_percent", "ruled_out_above_percent",
)  # fmt: skip


def tabulate_detectable_effects(
    effects: Iterable[Estimate], *, power: float = 0.8, alpha: float = 0.05
) -> pd.DataFrame:
    """Beside each effect: the smallest one the trial could find, and those it rules out.

    Parameters
    ----------
    effects
        An ``EffectTable`` or any estimates.
    power, alpha
        Of the two-sided test (``Estimate.detectable_effect``).

    Returns
    -------
    One row an effect. ``detectable`` is in its unit, for a log ratio the ratio above 1.
    Effects below ``ruled_out_below`` and above ``ruled_out_above`` are ruled out: the ends of
    the interval at ``conf_level``, for a log ratio as ratios. The columns ``_percent`` are
    those in per cent of the control arm's mean; of a ratio, per cent more than control.
    ``nan`` where there is no interval, or the mean is zero or unknown.

    Examples
    --------
    >>> effect = Estimate(endpoint="hours", estimand="itt", estimator="difference in means",
    ...     contrast="treatment - control", estimate=0.1, std_error=0.5, mean_control=10.0,
    ...     n_treatment=60, n_control=50)
    >>> row = tabulate_detectable_effects([effect]).iloc[0]
    >>> print(round(row["detectable"], 3), round(row["detectable_percent"], 1))
    1.401 14.0
    >>> print(round(row["ruled_out_below"], 3), round(row["ruled_out_above"], 3))
    -0.88 1.08
    """
    rows = [_row(effect, power, alpha) for effect in effects]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(effect: Estimate, power: float, alpha: float) -> dict[str, object]:
    low, high = effect.confidence_interval()
    found = {
        "detectable": effect.detectable_effect(power, alpha),
        "ruled_out_below": low,
        "ruled_out_above": high,
    }
    if effect.scale == "log_ratio":
        found = {name: math.exp(value) for name, value in found.items()}
    percent = {f"{name}_percent": _percent(value, effect) for name, value in found.items()}
    named = {name: getattr(effect, name) for name in COLUMNS if name not in {*found, *percent}}
    return {**named, **found, **percent}


def _percent(value: float, effect: Estimate) -> float:
    if effect.scale == "log_ratio":
        return 100 * (value - 1)
    return 100 * value / effect.mean_control if effect.mean_control > 0 else math.nan


def detectable_multiplier(
    df: float = math.inf, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Standard errors that an effect must measure to be found with ``power`` (Bloom 1995).

    ``t(1 − alpha/2) + t(power)`` with ``df`` degrees of freedom, two-sided.

    >>> round(detectable_multiplier(), 4)
    2.8016
    """
    if not 0 < alpha < power < 1:
        raise ValueError("alpha and power must lie between 0 and 1, alpha below power")
    if not df > 0:
        raise ValueError("no degrees of freedom are left: draw more persons or clusters")
    levels = np.array([1 - alpha / 2, power])
    return float((ndtri(levels) if math.isinf(df) else stdtrit(df, levels)).sum())


def detectable_effect(
    n_treatment: int,
    n_control: int,
    sd: float = 1.0,
    *,
    explained: float = 0.0,
    n_covariates: int = 0,
    n_strata: int = 1,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """The smallest effect that a trial of persons will find, before it is run.

    ``M·sd·√((1 − R²)(1/n₁ + 1/n₀))`` (Bloom 1995; Dong & Maynard 2013, individual random
    assignment), ``M`` with ``n₁ + n₀ − 2S − covariates`` degrees of freedom.

    Parameters
    ----------
    n_treatment, n_control
        Persons with an outcome; the strata share one allocation.
    sd
        Standard deviation of the outcome within the arms; the answer is in its unit.
    explained
        ``R²``: the share of the variance that strata and covariates explain.
    n_covariates, n_strata
        What they cost in degrees of freedom.

    Examples
    --------
    >>> round(detectable_effect(1204, 1204, sd=11.0, explained=0.2), 3)
    1.124
    """
    _require_share(explained, "explained")
    if not (n_treatment > 0 and n_control > 0 and sd > 0):
        raise ValueError("n_treatment, n_control and sd must be above zero")
    if n_strata < 1 or n_covariates < 0:
        raise ValueError("n_strata must be at least 1 and n_covariates at least 0")
    df = n_treatment + n_control - 2 * n_strata - n_covariates
    error = sd * math.sqrt((1 - explained) * (1 / n_treatment + 1 / n_control))
    return detectable_multiplier(df, power=power, alpha=alpha) * error


def detectable_effect_clusters(
    clusters_treatment: int,
    clusters_control: int,
    cluster_size: float,
    icc: float,
    sd: float = 1.0,
    *,
    explained_between: float = 0.0,
    explained_within: float = 0.0,
    n_covariates: int = 0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """The smallest effect that a trial of clusters will find, before it is run.

    ``M·sd·√((1/J₁ + 1/J₀)(ρ(1 − R₂²) + (1 − ρ)(1 − R₁²)/n))`` with ``J − 2 − covariates``
    degrees of freedom (Bloom 1995; Dong & Maynard 2013, eq. 7).

    Parameters
    ----------
    clusters_treatment, clusters_control
        Clusters drawn to each arm.
    cluster_size
        Persons a cluster; of unequal clusters the harmonic mean.
    icc
        Share of the variance that lies between clusters.
    sd
        Standard deviation of the outcome within the arms; the answer is in its unit.
    explained_between, explained_within
        Share of the variance between and within clusters that covariates explain.
    n_covariates
        Covariates of clusters.

    Examples
    --------
    >>> round(detectable_effect_clusters(20, 20, 20, icc=0.2), 7)
    0.4454825
    """
    shares = {
        "icc": icc, "explained_between": explained_between, "explained_within": explained_within
    }  # fmt: skip
    for name, share in shares.items():
        _require_share(share, name)
    if not (clusters_treatment > 0 and clusters_control > 0 and cluster_size > 0 and sd > 0):
        raise ValueError("numbers of clusters, cluster_size and sd must be above zero")
    df = clusters_treatment + clusters_control - 2 - n_covariates
    between = icc * (1 - explained_between)
    within = (1 - icc) * (1 - explained_within) / cluster_size
    error = sd * math.sqrt((1 / clusters_treatment + 1 / clusters_control) * (between + within))
    return detectable_multiplier(df, power=power, alpha=alpha) * error


def _require_share(value: float, name: str) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} is a share from 0 to below 1, not {value!r}")
