"""What has become of the citizens: counts and shares of each supplier, kinds kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.inference.proportions import wilson_interval
from jobeval.monitoring.activities import PLACEMENT
from jobeval.monitoring.contracts.frames import FOREVER
from jobeval.monitoring.jobs import BESIDE, WORK
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.seen import SeenDelivery

Flags = NDArray[np.bool_]
DENOMINATORS = {"full_time": "any_work"}
"""Statuses that are shares of another than the intake."""
COLUMNS = ("supplier", "status", "count", "of", "share", "conf_low", "conf_high", "small")


def derive_statuses(
    plan: MonitorPlan, seen: SeenDelivery, *, with_benefits: bool
) -> dict[str, Flags]:
    """Who has which status, arrays of shape ``(n,)`` in the order of the courses.

    A kind of work is that of everybody who has begun some since the course began, whatever
    came later; ``placement`` are those whose placement is under way and who have begun neither
    work nor education. What the delivery cannot tell is absent.
    """
    ended = (seen.courses["end"] < FOREVER).to_numpy()
    statuses = {"intake": np.ones(len(ended), dtype=bool), "active": ~ended, "ended": ended}
    if seen.jobs is not None:
        statuses |= _work(plan, seen, seen.jobs, with_benefits=with_benefits)
    if seen.jobs is not None or seen.activities is not None:
        statuses["education"] = _education(plan, seen)
    if seen.jobs is not None:
        statuses["work_or_education"] = statuses["any_work"] | statuses["education"]
    if seen.activities is not None:
        under_way = (seen.activities["kind"] == PLACEMENT) & (seen.activities["end"] == FOREVER)
        further = statuses.get("work_or_education", statuses["education"])
        statuses["placement"] = seen.mark(seen.activities[under_way]) & ~further
    return statuses


def _work(
    plan: MonitorPlan, seen: SeenDelivery, jobs: pd.DataFrame, *, with_benefits: bool
) -> dict[str, Flags]:
    kinds = ["ordinary", "flexjob", "subsidised", *([BESIDE] if with_benefits else [])]
    found = {kind: seen.mark(jobs[jobs["kind"] == kind]) for kind in kinds}
    work = jobs[jobs["kind"].isin(WORK)]
    full_time = work["hours"].round(2) >= plan.full_time_hours
    return found | {"any_work": seen.mark(work), "full_time": seen.mark(work[full_time])}


def _education(plan: MonitorPlan, seen: SeenDelivery) -> Flags:
    """Who has begun a full-time education, told as an activity or as a row of jobs."""
    found = np.zeros(len(seen.courses), dtype=bool)
    for frame, hours in ((seen.jobs, "hours"), (seen.activities, "planned_hours")):
        if frame is not None:
            full = (frame["kind"] == "education") & (frame[hours] >= plan.education_hours)
            found |= seen.mark(frame[full])
    return found


def tabulate_status(
    plan: MonitorPlan, courses: pd.DataFrame, statuses: dict[str, Flags]
) -> pd.DataFrame:
    """One row a supplier and status: how many of how many, with Wilson's interval (95 %).

    ``small`` marks rows whose count or denominator is below the plan's ``small_number``.
    """
    rows = [
        (supplier, status, *_count(statuses, status, inside))
        for supplier, inside in split_suppliers(plan, courses)
        for status in statuses
    ]
    return with_shares(pd.DataFrame(rows, columns=list(COLUMNS[:4])), plan)


def _count(statuses: dict[str, Flags], status: str, inside: Flags) -> tuple[int, int]:
    whole = statuses[DENOMINATORS.get(status, "intake")]
    return int((statuses[status] & inside).sum()), int((whole & inside).sum())


def split_suppliers(plan: MonitorPlan, courses: pd.DataFrame) -> Iterator[tuple[str, Flags]]:
    """Each supplier of the plan, and which courses are its own."""
    names = courses["supplier"].to_numpy()
    yield from ((name, names == name) for name in plan.supplier_names)


def with_shares(
    table: pd.DataFrame, plan: MonitorPlan, columns: Sequence[str] = ("count", "of")
) -> pd.DataFrame:
    """The table with ``share``, ``conf_low``, ``conf_high`` (Wilson, 95 %) and ``small``."""
    count, of = (table[name].to_numpy(dtype=float) for name in columns)
    low, high = wilson_interval(count, of)
    share = np.divide(count, of, out=np.full(len(of), np.nan), where=of > 0)
    small = (count < plan.small_number) | (of < plan.small_number)
    return table.assign(share=share, conf_low=low, conf_high=high, small=small)
