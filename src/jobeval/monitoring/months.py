"""Month by month: intake, citizens in courses, and the five columns that Jobindsats has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.monitoring.contracts.frames import day_number
from jobeval.monitoring.contracts.job_rows import WEEKS_PER_MONTH, JobRows
from jobeval.monitoring.jobs import WORK
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.seen import SeenDelivery
from jobeval.monitoring.status import split_suppliers
from jobeval.schemas.calendar import month_of

COLUMNS = (
    "supplier", "month", "intake", "active", "job_starts",
    "persons", "with_hours", "share", "mean_hours_with_hours", "mean_hours",
)  # fmt: skip


class Month(NamedTuple):
    """A month as far as it is seen: ``[first, end)`` in days since 1970."""

    name: str
    first: int
    end: int


def list_months(begins: dt.date, as_of: dt.date) -> list[Month]:
    """The months from that of ``begins`` to that of ``as_of``, which ends with that day.

    >>> [month.name for month in list_months(dt.date(2019, 12, 5), dt.date(2020, 2, 29))]
    ['2019-12', '2020-01', '2020-02']
    """
    found: list[Month] = []
    for number in range(month_of(begins), month_of(as_of) + 1):
        first = dt.date(number // 12, number % 12 + 1, 1)
        after = dt.date((number + 1) // 12, (number + 1) % 12 + 1, 1)
        end = min(day_number(after), day_number(as_of) + 1)
        found.append(Month(f"{first:%Y-%m}", day_number(first), end))
    return found


def tabulate_months(plan: MonitorPlan, seen: SeenDelivery, as_of: dt.date) -> pd.DataFrame:
    """One row a supplier and month.

    ``active`` are in a course at the end of the month; ``job_starts`` are jobs begun, ordinary
    or flexjob. ``persons`` are in a course on any day of the month; they are touched by hours
    (``with_hours``) when any ordinary paid hour falls in it, whenever the job began. Means are
    hours a month, ``nan`` where the hours of some of the jobs are not told. Ordinary hours
    are without wage subsidy and outside flexjob.
    """
    table = [
        (supplier, month.name, *_measure(seen, seen.courses[inside], month))
        for supplier, inside in split_suppliers(plan, seen.courses)
        for month in list_months(plan.begins, as_of)
    ]
    return pd.DataFrame(table, columns=list(COLUMNS))


def _measure(seen: SeenDelivery, courses: pd.DataFrame, month: Month) -> Iterator[float]:
    start, end = courses["start"].to_numpy(), courses["end"].to_numpy()
    inside = (start < month.end) & (np.maximum(end, start + 1) > month.first)
    yield int(((start >= month.first) & (start < month.end)).sum())
    yield int(((start < month.end) & (end >= month.end)).sum())
    jobs, rows = seen.jobs, seen.rows
    if jobs is None or rows is None:
        yield from (np.nan, int(inside.sum()), np.nan, np.nan, np.nan, np.nan)
        return
    begun = jobs["kind"].isin(WORK) & jobs["course"].isin(courses["course"])
    yield int((begun & jobs["start"].between(month.first, month.end - 1)).sum())
    yield from _hours(sum_hours(rows, month, courses["person_id"].to_numpy()[inside]))


def _hours(hours: NDArray[np.float64]) -> Iterator[float]:
    """Persons, with hours, share, mean hours of those with any, and mean hours."""
    persons, touched = len(hours), int((hours != 0).sum())
    total = float(hours.sum())
    yield from (persons, touched, touched / persons if persons else np.nan)
    yield total / touched if touched else np.nan
    yield total / persons if persons else np.nan


def sum_hours(rows: JobRows, month: Month, persons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Ordinary hours of each person in the seen part of a month, shape ``(n,)``.

    The hours of a row are spread evenly over its days. ``nan``: a job whose hours nobody told.
    """
    days = np.minimum(rows.end, month.end) - np.maximum(rows.start, month.first)
    touched = (days > 0) & (rows.kind == "ordinary")
    weekly = rows.hours[touched]
    spread = np.where(rows.monthly[touched], weekly * WEEKS_PER_MONTH, weekly * days[touched] / 7)
    hours = pd.Series(spread).groupby(rows.person[touched]).agg(lambda part: part.sum(skipna=False))
    return np.asarray(hours.reindex(persons, fill_value=0.0), dtype=np.float64)
