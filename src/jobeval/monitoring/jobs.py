"""Jobs and educations that began in courses, each with what it was."""

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.monitoring.contracts.frames import FOREVER, day_number, day_numbers
from jobeval.monitoring.contracts.job_rows import JobRows, read_job_rows, see_job_rows
from jobeval.monitoring.courses import UNKNOWN, attribute_to_courses
from jobeval.panel.states import is_benefit
from jobeval.schemas.calendar import weeks_of
from jobeval.schemas.dream import dream_groups

BESIDE = "hours_beside_benefit"
WORK = ("ordinary", "flexjob", BESIDE)
"""Kinds that are paid work: not wage subsidy, not education."""


def see_jobs(jobs: pd.DataFrame | None, as_of: dt.date) -> JobRows | None:
    """The rows with paid hours as they were known on a day; ``None`` where none are delivered."""
    if jobs is None:
        return None
    problems: list[Problem] = []
    rows = read_job_rows(jobs, problems)
    if problems:
        raise DataError("the delivery", problems)
    return see_job_rows(rows, day_number(as_of))


def build_jobs(
    courses: pd.DataFrame,
    rows: JobRows,
    industries: pd.Series,
    benefits: pd.DataFrame | None,
    as_of: dt.date,
    grace_days: int,
) -> pd.DataFrame:
    """The jobs that began in courses: rows that follow each other are one job.

    Parameters
    ----------
    courses
        See ``build_courses``.
    industries
        The industry of each delivered row, in the order of the delivery.
    benefits
        Spells of benefit in days; ``None`` where none are delivered.

    Returns
    -------
    A frame with one row a job: ``course, person_id, kind, start, end`` (days since 1970),
    ``hours`` (a week, the most on any day, rows of the same day added up) and ``industry``. An
    ordinary job is ``"hours_beside_benefit"`` when the citizen was on a benefit on its last day
    that was seen.
    """
    jobs = _join_rows(rows, industries)
    jobs["end"] = np.where(jobs["end"] > day_number(as_of) + 1, FOREVER, jobs["end"])
    jobs = attribute_to_courses(courses, jobs, grace_days)
    if benefits is not None:
        last_seen = np.minimum(jobs["end"].to_numpy() - 1, day_number(as_of))
        beside = covered_by_benefit(jobs["person_id"], last_seen, benefits)
        jobs.loc[beside & (jobs["kind"] == "ordinary").to_numpy(), "kind"] = BESIDE
    return jobs.sort_values(["course", "start", "end", "kind"], ignore_index=True)


def _join_rows(rows: JobRows, industries: pd.Series) -> pd.DataFrame:
    industry = industries.fillna(UNKNOWN).to_numpy(dtype=object)[rows.number - 1]
    last_of_first_month = np.where(rows.monthly, rows.end - 1, rows.start)
    frame = pd.DataFrame(
        {
            "person_id": rows.person,
            "employer": np.where(rows.employer == "", rows.number, rows.employer),
            "kind": rows.kind,
            "job_start": rows.job_start,
            "start": rows.start,
            "end": rows.end,
            "hours": _hours_together(rows),
            "industry": industry,
            "latest_start": last_of_first_month,
        }
    ).sort_values("start", kind="stable")
    grouped = frame.groupby(["person_id", "employer", "kind", "job_start"], sort=False)
    joined = grouped.agg(
        start=("start", "min"),
        end=("end", "max"),
        hours=("hours", "max"),
        industry=("industry", "first"),
        latest_start=("latest_start", "first"),
    )
    return joined.reset_index().drop(columns=["employer", "job_start"])


def _hours_together(rows: JobRows) -> NDArray[np.float64]:
    """Hours a week on the first day of each row, all rows of its job added up, ``(n,)``."""
    keys = ["person_id", "employer", "kind"]
    frame = pd.DataFrame(
        {
            "person_id": rows.person,
            "employer": np.where(rows.employer == "", rows.number, rows.employer),
            "kind": rows.kind,
            "start": rows.start,
            "end": rows.end,
            "hours": rows.hours,
            "at": np.arange(len(rows)),
        }
    )
    pairs = frame[[*keys, "start", "at"]].merge(frame, on=keys, suffixes=("", "_other"))
    here = (pairs["start_other"] <= pairs["start"]) & (pairs["start"] < pairs["end"])
    return pairs[here].groupby("at")["hours"].sum(min_count=1).to_numpy(dtype=float)


def covered_by_benefit(
    persons: pd.Series, days: NDArray[np.int64], benefits: pd.DataFrame
) -> NDArray[np.bool_]:
    """Whether each person was on a benefit on a day, shape ``(n,)``.

    Every DREAM code is a benefit, but for holiday pay from employment and the codes of those
    who left the population.
    """
    weeks = weeks_of(benefits["start"].to_numpy())
    groups = dream_groups(benefits["code"].to_numpy(), weeks)
    meant = np.array([group is not None and is_benefit(group) for group in groups], dtype=bool)
    spells = pd.DataFrame(
        {
            "person_id": benefits["person_id"],
            "from": day_numbers(benefits["start"]),
            "until": np.where(benefits["end"].isna(), FOREVER, day_numbers(benefits["end"])),
        }
    )[meant]
    asked = pd.DataFrame({"person_id": persons.to_numpy(), "day": days, "at": np.arange(len(days))})
    pairs = asked.merge(spells, on="person_id")
    held = pairs.loc[(pairs["from"] <= pairs["day"]) & (pairs["day"] < pairs["until"]), "at"]
    return np.isin(asked["at"].to_numpy(), held.to_numpy())
