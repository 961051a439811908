"""Effects site by site: raw, shrunken towards their mean, and a test that they are one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt import columns_needed
from jobeval.effects.options import validate_options
from jobeval.effects.subgroups import estimate_levels
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate, HypothesisTest

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEffects:
    """The effects of the sites. Show ``shrunken``; a ranking of ``raw`` ranks noise.

    Attributes
    ----------
    raw
        One estimate a site, ``subgroup`` as ``"column=site"``, in alphabetical order.
    shrunken
        The same sites, ``estimator`` ``"empirical Bayes"``.
    heterogeneity
        Cochran's Q with its degrees of freedom and p-value.
    pooled, pooled_std_error
        Mean effect under random effects.
    tau_squared
        Variance of the true effects between sites (Paule & Mandel 1982).
    i_squared
        Share of the variation that is not sampling error, ``max(0, 1 − df / Q)``.
    """

    raw: EffectTable
    shrunken: EffectTable
    heterogeneity: HypothesisTest
    pooled: float
    pooled_std_error: float
    tau_squared: float
    i_squared: float


@dataclass(frozen=True, slots=True, eq=False)
class RandomEffects:
    """What ``shrink_effects`` finds; arrays of shape ``(k,)``, ``nan`` where the input is."""

    pooled: float
    pooled_std_error: float
    tau_squared: float
    q: float
    df: int
    shrunken: Floats
    shrunken_std_error: Floats


def estimate_site_effects(
    frame: Any, outcome: str, lottery: Lottery, site: str, *, conf_level: float = 0.95
) -> SiteEffects:
    """Estimate the effect in each site, and shrink them.

    Within a site the effect is the (blocked) difference in means over the lottery's strata
    there. A site in which it cannot be estimated is ``nan`` with a note and takes no part in
    the rest.

    Parameters
    ----------
    site
        Column of the site, without missing values.
    frame, outcome, lottery, conf_level
        As for ``estimate_itt``.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "site": ["north"] * 4 + ["south"] * 4})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> found = estimate_site_effects(frame, "hours", lottery, "site")
    >>> [effect.estimate for effect in found.raw], found.tau_squared
    ([4.0, 5.0], 0.0)
    """
    options = validate_options(outcome, lottery, (), "none", None, conf_level)
    columns = read_columns(frame, (*columns_needed(outcome, lottery, options), site))
    raw = estimate_levels(columns, outcome, lottery, site, options)
    raw = EffectTable(tuple(sorted(raw, key=lambda effect: effect.subgroup)))
    found = shrink_effects(
        np.array([effect.estimate for effect in raw]),
        np.array([effect.std_error for effect in raw]),
    )
    return SiteEffects(
        raw=raw,
        shrunken=_shrunken_table(raw, found),
        heterogeneity=_heterogeneity(outcome, found),
        pooled=found.pooled,
        pooled_std_error=found.pooled_std_error,
        tau_squared=found.tau_squared,
        i_squared=max(0.0, 1 - found.df / found.q) if found.q > 0 else math.nan,
    )


def shrink_effects(estimates: Floats, std_errors: Floats) -> RandomEffects:
    """Random effects by Paule and Mandel, and each effect's empirical-Bayes mean.

    ``τ²`` solves ``Σ (yᵢ − μ)² / (vᵢ + τ²) = k − 1``, or is 0 (Paule & Mandel 1982). With
    ``Bᵢ = vᵢ / (vᵢ + τ²)`` the shrunken effect is ``Bᵢ μ + (1 − Bᵢ) yᵢ`` and its variance
    ``(1 − Bᵢ) vᵢ + Bᵢ² var(μ)``, which takes ``τ²`` as known (Morris 1983).

    Parameters
    ----------
    estimates, std_errors
        Shape ``(k,)``; pairs with a ``nan`` take no part. With fewer than two pairs left
        nothing is shrunken: all is ``nan``.

    Examples
    --------
    >>> found = shrink_effects(np.array([1.0, 5.0]), np.array([1.0, 1.0]))
    >>> round(found.tau_squared, 9), found.q, found.shrunken.round(9).tolist()
    (7.0, 8.0, [1.25, 4.75])
    """
    known = np.isfinite(estimates) & np.isfinite(std_errors)
    y, v = estimates[known], np.square(std_errors[known])
    shrunken, error = np.full((2, len(estimates)), np.nan)
    if len(y) < 2:
        return RandomEffects(
            math.nan, math.nan, math.nan, math.nan, max(len(y) - 1, 0), shrunken, error
        )
    tau_squared = _paule_mandel(y, v)
    pooled, variance, _ = _pool(y, v + tau_squared)
    weight = v / (v + tau_squared)
    shrunken[known] = weight * pooled + (1 - weight) * y
    error[known] = np.sqrt((1 - weight) * v + np.square(weight) * variance)
    q = _pool(y, v)[2]
    return RandomEffects(pooled, math.sqrt(variance), tau_squared, q, len(y) - 1, shrunken, error)


def _pool(y: Floats, v: Floats) -> tuple[float, float, float]:
    """Inverse-variance mean, its variance, and the sum of squared standardised distances."""
    weights = 1 / v
    mean = weights @ y / weights.sum()
    return float(mean), float(1 / weights.sum()), float(weights @ np.square(y - mean))


def _paule_mandel(y: Floats, v: Floats) -> float:
    """Newton from 0: the sum falls and is convex in τ², so the steps never overshoot."""
    tau_squared = 0.0
    for _ in range(200):
        pooled, _, q = _pool(y, v + tau_squared)
        excess = q - (len(y) - 1)
        if excess <= 1e-13 * len(y):
            break
        slope = float(np.square((y - pooled) / (v + tau_squared)).sum())
        tau_squared += excess / slope
    return tau_squared


def _heterogeneity(outcome: str, found: RandomEffects) -> HypothesisTest:
    from scipy.special import chdtrc

    notes = () if found.q >= 0 else ("fewer than two sites have an estimate",)
    return HypothesisTest(
        name="Cochran's Q",
        endpoint=outcome,
        statistic=found.q,
        df=float(found.df),
        p_value=float(chdtrc(found.df, found.q)) if found.q >= 0 else math.nan,
        notes=notes,
    )


def _shrunken_table(raw: EffectTable, found: RandomEffects) -> EffectTable:
    note = f"between-site variance by Paule and Mandel: {found.tau_squared:.4g}"
    return EffectTable(
        tuple(
            _shrunken(effect, float(value), float(error), note)
            for effect, value, error in zip(
                raw, found.shrunken, found.shrunken_std_error, strict=True
            )
        )
    )


def _shrunken(effect: Estimate, value: float, error: float, note: str) -> Estimate:
    if math.isnan(value):
        note = "not estimable: shrinkage needs this and at least one more site's estimate"
    return replace(
        effect,
        estimator="empirical Bayes",
        estimate=value,
        std_error=error,
        df=math.inf,
        notes=(*effect.notes, note),
    )
