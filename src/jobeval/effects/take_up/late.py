"""The effect on those who take part because of the lottery (LATE, complier effect)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed, Columns, read_analysed
from jobeval.effects.itt.itt import columns_needed, count_sides
from jobeval.effects.itt.options import Adjustment, DegreesOfFreedom, validate_options
from jobeval.effects.take_up.compliers import (
    complier_means,
    profile_compliers,
    read_traits,
)
from jobeval.effects.take_up.late_notes import check_error, describe_caveats
from jobeval.effects.take_up.late_options import (
    IntervalKind,
    LateOptions,
    choose_vcov,
    validate_late,
)
from jobeval.effects.take_up.reduced_form import choose_reduced_form
from jobeval.inference.anderson_rubin import (
    anderson_rubin_p,
    describe_hole,
    invert_anderson_rubin,
)
from jobeval.inference.covariates import covariate_names
from jobeval.inference.instrument import RatioFit, fit_ratio
from jobeval.inference.take_up import read_treated
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import Estimate, TakeUp

Floats = NDArray[np.float64]


def estimate_late(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    treated: str,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    vcov: Vcov | None = None,
    df: DegreesOfFreedom | None = None,
    small_sample: bool = True,
    interval: IntervalKind = "anderson-rubin",
    profile: Sequence[str | Term] = (),
    weights: str | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate the effect of taking part on those who take part because of the lottery.

    The effect of the lottery on the outcome over its effect on take-up. It needs that the
    lottery acts through take-up alone, and that nobody takes part because of being drawn to
    control (Imbens & Angrist 1994; Angrist, Imbens & Rubin 1996).

    Parameters
    ----------
    frame, outcome, lottery, covariates, weights, df, conf_level
        As for ``estimate_itt``.
    treated
        Column of 0 and 1, or of booleans: who took part. Known for everyone drawn.
    adjustment
        ``"none"``: Wald, the (blocked) difference in means of the outcome over that of
        take-up. ``"ancova"``: two-stage least squares with covariates and stratum
        indicators. ``"lin"``: the ratio of two Lin effects.
    vcov
        As for ``estimate_itt``. The small-sample factor is in the name: HC0 and CR0 have
        none, HC1 has ``n/(n − k)``, CR1 Stata's ``m/(m − 1) · (n − 1)/(n − k)``, HC2 and CR2
        correct by leverage.
    small_sample
        ``False``: no small-sample factor and the normal distribution instead of t, with HC0
        or, where clusters were drawn, CR0 (Stata's ``ivregress`` without ``small``).
    interval
        ``"anderson-rubin"``, valid however weak the first stage is, or ``"wald"``.
    profile
        Columns known before the draw by which to describe the compliers.

    Returns
    -------
    Estimate
        ``estimand="late"``; ``mean_control`` and ``mean_treatment`` are the mean outcome of
        compliers without and with taking part, and their difference is the estimate.
        ``take_up`` holds the first stage, its F and the profile. The standard error is the
        delta method's (that of two-stage least squares); degrees of freedom are those that
        ``estimate_itt`` has on ``y − τd``. Under ``"anderson-rubin"`` p-value and interval
        are given; the interval may be infinite, and where the accepted effects are not
        connected it is their hull, with a note. With full compliance all numbers are those
        of ``estimate_itt``. All is ``nan`` with a note where the lottery did not move
        take-up.

    Raises
    ------
    DataError
        As ``estimate_itt``; also when take-up is missing for anybody, or not 0 and 1.
    DesignError, ValueError
        As ``estimate_itt``.

    Notes
    -----
    Under strata with unequal allocation both effects are averages over everyone drawn
    before their ratio is taken, so that strata count by their number of compliers;
    ``"ancova"`` weighs by inverse allocation to that end.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ccccctttttt"), "started": [0] * 6 + [1] * 5,
    ...     "hours": [1, 2, 2, 3, 4, 1, 5, 6, 6, 7, 9]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_late(frame, "hours", lottery, treated="started")
    >>> round(effect.estimate, 3), round(effect.mean_control, 3)
    (3.92, 2.68)
    >>> round(effect.take_up.first_stage, 3), round(effect.take_up.f_statistic, 3)
    (0.833, 25.0)
    >>> [round(bound, 2) for bound in effect.confidence_interval()]  # Anderson–Rubin
    [1.0, 5.97]
    """
    options = validate_late(
        validate_options(
            outcome,
            lottery,
            covariates,
            adjustment,
            choose_vcov(vcov, small_sample, lottery),
            conf_level,
            weights=weights,
            df=df,
        ),
        outcome,
        lottery,
        treated=treated,
        small_sample=small_sample,
        interval=interval,
        profile=profile,
    )
    needed = (*columns_needed(outcome, lottery, options.itt), treated)
    columns = read_columns(frame, (*needed, *covariate_names(options.profile)))
    return estimate_late_from_columns(columns, outcome, lottery, options)


