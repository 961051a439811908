"""Places side by side: each against the average of the others, with persons alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.places_adjusted import (
    AdjustedMeans,
    RobustErrors,
    adjust_means,
    expected_covariance,
    robust_errors,
)
from jobeval.delivery.places_expected import expect_outcomes
from jobeval.delivery.places_funnel import (
    funnel_of_means,
    funnel_of_shares,
    funnel_sizes,
    measure_overdispersion,
)
from jobeval.delivery.places_others import Limits, limit_means, limit_shares, weigh_others
from jobeval.delivery.places_persons import PlacePersons, read_place_persons
from jobeval.errors import DesignError
from jobeval.inference.covariates import covariate_names
from jobeval.inference.intervals import normal_quantile
from jobeval.inference.multiplicity import adjust_p_values
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.correlated_effects import ShrunkenEffects, shrink_correlated_effects
from jobeval.results import PlaceComparison
from jobeval.results.places import ABOVE, BELOW, UNCERTAIN

Floats = NDArray[np.float64]
FEWEST = 5
"""Persons of a place, below which nothing is said of it: score intervals do not hold there."""
FUNNEL = ("n", "low95", "high95", "low998", "high998")


def compare_places(
    frame: Any,
    outcome: str,
    place: str,
    *,
    covariates: Sequence[str | Term] = (),
    conf_level: float = 0.95,
) -> PlaceComparison:
    """Compare each place with the average of the others, for persons alike.

    Three questions, kept apart. *Observed and expected*, as Jobindsats sets them side by side:
    what the place had, and what it would have had if its persons had done as persons like them
    do in all places together (logistic regression for shares, least squares else, without
    places). *Above or below the others*: the place's mean less that of all other persons, both
    for persons of the average case mix, with an interval. *How much of that is chance*: the
    same difference, shrunken towards none by what the places' differences say of one another.

    It describes. Places were not drawn by lot, and what the covariates do not tell of their
    persons or of their labour market remains in the difference.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    outcome
        Column of numbers, 0 or 1 for a share; persons without a value are left out.
    place
        Column of the place: a job centre, a supplier. Known for everybody.
    covariates
        The case mix: columns known before the effort, as of ``estimate_itt``.
    conf_level
        Of all intervals, between 0 and 1.

    Raises
    ------
    DataError
        With all problems at once: columns that are not there, an outcome that is text or
        infinite, places or covariates that are not known.
    DesignError
        Fewer than two places have persons, the outcome is the same for everybody (for means:
        in every place), or places and case mix together tell every outcome.

    Notes
    -----
    "The average of the others" is over persons, not over places: a place of ten persons says
    little about what is usual, and weighing it as one of a thousand would add its noise to
    every comparison. So the places' adjusted means average to the mean of all persons, and a
    place above the others is above that average too.

    Intervals of shares put together the score intervals of the place and of the others
    (Newcombe 1998; with two places and no covariates it is his method 10). They hold for rare
    outcomes and places of few persons, but not below five, of whom the verdict is always
    ``"uncertain"``. Intervals of means rest on HC2, with the whole covariance of the adjusted
    means and Bell & McCaffrey's degrees of freedom, so that they hold where the places'
    variances differ; where all persons of a place have the same outcome, the variance within
    all places stands in for theirs. Persons are taken as independent.

    The shrunken differences are empirical-Bayes predictions with the variance between places
    by REML. Chance is there what the case mix expects (for means: the variance within all
    places), since by its own residuals a place where few have the outcome would seem the best
    known. With few places their intervals are too short (with ten, 0.89 in simulation), and all
    are 0 where places differ no more than by chance.

    At ``conf_level`` 0.95 one place in twenty lies outside by chance alone (``by_chance``);
    ``verdict_adjusted`` holds for all places together (Holm 1979). The funnel's limits are
    those of one place at a time.

    Examples
    --------
    >>> frame = pd.DataFrame({"centre": ["north"] * 40 + ["south"] * 40 + ["west"] * 40,
    ...     "hours": [1] * 30 + [0] * 10 + ([1] * 16 + [0] * 24) * 2})
    >>> found = compare_places(frame, "hours", "centre")
    >>> found.table[["place", "observed", "others", "difference", "verdict"]]
       place  observed  others  difference    verdict
    0  north      0.75   0.400       0.350      above
    1  south      0.40   0.575      -0.175  uncertain
    2   west      0.40   0.575      -0.175  uncertain
    """
    normal_quantile(conf_level)  # refuses a level that is none
    names = covariate_names(covariates)
    columns = read_columns(frame, [outcome, place, *names])
    persons = read_place_persons(columns, outcome, place, covariates)
    measured = _measure(persons)
    average = float(persons.outcome.mean())
    table, tau = _tabulate(persons, measured, conf_level)
    return PlaceComparison(
        outcome=outcome,
        place=place,
        covariates=names,
        conf_level=conf_level,
        share=persons.share,
        average=average,
        overdispersion=measure_overdispersion(
            measured.sums[0] - measured.sums[1], persons.sum_by_place(measured.variance)
        ),
        tau=tau,
        n_missing=persons.n_missing,
        table=table,
        funnel=_draw_funnel(measured, average, persons.share),
        notes=_note(persons, measured),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What is known of ``k`` places: sums of observed and expected, and adjusted means."""

    sums: tuple[Floats, Floats]
    adjusted: AdjustedMeans
    variance: Floats
    """Shape ``(n,)``: of each person's outcome, as chance makes it where no place differs."""
    robust: RobustErrors | None
    """For means; shares vary as their expected value says."""


