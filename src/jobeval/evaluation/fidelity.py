"""Fidelity at a look: who got the core elements, where, and whether it can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.fidelity import score_persons
from jobeval.delivery.fidelity_tables import (
    EVERYWHERE,
    find_wrong_marks,
    tabulate_matrix,
    tabulate_scores,
    tabulate_trend,
)
from jobeval.delivery.populations import Population
from jobeval.delivery.registration import tabulate_registration
from jobeval.errors import DataError, Problem
from jobeval.evaluation.effort import PARTICIPANTS, population_rows, read_effort, split_populations
from jobeval.evaluation.look import TrialAtLook
from jobeval.plan.fidelity import FIDELITY_INDEX, FidelityPlan
from jobeval.plan.programme import Programme
from jobeval.registers.frames import read_columns
from jobeval.results import CheckResult

Floats = NDArray[np.float64]
SENTENCES = {
    "fidelity": "Who got each core element, by rules on what is registered.",
    "fidelity_scores": "The mean over persons of the share of judged elements that they got.",
    "fidelity_trend": "Fidelity by the period of the start or of the lottery.",
    "registration": "Registration depends on caseworkers, and may differ between the arms.",
}


def describe_fidelity(at_look: TrialAtLook) -> Iterator[CheckResult]:
    """The checks ``fidelity``, ``fidelity_scores``, ``fidelity_trend`` and ``registration``.

    Nothing when the plan has no ``[fidelity]``. Participants tell of adherence (everyone drawn
    to the treatment arm where no start is known), and the control group of contamination: the
    same rules, from the week of the lottery.
    """
    plan = at_look.plan.fidelity
    if plan is None:
        return
    populations = _populations(at_look)
    told = [_treated(populations), populations["control"]]
    scores = {one.name: _score(at_look, plan, one) for one in told}
    names = [element.name for element in plan.elements]
    thresholds = np.array([element.threshold for element in plan.elements])
    yield _check(
        "fidelity",
        told,
        lambda one: tabulate_matrix(scores[one.name], _sites(one), names, thresholds),
    )
    yield _check(
        "fidelity_scores", told, lambda one: tabulate_scores(scores[one.name], _sites(one))
    )
    if all("cohort" in one.groups for one in told):
        yield _check(
            "fidelity_trend",
            told,
            lambda one: tabulate_trend(scores[one.name], one.groups["cohort"], names),
        )
    if at_look.trial.activities is not None:
        company = (at_look.plan.programme or Programme()).company
        yield _check(
            "registration",
            list(populations.values()),
            lambda one: tabulate_registration(one.effort, company, _sites(one)),
        )


def index_sites(at_look: TrialAtLook) -> dict[str, float]:
    """Each site's mean score among the participants of the treatment arm.

    Raises
    ------
    DataError
        When persons were delivered with a column of the name of the index.
    """
    plan = at_look.plan.fidelity
    assert plan is not None
    if FIDELITY_INDEX in at_look.persons:
        rule = "was delivered, and the plan computes a column of this name from [fidelity]."
        mend = "Deliver it under another name, and name that in the analysis."
        raise DataError("persons", [Problem(FIDELITY_INDEX, rule, mend)])
    treated = _treated(_populations(at_look))
    table = tabulate_scores(_score(at_look, plan, treated), _sites(treated))
    sites = table[table["site"] != EVERYWHERE]
    return dict(zip(sites["site"], sites["score"], strict=True))


def _populations(at_look: TrialAtLook) -> dict[str, Population]:
    return {one.name: one for one in split_populations(at_look, read_effort(at_look))}


def _treated(populations: dict[str, Population]) -> Population:
    return populations.get(PARTICIPANTS) or populations["treatment"]


def _sites(population: Population) -> NDArray[np.str_] | None:
    return population.groups.get("site")


def _score(at_look: TrialAtLook, plan: FidelityPlan, population: Population) -> Floats:
    columns = read_columns(at_look.persons, plan.columns)
    wrong = [*find_wrong_marks(columns)]
    if wrong:
        raise DataError("persons", wrong)
    rows = population_rows(at_look)[population.name]
    delivered = {name: values[rows].astype(np.float64) for name, values in columns.items()}
    return score_persons(population.effort, plan.elements, delivered)


def _check(
    name: str,
    populations: list[Population],
    tabulate: Callable[[Population], pd.DataFrame],
) -> CheckResult:
    """One table, with the population in its first column."""
    parts: list[pd.DataFrame] = []
    for population in populations:
        table = tabulate(population)
        table.insert(0, "population", population.name)
        parts.append(table)
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return CheckResult(name=name, passed=None, sentence=SENTENCES[name], table=table)
