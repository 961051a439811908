"""The intention-to-treat effect on one outcome: the front door of this room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.adjusters import read_adjusters
from jobeval.effects.analysed import Analysed, Columns, read_analysed, require_comparable
from jobeval.effects.ancova import fit_ancova
from jobeval.effects.blocked import blocked_difference
from jobeval.effects.difference import measure_cells
from jobeval.effects.least_squares import (
    LeastSquaresFit,
    Vcov,
    bell_mccaffrey_df,
    estimate_vcov,
)
from jobeval.effects.lin import fit_lin
from jobeval.effects.options import Adjustment, IttOptions, validate_options
from jobeval.effects.weighting import choose_weights, weighted_arm_means
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import Estimate

Floats = NDArray[np.float64]
TREATMENT = 1  # its column in the designs of fit_ancova and fit_lin


class _Effect(NamedTuple):
    estimate: float
    std_error: float
    df: float


def estimate_itt(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    vcov: Vcov | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate the effect of being drawn to treatment, averaged over everyone drawn.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    outcome
        Column of numbers. Persons whose outcome is missing are left out, with a note.
    lottery
        The columns in which the lottery stands.
    covariates
        Columns known before the draw, or ``Term`` objects that say how to code them.
        Constant and collinear ones are dropped with a note.
    adjustment
        ``"none"``: the difference in means, blocked where the lottery has strata.
        ``"ancova"``: one slope for both arms. ``"lin"``: slopes of their own in each arm.
    vcov
        ``None`` for HC2, or for CR2 where clusters were drawn. Also ``"classical"``,
        ``"HC0"``, ``"HC1"``, ``"HC3"``, ``"CR0"``, ``"CR1"``.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        With ``mean_treatment − mean_control`` equal to the unadjusted effect: under strata
        both are means over the strata's shares of everyone drawn. Degrees of freedom: Welch
        without strata and covariates, ``N − 2S`` blocked, ``n − k`` adjusted, Bell–McCaffrey
        under CR2, clusters − 1 under CR0 and CR1. A standard error that cannot be estimated
        is ``nan`` with a note.

    Raises
    ------
    DataError, DesignError
        When the data do not allow the analysis; the message says how to mend it.
    ValueError
        When the options contradict each other.

    Notes
    -----
    Unequal allocation: blocked and Lin need no weights. ANCOVA weighs persons by inverse
    allocation where strata differ in it. Where the probability of treatment varies within
    a stratum, every estimator weighs by its inverse (Hájek). A note says so each time.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5]})
    >>> effect = estimate_itt(frame, "hours", Lottery(arm="arm", treatment="t", control="c"))
    >>> effect.estimate, round(effect.std_error, 4), round(effect.df, 3)
    (4.5, 1.2583, 4.9)
    """
    options = validate_options(outcome, lottery, covariates, adjustment, vcov, conf_level)
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    return estimate_from_columns(columns, outcome, lottery, options)


def columns_needed(outcome: str, lottery: Lottery, options: IttOptions) -> tuple[str, ...]:
    """All columns that an analysis reads."""
    return (outcome, *lottery.columns, *covariate_names(options.covariates))


def estimate_from_columns(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions, subgroup: str = ""
) -> Estimate:
    """``estimate_itt`` on columns that have been read."""
    data = read_analysed(columns, outcome, lottery, options)
    require_comparable(data, options)
    weights, weight_notes = choose_weights(data, options)
    effect, means, notes = _estimate(data, options, weights)
    assigned, clusters = data.assignment.assigned, data.assignment.n_clusters
    std_error, flat = _checked_error(effect.std_error, data.outcome)
    apart = count_apart(data.outcome, assigned)
    few = ("fewer than 10 clusters: confirm by re-drawing the lottery",)
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        estimator=estimator_name(data.assignment.n_strata, options.adjustment),
        contrast=lottery.contrast,
        estimate=effect.estimate,
        std_error=std_error,
        df=effect.df,
        n_treatment=int(assigned.sum()),
        n_control=int((1 - assigned).sum()),
        n_clusters=clusters,
        conf_level=options.conf_level,
        mean_treatment=float(means[1]),
        mean_control=float(means[0]),
        subgroup=subgroup,
        n_apart_treatment=apart[1],
        n_apart_control=apart[0],
        notes=(
            *data.notes,
            *data.covariates.notes,
            *notes,
            *weight_notes,
            *(few if clusters is not None and clusters < 10 else ()),
            *flat,
        ),
    )


