"""Paths week by week, and the shares in each state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.effects.weekly.path_counts import PathCounts, estimate_path_from_counts
from jobeval.effects.weekly.path_curves import PathOptions
from jobeval.effects.weekly.paths import estimate_path_from_blocks
from jobeval.endpoints.blocks import WeeklyBlocks, collect_weekly, collect_weekly_state
from jobeval.endpoints.counts import count_states
from jobeval.evaluation.exits import parts_of
from jobeval.evaluation.look import TrialAtLook
from jobeval.evaluation.naming import UNITS
from jobeval.plan.analyses import PathAnalysis, StateAnalysis
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.registers.frames import read_columns
from jobeval.results import Curve, CurveTable, HypothesisTest

STATES_ENDPOINT = "states"


def follow_path(analysis: PathAnalysis, at_look: TrialAtLook) -> Iterable[Curve | HypothesisTest]:
    """The means of both arms and the effect in each week, for everyone and in subgroups."""
    everyone = [("", at_look.persons)]
    groups = [part for c in analysis.subgroups for part in parts_of(at_look.persons, c)]
    for subgroup, persons in everyone + groups:
        path = _path(analysis, at_look, persons)
        yield from (replace(curve, subgroup=subgroup) for curve in path)
        if not subgroup:
            yield from _with_persons(path)


def _path(analysis: PathAnalysis, at_look: TrialAtLook, persons: pd.DataFrame) -> CurveTable:
    endpoint = at_look.plan.endpoints[analysis.endpoint]
    assert isinstance(endpoint, WindowEndpoint)
    shown = PathOptions(
        period=analysis.period,
        accumulate=analysis.accumulated,
        endpoint=analysis.endpoint,
        unit="share" if endpoint.kind == "weeks_in_state" else UNITS[endpoint.kind],
        seed=at_look.plan.resampling.seed,
    )
    blocks = collect_weekly(at_look.weeks, endpoint, persons["person_id"].to_numpy())
    return _path_of_persons(blocks, shown, at_look, persons)


def _path_of_persons(
    blocks: WeeklyBlocks, shown: PathOptions, at_look: TrialAtLook, persons: pd.DataFrame
) -> CurveTable:
    lottery = at_look.plan.lottery_columns
    columns = read_columns(persons, lottery.columns)
    return estimate_path_from_blocks(
        blocks, columns, lottery, blocks.weeks, shown=shown, arms=at_look.arms
    )


def _with_persons(path: CurveTable) -> Iterator[HypothesisTest]:
    """The path's tests with the persons of each arm who ever have the outcome in a week."""
    control, treatment, *_ = (int(curve.events.max(initial=0)) for curve in path)
    for test in path.tests:
        yield replace(test, n_apart_treatment=treatment, n_apart_control=control)


def share_states(analysis: StateAnalysis, at_look: TrialAtLook) -> Iterable[Curve]:
    """The share in each state is the path of an indicator, so it is estimated as one.

    Counts are enough, and quick, unless clusters were drawn or the odds vary within strata.
    """
    drawn = at_look.assignment
    by_persons = drawn.probability_varies or drawn.cluster is not None
    paths = _states_of_persons(at_look) if by_persons else _states_from_counts(at_look)
    for state, path in paths:
        if any(curve.events.any() for curve in path):
            yield from (replace(curve, measure="state_share", cause=state) for curve in path)


def _states_of_persons(at_look: TrialAtLook) -> Iterator[tuple[str, CurveTable]]:
    persons, seed = at_look.persons, at_look.plan.resampling.seed
    shown = PathOptions(endpoint=STATES_ENDPOINT, unit="share", seed=seed)
    ids = persons["person_id"].to_numpy()
    for state in at_look.plan.states.priority:
        blocks = collect_weekly_state(at_look.weeks, state, ids)
        yield state, _path_of_persons(blocks, shown, at_look, persons)


def _states_from_counts(at_look: TrialAtLook) -> Iterator[tuple[str, CurveTable]]:
    keys = [*at_look.plan.lottery.strata, "arm", "week"]
    counts = count_states(at_look.weeks, at_look.plan.lottery.strata)
    counts = counts[counts["arm"].isin(at_look.arms)]
    observed = counts.groupby(keys, as_index=False)["n"].sum()
    for state in at_look.plan.states.priority:
        within = counts.loc[counts["state"] == state, [*keys, "n"]]
        merged = observed.merge(within.rename(columns={"n": "total"}), on=keys, how="left")
        total = merged["total"].fillna(0)
        path = _path_counts(merged.assign(total=total, total_sq=total), at_look)
        yield state, estimate_path_from_counts(path, endpoint=STATES_ENDPOINT, unit="share")


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
    )


def _stratum_codes(counts: pd.DataFrame, strata: tuple[str, ...]) -> NDArray[np.int64]:
    if not strata:
        return np.zeros(len(counts), dtype=np.int64)
    return np.asarray(counts.groupby(list(strata), sort=True).ngroup(), dtype=np.int64)
