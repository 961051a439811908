"""Outcomes weighted by the inverse probability of being observed: a sensitivity analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.hours.linearised import ArmOutcomes
from jobeval.effects.itt.adjusters import stratum_indicators
from jobeval.effects.itt.itt import columns_needed, count_sides
from jobeval.effects.itt.options import validate_options
from jobeval.effects.missing.bounds import read_everyone
from jobeval.inference.covariates import covariate_names, read_covariates
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import fit_least_squares, independent_columns
from jobeval.regression.logit import fit_logit
from jobeval.results import Estimate

Floats = NDArray[np.float64]
RARE = 0.02
"""Someone observed with a lower probability would weigh as more than fifty persons."""


def estimate_weighted_for_missing(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term],
    weights: str | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Estimate the effect as if missing depended on the covariates alone.

    In each arm a logit of being observed on the covariates (and strata) gives the
    probability ``p`` of each person; those observed weigh ``1 / p`` (Robins, Rotnitzky &
    Zhao 1995). A sensitivity analysis: where missing depends on the outcome itself, only
    ``bound_attrition`` holds.

    Parameters
    ----------
    frame, outcome, lottery, weights, conf_level
        As for ``estimate_itt``; the outcome is missing where it is not observed.
    covariates
        Columns known before the draw that tell who is observed.

    Returns
    -------
    Estimate
        ``analysis_set`` ``"randomised, weighted for missing outcomes"``. The error allows for
        the probabilities being estimated (linearisation, projected on the logit's scores).
        Where an arm's logit separates, all is ``nan`` with a note.

    Raises
    ------
    DataError, DesignError, ValueError
        As ``estimate_itt``.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> nan = float("nan")
    >>> frame = pd.DataFrame({"arm": list("ctctctct") * 2, "old": [0] * 8 + [1] * 8,
    ...     "hours": [2, 4, 2, 4, 4, 6, nan, nan, 1, 9, 3, 7, nan, 8, nan, nan]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> effect = estimate_weighted_for_missing(frame, "hours", lottery, covariates=["old"])
    >>> round(effect.estimate, 6)  # (14/3 + 8)/2 - (8/3 + 2)/2
    4.0
    """
    if not covariates:
        raise ValueError("name the covariates that tell who is observed")
    options = validate_options(outcome, lottery, (), "none", None, conf_level, weights=weights)
    names = (*columns_needed(outcome, lottery, options), *covariate_names(covariates))
    columns = read_columns(frame, names)
    arms, observed = read_everyone(columns, outcome, lottery, options)
    coded = read_covariates(columns, covariates, arms.data.assignment.rows)
    strata = stratum_indicators(arms.data.assignment)
    design = np.column_stack([np.ones(len(observed)), strata, coded.values])
    probability, scores = _fit_arms(design, observed, arms.data.assignment.assigned)
    note = "a sensitivity analysis: holds if missing depends on the covariates alone"
    effect = _weighted_effect(arms, observed, probability, scores)
    return replace(effect, notes=(*effect.notes, *coded.notes, note))


def _fit_arms(
    design: Floats, observed: NDArray[np.bool_], assigned: NDArray[np.int64]
) -> tuple[Floats, list[Floats]]:
    """Probability of being observed, shape ``(n,)``, and each arm's scores ``(S − p) x``."""
    probability = np.empty(len(observed))
    scores: list[Floats] = []
    for arm in (0, 1):
        rows = assigned == arm
        own = design[rows][:, independent_columns(design[rows])]
        probability[rows] = fit_response(own, observed[rows])
        scores.append((observed[rows] - probability[rows])[:, None] * own)
    return probability, scores


def fit_response(design: Floats, observed: NDArray[np.bool_]) -> Floats:
    """The probability of being observed by logit, shape ``(n,)``; ``nan`` when it separates."""
    if observed.all():
        return np.ones(len(observed))
    fit = fit_logit(design, observed)
    separated = not fit.converged or fit.probability[observed].min() < RARE
    return np.full(len(observed), np.nan) if separated else fit.probability


def _weighted_effect(
    arms: ArmOutcomes,
    observed: NDArray[np.bool_],
    probability: Floats,
    scores: list[Floats],
) -> Estimate:
    assigned, values = arms.data.assignment.assigned, arms.data.outcome
    weights = arms.weights
    inverse = observed / probability
    total = np.bincount(assigned, weights * inverse, 2)
    means = np.bincount(assigned, weights * inverse * values, 2) / total
    influence = inverse * (values - means[assigned]) / total[assigned]
    fields: dict[str, Any] = {
        "estimator": "inverse-probability weighting for missing outcomes",
        "analysis_set": "randomised, weighted for missing outcomes",
        "mean_treatment": float(means[1]),
        "mean_control": float(means[0]),
        **count_sides(values[observed], assigned[observed]),
    }
    if np.isnan(probability).any():
        return _separated(arms, observed, fields)
    for arm, score in enumerate(scores):
        if score.any():
            rows = assigned == arm
            own = weights[rows]  # the logit counts persons alike, the means by their weights
            projection = fit_least_squares(score / own[:, None], influence[rows], own**2)
            influence[rows] = projection.residuals
    return arms.with_error_of(influence, float(means[1] - means[0]), **fields)


def _separated(arms: ArmOutcomes, observed: NDArray[np.bool_], fields: dict[str, Any]) -> Estimate:
    effect = arms.effect_on(observed)
    unknown = dict.fromkeys(("estimate", "std_error", "df"), np.nan)
    fields = fields | unknown | dict.fromkeys(("mean_treatment", "mean_control"), np.nan)
    reason = (
        "not estimable: the covariates mark persons of whom (nearly) all are missing or none is, "
        "so that no weight stands for them; name fewer covariates"
    )
    return replace(effect, **fields, notes=(*effect.notes, reason))