def estimate_late_from_columns(
    columns: Columns, outcome: str, lottery: Lottery, options: LateOptions, subgroup: str = ""
) -> Estimate:
    """``estimate_late`` on columns that have been read."""
    data = read_analysed(columns, outcome, lottery, options.itt)
    drawn = read_treated(columns, options.treated, data.drawn.rows)
    treated = drawn[data.assignment.rows[data.drawn.rows]]
    traits = read_traits(columns, options.profile, data.assignment.rows)
    form = choose_reduced_form(data, options.itt)
    fit = fit_ratio(data.outcome, treated, form.measure)
    fit, faults = check_error(fit if options.small_sample else replace(fit, df=math.inf), data)
    first = form.contrast(treated)
    take_up = TakeUp(
        first_stage=fit.first_stage,
        first_stage_std_error=fit.first_stage_std_error,
        f_statistic=fit.f_statistic,
        share_treatment=first.mean_treatment,
        share_control=first.mean_control,
        profile=profile_compliers(traits, treated, form.effect_on, data.weights),
    )
    control, treatment = complier_means(data.outcome, treated, form.effect_on)
    effect = _describe(data, outcome, lottery, options, fit, subgroup)
    return replace(
        effect,
        mean_control=control,
        mean_treatment=treatment,
        take_up=take_up,
        notes=(
            *data.notes,
            *data.covariates.notes,
            *(note for note in first.notes if not note.startswith("not estimable")),
            *faults,
            *effect.notes,
            *describe_caveats(data, treated, fit, options),
        ),
    )


def _describe(
    data: Analysed,
    outcome: str,
    lottery: Lottery,
    options: LateOptions,
    fit: RatioFit,
    subgroup: str,
) -> Estimate:
    """The estimate with its interval, but not yet who the compliers are."""
    wald = Estimate(
        endpoint=outcome,
        estimand="late",
        estimator=late_name(data.assignment.n_strata, options.itt.adjustment),
        contrast=lottery.contrast,
        estimate=fit.effect,
        std_error=fit.std_error,
        df=fit.df,
        **count_sides(data.outcome, data.assignment.assigned),
        n_clusters=data.assignment.n_clusters,
        conf_level=options.itt.conf_level,
        subgroup=subgroup,
    )
    if options.interval == "wald":
        return wald
    accepted = invert_anderson_rubin(fit, options.itt.conf_level)
    return replace(
        wald,
        inference="Anderson-Rubin",
        given_p_value=anderson_rubin_p(fit),
        given_interval=accepted.hull,
        notes=describe_hole(accepted),
    )


def late_name(n_strata: int, adjustment: Adjustment) -> str:
    """The name that an estimate carries.

    >>> late_name(3, "none"), late_name(1, "ancova")
    ('blocked Wald', 'two-stage least squares')
    """
    plain = "Wald" if n_strata == 1 else "blocked Wald"
    ratios = {"none": plain, "ancova": "two-stage least squares", "lin": "ratio of Lin effects"}
    return ratios[adjustment]