def count_apart(outcome: Floats, assigned: NDArray[np.int64]) -> tuple[int, int]:
    """Persons of control and treatment whose outcome is not the commonest one of their arm.

    >>> count_apart(np.array([0, 0, 20, 52, 52, 52]), np.array([0, 0, 0, 1, 1, 1]))
    (1, 0)
    """
    counts = [np.unique(outcome[assigned == arm], return_counts=True)[1] for arm in (0, 1)]
    control, treatment = (int(count.sum() - count.max(initial=0)) for count in counts)
    return control, treatment


def estimator_name(n_strata: int, adjustment: Adjustment) -> str:
    """The name that an estimate carries.

    >>> estimator_name(3, "none"), estimator_name(3, "lin")
    ('blocked difference in means', 'Lin')
    """
    plain = "difference in means" if n_strata == 1 else "blocked difference in means"
    return {"none": plain, "ancova": "ANCOVA", "lin": "Lin"}[adjustment]


def _estimate(
    data: Analysed, options: IttOptions, weights: Floats | None
) -> tuple[_Effect, Floats, tuple[str, ...]]:
    """The effect, the means of control and treatment, and notes on dropped covariates."""
    drawn = data.assignment
    closed = options.adjustment == "none" and drawn.cluster is None and weights is None
    if closed and options.vcov in {None, "HC2"}:
        cells = measure_cells(data.outcome, drawn.assigned, drawn.stratum, drawn.n_strata)
        found = blocked_difference(cells)
        effect = _Effect(float(found.estimate), float(found.std_error), float(found.df))
        return effect, np.array([found.mean_control, found.mean_treatment]), ()
    adjusters = read_adjusters(data, options.adjustment)
    if options.adjustment == "ancova":
        fit = fit_ancova(data.outcome, drawn.assigned, adjusters.values, weights)
    else:
        everyone = adjusters.values.mean(axis=0)
        fit = fit_lin(data.outcome, drawn.assigned, adjusters.values, weights, everyone)
    means = weighted_arm_means(
        data.outcome, drawn, np.ones(len(data.outcome)) if weights is None else weights
    )
    return _treatment_effect(fit, options.vcov, drawn.cluster), means, adjusters.notes


def _treatment_effect(
    fit: LeastSquaresFit, vcov: Vcov | None, cluster: NDArray[np.int64] | None
) -> _Effect:
    kind: Vcov = vcov or ("HC2" if cluster is None else "CR2")
    variance = estimate_vcov(fit, kind, cluster)[TREATMENT, TREATMENT]
    df = float(fit.df_resid)
    if cluster is not None:
        df = float(cluster.max())  # clusters − 1
    if kind == "CR2" and cluster is not None:
        df = bell_mccaffrey_df(fit, cluster, np.eye(len(fit.coef))[TREATMENT])
    return _Effect(float(fit.coef[TREATMENT]), math.sqrt(variance), df)


def _checked_error(std_error: float, outcome: Floats) -> tuple[float, tuple[str, ...]]:
    """The standard error, or ``nan`` and why there is none."""
    if np.ptp(outcome) == 0:
        return math.nan, ("not estimable: the outcome is the same for everyone",)
    if math.isnan(std_error):
        return math.nan, ("not estimable: a person alone determines a coefficient",)
    if std_error <= 1e-13 * np.abs(outcome).max():
        return math.nan, ("not estimable: the outcome does not vary within the arms",)
    return std_error, ()
