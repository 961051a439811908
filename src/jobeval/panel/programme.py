"""What programme indicators need beside the weeks: activities with their industries, and jobs."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from jobeval.panel.engine import collect_frame
from jobeval.panel.sight import Delivery, derive_sight
from jobeval.plan.parts import LookName


def collect_activities(trial: Delivery, look: LookName) -> tuple[pd.DataFrame, int] | None:
    """Every activity that began in the weeks that the look sees, cut there.

    Returns
    -------
    activities
        ``person_id, start_week, end_week`` (integer weeks, half-open), ``kind, company_id,
        industry`` (null where none is registered), sorted.
    stop
        The first week that is not seen.

    ``None`` when no activities were delivered.
    """
    span = derive_sight(trial, look).activities
    if trial.activities is None or span is None:
        return None
    columns = ("person_id", "start_week", "end_week", "kind", "company_id", "industry")
    seen = (
        trial.activities.filter(nw.col("start_week") < span.stop)
        .with_columns(end_week=nw.min_horizontal("end_week", nw.lit(span.stop)))
        .select(*columns)
    )
    return collect_frame(seen, *columns), span.stop


def collect_job_industries(trial: Delivery, look: LookName) -> pd.DataFrame | None:
    """The industries in which each person had ordinary hours, by month.

    Returns
    -------
    ``person_id, month, industry`` (null where none is registered), each once, sorted, of the
    months that the look sees; ``None`` when no hours were delivered.
    """
    months = derive_sight(trial, look).months
    if trial.hours is None or months is None:
        return None
    ordinary = ~nw.col("supported").fill_null(False) & (nw.col("hours") > 0)
    jobs = trial.hours.filter(nw.col("month") < months.stop, ordinary)
    columns = ("person_id", "month", "industry")
    return collect_frame(jobs.select(*columns).unique(), *columns)
