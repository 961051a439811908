"""Each kind of analysis that a plan can ask for, carried out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.effects.itt import estimate_itt
from jobeval.effects.paths import PathCounts, estimate_path
from jobeval.effects.sites import estimate_site_effects
from jobeval.effects.subgroups import estimate_subgroup_effects
from jobeval.endpoints.counts import count_path, count_states
from jobeval.errors import DataError, DesignError, Problem
from jobeval.evaluation.look import DESTINATION, DURATION, OBSERVED, TrialAtLook
from jobeval.exits.aalen_johansen import cumulative_incidence
from jobeval.exits.cox import estimate_hazard_ratio
from jobeval.exits.kaplan_meier import survival_curve
from jobeval.exits.logrank import logrank_test
from jobeval.plan.analyses import (
    Analysis,
    EffectAnalysis,
    ExitAnalysis,
    PathAnalysis,
    StateAnalysis,
)
from jobeval.plan.endpoints import DeliveredOutcome, Endpoint, WindowEndpoint
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import LookName
from jobeval.results import Curve, Estimate, HypothesisTest

UNITS: dict[str, str] = {
    "any_hours": "share",
    "any_hours_without_benefit": "share",
    "mean_hours": "hours_per_week",
    "mean_hours_without_benefit": "hours_per_week",
    "weeks_in_state": "weeks",
    "longest_spell": "weeks",
}
STATES_ENDPOINT = "states"


@dataclass(frozen=True, slots=True)
class Answers:
    """What analyses have said, in the order of the plan."""

    effects: list[Estimate] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    tests: list[HypothesisTest] = field(default_factory=list)


def carry_out(analysis: Analysis, at_look: TrialAtLook, answers: Answers) -> None:
    """Carry out one analysis of the plan and add what it says to ``answers``.

    An effect that the lottery and the data do not allow is ``nan`` with the reason; a curve
    cannot be, so it stops the evaluation, as does whatever is wrong with the data.
    """
    try:
        _carry_out(analysis, at_look, answers)
    except DesignError as error:
        if not isinstance(analysis, EffectAnalysis):
            raise DesignError(f"analyses.{analysis.name}: {error}") from error
        answers.effects.append(_inestimable(analysis, at_look, str(error)))
    except DataError as error:
        raise DataError(f"analyses.{analysis.name}: {error.what}", error.problems) from error


def _carry_out(analysis: Analysis, at_look: TrialAtLook, answers: Answers) -> None:
    match analysis:
        case EffectAnalysis():
            _estimate_effects(analysis, at_look, answers)
        case PathAnalysis():
            _estimate_path(analysis, at_look, answers)
        case ExitAnalysis():
            _estimate_exits(analysis, at_look, answers)
        case StateAnalysis():
            _share_states(at_look, answers)


def _inestimable(analysis: EffectAnalysis, at_look: TrialAtLook, reason: str) -> Estimate:
    observed = at_look.outcome(analysis.endpoint)["value"].notna().to_numpy()
    control, treatment = np.bincount(at_look.assignment.assigned[observed], minlength=2).tolist()
    return Estimate(
        analysis=analysis.name,
        endpoint=analysis.endpoint,
        estimand="itt",
        estimator=analysis.estimator,
        contrast=at_look.plan.lottery_columns.contrast,
        estimate=math.nan,
        std_error=math.nan,
        n_treatment=treatment,
        n_control=control,
        notes=(f"not estimable: {reason}",),
        **_scale(at_look.plan.endpoints[analysis.endpoint], at_look.look),
    )


def _estimate_effects(analysis: EffectAnalysis, at_look: TrialAtLook, answers: Answers) -> None:
    outcome = f"outcome {analysis.endpoint}"
    values = at_look.outcome(analysis.endpoint)["value"]
    if values.isna().all():
        raise _unobserved(analysis, at_look)
    frame = at_look.persons.assign(**{outcome: values})
    strata = () if analysis.estimator == "difference" else analysis.strata
    lottery = _pooled(at_look.plan.lottery_columns, strata)
    options: dict[str, Any] = {
        "covariates": analysis.covariates,
        "adjustment": analysis.estimator if analysis.estimator in {"ancova", "lin"} else "none",
        "vcov": analysis.vcov,
    }
    named = {
        "analysis": analysis.name,
        "endpoint": analysis.endpoint,
        **_scale(at_look.plan.endpoints[analysis.endpoint], at_look.look),
    }
    estimates = [estimate_itt(frame, outcome, lottery, **options)]
    for column in analysis.subgroups:
        estimates += estimate_subgroup_effects(frame, outcome, lottery, column, **options)
    if analysis.by_site and at_look.plan.sites is not None:
        sites = estimate_site_effects(frame, outcome, lottery, at_look.plan.sites.column)
        estimates += [*sites.raw, *sites.shrunken]
        answers.tests.append(
            replace(sites.heterogeneity, analysis=analysis.name, endpoint=analysis.endpoint)
        )
    answers.effects.extend(replace(estimate, **named) for estimate in estimates)


def _unobserved(analysis: EffectAnalysis | ExitAnalysis, at_look: TrialAtLook) -> DataError:
    rule = f"no person is observed over the whole window at the {at_look.look} look."
    mend = "Deliver every register that it needs, to the end of the window, or plan a shorter one."
    return DataError("outcome", [Problem(f"endpoints.{analysis.endpoint}", rule, mend)])


def _scale(endpoint: Endpoint, look: LookName) -> dict[str, Any]:
    """Unit and horizon of an outcome."""
    if isinstance(endpoint, DeliveredOutcome):
        unit = endpoint.unit if isinstance(endpoint.unit, str) else endpoint.unit.en
        return {"unit": unit, "horizon_weeks": endpoint.horizon_weeks}
    assert isinstance(endpoint, WindowEndpoint)
    return {"unit": UNITS[endpoint.kind], "horizon_weeks": endpoint.window(look)[1]}


def _pooled(lottery: Lottery, strata: tuple[str, ...] | None) -> Lottery:
    """The lottery with the strata that an analysis declares; its own where it declares none."""
    if strata is None:
        return lottery
    return Lottery(
        arm=lottery.arm,
        treatment=lottery.treatment,
        control=lottery.control,
        strata=strata,
        clusters=lottery.clusters,
        probability=lottery.probability,
    )


def _estimate_path(analysis: PathAnalysis, at_look: TrialAtLook, answers: Answers) -> None:
    endpoint = at_look.plan.endpoints[analysis.endpoint]
    assert isinstance(endpoint, WindowEndpoint)
    unit = "share" if endpoint.kind == "weeks_in_state" else UNITS[endpoint.kind]
    strata = at_look.plan.lottery.strata
    _require_persons_with_even_odds(at_look)
    counted = [("", count_path(at_look.weeks, endpoint, strata))]
    for column in analysis.subgroups:
        counts = count_path(at_look.weeks, endpoint, tuple(dict.fromkeys((*strata, column))))
        counted += _parts(counts, column)
    for subgroup, counts in counted:
        path = estimate_path(_path_counts(counts, at_look), endpoint=analysis.endpoint, unit=unit)
        answers.curves.extend(replace(curve, subgroup=subgroup) for curve in path)


def _require_persons_with_even_odds(at_look: TrialAtLook) -> None:
    """Weekly counts carry neither weights nor clusters."""
    if at_look.assignment.probability_varies:
        raise DesignError(
            "the chance of treatment differs within the strata, and weekly counts carry no "
            "weights. Mend: name strata within which it is the same."
        )
    if at_look.assignment.cluster is not None:
        raise DesignError(
            "clusters were drawn, and weekly counts know persons only. Mend: leave the analysis "
            "out, or estimate the weeks that matter as endpoints of their own."
        )


def _share_states(at_look: TrialAtLook, answers: Answers) -> None:
    """The share in each state is the path of an indicator, so it is estimated as one."""
    _require_persons_with_even_odds(at_look)
    keys = [*at_look.plan.lottery.strata, "arm", "week"]
    counts = count_states(at_look.weeks, at_look.plan.lottery.strata)
    observed = counts.groupby(keys, as_index=False)["n"].sum()
    for state in at_look.plan.states.priority:
        within = counts.loc[counts["state"] == state, [*keys, "n"]]
        if within.empty:
            continue
        merged = observed.merge(within.rename(columns={"n": "total"}), on=keys, how="left")
        total = merged["total"].fillna(0)
        path = _path_counts(merged.assign(total=total, total_sq=total), at_look)
        for curve in estimate_path(path, endpoint=STATES_ENDPOINT, unit="share"):
            answers.curves.append(replace(curve, measure="state_share", cause=state))


def _path_counts(counts: pd.DataFrame, at_look: TrialAtLook) -> PathCounts:
    """Counts as arrays of shape (strata, arms, weeks); what is not there counts nobody."""
    stratum = _stratum_codes(counts, at_look.plan.lottery.strata)
    arm = (counts["arm"] == at_look.plan.treatment.name).to_numpy(dtype=np.int64)
    week = counts["week"].to_numpy(dtype=np.int64)
    shape = (int(stratum.max(initial=0)) + 1, 2, int(week.max(initial=-1)) + 1)

    def cells(name: str) -> NDArray[np.float64]:
        array = np.zeros(shape)
        array[stratum, arm, week] = counts[name].to_numpy(dtype=float)
        return array

    return PathCounts(
        weeks=np.arange(shape[2]),
        n=cells("n").astype(np.int64),
        total=cells("total"),
        total_sq=cells("total_sq"),
        arms=at_look.arms,
        positive=cells("positive") if "positive" in counts else None,
    )


def _stratum_codes(counts: pd.DataFrame, strata: tuple[str, ...]) -> NDArray[np.int64]:
    if not strata:
        return np.zeros(len(counts), dtype=np.int64)
    return np.asarray(counts.groupby(list(strata), sort=True).ngroup(), dtype=np.int64)


def _estimate_exits(analysis: ExitAnalysis, at_look: TrialAtLook, answers: Answers) -> None:
    exits = at_look.exits(analysis.endpoint)
    if exits.empty:
        raise _unobserved(analysis, at_look)
    left = exits[DESTINATION].notna()
    observed = left if analysis.cause is None else exits[DESTINATION] == analysis.cause
    frame = exits.assign(**{OBSERVED: observed})
    lottery = _pooled(at_look.plan.lottery_columns, analysis.strata)
    named = {"endpoint": analysis.endpoint}
    everyone = [("", frame)]
    for subgroup, part in everyone + [p for c in analysis.subgroups for p in _parts(frame, c)]:
        match analysis.estimator:
            case "kaplan_meier":
                curves = survival_curve(part, DURATION, OBSERVED, lottery)
                answers.curves.extend(replace(c, **named, subgroup=subgroup) for c in curves)
            case "aalen_johansen":
                curves = cumulative_incidence(part, DURATION, DESTINATION, lottery)
                answers.curves.extend(replace(c, **named, subgroup=subgroup) for c in curves)
            case "logrank":
                test = logrank_test(part, DURATION, OBSERVED, lottery)
                answers.tests.append(
                    replace(test, **named, analysis=analysis.name, subgroup=subgroup)
                )
            case "cox":
                estimate = estimate_hazard_ratio(
                    part, DURATION, OBSERVED, lottery,
                    covariates=analysis.covariates, ties=analysis.ties,
                )  # fmt: skip
                answers.effects.append(
                    replace(estimate, **named, analysis=analysis.name, unit="hazard_ratio",
                            subgroup=subgroup)
                )  # fmt: skip


def _parts(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each level of a column, by its name, in sorted order."""
    levels = sorted(frame[column].dropna().unique())
    return [(f"{column}={level}", frame[frame[column] == level]) for level in levels]
