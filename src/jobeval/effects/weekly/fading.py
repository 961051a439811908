"""What a path says as a whole: accumulated effects, any effect at all, and fading."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.bands import LargestNormal, largest_statistic
from jobeval.results import HypothesisTest

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class EffectPath(NamedTuple):
    """Effects of ``T`` weeks (or periods of ``lengths`` weeks) with their covariance.

    ``values``, ``std_error``, ``df``: shape ``(T,)``; ``covariance``: shape ``(T, T)``, 0 in
    weeks without variation; ``weeks`` and ``lengths``: shape ``(T,)``.
    """

    values: Floats
    std_error: Floats
    df: Floats
    covariance: Floats
    weeks: Integers
    lengths: Integers


def accumulate_effects(path: EffectPath) -> EffectPath:
    """The sum of the effects from week 0 to each week, in weeks times the outcome's unit.

    Its variance adds up all variances and covariances on the way; its degrees of freedom
    are the fewest on the way. It ends before the first week without a value, and is ``nan``
    before week 0.

    Examples
    --------
    >>> weeks, ones = np.arange(2), np.ones(2)
    >>> path = EffectPath(np.array([1.0, 2]), ones, 9 * ones, np.array([[1.0, 0.5], [0.5, 1]]),
    ...     weeks, np.ones(2, dtype=np.int64))
    >>> total = accumulate_effects(path)
    >>> total.values.tolist(), np.square(total.std_error).round(9).tolist()
    ([1.0, 3.0], [1.0, 3.0])
    """
    after = path.weeks >= 0
    weight = np.where(after, path.lengths, 0)
    values = np.cumsum(np.where(after, path.lengths * path.values, 0))
    products = np.where(np.outer(after, after), np.outer(weight, weight) * path.covariance, 0)
    covariance = np.cumsum(np.cumsum(products, axis=0), axis=1)
    outside = np.isnan(values) | ~after
    values[outside] = covariance[outside] = covariance[:, outside] = np.nan
    error = np.sqrt(np.diag(covariance))
    df = np.fmin.accumulate(np.where(after & (path.std_error > 0), path.df, np.inf))
    return EffectPath(
        values, np.where(error > 0, error, np.nan), df, covariance, path.weeks, path.lengths
    )


def weeks_from_draw(path: EffectPath) -> NDArray[np.bool_]:
    """The weeks from week 0 on in which the effect has an error, shape ``(T,)``."""
    return (path.weeks >= 0) & (path.std_error > 0)


def any_effect_test(path: EffectPath, largest: LargestNormal, endpoint: str) -> HypothesisTest:
    """Is there an effect in any week from week 0 on?

    The largest ``|t|`` against its distribution when all effects are zero: it rejects when,
    and only when, a sup-t band leaves zero out. ``df`` counts the weeks that were tested.
    """
    tested = weeks_from_draw(path)
    statistic = largest_statistic(path.values[tested] / path.std_error[tested], path.df[tested])
    notes = () if tested.any() else ("not estimable: no week has a standard error",)
    return HypothesisTest(
        name="any effect (sup-t)",
        endpoint=endpoint,
        statistic=statistic,
        df=float(tested.sum()),
        p_value=largest.tail(statistic),
        notes=notes,
    )


def fading_test(path: EffectPath, endpoint: str, weeks: int | None = None) -> HypothesisTest:
    """Has the effect changed from the middle to the end of the path?

    The mean effect in the last ``weeks`` less that in as many weeks before them, with its
    standard error from the full covariance, against t with the fewest degrees of freedom of
    those weeks. Below zero a positive effect fades. A note tells the difference.

    Parameters
    ----------
    weeks
        By default a third of the weeks from week 0 on that have a value, rounded down, so that
        the first third, in which an effect builds up, is left out. Periods are taken whole.

    Examples
    --------
    >>> ones = np.ones(6)
    >>> path = EffectPath(np.array([0.0, 2, 4, 4, 1, 1]), ones, np.inf * ones, np.eye(6),
    ...     np.arange(6), np.ones(6, dtype=np.int64))
    >>> fading_test(path, "hours").notes
    ('mean effect in weeks 4 to 5 less that in weeks 2 to 3: -3 (standard error 1)',)
    """
    known = np.flatnonzero((path.weeks >= 0) & ~np.isnan(path.values))
    spans = _spans(path, known, weeks)
    if spans is None:
        return _no_fading(endpoint, "not estimable: too few weeks for two periods")
    before, last = spans
    weight = np.zeros(len(path.values))
    for places, sign in ((before, -1.0), (last, 1.0)):
        weight[places] = sign * path.lengths[places] / path.lengths[places].sum()
    used = np.concatenate([before, last])
    change = float(weight[used] @ path.values[used])
    variance = float(weight[used] @ path.covariance[np.ix_(used, used)] @ weight[used])
    if not variance > 0:
        return _no_fading(endpoint, "not estimable: the effects do not vary in these weeks")
    error = math.sqrt(variance)
    df = float(np.min(path.df[used], initial=math.inf, where=path.std_error[used] > 0))
    said = " less that in ".join(_said(path, places) for places in (last, before))
    return HypothesisTest(
        name="fading",
        endpoint=endpoint,
        statistic=change / error,
        df=df,
        p_value=_two_sided(change / error, df),
        notes=(f"mean effect in {said}: {change:.4g} (standard error {error:.4g})",),
    )


def _spans(
    path: EffectPath, known: Integers, weeks: int | None
) -> tuple[Integers, Integers] | None:
    """The places of the period before the last, and of the last; ``None`` for too few weeks."""
    ends = np.cumsum(path.lengths[known])
    total = int(ends[-1]) if len(ends) else 0
    length = total // 3 if weeks is None else weeks
    if length < 1 or 2 * length > total:
        return None
    left = total - ends + path.lengths[known]  # weeks from the start of each to the end
    last, before = known[left <= length], known[(left > length) & (left <= 2 * length)]
    return (before, last) if len(last) and len(before) else None


def _said(path: EffectPath, places: Integers) -> str:
    last = path.weeks[places[-1]] + path.lengths[places[-1]] - 1
    return f"weeks {path.weeks[places[0]]} to {last}"


def _two_sided(statistic: float, df: float) -> float:
    from scipy.special import ndtr, stdtr

    size = -abs(statistic)
    return float(2 * (ndtr(size) if math.isinf(df) else stdtr(df, size)))


def _no_fading(endpoint: str, note: str) -> HypothesisTest:
    nan = math.nan
    return HypothesisTest(
        name="fading", endpoint=endpoint, statistic=nan, df=nan, p_value=nan, notes=(note,)
    )
