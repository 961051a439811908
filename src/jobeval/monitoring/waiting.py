"""Days from the start of a course to a company, a placement, a paid hour and a job."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.delivery.waiting import median_wait
from jobeval.inference.kaplan_meier import kaplan_meier
from jobeval.monitoring.activities import AT_A_COMPANY, PLACEMENT
from jobeval.monitoring.contracts.frames import day_number
from jobeval.monitoring.jobs import WORK
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.seen import SeenDelivery
from jobeval.monitoring.status import split_suppliers

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]
COLUMNS = (
    "supplier", "event", "of", "reached", "median_days", "conf_low", "conf_high",
    "target_days", "within_target", "within_share",
)  # fmt: skip


def find_events(seen: SeenDelivery) -> dict[str, pd.DataFrame]:
    """What a citizen may wait for: jobs and activities in courses, by event.

    ``company``: a trial visit, a placement or a wage subsidy, or a contact that names a company.
    ``placement``: a company placement. ``paid_hour``: any paid work. ``job``: work without a
    benefit, or a flexjob.
    """
    events: dict[str, pd.DataFrame] = {}
    jobs, activities = seen.jobs, seen.activities
    if activities is not None:
        kind = activities["kind"]
        met = kind.isin(AT_A_COMPANY) | ((kind == "contact") & activities["company"])
        events = {"company": activities[met], "placement": activities[kind == PLACEMENT]}
    if jobs is not None:
        events["paid_hour"] = jobs[jobs["kind"].isin(WORK)]
        events["job"] = jobs[jobs["kind"].isin(("ordinary", "flexjob"))]
    return events


def tabulate_waiting(plan: MonitorPlan, seen: SeenDelivery, as_of: dt.date) -> pd.DataFrame:
    """One row a supplier and event: the median wait of everybody, reached or not.

    Who left the course without the event goes on waiting, so that ending courses early
    shortens no wait. The median and the share within the target are Kaplan and Meier's, since
    the newest courses have not been followed for long; ``nan`` where they are not known yet.
    """
    rows = [
        (supplier, event, *_measure(seen.courses[inside], frame, as_of, plan.targets.days(event)))
        for supplier, inside in split_suppliers(plan, seen.courses)
        for event, frame in find_events(seen).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measure(
    courses: pd.DataFrame, events: pd.DataFrame, as_of: dt.date, target: int | None
) -> tuple[float, ...]:
    first = events.groupby("course")["start"].min().reindex(courses["course"]).to_numpy()
    reached = ~np.isnan(first)
    until = np.where(reached, first, day_number(as_of))
    waited = (until - courses["start"].to_numpy()).astype(np.int64)
    within, share = math.nan, math.nan
    if target is not None:
        within = int((reached & (waited <= target)).sum())
        share = share_reached(waited, reached, target)
    days = math.nan if target is None else target
    return len(courses), int(reached.sum()), *median_wait(waited, reached), days, within, share


def share_reached(waited: Days, reached: Flags, day: int) -> float:
    """The Kaplan–Meier share that has reached an event by ``day``; ``nan`` where not known.

    Parameters
    ----------
    waited
        Days until the event, or until the last day that is seen, shape ``(n,)``.
    reached
        Whether the event came, shape ``(n,)``.

    Examples
    --------
    Of four, one after 3 days and one after 8; one is seen for 5 days only.

    >>> share_reached(np.array([3, 8, 5, 20]), np.array([True, True, False, False]), 10)
    0.625
    """
    if not len(waited):
        return math.nan
    size = int(max(day, waited.max())) + 1
    events = np.bincount(waited[reached], minlength=size)
    gone = np.cumsum(np.bincount(waited, minlength=size))
    at_risk = len(waited) - np.concatenate([[0], gone[:-1]])
    survival, _ = kaplan_meier(at_risk, events)
    return float(1 - survival[day])
