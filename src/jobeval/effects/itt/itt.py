"""The intention-to-treat effect on one outcome: the front door of this room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Analysed, Columns, read_analysed
from jobeval.effects.itt.contrast import TREATMENT as TREATMENT
from jobeval.effects.itt.contrast import Contrast
from jobeval.effects.itt.inferred import infer_effect
from jobeval.effects.itt.options import (
    Adjustment,
    DegreesOfFreedom,
    Inference,
    IttOptions,
    Population,
    validate_options,
)
from jobeval.effects.itt.small_blocks import choose_estimator
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import Estimate

Floats = NDArray[np.float64]
FEW_CLUSTERS = "fewer than 10 clusters: confirm by re-drawing the lottery"


def estimate_itt(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    weights: str | None = None,
    vcov: Vcov | None = None,
    df: DegreesOfFreedom | None = None,
    population: Population = "sample",
    inference: Inference = "model",
    draws: int = 10_000,
    seed: int | None = None,
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
    weights
        Column of sampling weights, by which the average over everyone drawn is taken; persons
        of weight 0 are left out, with a note.
    vcov
        ``None`` for HC2, or for CR2 where clusters were drawn. Also ``"classical"``,
        ``"HC0"``, ``"HC1"``, ``"HC3"``, ``"CR0"``, ``"CR1"``, ``"CR3"``.
    df
        ``None`` for the degrees of freedom named below; ``"bell-mccaffrey"`` for those of any
        CR, and of HC2; ``"imbens-kolesar"`` for any CR, with errors that share an effect of
        their cluster.
    population
        ``"sample"``: the effect on the persons drawn. ``"superpopulation"``: on those whom
        they are a random sample of. That adds ``Var(τ̂(X))/n`` to the variance of a blocked
        or Lin estimate, and nothing to the others.
    inference
        ``"model"``: p-value and interval from t. ``"lottery"``: from the lottery drawn again.
        ``"wild"``: from the wild cluster bootstrap. The latter two for few clusters.
    draws, seed
        Number and origin of the draws of ``"lottery"`` and ``"wild"``.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        With ``mean_treatment − mean_control`` equal to the unadjusted effect: under strata
        both are means over the strata's shares of everyone drawn. Degrees of freedom: Welch
        without strata and covariates, ``N − 2S`` blocked, ``n − k`` adjusted, Bell–McCaffrey
        under CR2 and CR3, clusters − 1 under CR0 and CR1. A standard error that cannot be
        estimated is ``nan`` with a note.

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

    Matched pairs and other strata with one person or cluster in an arm: the error of the
    difference comes from the variation between strata (``effects.small_blocks``), and a note
    says so; Lin refuses them. Sampling weights count in every estimator, and with the
    inverse probabilities they are multiplied; persons, not clusters, are averaged over.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "hours": [0, 4, 2, 6, 1, 9, 3, 5]})
    >>> effect = estimate_itt(frame, "hours", Lottery(arm="arm", treatment="t", control="c"))
    >>> effect.estimate, round(effect.std_error, 4), round(effect.df, 3)
    (4.5, 1.2583, 4.9)
    """
    options = validate_options(
        outcome,
        lottery,
        covariates,
        adjustment,
        vcov,
        conf_level,
        weights=weights,
        df=df,
        population=population,
        inference=inference,
        draws=draws,
        seed=seed,
    )
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    return estimate_from_columns(columns, outcome, lottery, options)


def columns_needed(outcome: str, lottery: Lottery, options: IttOptions) -> tuple[str, ...]:
    """All columns that an analysis reads."""
    weights = () if options.weights is None else (options.weights,)
    return (outcome, *lottery.columns, *covariate_names(options.covariates), *weights)


def estimate_from_columns(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions, subgroup: str = ""
) -> Estimate:
    """``estimate_itt`` on columns that have been read."""
    data = read_analysed(columns, outcome, lottery, options)
    estimate = estimate_from_analysed(data, outcome, lottery, options, subgroup)
    if options.inference == "model":
        return estimate
    inferred = infer_effect(columns, data, outcome, lottery, options)
    kept = (note for note in estimate.notes if note != FEW_CLUSTERS)
    return replace(
        estimate,
        inference=options.inference,
        given_p_value=inferred.p_value,
        given_interval=inferred.interval,
        notes=tuple(dict.fromkeys((*kept, *inferred.notes))),
    )


def estimate_from_analysed(
    data: Analysed, outcome: str, lottery: Lottery, options: IttOptions, subgroup: str = ""
) -> Estimate:
    """``estimate_itt`` on persons that have been read; ``outcome`` is the endpoint's name."""
    contrast = choose_estimator(data, options)(data, options)
    clusters = data.assignment.n_clusters
    std_error, flat = _checked_error(contrast, data.outcome)
    return Estimate(
        endpoint=outcome,
        estimand="itt",
        estimator=estimator_name(data.assignment.n_strata, options.adjustment),
        contrast=lottery.contrast,
        estimate=contrast.estimate,
        std_error=std_error,
        df=contrast.df,
        **count_sides(data.outcome, data.assignment.assigned),
        n_clusters=clusters,
        conf_level=options.conf_level,
        mean_treatment=contrast.mean_treatment,
        mean_control=contrast.mean_control,
        subgroup=subgroup,
        notes=(
            *data.notes,
            *data.covariates.notes,
            *contrast.notes,
            *((FEW_CLUSTERS,) if clusters is not None and clusters < 10 else ()),
            *flat,
        ),
    )


class Sides(TypedDict):
    """The sizes that every estimate carries."""

    n_treatment: int
    n_control: int
    n_apart_treatment: int
    n_apart_control: int


def count_sides(outcome: Floats, assigned: NDArray[np.int64]) -> Sides:
    """Persons of both arms, and those of them that ``count_apart`` counts."""
    control, treatment = count_apart(outcome, assigned)
    return Sides(
        n_treatment=int((assigned == 1).sum()),
        n_control=int((assigned == 0).sum()),
        n_apart_treatment=treatment,
        n_apart_control=control,
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


def _checked_error(contrast: Contrast, outcome: Floats) -> tuple[float, tuple[str, ...]]:
    """The standard error, or ``nan`` and why there is none."""
    if np.ptp(outcome) == 0:
        return math.nan, ("not estimable: the outcome is the same for everyone",)
    if any(note.startswith("not estimable") for note in contrast.notes):
        return math.nan, ()
    if math.isnan(contrast.std_error):
        return math.nan, ("not estimable: a person alone determines a coefficient",)
    if contrast.std_error <= 1e-13 * np.abs(outcome).max():
        return math.nan, ("not estimable: the outcome does not vary within the arms",)
    return contrast.std_error, ()
