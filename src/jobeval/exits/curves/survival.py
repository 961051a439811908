"""Survival curves by arm: Kaplan–Meier or Nelson–Aalen, standardised over the lottery's strata."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.curves.martingale import SurvivalMeasure
from jobeval.exits.curves.simultaneous import Band, band_halves, validate_band
from jobeval.exits.curves.standardised import ArmCurves, standardise_curves
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import weigh_grid, weigh_strata
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.inference.intervals import (
    IntervalType,
    hazard_bounds,
    normal_quantile,
    share_bounds,
    validate_interval,
)
from jobeval.inference.redraw import SEED, require_seed
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Curve, CurveTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """What is said around a curve: its intervals and its band."""

    interval: IntervalType
    band: Band | None
    conf_level: float
    seed: int


def survival_curve(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    measure: SurvivalMeasure = "survival",
    covariates: Sequence[str | Term] = (),
    entry: str | None = None,
    standardise: bool | None = None,
    conf_level: float = 0.95,
    interval: IntervalType | None = None,
    band: Band | None = None,
    seed: int = SEED,
) -> CurveTable:
    """The share not yet left, by weeks since randomisation, for each arm.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation to the exit or the end of follow-up.
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns.
    measure
        ``"survival"`` (Kaplan–Meier) or ``"cumulative_hazard"`` (Nelson–Aalen).
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded. What
        chance has made of their balance is taken out of the curves; the estimand does not
        change, and no model of exits has to hold (Lu & Tsiatis 2008; Zhang 2015). An adjusted
        curve need not fall in every week.
    entry
        Column of whole weeks after which observation began, below ``duration``.
    standardise
        Whether the curve of an arm is ``Σ_s (n_s / N) S_s(t)``, weighting the strata alike in
        both arms. Left out, it is so exactly when the lottery has strata: the plain curves
        differ also without any effect when strata differ in their chance of treatment, and
        follow-up that differs between strata censors them unequally. A cumulative hazard is
        then ``−log Σ_s (n_s / N) exp(−H_s(t))``.
    conf_level
        Level of the pointwise intervals and of the band.
    interval
        ``"log-log"``, ``"log"`` or ``"linear"``: the scale on which intervals and bands are
        symmetric. Left out, ``"log-log"`` for survival, which keeps them within 0 and 1, and
        ``"log"`` for the cumulative hazard, which has no ``"log-log"``.
    band
        ``"equal-precision"`` (Nair 1984) or ``"hall-wellner"`` (1980) to hold for all weeks at
        once, from the first exit on while at least five persons of each stratum are at risk.
        Over strata, clusters and covariates, equal precision is a sup-t band from the
        covariance of the weeks, and Hall & Wellner's is refused.
    seed
        Of the simulation behind sup-t bands.

    Returns
    -------
    CurveTable
        Control and treatment, on the weeks 0 … the longest duration of either. ``std_error``
        is Greenwood's (for hazards that for ties), or summed over clusters when clusters were
        drawn. Values are ``nan`` from the week on in which an arm, or one of its strata, has
        nobody left at risk; intervals are also ``nan`` where survival is exactly 1 or 0.
        ``at_risk`` and ``events`` are plain counts.

    Raises
    ------
    DataError
        For missing or broken durations or covariates, and for a lottery that cannot be read.
    DesignError
        For a band whose theory does not reach, and for more covariates than persons carry.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> curves = survival_curve(frame, "week", "left",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> curves["c"].values.round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.667, 0.667, 0.667, 0.0]
    """
    options = validate_options(measure, interval, band, conf_level, seed)
    durations = read_durations(
        frame, duration, observed, lottery, covariate_names(covariates), entry=entry
    )
    strata = weigh_strata(durations, lottery, standardise)
    coded = read_covariates(durations.columns, covariates, durations.assignment.rows)
    return say_curves(standardise_curves(strata, measure, coded), duration, options)


def survival_curve_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    measure: SurvivalMeasure = "survival",
    standardise: bool | None = None,
    conf_level: float = 0.95,
    interval: IntervalType | None = None,
    band: Band | None = None,
    seed: int = SEED,
) -> CurveTable:
    """``survival_curve`` from counts alone: persons drawn one by one, without covariates."""
    options = validate_options(measure, interval, band, conf_level, seed)
    return say_curves(standardise_curves(weigh_grid(grid, standardise), measure), endpoint, options)


def validate_options(
    measure: object, interval: Any, band: Any, conf_level: float, seed: int
) -> CurveOptions:
    """The options of a curve; ``ValueError`` for what is not known or does not go together."""
    require_one_of("measure", measure, get_args(SurvivalMeasure))
    if interval is None:
        interval = "log-log" if measure == "survival" else "log"
    validate_interval(interval)
    if measure != "survival" and interval == "log-log":
        raise ValueError('a cumulative hazard has no "log-log" interval: write "log" or "linear"')
    validate_band(band)
    require_seed(seed)
    normal_quantile(conf_level)
    return CurveOptions(interval, band, conf_level, seed)


def measure_unit(measure: SurvivalMeasure) -> str:
    """The unit of a curve."""
    return "share" if measure == "survival" else "cumulative hazard"


def say_curves(curves: ArmCurves, endpoint: str, options: CurveOptions) -> CurveTable:
    """Both curves with their intervals, counts and notes."""
    errors = curves.std_errors()
    return CurveTable(tuple(_say(curves, arm, errors[arm], endpoint, options) for arm in (0, 1)))


def _say(
    curves: ArmCurves, arm: int, std_error: Floats, endpoint: str, options: CurveOptions
) -> Curve:
    grid, values, level = curves.strata.grid, curves.values[arm], options.conf_level
    around = share_bounds if curves.measure == "survival" else hazard_bounds
    low, high = around(values, normal_quantile(level) * std_error, options.interval)
    notes, band_low, band_high = curves.notes(arm), np.empty(0), np.empty(0)
    if options.band is not None:
        half, note = band_halves(curves, arm, std_error, options.band, level, options.seed)
        band_low, band_high = around(values, half, options.interval)
        notes.append(note)
    events = grid.leavers[arm].sum(axis=0)
    if not events.any():
        notes.append(f"nobody in arm {grid.arms[arm]!r} left")
    return Curve(
        endpoint=endpoint,
        measure=curves.measure,
        arm=grid.arms[arm],
        times=grid.weeks,
        values=values,
        at_risk=grid.at_risk[arm].sum(axis=0),
        events=events,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        band_low=band_low,
        band_high=band_high,
        unit=measure_unit(curves.measure),
        conf_level=level,
        notes=tuple(notes),
    )
