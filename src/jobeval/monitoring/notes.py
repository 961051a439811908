"""How the delivery of suppliers was understood, in English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.reading import SupplierDelivery


def write_notes(plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date) -> tuple[str, ...]:
    """What a reader must know of the rows that were delivered, and of those that were not."""
    return tuple(_notes(plan, delivery, as_of))


def _notes(plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date) -> Iterator[str]:
    if (as_of + dt.timedelta(days=1)).day != 1:
        yield f"months: the last one is seen until {as_of}."
    if delivery.jobs is None:
        yield "jobs: were not delivered; nothing is told of work."
    else:
        yield from _job_notes(plan, delivery)
    if delivery.activities is None:
        yield "activities: were not delivered; nothing is told of companies and placements."
    else:
        hours = delivery.activities.loc[delivery.activities["kind"] == "education", "planned_hours"]
        if hours.isna().any():
            count = int(hours.isna().sum())
            yield f"activities: educations without planned hours ({count}) are not full time."


def _job_notes(plan: MonitorPlan, delivery: SupplierDelivery) -> Iterator[str]:
    jobs = delivery.jobs
    assert jobs is not None
    if "month" in jobs:
        yield (
            "hours: months are read as jobs from the first to the last day; a job of the month in "
            "which the course began counts as begun in it; supported jobs count as subsidised, "
            "since the months do not tell flexjobs."
        )
    else:
        untold = int((jobs["hours"].isna() & jobs["hours_per_week"].isna()).sum())
        if untold:
            yield f"jobs: rows without hours ({untold}) count as work, but never as full time."
    if delivery.benefits is None:
        yield (
            "benefits: were not delivered; hours beside a benefit count as ordinary jobs, and "
            "a job cannot be told from a paid hour."
        )
    days = plan.retention.gap_days
    yield f"jobs: in the retention a gap of at most {days} days does not end a job."
