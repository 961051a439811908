"""The ways between states: occupancy, jobs kept, and jobs started again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from jobeval.endpoints.histories import Relapse, collect_histories
from jobeval.endpoints.recurrence import derive_recurrence
from jobeval.endpoints.retention import derive_retention
from jobeval.errors import DesignError
from jobeval.evaluation.effects import unobserved
from jobeval.evaluation.look import TrialAtLook
from jobeval.evaluation.said import Said
from jobeval.exits.histories.histories import Histories, build_histories
from jobeval.exits.histories.occupancy import occupancy_from_histories
from jobeval.exits.histories.occupancy_weeks import occupancy_weeks_from_histories
from jobeval.exits.histories.sequences import group_sequences
from jobeval.exits.histories.transitions import transition_rates_from_histories
from jobeval.exits.jobs.mean_cumulative import mean_cumulative_events
from jobeval.exits.jobs.recurrence import estimate_recurrence
from jobeval.exits.jobs.retention import estimate_retention
from jobeval.exits.jobs.retention_curves import retention_curves
from jobeval.plan.endpoints import RecurrentEndpoint, RetentionEndpoint
from jobeval.plan.exit_analyses import (
    OccupancyAnalysis,
    RecurrenceAnalysis,
    RetentionAnalysis,
    horizon_at,
)
from jobeval.registers.frames import read_columns
from jobeval.results import CheckResult

GROUPS_SHOWN = 40
"""About so many groups of persons an arm are shown by their histories."""
SMALLEST_GROUP = 10


def occupy_states(analysis: OccupancyAnalysis, at_look: TrialAtLook) -> Iterator[Said]:
    """Shares in each state, expected weeks, rates of moving, and histories of groups."""
    horizon = horizon_at(analysis.horizon_weeks, at_look.look)
    histories = _histories(analysis, at_look).until(horizon)
    seed, endpoint = at_look.plan.resampling.seed, analysis.name
    yield from occupancy_from_histories(histories, endpoint=endpoint, seed=seed)
    yield from occupancy_weeks_from_histories(histories, endpoint=endpoint, horizon_weeks=horizon)
    yield from transition_rates_from_histories(histories, endpoint=endpoint)
    yield _sequences(analysis, histories, horizon)


def _histories(analysis: OccupancyAnalysis, at_look: TrialAtLook) -> Histories:
    relapse = analysis.relapse
    found = collect_histories(
        at_look.weeks,
        {group.name: group.states for group in analysis.groups},
        relapse=relapse and Relapse(after=relapse.after, into=relapse.into, name=relapse.name),
        person_ids=at_look.persons["person_id"].to_numpy(),
    )
    lottery = at_look.plan.lottery_columns
    columns = read_columns(at_look.persons, lottery.columns)
    return build_histories(found.states, found.labels, columns, lottery)


def _sequences(analysis: OccupancyAnalysis, histories: Histories, horizon: int) -> CheckResult:
    size = max(SMALLEST_GROUP, min(histories.sizes) // GROUPS_SHOWN)
    by = analysis.groups[-1].name
    name = f"sequences {analysis.name}"
    try:
        groups = group_sequences(histories, size, by=by, horizon_weeks=horizon)
    except DesignError as error:  # too few are followed so far: the rest of the analysis stands
        return CheckResult(name=name, passed=None, sentence=str(error))
    return CheckResult(
        name=name,
        passed=None,
        sentence=f"{len(groups.arm)} groups of persons with like histories.",
        table=groups.to_frame(),
    )


def keep_jobs(analysis: RetentionAnalysis, at_look: TrialAtLook) -> Iterator[Said]:
    """Jobs kept, among those who started one and of everyone drawn."""
    endpoint = at_look.plan.endpoints[analysis.endpoint]
    assert isinstance(endpoint, RetentionEndpoint)
    jobs = derive_retention(at_look.weeks, endpoint, at_look.trial.hours)
    frame = at_look.persons.merge(jobs, on="person_id", how="inner", validate="one_to_one")
    lottery, horizon = at_look.plan.lottery_columns, analysis.horizon_weeks
    options: dict[str, Any] = {
        "started": "started", "followed": "followed", "weeks": analysis.kept_weeks,
    }  # fmt: skip
    yield from estimate_retention(
        frame, "duration", "lost", lottery, **options,
        horizon_weeks=None if horizon is None else horizon_at(horizon, at_look.look),
    )  # fmt: skip
    for curve in retention_curves(frame, "duration", "lost", lottery, **options):
        yield replace(curve, endpoint=analysis.endpoint)


def start_again(analysis: RecurrenceAnalysis, at_look: TrialAtLook) -> Iterator[Said]:
    """How often jobs are started."""
    endpoint = at_look.plan.endpoints[analysis.endpoint]
    assert isinstance(endpoint, RecurrentEndpoint)
    rows = derive_recurrence(at_look.weeks, endpoint)
    if rows.empty:
        raise unobserved(analysis.endpoint, at_look)
    frame: pd.DataFrame = rows.merge(at_look.persons, on="person_id", validate="many_to_one")
    lottery = at_look.plan.lottery_columns
    yield estimate_recurrence(
        frame, "stop", "event", lottery, entry="start", person="person_id",
        method=analysis.method, covariates=analysis.covariates,
    )  # fmt: skip
    for curve in mean_cumulative_events(
        frame, "stop", "event", lottery, entry="start", person="person_id"
    ):
        yield replace(curve, endpoint=analysis.endpoint)
