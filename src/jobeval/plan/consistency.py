"""Rules that hold between the tables of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobeval.errors import did_you_mean
from jobeval.plan.analyses import EffectAnalysis, ExitAnalysis, PathAnalysis, StateAnalysis
from jobeval.plan.endpoints import DeliveredExit, Endpoint, ExitEndpoint, WindowEndpoint

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan


def find_inconsistencies(plan: TrialPlan) -> list[str]:
    """Everything that does not fit together, as ``"place: rule"``; empty when all does."""
    return [*_arm_problems(plan), *_analysis_problems(plan), *_look_problems(plan)]


def _arm_problems(plan: TrialPlan) -> list[str]:
    roles = sorted(arm.role for arm in plan.arms)
    if roles != ["control", "treatment"]:
        return ['arms: one arm must have role = "control" and one role = "treatment"']
    if len({arm.name for arm in plan.arms}) != len(plan.arms):
        return ["arms: names must differ"]
    return []


def _analysis_problems(plan: TrialPlan) -> list[str]:
    problems: list[str] = []
    names = [analysis.name for analysis in plan.analyses]
    problems += [
        f"analyses: the name {n!r} stands twice" for n in sorted(set(names)) if names.count(n) > 1
    ]
    for analysis in plan.analyses:
        place = f"analyses.{analysis.name}"
        problems += [
            f"{place}.looks: {look!r} is not among the plan's looks"
            for look in analysis.looks
            if look not in plan.looks
        ]
        if isinstance(analysis, StateAnalysis):
            continue
        problems += _endpoint_problems(plan, place, analysis)
        family = getattr(analysis, "family", None)
        if family is not None and family not in plan.families:
            known = list(plan.families)
            hint = did_you_mean(family, known) if known else f"add [families.{family}]"
            problems.append(f"{place}.family: {family!r} is not declared; {hint}")
        if getattr(analysis, "by_site", False) and plan.sites is None:
            problems.append(f"{place}.by_site: the plan declares no [sites]")
        pooled = analysis.estimator == "difference" or getattr(analysis, "strata", None) is not None
        if pooled and plan.lottery.strata and plan.lottery.probability is None:
            problems.append(
                f"{place}: leaving the lottery's strata needs lottery.probability, since the "
                "chance of treatment may differ between them"
            )
    return problems


def _endpoint_problems(
    plan: TrialPlan, place: str, analysis: EffectAnalysis | PathAnalysis | ExitAnalysis
) -> list[str]:
    endpoint = plan.endpoints.get(analysis.endpoint)
    if endpoint is None:
        hint = did_you_mean(analysis.endpoint, list(plan.endpoints))
        return [f"{place}.endpoint: {analysis.endpoint!r} is not declared; {hint}"]
    survival = isinstance(analysis, ExitAnalysis)
    path = isinstance(analysis, PathAnalysis)
    if survival != isinstance(endpoint, ExitEndpoint | DeliveredExit) or (
        path and not isinstance(endpoint, WindowEndpoint)
    ):
        return [
            f'{place}.estimator: "{analysis.estimator}" does not fit an endpoint of kind '
            f'"{endpoint.kind}"; survival estimators go with exits, and only they'
        ]
    if isinstance(analysis, ExitAnalysis):
        return _cause_problems(place, analysis, endpoint)
    if not isinstance(endpoint, WindowEndpoint):
        return []
    problems = [
        f"{place}.looks: endpoint {analysis.endpoint!r} has no window for {look!r}"
        for look in analysis.looks or plan.looks
        if isinstance(endpoint.window_weeks, dict) and look not in endpoint.window_weeks
    ]
    if path and endpoint.kind == "longest_spell":
        problems.append(f'{place}.estimator: "path" does not fit "longest_spell"')
    return problems


def _look_problems(plan: TrialPlan) -> list[str]:
    problems: list[str] = []
    cut_offs = [plan.looks[name].cut_off for name in ("midterm", "final") if name in plan.looks]
    if len(cut_offs) == 2 and cut_offs[0] >= cut_offs[1]:
        problems.append("looks: the midterm cut_off must come before the final one")
    for name, endpoint in plan.endpoints.items():
        if isinstance(endpoint, WindowEndpoint):
            for _, stop in endpoint.windows:
                if stop > plan.follow_up.horizon_weeks:
                    problems.append(
                        f"endpoints.{name}.window_weeks: ends at week {stop}, after "
                        f"follow_up.horizon_weeks = {plan.follow_up.horizon_weeks}"
                    )
    return problems


def _cause_problems(place: str, analysis: ExitAnalysis, endpoint: Endpoint) -> list[str]:
    if not isinstance(endpoint, ExitEndpoint):
        one_exit = analysis.estimator != "aalen_johansen" and analysis.cause is None
        return [] if one_exit else [f"{place}: a delivered exit has one destination only"]
    if analysis.cause is None:
        return []
    if analysis.cause not in endpoint.destinations:
        hint = did_you_mean(analysis.cause, endpoint.destinations)
        return [f"{place}.cause: {analysis.cause!r} is not a destination of the endpoint; {hint}"]
    if analysis.estimator == "aalen_johansen":
        return [f'{place}.cause: "aalen_johansen" shows every destination; leave "cause" out']
    if analysis.estimator == "kaplan_meier" and len(endpoint.destinations) > 1:
        return [
            f"{place}.cause: a Kaplan–Meier curve that censors other destinations overstates "
            'the exits; use estimator = "aalen_johansen"'
        ]
    return []
