"""The programme indicators of each person: yes, no, or not to be told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobeval.delivery.effort import UNSEEN, Effort
from jobeval.delivery.placements import find_first, join_spells
from jobeval.delivery.spells import (
    Spells,
    count_begins,
    count_companies,
    longest_run,
    mark_weeks,
)
from jobeval.plan.programme import Programme

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
LEAST_COMPANIES = 2
"""From how many companies or placements on a course counts as adjusted."""


def mark_indicators(effort: Effort, programme: Programme) -> dict[str, Floats]:
    """Each indicator of ``n`` persons: 1 or 0, ``nan`` for who is not in its denominator.

    What happens in the course is told of those whose whole course is observed, and of all of
    them: a person of whom only the first weeks are seen is left out even when the thing has
    already happened, else early successes would count and early failures would not. Who
    leaves the population stays in, but for the two indicators that say otherwise.

    ``tried_company``
        A visit to try a company out begins in the course.
    ``placement``
        A placement begins in the course.
    ``hours_in_course``
        Any ordinary hours in the course.
    ``hours_after_placement``
        Any ordinary hours from week ``placement_weeks`` on, as long as they are observed; of
        those who are observed and in the population in that week.
    ``placement_ended_early``
        The first placement of the course lasted fewer than ``placement_weeks`` calendar weeks;
        of those whose placement should be over, and who were in the population till then.
    ``adjusted``
        At least two companies, or two placements, begin in the course. Of unknown companies
        no more are counted than there must be.
    ``long_gap``
        A passive gap of at least ``gap_weeks`` weeks in the course; see ``find_gaps``.
    """
    window = (0, programme.course_weeks)
    course = effort.followed >= programme.course_weeks
    company = effort.activities.of(programme.company)
    placements = join_spells(effort.activities.of(programme.placement))
    fewest, _ = count_companies(company, window)
    often = np.maximum(fewest, count_begins(placements, window)) >= LEAST_COMPANIES
    tried = count_begins(effort.activities.of(programme.tryout), window) > 0
    return {
        "tried_company": _where(course, tried),
        "placement": _where(course, count_begins(placements, window) > 0),
        "hours_in_course": _hours_in_course(effort, programme),
        "hours_after_placement": _hours_after_placement(effort, programme),
        "placement_ended_early": _ended_early(effort, placements, programme),
        "adjusted": _where(course, often),
        "long_gap": _long_gap(effort, programme),
    }


def mark_passive(effort: Effort, programme: Programme) -> Bools:
    """The passive weeks of the course: shape ``(n, weeks)``, as many as are seen of anyone.

    Passive is a week in the state ``benefit`` (on a benefit, not sick, no ordinary hours, no
    placement or subsidised job) in which no activity of the kinds ``active`` is going on. Hours
    count whatever the priority of states in the plan.
    """
    weeks = min(programme.course_weeks, effort.states.shape[1])
    busy = mark_weeks(effort.activities.of(programme.active), (0, weeks))
    worked = effort.hours[:, :weeks] > 0
    return effort.in_state("benefit")[:, :weeks] & ~busy & ~worked


def _where(known: Bools, holds: Bools) -> Floats:
    return np.where(known, holds, np.nan)


def _hours_in_course(effort: Effort, programme: Programme) -> Floats:
    hours = effort.hours[:, : programme.course_weeks]
    seen = count_seen(effort.hours) >= programme.course_weeks
    return _where(seen, np.any(hours > 0, axis=1))


def _hours_after_placement(effort: Effort, programme: Programme) -> Floats:
    week = programme.placement_weeks
    past = count_seen(effort.hours) > week
    past &= ~np.any(effort.is_out[:, week : week + 1], axis=1)
    return _where(past, np.any(effort.hours[:, week:] > 0, axis=1))


def _ended_early(effort: Effort, placements: Spells, programme: Programme) -> Floats:
    first = find_first(placements)
    due = first.start + programme.placement_weeks
    weeks = np.arange(effort.states.shape[1])
    left = np.any(effort.is_out & (weeks < due[:, None]), axis=1)
    over = first.found & (first.start < programme.course_weeks) & (due <= effort.followed) & ~left
    return _where(over, first.end < due)


def _long_gap(effort: Effort, programme: Programme) -> Floats:
    seen = count_seen(effort.states) >= programme.course_weeks
    return _where(seen, longest_run(mark_passive(effort, programme)) >= programme.gap_weeks)


def count_seen(grid: NDArray[np.generic]) -> NDArray[np.int64]:
    """The observed weeks of each person, shape ``(n,)``: those before the first unseen one.

    >>> count_seen(np.array([[0.0, 1.5, np.nan], [2.0, 0.0, 0.0]])).tolist()
    [2, 3]
    """
    unseen = np.isnan(grid) if grid.dtype.kind == "f" else grid == UNSEEN
    return np.logical_and.accumulate(~unseen, axis=1).sum(axis=1)
