"""Rows of jobs as they were known on a day: spells, or the months of BFL, as intervals of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import Problem
from jobeval.monitoring.contracts.frames import FOREVER, LONG_AGO, Days, FrameReader
from jobeval.schemas.tables import JOB_KINDS

WEEKS_PER_MONTH = 52 / 12
"""Weekly hours of a month are ``hours × 12 / 52``, so that 160.33 hours are 37 a week."""


@dataclass(frozen=True, slots=True)
class JobRows:
    """Rows of jobs, arrays of shape ``(n,)``.

    Parameters
    ----------
    person, employer, kind
        Texts; an unknown employer is ``""``.
    start, end
        First day and day after the last, in days since 1970; ``FOREVER`` while it goes on.
    hours
        Paid hours a week, ``nan`` where not told.
    known_on
        Day on which the job was first known.
    job_start
        First day of the job that a row belongs to: rows of one person, employer and kind that
        follow each other without a day between are one job.
    monthly
        Whether the dates are those of months, so that a job began some day in its first month.
    number
        Number of the row in the delivery, from 1.
    """

    person: NDArray[np.object_]
    employer: NDArray[np.object_]
    kind: NDArray[np.object_]
    start: Days
    end: Days
    hours: NDArray[np.float64]
    known_on: Days
    job_start: Days
    monthly: NDArray[np.bool_]
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> JobRows:
        """Some of the rows."""
        return JobRows(*(getattr(self, item.name)[rows] for item in fields(self)))


def read_job_rows(jobs: pd.DataFrame, problems: list[Problem]) -> JobRows:
    """The rows of a delivery of jobs.

    Parameters
    ----------
    jobs
        Spells: person_id, kind, start, end, and optionally employer_id, hours (all paid hours of
        the row; 0 is no work, whatever else is told), hours_per_week (goes before hours),
        registered_on. Or the months of BFL (a column ``month``):
        person_id, month, hours, supported, and optionally employer_id, registered_on; a
        supported job is ``"subsidised"``.
    problems
        What is wrong is added here.
    """
    reader = FrameReader("jobs", jobs, problems)
    reader.refuse_copies()
    rows = _read_months(reader) if reader.has("month") else _read_spells(reader)
    return rows.take(np.lexsort((rows.number, rows.start, rows.person)))


def see_job_rows(rows: JobRows, as_of: int) -> JobRows:
    """The rows as they were known at the end of a day, with the jobs that they make up.

    Rows that were registered later, or begin later, are not there; a row of the same person,
    employer, kind and first day that was registered later replaces the earlier one. Then rows
    without paid hours are left out, so that a later version with 0 hours takes a job back.
    """
    seen = rows.take((rows.known_on <= as_of) & (rows.start <= as_of))
    latest = _latest_versions(seen)
    return _with_jobs(latest.take(latest.hours != 0))


def _read_spells(reader: FrameReader) -> JobRows:
    if not reader.require(("person_id", "kind", "start", "end")):
        return _no_rows()
    start, end = reader.days("start"), reader.days("end", missing=FOREVER)
    reader.refuse("end", end <= start, "not after start", "end is the day after the last.")
    hours, weekly = reader.numbers("hours"), reader.numbers("hours_per_week")
    length = np.where((end == FOREVER) | (end <= start), np.nan, end - start)
    return _rows(
        reader,
        kind=reader.choices("kind", JOB_KINDS),
        start=start,
        end=end,
        hours=_weekly_hours(hours, weekly, length),
        known_on=reader.days("registered_on", missing=LONG_AGO),
        monthly=False,
    )


def _weekly_hours(
    hours: NDArray[np.float64], weekly: NDArray[np.float64], days: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Hours a week as told, else from those in all; a row with 0 hours in all is no work."""
    told = np.where(np.isnan(weekly), hours * 7 / days, weekly)
    return np.where(hours == 0, 0.0, told)


def _read_months(reader: FrameReader) -> JobRows:
    if not reader.require(("person_id", "month", "hours", "supported")):
        return _no_rows()
    months = reader.days("month").astype("datetime64[D]").astype("datetime64[M]")
    end = (months + 1).astype("datetime64[D]").astype(np.int64)
    known_on = reader.days("registered_on", missing=LONG_AGO)
    supported = reader.numbers("supported", missing=False) > 0
    return _rows(
        reader,
        kind=np.where(supported, "subsidised", "ordinary").astype(object),
        start=months.astype("datetime64[D]").astype(np.int64),
        end=end,
        hours=reader.numbers("hours").astype(np.float64) / WEEKS_PER_MONTH,
        known_on=np.where(known_on == LONG_AGO, end - 1, known_on),
        monthly=True,
    )


def _rows(
    reader: FrameReader,
    *,
    kind: NDArray[np.object_],
    start: Days,
    end: Days,
    hours: NDArray[np.float64],
    known_on: Days,
    monthly: bool,
) -> JobRows:
    return JobRows(
        person=reader.texts("person_id"),
        employer=reader.texts("employer_id", empty=True),
        kind=kind,
        start=start,
        end=end,
        hours=hours,
        known_on=known_on,
        job_start=start,
        monthly=np.full(len(start), monthly),
        number=np.arange(1, len(start) + 1),
    )


def _no_rows() -> JobRows:
    text, day = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    return JobRows(text, text, text, day, day, np.empty(0), day, day, day > 0, day)


def _codes(*columns: NDArray[np.object_]) -> NDArray[np.int64]:
    """One whole number for each combination of texts."""
    keys = pd.MultiIndex.from_arrays(columns)
    return np.asarray(pd.factorize(keys, sort=True)[0], dtype=np.int64)


def _latest_versions(rows: JobRows) -> JobRows:
    """Of versions of one row the last; all carry the day on which the first was known."""
    if not len(rows):
        return rows
    dated = (rows.known_on > LONG_AGO) & (rows.employer != "") & ~rows.monthly
    apart = np.where(dated, 0, rows.number)
    key = pd.MultiIndex.from_arrays([_job_key(rows), rows.start, apart])
    groups = pd.Series(rows.known_on).groupby(np.asarray(pd.factorize(key)[0]))
    last = rows.known_on == groups.transform("max").to_numpy()
    first = groups.transform("min").to_numpy()
    return replace(rows, known_on=first).take(last)


def _with_jobs(rows: JobRows) -> JobRows:
    """Rows with the first day of the job that each belongs to."""
    if not len(rows):
        return rows
    job = np.where(rows.employer == "", -rows.number, _job_key(rows))
    order = np.lexsort((rows.start, job))
    start, end, job = rows.start[order], rows.end[order], job[order]
    job_start = np.empty_like(start)
    begin, reach = start[0], end[0]
    for at in range(len(start)):
        same = at > 0 and job[at] == job[at - 1] and start[at] <= reach
        begin, reach = (begin, max(reach, end[at])) if same else (start[at], end[at])
        job_start[order[at]] = begin
    return replace(rows, job_start=job_start)


def _job_key(rows: JobRows) -> NDArray[np.int64]:
    return _codes(rows.person, rows.employer, rows.kind)


def row_numbers(numbers: Sequence[int] | NDArray[np.int64]) -> str:
    """Numbers of rows as text, in order.

    >>> row_numbers([14, 12])
    '12, 14'
    """
    return ", ".join(str(number) for number in sorted(int(number) for number in numbers))
