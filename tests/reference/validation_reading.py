"""What is called for a number of ``validation/``, and how the number is read from the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import jobeval as je
from jobeval import Curve, CurveTable, EffectTable, Estimate

DATA = Path(__file__).parents[2].parent / "shared" / "data"
Numbers = Mapping[str, float]


class Call(NamedTuple):
    """A function of the front door, what it is given, and how its numbers are read."""

    function: Callable[..., Any]
    data: Callable[[], Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    read: Callable[[Any], Numbers]

    def run(self) -> Numbers:
        return self.read(self.function(self.data(), *self.arguments, **self.options))


def call(function: Any, data: Any, *arguments: Any, read: Any = None, **options: Any) -> Call:
    return Call(function, data, arguments, options, read or READERS[function])


def read_estimate(effect: Estimate) -> Numbers:
    low, high = effect.confidence_interval()
    return {
        "est": effect.estimate,
        "se": effect.std_error,
        "variance": effect.std_error**2,
        "df": effect.df,
        "p": effect.p_value,
        "n": effect.n_treatment + effect.n_control,
        "low": low,
        "high": high,
    }


def read_test(test: Any) -> Numbers:
    return {
        "est": test.estimate,
        "p": test.p_value,
        "p_greater": test.p_value_greater,
        "low": test.conf_low,
        "high": test.conf_high,
        "draws": test.draws if test.exact else np.nan,
    }


def field(name: str, result: Any) -> Numbers:
    return {"value": getattr(result, name)}


def share_of_controls(effect: Estimate) -> Numbers:
    return {"value": effect.take_up.share_control if effect.take_up else np.nan}


def arm_of(treatment: int, table: EffectTable) -> Numbers:
    return read_estimate(table.one(contrast=f"{treatment} - 0"))


def value_at(arm: str, week: int, curves: CurveTable) -> Numbers:
    return {"value": curves[arm].at(week)}


def median_of(arm: str, curves: CurveTable) -> Numbers:
    curve = curves[arm]
    return {"value": float(curve.times[np.flatnonzero(curve.values < 0.5)[0]])}


def area_of(curve: Curve, until: int, unit: float = 1) -> Numbers:
    """Whole times: the area under the steps is the sum of the values."""
    return {"value": float(curve.values[:until].sum()) / unit}


def area_of_arm(arm: str, until: int, unit: float, curves: CurveTable) -> Numbers:
    return area_of(curves[arm], until, unit)


def area_of_cause(arm: str, cause: str, until: int, unit: float, curves: CurveTable) -> Numbers:
    return area_of(curves.one(arm=arm, cause=cause), until, unit)


def hazard_ratio(effect: Estimate) -> Numbers:
    return {"est": effect.ratio, "se": effect.ratio * effect.std_error}


def rejected(adjusted: Any) -> Numbers:
    return {"rejected": int((np.asarray(adjusted) <= 0.05).sum())}


def coefficient(name: str, model: Any) -> Numbers:
    found = model[name]
    return {"est": found.estimate, "se": found.std_error}


def coefficient_ratio(name: str, model: Any) -> Numbers:
    found = model[name]
    return {"est": np.exp(found.estimate), "se": np.exp(found.estimate) * found.std_error}


def curve_points(arm: str, weeks: tuple[int, ...], curves: CurveTable, cause: str = "") -> Numbers:
    """Values, errors and bands of one curve after some weeks, such as ``s6`` and ``se6``."""
    curve = curves.one(arm=arm, cause=cause)
    places = {week: int(np.flatnonzero(curve.times == week)[0]) for week in weeks}
    return {
        f"{name}{week}": float(getattr(curve, field)[place])
        for week, place in places.items()
        for name, field in (("s", "values"), ("se", "std_error"), ("low", "band_low"),
                            ("high", "band_high"))
    }  # fmt: skip


def of_part(part: str, read: Callable[[Any], Numbers], table: EffectTable) -> Numbers:
    return read(table.one(part=part))


def arm_means(scale: float, effect: Estimate) -> Numbers:
    return {"control": effect.mean_control / scale, "treated": effect.mean_treatment / scale}


def ratio(effect: Estimate) -> Numbers:
    return {"value": effect.ratio}


def drawn_test(test: Any) -> Numbers:
    return {"value": test.statistic, "p": test.p_value, "df": test.df}


READERS: dict[Callable[..., Any], Callable[[Any], Numbers]] = {
    je.estimate_itt: read_estimate,
    je.estimate_late: read_estimate,
    je.estimate_as_treated: read_estimate,
    je.estimate_hazard_ratio: read_estimate,
    je.estimate_rmst: read_estimate,
    je.estimate_recurrence: read_estimate,
    je.estimate_subdistribution_hazard_ratio: read_estimate,
    je.proportional_hazards_test: partial(field, "statistic"),
    je.randomisation_test: read_test,
    je.logrank_test: partial(field, "statistic"),
    je.adjust_p_values: rejected,
}
