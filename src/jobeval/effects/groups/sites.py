"""Effects of sites: never a raw ranking, but what chance leaves of their differences."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.groups.site_effects import add_sizes, known_effects, read_site_effects
from jobeval.errors import did_you_mean
from jobeval.plan.lottery import Lottery
from jobeval.regression.random_effects import (
    RandomEffects,
    TauMethod,
    fit_random_effects,
    profile_tau_squared,
    shrink_effects,
)
from jobeval.results import EffectTable, Estimate, HypothesisTest, Interval, html_table

Floats = NDArray[np.float64]
_NAMES = {"reml": "REML", "paule-mandel": "Paule and Mandel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEffects:
    """The effects of the sites. Show ``shrunken``; a ranking of ``raw`` ranks noise.

    Attributes
    ----------
    raw
        One estimate a site, ``subgroup`` as ``"column=site"``, in alphabetical order.
    shrunken
        The same sites, ``estimator`` ``"empirical Bayes"``.
    pooled
        The mean effect over places like these, ``part`` ``"pooled"``; error by Hartung,
        Knapp, Sidik and Jonkman, t with ``k − 1`` degrees of freedom.
    prediction
        The interval for the true effect in one more such place, ``part`` ``"prediction"``:
        ``μ ± t(k − 2) √(τ² + var(μ))`` (Higgins, Thompson & Spiegelhalter 2009). No p-value.
    heterogeneity
        Cochran's Q with its degrees of freedom and p-value.
    tau_squared, tau_squared_interval
        Variance of the true effects between sites, and its Q-profile interval (Viechtbauer
        2007), ``nan`` where the sites are more alike than chance allows.
    i_squared
        Share of the variation that is not sampling error, ``max(0, 1 − df / Q)``.
    method
        How ``tau_squared`` was found.
    """

    raw: EffectTable
    shrunken: EffectTable
    pooled: Estimate
    prediction: Estimate
    heterogeneity: HypothesisTest
    tau_squared: float
    tau_squared_interval: Interval
    i_squared: float
    method: TauMethod

    @property
    def tau(self) -> float:
        """Standard deviation of the true effects between sites, in the outcome's unit."""
        return math.sqrt(self.tau_squared)

    def _repr_html_(self) -> str:
        shown = (*self.shrunken, self.pooled, self.prediction)
        return html_table(EffectTable(shown).to_frame()[list(EffectTable.SHOWN)])


def estimate_sites(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    site: str,
    *,
    method: TauMethod = "reml",
    conf_level: float = 0.95,
) -> SiteEffects:
    """Estimate the effect in each site, shrink the sites' effects, and pool them.

    Within a site the effect is the (blocked) difference in means over the lottery's strata
    there. A site in which it cannot be estimated is ``nan`` with a note and takes no part in
    the rest.

    Parameters
    ----------
    site
        Column of the site, without missing values.
    method
        ``"reml"`` or ``"paule-mandel"``, as for ``fit_random_effects``.
    frame, outcome, lottery, conf_level
        As for ``estimate_itt``.

    Raises
    ------
    DesignError
        When clusters span sites, whose effects then are not independent.
    DataError, ValueError
        As ``estimate_subgroups``.

    Notes
    -----
    The shrunken effects' errors account for the uncertainty in the mean and, to the first
    order, in ``τ²`` (``shrink_effects``). With few sites whose effects differ less than their
    errors, ``τ²`` is often estimated as 0; there these intervals and the prediction interval
    are too short (Partlett & Riley 2017; in simulation with 12 sites about 0.88). The mean is
    over places, not over persons: ``estimate_itt`` answers for the persons drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5],
    ...     "site": ["north"] * 4 + ["south"] * 4})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> found = estimate_sites(frame, "hours", lottery, "site")
    >>> [effect.estimate for effect in found.raw], found.tau_squared
    ([4.0, 5.0], 0.0)
    """
    _validate_method(method)
    raw = read_site_effects(frame, outcome, lottery, site, conf_level)
    return summarise_sites(raw, outcome, lottery, method, conf_level)


