"""Rules that hold between the tables of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jobeval.errors import did_you_mean
from jobeval.plan.analyses import (
    Analysis,
    EffectAnalysis,
    FidelityAnalysis,
    IndexAnalysis,
    SensitivityAnalysis,
    Variant,
)
from jobeval.plan.cost_benefit import find_cost_benefit_problems
from jobeval.plan.endpoint_fit import find_horizon_problems, find_misfits
from jobeval.plan.endpoints import DeliveredOutcome, WindowEndpoint
from jobeval.plan.exit_analyses import OccupancyAnalysis
from jobeval.plan.fidelity import find_fidelity_problems
from jobeval.plan.place_analyses import PlacesAnalysis
from jobeval.plan.programme import find_programme_problems

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan


def find_inconsistencies(plan: TrialPlan) -> list[str]:
    """Everything that does not fit together, as ``"place: rule"``; empty when all does."""
    return [
        *_arm_problems(plan),
        *_analysis_problems(plan),
        *_redraw_problems(plan),
        *_look_problems(plan),
        *find_cost_benefit_problems(plan),
        *find_programme_problems(plan),
        *find_fidelity_problems(plan),
    ]


def _redraw_problems(plan: TrialPlan) -> Iterator[str]:
    """One re-drawn lottery carries one estimator."""
    for name, family in plan.families.items():
        members = [a for a in plan.analyses if isinstance(a, EffectAnalysis) and a.family == name]
        ways = {(a.estimator, a.covariates, a.strata, a.weights) for a in members}
        if family.redraws and len(ways) > 1:
            yield (
                f'families.{name}: method = "{family.method}" draws the lottery again for all '
                "tests at once, so its analyses need the same estimator, covariates, strata and "
                "weights"
            )


def _arm_problems(plan: TrialPlan) -> Iterator[str]:
    roles = [arm.role for arm in plan.arms]
    if roles.count("control") != 1 or len(roles) < 2:
        yield 'arms: one arm must have role = "control" and all others role = "treatment"'
    if len({arm.name for arm in plan.arms}) != len(plan.arms):
        yield "arms: names must differ"
    if len(plan.arms) > 2 and plan.lottery.probability is not None:
        yield (
            "lottery.probability: is that of one treatment arm; with several, leave it out and "
            "name strata within which the chances are the same"
        )


def _analysis_problems(plan: TrialPlan) -> list[str]:
    names = [analysis.name for analysis in plan.analyses]
    problems = [f"analyses: the name {name!r} stands twice" for name in _twice(names)]
    for analysis in plan.analyses:
        place = f"analyses.{analysis.name}"
        problems += [
            f"{place}.looks: {look!r} is not among the plan's looks"
            for look in analysis.looks
            if look not in plan.looks
        ]
        for name in analysis.endpoints_needed:
            problems += find_misfits(plan, place, analysis, name)
        problems += _family_problems(plan, place, analysis)
        problems += _site_problems(plan, place, analysis)
        problems += _pooling_problems(plan, place, analysis)
        problems += _unit_problems(plan, place, analysis)
        problems += _column_problems(plan, place, analysis)
        if isinstance(analysis, OccupancyAnalysis):
            problems += find_horizon_problems(plan, place, analysis)
        if isinstance(analysis, IndexAnalysis):
            problems += _index_problems(place, analysis)
        if isinstance(analysis, SensitivityAnalysis):
            twice = _twice([variant.name for variant in analysis.variants])
            problems += [f"{place}.variants: the name {name!r} stands twice" for name in twice]
    return problems


def _twice(names: Iterable[str]) -> list[str]:
    given = list(names)
    return sorted({name for name in given if given.count(name) > 1})


def _family_problems(plan: TrialPlan, place: str, analysis: Analysis) -> Iterator[str]:
    family = getattr(analysis, "family", None)
    if family is not None and family not in plan.families:
        known = list(plan.families)
        hint = did_you_mean(family, known) if known else f"add [families.{family}]"
        yield f"{place}.family: {family!r} is not declared; {hint}"
        return
    if family is None or isinstance(analysis, EffectAnalysis):
        return
    if plan.families[family].redraws:
        yield (
            f'{place}.family: method = "{plan.families[family].method}" draws the lottery '
            "again, which fits effects (difference, blocked, ancova, lin) only"
        )


def _site_problems(plan: TrialPlan, place: str, analysis: Analysis) -> Iterator[str]:
    of_sites = isinstance(analysis, FidelityAnalysis | PlacesAnalysis)
    if (of_sites or getattr(analysis, "by_site", False)) and plan.sites is None:
        yield f"{place}: needs sites, and the plan declares no [sites]"
    if isinstance(analysis, PlacesAnalysis) and analysis.indicator and plan.programme is None:
        yield f"{place}.indicator: needs the table [programme], which says how it is counted"


def _ways(analysis: Analysis) -> tuple[Analysis | Variant, ...]:
    """The analysis itself and, of a sensitivity table, its variants."""
    return (analysis, *getattr(analysis, "variants", ()))


def _unit_problems(plan: TrialPlan, place: str, analysis: Analysis) -> Iterator[str]:
    """Errors belong to what was drawn: persons or clusters."""
    clusters = plan.lottery.clusters is not None
    for way in _ways(analysis):
        vcov = getattr(way, "vcov", None)
        if vcov is not None and vcov.startswith("CR") != clusters:
            unit, mend = ("clusters", "CR2") if clusters else ("persons", "HC2")
            yield f'{place}.vcov: "{vcov}" is not for drawn {unit}; use "{mend}"'
        if getattr(way, "inference", None) == "wild" and not clusters:
            yield f'{place}.inference: "wild" is for drawn clusters; use "lottery"'


def _column_problems(plan: TrialPlan, place: str, analysis: Analysis) -> Iterator[str]:
    """What adjusts, describes or divides must have been known before the draw."""
    known_later = {"arm": "the arm"} | {
        endpoint.column: f"the column of endpoints.{name}"
        for name, endpoint in plan.endpoints.items()
        if isinstance(endpoint, DeliveredOutcome)
    }
    for way in _ways(analysis):
        for key in ("covariates", "weighted", "profile", "subgroups", "strata"):
            for term in getattr(way, key, None) or ():
                column = term if isinstance(term, str) else term.column
                if column in known_later:
                    yield (
                        f"{place}.{key}: {column!r} is {known_later[column]}, which was not "
                        "known before the draw"
                    )


def _pooling_problems(plan: TrialPlan, place: str, analysis: Analysis) -> Iterator[str]:
    """Leaving the lottery's strata needs its odds."""
    if not plan.lottery.strata or plan.lottery.probability is not None:
        return
    if any(
        way.estimator == "difference" or getattr(way, "strata", None) is not None
        for way in _ways(analysis)
    ):
        yield (
            f"{place}: leaving the lottery's strata needs lottery.probability, since the "
            "chance of treatment may differ between them"
        )


def _index_problems(place: str, analysis: IndexAnalysis) -> Iterator[str]:
    for name in _twice(analysis.endpoints):
        yield f"{place}.endpoints: {name!r} stands twice"
    for name in analysis.less_is_better:
        if name not in analysis.endpoints:
            hint = did_you_mean(name, list(analysis.endpoints))
            yield f"{place}.less_is_better: {name!r} is not among its endpoints; {hint}"


def _look_problems(plan: TrialPlan) -> Iterator[str]:
    cut_offs = [plan.looks[name].cut_off for name in ("midterm", "final") if name in plan.looks]
    if len(cut_offs) == 2 and cut_offs[0] >= cut_offs[1]:
        yield "looks: the midterm cut_off must come before the final one"
    for name, endpoint in plan.endpoints.items():
        if isinstance(endpoint, WindowEndpoint):
            for _, stop in endpoint.windows:
                if stop > plan.follow_up.horizon_weeks:
                    yield (
                        f"endpoints.{name}.window_weeks: ends at week {stop}, after "
                        f"follow_up.horizon_weeks = {plan.follow_up.horizon_weeks}"
                    )
