"""Whether an analysis fits the endpoint that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobeval.errors import did_you_mean
from jobeval.plan.analyses import Analysis, PathAnalysis, RiskAnalysis
from jobeval.plan.endpoints import (
    AT_ONCE,
    DeliveredExit,
    DeliveredOutcome,
    Endpoint,
    ExitEndpoint,
    RecurrentEndpoint,
    RetentionEndpoint,
    WindowEndpoint,
)
from jobeval.plan.exit_analyses import (
    CurveAnalysis,
    ExitAnalysis,
    ExitQuantilesAnalysis,
    ExitTakeUpAnalysis,
    FineGrayAnalysis,
    GrayAnalysis,
    Horizon,
    IncidenceAnalysis,
    MeanWeeksAnalysis,
    RecurrenceAnalysis,
    RetentionAnalysis,
    StateWeeksAnalysis,
)
from jobeval.plan.parts import PlanPart

if TYPE_CHECKING:
    from jobeval.plan.model import TrialPlan

BY_DESTINATION = (IncidenceAnalysis, GrayAnalysis, FineGrayAnalysis, StateWeeksAnalysis)
OVERSTATING = (CurveAnalysis, MeanWeeksAnalysis, ExitQuantilesAnalysis, ExitTakeUpAnalysis)
"""They rest on a curve, which overstates the exits when it censors other destinations."""
SURVIVAL = "survival estimators go with exits, and only they"
NEEDS: tuple[tuple[type[PlanPart], tuple[type[PlanPart], ...], str], ...] = (
    (
        ExitAnalysis,
        (ExitEndpoint, DeliveredExit),
        SURVIVAL,
    ),
    (RetentionAnalysis, (RetentionEndpoint,), 'it needs kind = "retention"'),
    (RecurrenceAnalysis, (RecurrentEndpoint,), 'it needs kind = "recurrent_spells"'),
    (PathAnalysis, (WindowEndpoint,), "a path needs hours or states by week"),
    (
        PlanPart,
        (WindowEndpoint, DeliveredOutcome),
        SURVIVAL,
    ),
)


def find_misfits(plan: TrialPlan, place: str, analysis: Analysis, name: str) -> Iterator[str]:
    """What is wrong between an analysis and one endpoint that it names."""
    endpoint = plan.endpoints.get(name)
    if endpoint is None:
        hint = did_you_mean(name, list(plan.endpoints))
        yield f"{place}.endpoint: {name!r} is not declared; {hint}"
        return
    allowed, mend = next(
        (allowed, mend) for kind, allowed, mend in NEEDS if isinstance(analysis, kind)
    )
    if not isinstance(endpoint, allowed):
        yield (
            f'{place}.estimator: "{analysis.estimator}" does not fit an endpoint of kind '
            f'"{endpoint.kind}"; {mend}'
        )
        return
    yield from find_horizon_problems(plan, place, analysis, _confirming_weeks(endpoint))
    if isinstance(analysis, ExitAnalysis):
        yield from _exit_problems(place, analysis, endpoint)
    elif isinstance(endpoint, WindowEndpoint):
        yield from _window_problems(plan, place, analysis, name, endpoint)
    if isinstance(analysis, RiskAnalysis) and not _is_share(endpoint):
        yield f'{place}.estimator: "{analysis.estimator}" needs an endpoint that is 0 or 1'


def _is_share(endpoint: Endpoint) -> bool:
    if isinstance(endpoint, DeliveredOutcome):
        return endpoint.unit == "share"
    return endpoint.kind.startswith("any_hours")


def _window_problems(
    plan: TrialPlan, place: str, analysis: Analysis, name: str, endpoint: WindowEndpoint
) -> Iterator[str]:
    for look in analysis.looks or plan.looks:
        if isinstance(endpoint.window_weeks, dict) and look not in endpoint.window_weeks:
            yield f"{place}.looks: endpoint {name!r} has no window for {look!r}"
    if isinstance(analysis, PathAnalysis) and endpoint.kind == "longest_spell":
        yield f'{place}.estimator: "path" does not fit "longest_spell"'


def _exit_problems(place: str, analysis: ExitAnalysis, endpoint: Endpoint) -> Iterator[str]:
    if not isinstance(endpoint, ExitEndpoint):
        if isinstance(analysis, BY_DESTINATION) or analysis.cause is not None:
            yield f"{place}: a delivered exit has one destination only"
    elif analysis.cause is None:
        if isinstance(analysis, GrayAnalysis | FineGrayAnalysis):
            yield f'{place}: needs the destination that it is about, "cause"'
    elif analysis.cause not in endpoint.destinations:
        hint = did_you_mean(analysis.cause, endpoint.destinations)
        yield f"{place}.cause: {analysis.cause!r} is not a destination of the endpoint; {hint}"
    elif isinstance(analysis, IncidenceAnalysis | StateWeeksAnalysis):
        yield f'{place}.cause: every destination is shown; leave "cause" out'
    elif isinstance(analysis, OVERSTATING) and len(endpoint.destinations) > 1:
        yield (
            f"{place}.cause: a Kaplan–Meier curve that censors other destinations overstates "
            'the exits; use estimator = "aalen_johansen" or "state_weeks"'
        )


def _confirming_weeks(endpoint: Endpoint) -> int:
    """Weeks at the end of follow-up in which no exit can be confirmed any more."""
    if not isinstance(endpoint, ExitEndpoint) or AT_ONCE.issuperset(endpoint.destinations):
        return 0
    return endpoint.min_weeks - 1


def find_horizon_problems(
    plan: TrialPlan, place: str, analysis: Analysis, confirming: int = 0
) -> Iterator[str]:
    """A horizon beyond what can be followed, or none for a look."""
    horizon: Horizon | None = getattr(analysis, "horizon_weeks", None)
    if horizon is None:
        return
    longest = plan.follow_up.horizon_weeks - confirming
    weeks = list(horizon.values()) if isinstance(horizon, dict) else [horizon]
    for week in weeks:
        if not 0 < week <= longest:
            rule = f"{week} is not from 1 to {longest}, follow_up.horizon_weeks"
            less = f" less the {confirming} weeks that confirm an exit" if confirming else ""
            yield f"{place}.horizon_weeks: {rule}{less}"
    for look in analysis.looks or plan.looks:
        if isinstance(horizon, dict) and look not in horizon:
            yield f"{place}.horizon_weeks: names no horizon for {look!r}"
