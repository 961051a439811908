"""What every person would have had in either arm: the truth of a synthetic trial.

The endpoints are computed here from the arrays of the simulation, with nothing of the panel
that the evaluation uses, so that the two can be held against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.plan.endpoints import ExitEndpoint, WindowEndpoint
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import LookName
from jobeval.schemas.calendar import month_of_week
from jobeval.synthetic.jobfirst import ARMS, SyntheticTrial
from jobeval.synthetic.registers import (
    FIRST_MONTH,
    FIRST_WEEK,
    N_MONTHS,
    N_WEEKS,
    build_codes,
    build_job_months,
)
from jobeval.synthetic.streams import Ints, Streams

OTHER = "other"
STATES = (OTHER, "out_of_population", "disability_pension", "flexjob", "education", "employment")
_OUT, _AWAY = (998, 999), 997
_FLEXJOB, _EDUCATION, _PENSION, _HOLIDAY = (771, 774, 781), (651, 652, 661), 783, (121, 122, 123)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One arm for everybody, by week since randomisation; arrays of shape ``(n, horizon)``."""

    hours: NDArray[np.float64]
    """Ordinary hours a week, 0 out of the population."""
    on_benefit: NDArray[np.bool_]
    state: NDArray[np.int8]
    """Index into ``STATES``."""


def build_world(trial: SyntheticTrial, arm: str) -> World:
    """What would have been seen if everybody had been drawn to ``arm``."""
    assigned = np.full(len(trial.assigned), ARMS.index(arm), dtype=np.int64)
    received = trial.lives.fates.received(assigned)
    codes = build_codes(trial.lives, received)
    out = np.isin(codes, _OUT)
    out = np.logical_or.accumulate(out, axis=1) | (codes == _AWAY)
    hours = np.where(out, 0.0, _weekly_hours(trial, received))
    working = (codes == 0) | np.isin(codes, _HOLIDAY)
    state = np.select(
        [out, codes == _PENSION, np.isin(codes, _FLEXJOB), np.isin(codes, _EDUCATION),
         working & (hours > 0)],
        [1, 2, 3, 4, 5],
        0,
    ).astype(np.int8)  # fmt: skip
    start = trial.lives.people.randomised_week - FIRST_WEEK
    seen = start[:, None] + np.arange(trial.plan.follow_up.horizon_weeks)
    rows = np.arange(len(start))[:, None]
    return World(hours[rows, seen], ~working[rows, seen], state[rows, seen])


def _weekly_hours(trial: SyntheticTrial, received: Ints) -> NDArray[np.float64]:
    """Ordinary hours a week: those of the month of its Thursday × 12 / 52."""
    jobs = build_job_months(trial.lives, received, Streams(trial.seed), trial.truth)
    cell = jobs["person"] * N_MONTHS + jobs["month"] - FIRST_MONTH
    cents = np.where(jobs["supported"] == 0, jobs["cents"], 0)
    size = trial.lives.people.size
    monthly = np.zeros(size * N_MONTHS, dtype=np.int64)
    np.add.at(monthly, cell, cents)
    months = np.array([month_of_week(w) for w in range(FIRST_WEEK, FIRST_WEEK + N_WEEKS)])
    return monthly.reshape(size, N_MONTHS)[:, months - FIRST_MONTH] / 100 * 12 / 52


def measure_endpoint(world: World, endpoint: WindowEndpoint, look: LookName) -> NDArray[np.float64]:
    """The value of a window endpoint for each person, shape ``(n,)``."""
    if endpoint.on_leaving != "zero":
        raise ValueError("the truth is known for endpoints that count leavers as zero")
    low, high = endpoint.window(look)
    hours = world.hours[:, low:high]
    if endpoint.kind.endswith("without_benefit"):
        hours = np.where(world.on_benefit[:, low:high], 0.0, hours)
    if endpoint.kind.startswith("mean_hours"):
        return hours.sum(axis=1) / (high - low)
    if endpoint.kind.startswith("any_hours"):
        enough = _cents_a_month(hours) >= _cents_a_month(endpoint.min_hours_per_week)
        return ((hours > 0) & enough).any(axis=1).astype(float)
    inside = np.isin(world.state[:, low:high], [STATES.index(s) for s in endpoint.states])
    if endpoint.kind == "weeks_in_state":
        return inside.sum(axis=1).astype(float)
    return run_lengths(inside).max(axis=1).astype(float)


def _cents_a_month(weekly: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours a week as hundredths of an hour a month, the precision of the register."""
    return np.rint(np.asarray(weekly) * (100 * 52 / 12))


def run_lengths(inside: NDArray[np.bool_]) -> Ints:
    """Length so far of the run that each week belongs to, 0 outside; shape of ``inside``.

    >>> run_lengths(np.array([[True, True, False, True]])).tolist()
    [[1, 2, 0, 1]]
    """
    week = np.arange(1, inside.shape[1] + 1)
    gap = np.maximum.accumulate(np.where(inside, 0, week), axis=1)
    return week - gap


def measure_exit(world: World, endpoint: ExitEndpoint) -> tuple[Ints, Ints]:
    """Duration and destination (index into ``STATES``, 0 = none) of the first exit.

    A run that starts in week ``k`` ends the wait after ``k + 1`` weeks; those without a run
    that could be confirmed wait for the horizon less ``min_weeks - 1`` weeks.
    """
    horizon = world.state.shape[1] - (endpoint.min_weeks - 1)
    duration = np.full(len(world.state), horizon, dtype=np.int64)
    destination = np.zeros(len(world.state), dtype=np.int64)
    for name in endpoint.destinations:
        number = STATES.index(name)
        at_once = name in ("disability_pension", "out_of_population")
        weeks = 1 if at_once else endpoint.min_weeks
        held = run_lengths(world.state == number) >= weeks
        waited = np.where(held.any(axis=1), held.argmax(axis=1) - weeks + 2, horizon + 1)
        earlier = (waited <= horizon) & ((waited < duration) | (destination == 0))
        duration = np.where(earlier, waited, duration)
        destination = np.where(earlier, number, destination)
    return duration, destination


def potential_outcomes(
    trial: SyntheticTrial,
) -> dict[tuple[str, LookName], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Outcomes of each person in the control and the treatment arm, by endpoint and look.

    Returns
    -------
    dict
        ``(endpoint, look)`` of every window endpoint of the plan → two arrays of shape
        ``(n,)``, in the order of ``trial.persons``.
    """
    control, treated = (build_world(trial, arm) for arm in ARMS)
    return {
        (name, look): (
            measure_endpoint(control, endpoint, look),
            measure_endpoint(treated, endpoint, look),
        )
        for name, look, endpoint in window_endpoints(trial.plan)
    }


def window_endpoints(plan: TrialPlan) -> Iterator[tuple[str, LookName, WindowEndpoint]]:
    """Name, look and definition of every window endpoint that the worlds of persons know.

    Which hours a register imputes is no fact of a person, so there is no truth without them.
    """
    for name, endpoint in plan.endpoints.items():
        if not isinstance(endpoint, WindowEndpoint) or endpoint.imputed_hours == "left_out":
            continue
        for look in plan.looks:
            if not isinstance(endpoint.window_weeks, dict) or look in endpoint.window_weeks:
                yield name, look, endpoint
