"""Each analysis that a plan asks for, carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from jobeval.errors import DataError, DesignError
from jobeval.evaluation import effects
from jobeval.evaluation.exits import ESTIMATORS, estimate_exits
from jobeval.evaluation.histories import keep_jobs, occupy_states, start_again
from jobeval.evaluation.look import TrialAtLook
from jobeval.evaluation.naming import inestimable, name_effect
from jobeval.evaluation.paths import follow_path, share_states
from jobeval.evaluation.places import compare_sites
from jobeval.evaluation.said import Said
from jobeval.plan import analyses as plan
from jobeval.plan.exit_analyses import (
    CurveAnalysis,
    GrayAnalysis,
    IncidenceAnalysis,
    LogRankAnalysis,
    OccupancyAnalysis,
)
from jobeval.results import CheckResult, Curve, Estimate, HypothesisTest

KINDS: dict[type, Callable[[Any, TrialAtLook], Iterable[Said]]] = {
    plan.EffectAnalysis: effects.estimate_effects,
    plan.TakeUpAnalysis: effects.estimate_take_up,
    plan.RiskAnalysis: effects.estimate_risks,
    plan.MarginsAnalysis: effects.estimate_hours_margins,
    plan.QuantileAnalysis: effects.estimate_quantiles,
    plan.BoundsAnalysis: effects.bound_missing,
    plan.FidelityAnalysis: effects.relate_fidelity,
    plan.SortedGroupsAnalysis: effects.sort_groups,
    plan.SpilloverAnalysis: effects.estimate_spillovers,
    plan.IndexAnalysis: effects.index_effects,
    plan.SensitivityAnalysis: effects.vary,
    plan.PathAnalysis: follow_path,
    **dict.fromkeys(ESTIMATORS, estimate_exits),
    plan.StateAnalysis: share_states,
    plan.OccupancyAnalysis: occupy_states,
    plan.RetentionAnalysis: keep_jobs,
    plan.RecurrenceAnalysis: start_again,
    plan.PlacesAnalysis: compare_sites,
}
NO_EFFECT = (
    plan.PathAnalysis,
    plan.StateAnalysis,
    CurveAnalysis,
    LogRankAnalysis,
    IncidenceAnalysis,
    GrayAnalysis,
    OccupancyAnalysis,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What analyses have said, in the order of the plan."""

    effects: list[Estimate] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    tests: list[HypothesisTest] = field(default_factory=list)
    tables: list[CheckResult] = field(default_factory=list)


def carry_out(analysis: plan.Analysis, at_look: TrialAtLook, answers: Answers) -> None:
    """Carry out one analysis of the plan and add what it says to ``answers``.

    An effect that the lottery and the data do not allow is ``nan`` with the reason; a curve
    cannot be, so it stops the evaluation, as does whatever is wrong with the data.
    """
    try:
        said = list(KINDS[type(analysis)](analysis, at_look))
    except DesignError as error:
        if isinstance(analysis, NO_EFFECT):
            raise DesignError(f"analyses.{analysis.name}: {error}") from error
        said = [inestimable(analysis, at_look, str(error))]
    except DataError as error:
        raise DataError(f"analyses.{analysis.name}: {error.what}", error.problems) from error
    for item in said:
        match item:
            case Estimate():
                answers.effects.append(name_effect(analysis, item, at_look))
            case Curve():
                answers.curves.append(item)
            case HypothesisTest():
                answers.tests.append(name_test(analysis, item))
            case CheckResult():
                answers.tables.append(item)


def name_test(analysis: plan.Analysis, test: HypothesisTest) -> HypothesisTest:
    """The test under the plan's names."""
    endpoint = getattr(analysis, "endpoint", test.endpoint)
    return replace(test, analysis=analysis.name, endpoint=endpoint)
