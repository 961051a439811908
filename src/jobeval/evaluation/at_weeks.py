"""The difference of two curves after some weeks, as effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from jobeval.results import Curve, CurveTable, Estimate


def estimates_at(
    differences: CurveTable, curves: CurveTable, weeks: Sequence[int]
) -> Iterator[Estimate]:
    """One effect for each difference and week.

    Parameters
    ----------
    differences
        Of the arms of ``curves``, one for each destination.
    curves
        Those of both arms, control first.
    weeks
        Whole weeks since randomisation. Beyond the curves, the effect is ``nan``.
    """
    for difference in differences:
        control, treatment = curves.where(measure=difference.measure, cause=difference.cause)
        for week in weeks:
            yield _estimate_at(difference, treatment, control, week)


def _estimate_at(difference: Curve, treatment: Curve, control: Curve, week: int) -> Estimate:
    estimate, error = difference.at(week), _value(difference, difference.std_error, week)
    sizes = [int(curve.at_risk.max(initial=0)) for curve in (treatment, control)]
    left = [int(curve.events[curve.times <= week].sum()) for curve in (treatment, control)]
    unknown = ("not estimable: the curve of an arm ends before this week",)
    return Estimate(
        endpoint=difference.endpoint,
        estimand="itt",
        estimator="difference of curves",
        contrast=difference.arm,
        estimate=estimate,
        std_error=error,
        unit="share",
        conf_level=difference.conf_level,
        part=f"{difference.cause} week={week}".strip(),
        horizon_weeks=week,
        n_treatment=sizes[0],
        n_control=sizes[1],
        n_apart_treatment=left[0],
        n_apart_control=left[1],
        mean_treatment=treatment.at(week),
        mean_control=control.at(week),
        notes=difference.notes if np.isfinite(estimate) else (*difference.notes, *unknown),
    )


def _value(curve: Curve, values: np.ndarray[tuple[int], np.dtype[np.float64]], week: int) -> float:
    index = int(np.searchsorted(curve.times, week, side="right")) - 1
    inside = len(curve.times) > 0 and index >= 0 and week <= curve.times[-1]
    return float(values[index]) if inside else float("nan")
