"""Mean weeks until the exit, up to a horizon: the headline of exits, as it reads in weeks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import require_one_of
from jobeval.exits.curves.curves import entry_notes
from jobeval.exits.drawn.drawn_cells import DRAWS, Inference, validate_inference
from jobeval.exits.drawn.drawn_contrast import LotteryResult, conclude
from jobeval.exits.grid.durations import Durations, read_durations, validate_horizon
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.grid.strata import WeightedStrata, weigh_grid, weigh_strata
from jobeval.exits.means.arm_means import (
    Contrast,
    Measure,
    cell_means,
    contrast_means,
    describe_gaps,
    means_of_clusters,
    means_of_counts,
)
from jobeval.exits.means.drawn_rmst import redraw_counts, redraw_persons
from jobeval.exits.means.rmst_adjusted import adjust_means
from jobeval.exits.means.rmst_weighted import fit_weighted
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.kaplan_meier import kaplan_meier
from jobeval.inference.redraw import SEED
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Estimate

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Adjustment = Literal["pseudo", "weighting"]
NAMES: dict[Adjustment | None, str] = {
    None: "restricted mean",
    "pseudo": "restricted mean, adjusted by pseudo-values",
    "weighting": "restricted mean, regression weighted for censoring",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RmstOptions:
    """What ``estimate_rmst`` is asked for; it says what they mean."""

    horizon: int
    measure: Measure = "difference"
    adjustment: Adjustment | None = None
    inference: Inference = "model"
    draws: int = DRAWS
    seed: int = SEED
    conf_level: float = 0.95


class _Fitted(NamedTuple):
    """A contrast, the means of both arms, and notes."""

    contrast: Contrast
    means: Floats
    notes: tuple[str, ...]


def estimate_rmst(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    horizon_weeks: int,
    measure: Measure = "difference",
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "pseudo",
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    entry: str | None = None,
    standardise: bool | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate by how many weeks the lottery changed the time until the exit, up to a horizon.

    The restricted mean ``E[min(T, τ)]`` of an arm is the area under its survival curve up to
    ``τ = horizon_weeks``: mean weeks without an exit out of the first ``τ``.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row a person. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation (or days: all in one unit).
    observed
        Column of true/false or 1/0; false is censored at ``duration``.
    lottery
        The names of the lottery's columns.
    horizon_weeks
        ``τ``, at least 1. There is no default: the effect belongs to its horizon.
    measure
        ``"difference"`` treatment − control in weeks; ``"ratio"`` of the means;
        ``"lost_ratio"``, the ratio of the weeks after the exit, ``τ`` − mean; ``"treatment"`` or
        ``"control"``, the mean of one arm.
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded.
    adjustment
        With covariates, ``"pseudo"`` (default) regresses pseudo-values within arms and strata:
        the estimand stays that of the unadjusted means, no model has to hold, censoring may
        differ between arms and strata, and late entries are allowed. ``"weighting"`` is the
        regression of Tian, Zhao & Wei (2014): one effect for all given the covariates, from
        the persons who were not censored. It needs a right model and loses persons, and is
        there to compare with other trials.
    inference
        ``"model"``: standard error and normal reference (t for clusters). ``"lottery"``:
        the lottery drawn again; the p-value is exact when the lottery changed nobody's weeks,
        and the interval holds the values that are closer to the estimate, in standard errors,
        than the critical value of that test (Ditzhaus, Yu & Xu 2023).
    draws, seed
        Re-drawn lotteries and the origin of their stream. With covariates, late entries or
        clusters each draw is computed from the persons, which takes some milliseconds.
    entry
        Column of whole weeks after which observation began.
    standardise
        As in ``survival_curve``: left out, means are weighted over the strata of everybody
        drawn exactly when the lottery has strata.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        In ``"weeks"``, or on the log scale in ``"ratio"``; the means of both arms beside it.
        ``nan`` with a note when an arm, or a stratum of it, was not followed to the horizon:
        the note names the largest usable one. Of an arm alone, ``contrast`` is its name.

    Raises
    ------
    DataError, DesignError
        For missing or broken durations or covariates, and a lottery that cannot be read.
    ValueError
        For options that are unknown or contradict each other.

    Notes
    -----
    Irwin (1949); Karrison (1987); Uno et al. (2014). Persons drawn one by one: the variance is
    ``Σ (area beyond)² d / (n (n − d))`` in each arm and stratum. Clusters: persons' influences
    (infinitesimal jackknife) summed over them, squared and multiplied by ``G / (G − 1)``, with
    Satterthwaite's degrees of freedom.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_rmst(frame, "week", "left", lottery, horizon_weeks=8)
    >>> round(effect.mean_treatment, 3), round(effect.mean_control, 3)
    (4.333, 7.333)
    >>> round(effect.estimate, 3), round(effect.std_error, 3)
    (-3.0, 1.466)
    """
    options = validate_rmst(
        horizon_weeks=horizon_weeks,
        measure=measure,
        adjustment=adjustment,
        adjusted=bool(covariates),
        inference=inference,
        draws=draws,
        seed=seed,
        entry=entry,
        conf_level=conf_level,
    )
    names = covariate_names(covariates)
    durations = read_durations(frame, duration, observed, lottery, names, entry=entry)
    read = read_covariates(durations.columns, covariates, durations.assignment.rows)
    strata = weigh_strata(durations, lottery, standardise)
    fitted, drawn = _fit_persons(strata, read.values, options), None
    if options.inference == "lottery" and np.isfinite(fitted.contrast.std_error):
        pooled = len(strata.weights) == 1
        drawn = _redraw(durations, lottery, read.values, pooled, fitted, options)
    estimate = _describe(strata, duration, fitted, drawn, options)
    return replace(estimate, notes=(*read.notes, *estimate.notes))


