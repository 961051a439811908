"""How long persons wait for what is meant to come: the median of everyone, reached or not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from jobeval.delivery.effort import Effort
from jobeval.delivery.marks import count_seen
from jobeval.delivery.placements import find_first
from jobeval.delivery.populations import Population
from jobeval.delivery.spells import Spells
from jobeval.inference.intervals import log_log_interval
from jobeval.inference.kaplan_meier import first_below, kaplan_meier
from jobeval.plan.programme import Programme
from jobeval.results import CheckResult

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DAYS_A_WEEK = 7


class Median(NamedTuple):
    """The time by which half have reached it, with its interval; ``nan`` = not reached."""

    time: float
    low: float
    high: float


class Wait(NamedTuple):
    """The weeks that persons have waited, arrays of shape ``(n,)``."""

    weeks: Ints
    """Week of the event; for who has not reached it, the last week that is seen."""
    reached: Bools
    seen: Bools
    """Who is seen at all."""


def median_wait(waited: ArrayLike, reached: ArrayLike, conf_level: float = 0.95) -> Median:
    """The Kaplan–Meier median of the time to an event that not all have reached.

    Parameters
    ----------
    waited
        Whole number of days, weeks or months from 0 on, shape ``(n,)``: when it was reached, or
        until when it was not.
    reached
        Whether it was reached, shape ``(n,)``. Who can no longer reach it is given as not reached
        at the end of what is seen of the others: such persons wait for ever.
    conf_level
        Of the interval, which inverts the log-log interval of the curve (Brookmeyer & Crowley
        1982, ``conf.type = "log-log"`` in R).

    Examples
    --------
    >>> median_wait([2, 4, 6, 8, 9], [True, True, True, False, False])
    Median(time=6.0, low=2.0, high=nan)
    """
    time = np.asarray(waited, dtype=np.int64)
    event = np.asarray(reached, dtype=bool)
    if not len(time):
        return Median(math.nan, math.nan, math.nan)
    if time.min() < 0:
        raise ValueError("nobody waits for less than nothing: waited must be 0 or more")
    events = np.bincount(time[event], minlength=int(time.max()) + 1)
    at_risk = len(time) - np.concatenate([[0], np.cumsum(np.bincount(time))[:-1]])
    survival, variance = kaplan_meier(at_risk, events)
    low, high = log_log_interval(survival, np.sqrt(variance), conf_level)
    times = np.arange(len(survival))
    return Median(*(first_below(times, values, 0.5) for values in (survival, low, high)))


def find_waits(effort: Effort, programme: Programme) -> dict[str, Wait]:
    """Each person's wait from the origin for the first contact, company, placement, paid hour.

    An activity counts that begins at or after the origin, and hours from the origin on. Who
    leaves the population is not lost from view but waits on, without reaching it.
    """
    kinds = {
        "days_to_contact": programme.contact,
        "days_to_company": programme.company,
        "days_to_placement": programme.placement,
    }
    waits = {name: _until_activity(effort, effort.activities.of(k)) for name, k in kinds.items()}
    return waits | {"days_to_paid_hour": _until_hours(effort)}


def _until_activity(effort: Effort, spells: Spells) -> Wait:
    first = find_first(spells)
    weeks = np.where(first.found, first.start, effort.followed - 1)
    return Wait(weeks, first.found, effort.followed > 0)


def _until_hours(effort: Effort) -> Wait:
    worked, seen = effort.hours > 0, count_seen(effort.hours)
    reached = np.any(worked, axis=1)
    first = worked.argmax(axis=1) if worked.shape[1] else np.zeros(len(worked), dtype=np.int64)
    return Wait(np.where(reached, first, seen - 1), reached, seen > 0)


def tabulate_waiting(populations: Sequence[Population], programme: Programme) -> CheckResult:
    """Days to the first contact, company, placement and paid hour (``"waiting"``, informative).

    Dates are kept by the week, so the days are whole weeks, and hours come by the month: a first
    paid hour is dated to the first week of its month or to the origin, whichever is later.
    """
    rows = [
        (name, population.name, group, level, *_measure(wait, inside))
        for population in populations
        for name, wait in find_waits(population.effort, programme).items()
        for group, level, inside in population.levels()
    ]
    names = ["indicator", "population", "group", "level", "of", "reached"]
    return CheckResult(
        name="waiting",
        passed=None,
        sentence="Days until half have reached it (Kaplan-Meier), to the week; empty where fewer "
        "than half have in the time that is seen. Who leaves the population counts as waiting.",
        table=pd.DataFrame(rows, columns=[*names, "median_days", "conf_low", "conf_high"]),
    )


def _measure(wait: Wait, inside: Bools) -> Iterator[float]:
    rows = inside & wait.seen
    yield int(rows.sum())
    yield int((rows & wait.reached).sum())
    median = median_wait(wait.weeks[rows], wait.reached[rows])
    yield from (DAYS_A_WEEK * time for time in median)
