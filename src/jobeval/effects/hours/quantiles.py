"""The effect on quantiles: the difference between the arms' distributions at a height."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.effects.itt.analysed import read_analysed, require_both_arms
from jobeval.effects.itt.itt import columns_needed
from jobeval.effects.itt.options import validate_options
from jobeval.plan.lottery import Lottery
from jobeval.registers.frames import read_columns
from jobeval.results import EffectTable, Estimate, Interval

Floats = NDArray[np.float64]
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
SAME = 1e-10
"""Shares closer than this are equal: sums of weights are exact to rounding only."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """A weighted distribution: distinct values, rising, and the shares at or below them."""

    values: Floats
    cumulative: Floats

    def quantile(self, share: float) -> float:
        """The smallest value that ``share`` do not exceed; the midpoint of a flat stretch.

        >>> distribution = measure_distribution(np.array([4.0, 1, 2, 2]), np.full(4, 0.25))
        >>> distribution.quantile(0.5), distribution.quantile(0.75)
        (2.0, 3.0)
        """
        first = int(np.searchsorted(self.cumulative, share - SAME))
        flat = abs(self.cumulative[first] - share) <= SAME and first + 1 < len(self.values)
        return float(self.values[first : first + 1 + flat].mean())

    def accepted(self, low: float, high: float) -> Interval:
        """The values at which the share at or below may lie between ``low`` and ``high``."""
        first = int(np.searchsorted(self.cumulative, low - SAME))
        last = int(np.searchsorted(self.cumulative, high + SAME, side="right"))
        return Interval(
            -math.inf if low <= 0 else float(self.values[first]),
            math.inf if last == len(self.values) else float(self.values[last]),
        )


class ArmQuantile(NamedTuple):
    """A quantile of one arm, and how well the share at or below it is known."""

    distribution: Distribution
    share: float
    value: float
    std_error: float
    df: float

    def interval(self, level: float) -> Interval:
        """By inversion of the test that the share at or below a value is ``share``."""
        from scipy.special import ndtri, stdtrit

        tail = 0.5 + level / 2
        t = float(ndtri(tail) if math.isinf(self.df) else stdtrit(self.df, tail))
        half = t * self.std_error
        return self.distribution.accepted(self.share - half, self.share + half)


def estimate_quantile_effects(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    quantiles: Sequence[float] = QUANTILES,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """Estimate the effect on quantiles of the outcome over everyone drawn.

    It compares the arms' distributions at one height, and is no effect on a person there.

    Parameters
    ----------
    frame, outcome, lottery, weights, conf_level
        As for ``estimate_itt``. Under strata and probabilities that vary, the distributions
        are weighted so that each arm stands for everyone drawn (Firpo 2007).
    quantiles
        Between 0 and 1.

    Returns
    -------
    EffectTable
        ``part`` is ``"quantile=0.5"`` and so on; ``mean_treatment`` and ``mean_control``
        hold the two quantiles. ``inference`` is ``"Woodruff"``: there is no normal error, and
        ``std_error`` is the interval's width over twice the t quantile. Where both quantiles
        are one value (such as 0, where many have no hours), the p-value is ``nan`` and a note
        says why; the interval has no width where chance cannot move either quantile off it.

    Raises
    ------
    DataError, DesignError, ValueError
        As ``estimate_itt``.

    Notes
    -----
    In each arm the interval holds the values at which the weighted share at or below does
    not differ from the quantile's height, by the error that the lottery gives to that share
    (Woodruff 1952; Francisco & Fuller 1991): order statistics, so zeros and ties do no harm.
    The two are put together by variance recovery (Zou & Donner 2008). The p-value is the
    smallest level whose interval leaves out 0. No random numbers are used.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ct") * 20, "hours": [i // 3 for i in range(40)]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_quantile_effects(frame, "hours", lottery, quantiles=[0.5])[0]
    >>> effect.part, effect.mean_control, effect.mean_treatment
    ('quantile=0.5', 6.0, 6.5)
    """
    options = validate_options(outcome, lottery, (), "none", None, conf_level, weights=weights)
    heights = _checked(quantiles)
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    data = read_analysed(columns, outcome, lottery, options)
    require_both_arms(data)
    arms = ArmOutcomes(data, outcome, lottery, options)
    distributions = _distributions(arms)
    return EffectTable(tuple(_estimate(arms, distributions, height) for height in heights))


def measure_distribution(values: Floats, weights: Floats) -> Distribution:
    """The weighted distribution of ``values``, shape ``(m,)``; the weights sum to 1."""
    distinct, place = np.unique(values, return_inverse=True)
    return Distribution(distinct, np.cumsum(np.bincount(place, weights)).astype(float))


def difference_interval(control: ArmQuantile, treatment: ArmQuantile, level: float) -> Interval:
    """The interval of a difference from those of its parts (Zou & Donner 2008, eq. 4)."""
    difference = treatment.value - control.value
    own, other = treatment.interval(level), control.interval(level)
    return Interval(
        difference - math.hypot(treatment.value - own.low, other.high - control.value),
        difference + math.hypot(own.high - treatment.value, control.value - other.low),
    )


def _checked(quantiles: Sequence[float]) -> tuple[float, ...]:
    heights = tuple(float(height) for height in quantiles)
    if not heights or any(not 0 < height < 1 for height in heights):
        raise ValueError(f"quantiles lie between 0 and 1, not {tuple(quantiles)!r}")
    if len(set(heights)) < len(heights):
        raise ValueError("a quantile is named twice")
    return heights


def _distributions(arms: ArmOutcomes) -> tuple[Distribution, Distribution]:
    weights, assigned = arms.weights, arms.data.assignment.assigned
    control, treatment = (
        measure_distribution(arms.data.outcome[assigned == arm], weights[assigned == arm])
        for arm in (0, 1)
    )
    return control, treatment


def _measure(arms: ArmOutcomes, distribution: Distribution, arm: int, share: float) -> ArmQuantile:
    """The quantile with the error of the share at or below it, as if that were ``share``.

    The error estimated where the distribution stands, ``F``, is carried to the height by
    ``share(1 − share) / F(1 − F)``: in a mass of equal values the two differ much.
    """
    value = distribution.quantile(share)
    mine = arms.data.assignment.assigned == arm
    below = mine & (arms.data.outcome <= value)
    found = float(arms.weights[below].sum())
    if SAME < found < 1 - SAME:
        effect = arms.effect_on(below)
        per_person, df = effect.std_error**2 / (found * (1 - found)), effect.df
    else:
        reference = arms.effect_on(arms.data.outcome)
        per_person, df = float(np.square(_unit_weights(arms, mine)).sum()), reference.df
    error = math.sqrt(per_person * share * (1 - share))
    return ArmQuantile(distribution, share, value, error, df)


def _unit_weights(arms: ArmOutcomes, mine: NDArray[np.bool_]) -> Floats:
    """The weights of the persons of ``mine``, summed over clusters where those were drawn."""
    cluster = arms.data.assignment.cluster
    weights = arms.weights[mine]
    return weights if cluster is None else np.bincount(cluster[mine], weights).astype(float)


def _estimate(
    arms: ArmOutcomes, distributions: tuple[Distribution, Distribution], height: float
) -> Estimate:
    control, treatment = (
        _measure(arms, distribution, arm, height) for arm, distribution in enumerate(distributions)
    )
    effect = arms.with_error_of(
        arms.data.outcome,
        treatment.value - control.value,
        estimator="difference in quantiles",
        estimand="quantile effect",
        part=f"quantile={height:g}",
        mean_treatment=treatment.value,
        mean_control=control.value,
        inference="Woodruff",
    )
    if math.isnan(control.std_error + treatment.std_error + control.df + treatment.df):
        note = "not estimable: the share of an arm at or below its quantile has no error"
        return replace(effect, std_error=math.nan, df=math.nan, notes=(*effect.notes, note))
    interval = difference_interval(control, treatment, arms.options.conf_level)
    width = interval.high - interval.low
    known = math.isfinite(width) and width > 0
    p_value = _p_value(control, treatment) if effect.estimate else math.nan
    return replace(
        effect,
        std_error=width / _spread(arms, control, treatment) if known else math.nan,
        df=min(control.df, treatment.df),
        given_interval=interval,
        given_p_value=p_value,
        notes=(*effect.notes, *_notes(effect, interval)),
    )


def _spread(arms: ArmOutcomes, control: ArmQuantile, treatment: ArmQuantile) -> float:
    from scipy.special import stdtrit

    return float(2 * stdtrit(min(control.df, treatment.df), 0.5 + arms.options.conf_level / 2))


def _p_value(control: ArmQuantile, treatment: ArmQuantile) -> float:
    """One minus the highest level whose interval leaves out 0, by bisection; they are nested."""

    def leaves_out(level: float) -> bool:
        low, high = difference_interval(control, treatment, level)
        return low > 0 or high < 0

    if not leaves_out(0.0):
        return 1.0
    out, within = 0.0, 1.0
    for _ in range(60):
        middle = (out + within) / 2
        out, within = (middle, within) if leaves_out(middle) else (out, middle)
    return 1 - out


def _notes(effect: Estimate, interval: Interval) -> Iterator[str]:
    if effect.estimate == 0:
        yield (
            "both quantiles are one value, among equal outcomes: no p-value, and nothing is told "
            "of the effect at other heights"
        )
    if interval.low == interval.high:
        yield "the interval has no width: chance does not reach the edge of the equal outcomes"
    if math.isinf(interval.low) or math.isinf(interval.high):
        yield "too few persons lie beyond the quantile to close the interval"