def _measure(persons: PlacePersons) -> _Measured:
    outcome = persons.outcome
    _require_variance(float(outcome.var()), outcome)
    expected = expect_outcomes(outcome, persons.case_mix.values, share=persons.share)
    adjusted = adjust_means(outcome, persons.code, persons.case_mix.values)
    _require_left_over(adjusted, outcome)
    robust, variance = None, expected * (1 - expected)
    if not persons.share:
        _require_variance(adjusted.variance, outcome)
        robust = robust_errors(adjusted, outcome, persons.code)
        variance = np.full(len(outcome), adjusted.variance)
    sums = (persons.sum_by_place(outcome), persons.sum_by_place(expected))
    return _Measured(sums, adjusted, variance, robust)


def _require_variance(variance: float, outcome: Floats) -> None:
    if variance <= 1e-20 * float(np.square(outcome).max()):
        raise DesignError(
            "outcomes do not vary within the places, so that nothing tells chance from "
            "difference. Mend: compare an outcome in which persons of one place differ."
        )


def _require_left_over(adjusted: AdjustedMeans, outcome: Floats) -> None:
    """Raise where the case mix tells every outcome, by itself or by its many columns."""
    told = float(np.square(adjusted.fit.residuals).max()) <= 1e-20 * float(np.square(outcome).max())
    if adjusted.kept.any() and (told or adjusted.fit.df_resid == 0):
        raise DesignError(
            "places and case mix together tell every outcome, so that nothing tells chance from "
            "difference. Mend: name fewer covariates, and none that is made of the outcome."
        )


def _tabulate(
    persons: PlacePersons, measured: _Measured, conf_level: float
) -> tuple[pd.DataFrame, float]:
    """The table, and the standard deviation between places."""
    adjusted = measured.adjusted
    observed, expected = (part / adjusted.sizes for part in measured.sums)
    others = weigh_others(adjusted.sizes)
    covariance = expected_covariance(adjusted, measured.variance)
    if measured.robust is None:
        limits = limit_shares(adjusted, observed, expected, covariance, conf_level)
    else:
        limits = limit_means(adjusted, measured.robust, conf_level)
    shrunken = shrink_correlated_effects(adjusted.means, covariance)
    table = pd.DataFrame(
        {
            "place": list(persons.places),
            "n": adjusted.sizes,
            "observed": observed,
            "expected": expected,
            "others": others @ adjusted.means,
            "difference": adjusted.means - others @ adjusted.means,
            "conf_low": limits.low,
            "conf_high": limits.high,
            **_shrunken_columns(shrunken, others, conf_level),
            **_verdict_columns(limits, adjusted.sizes >= FEWEST, conf_level),
            "n_apart": _count_apart(persons),
        }
    )
    return table, math.sqrt(shrunken.tau_squared)


def _shrunken_columns(
    shrunken: ShrunkenEffects, others: Floats, conf_level: float
) -> dict[str, Floats]:
    weights = np.eye(len(others)) - others
    difference = weights @ shrunken.effects
    variance = np.diag(weights @ shrunken.covariance @ weights.T)
    spread = np.sqrt(np.maximum(variance, 0.0))  # rounding, where the places are all alike
    half = normal_quantile(conf_level) * spread
    names = ("shrunken", "shrunken_low", "shrunken_high")
    return dict(zip(names, (difference, difference - half, difference + half), strict=True))


def _verdict_columns(
    limits: Limits, enough: NDArray[np.bool_], conf_level: float
) -> dict[str, NDArray[Any]]:
    below = np.where(enough & (limits.high < 0), BELOW, UNCERTAIN)
    verdict = np.where(enough & (limits.low > 0), ABOVE, below).astype(object)
    adjusted = np.asarray(adjust_p_values(limits.p_value, "holm"))
    return {
        "verdict": verdict,
        "p_value": limits.p_value,
        "p_value_adjusted": adjusted,
        "verdict_adjusted": np.where(adjusted <= 1 - conf_level, verdict, UNCERTAIN),
    }


def _count_apart(persons: PlacePersons) -> NDArray[np.int64]:
    """Persons of each place whose outcome is not the commonest one there."""
    pairs = np.column_stack([persons.code, persons.outcome])
    met, counts = np.unique(pairs, axis=0, return_counts=True)
    commonest = np.zeros(len(persons.places), dtype=np.int64)
    np.maximum.at(commonest, met[:, 0].astype(np.int64), counts)
    return np.bincount(persons.code) - commonest


def _draw_funnel(measured: _Measured, average: float, share: bool) -> pd.DataFrame:
    n = funnel_sizes(measured.adjusted.sizes)
    variance = measured.adjusted.variance
    limits = funnel_of_shares(n, average) if share else funnel_of_means(n, average, variance)
    return pd.DataFrame(dict(zip(FUNNEL, (n, *limits.T), strict=True)))


def _note(persons: PlacePersons, measured: _Measured) -> tuple[str, ...]:
    notes = list(persons.case_mix.notes)
    if persons.n_missing:
        notes.append(f"{persons.n_missing} persons without a known outcome are left out")
    kept = measured.adjusted.kept.tolist()
    notes += [
        f"{name!r} adds nothing within places, so that the difference is not adjusted for it"
        for name, stays in zip(persons.case_mix.names, kept, strict=True)
        if not stays
    ]
    alike = 0 if measured.robust is None else int(measured.robust.alike.sum())
    if alike:
        notes.append(
            f"in {alike} places all persons have the same outcome: the variance within all "
            "places stands in for theirs"
        )
    return tuple(notes)
