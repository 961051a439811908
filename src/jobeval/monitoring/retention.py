"""Jobs kept for 13 and 26 weeks, of those that are old enough for it."""

import datetime as dt

import numpy as np
import pandas as pd

from jobeval.monitoring.contracts.episodes import EpisodeRule, find_episodes
from jobeval.monitoring.contracts.frames import day_number
from jobeval.monitoring.contracts.job_rows import JobRows
from jobeval.monitoring.jobs import WORK
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.status import split_suppliers, with_shares

WEEKS = (13, 26)
_NONE = np.empty(0, dtype=np.int64)


def find_kept_days(
    plan: MonitorPlan, jobs: pd.DataFrame, rows: JobRows, as_of: dt.date
) -> pd.DataFrame:
    """The first work of each citizen in a course, and whether it was kept.

    Work is ordinary, beside a benefit or not, or a flexjob, at any employer. It goes on over
    gaps of at most ``retention.gap_days`` days, once the citizen is back at work.

    Returns
    -------
    A frame with one row a course with work: ``course``, ``start`` (days since 1970) and, for
    each number of weeks, ``kept_13`` and ``kept_26``: whether the citizen was at work that many
    weeks of 7 days after the first day, by ``as_of``.
    """
    rule = EpisodeRule(max_gap_days=plan.retention.gap_days, gaps_count=True)
    first = jobs[jobs["kind"].isin(WORK)].groupby("course", as_index=False).first()
    paid = rows.take(np.isin(rows.kind, ("ordinary", "flexjob")))
    found: list[tuple[int, ...]] = []
    for course, person, start in first[["course", "person_id", "start"]].itertuples(index=False):
        mine = paid.take(paid.person == person)
        [episode, *_] = find_episodes(
            mine.start, mine.end, mine.hours, np.ones(len(mine), dtype=bool), _NONE, _NONE, rule,
            first_day=int(start), last_day=day_number(as_of),
        )  # fmt: skip
        kept = (episode.reached(7 * weeks) is not None for weeks in WEEKS)
        found.append((int(course), int(start), *kept))
    return pd.DataFrame(found, columns=["course", "start", *(f"kept_{weeks}" for weeks in WEEKS)])


def tabulate_retention(
    plan: MonitorPlan, courses: pd.DataFrame, kept: pd.DataFrame, as_of: dt.date
) -> pd.DataFrame:
    """Of the citizens whose first work began early enough, those who kept it.

    ``eligible`` are those for whom ``weeks`` weeks of 7 days have gone by at the end of
    ``as_of``, so that a course of a few months has hardly any at 26 weeks.
    """
    rows: list[tuple[str, int, int, int]] = []
    for supplier, inside in split_suppliers(plan, courses):
        mine = kept[kept["course"].isin(courses.loc[inside, "course"])]
        for weeks in WEEKS:
            old_enough = mine[mine["start"] + 7 * weeks <= day_number(as_of) + 1]
            rows.append((supplier, weeks, int(old_enough[f"kept_{weeks}"].sum()), len(old_enough)))
    table = pd.DataFrame(rows, columns=["supplier", "weeks", "kept", "eligible"])
    return with_shares(table, plan, ("kept", "eligible"))