def rmst_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    horizon_weeks: int,
    measure: Measure = "difference",
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    standardise: bool | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """``estimate_rmst`` from counts: no covariates, persons drawn one by one.

    Parameters
    ----------
    grid
        Counts of control and treatment, in this order.
    endpoint
        The name that the estimate carries.
    standardise
        ``False`` pools the strata; else means are weighted over them.
    """
    options = validate_rmst(
        horizon_weeks=horizon_weeks,
        measure=measure,
        inference=inference,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )
    strata = weigh_grid(grid, standardise)
    fitted = _fit_counts(strata, options)
    drawn = None
    if options.inference == "lottery" and np.isfinite(fitted.contrast.std_error):
        pooled = standardise is False
        drawn = _redraw_grid(grid if pooled else strata.grid, pooled, fitted, options)
    return _describe(strata, endpoint, fitted, drawn, options)


def validate_rmst(
    *,
    horizon_weeks: int,
    measure: Measure = "difference",
    adjustment: Adjustment = "pseudo",
    adjusted: bool = False,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
    entry: str | None = None,
    conf_level: float = 0.95,
) -> RmstOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense."""
    require_one_of("measure", measure, get_args(Measure))
    require_one_of("adjustment", adjustment, get_args(Adjustment))
    validate_inference(inference, draws, seed)
    normal_quantile(conf_level)
    of_one_arm = measure in ("treatment", "control")
    if of_one_arm and inference == "lottery":
        raise ValueError("the lottery compares arms: it tells nothing of the mean of one")
    if adjustment == "weighting":
        _validate_weighting(adjusted, of_one_arm, inference, entry)
    return RmstOptions(
        horizon=validate_horizon(horizon_weeks),
        measure=measure,
        adjustment=adjustment if adjusted else None,
        inference=inference,
        draws=draws,
        seed=seed,
        conf_level=conf_level,
    )


def _validate_weighting(
    adjusted: bool, of_one_arm: bool, inference: str, entry: str | None
) -> None:
    refused = {
        "is for covariates: name them": not adjusted,
        'compares arms: take adjustment="pseudo" for the mean of one': of_one_arm,
        'is not drawn again: take adjustment="pseudo"': inference == "lottery",
        'knows no late entry: take adjustment="pseudo"': entry is not None,
    }
    for reason, wrong in refused.items():
        if wrong:
            raise ValueError(f'adjustment="weighting" {reason}')


def _fit_counts(strata: WeightedStrata, options: RmstOptions) -> _Fitted:
    cells = cell_means(strata.grid, options.horizon)
    if strata.n_clusters is None:
        means = means_of_counts(cells, strata.grid.sizes, strata.weights)
    else:
        means = means_of_clusters(strata, cells, options.horizon)
    contrast = contrast_means(means, options.measure, options.horizon)
    notes = describe_gaps(cells, means, contrast, strata.grid, options.horizon)
    return _Fitted(contrast, means.values, tuple(notes))


def _fit_persons(strata: WeightedStrata, x: Floats, options: RmstOptions) -> _Fitted:
    plain, horizon = _fit_counts(strata, options), options.horizon
    if options.adjustment is None or not x.shape[1] or np.isnan(plain.contrast.estimate):
        return plain
    if options.adjustment == "weighting":
        fit = fit_weighted(strata, x, horizon, options.measure)
        solved = math.isfinite(fit.estimate)
        gaps = () if solved else ("not estimable: the weighted regression has no solution",)
        if solved and math.isnan(fit.std_error):
            gaps = ("standard error not estimable: the regression fits every person's weeks",)
        return _Fitted(Contrast(*fit[:3]), fit.means, gaps)
    cells = cell_means(strata.grid, horizon)
    means = adjust_means(strata, cells, x, horizon)
    contrast = contrast_means(means, options.measure, horizon)
    notes = describe_gaps(cells, means, contrast, strata.grid, horizon)
    return _Fitted(contrast, means.values, tuple(notes))


def _redraw(
    durations: Durations,
    lottery: Lottery,
    x: Floats,
    pooled: bool,
    fitted: _Fitted,
    options: RmstOptions,
) -> LotteryResult:
    """From counts where nothing but counts matters, else from the persons."""
    drawn = durations.assignment
    if options.adjustment is None and drawn.cluster is None and durations.entry is None:
        return _redraw_grid(durations.grid(lottery), pooled, fitted, options)

    def statistic(arms: Counts) -> Contrast:
        again = replace(durations, assignment=replace(drawn, assigned=arms))
        return _fit_persons(weigh_strata(again, lottery, not pooled), x, options).contrast

    redrawn = redraw_persons(statistic, fitted.contrast, drawn, options.draws, options.seed)
    return conclude(redrawn, options.conf_level)


def _redraw_grid(
    grid: ExitGrid, pooled: bool, fitted: _Fitted, options: RmstOptions
) -> LotteryResult:
    redrawn = redraw_counts(
        grid,
        fitted.contrast,
        options.horizon,
        options.measure,
        standardise=not pooled,
        draws=options.draws,
        seed=options.seed,
    )
    return conclude(redrawn, options.conf_level)


def _describe(
    strata: WeightedStrata,
    endpoint: str,
    fitted: _Fitted,
    drawn: LotteryResult | None,
    options: RmstOptions,
) -> Estimate:
    grid, contrast, measure = strata.grid, fitted.contrast, options.measure
    control, treatment = grid.arms
    names = {"treatment": treatment, "control": control}
    ratio = measure in ("ratio", "lost_ratio")
    sizes = grid.sizes.sum(axis=1).tolist()
    exits = grid.leavers[..., : options.horizon].sum(axis=(1, 2)).tolist()
    estimate = Estimate(
        endpoint=endpoint,
        estimand="itt",
        estimator=NAMES[options.adjustment],
        contrast=names.get(measure, f"{treatment} - {control}"),
        estimate=contrast.estimate,
        std_error=contrast.std_error,
        df=contrast.df,
        scale="log_ratio" if ratio else "difference",
        unit="ratio" if ratio else "weeks",
        conf_level=options.conf_level,
        horizon_weeks=options.horizon,
        n_treatment=sizes[1],
        n_control=sizes[0],
        n_clusters=strata.n_clusters,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        mean_treatment=float(fitted.means[1]),
        mean_control=float(fitted.means[0]),
        notes=(*_design_notes(strata, options), *fitted.notes),
    )
    return estimate if drawn is None else drawn.said_of(estimate)


def _design_notes(strata: WeightedStrata, options: RmstOptions) -> list[str]:
    notes, grid = list[str](), strata.grid
    if len(strata.weights) > 1 and options.adjustment == "weighting":
        notes.append(f"one effect for all, beside {len(strata.weights)} strata")
    elif len(strata.weights) > 1:
        notes.append(f"standardised over {len(strata.weights)} strata")
    if strata.n_clusters is not None:
        notes.append(f"standard error summed over {strata.n_clusters} clusters")
    if options.measure == "lost_ratio":
        notes.append("ratio of the weeks after the exit, up to the horizon")
    if grid.entries.any():
        survival = kaplan_meier(grid.at_risk, grid.leavers).values
        for arm, name in enumerate(grid.arms):
            notes += entry_notes(grid.at_risk[arm], survival[arm], name)
    return notes
