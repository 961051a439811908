"""Jobs of a person: runs of weeks in certain states, and the gaps that do not end them."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from jobeval.endpoints.weekly import number_runs
from jobeval.panel.build import Panel
from jobeval.plan.endpoints import RecurrentEndpoint, RetentionEndpoint

JobEndpoint = RetentionEndpoint | RecurrentEndpoint
Lazy = nw.LazyFrame[Any]


def job_weeks(panel: Panel, endpoint: JobEndpoint) -> Lazy:
    """The weeks of every person that are in a state of the endpoint: ``person_id, week``."""
    return panel.weeks.filter(nw.col("state").is_in(endpoint.states)).select("person_id", "week")


def confirmed_weeks(endpoint: JobEndpoint, gap: int) -> nw.Expr:
    """Weeks since randomisation that can be told for good, from ``panel.persons``.

    A start is told by ``min_weeks`` weeks and the end of a job by a gap of ``gap + 1`` weeks,
    so neither is known of the last weeks of follow-up, whatever happens in them.
    """
    confirming = max(endpoint.min_weeks - 1, gap)
    return nw.max_horizontal(nw.col("followed_weeks_state") - confirming, nw.lit(0))


def runs_of(weeks: Lazy, max_gap_weeks: int) -> Lazy:
    """Runs of consecutive weeks, and the job that each may belong to.

    Parameters
    ----------
    weeks
        ``person_id, week``, each week once.
    max_gap_weeks
        Runs that lie at most so many weeks apart are of one job.

    Returns
    -------
    ``person_id``; ``start`` and ``stop`` of each run, ``[start, stop)``; ``job``, numbered from
    0 within the person.
    """
    runs = (
        number_runs(weeks, ["person_id"])
        .group_by("person_id", "run")
        .agg(start=nw.col("week").min(), stop=nw.col("week").max() + 1)
    )
    before = nw.col("stop").shift(1).over("person_id", order_by="start")
    gaps = runs.with_columns(gap=nw.col("start") - before)
    new = nw.when(nw.col("gap") > max_gap_weeks).then(nw.lit(1)).otherwise(nw.lit(0))
    numbered = gaps.with_columns(new=new).with_columns(
        job=nw.col("new").cum_sum().over("person_id", order_by="start")
    )
    return numbered.select("person_id", "start", "stop", "job")


def job_starts(runs: Lazy, min_weeks: int) -> Lazy:
    """The first run of at least ``min_weeks`` weeks of each job: ``person_id, job, start``.

    What is shorter before it is no part of the job; a job without such a run is none.
    """
    long = runs.filter(nw.col("stop") - nw.col("start") >= min_weeks)
    return long.group_by("person_id", "job").agg(nw.col("start").min())
