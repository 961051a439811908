"""What a look sees of persons since their start or the lottery, in the words of ``delivery``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.cohorts import months_of, name_cohorts
from jobeval.delivery.effort import UNSEEN, Codes, Effort, Floats, Ints, Jobs
from jobeval.delivery.populations import Population
from jobeval.delivery.spells import Spells
from jobeval.endpoints.blocks import collect_weekly
from jobeval.endpoints.histories import collect_histories
from jobeval.evaluation.look import TrialAtLook
from jobeval.panel.programme import collect_activities, collect_job_industries
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.parts import ACTIVITY_KINDS, STATES, Label
from jobeval.registers.frames import read_columns

PARTICIPANTS, RANDOMISED = "participants", "randomised_week"
ACTIVITY = ("person_id", "start_week", "end_week", "kind", "company_id", "industry")
HOURS = WindowEndpoint(
    kind="mean_hours", window_weeks=(0, 1), label=Label(da="Ordinære timer", en="Ordinary hours")
)


def read_effort(at_look: TrialAtLook) -> Effort:
    """What the look sees of everyone since the week of the lottery.

    No week is followed where no activities were delivered.
    """
    delivered = collect_activities(at_look.trial, at_look.look)
    table, stop = delivered or (pd.DataFrame(columns=list(ACTIVITY)), 0)
    origin = _origin(at_look)
    horizon = at_look.plan.follow_up.horizon_weeks
    followed = np.clip(stop - origin, 0, horizon)
    activities = _of_persons(at_look, table)
    spells = _read_spells(activities, origin, followed)
    seen = spells.start < followed[spells.person]
    hours, states = _read_weeks(at_look, horizon)
    return Effort(
        origin=origin,
        activities=spells.where(seen),
        industry=activities["industry"][seen],
        followed=followed,
        hours=hours,
        states=states,
        jobs=_read_jobs(at_look, origin + horizon - 1),
    )


def split_populations(at_look: TrialAtLook, effort: Effort) -> Iterator[Population]:
    """Participants from their start, and both arms from the lottery.

    No participants where no start is known, and no cohorts where no day of the lottery is.
    """
    for name, rows in population_rows(at_look).items():
        delay = np.zeros(len(rows), dtype=np.int64)
        if name == PARTICIPANTS:
            delay = _weeks(at_look.persons["started_week"].iloc[rows]) - effort.origin[rows]
        since = effort.since(rows, delay)
        yield Population(name, since, _groups(at_look, rows, since.origin))


def population_rows(at_look: TrialAtLook) -> dict[str, Ints]:
    """Name of a population → its rows among the persons of the look, ascending."""
    treated = at_look.assignment.assigned == 1
    members = {"treatment": treated, "control": ~treated}
    if at_look.started is not None:
        members = {PARTICIPANTS: treated & at_look.started, **members}
    return {name: np.flatnonzero(own) for name, own in members.items()}


def _groups(at_look: TrialAtLook, rows: Ints, origin: Ints) -> dict[str, NDArray[np.str_]]:
    sites, programme = at_look.plan.sites, at_look.plan.programme
    groups: dict[str, NDArray[np.str_]] = {}
    if sites is not None:
        groups["site"] = at_look.persons[sites.column].iloc[rows].to_numpy(dtype=np.str_)
    if RANDOMISED in at_look.persons:
        groups["cohort"] = name_cohorts(origin, programme.cohort if programme else "quarter")
    return groups


def _origin(at_look: TrialAtLook) -> Ints:
    """The week of the lottery; 0 where none is known, since no register was delivered then."""
    if RANDOMISED not in at_look.persons:
        return np.zeros(len(at_look.persons), dtype=np.int64)
    return _weeks(at_look.persons[RANDOMISED])


def _of_persons(at_look: TrialAtLook, frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """The rows of the persons of the look as arrays, with ``person``: the row of the person."""
    person = pd.Index(at_look.persons["person_id"]).get_indexer(pd.Index(frame["person_id"]))
    columns = read_columns(frame, [name for name in frame.columns if name != "person_id"])
    rows = {name: values[person >= 0] for name, values in columns.items()}
    return rows | {"person": person[person >= 0].astype(np.int64)}


def _read_weeks(at_look: TrialAtLook, horizon: int) -> tuple[Floats, Codes]:
    """Hours and states, shape ``(n, horizon)`` each."""
    shape = (len(at_look.persons), horizon)
    hours, states = np.full(shape, np.nan), np.full(shape, UNSEEN, dtype=np.uint8)
    if at_look.panel is None:
        return hours, states
    ids, start = at_look.persons["person_id"].to_numpy(), 0
    for block in collect_weekly(at_look.panel, HOURS, ids):
        rows = slice(start, start := start + len(block))
        hours[rows, : block.shape[1]] = block
    seen = collect_histories(at_look.panel, {state: [state] for state in STATES}, person_ids=ids)
    states[:, : seen.states.shape[1]] = seen.states
    return hours, states


def _read_spells(activities: dict[str, NDArray[Any]], origin: Ints, followed: Ints) -> Spells:
    """In weeks since the origin, cut where the person is no longer followed."""
    person = activities["person"]
    end = activities["end_week"].astype(np.int64) - origin[person]
    company, _ = pd.factorize(activities["company_id"], sort=True)
    return Spells(
        person=person,
        kind=pd.Index(ACTIVITY_KINDS).get_indexer(pd.Index(activities["kind"])).astype(np.int64),
        start=activities["start_week"].astype(np.int64) - origin[person],
        end=np.minimum(end, followed[person]),
        company=np.asarray(company, dtype=np.int64),
        n=len(origin),
    )


def _read_jobs(at_look: TrialAtLook, last_week: Ints) -> Jobs:
    delivered = collect_job_industries(at_look.trial, at_look.look)
    if delivered is None:
        none = np.zeros(0, dtype=np.int64)
        return Jobs(none, none, np.zeros(0, dtype=object))
    jobs = _of_persons(at_look, delivered)
    person, month = jobs["person"], jobs["month"].astype(np.int64)
    seen = month <= months_of(last_week)[person]
    return Jobs(person[seen], month[seen], jobs["industry"][seen])


def _weeks(values: pd.Series) -> Ints:
    return values.to_numpy(dtype=np.int64)
