"""A path of effects as curves with pointwise intervals and simultaneous bands, and tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.weekly.fading import (
    EffectPath,
    accumulate_effects,
    any_effect_test,
    fading_test,
    weeks_from_draw,
)
from jobeval.effects.weekly.periods import Period, Periods
from jobeval.effects.weekly.weekly_effects import WeeklyEffects
from jobeval.inference.bands import LargestNormal, critical_quantiles, largest_normal
from jobeval.results import Curve, CurveTable

Floats = NDArray[np.float64]
ACCUMULATED_UNITS = {"share": "weeks", "hours_per_week": "hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOptions:
    """What a path shall show.

    Attributes
    ----------
    period
        ``"week"``, ``"month"`` or week → number of a period (``read_periods``).
    accumulate
        Whether the accumulated effect is wanted beside the effect.
    fading_weeks
        Length of the periods that ``fading_test`` compares; ``None`` for a third.
    endpoint, unit
        What the curves carry; the measure is ``"share"`` where that is the unit, else
        ``"mean"``.
    seed
        Of the simulation behind the bands.
    """

    period: Period = "week"
    accumulate: bool = False
    fading_weeks: int | None = None
    endpoint: str = "outcome"
    unit: str = ""
    seed: int = 0


def draw_path(
    found: WeeklyEffects,
    periods: Periods,
    shown: PathOptions,
    *,
    arms: tuple[str, str],
    conf_level: float,
    notes: tuple[str, ...],
) -> CurveTable:
    """Control, treatment, the effect, and where asked for the accumulated effect.

    A week without a value from week 0 on ends them all; notes on that follow ``notes``.
    """
    kept, said = _weeks_with_value(periods.weeks, found)
    found = _without(found, ~kept)
    path = EffectPath(
        found.values[2], found.std_error[2], found.df[2], found.covariance,
        periods.weeks, periods.lengths,
    )  # fmt: skip
    curve = Curve(
        endpoint=shown.endpoint,
        measure="share" if shown.unit == "share" else "mean",
        arm=f"{arms[1]} - {arms[0]}",
        times=periods.weeks,
        values=path.values,
        at_risk=found.at_risk[2],
        events=found.events[2],
        unit=shown.unit,
        conf_level=conf_level,
        notes=(*notes, *said),
    )
    largest = _largest(path, shown.seed)
    curves = [_draw_arm(curve, arm, row, found) for row, arm in enumerate(arms)]
    curves.append(_draw_effect(curve, path, largest))
    if shown.accumulate:
        total, unit = accumulate_effects(path), ACCUMULATED_UNITS.get(shown.unit, shown.unit)
        summed = replace(curve, measure="accumulated", unit=unit)
        curves.append(_draw_effect(summed, total, _largest(total, shown.seed)))
    tests = (
        any_effect_test(path, largest, shown.endpoint),
        fading_test(path, shown.endpoint, shown.fading_weeks),
    )
    return CurveTable(tuple(curves), tests)


def _weeks_with_value(
    weeks: NDArray[np.int64], found: WeeklyEffects
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """The weeks that keep their value, shape ``(T,)``, and notes on the others."""
    missing = np.isnan(found.values).any(axis=0)
    after = np.logical_or.accumulate(missing & (weeks >= 0))
    notes: list[str] = []
    if (missing & (weeks < 0)).any():
        notes.append(f"no value in {int((missing & (weeks < 0)).sum())} weeks before week 0")
    if after.any():
        notes.append(f"no value from week {weeks[after][0]} on: too few are observed to compare")
    blank = ~missing & ~after & np.isnan(found.std_error)
    if blank[2].any():
        notes.append("no interval in weeks in which the outcome does not vary within the arms")
    if (blank[:2].any(axis=0) & ~blank[2]).any():
        notes.append("no interval for an arm in weeks in which nothing tells its variation")
    return ~(missing | after), tuple(notes)


def _without(found: WeeklyEffects, gone: NDArray[np.bool_]) -> WeeklyEffects:
    values, error, df = (
        np.where(gone, np.nan, part) for part in (found.values, found.std_error, found.df)
    )
    covariance = np.where(gone[:, None] | gone, np.nan, found.covariance)
    return replace(found, values=values, std_error=error, df=df, covariance=covariance)


def _draw_arm(curve: Curve, arm: str, row: int, found: WeeklyEffects) -> Curve:
    own = replace(curve, arm=arm, at_risk=found.at_risk[row], events=found.events[row])
    return _with_intervals(own, found.values[row], found.std_error[row], found.df[row])


def _with_intervals(curve: Curve, values: Floats, error: Floats, df: Floats) -> Curve:
    from scipy.special import ndtri, stdtrit

    upper = 0.5 + curve.conf_level / 2
    half = np.where(np.isinf(df), ndtri(upper), stdtrit(df, upper)) * error
    low, high = values - half, values + half
    return replace(curve, values=values, std_error=error, conf_low=low, conf_high=high)


def _draw_effect(curve: Curve, path: EffectPath, largest: LargestNormal) -> Curve:
    """The pointwise intervals, and the band over the weeks from week 0 on."""
    critical = critical_quantiles(largest.critical_value(curve.conf_level), path.df)
    half = np.where(weeks_from_draw(path), critical * path.std_error, np.nan)
    drawn = _with_intervals(curve, path.values, path.std_error, path.df)
    return replace(drawn, band_low=path.values - half, band_high=path.values + half)


def _largest(path: EffectPath, seed: int) -> LargestNormal:
    tested = weeks_from_draw(path)
    return largest_normal(path.covariance[np.ix_(tested, tested)], seed=seed)