def summarise_sites(
    raw: EffectTable, outcome: str, lottery: Lottery, method: TauMethod, conf_level: float
) -> SiteEffects:
    """Random effects over the sites' raw effects; ``nan`` with fewer than two of them."""
    known, estimates, errors = known_effects(raw)
    found = profile = None
    shrunken = np.full((len(raw), 2), np.nan)
    if len(estimates) > 1:
        found = fit_random_effects(estimates, errors, method=method)
        profile = profile_tau_squared(estimates, errors, conf_level)
        shrunken[known] = np.column_stack(shrink_effects(estimates, errors, found))
    empty = _empty(raw, known, outcome, lottery, method, conf_level)
    q = math.nan if found is None else found.q
    return SiteEffects(
        raw=raw,
        shrunken=_shrunken_table(raw, shrunken, found, method),
        pooled=_pooled(empty, found),
        prediction=_prediction(empty, found),
        heterogeneity=_heterogeneity(outcome, found),
        tau_squared=math.nan if found is None else found.tau_squared,
        tau_squared_interval=Interval(*(profile or (math.nan, math.nan))),
        i_squared=max(0.0, 1 - (len(estimates) - 1) / q) if q > 0 else math.nan,
        method=method,
    )


def _validate_method(method: str) -> None:
    if method not in get_args(TauMethod):
        hint = did_you_mean(str(method), get_args(TauMethod))
        raise ValueError(f"method {method!r} is unknown; {hint}")


def _empty(
    raw: EffectTable,
    known: NDArray[np.bool_],
    outcome: str,
    lottery: Lottery,
    method: TauMethod,
    conf_level: float,
) -> Estimate:
    """What pooled effect and prediction have in common, not yet estimated."""
    used = [effect for effect, stays in zip(raw, known, strict=True) if stays]
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        estimator=f"random effects ({_NAMES[method]})",
        contrast=lottery.contrast,
        estimate=math.nan,
        std_error=math.nan,
        df=math.nan,
        **add_sizes(used),
        conf_level=conf_level,
        notes=(f"over {len(used)} of {len(raw)} sites",),
    )


def _pooled(empty: Estimate, found: RandomEffects | None) -> Estimate:
    if found is None:
        note = "not estimable: fewer than two sites have an estimate"
        return replace(empty, part="pooled", notes=(*empty.notes, note))
    narrow = found.scaled_error[0] < found.std_error[0]
    note = "the sites are more alike than chance makes them, so that the interval is narrow"
    return replace(
        empty,
        part="pooled",
        estimate=float(found.coef[0]),
        std_error=float(found.scaled_error[0]),
        df=float(found.df),
        notes=(*empty.notes, *((note,) if narrow else ())),
    )


def _prediction(empty: Estimate, found: RandomEffects | None) -> Estimate:
    """Its bounds are no test of anything, so there is no p-value."""
    named = replace(empty, part="prediction", inference="prediction")
    if found is None or found.df < 2:
        note = "not estimable: fewer than three sites have an estimate"
        return replace(named, notes=(*empty.notes, note))
    from scipy.special import stdtrit

    df = float(found.df - 1)
    error = math.hypot(math.sqrt(found.tau_squared), found.std_error[0])
    half = float(stdtrit(df, 0.5 + empty.conf_level / 2)) * error
    mean = float(found.coef[0])
    given = Interval(mean - half, mean + half)
    return replace(named, estimate=mean, std_error=error, df=df, given_interval=given)


def _heterogeneity(outcome: str, found: RandomEffects | None) -> HypothesisTest:
    from scipy.special import chdtrc

    notes = () if found else ("fewer than two sites have an estimate",)
    return HypothesisTest(
        name="Cochran's Q",
        endpoint=outcome,
        statistic=found.q if found else math.nan,
        df=float(found.df) if found else 0.0,
        p_value=float(chdtrc(found.df, found.q)) if found else math.nan,
        notes=notes,
    )


def _shrunken_table(
    raw: EffectTable, shrunken: Floats, found: RandomEffects | None, method: TauMethod
) -> EffectTable:
    tau_squared = math.nan if found is None else found.tau_squared
    note = f"between-site variance by {_NAMES[method]}: {tau_squared:.4g}"
    return EffectTable(
        tuple(
            _shrunken(effect, float(value), float(error), note)
            for effect, (value, error) in zip(raw, shrunken, strict=True)
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
