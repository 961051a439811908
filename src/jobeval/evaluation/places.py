"""Job centres side by side at a look: each against the average of the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.marks import mark_indicators
from jobeval.delivery.places import compare_places
from jobeval.errors import DataError, DesignError, Problem
from jobeval.evaluation.effects import outcome_column, unobserved
from jobeval.evaluation.effort import population_rows, read_effort, split_populations
from jobeval.evaluation.look import TrialAtLook
from jobeval.plan.place_analyses import PlacesAnalysis
from jobeval.results import CheckResult, PlaceComparison

Floats = NDArray[np.float64]
COLUMNS = (
    "site", "n", "observed", "expected", "others", "difference", "conf_low", "conf_high",
    "shrunken", "shrunken_low", "shrunken_high", "verdict", "verdict_adjusted", "n_apart",
)  # fmt: skip
NO_EFFECT = "Job centres were not drawn by lot, so that no difference is an effect."


def compare_sites(analysis: PlacesAnalysis, at_look: TrialAtLook) -> Iterator[CheckResult]:
    """The checks ``places NAME`` and ``funnel NAME``, both informative.

    Where the data do not allow it, ``places NAME`` is empty and says why.
    """
    assert at_look.plan.sites is not None
    persons, outcome = _read_persons(analysis, at_look)
    try:
        found = compare_places(
            persons, outcome, at_look.plan.sites.column, covariates=analysis.covariates
        )
    except DesignError as error:
        yield _inestimable(analysis, str(error))
        return
    yield _tell_places(analysis, found)
    yield CheckResult(
        name=f"funnel {analysis.name}",
        passed=None,
        sentence="Where a job centre lies by chance, by its number of persons.",
        values={"average": found.average},
        table=found.funnel,
    )


def _read_persons(analysis: PlacesAnalysis, at_look: TrialAtLook) -> tuple[pd.DataFrame, str]:
    """The persons of the population, and the column of what is compared."""
    rows = population_rows(at_look).get(analysis.population)
    if rows is None:
        rule = "who started is not known: persons hold no started_on."
        mend = 'Deliver it, or name population = "treatment".'
        raise DataError("places", [Problem("persons", rule, mend)])
    name = analysis.endpoint or analysis.indicator
    assert name is not None
    column = outcome_column(name)
    if analysis.endpoint is not None:
        values = at_look.outcome(name)["value"].to_numpy(dtype=float)[rows]
        if np.isnan(values).all():
            raise unobserved(name, at_look)
    else:
        values = _indicator_values(at_look, name, analysis.population)
    return at_look.persons.iloc[rows].assign(**{column: values}), column


def _indicator_values(at_look: TrialAtLook, indicator: str, population: str) -> Floats:
    """1 or 0 of each person of the population, ``nan`` for who is not in the denominator."""
    programme = at_look.plan.programme
    assert programme is not None
    [found] = (
        part for part in split_populations(at_look, read_effort(at_look)) if part.name == population
    )
    return mark_indicators(found.effort, programme)[indicator]


def _tell_places(analysis: PlacesAnalysis, found: PlaceComparison) -> CheckResult:
    above, below = (len(found.named(verdict)) for verdict in ("above", "below"))
    surely = len(found.named("above", adjusted=True)), len(found.named("below", adjusted=True))
    return CheckResult(
        name=f"places {analysis.name}",
        passed=None,
        sentence=f"{above} of {found.n_places} lie above the average of the others and {below} "
        f"below; {found.by_chance:.1f} would by chance. With all comparisons together "
        f"{surely[0]} above and {surely[1]} below. {NO_EFFECT}",
        values={
            "average": found.average,
            "overdispersion": found.overdispersion,
            "tau": found.tau,
            "n_sites": float(found.n_places),
            "share": float(found.share),
            "by_chance": found.by_chance,
        },
        table=found.table.rename(columns={"place": "site"})[list(COLUMNS)],
    )


def _inestimable(analysis: PlacesAnalysis, reason: str) -> CheckResult:
    return CheckResult(
        name=f"places {analysis.name}",
        passed=None,
        sentence=f"not estimable: {reason}",
        values=dict.fromkeys(("average", "overdispersion", "tau"), np.nan) | {"n_sites": 0.0},
        table=pd.DataFrame(columns=list(COLUMNS)),
    )
