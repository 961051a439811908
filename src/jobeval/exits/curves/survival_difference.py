"""The difference of the arms' survival, in each week and in all weeks at once."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.curves.martingale import SurvivalMeasure
from jobeval.exits.curves.simultaneous import SupT, sup_t
from jobeval.exits.curves.standardised import ArmCurves, standardise_curves
from jobeval.exits.curves.survival import CurveOptions, measure_unit, validate_options
from jobeval.exits.grid.durations import read_durations, validate_horizon
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import weigh_grid, weigh_strata
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.redraw import SEED
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Curve, CurveTable, HypothesisTest

Floats = NDArray[np.float64]
UNKNOWN = "no week has errors and enough persons at risk in both arms"


def estimate_survival_difference(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    measure: SurvivalMeasure = "survival",
    covariates: Sequence[str | Term] = (),
    entry: str | None = None,
    standardise: bool | None = None,
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
    band: SupT | None = "sup-t",
    seed: int = SEED,
) -> CurveTable:
    """How many more of the treatment arm have not yet left, week by week.

    Parameters
    ----------
    frame, duration, observed, lottery, measure, covariates, entry, standardise
        As in ``survival_curve``.
    horizon_weeks
        Last week for which the band holds and which the test looks at; unless told, the last
        one in which at least five persons of each stratum and arm are at risk.
    conf_level
        Level of the pointwise normal intervals and of the band.
    band
        ``"sup-t"`` for a band that holds for all weeks at once, or ``None``. It follows the
        covariance of the weeks, over strata and clusters (Parzen, Wei & Ying 1997; Montiel
        Olea & Plagborg-Møller 2019).
    seed
        Of the simulation behind the band and the test.

    Returns
    -------
    CurveTable
        One curve, its ``arm`` being ``lottery.contrast``, and in ``tests`` that of no
        difference in any week, whose statistic is the largest ``|difference| / std_error``
        and whose ``df`` counts the weeks. Intervals, band and test leave out weeks before both
        arms have an exit and after the curve of one has come to 0: an error is 0 there, or
        unknown. ``at_risk`` is that of the arm with fewer persons, ``events`` those of both.

    Raises
    ------
    DataError, DesignError
        As in ``survival_curve``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> (difference,) = estimate_survival_difference(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> difference.arm, difference.values[:6].round(3).tolist()
    ('t - c', [0.0, -0.333, -0.333, -0.333, -0.333, -0.333])
    """
    options = _validate(measure, band, conf_level, seed, horizon_weeks)
    durations = read_durations(
        frame, duration, observed, lottery, covariate_names(covariates), entry=entry
    )
    strata = weigh_strata(durations, lottery, standardise)
    coded = read_covariates(durations.columns, covariates, durations.assignment.rows)
    curves = standardise_curves(strata, measure, coded)
    return _say(curves, duration, options, band, horizon_weeks)


def survival_difference_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    measure: SurvivalMeasure = "survival",
    standardise: bool | None = None,
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
    band: SupT | None = "sup-t",
    seed: int = SEED,
) -> CurveTable:
    """``estimate_survival_difference`` from counts alone: persons drawn one by one."""
    options = _validate(measure, band, conf_level, seed, horizon_weeks)
    curves = standardise_curves(weigh_grid(grid, standardise), measure)
    return _say(curves, endpoint, options, band, horizon_weeks)


def _validate(
    measure: object, band: object, level: float, seed: int, horizon: int | None
) -> CurveOptions:
    if band is not None:
        require_one_of("band", band, get_args(SupT))
    if horizon is not None:
        validate_horizon(horizon)
    return validate_options(measure, None, None, level, seed)


def _say(
    curves: ArmCurves,
    endpoint: str,
    options: CurveOptions,
    band: SupT | None,
    horizon: int | None,
) -> CurveTable:
    grid, errors = curves.strata.grid, curves.std_errors()
    values = curves.values[1] - curves.values[0]
    every = np.arange(len(values))
    std_error = np.sqrt(np.maximum(_variances(curves, errors), 0))
    known = (errors > 0).all(axis=0) & (std_error > 0)
    half = np.where(known, normal_quantile(options.conf_level) * std_error, np.nan)
    within = known & curves.carried(0) & curves.carried(1)
    within &= every <= (every[-1] if horizon is None else horizon)
    wide, tests, said = np.full(len(values), np.nan), tuple[HypothesisTest, ...](), list[str]()
    if band is not None:
        value, test = _look_everywhere(curves, values, std_error, within, endpoint, options)
        wide, tests = np.where(within, value * std_error, np.nan), (test,)
        said = [_name_band(grid.weeks[within], value)]
    curve = Curve(
        endpoint=endpoint,
        measure=curves.measure,
        arm=f"{grid.arms[1]} - {grid.arms[0]}",
        times=grid.weeks,
        values=values,
        at_risk=grid.at_risk.sum(axis=1).min(axis=0),
        events=grid.leavers.sum(axis=(0, 1)),
        std_error=std_error,
        conf_low=values - half,
        conf_high=values + half,
        band_low=values - wide,
        band_high=values + wide,
        unit=measure_unit(curves.measure),
        conf_level=options.conf_level,
        notes=(*dict.fromkeys((*curves.notes(1), *curves.notes(0))), *said),
    )
    return CurveTable((curve,), tests)


def _variances(curves: ArmCurves, errors: Floats) -> Floats:
    """Of the difference in each week, shape ``(T,)``; covariates make the arms depend."""
    if curves.adjustment is None:
        return (errors**2).sum(axis=0)
    return (errors**2).sum(axis=0) - 2 * curves.adjustment.between()


def _look_everywhere(
    curves: ArmCurves,
    values: Floats,
    std_error: Floats,
    within: NDArray[np.bool_],
    endpoint: str,
    options: CurveOptions,
) -> tuple[float, HypothesisTest]:
    """The sup-t value and the test of no difference in any of the weeks ``within``."""
    at = np.flatnonzero(within)
    statistic, p_value, value, notes = np.nan, np.nan, np.nan, list[str]()
    if len(at):
        largest = sup_t(curves.difference_covariance(at), options.seed)
        value = largest.critical_value(options.conf_level)
        statistic = float(np.max(np.abs(values[at]) / std_error[at]))
        p_value = largest.tail(statistic)
        notes.append(f"weeks {at[0]} to {at[-1]}")
    else:
        notes.append(f"not estimable: {UNKNOWN}")
    exits = curves.strata.grid.leavers.sum(axis=(1, 2)).tolist()
    test = HypothesisTest(
        name="any difference of curves (sup-t)",
        endpoint=endpoint,
        statistic=statistic,
        df=float(len(at)),
        p_value=p_value,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        notes=tuple(notes),
    )
    return value, test


def _name_band(weeks: NDArray[np.int64], value: float) -> str:
    if not len(weeks):
        return f"no sup-t band: {UNKNOWN}"
    where = f"from week {weeks[0]} to week {weeks[-1]}"
    return f"sup-t band {where}, critical value {value:.4g} (from the covariance)"
